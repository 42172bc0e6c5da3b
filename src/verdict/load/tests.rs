//! The judge before synthetic loads: a wrong pass and a false alarm are the two sins.

use serde_json::json;

use super::testing::{Builder, Load, MS, Member, Noise, S, fast, prompt};
use crate::plan::{LoadPace, Target};
use crate::result::{RuleOutcome, Summary, Verdict};
use crate::verdict::conclude;

fn rule<'a>(summary: &'a Summary, label: &str) -> &'a RuleOutcome {
    let mut rules = summary.rules.iter();
    rules
        .find(|rule| rule.label.starts_with(label))
        .unwrap_or_else(|| panic!("no rule {label} among {:?}", summary.rules))
}

#[track_caller]
fn ends(summary: &Summary, verdict: Verdict, said: &str) {
    assert_eq!(
        summary.verdict, verdict,
        "{}\n{:#?}",
        summary.headline, summary.rules
    );
    assert!(summary.headline.contains(said), "{}", summary.headline);
}

/// A queue to which more comes than goes.
fn growing(noise: &mut Noise, at: u64) -> u64 {
    at / 8 + fast(noise, at)
}

#[test]
fn healthy_loads_pass_and_tell_nothing_odd() {
    for seed in 0..30 {
        for builder in [
            Builder::healthy(seed),
            Builder::three(seed).load(&Load::default()),
        ] {
            let summary = builder
                .plan(|plan| plan.rules = vec!["put.response.p99 < 20ms".to_owned()])
                .conclude();
            ends(
                &summary,
                Verdict::Pass,
                "PASSED  500 puts/s for 30 s: response p99 ",
            );
            assert!(
                summary.headline.ends_with("no error"),
                "{}",
                summary.headline
            );
            assert!(summary.findings.is_empty(), "{:?}", summary.findings);
            assert_eq!(rule(&summary, "put.response p99").samples, Some(15_000));
            assert!(summary.ladder.iter().all(|step| step.count == 0));
        }
    }
}

#[test]
fn a_closed_loop_has_no_rate_to_reach() {
    let summary = Builder::new(1)
        .closed(100)
        .load(&Load::default())
        .conclude();
    ends(
        &summary,
        Verdict::Pass,
        "puts/s by 100 clients for 30 s: service p99 ",
    );
    assert!(
        summary
            .rules
            .iter()
            .all(|rule| rule.label != "rate reached")
    );
    let full = Load {
        thread_use: 0.97,
        ..Load::default()
    };
    let summary = Builder::new(1).closed(100).load(&full).conclude();
    ends(
        &summary,
        Verdict::Inconclusive,
        "the client was the limit, not etcd: its threads used 97 %",
    );
}

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
        let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        Builder::new(1)
            .plan(|plan| plan.rules = rules)
            .load(&load)
            .conclude()
    };
    let summary = with(&["put.response.p99 < 10ms", "put.service.p99 < 1ms"]);
    ends(
        &summary,
        Verdict::Inconclusive,
        "its threads used 98 % of a core each; use more --threads",
    );
    for label in [
        "rate reached",
        "client keeps up",
        "errors",
        "put.response p99",
        "put.service p99",
    ] {
        assert_eq!(
            rule(&summary, label).verdict,
            Verdict::Inconclusive,
            "{label}"
        );
    }
    let found = summary
        .findings
        .iter()
        .filter(|finding| finding.code == "client_limit");
    assert_eq!(found.count(), 1);
    // What etcd counts itself stands, whoever asked.
    let summary = Builder::new(1)
        .load(&load)
        .set("etcd", 0, "slow_apply", 3..4, 2.0)
        .conclude();
    ends(&summary, Verdict::Fail, "slow applies: 2");
}

