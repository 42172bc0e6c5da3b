//! A comparison in sentences.

use crate::result::Verdict;
use crate::units::{format_count, format_duration, format_share, significant};

use super::{
    CONFIRMING_S, Comparison, Contrast, Design, Effect, Group, Level, Metric, MetricVerdict,
    Outcome, Side, Stat, is_usual, subject,
};

/// More metrics than this are counted, not told.
const TOLD: usize = 3;

/// The answer for all sides.
pub(super) fn headline(comparison: &Comparison) -> String {
    if comparison.outcome == Outcome::NotComparable {
        let more = comparison.obstacles.len().saturating_sub(TOLD);
        let told: Vec<&str> = comparison.obstacles.iter().take(TOLD).map(String::as_str).collect();
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        return format!("Not comparable: {}{rest}.", told.join("; "));
    }
    match &comparison.contrasts[..] {
        [only] => only.headline.clone(),
        _ => ranked(comparison),
    }
}

/// Three sides or more: the odd ones, then who is worse or better than the baseline.
fn ranked(comparison: &Comparison) -> String {
    let mut sentences: Vec<String> =
        comparison.sides.iter().filter_map(|side| odd(comparison, side)).collect();
    if sentences.is_empty() {
        sentences.push("No side is far from all others".to_owned());
    }
    for (outcome, word) in [(Outcome::Regressed, "worse"), (Outcome::Improved, "better")] {
        let contrasts = comparison.contrasts.iter().filter(|c| c.outcome == outcome);
        let letters: Vec<String> = contrasts.map(|c| c.b.clone()).collect();
        if !letters.is_empty() {
            let verb = if letters.len() > 1 { "are" } else { "is" };
            sentences.push(format!("{} {verb} {word} than A", listed(&letters)));
        }
    }
    format!("{}.", sentences.join(". "))
}

/// `C (cp3): wal.fsync p99 11 times the median of the others`, the farthest first.
fn odd(comparison: &Comparison, side: &Side) -> Option<String> {
    let mut found: Vec<(&str, f64)> = comparison
        .rankings
        .iter()
        .flat_map(|ranking| ranking.places.iter().map(|place| (ranking.label.as_str(), place)))
        .filter(|(_, place)| place.odd && place.letter == side.letter)
        .map(|(label, place)| (label, place.to_others))
        .collect();
    found.sort_by(|a, b| b.1.ln().abs().total_cmp(&a.1.ln().abs()));
    let more = found.len().saturating_sub(TOLD);
    let mut parts: Vec<String> = found
        .iter()
        .take(TOLD)
        .map(|(label, times)| {
            format!("{label} {} times the median of the others", significant(*times))
        })
        .collect();
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    (!parts.is_empty()).then(|| format!("{} ({}): {}", side.letter, side.name, listed(&parts)))
}

/// One side against the baseline.
pub(super) fn contrast(contrast: &Contrast, a: &Group, b: &Group) -> String {
    let name = &contrast.b;
    let mut text = match contrast.outcome {
        Outcome::Regressed | Outcome::Improved => changes(contrast),
        Outcome::Unchanged => {
            format!("{} and {name} are shown to be equal but for less than matters", contrast.a)
        }
        Outcome::Inconclusive => inconclusive(contrast),
        _ => format!("Nothing can be said of {name}: {}", reasons(contrast)),
    };
    text.extend(stalls(contrast, b));
    text.extend(rules(contrast, a, b));
    text.push('.');
    if matches!(contrast.outcome, Outcome::Regressed | Outcome::Improved) {
        text.push_str(throughput(contrast));
    }
    if contrast.metrics.iter().any(|m| m.indicative && m.primary) {
        text.push_str(" Indicative only: ");
        text.push_str(&unconfirmed(&contrast.design));
    }
    text
}

fn unconfirmed(design: &Design) -> String {
    if design.indicative {
        let length = format_duration((design.seconds * 1e9) as u64);
        format!("{length} a side, {CONFIRMING_S} s or several runs confirm.")
    } else {
        "the hypervisor took more CPU time from the slower side, several runs in turn confirm."
            .to_owned()
    }
}

