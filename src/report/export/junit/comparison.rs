//! A case per metric of each contrast.

use super::{Case, Document, Outcome, attribute, document, suite};
use crate::compare::{self, Comparison, Contrast, Metric, MetricVerdict};
use crate::exit::Exit;
use crate::report::compare::values;

/// The metrics of a comparison.
pub(in crate::report::export) fn comparison(found: &Comparison) -> Document {
    let contrasts = found.contrasts.iter();
    let mut suites: Vec<_> = contrasts
        .map(|contrast| {
            let metrics = contrast.metrics.iter();
            let cases: Vec<Case> = metrics.map(|metric| case(found, metric)).collect();
            let mut suite = suite(&title(found, contrast), &cases);
            attribute(&mut suite, "timestamp", began(found, &contrast.b));
            suite.add_property(("design", compare::design(contrast).as_str()));
            suite
        })
        .collect();
    // Without a verdict there is an error that says why, whatever the metrics by themselves are.
    if found.exit_code == Exit::NoVerdict.code() && found.obstacles.is_empty() {
        let why = format!("{} ({})", found.headline, found.exit_reason);
        let case = Case {
            name: "verdict".to_owned(),
            told: vec![found.headline.clone()],
            outcome: Outcome::Error { kind: "no_verdict", why },
        };
        suites.push(suite("compare", &[case]));
    }
    if !found.obstacles.is_empty() {
        let why = found.obstacles.join("; ");
        let case = Case {
            name: "comparable".to_owned(),
            told: found.obstacles.clone(),
            outcome: Outcome::Error { kind: "not_comparable", why },
        };
        suites.push(suite("compare", &[case]));
    }
    document("etcdbench-compare", suites)
}

/// `compare new with old`.
fn title(found: &Comparison, contrast: &Contrast) -> String {
    let name = |letter: &str| {
        let side = found.sides.iter().find(|side| side.letter == letter);
        side.map_or(letter, |side| side.name.as_str()).to_owned()
    };
    format!("compare {} with {}", name(&contrast.b), name(&contrast.a))
}

/// When the first run of a side began.
fn began<'a>(found: &'a Comparison, letter: &str) -> &'a str {
    let side = found.sides.iter().find(|side| side.letter == letter);
    let first = side.and_then(|side| side.runs.first());
    first.map_or("", |run| run.started_at.as_str())
}

fn case(found: &Comparison, metric: &Metric) -> Case {
    let told = format!(
        "{}: {} → {}, {} {}",
        metric.label(),
        values::shown(metric, &metric.a),
        values::shown(metric, &metric.b),
        values::effect(metric),
        values::verdict(metric),
    );
    let told = if metric.primary { told } else { format!("{told} (informational)") };
    let why = told.clone();
    // A case fails where the command does: what is not confirmed, or does not decide, fails neither.
    let bad = found.exit_code == Exit::Bad.code();
    let none = found.exit_code == Exit::NoVerdict.code();
    let change = bad && found.outcome == compare::Outcome::Improved;
    let outcome = match metric.verdict {
        MetricVerdict::Improved if change && metric.primary => {
            Outcome::Failure { kind: "change", why }
        }
        MetricVerdict::Improved | MetricVerdict::Unchanged => Outcome::Passed,
        MetricVerdict::Regressed if !metric.primary => Outcome::Passed,
        MetricVerdict::Regressed if bad => Outcome::Failure { kind: "regression", why },
        MetricVerdict::Invalid if metric.primary && none => Outcome::Error { kind: "invalid", why },
        _ => Outcome::Skipped(why),
    };
    Case { name: metric.label(), outcome, told: vec![told] }
}