#[test]
fn lag_is_the_clients_own_unless_etcd_stands_still() {
    let late = |noise: &mut Noise, _: u64| noise.lognormal(9 * MS, 0.3);
    let summary = Builder::new(1)
        .plan(|plan| {
            plan.rules = vec![
                "put.response.p99 < 10ms".to_owned(),
                "put.service.p99 < 2ms".to_owned(),
            ]
        })
        .load(&Load {
            lag: &late,
            ..Load::default()
        })
        .conclude();
    // What was sent is timed from then on: that stands.
    ends(&summary, Verdict::Fail, "put.service p99");
    assert_eq!(
        rule(&summary, "put.response p99").verdict,
        Verdict::Inconclusive
    );
    assert_eq!(
        rule(&summary, "client keeps up").verdict,
        Verdict::Inconclusive
    );

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
        .load(&Load {
            service: &stopped,
            lag: &held_up,
            ..Load::default()
        })
        .conclude();
    ends(&summary, Verdict::Pass, "max 2");
    assert_eq!(rule(&summary, "client keeps up").verdict, Verdict::Pass);
    assert_eq!(
        summary
            .ladder
            .iter()
            .find(|step| step.at_least_ns == S)
            .unwrap()
            .count,
        751
    );
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
    let late = |run: &mut crate::result::Run| {
        let told = run
            .events
            .iter_mut()
            .find(|event| event.kind == "load.phase")
            .unwrap();
        told.detail["length_ns"] = json!(20 * S);
        told.detail["wanted_per_s"] = json!(750.0);
    };
    let load = Load {
        service: &growing,
        in_flight_max: 3_000,
        ..Load::default()
    };
    let summary = Builder::new(1).load(&load).run(late).conclude();
    ends(
        &summary,
        Verdict::Fail,
        "etcd does not keep up: 500/s reached, ≥ 743/s wanted",
    );
    // As slow all the time, it is no queue that grows.
    let slow = |noise: &mut Noise, _: u64| noise.lognormal(300 * MS, 0.2);
    let summary = Builder::new(1)
        .load(&Load {
            service: &slow,
            ..Load::default()
        })
        .conclude();
    ends(&summary, Verdict::Pass, "500 puts/s");
}

#[test]
fn what_nobody_can_explain_is_not_decided() {
    let load = Load {
        reached: 450,
        ..Load::default()
    };
    let summary = Builder::new(1).load(&load).conclude();
    ends(
        &summary,
        Verdict::Inconclusive,
        "neither the client nor etcd shows why; run it again, longer",
    );
}

#[test]
fn errors_fail_unless_the_user_allows_some() {
    let with = |rules: &[&str]| {
        let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        Builder::healthy(1)
            .failed(&[("server-timeout", 3)])
            .plan(|plan| plan.rules = rules)
            .conclude()
    };
    ends(
        &with(&[]),
        Verdict::Fail,
        "of all operations failed, the limit is ≤ 0 %",
    );
    let allowed = with(&["errors < 1%"]);
    ends(&allowed, Verdict::Pass, "3 failed");
    assert_eq!(
        allowed
            .rules
            .iter()
            .filter(|rule| rule.label == "errors")
            .count(),
        1
    );
    // The response series has no errors of its own: they are those of the operation.
    let named = with(&["errors < 1%", "put.response.errors <= 0%"]);
    assert_eq!(rule(&named, "put.response errors").verdict, Verdict::Fail);
    let timed = with(&["errors < 1%", "put.service.p99 < 1s"]);
    assert!(
        rule(&timed, "put.service p99")
            .note
            .as_deref()
            .unwrap()
            .contains("without 3 that failed")
    );
}

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
        Builder::three(1)
            .load(&Load::default())
            .set("etcd", 1, "leader_changes", 12..13, 1.0),
    ];
    for builder in seen {
        let summary = builder.event("steady", "ack.gap", gap.clone()).conclude();
        ends(
            &summary,
            Verdict::Fail,
            "the leader changed once, and nothing was acknowledged for 1.4 s",
        );
        assert!(
            summary
                .findings
                .iter()
                .any(|finding| finding.code == "leader_changed")
        );
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
    assert_eq!(
        rule(&summary, "heartbeat").note.as_deref(),
        Some("all of them of m2")
    );
}

#[test]
fn applies_are_bracketed_and_counted() {
    let with = |apply_ns: u64, slow: Option<f64>| {
        let member = Member {
            apply_ns,
            ..Member::healthy("m1").leading()
        };
        let builder = Builder::new(1).members(vec![member]).load(&Load::default());
        match slow {
            Some(count) => builder.set("etcd", 0, "slow_apply", 3..4, count),
            None => builder.run(|run| {
                run.counters
                    .iter_mut()
                    .for_each(|c| drop(c.values.remove("slow_apply")))
            }),
        }
        .conclude()
    };
    let of = |summary: &Summary| rule(summary, "apply p99").clone();
    let slow = of(&with(200 * MS, None));
    assert_eq!(
        (slow.verdict, slow.measured.as_str()),
        (Verdict::Fail, "410–819 ms")
    );
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
        let without = |run: &mut crate::result::Run| {
            for counters in &mut run.counters {
                counters
                    .values
                    .retain(|name, _| !name.starts_with("apply."));
            }
        };
        Builder::healthy(1)
            .run(without)
            .set("etcd", 0, "slow_apply", 3..4, slow)
            .conclude()
    };
    let summary = old(0.0);
    ends(&summary, Verdict::Pass, "no error");
    assert!(
        rule(&summary, "apply p99")
            .note
            .as_deref()
            .unwrap()
            .contains("no histogram of applies")
    );
    ends(&old(1.0), Verdict::Fail, "slow applies: 1");
}

