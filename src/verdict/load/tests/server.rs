//! What etcd counts itself.

use serde_json::json;

use super::super::testing::{Builder, Load, MS, Member, Noise, S, fast};
use super::{ends, rule};
use crate::exit::Verdict;
use crate::plan::{Operation, ReadShape};
use crate::result::{Run, Summary};

#[test]
fn a_leader_change_fails_whoever_saw_it() {
    let gap = json!({ "start_ns": 17 * S, "length_ns": 1_400 * MS });
    let seen = [
        Builder::three(1).load(&Load::default()).event(
            "steady",
            "term",
            json!({ "from": 2, "to": 3 }),
        ),
        Builder::three(1).load(&Load::default()).event(
            "steady",
            "leader",
            json!({ "from": "m1", "to": "m2" }),
        ),
        Builder::three(1).load(&Load::default()).set("etcd", 1, "leader_changes", 12..13, 1.0),
    ];
    for builder in seen {
        let summary = builder.event("steady", "ack.gap", gap.clone()).conclude();
        ends(
            &summary,
            Verdict::Fail,
            "the leader changed once, and nothing was acknowledged for 1.4 s",
        );
        assert!(summary.findings.iter().any(|finding| finding.code == "leader_changed"));
    }
    // Before the load, or a leader that is only learned of, is none.
    let early = Builder::healthy(1).event("warmup", "term", json!({ "from": 2, "to": 3 }));
    ends(&early.conclude(), Verdict::Pass, "no error");
}

#[test]
fn what_etcd_counts_itself_is_judged() {
    let summary = Builder::three(1)
        .load(&Load::default())
        .set("etcd", 1, "heartbeat_send_failures", 4..5, 3.0)
        .conclude();
    ends(&summary, Verdict::Fail, "heartbeat send failures: 3");
    assert_eq!(rule(&summary, "heartbeat").note.as_deref(), Some("all of them of m2"));
}

#[test]
fn applies_are_bracketed_and_counted() {
    let with = |apply_ns: u64, slow: Option<f64>| {
        let member = Member { apply_ns, ..Member::healthy("m1").leading() };
        let builder = Builder::new(1).members(vec![member]).load(&Load::default());
        match slow {
            Some(count) => builder.set("etcd", 0, "slow_apply", 3..4, count),
            None => builder.run(|run| {
                for counters in &mut run.counters {
                    counters.values.remove("slow_apply");
                }
            }),
        }
        .conclude()
    };
    let of = |summary: &Summary| rule(summary, "apply p99").clone();
    let slow = of(&with(200 * MS, None));
    assert_eq!((slow.verdict, slow.measured.as_str()), (Verdict::Fail, "410–819 ms"));
    // 51.2 to 102.4 ms: the limit of 100 ms lies within, unless etcd counted no slow one.
    let between = of(&with(40 * MS, None));
    assert_eq!(
        (between.verdict, between.measured.as_str()),
        (Verdict::Inconclusive, "51.2–102 ms")
    );
    assert_eq!(of(&with(40 * MS, Some(0.0))).verdict, Verdict::Pass);
    assert_eq!(of(&with(MS, None)).verdict, Verdict::Pass);
}

#[test]
fn an_old_etcd_without_a_histogram_of_applies_is_judged_by_its_slow_ones() {
    let old = |slow: f64| {
        let without = |run: &mut Run| {
            for counters in &mut run.counters {
                counters.values.retain(|name, _| !name.starts_with("apply."));
            }
        };
        Builder::healthy(1).run(without).set("etcd", 0, "slow_apply", 3..4, slow).conclude()
    };
    let summary = old(0.0);
    ends(&summary, Verdict::Pass, "no error");
    assert!(
        rule(&summary, "apply p99").note.as_deref().unwrap().contains("no histogram of applies")
    );
    ends(&old(1.0), Verdict::Fail, "slow applies: 1");
    // 15,000 answers: the p99 is known as long as no more than 150 were slow.
    let p99 = |slow: f64| rule(&old(slow), "apply p99").verdict;
    assert_eq!(p99(150.0), Verdict::Pass);
    assert_eq!(p99(151.0), Verdict::Inconclusive);
}

