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
    let told = if metric.primary { told } else { format!("{told} (told only)") };
    let why = told.clone();
    // What `--fail-on indicative` was asked for fails; otherwise an indication is no confirmation.
    let indications_count = found.exit_code == Exit::Bad.code();
    let outcome = match metric.verdict {
        MetricVerdict::Improved | MetricVerdict::Unchanged => Outcome::Passed,
        MetricVerdict::Regressed if !metric.primary => Outcome::Passed,
        MetricVerdict::Regressed if metric.indicative && !indications_count => {
            Outcome::Skipped(why)
        }
        MetricVerdict::Regressed => Outcome::Failure { kind: "regression", why },
        MetricVerdict::Inconclusive | MetricVerdict::NotResolvable => Outcome::Skipped(why),
        MetricVerdict::Invalid => Outcome::Error { kind: "invalid", why },
    };
    Case { name: metric.label(), outcome, told: vec![told] }
}
