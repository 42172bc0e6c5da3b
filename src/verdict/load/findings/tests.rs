//! What fires on which load; that a healthy one is quiet is shown beside the verdicts.

use serde_json::json;

use super::super::testing::{Builder, Load, MS, Member, Noise, S, US, fast};
use crate::plan::Target;
use crate::result::{Finding, Severity, Summary};

fn found(summary: &Summary, code: &str) -> Option<Finding> {
    summary.findings.iter().find(|finding| finding.code == code).cloned()
}

#[track_caller]
fn told(summary: &Summary, code: &str, said: &str) -> Finding {
    let finding =
        found(summary, code).unwrap_or_else(|| panic!("no {code} among {:?}", summary.findings));
    assert!(finding.message.contains(said), "{}", finding.message);
    finding
}

fn three(third: Member) -> Builder {
    let members = vec![Member::healthy("m1").leading(), Member::healthy("m2"), third];
    Builder::new(1).members(members).load(&Load::default())
}

#[test]
fn the_one_bad_disk_of_three_is_named() {
    let with = |fsync_ns: u64| three(Member { fsync_ns, ..Member::healthy("m3") }).conclude();
    let finding =
        told(&with(100 * MS), "slow_member", "m3 is slower than the others: its WAL fsyncs take ");
    assert!(
        finding
            .message
            .contains("What is sent to it waits for it; what is sent to the others does not")
    );
    assert!(found(&with(1_200 * US), "slow_member").is_none(), "not felt");
    assert!(found(&with(700 * US), "slow_member").is_none());
    let leader = Member { fsync_ns: 100 * MS, ..Member::healthy("m3").leading() };
    let members = vec![Member::healthy("m1"), Member::healthy("m2"), leader];
    let summary = Builder::new(1).members(members).load(&Load::default()).conclude();
    told(&summary, "slow_member", "It leads, so every write waits for it.");
    let commits = Member { commit_ns: 200 * MS, ..Member::healthy("m3") };
    told(&three(commits).conclude(), "slow_member", "its backend commits take ");
}

#[test]
fn a_member_that_only_its_clients_find_slow() {
    let summary = Builder::three(1)
        .load(&Load::default())
        .run(|run| {
            let phase = run.phases.last_mut().unwrap();
            let slow = crate::verdict::testing::series_of(
                "put.service",
                Some(2),
                phase.start_ns,
                30,
                &(0..5_000).map(|i| (phase.start_ns + i * 6 * MS, 20 * MS + i)).collect::<Vec<_>>(),
            );
            *phase.series.iter_mut().find(|s| s.member == Some(2)).unwrap() = slow;
        })
        .conclude();
    told(&summary, "slow_member", "m3 answers its clients slower than the others");
}

#[test]
fn a_member_that_stands_still_now_and_then_is_named() {
    let stands = |late: u64| three(Member { late_pings: late, ..Member::healthy("m3") }).conclude();
    let said = "m3 is late, and the others are not: 60 of 150 answers from memory came late";
    told(&stands(2), "slow_member", said);
    assert!(found(&stands(0), "slow_member").is_none());
    // All three: whatever is late lies between, or is this machine.
    let late = || Member { late_pings: 2, ..Member::healthy("m1") };
    let all = Builder::new(1).members(vec![late().leading(), late(), late()]);
    assert!(found(&all.load(&Load::default()).conclude(), "slow_member").is_none());

    let now_and_then = |ms: u64| {
        let summary = Builder::three(1).load(&Load::default()).run(|run| {
            let phase = run.phases.last_mut().unwrap();
            let took = |i: u64| if i.is_multiple_of(5) { ms * MS + i } else { MS + i };
            let waits: Vec<(u64, u64)> =
                (0..5_000).map(|i| (phase.start_ns + i * 6 * MS, took(i))).collect();
            let series = crate::verdict::testing::series_of(
                "put.service",
                Some(2),
                phase.start_ns,
                30,
                &waits,
            );
            *phase.series.iter_mut().find(|s| s.member == Some(2)).unwrap() = series;
        });
        summary.conclude()
    };
    told(
        &now_and_then(90),
        "slow_member",
        "m3 answers its clients slower than the others: put p90 90",
    );
    assert!(found(&now_and_then(5), "slow_member").is_none());
}

