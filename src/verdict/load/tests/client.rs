//! Was it the load that was asked for, and whose doing was it if not.

use serde_json::json;

use super::super::testing::{Builder, Load, MS, Noise, S, fast, prompt};
use super::{ends, growing, rule};
use crate::exit::Verdict;
use crate::plan::{LoadPace, Target};
use crate::result::Run;

#[test]
fn a_client_without_cpu_is_no_verdict_on_etcd() {
    let slow = |noise: &mut Noise, _: u64| noise.lognormal(30 * MS, 0.4);
    let load = Load {
        wanted: 2_000,
        reached: 1_200,
        seconds: 10,
        thread_use: 0.98,
        lag: &slow,
        ..Load::default()
    };
    let with = |rules: &[&str]| {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        Builder::new(1).plan(|plan| plan.rules = rules).load(&load).conclude()
    };
    let summary = with(&["put.response.p99 < 10ms", "put.service.p99 < 1ms"]);
    ends(
        &summary,
        Verdict::Inconclusive,
        "its threads used 98 % of a core each; use more --threads",
    );
    for label in
        ["rate reached", "client keeps up", "errors", "put.response p99", "put.service p99"]
    {
        assert_eq!(rule(&summary, label).verdict, Verdict::Inconclusive, "{label}");
    }
    let found = summary.findings.iter().filter(|finding| finding.code == "client_limit");
    assert_eq!(found.count(), 1);
    // What etcd counts itself stands, whoever asked.
    let summary = Builder::new(1).load(&load).set("etcd", 0, "slow_apply", 3..4, 2.0).conclude();
    ends(&summary, Verdict::Fail, "slow applies: 2");
}

#[test]
fn lag_is_the_clients_own_unless_etcd_stands_still() {
    let late = |noise: &mut Noise, _: u64| noise.lognormal(9 * MS, 0.3);
    let summary = Builder::new(1)
        .plan(|plan| {
            plan.rules = ["put.response.p99 < 10ms", "put.service.p99 < 2ms"]
                .map(|rule| rule.parse().unwrap())
                .into()
        })
        .load(&Load { lag: &late, ..Load::default() })
        .conclude();
    // What was sent is timed from then on: that stands.
    ends(&summary, Verdict::Fail, "put.service p99");
    assert_eq!(rule(&summary, "put.response p99").verdict, Verdict::Inconclusive);
    // What holds although it sent late holds all the more.
    assert_eq!(rule(&summary, "client keeps up").verdict, Verdict::Warn);

    // Stopped for two seconds: nothing can be sent either, and both come back at once.
    let stopped = |noise: &mut Noise, at: u64| match at / S {
        10 | 11 => 12 * S - at,
        _ => fast(noise, at),
    };
    let held_up = |noise: &mut Noise, at: u64| match at / S {
        11 => 12 * S - at,
        _ => prompt(noise, at),
    };
    let summary = Builder::new(1)
        .load(&Load { service: &stopped, lag: &held_up, ..Load::default() })
        .conclude();
    // A p99 hides it, the longest wait does not.
    ends(&summary, Verdict::Fail, "stalls ≥ ");
    assert_eq!(rule(&summary, "stalls ≥ 1 s").verdict, Verdict::Fail);
    assert_eq!(rule(&summary, "client keeps up").verdict, Verdict::Pass);
    assert_eq!(summary.ladder.iter().find(|step| step.at_least_ns == S).unwrap().count, 751);
}

#[test]
fn a_bound_that_is_too_small_is_the_plans_fault() {
    let bound = |max: u32, reached: u64| {
        let service = |noise: &mut Noise, _: u64| noise.lognormal(20 * MS, 0.2);
        Builder::new(1)
            .plan(|plan| {
                if let LoadPace::Open { max_in_flight, .. } = &mut plan.pace {
                    *max_in_flight = max;
                }
            })
            .load(&Load {
                reached,
                service: &service,
                in_flight_max: u64::from(max),
                ..Load::default()
            })
            .conclude()
    };
    ends(
        &bound(8, 400),
        Verdict::Inconclusive,
        "all 8 operations that may be unanswered at a time were; raise --max-in-flight",
    );
    ends(
        &bound(5_000, 400),
        Verdict::Fail,
        "etcd does not keep up: 400/s reached, ≥ 495/s wanted; up to 5,000 operations",
    );
    ends(&bound(8, 500), Verdict::Pass, "500 puts/s");
}

#[test]
fn an_etcd_that_falls_behind_fails_also_if_it_catches_up_at_the_end() {
    // Due within 20 s, answered within 30 s.
    let late = |run: &mut Run| {
        let told = run.events.iter_mut().find(|event| event.kind == "load.phase").unwrap();
        told.detail["length_ns"] = json!(20 * S);
        told.detail["wanted_per_s"] = json!(750.0);
    };
    let load = Load { service: &growing, in_flight_max: 3_000, ..Load::default() };
    let summary = Builder::new(1).load(&load).run(late).conclude();
    ends(&summary, Verdict::Fail, "etcd does not keep up: 500/s reached, ≥ 743/s wanted");
    // As slow all the time, it is no queue that grows.
    let slow = |noise: &mut Noise, _: u64| noise.lognormal(200 * MS, 0.1);
    let summary = Builder::new(1).load(&Load { service: &slow, ..Load::default() }).conclude();
    ends(&summary, Verdict::Warn, "500 puts/s");
}

#[test]
fn what_nobody_can_explain_is_not_decided() {
    let load = Load { reached: 450, ..Load::default() };
    let summary = Builder::new(1).load(&load).conclude();
    ends(
        &summary,
        Verdict::Inconclusive,
        "neither the client nor etcd shows why; run it again, longer",
    );
}

#[test]
fn a_full_machine_leaves_open_who_was_slow() {
    let busy = |run: &mut Run| {
        for counters in run.counters.iter_mut().filter(|c| c.source == "cpu") {
            counters.values.insert("busy_s".to_owned(), 7.9);
        }
    };
    let summary = Builder::new(1)
        .plan(|plan| {
            plan.target = Target::Local {
                members: 1,
                etcd: "etcd".into(),
                directory: "/tmp".into(),
                quota_bytes: 2 << 30,
                arguments: Vec::new(),
            };
        })
        .load(&Load { reached: 450, ..Load::default() })
        .run(busy)
        .conclude();
    // Whoever kept them busy may have kept etcd waiting as well: nobody is called the limit.
    let told =
        "it cannot be told whether etcd was the limit: the CPUs of the client's machine were busy";
    ends(&summary, Verdict::Inconclusive, told);
}
