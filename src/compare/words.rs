//! A comparison in sentences.

use super::phrases::{AS_OFFERED, TOLD, listed, told_of};
use crate::exit::Verdict;
use crate::units::{format_count, format_duration, format_share, significant};

use super::{
    Comparison, Contrast, Effect, Group, Level, Metric, MetricVerdict, Outcome, Side, is_usual,
    subject, unjudged,
};
use crate::rule::comparison::Stat;

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
    if sentences.is_empty() && !comparison.rankings.is_empty() {
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
    let open = comparison.contrasts.iter().filter(|c| c.outcome == Outcome::NoVerdict);
    let letters: Vec<String> = open.map(|c| c.b.clone()).collect();
    if !letters.is_empty() {
        sentences.push(format!("No verdict on {}", listed(&letters)));
    }
    if sentences.is_empty() {
        sentences.push("No difference from A is confirmed".to_owned());
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
    let parts = found.iter().map(|(label, times)| {
        format!("{label} {} times the median of the others", significant(*times))
    });
    let parts = told_of(parts.collect());
    (!parts.is_empty()).then(|| format!("{} ({}): {}", side.letter, side.name, listed(&parts)))
}

/// One side against the baseline.
pub(super) fn contrast(contrast: &Contrast, a: &Group, b: &Group) -> String {
    let mut text = match contrast.outcome {
        Outcome::Regressed | Outcome::Improved => changes(contrast, false),
        Outcome::Unchanged => {
            format!(
                "No difference large enough to matter between {} and {}",
                contrast.a, contrast.b
            )
        }
        Outcome::Inconclusive if indicated(contrast).next().is_some() => {
            format!("Not confirmed: {}", changes(contrast, true))
        }
        Outcome::Inconclusive => inconclusive(contrast),
        _ => unjudged::no_verdict(contrast),
    };
    text.extend(stalls(contrast, b));
    text.extend(rules(contrast, a, b));
    text.push('.');
    if matches!(contrast.outcome, Outcome::Regressed | Outcome::Improved) {
        text.push_str(throughput(contrast));
    }
    if contrast.outcome != Outcome::NoVerdict {
        text.extend(unjudged::not_judged(contrast));
    }
    text.extend(others(contrast));
    let mut changed = contrast.metrics.iter().filter(|m| m.primary && m.verdict.is_change());
    if indicated(contrast).next().is_some() && changed.all(|m| m.indicative) {
        text.push_str(" Indicative only: ");
        text.push_str(&unconfirmed(contrast));
    }
    text
}

/// Metrics that decide and only seem to have changed.
fn indicated(contrast: &Contrast) -> impl Iterator<Item = &Metric> {
    contrast.metrics.iter().filter(|m| m.primary && m.indicative && m.verdict.is_change())
}

/// ` Beside what decides, wal.write p99 differs.`: nothing that differs is left unsaid.
fn others(contrast: &Contrast) -> Option<String> {
    if matches!(contrast.outcome, Outcome::Regressed | Outcome::Improved) {
        return None;
    }
    // Stalls have their own words.
    let changed = contrast
        .metrics
        .iter()
        .filter(|m| !m.primary && m.stat != Stat::Stalls && m.verdict.is_change() && !m.indicative);
    let labels: Vec<String> = changed.map(Metric::label).collect();
    let verb = if labels.len() == 1 { "differs" } else { "differ" };
    let told = told_of(labels);
    (!told.is_empty()).then(|| format!(" Beside what decides, {} {verb}.", listed(&told)))
}

fn unconfirmed(contrast: &Contrast) -> String {
    let design = &contrast.design;
    let by_steal = |m: &Metric| m.reason.as_ref().is_some_and(|why| why.contains("hypervisor"));
    if indicated(contrast).any(by_steal) {
        return "the hypervisor took more CPU time from the slower side; several runs in turn \
                confirm."
            .to_owned();
    }
    let deviation = design.run_deviation.map_or_else(String::new, |deviation| {
        format!(" (runs of one thing are taken to differ by {})", format_share(deviation))
    });
    if design.indicative {
        let length = format_duration((design.seconds * 1e9) as u64);
        format!("one run of {length} a side{deviation}; several runs in turn confirm.")
    } else {
        format!("one run a side{deviation}; several runs in turn confirm.")
    }
}

/// What changed, what got worse first, series by series.
fn changes(contrast: &Contrast, indicated: bool) -> String {
    // What is confirmed is told alone, where anything is.
    let all = || contrast.metrics.iter().filter(|m| m.primary && m.verdict.is_change());
    let confirmed = all().any(|m| !m.indicative);
    let changed = |verdict: MetricVerdict| -> Vec<&Metric> {
        all().filter(|m| m.verdict == verdict && !(confirmed && m.indicative)).collect()
    };
    let probably = if indicated { "probably " } else { "" };
    let worse = changed(MetricVerdict::Regressed);
    let better = changed(MetricVerdict::Improved);
    let word = match (worse.is_empty(), better.is_empty()) {
        (false, true) => "worse",
        (true, _) => "better",
        (false, false) => "worse in some and better in other ways",
    };
    let parts = [worse, better].iter().flat_map(|metrics| by_series(metrics)).collect();
    format!("{} is {probably}{word}: {}", contrast.b, listed(&told_of(parts)))
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
        Some(rate) if rate.given && rate.reason.as_deref() == Some(AS_OFFERED) => {
            " Both keep the offered rate."
        }
        Some(rate) if rate.verdict == MetricVerdict::Unchanged => " Throughput unchanged.",
        _ => "",
    }
}

