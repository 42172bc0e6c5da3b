//! Every rule on a load, in the order it is shown: was it the load that was asked for, what the user wants of it, what
//! etcd itself says.

use crate::result::{RuleOutcome, Verdict};
use crate::units;
use crate::verdict::judge::{Ground, judge_text};
use crate::verdict::rule::{Rule, Stat};
use crate::wire::ErrorClass;

use super::delivery::Delivery;
use super::evidence::Evidence;
use super::planned;
use super::server;

/// etcd's own check tolerates no error either (etcdctl/ctlv3/command/check.go). A rule of one's own on `errors` takes
/// its place.
const NO_ERRORS: &str = "errors <= 0%";

/// All rules on what is looked at.
pub(super) fn rules(evidence: &Evidence, delivery: &Delivery) -> Vec<RuleOutcome> {
    let known = evidence.plan.known_series();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut rules = delivery.rules(evidence);
    let own: Vec<RuleOutcome> = evidence
        .plan
        .rules
        .iter()
        .map(|text| judge_text(text, "--rule", &known, evidence))
        .collect();
    if !evidence.plan.rules.iter().any(|text| is_errors(text, &known)) {
        let mut none = judge_text(NO_ERRORS, "etcdctl check perf", &known, evidence);
        planned::beside(&mut none, evidence);
        rules.push(none);
    }
    rules.extend(own);
    for rule in &mut rules {
        without_failed(rule, &known, evidence);
        with_failed(rule, &known, evidence);
        if in_doubt(rule, &known, evidence, delivery) {
            rule.verdict = Verdict::Inconclusive;
            rule.note = Some("the client may be the cause".to_owned());
        }
    }
    rules.extend(server::rules(evidence));
    rules
}

fn is_errors(text: &str, known: &[&str]) -> bool {
    Rule::parse(text, known).is_ok_and(|rule| rule.series.is_none() && rule.stat == Stat::Errors)
}

/// A failed operation has no service time: a figure made without it says so.
fn without_failed(outcome: &mut RuleOutcome, known: &[&str], evidence: &Evidence) {
    let Ok(rule) = Rule::parse(&outcome.rule, known) else {
        return;
    };
    let Some(series) = rule.series.filter(|series| series.ends_with(".service")) else {
        return;
    };
    let timed = matches!(rule.stat, Stat::Percentile(_) | Stat::Max | Stat::Mean);
    let failed = evidence.attempts(Some(&series)).errors;
    if timed && failed > 0 {
        let apart = format!("without {} that failed", units::format_count(failed));
        outcome.note = Some(match outcome.note.take() {
            Some(note) => format!("{note}; {apart}"),
            None => apart,
        });
    }
}

/// A failed operation is in the responses with the time from when it was due until it failed, which may be short. It is
/// no good response for that: it counts as one that took longer than the limit.
fn with_failed(outcome: &mut RuleOutcome, known: &[&str], evidence: &Evidence) {
    let Ok(rule) = Rule::parse(&outcome.rule, known) else {
        return;
    };
    let (Stat::Percentile(percent), Some(series)) = (rule.stat, &rule.series) else {
        return;
    };
    let attempts = evidence.attempts(Some(series));
    let failed = attempts.errors;
    if failed == 0 || !series.ends_with(".response") {
        return;
    }
    let share = failed as f64 / (attempts.count() + failed) as f64;
    let allowed = 1.0 - percent / 100.0;
    let counted = match share > allowed {
        true => {
            outcome.verdict = Verdict::Fail;
            format!(
                "{} failed, {}, which counts as longer than any limit",
                units::format_count(failed),
                units::format_share(share)
            )
        }
        false => format!("{} that failed count until they failed", units::format_count(failed)),
    };
    outcome.note = Some(match outcome.note.take() {
        Some(note) => format!("{note}; {counted}"),
        None => counted,
    });
}

/// Whether a failure may be the client's own.
fn in_doubt(
    outcome: &RuleOutcome,
    known: &[&str],
    evidence: &Evidence,
    delivery: &Delivery,
) -> bool {
    let Ok(rule) = Rule::parse(&outcome.rule, known) else {
        return false;
    };
    if outcome.verdict != Verdict::Fail || delivery.doubts.is_empty() {
        return false;
    }
    let in_service = delivery.doubts.iter().any(|doubt| doubt.in_service);
    match (rule.stat, rule.series.as_deref()) {
        (Stat::Errors, _) => !server_failed(evidence),
        (Stat::Rate | Stat::Count, _) => true,
        (_, Some(series)) => in_service || !series.ends_with(".service"),
        (_, None) => false,
    }
}

/// Whether an operation failed in a way that a busy client does not bring about.
fn server_failed(evidence: &Evidence) -> bool {
    let by_client = [ErrorClass::NotSent, ErrorClass::ClientDeadline].map(ErrorClass::name);
    let series = evidence.phases.iter().flat_map(|phase| &phase.series);
    let mut classes = series.flat_map(|series| series.errors.keys());
    classes.any(|class| !by_client.contains(&class.as_str()))
}