#[test]
fn a_member_without_its_cpu_is_not_told_as_a_slow_disk() {
    let load = Load { service: &slow, ..Load::default() };
    let starved = |throttled, fsync_ns| Member {
        fsync_ns,
        late_pings: 2,
        throttled,
        ..Member::healthy("m1").leading()
    };
    let of = |member: Member| Builder::new(1).members(vec![member]).load(&load).conclude();
    // Its syncs fill nine tenths of the time, by the clock on the wall.
    let throttled = of(starved(Some(0.3), 4_500 * US));
    let said = "m1 gets too little CPU: 60 of 150 answers from memory came late, all by 23.8 ms on average, and its CPU quota held it back 30 % of the time";
    told(&throttled, "held_by_cpu", said);
    // From another machine the quota is not seen: then neither is sure, and the disk is not blamed.
    let from_afar = of(starved(None, 4_500 * US));
    assert!(found(&from_afar, "held_by_disk").is_none(), "{:?}", from_afar.findings);
    told(&from_afar, "held_by_unknown", "not sure");
    // One of three, with a control beside it.
    let third = Member { fsync_ns: 100 * MS, late_pings: 2, ..Member::healthy("m3") };
    let one_of_three = three(third).conclude();
    told(&one_of_three, "held_by_cpu", "m3 gets too little CPU");
    assert!(found(&one_of_three, "slow_member").is_none());
}

#[test]
fn a_disk_is_sure_where_the_cpu_was_there() {
    let load = Load { service: &slow, ..Load::default() };
    let disk = Member { fsync_ns: 4 * MS, ..Member::healthy("m1").leading() };
    let summary = Builder::new(1).members(vec![disk]).load(&load).conclude();
    told(&summary, "held_by_disk", "The disk holds it back: the WAL of m1 was in fsync 8");
}

/// 300 ms for every operation.
fn slow(noise: &mut Noise, _: u64) -> u64 {
    noise.lognormal(300 * MS, 0.1)
}

#[test]
fn what_holds_it_back_is_named_by_use() {
    let load = Load { service: &slow, ..Load::default() };
    let with = |member: Member| Builder::new(1).members(vec![member]).load(&load);
    // 200 syncs a second of 4 ms each are 80 % of the time.
    let disk = Member { fsync_ns: 4 * MS, ..Member::healthy("m1").leading() };
    told(&with(disk).conclude(), "held_by_disk", "the WAL of m1 was in fsync 8");
    let busy = |run: &mut crate::result::Run| {
        for counters in run.counters.iter_mut().filter(|c| c.source == "cpu") {
            counters.values.insert("busy_s".to_owned(), 7.7);
        }
    };
    let local = with(Member::healthy("m1").leading()).run(busy).plan(|plan| {
        plan.target = Target::Local {
            members: 1,
            etcd: "etcd".into(),
            directory: "/tmp".into(),
            quota_bytes: 2 << 30,
            arguments: Vec::new(),
        };
    });
    told(&local.conclude(), "held_by_cpu", "busy 96.2 % of the time");
    // One that is reached over the loopback has no other CPUs either: its slow syncs may have waited for them. That they
    // are what it waits for is not known, for others may have been at work on it.
    let slow_syncs = Member { fsync_ns: 4 * MS, ..Member::healthy("m1").leading() };
    let loops_back = with(slow_syncs).run(busy).plan(|plan| {
        plan.target = Target::Endpoints(vec!["http://127.0.0.1:2379".to_owned()]);
    });
    let summary = loops_back.conclude();
    assert!(found(&summary, "held_by_disk").is_none() && found(&summary, "held_by_cpu").is_none());
    assert!(found(&summary, "held_by_unknown").is_some(), "{:?}", summary.findings);
    // What was refused was held back by nobody.
    let refused = Builder::healthy(1).failed(&[("too-large", 14_000)]).conclude();
    assert!(refused.findings.iter().all(|f| !f.code.to_string().starts_with("held_by")));
    let far = |run: &mut crate::result::Run| {
        for counters in run.counters.iter_mut().filter(|c| c.source == "etcd") {
            counters.values.insert("peer_rtt.count".to_owned(), 10.0);
            counters.values.insert("peer_rtt.sum_s".to_owned(), 2.0);
        }
    };
    told(
        &with(Member::healthy("m1").leading()).run(far).conclude(),
        "held_by_network",
        "a round trip takes 200 ms",
    );
    told(&with(Member::healthy("m1").leading()).conclude(), "held_by_unknown", "not sure");
    let quick = Member { fsync_ns: 4 * MS, ..Member::healthy("m1").leading() };
    let quick = Builder::new(1).members(vec![quick]).load(&Load::default()).conclude();
    assert!(
        !quick.findings.iter().any(|f| f.code.name().starts_with("held_by")),
        "nothing is slow"
    );
}

