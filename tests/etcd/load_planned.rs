//! Faults by plan, of real throwaway clusters: the leader killed and started again, a full database brought back; and
//! nothing is left of them, whatever way the run ends.

use std::time::Duration;

use crate::support::load::{self, detail, errors, events, number, steady};
use crate::support::needs::{Need, needs};
use etcdbench::exit::Verdict;
use etcdbench::result::{Event, RuleOutcome, Run, Summary};
use rustix::process::Signal;

const S: u64 = 1_000_000_000;

fn summary(run: &Run) -> &Summary {
    run.summary.as_ref().expect("a summary")
}

fn rule<'a>(run: &'a Run, label: &str) -> &'a RuleOutcome {
    let rules = &summary(run).rules;
    let found = rules.iter().find(|rule| rule.label.starts_with(label));
    found.unwrap_or_else(|| panic!("no rule {label} in {rules:#?}"))
}

fn has_finding(run: &Run, code: &str) -> bool {
    summary(run).findings.iter().any(|found| found.code.to_string() == code)
}

/// The one event of a kind that belongs to the same member, at or after this one.
fn next<'a>(run: &'a Run, kind: &str, of: &Event) -> &'a Event {
    let all = events(run, kind).into_iter();
    let mut fits = all.filter(|e| e.member == of.member && e.at_ns >= of.at_ns);
    fits.next().unwrap_or_else(|| panic!("no {kind} after {of:?}"))
}

/// The longest time without an acknowledgement, of all members together.
fn longest_gap(run: &Run) -> u64 {
    let gaps = events(run, "ack.gap").into_iter();
    let gaps = gaps.filter(|e| e.member.is_none() && e.phase == "steady");
    gaps.map(|e| detail(e, "length_ns")).max().expect("a gap")
}

/// Kills happened when they were due, and who was killed came back.
fn killed_at(run: &Run, seconds: &[u64], away_s: u64) {
    let start_ns = run.phase("steady").expect("it ran").start_ns;
    let kills = events(run, "fault.kill");
    assert_eq!(kills.len(), seconds.len(), "{kills:?}");
    for (kill, at_s) in kills.iter().zip(seconds) {
        let after_ns = kill.at_ns - start_ns;
        // Where nobody leads, it waits.
        let due = at_s * S..(at_s + 3) * S;
        assert!(due.contains(&after_ns), "killed after {after_ns} ns");
        assert_eq!(detail(kill, "planned_ns"), at_s * S);
        let (again, back) = (next(run, "fault.restart", kill), next(run, "fault.back", kill));
        let away_ns = again.at_ns - kill.at_ns;
        assert!((away_s * S..(away_s + 1) * S).contains(&away_ns), "{away_ns}");
        assert!(back.at_ns > again.at_ns);
        assert!(detail(back, "took_ns") < 20 * S);
    }
}

#[test]
fn a_leader_killed_by_plan_is_no_surprise() {
    needs!(Need::Program("etcd"));
    let more = "put --local=3 --rate 200 --duration 14s --warmup 1s --conns 6 --key-size 64 --val-size 64 \
                --kill-leader 3s --restart-after 3s --command-timeout 2s";
    let driven = load::start_local(more).wait();
    let run = driven.read();
    driven.left_nothing();
    killed_at(&run, &[3], 3);
    let gap = longest_gap(&run);
    assert!((S / 2..6 * S).contains(&gap), "{gap}");
    // What it cost is counted, and is the price of the fault.
    let answered = steady(&run, "put.service").total.count();
    assert_eq!(answered + errors(&run, "put.service"), 2800, "due in 14 s");
    assert!(errors(&run, "put.service") > 0);
    assert_eq!(rule(&run, "errors").verdict, Verdict::Pass, "{}", driven.finished.stdout);
    let changes = rule(&run, "leader changes");
    assert_eq!(changes.limit, "≤ 1, by plan");
    assert_eq!(changes.verdict == Verdict::Pass, changes.measured == "1");
    assert_eq!(rule(&run, "gap after the kill").measured_value, Some(gap as f64));
    assert!(has_finding(&run, "leader_killed"));
    assert!(!has_finding(&run, "member_down") && !has_finding(&run, "connections_lost"));
    assert_eq!(has_finding(&run, "leader_changed"), changes.measured != "1");
    let told = &driven.finished.stdout;
    assert!(told.contains("killed as planned"), "{told}");
    assert!(told.contains("serving clients"), "{told}");
}

