//! The judge before synthetic disks: a wrong pass and a false alarm are the two sins.

use crate::exit::Verdict;
use crate::result::{DurabilityOutcome, Event, RuleOutcome, Summary};

use super::testing::{Builder, MS, Noise, S, US};
use crate::report::conclude;

pub(super) fn rule<'a>(summary: &'a Summary, start: &str) -> &'a RuleOutcome {
    summary
        .rules
        .iter()
        .find(|rule| rule.rule.to_string().starts_with(start))
        .unwrap_or_else(|| panic!("no rule {start} among {:?}", summary.rules))
}

fn fast(noise: &mut Noise, _: u64) -> u64 {
    noise.lognormal(150 * US, 0.4)
}

pub(super) fn commit(noise: &mut Noise, _: u64) -> u64 {
    noise.lognormal(2 * MS, 0.4)
}

/// Fast but for a share of samples that take so long.
pub(super) fn tailed(share: f64, long_ns: u64) -> impl Fn(&mut Noise, u64) -> u64 {
    move |noise, at| {
        if noise.chance(share) { long_ns } else { fast(noise, at) }
    }
}

/// Fast but for these moments of the phase, when the next sync takes so long.
fn stalling(at_s: &'static [u64], long_ns: u64) -> impl Fn(&mut Noise, u64) -> u64 {
    move |noise, at| {
        let first_of_its_second = at % S == 0;
        if first_of_its_second && at_s.contains(&(at / S)) { long_ns } else { fast(noise, at) }
    }
}

#[test]
fn healthy_disks_pass_and_say_how_sure_that_is() {
    for seed in 0..50 {
        let summary = Builder::healthy(seed).conclude();
        assert_eq!(summary.verdict, Verdict::Pass, "seed {seed}: {}", summary.headline);
        assert_eq!(
            summary.headline,
            "QUALIFIED  for etcd with a 100 ms heartbeat and a 1 s election timeout"
        );
        assert!(rule(&summary, "stalls >= 200ms").source.contains("at 95 %"));
        assert_eq!(rule(&summary, "wal.fsync.p99").samples, Some(6_000));
        assert!(rule(&summary, "wal.fsync.p99").margin.unwrap() > 10.0);
        assert!(summary.findings.is_empty(), "seed {seed}: {:?}", summary.findings);
    }
}

#[test]
fn slow_disks_always_fail() {
    for seed in 0..100 {
        // An SD card: 40 ms a sync, 25 syncs a second at best, 200 ms a commit.
        let summary = Builder::new(seed)
            .wal(5, 20, |n, _| n.lognormal(40 * MS, 0.5))
            .etcd(10, 10, |n, _| n.lognormal(40 * MS, 0.5), |n, _| n.lognormal(120 * MS, 0.3))
            .conclude();
        assert_eq!(summary.verdict, Verdict::Fail, "seed {seed}");
        assert!(summary.headline.starts_with("NOT QUALIFIED  "), "{}", summary.headline);
    }
}

#[test]
fn a_disk_so_slow_that_it_syncs_five_times_fails() {
    let summary = Builder::new(1)
        .wal(20, 1, |_, at| if at.is_multiple_of(4 * S) { 4 * S } else { 3 * S })
        .conclude();
    assert_eq!(rule(&summary, "wal.fsync.p99").verdict, Verdict::Fail);
    assert_eq!(rule(&summary, "stalls >= 1s").verdict, Verdict::Fail);
    assert!(summary.headline.contains("would lose its leader"), "{}", summary.headline);
}

#[test]
fn near_the_limit_neither_side_is_called_wrongly() {
    // The true share over 10 ms is told; the rule allows 1 %.
    let calls = |share: f64, called: Verdict| {
        let runs = 60;
        let wrong = (0..runs)
            .filter(|seed| {
                let summary =
                    Builder::new(*seed).etcd(30, 200, tailed(share, 12 * MS), commit).conclude();
                rule(&summary, "wal.fsync.p99").verdict == called
            })
            .count();
        wrong as f64 / f64::from(runs as u32)
    };
    assert!(calls(0.012, Verdict::Pass) < 0.01, "1.2 % over the limit passed");
    assert!(calls(0.008, Verdict::Fail) < 0.01, "0.8 % over the limit failed");
    assert!(calls(0.005, Verdict::Pass) > 0.9, "half the allowed share did not pass");
    assert!(calls(0.02, Verdict::Fail) > 0.9, "twice the allowed share did not fail");
}