#[test]
fn a_slow_follower_is_not_what_holds_a_majority_back() {
    let follower = Member { fsync_ns: 10 * MS, ..Member::healthy("m3") };
    let members = vec![Member::healthy("m1").leading(), Member::healthy("m2"), follower];
    let summary = Builder::new(1)
        .members(members)
        .load(&Load { service: &slow, ..Load::default() })
        .conclude();
    assert!(found(&summary, "held_by_disk").is_none());
}

#[test]
fn a_standstill_is_not_an_election() {
    let gap = |ms: u64| json!({ "start_ns": 8 * S, "length_ns": ms * MS });
    // Without anybody who waited, nothing was due, or all was refused at once.
    let quiet = Builder::healthy(1).event("steady", "ack.gap", gap(2_000)).conclude();
    assert!(found(&quiet, "standstill").is_none());
    let stopped = |noise: &mut Noise, at: u64| match at / S {
        8 | 9 => 10 * S - at,
        _ => fast(noise, at),
    };
    let stopped = Load { service: &stopped, ..Load::default() };
    let still = Builder::new(1).load(&stopped).event("steady", "ack.gap", gap(2_000)).conclude();
    told(
        &still,
        "standstill",
        "For 2 s nothing was acknowledged although the leader did not change",
    );
    assert!(
        found(&Builder::healthy(1).event("steady", "ack.gap", gap(300)).conclude(), "standstill")
            .is_none()
    );
    let elected = Builder::healthy(1)
        .event("steady", "term", json!({ "from": 2, "to": 3, "endpoint": "x" }))
        .event("steady", "leader", json!({ "from": "m1", "to": "m2" }))
        .event("steady", "ack.gap", gap(2_000))
        .conclude();
    told(
        &elected,
        "leader_changed",
        "once (m1 → m2 at 20:15:31.250; raft term 2 → 3). The longest time",
    );
    assert!(found(&elected, "standstill").is_none());
}

#[test]
fn lost_connections_and_members_are_told() {
    let lost =
        |endpoint: &str| json!({ "endpoint": endpoint, "class": "transport", "message": "reset" });
    let summary = Builder::three(1)
        .load(&Load::default())
        .event("steady", "connection.lost", lost("http://a:2379"))
        .event("steady", "connection.lost", lost("http://a:2379"))
        .event("steady", "connection.lost", lost("http://b:2379"))
        .event(
            "steady",
            "connection.back",
            json!({ "endpoint": "http://b:2379", "gap_ns": 900 * MS }),
        )
        .event_of("steady", "member.down", Some(1), json!({ "name": "m2", "message": "refused" }))
        .conclude();
    told(
        &summary,
        "connections_lost",
        "3 connections were lost (2 to http://a:2379: reset; 1 to http://b:2379: reset); the longest to come back took 900 ms.",
    );
    told(&summary, "member_down", "m2 did not answer for a time, and not again before the end.");
}

