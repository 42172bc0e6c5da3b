//! What a member does beside what it is asked, how far away it is, and what holds up a part of it alone.

use super::tests::{at, causes, has, live, member, pings, probe, three, timing};
use crate::diagnosis::cause::{Cause, Certainty, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, LocalCpu, Presence, Probe};
use crate::diagnosis::{Answer, answer, diagnose, verdict};
use crate::exit::Verdict;

const MS: u64 = 1_000_000;

/// So many quick answers, and one that took so long.
fn once(n: usize, longest_ms: u64) -> Probe {
    let mut all = vec![MS; n];
    all.push(longest_ms * MS);
    Probe::of(all, 0)
}

fn grew(live: &mut Live, name: &str, by: f64) {
    live.grew.insert(name.to_owned(), by);
}

#[test]
fn a_defragmentation_within_the_window_is_named_with_what_waited_for_it() {
    let mut members = three();
    grew(at(&mut members, 1), "defragmentations", 1.0);
    grew(at(&mut members, 1), "defragmentation_s", 1.6);
    // Nobody asked meanwhile: no harm, and told.
    assert_eq!(causes(&members), [(Cause::Defragmentation, 1, Certainty::Clear, Harm::None)]);
    assert_eq!(answer(&diagnose(&members)), Answer::Ok);
    at(&mut members, 1).serializable = once(100, 1_600);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Defragmentation, 1, Certainty::Clear, Harm::Waits)]);
    assert!(has(&found[0], |m| matches!(m, Measured::Stalled { longest_ns: 1_600_000_000, .. })));
    assert_eq!(verdict(&found), Verdict::Warn);
}

#[test]
fn a_short_defragmentation_that_nobody_met_is_not_told() {
    let mut members = three();
    grew(at(&mut members, 1), "defragmentations", 1.0);
    grew(at(&mut members, 1), "defragmentation_s", 0.02);
    assert!(diagnose(&members).is_empty());
    // One that goes on has no length yet.
    at(&mut members, 1).defragmenting = true;
    at(&mut members, 1).serializable = once(100, 900);
    assert_eq!(causes(&members)[0].0, Cause::Defragmentation);
}

#[test]
fn a_request_that_stood_still_once_is_never_ok() {
    let mut members = three();
    at(&mut members, 2).linearizable = once(100, 1_200);
    assert_eq!(causes(&members), [(Cause::SlowRequests, 2, Certainty::NotSure, Harm::Waits)]);
    assert_eq!(verdict(&diagnose(&members)), Verdict::Inconclusive);
    // Whoever asked stood still himself.
    at(&mut members, 2).own_longest_late_ns = 1_150 * MS;
    assert!(diagnose(&members).is_empty());
}

#[test]
fn a_single_request_that_was_not_answered_is_never_ok() {
    let mut members = three();
    at(&mut members, 1).write = Probe { failed: 1, ..probe(120, 5.0) };
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::SlowRequests, 1, Certainty::NotSure, Harm::Waits)]);
    assert!(has(&found[0], |m| matches!(m, Measured::Failed { count: 1, of: 121 })));
}

#[test]
fn large_reads_are_a_cause_where_something_is_slow_and_else_told_as_harmless() {
    let mut members = three();
    let reads = |live: &mut Live| {
        grew(live, "client_sent_bytes", 6e9);
        grew(live, "ranges", 500.0);
    };
    reads(at(&mut members, 2));
    assert_eq!(causes(&members), [(Cause::LargeReads, 2, Certainty::Likely, Harm::None)]);
    // They take its CPUs: the process is late, and why is known.
    at(&mut members, 2).ping = pings(120, 2, 60);
    at(&mut members, 2).serializable = probe(120, 70.0);
    at(&mut members, 2).local_cpu =
        Some(LocalCpu { throttled_ns: 0, waited_ns: 40_000 * MS, ran_ns: 60_000 * MS });
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::LargeReads, 2, Certainty::Likely, Harm::Waits)]);
    assert!(has(&found[0], |m| matches!(m, Measured::PingsLate { .. })));
    // A limit of its CPUs is a cause of its own.
    at(&mut members, 2).local_cpu =
        Some(LocalCpu { throttled_ns: 9_000 * MS, waited_ns: 40_000 * MS, ran_ns: 60_000 * MS });
    let both: Vec<Cause> = causes(&members).into_iter().map(|one| one.0).collect();
    assert!(both.contains(&Cause::Cpu) && both.contains(&Cause::LargeReads), "{both:?}");
}

#[test]
fn many_small_messages_to_watchers_are_no_large_reads() {
    let mut members = three();
    grew(at(&mut members, 0), "client_sent_bytes", 6e9);
    grew(at(&mut members, 0), "ranges", 900_000.0);
    assert!(diagnose(&members).is_empty());
}

#[test]
fn a_long_way_from_here_is_told_and_blames_no_member() {
    let far = |live: &mut Live| {
        live.ping = probe(120, 81.0);
        live.serializable = probe(120, 81.2);
        live.linearizable = probe(120, 82.0);
        live.write = probe(120, 86.0);
    };
    let mut members = three();
    far(at(&mut members, 1));
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Client, 1, Certainty::Likely, Harm::Risk)]);
    assert!(has(&found[0], |m| matches!(m, Measured::WayFromHere { elsewhere_ns: Some(_), .. })));
    assert_eq!(verdict(&found), Verdict::Warn);
    (0..3).for_each(|index| far(at(&mut members, index)));
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Client, 0, Certainty::Likely, Harm::Risk)]);
    assert!(has(&found[0], |m| matches!(m, Measured::WayFromHere { elsewhere_ns: None, .. })));
    // A process that is starved answers quickly now and then, or the kernel tells.
    let mut members = three();
    far(at(&mut members, 1));
    at(&mut members, 1).local_cpu =
        Some(LocalCpu { throttled_ns: 9_000 * MS, waited_ns: 20_000 * MS, ran_ns: 1_000 * MS });
    assert!(causes(&members).iter().all(|one| one.0 != Cause::Client), "{:?}", causes(&members));
}