#[test]
fn too_few_samples_are_inconclusive_and_say_what_is_missing() {
    let summary = Builder::new(1).etcd(20, 5, fast, commit).conclude();
    let fsync = rule(&summary, "wal.fsync.p99");
    assert_eq!((fsync.verdict, fsync.samples), (Verdict::Inconclusive, Some(100)));
    assert_eq!(fsync.note.as_deref(), Some("needs about 50 s more"));
    assert_eq!(summary.verdict, Verdict::Inconclusive);
    assert!(
        summary.headline.starts_with("INCONCLUSIVE  wal.fsync p99: needs about 50 s more"),
        "{}",
        summary.headline
    );
}

#[test]
fn no_samples_never_pass() {
    for summary in [Builder::new(1).conclude(), Builder::new(1).wal(10, 200, fast).conclude()] {
        assert_eq!(rule(&summary, "backend.commit.p99").verdict, Verdict::Inconclusive);
        assert_eq!(rule(&summary, "backend.commit.p99").note.as_deref(), Some("no samples"));
        assert_eq!(summary.verdict, Verdict::Inconclusive);
    }
}

#[test]
fn an_interrupted_run_never_passes_but_a_proven_failure_stays() {
    let good = conclude(&Builder::healthy(1).build(), false, true, String::new());
    assert_eq!(good.verdict, Verdict::Inconclusive);
    assert_eq!(
        good.headline,
        "INCONCLUSIVE  interrupted after 45 s under load; no rule was seen to break"
    );
    let killed = conclude(&Builder::healthy(1).build(), false, false, String::new());
    assert_eq!(killed.verdict, Verdict::Inconclusive);
    let slow = Builder::new(1).etcd(30, 20, |_, _| 96 * MS, commit);
    assert_eq!(conclude(&slow.build(), false, true, String::new()).verdict, Verdict::Fail);
}

#[test]
fn one_bad_moment_is_no_proof() {
    // A burst of forty 15 ms syncs in one second of thirty: 0.7 % of all samples, but one occurrence.
    let summary = Builder::new(1)
        .etcd(
            30,
            200,
            |n, at| {
                if at / S == 7 && at % S < S / 5 { 15 * MS } else { fast(n, at) }
            },
            commit,
        )
        .conclude();
    assert_eq!(rule(&summary, "wal.fsync.p99").verdict, Verdict::Inconclusive);
}

#[test]
fn stalls_are_judged_by_their_share() {
    let run = |stalls: &'static [u64], rate| {
        let summary = Builder::new(1).etcd(40, rate, stalling(stalls, 250 * MS), commit).conclude();
        let outcome = rule(&summary, "stalls >= 200ms").clone();
        (outcome.verdict, outcome.measured, outcome.note)
    };
    assert_eq!(run(&[], 150).0, Verdict::Pass);
    let (verdict, measured, note) = run(&[11], 150);
    assert_eq!((verdict, measured.as_str()), (Verdict::Inconclusive, "1 (0.0156 %)"));
    assert_eq!(note.as_deref(), Some("may be chance; holds if about 25 s more bring no other"));
    assert_eq!(run(&[11], 300).0, Verdict::Pass, "one in 12,400 is within 0.01 %");
    assert_eq!(run(&[5, 15, 25, 35], 150).0, Verdict::Fail);
    assert_eq!(run(&[5, 6], 150).0, Verdict::Inconclusive, "two in a row are one occurrence");
}

#[test]
fn any_stall_over_the_election_timeout_fails() {
    let summary = Builder::new(1).etcd(60, 500, stalling(&[30], 1100 * MS), commit).conclude();
    assert_eq!(summary.verdict, Verdict::Fail);
    assert_eq!(
        summary.headline,
        "NOT QUALIFIED  1 wait took 1 s or longer among 30,600; etcd would lose its leader"
    );
    let ladder: Vec<(u64, u64)> =
        summary.ladder.iter().map(|step| (step.at_least_ns / MS, step.count)).collect();
    assert_eq!(
        ladder,
        [(100, 1), (200, 1), (1_000, 1), (2_000, 0), (7_000, 0), (10_000, 0), (40_000, 0)]
    );
    let unseen = &summary.ladder[3];
    assert!(
        (unseen.share_below * 30_600.0 - 2.996).abs() < 0.01,
        "rule of three: {}",
        unseen.share_below
    );
}