#[test]
fn databases_near_full_growing_or_full_of_holes() {
    let with = |db_bytes: u64, in_use_bytes: u64| {
        let member = Member { db_bytes, in_use_bytes, ..Member::healthy("m1").leading() };
        Builder::new(1).members(vec![member]).load(&Load::default())
    };
    const MIB: u64 = 1 << 20;
    told(&with(1_700 * MIB, 1_600 * MIB).conclude(), "quota_near", "1.66 GiB of 2 GiB");
    told(
        &with(600 * MIB, 200 * MIB).conclude(),
        "fragmented",
        "Of the 600 MiB database of m1 only 200 MiB are in use.",
    );
    assert!(found(&with(600 * MIB, 400 * MIB).conclude(), "fragmented").is_none());
    let grown = with(400 * MIB, 390 * MIB)
        .set("etcd.state", 0, "db_bytes", 0..1, (100 * MIB) as f64)
        .conclude();
    let growth = told(
        &grown,
        "growth",
        "grew by 300 MiB at 10 MiB/s: at this pace the quota of 2 GiB is full after another ",
    );
    assert_eq!(growth.severity, Severity::Info);
    let stop = json!({ "db_bytes": 1_900 * MIB, "quota_bytes": 2_048 * MIB });
    told(
        &Builder::healthy(1).event("steady", "quota.stop", stop).conclude(),
        "quota_stop",
        "1.86 GiB of 2 GiB",
    );
    let corrupt = json!({ "member": "m1", "alarm": "CORRUPT" });
    told(&Builder::healthy(1).event("steady", "alarm", corrupt).conclude(), "alarm", "CORRUPT");
}

#[test]
fn a_long_way_from_the_client_is_told_where_it_is_most_of_an_operation() {
    let slow = Load { service: &|noise, _| noise.lognormal(98 * MS, 0.02), ..Load::default() };
    let with = |quick: f64| {
        let below = ["ping.le.0.001", "ping.le.0.012", "ping.le.0.05"];
        let all = below.map(|bound| (bound, quick));
        let built = Builder::three(1).load(&slow);
        let of = |built: Builder, member: u32| {
            all.iter().fold(built, |built, (name, value)| {
                built.set("etcd", member, name, 0..usize::MAX, *value)
            })
        };
        (0..3).fold(built, of).conclude()
    };
    told(&with(0.0), "held_by_network", "no answer from memory took less than 50 ms");
    // One that came at once shows that the others waited for something else.
    assert!(found(&with(1.0), "held_by_network").is_none());
}

#[test]
fn a_defragmentation_is_told_and_takes_the_place_of_a_cause_that_is_not_known() {
    let slow = Load { service: &|_, _| 700 * MS, ..Load::default() };
    let plain = Builder::three(1).load(&slow);
    assert!(found(&plain.conclude(), "held_by_unknown").is_some());
    let with = |seconds: f64| {
        Builder::three(1)
            .load(&slow)
            .set("etcd", 1, "defragmentations", 3..4, 1.0)
            .set("etcd", 1, "defragmentation_s", 3..4, seconds)
            .conclude()
    };
    told(&with(1.8), "defragmented", "m2 defragmented 1 time, for 1.8 s in all: a member answers");
    assert!(found(&with(1.8), "held_by_unknown").is_none());
    assert!(found(&with(0.02), "defragmented").is_none());
}

#[test]
fn proposals_and_watchers_that_wait_for_long() {
    let pending = |seconds| {
        Builder::healthy(1)
            .set("etcd.state", 0, "proposals_pending", 0..seconds, 1_500.0)
            .conclude()
    };
    told(&pending(5), "proposals_pending", "Up to 1,500 proposals waited at m1");
    assert!(found(&pending(1), "proposals_pending").is_none(), "a burst");
    let failed = Builder::healthy(1).set("etcd", 0, "proposals_failed", 3..4, 7.0).conclude();
    told(&failed, "proposals_failed", "7 proposals failed");
    let slow = |seconds| {
        Builder::healthy(1).set("etcd.state", 0, "slow_watchers", 0..seconds, 4.0).conclude()
    };
    told(&slow(4), "slow_watchers", "Up to 4 watchers of m1 fell behind");
    assert!(found(&slow(2), "slow_watchers").is_none());
}