#[test]
fn the_faqs_limits_warn_and_say_where_buckets_cannot_tell() {
    let with = |fsync_ns: u64| {
        let member = Member {
            fsync_ns,
            ..Member::healthy("m1").leading()
        };
        let summary = Builder::new(1)
            .members(vec![member])
            .load(&Load::default())
            .conclude();
        rule(&summary, "wal fsync p99").clone()
    };
    assert_eq!(with(MS).verdict, Verdict::Pass);
    let between = with(5 * MS);
    assert_eq!(
        (between.verdict, between.measured.as_str()),
        (Verdict::Warn, "8–16 ms")
    );
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
            .run(|run| {
                run.counters
                    .retain(|counters| !counters.source.starts_with("etcd"))
            })
            .conclude()
    };
    let unreachable = blind(true);
    ends(
        &unreachable,
        Verdict::Warn,
        "etcd's own view: not reachable",
    );
    assert_eq!(unreachable.findings[0].code, "no_metrics");
    let unwanted = blind(false);
    ends(&unwanted, Verdict::Pass, "no error");
    assert!(unwanted.findings.is_empty());
}

#[test]
fn a_lost_write_is_said_first() {
    let verify = |lost: u64, checked: u64| {
        let detail = json!({ "acked_keys": 1_000, "checked": checked, "lost": lost, "phantom": 0, "examples": ["key 17"] });
        Builder::healthy(1)
            .plan(|plan| plan.verify = true)
            .failed(&[("transport", 20)])
            .event("verify", "verify", detail)
            .conclude()
    };
    let summary = verify(2, 1_000);
    ends(
        &summary,
        Verdict::Fail,
        "FAILED  acknowledged writes are not there any more: 2 lost of 1,000 keys",
    );
    assert_eq!(summary.findings[0].code, "lost_writes");
    assert!(summary.findings[0].message.contains("key 17"));
    assert_eq!(
        rule(&verify(0, 1_000), "acknowledged").verdict,
        Verdict::Pass
    );
    assert_eq!(
        rule(&verify(0, 990), "acknowledged").verdict,
        Verdict::Inconclusive
    );
    let never = Builder::healthy(1)
        .plan(|plan| plan.verify = true)
        .conclude();
    ends(
        &never,
        Verdict::Inconclusive,
        "acknowledged writes: not read back",
    );
}

#[test]
fn missing_events_and_a_full_database_are_told() {
    let detail = json!({ "expected": 500, "received": 498, "missing": 2, "duplicates": 0 });
    let summary = Builder::healthy(1)
        .event("steady", "watch.total", detail)
        .conclude();
    ends(&summary, Verdict::Warn, "watch events: 2 missing");
    let full = Member {
        db_bytes: 2_100_000_000,
        in_use_bytes: 2_000_000_000,
        ..Member::healthy("m1").leading()
    };
    let near = Builder::new(1).members(vec![full]).load(&Load::default());
    ends(
        &near.conclude(),
        Verdict::Warn,
        "database size is 1.96 GiB, the limit is < 2 GiB",
    );
    let alarm = Builder::healthy(1).event(
        "steady",
        "alarm",
        json!({ "member": "m1", "alarm": "NOSPACE" }),
    );
    let summary = alarm.conclude();
    assert_eq!(rule(&summary, "database size").verdict, Verdict::Fail);
    assert_eq!(summary.findings[0].code, "no_space");
}

#[test]
fn a_run_that_was_cut_short_never_passes() {
    let run = Builder::healthy(1).build();
    let interrupted = conclude(&run, false, true, String::new());
    ends(
        &interrupted,
        Verdict::Inconclusive,
        "interrupted after 30 s under load; no rule was seen to break",
    );
    let halted = Builder::healthy(1).event(
        "steady",
        "halt",
        json!({ "why": "the database came near its quota" }),
    );
    let halted = conclude(&halted.build(), false, false, String::new());
    ends(
        &halted,
        Verdict::Inconclusive,
        "the database came near its quota after 30 s",
    );
    let broken = Builder::healthy(1)
        .set("etcd", 0, "slow_apply", 3..4, 1.0)
        .build();
    ends(
        &conclude(&broken, false, true, String::new()),
        Verdict::Fail,
        "slow applies: 1",
    );
    let nothing = Builder::new(1).build();
    ends(
        &conclude(&nothing, false, false, String::new()),
        Verdict::Inconclusive,
        "the run was killed before the load began",
    );
    ends(
        &conclude(&nothing, true, false, String::new()),
        Verdict::Inconclusive,
        "",
    );
}