#[test]
fn two_leaders_killed_lose_nothing_that_was_acknowledged() {
    needs!(Need::Program("etcd"));
    let more = "put --local=3 --rate 200 --duration 17s --warmup 0s --conns 6 --key-size 64 --val-size 64 \
                --kill-leader 10s,2s --restart-after 2s --command-timeout 2s --verify";
    let driven = load::start_local(more).wait();
    let run = driven.read();
    driven.left_nothing();
    killed_at(&run, &[2, 10], 2);
    assert_eq!(number(&run, "verify", "lost"), 0);
    assert_eq!(number(&run, "verify", "phantom"), 0);
    assert!(number(&run, "verify", "checked") > 0);
    assert_eq!(rule(&run, "leader changes").limit, "≤ 2, by plan");
}

#[test]
fn a_full_database_is_brought_back_while_the_load_goes_on() {
    needs!(Need::Program("etcd"));
    // 1.3 MB a second: full after fourteen seconds, which leaves seven for the way back, beside other tests. What comes near
    // the quota a second time ends the load: at this rate eleven seconds after the quota was reached where the way back is short.
    let more = "put --local=3 --quota 16MiB --rate 30 --val-size 32KiB --key-space-size 50 --duration 21s --warmup 0s \
                --allow-quota --recover-quota --verify";
    let driven = load::start_local(more).wait();
    let run = driven.read();
    driven.left_nothing();
    let told = &driven.finished.stdout;
    let order = ["quota.reached", "quota.compacted", "quota.defragmented", "quota.disarmed"];
    let first = order
        .map(|kind| *events(&run, kind).first().unwrap_or_else(|| panic!("no {kind}: {told}")));
    assert!(first.windows(2).all(|w| w[0].at_ns <= w[1].at_ns), "{first:?}");
    assert!(first.iter().all(|event| event.phase == "steady"), "{first:?}");
    let (reached, disarmed) = (first[0], first[3]);
    assert_eq!(detail(reached, "quota_bytes"), 16 << 20);
    assert!((14 << 20..20 << 20).contains(&detail(reached, "db_bytes")));
    assert!(detail(reached, "after_ns") > 2 * S);
    assert_eq!(detail(disarmed, "refused_ns"), disarmed.at_ns - reached.at_ns);
    assert!(detail(disarmed, "db_bytes") < 8 << 20, "{disarmed:?}");
    // Each member on its own, the leader last.
    let members = events(&run, "quota.defragmented");
    let mut who: Vec<_> = members.iter().filter_map(|event| event.member).collect();
    who.sort_unstable();
    assert_eq!(who, [0, 1, 2]);
    // Refused in between, taken again after.
    let service = steady(&run, "put.service");
    assert_eq!(service.errors.keys().collect::<Vec<_>>(), ["no-space"]);
    let after = service.timeline.iter().filter(|p| p.start_ns > disarmed.at_ns);
    let (answered, failed) = after.fold((0, 0), |sum, p| (sum.0 + p.count, sum.1 + p.failed));
    assert!(answered > 0 && failed == 0, "{answered} answered, {failed} failed after it");
    assert_eq!(number(&run, "verify", "lost"), 0);
    // It was reached all the same.
    assert_eq!(driven.finished.code, Some(3));
    assert_eq!(rule(&run, "database size").verdict, Verdict::Fail);
    assert!(has_finding(&run, "quota_recovered") && !has_finding(&run, "standstill"));
    assert!(told.contains("until it was brought back"), "{told}");
    assert!(run.halted().is_none(), "{:?}", run.halted());
}

