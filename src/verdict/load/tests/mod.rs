//! The judge before synthetic loads: a wrong pass and a false alarm are the two sins.

mod client;
mod planned;
mod rates;
mod server;

use serde_json::json;

use super::testing::{Builder, Load, MS, Noise, S, fast};
use crate::exit::Verdict;
use crate::report::conclude;
use crate::result::{RuleOutcome, Summary};

fn rule<'a>(summary: &'a Summary, label: &str) -> &'a RuleOutcome {
    let mut rules = summary.rules.iter();
    rules
        .find(|rule| rule.label.starts_with(label))
        .unwrap_or_else(|| panic!("no rule {label} among {:?}", summary.rules))
}

#[track_caller]
fn ends(summary: &Summary, verdict: Verdict, said: &str) {
    assert_eq!(summary.verdict, verdict, "{}\n{:#?}", summary.headline, summary.rules);
    assert!(summary.headline.contains(said), "{}", summary.headline);
}

/// A queue to which more comes than goes.
fn growing(noise: &mut Noise, at: u64) -> u64 {
    at / 8 + fast(noise, at)
}

#[test]
fn healthy_loads_pass_and_tell_nothing_odd() {
    for seed in 0..30 {
        for builder in [Builder::healthy(seed), Builder::three(seed).load(&Load::default())] {
            let summary = builder
                .plan(|plan| plan.rules = vec!["put.response.p99 < 20ms".parse().unwrap()])
                .conclude();
            ends(&summary, Verdict::Pass, "PASSED  500 puts/s for 30 s: response p99 ");
            assert!(summary.headline.ends_with("no error"), "{}", summary.headline);
            assert!(summary.findings.is_empty(), "{:?}", summary.findings);
            assert_eq!(rule(&summary, "put.response p99").samples, Some(15_000));
            assert!(summary.ladder.iter().all(|step| step.count == 0));
        }
    }
}

#[test]
fn a_closed_loop_has_no_rate_to_reach() {
    let summary = Builder::new(1).closed(100).load(&Load::default()).conclude();
    ends(&summary, Verdict::Pass, "puts/s by 100 clients for 30 s: service p99 ");
    assert!(summary.rules.iter().all(|rule| rule.label != "rate reached"));
    let full = Load { thread_use: 0.97, ..Load::default() };
    let summary = Builder::new(1).closed(100).load(&full).conclude();
    ends(
        &summary,
        Verdict::Inconclusive,
        "the client was the limit, not etcd: its threads used 97 %",
    );
}

#[test]
fn a_closed_loop_shows_what_it_did_not_ask_for_as_a_model_that_nothing_is_judged_by() {
    // In one second of thirty every operation takes half a second.
    let stalls = |noise: &mut Noise, at: u64| if at / S == 7 { 500 * MS } else { fast(noise, at) };
    let figures = |summary: &Summary, name: &str| {
        let series = summary.phases.iter().flat_map(|phase| &phase.series);
        series.clone().find(|one| one.series == name).cloned()
    };
    let p90_ms = |one: &crate::result::SeriesSummary| {
        one.quantiles.iter().find(|found| found.q == 0.9).expect("it is a standard one").value_ns
            / MS
    };
    let load = Load { service: &stalls, ..Load::default() };
    let closed = Builder::new(1).closed(100).load(&load).conclude();
    let [measured, modelled] = ["put.service", "put.response.modelled"]
        .map(|name| figures(&closed, name).unwrap_or_else(|| panic!("no {name}")));
    assert!(modelled.count > 2 * measured.count, "{} of {}", modelled.count, measured.count);
    assert!(p90_ms(&measured) < 50, "{}", p90_ms(&measured));
    assert!((300..500).contains(&p90_ms(&modelled)), "{}", p90_ms(&modelled));
    assert_eq!(modelled.max_ns, measured.max_ns);
    assert!(closed.rules.iter().all(|rule| !rule.label.contains("modelled")), "{:?}", closed.rules);
    // Of an open loop all of it is measured.
    let open = Builder::healthy(1).conclude();
    assert!(figures(&open, "put.response").is_some());
    assert!(figures(&open, "put.response.modelled").is_none());
}

