//! What the renderers of a comparison for people say in the same words.

use crate::compare::{
    Comparison, Contrast, Difference, DifferenceClass, Metric, MetricVerdict, Outcome, Side, design,
};
use crate::exit::Verdict;
use crate::report::text::clean;
use crate::rule::comparison::Stat;
use crate::units::{date_and_time, format_share};

/// What a difference means, what forbids comparing first.
pub const CLASSES: [(DifferenceClass, &str); 3] = [
    (DifferenceClass::Obstacle, "must match"),
    (DifferenceClass::Noted, "differs"),
    (DifferenceClass::Declared, "meant"),
];

/// The verdict whose colour an outcome has.
pub fn tone(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Regressed => Verdict::Fail,
        Outcome::Improved | Outcome::Unchanged => Verdict::Pass,
        Outcome::NotComparable | Outcome::NoVerdict | Outcome::Inconclusive => {
            Verdict::Inconclusive
        }
    }
}

/// The sign of a metric's verdict, and the verdict whose colour it has.
pub fn mark(verdict: MetricVerdict) -> (&'static str, Verdict) {
    match verdict {
        MetricVerdict::Regressed => ("✘", Verdict::Fail),
        MetricVerdict::Improved => ("✔", Verdict::Pass),
        MetricVerdict::Unchanged => ("=", Verdict::Pass),
        MetricVerdict::Inconclusive => ("~", Verdict::Warn),
        MetricVerdict::NotResolvable | MetricVerdict::Invalid => ("?", Verdict::Warn),
    }
}

/// Which runs a side is made of.
pub fn runs(side: &Side) -> String {
    match &side.runs[..] {
        [only] => clean(&format!("{}, {}", only.path.display(), date_and_time(&only.started_at))),
        runs => clean(&format!(
            "{} runs from {}",
            runs.len(),
            runs.first().map_or_else(String::new, |run| date_and_time(&run.started_at))
        )),
    }
}

/// What the column of effects is of: `B/A`; with an asterisk where a note says what was taken out.
pub fn quotient(contrast: &Contrast) -> String {
    let taken_out = contrast.metrics.iter().any(|m| m.stolen.is_some_and(|s| s.taken_out));
    let mark = if taken_out { "*" } else { "" };
    format!("{}/{}{mark}", contrast.b, contrast.a)
}

/// The page shows whole series that decide, of shares those that are not nought.
pub fn is_told(contrast: &Contrast, metric: &Metric) -> bool {
    let decides = |other: &Metric| {
        other.primary && other.phase == metric.phase && other.series == metric.series
    };
    let nought = metric.a.value == Some(0.0) && metric.b.value == Some(0.0);
    let told = metric.stat == Stat::Capacity || contrast.metrics.iter().any(decides);
    told && !(metric.stat.is_share() && nought && metric.stat != Stat::Errors)
}

/// A field and its value on each side.
pub fn difference(difference: &Difference) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let values: Vec<String> = difference.values.iter().map(value).collect();
    clean(&format!("{}  {}", field(difference), values.join(" → ")))
}

/// What of plan or environment it is; that it is of the environment goes without saying.
pub fn field(difference: &Difference) -> &str {
    difference.field.trim_start_matches("environment.")
}

/// What the doubt is taken from, and what the sides were compared as.
pub fn compared_how(found: &Comparison) -> String {
    let mut designs: Vec<String> = found.contrasts.iter().map(design).collect();
    designs.dedup();
    let how = if found.intent_declared { "" } else { " (found from what differs)" };
    format!("{}; compared as {}{how}", designs.join("; "), found.intent.name())
}

/// `exit code 3: a regression is confirmed: wal.fsync p50`.
pub fn ending(found: &Comparison) -> String {
    clean(&format!("exit code {}: {}", found.exit_code, found.exit_reason))
}

/// How results that cannot be compared can be.
pub fn way_out(found: &Comparison) -> Option<String> {
    let first = found.differences.iter().find(|d| d.class == DifferenceClass::Obstacle)?;
    // No flag makes one kind of the other.
    if first.field == "kind" {
        let text = "compare results of one kind; what another program measured stands on a side of its own";
        return Some(text.to_owned());
    }
    Some(clean(&format!(
        "declare what is meant to differ with --intent machines|versions|config, or let a field differ with --allow {}",
        first.field
    )))
}

/// Smaller changes matter to nobody.
const HARDLY: f64 = 0.0005;
/// Nor is what would have to double to be found.
const BLIND: f64 = 1.0;
/// More of these are not read.
const TOLD: usize = 3;

/// The smallest changes this could have found, the smallest first.
pub fn detectable(found: &Comparison) -> Option<String> {
    let metrics = found.contrasts.first()?.metrics.iter();
    let mut told: Vec<(f64, String)> = metrics
        .filter(|m| m.primary && !m.stat.is_share() && m.verdict.is_judged())
        .filter_map(|m| Some((m.detectable?, m.label())))
        .filter(|(share, _)| (HARDLY..BLIND).contains(share))
        .collect();
    told.sort_by(|a, b| a.0.total_cmp(&b.0));
    let told: Vec<String> = told
        .iter()
        .take(TOLD)
        .map(|(share, label)| format!("{} at {label}", format_share(*share)))
        .collect();
    (!told.is_empty()).then(|| format!("would detect (80 % power): {}", told.join(", ")))
}