/// What changed, what got worse first, series by series.
fn changes(contrast: &Contrast) -> String {
    let changed = |verdict: MetricVerdict| -> Vec<&Metric> {
        let metrics = contrast.metrics.iter();
        metrics.filter(|m| m.primary && m.verdict == verdict).collect()
    };
    let worse = changed(MetricVerdict::Regressed);
    let better = changed(MetricVerdict::Improved);
    let word = match (worse.is_empty(), better.is_empty()) {
        (false, true) => "worse",
        (true, _) => "better",
        (false, false) => "worse in some and better in other ways",
    };
    let mut parts: Vec<String> =
        [worse, better].iter().flat_map(|metrics| by_series(metrics)).collect();
    let more = parts.len().saturating_sub(TOLD);
    parts.truncate(TOLD);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    format!("{} is {word}: {}", contrast.b, listed(&parts))
}

/// `WAL syncs take 1.31 times as long at p50 (95 %: 1.27–1.35) and 1.9 times at p99 (1.6–2.3)`.
fn by_series(metrics: &[&Metric]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut last: Option<(&str, &str)> = None;
    for metric in metrics {
        let Some(effect) = metric.effect else {
            continue;
        };
        let place = (metric.phase.as_str(), metric.series.as_str());
        let quantile = metric.stat.quantile().is_some();
        match parts.last_mut() {
            Some(part) if last == Some(place) && quantile => {
                part.push_str(&format!(" and {}", times(metric, &effect)));
            }
            _ => parts.push(format!("{} {}", verb(metric, &effect), times(metric, &effect))),
        }
        last = quantile.then_some(place);
    }
    parts
}

/// What it is about, with the verb that fits.
fn verb(metric: &Metric, effect: &Effect) -> String {
    let (name, many) = match metric.series.as_str() {
        "wal.fsync" => ("WAL syncs", true),
        "backend.commit" => ("backend commits", true),
        "put.commit" => ("puts", true),
        other => (other, false),
    };
    let name = if is_usual(&metric.phase) {
        name.to_owned()
    } else {
        format!("{name} in phase {}", metric.phase)
    };
    let verb = match (metric.stat, many) {
        (Stat::Rate, true) => "reach",
        (Stat::Rate, false) => "reaches",
        (Stat::Errors, _) => "failures went",
        (Stat::Stalls, _) => "stalls went",
        (Stat::Capacity, _) => return "the capacity is".to_owned(),
        (_, true) if effect.value > 1.0 => "take",
        (_, false) if effect.value > 1.0 => "takes",
        (_, true) => "are",
        (_, false) => "is",
    };
    format!("{name} {verb}")
}

/// With the interval, the way round that is above 1.
fn times(metric: &Metric, effect: &Effect) -> String {
    let stat = metric.stat.name();
    let ends = |low: Option<f64>, high: Option<f64>| {
        let end = |x: Option<f64>| x.map_or_else(|| "?".to_owned(), significant);
        format!("95 %: {}–{}", end(low), end(high))
    };
    let inverse = |x: Option<f64>| x.map(|x| 1.0 / x);
    let Effect { value, low, high, .. } = *effect;
    match metric.stat {
        Stat::Errors | Stat::Stalls => format!(
            "from {} to {}",
            format_share(metric.a.value.unwrap_or(0.0)),
            format_share(metric.b.value.unwrap_or(0.0))
        ),
        Stat::Rate | Stat::Capacity => {
            format!("{} times the rate ({})", significant(value), ends(low, high))
        }
        _ if value > 1.0 => {
            format!("{} times as long at {stat} ({})", significant(value), ends(low, high))
        }
        _ => format!(
            "{} times faster at {stat} ({})",
            significant(1.0 / value),
            ends(inverse(high), inverse(low))
        ),
    }
}

fn throughput(contrast: &Contrast) -> &'static str {
    let mut rates = contrast.metrics.iter().filter(|m| m.primary && m.stat == Stat::Rate);
    match rates.next() {
        Some(rate) if rate.verdict == MetricVerdict::Unchanged => " Throughput unchanged.",
        _ => "",
    }
}