#[test]
fn errors_fail_unless_the_user_allows_some() {
    let with = |rules: &[&str]| {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        Builder::healthy(1)
            .failed(&[("server-timeout", 3)])
            .plan(|plan| plan.rules = rules)
            .conclude()
    };
    ends(&with(&[]), Verdict::Fail, "of all operations failed, the limit is ≤ 0 %");
    // More than a hundredth of all is also a rate that was not reached.
    let many = Builder::healthy(1).failed(&[("transport", 300)]).conclude();
    ends(
        &many,
        Verdict::Fail,
        "etcd does not keep up: 490/s reached, ≥ 495/s wanted; 300 operations failed",
    );
    let allowed = with(&["errors < 1%"]);
    ends(&allowed, Verdict::Pass, "3 failed");
    assert_eq!(allowed.rules.iter().filter(|rule| rule.label == "errors").count(), 1);
    // The response series has no errors of its own: they are those of the operation.
    let named = with(&["errors < 1%", "put.response.errors <= 0%"]);
    assert_eq!(rule(&named, "put.response errors").verdict, Verdict::Fail);
    let timed = with(&["errors < 1%", "put.service.p99 < 1s"]);
    assert!(
        rule(&timed, "put.service p99").note.as_deref().unwrap().contains("without 3 that failed")
    );
}

#[test]
fn a_failed_response_has_no_end() {
    let with = |rule: &str| {
        let rules = ["errors < 1%", rule].map(|rule| rule.parse().unwrap());
        let failed = Builder::healthy(1).failed(&[("server-timeout", 3)]);
        failed.plan(|plan| plan.rules = rules.into()).conclude()
    };
    let longest = with("put.response.max < 10s");
    let rule_of = |summary: &Summary, label: &str| rule(summary, label).clone();
    let max = rule_of(&longest, "put.response max");
    assert_eq!(max.verdict, Verdict::Fail);
    assert!(max.note.unwrap().contains("counts as longer than any limit"));
    let mean = rule_of(&with("put.response.mean < 10s"), "put.response mean");
    assert_eq!(mean.verdict, Verdict::Inconclusive);
    assert!(mean.note.unwrap().contains("the mean is at least this"));
    assert_eq!(rule_of(&with("put.response.p99 < 10s"), "put.response p99").verdict, Verdict::Pass);
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
    assert_eq!(rule(&verify(0, 1_000), "acknowledged").verdict, Verdict::Pass);
    assert_eq!(rule(&verify(0, 990), "acknowledged").verdict, Verdict::Inconclusive);
    let unread = Builder::healthy(1).plan(|plan| plan.verify = true).event(
        "verify",
        "verify",
        json!({ "error": "no leader" }),
    );
    ends(
        &unread.conclude(),
        Verdict::Inconclusive,
        "acknowledged writes: could not be read back: no leader",
    );
    let never = Builder::healthy(1).plan(|plan| plan.verify = true).conclude();
    ends(&never, Verdict::Inconclusive, "acknowledged writes: not read back");
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
    ends(&halted, Verdict::Inconclusive, "the database came near its quota after 30 s");
    let broken = Builder::healthy(1).set("etcd", 0, "slow_apply", 3..4, 1.0).build();
    ends(&conclude(&broken, false, true, String::new()), Verdict::Fail, "slow applies: 1");
    let nothing = Builder::new(1).build();
    ends(
        &conclude(&nothing, false, false, String::new()),
        Verdict::Inconclusive,
        "the run was killed before the load began",
    );
    ends(&conclude(&nothing, true, false, String::new()), Verdict::Inconclusive, "");
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
    run.header.kind = "check".to_owned();
    ends(
        &conclude(&run, true, false, String::new()),
        Verdict::Inconclusive,
        "no verdict on a result of kind 'check'",
    );
}