/// `Not confirmed: put.response p50 probably 7–34 % slower`; without even a probability, what may be.
fn inconclusive(contrast: &Contrast) -> String {
    let tests =
        || contrast.metrics.iter().filter(|m| m.primary && m.verdict.is_judged() && !m.given);
    let equal = tests().filter(|m| m.verdict == MetricVerdict::Unchanged).count();
    let open = || {
        let open = tests().filter(|m| m.verdict == MetricVerdict::Inconclusive);
        open.filter(|m| !m.stat.is_share())
    };
    let probable = |m: &&Metric| m.effect.is_some_and(|effect| effect.p < 0.05);
    let differing: Vec<String> = open().filter(probable).filter_map(probably).collect();
    let mut text = match (differing.is_empty(), open().find_map(may_be)) {
        (false, _) => format!("Not confirmed: {}", listed(&told_of(differing))),
        (true, Some(may_be)) => format!("No difference is confirmed; {may_be}"),
        (true, None) => "No difference is confirmed".to_owned(),
    };
    if equal > 0 {
        let count = tests().count();
        text.push_str(&format!(
            "; {equal} of {count} metrics show no difference large enough to matter"
        ));
    }
    text
}

/// `put.response p50 is probably 7–34 % slower`.
fn probably(metric: &Metric) -> Option<String> {
    let effect = metric.effect?;
    let (low, high) = (effect.low?, effect.high?);
    let (near, far) = if effect.value > 1.0 { (low, high) } else { (high, low) };
    let range = if near.max(1.0 / near) < 1.005 {
        format!("up to {}", change(far))
    } else {
        let (near, far) = (change(near), change(far));
        format!("{}–{far}", near.trim_end_matches(" %"))
    };
    Some(format!("{} is probably {range} {}", metric.label(), direction(metric, effect.value)))
}

/// `put.response p50 is between 9 % faster and 14 % slower`.
fn may_be(metric: &Metric) -> Option<String> {
    let effect = metric.effect?;
    let end = |x: f64| format!("{} {}", change(x), direction(metric, x));
    let (low, high) = (effect.low?, effect.high?);
    Some(format!("{} is between {} and {}", metric.label(), end(low), end(high)))
}

/// By how much a ratio is off 1: `7 %`, beyond a factor of two `3.1 times`. Durations are slower by what they are
/// longer, and faster by what they are shorter.
fn change(ratio: f64) -> String {
    if (0.5..2.0).contains(&ratio) {
        format!("{} %", significant(((ratio - 1.0).abs() * 100.0).round()))
    } else {
        format!("{} times", significant(ratio.max(1.0 / ratio)))
    }
}

fn direction(metric: &Metric, ratio: f64) -> &'static str {
    match (metric.stat.more_is_better(), ratio > 1.0) {
        (true, true) => "higher",
        (true, false) => "lower",
        (false, true) => "slower",
        (false, false) => "faster",
    }
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