#[test]
fn long_lists_are_no_slow_disk() {
    // In one second every answer took 150 ms.
    let listing = |shape: ReadShape, slow: f64| {
        let service = |noise: &mut Noise, at: u64| match at / S {
            8 => 150 * MS,
            _ => fast(noise, at),
        };
        let load = Load { service: &service, in_flight_max: 80, ..Load::default() };
        let summary = Builder::new(1)
            .plan(|plan| {
                plan.operations[0].operation = Operation::Range;
                plan.reads.shape = shape;
            })
            .load(&load)
            .run(|run| {
                let phases = run.phases.iter_mut();
                for series in phases.flat_map(|phase| &mut phase.series) {
                    series.series = series.series.replace("put.", "range.");
                }
            })
            .set("etcd", 0, "slow_apply", 3..4, slow)
            .conclude();
        rule(&summary, "slow applies").clone()
    };
    let explained = listing(ReadShape::From, 500.0);
    assert_eq!(explained.verdict, Verdict::Warn, "{explained:?}");
    assert_eq!(
        explained.note.as_deref(),
        Some("500 reads of many keys took as long, which etcd counts too")
    );
    assert_eq!(listing(ReadShape::From, 501.0).verdict, Verdict::Fail);
    assert_eq!(listing(ReadShape::Single, 1.0).verdict, Verdict::Fail);
    assert_eq!(listing(ReadShape::Prefix, 0.0).verdict, Verdict::Pass);
}

#[test]
fn the_faqs_limits_warn_and_say_where_buckets_cannot_tell() {
    let with = |fsync_ns: u64| {
        let member = Member { fsync_ns, ..Member::healthy("m1").leading() };
        let summary = Builder::new(1).members(vec![member]).load(&Load::default()).conclude();
        rule(&summary, "wal fsync p99").clone()
    };
    assert_eq!(with(MS).verdict, Verdict::Pass);
    let between = with(5 * MS);
    assert_eq!((between.verdict, between.measured.as_str()), (Verdict::Warn, "8–16 ms"));
    assert!(between.note.unwrap().contains("between two bounds"));
    let above = with(30 * MS);
    assert_eq!(
        (above.verdict, above.measured.as_str(), above.note),
        (Verdict::Warn, "64–128 ms", None)
    );
}

#[test]
fn without_metrics_the_page_says_what_it_does_not_know() {
    let blind = |scrape: bool| {
        Builder::healthy(1)
            .plan(|plan| plan.scrape = scrape)
            .run(|run| run.counters.retain(|counters| !counters.source.starts_with("etcd")))
            .conclude()
    };
    let unreachable = blind(true);
    ends(&unreachable, Verdict::Warn, "etcd's own view: not reachable");
    assert_eq!(unreachable.findings[0].code, "no_metrics");
    let unwanted = blind(false);
    ends(&unwanted, Verdict::Pass, "no error");
    assert!(unwanted.findings.is_empty());
}

#[test]
fn missing_events_and_a_full_database_are_told() {
    let detail = json!({ "expected": 500, "received": 498, "missing": 2, "duplicates": 0 });
    let summary = Builder::healthy(1).event("steady", "watch.total", detail).conclude();
    ends(&summary, Verdict::Warn, "watch events: 2 missing");
    // What no end of the load explains is lost.
    let lost = json!({ "expected": 30, "received": 0, "missing": 30, "lost": 30 });
    let watch_lost = json!({ "class": "other", "message": "etcdserver: permission denied" });
    let builder = || Builder::healthy(1).event("steady", "watch.total", lost.clone());
    let summary = builder().event("steady", "watch.lost", watch_lost).conclude();
    ends(&summary, Verdict::Fail, "watch events: 30 missing");
    let told = &summary.findings[0].message;
    assert!(told.contains("permission denied"), "{told}");
    // But where its history was compacted meanwhile, it was never promised.
    let compacted = json!({ "class": "compacted", "message": "gone" });
    let summary = builder().event("steady", "watch.lost", compacted).conclude();
    ends(&summary, Verdict::Warn, "watch events: 30 missing");
    let full = Member {
        db_bytes: 2_100_000_000,
        in_use_bytes: 2_000_000_000,
        ..Member::healthy("m1").leading()
    };
    let near = Builder::new(1).members(vec![full]).load(&Load::default());
    ends(&near.conclude(), Verdict::Warn, "database size is 1.96 GiB, the limit is < 2 GiB");
    let alarm =
        Builder::healthy(1).event("steady", "alarm", json!({ "member": "m1", "alarm": "NOSPACE" }));
    let summary = alarm.conclude();
    assert_eq!(rule(&summary, "database size").verdict, Verdict::Fail);
    assert_eq!(summary.findings[0].code, "no_space");
}
