//! Faults by plan are told as what they are, and what they explain is no failure.

use serde_json::json;

use super::super::testing::{Builder, Load, MS, Noise, S, fast};
use crate::exit::Verdict;
use crate::result::{Reason, Severity, Summary};

/// Three members under load, of which the leader is killed 30 s after it began and comes back 6 s later; so many
/// operations fail a second after the kill.
fn killed(gap_ns: u64, failed: u64) -> Builder {
    killed_under(&Load { seconds: 30, ..Load::default() }, gap_ns, failed)
}

fn killed_under(load: &Load, gap_ns: u64, failed: u64) -> Builder {
    let builder = Builder::three(1).load(load);
    let at_ns = 15 * S;
    let named = |kind: &str, after_ns: u64, detail: serde_json::Value| {
        (kind.to_owned(), at_ns + after_ns, detail)
    };
    let events = [
        named("fault.kill", 0, json!({ "name": "m1", "planned_ns": 10 * S })),
        named(
            "connection.lost",
            MS,
            json!({ "endpoint": "http://10.0.0.1:2379", "message": "reset" }),
        ),
        named("member.down", 700 * MS, json!({ "name": "m1", "message": "refused" })),
        named("fault.restart", 5 * S, json!({ "name": "m1", "away_ns": 5 * S })),
        named("fault.back", 6 * S, json!({ "name": "m1", "away_ns": 6 * S, "took_ns": S })),
    ];
    let mut builder = builder;
    for (kind, at_ns, detail) in events {
        builder = builder
            .event_of("steady", &kind, Some(0), detail)
            .run(|run| run.events.last_mut().unwrap().at_ns = at_ns);
    }
    builder
        .event("steady", "leader", json!({ "from": "m1", "to": "m3" }))
        .event("steady", "ack.gap", json!({ "start_ns": at_ns - MS, "length_ns": gap_ns }))
        .failed(&[("transport", failed)])
        .run(|run| {
            let service = &mut run.phases.last_mut().unwrap().series[0];
            service.timeline[11].failed = failed;
        })
}

fn verdict(summary: &Summary, label: &str) -> Verdict {
    let rule = summary.rules.iter().find(|rule| rule.label == label);
    rule.unwrap_or_else(|| panic!("no {label}: {:#?}", summary.rules)).verdict
}

fn codes(summary: &Summary) -> Vec<&str> {
    summary.findings.iter().map(|f| f.code.name()).collect()
}

#[test]
fn a_leader_that_was_killed_by_plan_fails_nothing() {
    let summary = killed(1_430 * MS, 300).conclude();
    assert_eq!(summary.verdict, Verdict::Pass, "{:#?}", summary.rules);
    assert!(
        summary
            .headline
            .contains("the leader was killed once, and nothing was acknowledged for 1.43 s"),
        "{}",
        summary.headline
    );
    assert_eq!(codes(&summary), ["leader_killed"]);
    let told = &summary.findings[0];
    assert_eq!(told.severity, Severity::Info);
    for words in [
        "m1, the leader, was killed as planned at 20:15:31.250, 10 s into the load.",
        "Nothing was acknowledged for 1.43 s, then m3 led.",
        "Started again after 5 s, it served clients 1 s later.",
        "300 operations failed (300 transport).",
    ] {
        assert!(told.message.contains(words), "{words}: {}", told.message);
    }
}

#[test]
fn late_heartbeats_of_a_leader_that_goes_on_are_no_failure() {
    let with = |member: u32, second: usize| {
        let late = killed(1_430 * MS, 300)
            .set("etcd", member, "heartbeat_send_failures", second..second + 1, 2.0)
            .conclude();
        let rule = late.rules.iter().find(|rule| rule.label == "heartbeat send failures");
        rule.expect("the rule").clone()
    };
    let of_the_lost = with(0, 16);
    assert_eq!((of_the_lost.verdict, of_the_lost.measured.as_str()), (Verdict::Pass, "0"));
    assert_eq!(of_the_lost.reasons, [Reason::WithoutPlanned { count: 2 }]);
    assert_eq!(with(2, 16).verdict, Verdict::Fail, "another member's are its own");
    assert_eq!(with(0, 3).verdict, Verdict::Fail, "before the loss");
}

#[test]
fn whether_it_came_back_to_its_level_is_told() {
    // The leader is lost 10 s into the load.
    let slow_until = |second: u64| {
        let service = move |noise: &mut Noise, at_ns: u64| match (10..second).contains(&(at_ns / S))
        {
            true => noise.lognormal(900 * MS, 0.1),
            false => fast(noise, at_ns),
        };
        killed_under(&Load { seconds: 30, service: &service, ..Load::default() }, S, 0).conclude()
    };
    let told = |summary: &Summary| {
        let found = summary.findings.iter().find(|found| found.code == "leader_killed");
        found.expect("it is told").clone()
    };
    let back = told(&slow_until(18));
    assert_eq!(back.numbers["level_back_ns"], 8e9, "{back:?}");
    assert_eq!((back.numbers["away_ns"], back.numbers["rate_per_s"]), (5e9, 500.0));
    assert!(back.message.contains("p99 was back at its level of "), "{}", back.message);
    assert!(back.message.ends_with(" 8 s after the loss."), "{}", back.message);
    let not_back = told(&slow_until(30));
    assert_eq!(not_back.severity, Severity::Critical);
    assert!(!not_back.numbers.contains_key("level_back_ns"), "{not_back:?}");
    assert!(
        not_back.message.contains("did not come back to its level of "),
        "{}",
        not_back.message
    );
    assert!(not_back.advice.unwrap().contains("etcdbench run recovery"));
    // Too short to tell: nobody is alarmed.
    let short = killed_under(&Load { seconds: 13, ..Load::default() }, S, 0).conclude();
    assert!(!told(&short).numbers.contains_key("level_ns"));
}