fn step(phase: &'static str, wanted: u64) -> Load<'static> {
    Load {
        phase,
        seconds: 10,
        wanted,
        reached: wanted,
        ..Load::default()
    }
}

fn overloaded(phase: &'static str, wanted: u64) -> Load<'static> {
    Load {
        reached: wanted / 2,
        service: &growing,
        in_flight_max: 4_000,
        ..step(phase, wanted)
    }
}

#[test]
fn several_rates_tell_up_to_which_everything_holds() {
    let climb = |loads: &[Load]| Builder::new(1).steps(loads).conclude();
    let all = climb(&[step("rate.1", 500), step("rate.2", 1_000)]);
    ends(
        &all,
        Verdict::Pass,
        "PASSED  up to 1,000 puts/s, the highest rate tried",
    );
    assert!(all.capacity.unwrap().at_least);

    let some = climb(&[
        step("rate.1", 500),
        step("rate.2", 1_000),
        overloaded("rate.3", 2_000),
    ]);
    ends(
        &some,
        Verdict::Warn,
        "PASSED  up to 1,000 puts/s; at 2,000 puts/s etcd does not keep up: 1,000/s reached",
    );
    assert_eq!(
        some.steps.iter().map(|step| step.kept).collect::<Vec<_>>(),
        [true, true, false]
    );
    let capacity = some.capacity.unwrap();
    assert_eq!(
        (capacity.puts_per_s, capacity.at_least),
        (Some(1_000.0), false)
    );
    assert_eq!(capacity.limited_by.as_deref(), Some("rate reached"));
    assert!(
        some.ladder.iter().all(|step| step.count == 0),
        "the overload is no stall of the rates that hold"
    );

    let none = climb(&[overloaded("rate.1", 500), overloaded("rate.2", 1_000)]);
    ends(
        &none,
        Verdict::Fail,
        "FAILED  already at 500 puts/s etcd does not keep up",
    );
    assert_eq!(none.capacity.unwrap().puts_per_s, None);

    let lucky = climb(&[
        step("rate.1", 500),
        overloaded("rate.2", 1_000),
        step("rate.3", 1_500),
    ]);
    ends(&lucky, Verdict::Warn, "PASSED  up to 500 puts/s");
}

#[test]
fn where_the_client_gives_out_the_end_stays_open() {
    let full = Load {
        thread_use: 0.99,
        reached: 1_400,
        ..step("rate.2", 2_000)
    };
    let summary = Builder::new(1)
        .steps(&[step("rate.1", 500), full])
        .conclude();
    ends(
        &summary,
        Verdict::Inconclusive,
        "INCONCLUSIVE  holds at least to 500 puts/s; at 2,000 puts/s the client was the limit",
    );
    let capacity = summary.capacity.unwrap();
    assert_eq!(
        (capacity.puts_per_s, capacity.at_least),
        (Some(500.0), true)
    );
}

#[test]
fn what_holds_for_the_run_holds_for_all_its_rates() {
    let lost = json!({ "acked_keys": 10, "checked": 10, "lost": 1, "phantom": 0 });
    let loads = [step("rate.1", 500), overloaded("rate.2", 1_000)];
    let summary = Builder::new(1)
        .steps(&loads)
        .event("verify", "verify", lost)
        .conclude();
    ends(
        &summary,
        Verdict::Fail,
        "acknowledged writes are not there any more",
    );
    let run = Builder::new(1).steps(&loads).build();
    ends(
        &conclude(&run, false, true, String::new()),
        Verdict::Inconclusive,
        "interrupted",
    );
}

#[test]
fn results_nobody_can_judge_are_inconclusive() {
    let mut run = Builder::healthy(1).build();
    run.header.plan = json!({});
    ends(
        &conclude(&run, true, false, String::new()),
        Verdict::Inconclusive,
        "the plan of this result cannot be read",
    );
    run.header.kind = "import".to_owned();
    ends(
        &conclude(&run, true, false, String::new()),
        Verdict::Inconclusive,
        "no verdict on a result of kind 'import'",
    );
}

#[test]
fn a_full_machine_leaves_open_who_was_slow() {
    let busy = |run: &mut crate::result::Run| {
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
            };
        })
        .load(&Load {
            reached: 450,
            ..Load::default()
        })
        .run(busy)
        .conclude();
    ends(
        &summary,
        Verdict::Inconclusive,
        "the CPUs of its machine were busy",
    );
}
