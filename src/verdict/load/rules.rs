//! Every rule on a load, in the order it is shown: was it the load that was asked for, what the user wants of it, what
//! etcd itself says.

use crate::etcd::ErrorClass;
use crate::exit::Verdict;
use crate::result::{InvalidCause, InvalidReason, Reason, RuleId};
use crate::rule::{Op, Rule, Stat};
use crate::verdict::judge::{RuleInput, judge};
use crate::verdict::outcome::{Outcome, Source};

use super::achieved::AchievedLoad;
use super::evidence::Evidence;
use super::planned;
use super::server;
use super::waits;

/// etcd's own check tolerates no error either (etcdctl/ctlv3/command/check.go). A rule of one's own on `errors` takes
/// its place.
const NO_ERRORS: Rule = Rule { series: None, stat: Stat::Errors, op: Op::AtMost, limit: 0.0 };

/// All rules on what is looked at.
pub(super) fn rules(evidence: &Evidence, achieved: &AchievedLoad) -> Vec<Outcome> {
    let mut rules = achieved.rules(evidence);
    let own: Vec<Outcome> =
        evidence.plan.rules.iter().map(|rule| judge(rule, Source::Asked, evidence)).collect();
    if !own.iter().any(|outcome| outcome.rule.is_errors()) {
        let mut none = judge(&NO_ERRORS, Source::EtcdCheck, evidence);
        planned::beside(&mut none, evidence);
        rules.push(none);
    }
    let waits = waits::rules(evidence, &own);
    rules.extend(own);
    rules.extend(waits);
    for outcome in &mut rules {
        let doubted = match &outcome.rule {
            RuleId::Typed(rule) => {
                let rule = rule.clone();
                without_failed(outcome, &rule, evidence);
                with_failed(outcome, &rule, evidence);
                in_doubt(&rule, evidence, achieved)
            }
            RuleId::Stalls { at_least_ns, .. } => wait_in_doubt(*at_least_ns, evidence, achieved),
            RuleId::Named(_) => false,
        };
        if outcome.verdict == Verdict::Fail && doubted {
            outcome.verdict = Verdict::Inconclusive;
            outcome.reasons = vec![Reason::ClientMayBeCause];
        }
    }
    rules.extend(server::rules(evidence));
    rules
}

/// Whether waits so long may be the client's own. Lag explains what lag is long enough for: a wait that etcd's answer
/// alone took was not brought about by sending late.
fn wait_in_doubt(at_least_ns: u64, evidence: &Evidence, achieved: &AchievedLoad) -> bool {
    achieved.invalid_reasons.iter().any(|invalid_reason| match invalid_reason.cause {
        InvalidCause::SentLate { .. } => !answered_late(at_least_ns, evidence),
        _ => invalid_reason.in_service(),
    })
}

/// Whether an answer itself took so long.
fn answered_late(at_least_ns: u64, evidence: &Evidence) -> bool {
    let mut strands = evidence.strands.iter();
    strands.any(|strand| {
        let service = evidence.judged(&format!("{}.service", strand.name));
        service.count() > 0 && service.total.max_ns() >= at_least_ns
    })
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
/// no good response for that: it counts as one that took longer than any limit. So it breaks a limit on the longest;
/// and a mean that it is part of is known from below alone.
fn with_failed(outcome: &mut Outcome, rule: &Rule, evidence: &Evidence) {
    let Some(series) = rule.series.as_deref().filter(|series| series.ends_with(".response")) else {
        return;
    };
    let attempts = evidence.attempts(Some(series));
    // What fails while a leader that was killed is away is the price of that, and told with it.
    let count = attempts.errors.saturating_sub(planned::failed(evidence));
    if count == 0 {
        return;
    }
    let share = count as f64 / (attempts.count() + count) as f64;
    let decides = match rule.stat {
        Stat::Percentile(percent) => share > 1.0 - percent / 100.0,
        Stat::Max => true,
        Stat::Mean => {
            if outcome.verdict == Verdict::Pass {
                outcome.verdict = Verdict::Inconclusive;
            }
            false
        }
        Stat::Rate | Stat::Count | Stat::Errors => return,
    };
    if decides {
        outcome.verdict = Verdict::Fail;
    }
    let reason = match rule.stat {
        Stat::Mean => Reason::MeanWithoutEnd { count },
        _ => Reason::FailedCounted { count, share, decides },
    };
    outcome.reasons.push(reason);
}

/// Whether a failure may be the client's own.
fn in_doubt(rule: &Rule, evidence: &Evidence, achieved: &AchievedLoad) -> bool {
    if achieved.invalid_reasons.is_empty() {
        return false;
    }
    let in_service =
        achieved.invalid_reasons.iter().any(|invalid_reason| invalid_reason.in_service());
    match (rule.stat, rule.series.as_deref()) {
        (Stat::Errors, _) => !server_failed(evidence, achieved),
        (Stat::Rate | Stat::Count, _) => true,
        (_, Some(series)) if series.ends_with(".service") => in_service,
        (stat, Some(series)) => in_service || !service_breaks(rule, stat, series, evidence),
        (_, None) => false,
    }
}

/// Whether the answers alone break a rule on a response: then no lag excuses it.
fn service_breaks(rule: &Rule, stat: Stat, series: &str, evidence: &Evidence) -> bool {
    let Some(operation) = series.strip_suffix(".response") else {
        return false;
    };
    let service = Rule { series: Some(format!("{operation}.service")), stat, ..rule.clone() };
    judge(&service, Source::Asked, evidence).verdict == Verdict::Fail
}

/// Whether an operation failed in a way that the client did not bring about. A deadline that passed is its doing only
/// where it had no CPU to read the answer, or sent so late that little of the time was left.
fn server_failed(evidence: &Evidence, achieved: &AchievedLoad) -> bool {
    let starved = achieved.invalid_reasons.iter().any(InvalidReason::in_service);
    let late = achieved.lag_p99_ns.is_some_and(|lag| 2 * lag >= evidence.plan.timeout_ns);
    let by_client = |class: &str| {
        class == ErrorClass::NotSent.name()
            || (class == ErrorClass::ClientDeadline.name() && (starved || late))
    };
    let series = evidence.phases.iter().flat_map(|phase| &phase.series);
    let mut classes = series.flat_map(|series| series.errors.keys());
    classes.any(|class| !by_client(class))
}