#[test]
fn a_slower_heartbeat_moves_rules_and_ladder() {
    let summary = Builder::new(1)
        .plan(|plan| (plan.heartbeat_ns, plan.election_ns) = (300 * MS, 3 * S))
        .etcd(60, 500, stalling(&[30], 1100 * MS), commit)
        .conclude();
    assert_eq!(summary.verdict, Verdict::Pass);
    assert_eq!(rule(&summary, "stalls >= 600ms").verdict, Verdict::Pass);
    let lengths: Vec<u64> = summary.ladder.iter().map(|step| step.at_least_ns / MS).collect();
    assert_eq!(lengths, [300, 600, 1_000, 2_000, 3_000, 10_000, 11_000, 40_000].map(|ms| ms));
}

#[test]
fn a_sync_that_is_none_fails_whatever_the_speed() {
    let summary = Builder::healthy(1).durability(DurabilityOutcome::Disproved).conclude();
    assert_eq!(summary.verdict, Verdict::Fail);
    assert!(
        summary.headline.starts_with("NOT QUALIFIED  fast because it does not sync"),
        "{}",
        summary.headline
    );
    let network = Builder::healthy(1).durability(DurabilityOutcome::NotEstablished).conclude();
    assert_eq!(network.verdict, Verdict::Warn);
    assert!(
        network.headline.contains("; but durability: cannot be told from here"),
        "{}",
        network.headline
    );
    let unexamined = Builder::healthy(1).run(|run| run.events.clear()).conclude();
    assert_eq!(unexamined.verdict, Verdict::Inconclusive);
}

#[test]
fn space_for_everything_etcd_keeps() {
    let with = |gib: f64, beside_live| {
        let summary = Builder::healthy(1)
            .plan(|plan| plan.beside_live = beside_live)
            .disk(|disk| disk.available_bytes = Some((gib * 1_073_741_824.0) as u64))
            .conclude();
        (rule(&summary, "space").verdict, summary.verdict)
    };
    assert_eq!(with(10.0, false), (Verdict::Pass, Verdict::Pass));
    assert_eq!(with(3.0, false), (Verdict::Warn, Verdict::Warn));
    assert_eq!(with(1.0, false), (Verdict::Fail, Verdict::Fail));
    assert_eq!(with(1.0, true), (Verdict::Warn, Verdict::Warn));
    let many = Builder::healthy(1).plan(|plan| plan.members = 60).conclude();
    assert_eq!(rule(&many, "space").verdict, Verdict::Fail, "sixty quotas of 2 GiB on 100 GiB");
    let no_inodes = Builder::healthy(1).disk(|disk| disk.available_inodes = Some(12)).conclude();
    assert_eq!(no_inodes.verdict, Verdict::Fail);
    let unknown = Builder::healthy(1).disk(|disk| disk.available_bytes = None).conclude();
    assert_eq!(unknown.verdict, Verdict::Inconclusive);
}

#[test]
fn the_headline_names_what_breaks_most() {
    let summary = Builder::new(1)
        .etcd(36, 200, tailed(0.08, 96 * MS), |n, _| n.lognormal(28 * MS, 0.2))
        .conclude();
    assert_eq!(summary.headline, "NOT QUALIFIED  wal.fsync p99 is 96 ms, nine times the limit");
    let summary = Builder::new(1).etcd(36, 200, tailed(0.08, 120 * MS), commit).conclude();
    assert_eq!(
        summary.headline,
        "NOT QUALIFIED  wal.fsync p99 is 120 ms, twelve times the limit; heartbeats would be late"
    );
}

