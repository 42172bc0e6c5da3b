//! What could not be judged, in words: once, with the reason, and where it points to if that is plain.

use crate::units::significant;

use super::phrases::{listed, told_of};
use super::{Contrast, Metric, MetricVerdict, outcome};
use crate::rule::comparison::Stat;

/// What was measured, though not in a way that allows to judge, points somewhere from this ratio on.
const PLAIN: f64 = 1.5;

/// `No verdict on B: 6 of 6 latencies that decide cannot be judged. B: saturated: …. It points to B being worse: …`.
pub(super) fn no_verdict(contrast: &Contrast) -> String {
    let (judged, all) = outcome::coverage(contrast);
    let mut text = format!("No verdict on {}", contrast.b);
    if all > 0 {
        text.push_str(&format!(
            ": {} of {all} latencies that decide cannot be judged",
            all - judged
        ));
    }
    let reasons = reasons(contrast);
    if !reasons.is_empty() {
        text.push_str(&format!(". {}", told_of(reasons).join("; ")));
    }
    if let Some(hint) = points_to(contrast) {
        text.push_str(&format!(". {hint}"));
    }
    text
}

/// ` Not judged: put.commit p99 (B: 4 of 10 …)`: what a verdict does not speak for.
pub(super) fn not_judged(contrast: &Contrast) -> Option<String> {
    let open = || primary_latencies(contrast).filter(|metric| !metric.verdict.is_judged());
    let mut labels: Vec<String> = open().map(Metric::label).collect();
    labels.extend(contrast.missing.iter().map(|name| format!("{name} (not on all sides)")));
    if labels.is_empty() {
        return None;
    }
    let invalid = open().find(|metric| metric.verdict == MetricVerdict::Invalid);
    let why = match invalid.and_then(|metric| metric.reason.as_deref()) {
        Some(why) => format!(" are invalid, {why}"),
        None => String::new(),
    };
    let labels = listed(&told_of(labels));
    Some(match why.as_str() {
        "" => format!(" Not judged: {labels}."),
        why => format!(" Latencies{why}: {labels}."),
    })
}

fn primary_latencies(contrast: &Contrast) -> impl Iterator<Item = &Metric> {
    let metrics = contrast.metrics.iter();
    metrics.filter(|metric| metric.primary && metric.stat.quantile().is_some())
}

/// Why, each reason once: they differ by numbers only where samples are too few.
fn reasons(contrast: &Contrast) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    let mut kinds: Vec<String> = Vec::new();
    for metric in primary_latencies(contrast).filter(|metric| !metric.verdict.is_judged()) {
        let reason = metric.reason.clone().unwrap_or_default();
        let kind: String = reason.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect();
        if !reason.is_empty() && !kinds.contains(&kind) {
            kinds.push(kind);
            // Which quantile lacks samples is part of the reason.
            let of_one = reason.contains("beyond it");
            reasons.push(if of_one { format!("{}: {reason}", metric.label()) } else { reason });
        }
    }
    if !contrast.missing.is_empty() {
        let names = listed(&told_of(contrast.missing.clone()));
        reasons.push(format!("not measured on all sides: {names}"));
    }
    reasons
}

/// Which side is worse, where that is plain although it is no verdict: only one of them could not keep up, or what was
/// measured lies far apart and all of its interval on one side.
fn points_to(contrast: &Contrast) -> Option<String> {
    let invalid = || primary_latencies(contrast).filter(|m| m.verdict == MetricVerdict::Invalid);
    let sides: Vec<&str> = invalid()
        .filter_map(|metric| outcome::side(metric.reason.as_deref()?))
        .filter(|side| *side == "A" || *side == "B")
        .collect();
    let only = |letter: &str| {
        !sides.is_empty()
            && sides.len() == invalid().count()
            && sides.iter().all(|side| *side == letter)
    };
    let worse = |letter: &str, why: &str| format!("It points to {letter} being worse: {why}");
    let (a, b) = (contrast.a.as_str(), contrast.b.as_str());
    if only("A") {
        return Some(worse(a, &format!("{b} could keep up")));
    }
    if only("B") {
        return Some(worse(b, &format!("{a} could keep up")));
    }
    let metric = primary_latencies(contrast).find(|m| m.stat == Stat::P50)?;
    let effect = metric.effect?;
    let (low, high) = (effect.low?, effect.high?);
    let (letter, times) = match effect.value {
        x if x >= PLAIN && low > 1.0 => (b, x),
        x if x <= 1.0 / PLAIN && high < 1.0 => (a, 1.0 / x),
        _ => return None,
    };
    let what = format!("{} {} times as long as measured", metric.label(), significant(times));
    Some(worse(letter, &what))
}