fn inconclusive(contrast: &Contrast) -> String {
    let judged = || contrast.metrics.iter().filter(|m| m.primary && m.verdict.is_judged());
    let equal = judged().filter(|m| m.verdict == MetricVerdict::Unchanged).count();
    let open = judged().find(|m| m.verdict == MetricVerdict::Inconclusive);
    let example = open.and_then(|m| {
        let effect = m.effect?;
        Some(format!(
            "; {} may be anything from {} to {} times {}'s",
            m.label(),
            significant(effect.low?),
            significant(effect.high?),
            contrast.a
        ))
        .filter(|_| !m.stat.is_share())
    });
    let some = match equal {
        0 => String::new(),
        n => format!(", {n} of {} metrics are shown to be equal", judged().count()),
    };
    format!(
        "No difference between {} and {} is shown{some}{}",
        contrast.a,
        contrast.b,
        example.unwrap_or_default()
    )
}

/// Why nothing was judged.
fn reasons(contrast: &Contrast) -> String {
    let mut reasons: Vec<String> = Vec::new();
    for metric in contrast.metrics.iter().filter(|m| m.primary) {
        if let Some(reason) = &metric.reason
            && !reasons.contains(reason)
        {
            reasons.push(reason.clone());
        }
    }
    if reasons.is_empty() {
        return "there is nothing to judge".to_owned();
    }
    reasons.truncate(TOLD);
    reasons.join("; ")
}

/// `, but stalls over 100 ms 9 times as often`.
fn stalls(contrast: &Contrast, b: &Group) -> Option<String> {
    let changed = |m: &&Metric| m.stat == Stat::Stalls && m.verdict.is_change();
    let metric = contrast.metrics.iter().find(changed)?;
    let limit = format_duration(subject::stall_ns(&b.runs.first()?.run));
    let (a, b) = (metric.a.value?, metric.b.value?);
    let worse = metric.verdict == MetricVerdict::Regressed;
    let agrees = worse == (contrast.outcome == Outcome::Regressed);
    let joint = if agrees { " and" } else { ", but" };
    let series = &metric.series;
    let how = match worse {
        true if a > 0.0 => format!("{} times as often", significant(b / a)),
        true => format!("in {} of all, {} never does", format_share(b), contrast.a),
        false if b > 0.0 => format!("{} times as rarely", significant(a / b)),
        false => format!("never, {} in {} of all", contrast.a, format_share(a)),
    };
    Some(format!("{joint} {series} stalls over {limit} {how}"))
}

/// `; B fails the etcd rules, A passes`.
fn rules(contrast: &Contrast, a: &Group, b: &Group) -> Option<String> {
    let (of_a, of_b) = (verdict(a)?, verdict(b)?);
    let word = |verdict| match verdict {
        Verdict::Pass | Verdict::Warn => Some("passes"),
        Verdict::Fail => Some("fails"),
        Verdict::Inconclusive => None,
    };
    let (of_a, of_b) = (word(of_a)?, word(of_b)?);
    if of_a == of_b {
        return None;
    }
    let rules = match (profile(a), profile(b)) {
        (Some(one), Some(other)) if one == other => format!("the {one} rules"),
        _ => "the rules it was measured by".to_owned(),
    };
    Some(format!("; {} {of_b} {rules}, {} {of_a}", contrast.b, contrast.a))
}

/// The worst of its runs, by the rules they were measured with.
fn verdict(group: &Group) -> Option<Verdict> {
    let verdicts = group.runs.iter().map(|input| {
        let summary = input.run.summary.as_ref()?;
        (!summary.rules.is_empty()).then_some(summary.verdict)
    });
    verdicts.collect::<Option<Vec<Verdict>>>()?.into_iter().max()
}

fn profile(group: &Group) -> Option<&str> {
    group.runs.first()?.run.header.plan.get("profile")?.as_str()
}

/// `a, b and c`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// How two sides were compared, in a line.
pub fn design(contrast: &Contrast) -> String {
    let design = &contrast.design;
    let length = format_duration((design.seconds * 1e9) as u64);
    let count = |n: usize| format_count(n as u64);
    match (design.level, design.paired) {
        (Level::Batches, _) => format!("one run a side, {length} measured"),
        (Level::Runs, true) => {
            format!("{} interleaved pairs of runs, {length} measured in each", count(design.runs_a))
        }
        (Level::Runs, false) => format!(
            "{} and {} runs, {length} measured in each",
            count(design.runs_a),
            count(design.runs_b)
        ),
    }
}