#[test]
fn what_is_done_now_and_then_does_not_tell_that_it_is_not_back() {
    let told = |summary: &Summary| {
        let found = summary.findings.iter().find(|found| found.code == "leader_killed");
        found.expect("it is told").clone()
    };
    let sparse = Load { seconds: 30, wanted: 1, reached: 1, ..Load::default() };
    let summary = killed_under(&sparse, S, 0).run(|run| {
        // Every other second is without an operation.
        for series in &mut run.phases.last_mut().unwrap().series {
            series.timeline.retain(|point| (point.start_ns / S).is_multiple_of(2));
        }
    });
    let found = told(&summary.conclude());
    assert!(!found.numbers.contains_key("watched_ns"), "{found:?}");
    assert_eq!(found.severity, Severity::Info);

    // What comes after the next loss is no way back from this one.
    let stuck_until_20 = |noise: &mut Noise, at_ns: u64| match (10..20).contains(&(at_ns / S)) {
        true => noise.lognormal(900 * MS, 0.1),
        false => fast(noise, at_ns),
    };
    let again =
        killed_under(&Load { seconds: 30, service: &stuck_until_20, ..Load::default() }, S, 0)
            .event_of(
                "steady",
                "fault.kill",
                Some(2),
                json!({ "name": "m3", "planned_ns": 14 * S }),
            )
            .run(|run| run.events.last_mut().unwrap().at_ns = 24 * S);
    let found = told(&again.conclude());
    assert!(!found.numbers.contains_key("level_back_ns"), "{found:?}");
}

#[test]
fn what_an_election_does_not_explain_is_not_excused() {
    let split = killed(2_900 * MS, 300).conclude();
    assert_eq!(verdict(&split, "gap after the kill"), Verdict::Warn);
    let slow = killed(6 * S, 300).conclude();
    assert_eq!(verdict(&slow, "gap after the kill"), Verdict::Fail);
    assert_eq!(slow.verdict, Verdict::Fail);
    assert_eq!(slow.findings[0].severity, Severity::Warning);
}

#[test]
fn what_fails_at_another_time_and_who_leaves_unasked_count_as_ever() {
    let early = killed(S, 300).run(|run| {
        let service = &mut run.phases.last_mut().unwrap().series[0];
        service.timeline[11].failed = 290;
        service.timeline[3].failed = 10;
    });
    let early = early.conclude();
    assert_eq!(verdict(&early, "errors"), Verdict::Fail);
    let again = killed(S, 300)
        .event("steady", "leader", json!({ "from": "m3", "to": "m2" }))
        .event_of("steady", "member.down", Some(2), json!({ "name": "m3", "message": "refused" }))
        .conclude();
    assert_eq!(verdict(&again, "leader changes"), Verdict::Fail);
    let codes = codes(&again);
    assert!(codes.contains(&"leader_changed") && codes.contains(&"member_down"), "{codes:?}");
}

#[test]
fn a_class_is_excused_for_what_it_lost_itself() {
    let class = json!({
        "class": "leases", "due": 1000, "answered": 700, "wanted_per_s": 33.0, "length_ns": 30 * S,
    });
    let with = |series: &str| {
        killed(S, 300)
            .event("steady", "load.class", class.clone())
            .run(|run| {
                let all = &mut run.phases.last_mut().unwrap().series;
                let mut of_class = all[0].clone();
                of_class.series = series.to_owned();
                all.push(of_class);
            })
            .conclude()
    };
    assert_eq!(verdict(&with("leases.txn.service"), "rate reached"), Verdict::Pass);
    assert_eq!(verdict(&with("pods.service"), "rate reached"), Verdict::Fail);
}

#[test]
fn a_database_that_was_brought_back_was_full_all_the_same() {
    const MIB: u64 = 1 << 20;
    let summary = Builder::healthy(1)
        .event("steady", "alarm", json!({ "member": "m1", "alarm": "NOSPACE" }))
        .event("steady", "quota.reached", json!({ "name": "m1", "db_bytes": 64 * MIB, "quota_bytes": 64 * MIB, "after_ns": 12 * S }))
        .event("steady", "quota.compacted", json!({ "revision": 900, "took_ns": 90 * MS }))
        .event("steady", "quota.defragmented", json!({ "name": "m1", "took_ns": 700 * MS }))
        .event("steady", "quota.disarmed", json!({ "took_ns": 4 * MS, "refused_ns": 800 * MS, "db_bytes": 3 * MIB }))
        .failed(&[("no-space", 400)])
        .conclude();
    assert_eq!(summary.verdict, Verdict::Fail);
    assert!(
        summary.headline.starts_with(
            "FAILED  the database reached its quota of 64 MiB after 12 s, and writes were refused for 800 ms, until it \
             was brought back"
        ),
        "{}",
        summary.headline
    );
    let codes = codes(&summary);
    assert!(codes.contains(&"quota_recovered") && !codes.contains(&"no_space"), "{codes:?}");
    let told = summary.findings.iter().find(|f| f.code == "quota_recovered").unwrap();
    assert!(
        told.message.ends_with(
            "compacted in 90 ms, m1 defragmented in 700 ms, the alarm disarmed in 4 ms. The database had 64 MiB then, \
             and 3 MiB after."
        ),
        "{}",
        told.message
    );
}
