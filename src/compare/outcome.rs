//! What all metrics of a contrast, and all contrasts, amount to: a verdict speaks for what was judged, and where that is
//! nothing, or too little of what decides, there is none.

use super::{Comparison, Contrast, Metric, MetricVerdict, Outcome};
use crate::exit::Exit;
use crate::rule::comparison::FailOn;

/// Fewer of the latencies that decide than this share say too little of all.
const LEAST_JUDGED: f64 = 0.5;

/// What the metrics of a contrast amount to. `indications_count` where what is only indicated was asked to.
pub(super) fn of_contrast(contrast: &Contrast, indications_count: bool) -> Outcome {
    let primary = || contrast.metrics.iter().filter(|metric| metric.primary);
    // What cannot differ says nothing of what may.
    let has = |verdict| {
        let mut tests = primary().filter(|metric| !metric.given);
        tests.any(|m| m.verdict == verdict && (!m.indicative || indications_count))
    };
    let indicated = primary().any(|m| m.verdict.is_change() && m.indicative);
    let worse = |m: &Metric| m.verdict == MetricVerdict::Regressed;
    if has(MetricVerdict::Regressed) {
        Outcome::Regressed
    } else if has(MetricVerdict::Improved)
        && !primary().any(worse)
        && (enough_is_judged(contrast) || only_baseline_is_invalid(contrast))
    {
        Outcome::Improved
    } else if !enough_is_judged(contrast) {
        Outcome::NoVerdict
    } else if indicated || has(MetricVerdict::Inconclusive) {
        Outcome::Inconclusive
    } else if has(MetricVerdict::Unchanged) {
        Outcome::Unchanged
    } else {
        Outcome::NoVerdict
    }
}

/// Worse where any side is; otherwise no verdict where any side has none, and equal only where all are.
pub(super) fn of_all(contrasts: &[Contrast]) -> Outcome {
    let any = |outcome| contrasts.iter().any(|contrast| contrast.outcome == outcome);
    let by_weight =
        [Outcome::Regressed, Outcome::NoVerdict, Outcome::Improved, Outcome::Inconclusive];
    let first = by_weight.into_iter().find(|outcome| any(*outcome));
    first.unwrap_or(if contrasts.is_empty() { Outcome::NoVerdict } else { Outcome::Unchanged })
}

/// Latencies that decide, each judged or not: a metric by its place, a missing series for its p50 and p99.
pub(super) fn coverage(contrast: &Contrast) -> (usize, usize) {
    let latencies = || {
        let metrics = contrast.metrics.iter();
        metrics.filter(|metric| metric.primary && metric.stat.quantile().is_some())
    };
    let judged = latencies().filter(|metric| metric.verdict.is_judged()).count();
    (judged, latencies().count() + 2 * contrast.missing.len())
}

fn enough_is_judged(contrast: &Contrast) -> bool {
    let (judged, all) = coverage(contrast);
    if all == 0 {
        let judged =
            |metric: &Metric| metric.primary && metric.verdict.is_judged() && !metric.given;
        return contrast.metrics.iter().any(judged);
    }
    judged > 0 && judged as f64 >= LEAST_JUDGED * all as f64
}

/// A baseline that was overwhelmed where B was not: B is better, plainly.
fn only_baseline_is_invalid(contrast: &Contrast) -> bool {
    let invalid = contrast.metrics.iter().filter(|m| m.verdict == MetricVerdict::Invalid);
    let mut sides = invalid.map(|metric| side(metric.reason.as_deref().unwrap_or_default()));
    sides.all(|side| side == Some("A"))
}

/// The side a reason begins with: `A: saturated …`; `A and B: …` is both.
pub(super) fn side(reason: &str) -> Option<&str> {
    reason.split_once(": ").map(|(side, _)| side).filter(|side| side.len() <= "A and B".len())
}

/// How a comparison ends, and why.
pub(super) fn exit(found: &Comparison, fail_on: &[FailOn]) -> (Exit, String) {
    if found.outcome == Outcome::NotComparable {
        return (Exit::NoVerdict, "the results are not comparable".to_owned());
    }
    if fail_on.contains(&FailOn::Never) {
        return (Exit::Ok, "--fail-on never".to_owned());
    }
    let asked = |what| fail_on.contains(&what);
    let primary = || {
        let metrics = found.contrasts.iter().flat_map(|c| &c.metrics);
        metrics.filter(|metric| metric.primary)
    };
    let counts = |metric: &Metric| !metric.indicative || asked(FailOn::Indicative);
    let worse = |m: &&Metric| m.verdict == MetricVerdict::Regressed && counts(m);
    if let Some(metric) = primary().find(worse) {
        let count = primary().filter(worse).count();
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let how =
            if metric.indicative { "indicated, and --fail-on indicative" } else { "confirmed" };
        return (Exit::Bad, format!("a regression is {how}: {}{more}", metric.label()));
    }
    let better = |m: &&Metric| m.verdict == MetricVerdict::Improved && counts(m);
    if asked(FailOn::Change)
        && let Some(metric) = primary().find(better)
    {
        return (
            Exit::Bad,
            format!("a change for the better, and --fail-on change: {}", metric.label()),
        );
    }
    if found.outcome == Outcome::NoVerdict {
        return (Exit::NoVerdict, "too little of what decides could be judged".to_owned());
    }
    let open = |m: &&Metric| {
        !m.given && (m.verdict == MetricVerdict::Inconclusive || !m.verdict.is_judged())
    };
    if asked(FailOn::Inconclusive)
        && let Some(metric) = primary().find(open)
    {
        return (
            Exit::NoVerdict,
            format!("--fail-on inconclusive, and {} is open", metric.label()),
        );
    }
    (Exit::Ok, nothing_worse(found, primary().any(|m| m.verdict == MetricVerdict::Regressed)))
}

fn nothing_worse(found: &Comparison, indicated: bool) -> String {
    match found.outcome {
        _ if indicated => {
            "worse is only indicated, not confirmed; --fail-on indicative ends with 3".to_owned()
        }
        Outcome::Unchanged => "no difference large enough to matter".to_owned(),
        Outcome::Improved => "better, and nothing that decides is worse".to_owned(),
        _ => "nothing is confirmed to be worse".to_owned(),
    }
}