#[test]
fn what_a_long_way_lengthens_convicts_no_path_between_members() {
    // An answer in two pieces waits for an acknowledgement on a way that is 61 ms long (seen behind a plain proxy).
    let mut members = three();
    let far = at(&mut members, 1);
    far.ping = probe(60, 61.0);
    far.serializable = probe(60, 61.6);
    far.linearizable = Probe::beyond(vec![102 * MS; 60], 0, 61 * MS);
    far.write = Probe::beyond(vec![103 * MS; 60], 0, 61 * MS);
    let sure: Vec<_> =
        causes(&members).into_iter().filter(|one| one.2 > Certainty::NotSure).collect();
    assert_eq!(sure, [(Cause::Client, 1, Certainty::Likely, Harm::Risk)]);
    assert_eq!(verdict(&diagnose(&members)), Verdict::Warn);
    // A path that is far longer than the way is told for sure all the same.
    let far = at(&mut members, 1);
    far.linearizable = probe(60, 221.0);
    far.write = probe(60, 225.0);
    assert!(causes(&members).contains(&(Cause::PeerNetwork, 0, Certainty::Clear, Harm::Waits)));
}

#[test]
fn a_limit_of_its_cpus_that_nobody_met_is_a_risk() {
    let mut members = three();
    at(&mut members, 2).local_cpu =
        Some(LocalCpu { throttled_ns: 6_000 * MS, waited_ns: 12_000 * MS, ran_ns: 1_000 * MS });
    assert_eq!(causes(&members), [(Cause::Cpu, 2, Certainty::Likely, Harm::Risk)]);
    at(&mut members, 2).local_cpu =
        Some(LocalCpu { throttled_ns: 900 * MS, waited_ns: 1_500 * MS, ran_ns: 1_000 * MS });
    assert!(diagnose(&members).is_empty());
}

#[test]
fn a_leader_that_is_held_back_again_and_again_is_named_though_most_of_its_answers_are_in_time() {
    // As a leader held to 3 % of a CPU was: medians are fine, one request in ten waits for a period or two.
    let mut members = three();
    let leader = at(&mut members, 0);
    leader.fsync = timing(180, 9);
    leader.ping = pings(60, 8, 95);
    let now_and_then =
        Probe::of((0..60).map(|i| if i % 15 == 0 { 150 * MS } else { 2 * MS }).collect(), 0);
    for index in 0..3 {
        at(&mut members, index).write = now_and_then.clone();
    }
    assert_eq!(causes(&members)[0], (Cause::Cpu, 0, Certainty::Likely, Harm::Waits));
    at(&mut members, 0).local_cpu =
        Some(LocalCpu { throttled_ns: 60_000 * MS, waited_ns: 90_000 * MS, ran_ns: 2_000 * MS });
    assert_eq!(causes(&members)[0], (Cause::Cpu, 0, Certainty::Clear, Harm::Waits));
    assert_eq!(answer(&diagnose(&members)), Answer::Causes(vec![Cause::Cpu]));
    // However few of these answers were late: the kernel tells.
    at(&mut members, 0).ping = pings(60, 29, 40);
    assert_eq!(causes(&members)[0], (Cause::Cpu, 0, Certainty::Clear, Harm::Waits));
    at(&mut members, 0).ping = pings(60, 8, 95);
    // Where the others are late as well, the machine of whoever asks may be what is short.
    at(&mut members, 0).local_cpu = None;
    at(&mut members, 1).ping = pings(60, 8, 95);
    assert!(
        causes(&members).iter().all(|one| one.2 == Certainty::NotSure),
        "{:?}",
        causes(&members)
    );
}

#[test]
fn a_member_that_answers_from_memory_alone_is_neither_stopped_nor_starved() {
    let mut members = three();
    let silent = Live { presence: Presence::Silent, pings_meanwhile: 9, ..live(false) };
    members[1] = member(2, silent);
    let found = diagnose(&members);
    assert_eq!(causes(&members), [(Cause::Silent, 1, Certainty::Clear, Harm::Waits)]);
    assert!(has(&found[0], |m| matches!(m, Measured::AnsweredMeanwhile { pings: 9 })));
    assert_eq!(found[0].missing, [Missing::LogSink, Missing::Device]);
    at(&mut members, 1).pings_meanwhile = 0;
    assert_eq!(diagnose(&members)[0].missing, [Missing::Machine, Missing::Cpu]);
}

#[test]
fn applies_that_stand_still_beside_quick_reads_are_a_log_that_nobody_reads() {
    let mut members = three();
    let stuck = at(&mut members, 1);
    stuck.linearizable = Probe { failed: 5, ..Probe::default() };
    stuck.write = Probe { failed: 4, ..Probe::default() };
    stuck.apply_backlog = Some(40);
    grew(stuck, "proposals_committed", 40.0);
    assert_eq!(causes(&members)[0], (Cause::LogSink, 1, Certainty::Likely, Harm::Waits));
    assert_eq!(verdict(&diagnose(&members)), Verdict::Fail);
    // Cut off from the others it is told nothing, and its log is not to blame.
    grew(at(&mut members, 1), "proposals_committed", 0.0);
    at(&mut members, 1).apply_backlog = Some(0);
    assert!(causes(&members).iter().all(|one| one.0 != Cause::LogSink), "{:?}", causes(&members));
}
