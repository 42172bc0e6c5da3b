//! Every rule on a load, in the order it is shown: was it the load that was asked for, what the user wants of it, what
//! etcd itself says.

use crate::result::{Reason, RuleId, Verdict};
use crate::verdict::judge::{Ground, judge};
use crate::verdict::outcome::{Outcome, Source};
use crate::verdict::rule::{Op, Rule, Stat};
use crate::wire::ErrorClass;

use super::delivery::Delivery;
use super::evidence::Evidence;
use super::planned;
use super::server;

/// etcd's own check tolerates no error either (etcdctl/ctlv3/command/check.go). A rule of one's own on `errors` takes
/// its place.
const NO_ERRORS: Rule = Rule { series: None, stat: Stat::Errors, op: Op::AtMost, limit: 0.0 };

/// All rules on what is looked at.
pub(super) fn rules(evidence: &Evidence, delivery: &Delivery) -> Vec<Outcome> {
    let mut rules = delivery.rules(evidence);
    let own: Vec<Outcome> =
        evidence.plan.rules.iter().map(|rule| judge(rule, Source::Asked, evidence)).collect();
    if !own.iter().any(|outcome| outcome.rule.is_errors()) {
        let mut none = judge(&NO_ERRORS, Source::EtcdCheck, evidence);
        planned::beside(&mut none, evidence);
        rules.push(none);
    }
    rules.extend(own);
    for outcome in &mut rules {
        let RuleId::Typed(rule) = outcome.rule.clone() else {
            continue;
        };
        without_failed(outcome, &rule, evidence);
        with_failed(outcome, &rule, evidence);
        if outcome.verdict == Verdict::Fail && in_doubt(&rule, evidence, delivery) {
            outcome.verdict = Verdict::Inconclusive;
            outcome.reasons = vec![Reason::ClientMayBeCause];
        }
    }
    rules.extend(server::rules(evidence));
    rules
}

/// A failed operation has no service time: a figure made without it says so.
fn without_failed(outcome: &mut Outcome, rule: &Rule, evidence: &Evidence) {
    let Some(series) = rule.series.as_deref().filter(|series| series.ends_with(".service")) else {
        return;
    };
    let timed = matches!(rule.stat, Stat::Percentile(_) | Stat::Max | Stat::Mean);
    let count = evidence.attempts(Some(series)).errors;
    if timed && count > 0 {
        outcome.reasons.push(Reason::WithoutFailed { count });
    }
}

/// A failed operation is in the responses with the time from when it was due until it failed, which may be short. It is
/// no good response for that: it counts as one that took longer than the limit.
fn with_failed(outcome: &mut Outcome, rule: &Rule, evidence: &Evidence) {
    let (Stat::Percentile(percent), Some(series)) = (rule.stat, rule.series.as_deref()) else {
        return;
    };
    let attempts = evidence.attempts(Some(series));
    let count = attempts.errors;
    if count == 0 || !series.ends_with(".response") {
        return;
    }
    let share = count as f64 / (attempts.count() + count) as f64;
    let decides = share > 1.0 - percent / 100.0;
    if decides {
        outcome.verdict = Verdict::Fail;
    }
    outcome.reasons.push(Reason::FailedCounted { count, share, decides });
}

/// Whether a failure may be the client's own.
fn in_doubt(rule: &Rule, evidence: &Evidence, delivery: &Delivery) -> bool {
    if delivery.doubts.is_empty() {
        return false;
    }
    let in_service = delivery.doubts.iter().any(|doubt| doubt.in_service());
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