#[test]
fn events_missing_or_repeated() {
    let total = |missing: u64, duplicates: u64| {
        let detail = json!({ "expected": 100, "received": 100 - missing, "missing": missing, "lost": missing, "duplicates": duplicates });
        Builder::healthy(1).event("steady", "watch.total", detail).conclude()
    };
    told(&total(3, 0), "events_missing", "3 of 100 watch events did not come.");
    told(&total(0, 2), "events_repeated", "2 watch events came more than once.");
    assert!(total(0, 0).findings.is_empty());
}

#[test]
fn what_found_nothing_is_told() {
    let counts = |reads: u64, empty: u64, deletions: u64, in_vain: u64| {
        let detail = json!({
            "reads": reads, "empty_reads": empty, "deletions": deletions, "empty_deletions": in_vain,
        });
        Builder::healthy(1).event("steady", "load.phase", detail).conclude()
    };
    told(
        &counts(600, 3, 50, 40),
        "found_nothing",
        "3 of 600 reads found no key (0.5 %), and 40 of 50 deletions removed nothing (80 %).",
    );
    assert!(found(&counts(600, 0, 50, 0), "found_nothing").is_none());
}

#[test]
fn keys_that_are_fought_over() {
    let one = Builder::healthy(1).plan(|plan| plan.keys.space = 1).conclude();
    told(&one, "one_key", "same key");
    let conflicts = |count: u64| {
        let detail = json!({ "count": count, "attempts": 1_000 });
        Builder::healthy(1).event("steady", "txn.conflicts", detail).conclude()
    };
    told(
        &conflicts(250),
        "conflicts",
        "250 of 1,000 transactions found a key changed under them (25 %).",
    );
    assert!(found(&conflicts(20), "conflicts").is_none());
}

#[test]
fn the_machine_that_drives_is_looked_at_too() {
    let cpu = |name: &'static str, value: f64| {
        move |run: &mut crate::result::Run| {
            for counters in run.counters.iter_mut().filter(|c| c.source == "cpu") {
                counters.values.insert(name.to_owned(), value);
            }
        }
    };
    told(&Builder::healthy(1).run(cpu("busy_s", 6.4)).conclude(), "cpu_busy", "busy 80 %");
    told(&Builder::healthy(1).run(cpu("steal_s", 1.6)).conclude(), "cpu_steal", "20 %");
    let quota = Builder::healthy(1).run(|run| {
        run.header.environment.limits.insert("cpu.max".to_owned(), "50000 100000".to_owned());
    });
    told(&quota.conclude(), "cpu_quota", "0.5 CPUs");
}

#[test]
fn a_member_whose_metrics_are_missing_is_named() {
    let summary = Builder::three(1)
        .load(&Load { service: &fast, ..Load::default() })
        .run(|run| run.counters.retain(|c| c.member != Some(1)))
        .event(
            "setup",
            "metrics.missing",
            json!({ "name": "m2", "message": "http://m2:2379/metrics answers 404" }),
        )
        .conclude();
    let finding = told(&summary, "no_metrics", "The metrics of m2 could not be read");
    assert!(finding.message.contains("(http://m2:2379/metrics answers 404)"));
}

#[test]
fn what_was_noted_before_the_load_stays_on_the_page() {
    let note = "keys below /x/ were there before: none is removed at the end";
    let summary =
        three(Member::healthy("m3")).event("setup", "note", json!({ "text": note })).conclude();
    told(&summary, "note", "Keys below /x/ were there before");
    assert!(found(&three(Member::healthy("m3")).conclude(), "note").is_none());
}

#[test]
fn space_comes_back_by_flags_that_are_not_in_use_yet() {
    let stopped = |compact: bool| {
        let detail = json!({ "db_bytes": 1_900_000_000_u64, "quota_bytes": 2_147_483_648_u64 });
        let summary = three(Member::healthy("m3"))
            .plan(|plan| (plan.compact, plan.defrag) = (compact, compact))
            .event("steady", "quota.stop", detail)
            .conclude();
        let finding = told(&summary, "quota_stop", "The load was ended");
        finding.advice.unwrap()
    };
    assert!(stopped(false).contains("--compact --defrag"));
    assert!(!stopped(true).contains("--compact"));
}