#[test]
fn own_rules_of_every_kind() {
    let judged = |text: &str| {
        let summary = Builder::new(3)
            .plan(|plan| plan.rules = vec![text.parse().unwrap()])
            .etcd(30, 200, fast, commit)
            .conclude();
        let outcome = rule(&summary, text).clone();
        assert_eq!(outcome.source, "--rule");
        outcome.verdict
    };
    assert_eq!(judged("wal.fsync.p50 < 1ms"), Verdict::Pass);
    assert_eq!(judged("wal.fsync.p50 < 100us"), Verdict::Fail);
    assert_eq!(judged("wal.fsync.p99.99 < 10ms"), Verdict::Inconclusive);
    assert_eq!(judged("wal.fsync.max < 10ms"), Verdict::Pass);
    assert_eq!(judged("wal.fsync.max < 200us"), Verdict::Fail);
    assert_eq!(judged("wal.fsync.mean < 1ms"), Verdict::Pass);
    assert_eq!(judged("wal.fsync.mean <= 100us"), Verdict::Fail);
    assert_eq!(judged("wal.fsync.rate >= 200"), Verdict::Pass);
    assert_eq!(judged("wal.fsync.rate >= 300"), Verdict::Fail);
    assert_eq!(judged("wal.fsync.count >= 6000"), Verdict::Pass);
    assert_eq!(judged("wal.fsync.count > 6000"), Verdict::Fail);
    assert_eq!(judged("errors < 0.1%"), Verdict::Pass);
    assert_eq!(judged("wal.cut.p99 < 1s"), Verdict::Inconclusive);
}

#[test]
fn failed_operations_count() {
    let with_errors = |errors: u64, text: &str| {
        let summary = Builder::new(3)
            .plan(|plan| plan.rules = vec![text.parse().unwrap()])
            .etcd(30, 200, fast, commit)
            .run(|run| {
                let series = &mut run.phases.last_mut().unwrap().series[0];
                series.errors.insert("EIO".to_owned(), errors);
            })
            .conclude();
        rule(&summary, text).verdict
    };
    assert_eq!(with_errors(0, "errors <= 0%"), Verdict::Pass);
    assert_eq!(with_errors(1, "errors <= 0%"), Verdict::Fail);
    assert_eq!(with_errors(300, "wal.fsync.errors < 1%"), Verdict::Fail);
    assert_eq!(with_errors(5, "wal.fsync.errors < 1%"), Verdict::Pass);
}

#[test]
fn a_bad_member_cannot_hide_among_many() {
    let members = |bad_share: f64| {
        let mut builder =
            Builder::new(1).plan(|plan| plan.members = 20).etcd(30, 400, fast, commit);
        for member in 0..20 {
            let share = if member == 7 { bad_share } else { 0.0 };
            builder = builder.series("wal.fsync", Some(member), 20, tailed(share, 60 * MS));
        }
        let summary = builder.conclude();
        rule(&summary, "wal.fsync.p99").clone()
    };
    let bad = members(0.15);
    assert_eq!(bad.verdict, Verdict::Fail);
    assert!(
        bad.note.unwrap().starts_with("member 7 alone breaks it: p99 is"),
        "60 ms in 15 % of its syncs"
    );
    assert_eq!(members(0.0).verdict, Verdict::Pass);
}

#[test]
fn a_plan_that_cannot_be_read_gives_no_verdict() {
    let mut run = Builder::healthy(1).build();
    run.header.plan = serde_json::json!({"directory": 7});
    let summary = conclude(&run, true, false, String::new());
    assert_eq!(summary.verdict, Verdict::Inconclusive);
    let unknown = Builder::healthy(1).plan(|plan| plan.profile = "mine".to_owned()).conclude();
    assert_eq!(unknown.verdict, Verdict::Inconclusive);
    assert!(unknown.headline.contains("no profile 'mine'"), "{}", unknown.headline);
}

