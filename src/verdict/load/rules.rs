//! Every rule on a load, in the order it is shown: was it the load that was asked for, what the user wants of it, what
//! etcd itself says.

use crate::plan::LOAD_SERIES;
use crate::result::{RuleOutcome, Verdict};
use crate::units;
use crate::verdict::judge::{Ground, judge_text};
use crate::verdict::rule::{Rule, Stat};
use crate::wire::ErrorClass;

use super::delivery::{Delivery, Doubt};
use super::evidence::Evidence;
use super::server;

/// etcd's own check tolerates no error either (etcdctl/ctlv3/command/check.go). A rule of one's own on `errors` takes
/// its place.
const NO_ERRORS: &str = "errors <= 0%";

/// All rules on what is looked at.
pub(super) fn rules(evidence: &Evidence, delivery: &Delivery) -> Vec<RuleOutcome> {
    let mut rules = delivery.rules(evidence);
    let own: Vec<RuleOutcome> = evidence
        .plan
        .rules
        .iter()
        .map(|text| judge_text(text, "--rule", LOAD_SERIES, evidence))
        .collect();
    if !evidence.plan.rules.iter().any(|text| is_errors(text)) {
        rules.push(judge_text(
            NO_ERRORS,
            "etcdctl check perf",
            LOAD_SERIES,
            evidence,
        ));
    }
    rules.extend(own);
    for rule in &mut rules {
        without_failed(rule, evidence);
        if let Some(doubt) = in_doubt(rule, evidence, delivery) {
            rule.verdict = Verdict::Inconclusive;
            rule.note = Some(format!("the client may be the cause: {}", doubt.reason));
        }
    }
    rules.extend(server::rules(evidence));
    rules
}

fn is_errors(text: &str) -> bool {
    Rule::parse(text, LOAD_SERIES)
        .is_ok_and(|rule| rule.series.is_none() && rule.stat == Stat::Errors)
}

/// A failed operation has no service time: a figure made without it says so.
fn without_failed(outcome: &mut RuleOutcome, evidence: &Evidence) {
    let Ok(rule) = Rule::parse(&outcome.rule, LOAD_SERIES) else {
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

/// What makes a failure the client's own, perhaps.
fn in_doubt<'a>(
    outcome: &RuleOutcome,
    evidence: &Evidence,
    delivery: &'a Delivery,
) -> Option<&'a Doubt> {
    if outcome.verdict != Verdict::Fail {
        return None;
    }
    let rule = Rule::parse(&outcome.rule, LOAD_SERIES).ok()?;
    let doubt = delivery
        .doubts
        .iter()
        .max_by_key(|doubt| doubt.in_service)?;
    let its_own = match (rule.stat, rule.series.as_deref()) {
        (Stat::Errors, _) => !server_failed(evidence),
        (_, Some(series)) => {
            doubt.in_service || !series.ends_with(".service") || rule.stat == Stat::Rate
        }
        (_, None) => false,
    };
    its_own.then_some(doubt)
}

/// Whether an operation failed in a way that a busy client does not bring about.
fn server_failed(evidence: &Evidence) -> bool {
    let by_client = [ErrorClass::NotSent, ErrorClass::ClientDeadline].map(ErrorClass::name);
    let series = evidence.phases.iter().flat_map(|phase| &phase.series);
    let mut classes = series.flat_map(|series| series.errors.keys());
    classes.any(|class| !by_client.contains(&class.as_str()))
}