#[test]
fn what_was_compacted_while_a_watch_was_away_is_missing() {
    needs!(Need::Program("etcd"));
    // One stream a member; the history is compacted every second, and the leader is away for five.
    let more = "--local=3 --warmup 0s --duration 12s --command-timeout 2s --kill-leader 2s --restart-after 5s \
                --class 'base: put --rate 60 --conns 3 --key-space-size 100 --streams 3 --watches-per-stream 1' \
                --class 'compactor: compact --rate 3 --conns 3'";
    let driven = load::start_local(more).wait();
    let run = driven.read();
    driven.left_nothing();
    let of = |name| number(&run, "watch.total", name);
    assert!(of("missing") > 0, "{}", driven.finished.stdout);
    assert_eq!(of("received") + of("missing"), of("expected"));
    assert_eq!(of("duplicates"), 0);
    let lost = events(&run, "watch.lost");
    assert!(lost.iter().any(|e| e.detail["class"] == "compacted"), "{lost:?}");
    assert!(has_finding(&run, "events_missing"));
    let told = &driven.finished.stdout;
    assert!(told.contains("was compacted"), "{told}");
}

#[test]
fn an_end_in_the_middle_leaves_nothing() {
    needs!(Need::Program("etcd"));
    let killed =
        "put --local=3 --rate 100 --duration 30s --warmup 0s --kill-leader 1s --restart-after 10s";
    let full = "put --local --quota 16MiB --rate 200 --val-size 32KiB --key-space-size 50 --duration 60s --warmup 0s \
                --allow-quota --recover-quota";
    for (more, mark) in [(killed, "fault.kill"), (full, "quota.reached")] {
        let driving = load::start_local(more);
        driving.until_told(mark);
        driving.signal(Signal::INT);
        let began = std::time::Instant::now();
        let driven = driving.wait();
        assert_eq!(driven.finished.code, Some(130), "{:#?}", driven.finished);
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        driven.left_nothing();
        assert!(!events(&driven.finished.read(), mark).is_empty());
    }
    // While it comes back, too.
    let driving = load::start_local(
        "put --local=3 --rate 100 --duration 30s --warmup 0s --kill-leader 1s --restart-after 100ms",
    );
    driving.until_told("fault.restart");
    driving.signal(Signal::TERM);
    let driven = driving.wait();
    assert_eq!(driven.finished.code, Some(130), "{:#?}", driven.finished);
    driven.left_nothing();
}

#[test]
fn an_etcd_of_others_is_never_hurt() {
    let refused = |more: &str, words: &str| load::run("127.0.0.1:1", more).refused(2, words);
    refused("put --kill-leader 5s", "add --local=3");
    refused("put --allow-quota --recover-quota", "add --local");
}

#[test]
fn a_leader_stopped_for_a_while_is_told_with_what_it_cost() {
    needs!(Need::Program("etcd"));
    let more = "put --local=3 --rate 200 --duration 10s --warmup 1s --conns 6 --key-size 64 --val-size 64 \
                --pause-leader 3s --pause-for 2500ms --command-timeout 2s";
    let driven = load::start_local(more).wait();
    let run = driven.read();
    driven.left_nothing();
    let pauses = events(&run, "fault.pause");
    assert_eq!(pauses.len(), 1, "{pauses:?}");
    let (goes_on, back) =
        (next(&run, "fault.resume", pauses[0]), next(&run, "fault.back", pauses[0]));
    let away_ns = goes_on.at_ns - pauses[0].at_ns;
    assert!((5 * S / 2..4 * S).contains(&away_ns), "{away_ns}");
    assert!(back.at_ns > goes_on.at_ns && detail(back, "took_ns") < 5 * S);
    let gap = longest_gap(&run);
    assert!((S / 2..6 * S).contains(&gap), "{gap}");
    assert!(has_finding(&run, "leader_killed"), "{:#?}", summary(&run).findings);
    let told = driven.finished.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("was stopped as planned") && told.contains("It went on after"), "{told}");
    assert_eq!(rule(&run, "errors").verdict, Verdict::Pass, "{told}");
    assert_eq!(rule(&run, "gap after the stop").measured_value, Some(gap as f64), "{told}");
}