#[test]
fn capacity_is_the_highest_rate_below_the_lowest_that_broke() {
    let steps = |steps: &[(f64, bool)]| {
        let mut builder = Builder::healthy(1);
        for &(wanted, kept) in steps {
            builder = builder.capacity_step(wanted, kept);
        }
        builder.conclude().capacity
    };
    assert!(steps(&[]).is_none());
    let found =
        steps(&[(500.0, true), (1000.0, true), (2000.0, false), (1500.0, false), (4000.0, true)])
            .unwrap();
    assert_eq!((found.puts_per_s, found.at_least), (Some(1000.0), false));
    assert_eq!(found.limited_by, Some("wal.fsync.p99 < 10ms".into()));
    assert_eq!(found.curve.len(), 5);
    let open = steps(&[(500.0, true), (1000.0, true)]).unwrap();
    assert_eq!((open.puts_per_s, open.at_least), (Some(1000.0), true));
    let none = steps(&[(500.0, false)]).unwrap();
    assert_eq!((none.puts_per_s, none.at_least), (None, false));
}

/// Three in a hundred syncs take 30 ms, and so many of them a second waited for a CPU until the limit was passed.
fn with_cpu_waits(per_s: f64) -> Summary {
    let slow = |noise: &mut Noise, _| {
        if noise.chance(0.03) { 30 * MS } else { noise.lognormal(160 * US, 0.4) }
    };
    let counters = [("wal.fsync.over_10000000_ns", per_s), ("wal.fsync.waited_s", per_s * 0.025)];
    Builder::new(3)
        .durability(DurabilityOutcome::NotDisproved)
        .etcd(30, 200, slow, commit)
        .counters_of("etcd", "cpu.wait", &counters)
        .conclude()
}

#[test]
fn a_wait_for_a_cpu_fails_no_disk_and_passes_no_machine() {
    let fsync = |summary: &Summary| rule(summary, "wal.fsync.p99").clone();
    assert_eq!(fsync(&with_cpu_waits(0.0)).verdict, Verdict::Fail);
    // A few of them change nothing: the disk is slow without them, too.
    assert_eq!(fsync(&with_cpu_waits(1.0)).verdict, Verdict::Fail);
    let starved = fsync(&with_cpu_waits(6.5));
    assert_eq!(starved.verdict, Verdict::Inconclusive);
    let note = starved.note.unwrap();
    assert!(
        note.contains("were for a CPU, not for the disk") && note.contains("no longer run"),
        "{note}"
    );
}

#[test]
fn a_stall_of_the_probe_is_none_of_the_disk() {
    let stopped = |counted: f64| {
        Builder::new(3)
            .durability(DurabilityOutcome::NotDisproved)
            .etcd(
                30,
                200,
                |noise, at| {
                    if (15 * S..15 * S + 5 * MS).contains(&at) { 2 * S } else { fast(noise, at) }
                },
                commit,
            )
            .run(|run| {
                if counted > 0.0 {
                    run.events.push(Event {
                        phase: "etcd".to_owned(),
                        at_ns: 15 * S,
                        kind: "probe.pause".to_owned(),
                        detail: serde_json::json!({ "length_ns": 2 * S }),
                        ..Event::default()
                    });
                }
            })
            .counters_of("etcd", "cpu.wait", &[("wal.sync.over_1000000000_ns", counted / 30.0)])
            .conclude()
    };
    let stalls = |summary: &Summary| rule(summary, "stalls >= 1s").verdict;
    let by_disk = stopped(0.0);
    let seen = by_disk.ladder.iter().any(|step| step.at_least_ns == S && step.count > 0);
    assert!(seen, "the stall is there: {:?}", by_disk.ladder);
    assert_eq!(stalls(&by_disk), Verdict::Fail);
    let by_probe = stopped(30.0);
    assert_eq!(stalls(&by_probe), Verdict::Inconclusive);
    assert!(by_probe.findings.iter().any(|finding| finding.code == "probe_paused"));
}

#[test]
fn a_disk_that_fails_is_not_qualified() {
    let failed = Builder::healthy(1)
        .run(|run| {
            run.events.push(Event {
                phase: "etcd".to_owned(),
                kind: "disk.failed".to_owned(),
                detail: serde_json::json!({ "what": "I/O error", "why": "/srv: cannot sync: EIO" }),
                ..Event::default()
            });
        })
        .build();
    let summary = conclude(&failed, false, false, String::new());
    assert_eq!(summary.verdict, Verdict::Fail);
    assert!(
        summary.headline.starts_with("NOT QUALIFIED  the disk failed, I/O error"),
        "{}",
        summary.headline
    );
}
