//! A comparison in sentences.

use crate::result::Verdict;
use crate::units::{format_count, format_duration, format_share, significant};

use super::{
    CONFIRMING_S, Comparison, Contrast, Difference, Effect, Group, Level, Metric, MetricVerdict,
    Outcome, Settings, Stat, subject,
};

/// More metrics than this are counted, not told.
const TOLD: usize = 3;

/// Why a difference forbids comparing: `val_size is 256 in A and 1024 in B`.
pub(super) fn obstacle(difference: &Difference, letters: &[String]) -> String {
    let name = difference
        .field
        .rsplit_once('.')
        .map_or("", |(_, last)| last);
    let name = if name.parse::<u32>().is_ok() || name.is_empty() {
        difference.field.as_str()
    } else {
        name
    };
    let values = difference
        .values
        .iter()
        .zip(letters)
        .map(|(value, letter)| format!("{} in {letter}", value.as_deref().unwrap_or("unknown")));
    format!("{name} is {}", listed(&values.collect::<Vec<_>>()))
}

/// Why there is nothing to compare.
pub(super) fn nothing_in_common(groups: &[Group]) -> String {
    let of = |group: &Group| {
        let runs = group.runs.iter();
        let mut names: Vec<String> = runs
            .flat_map(|input| &input.run.phases)
            .flat_map(|phase| {
                phase
                    .series
                    .iter()
                    .map(|s| format!("{}/{}", phase.name, s.series))
            })
            .collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            "nothing".to_owned()
        } else {
            names.join(", ")
        }
    };
    let each: Vec<String> = groups
        .iter()
        .map(|group| format!("{} has {}", group.name, of(group)))
        .collect();
    format!("no series is measured on all sides: {}", each.join("; "))
}

/// What is known about the runs that limits the trust in what follows.
pub(super) fn notes(groups: &[Group]) -> Vec<String> {
    let mut notes = Vec::new();
    for input in groups.iter().flat_map(|group| &group.runs) {
        let complete = input.run.summary.as_ref().is_some_and(|s| s.complete);
        if !complete {
            let why = input.run.halted().unwrap_or("it was killed or interrupted");
            notes.push(format!("{} is incomplete: {why}", input.path.display()));
        }
    }
    notes
}

/// What the design of the comparison limits.
pub(super) fn design_notes(contrasts: &[Contrast], settings: &Settings) -> Vec<String> {
    let mut notes = Vec::new();
    let one_run = contrasts.iter().any(|c| c.design.level == Level::Batches);
    if one_run && settings.calibration.is_none() {
        notes.push(
            "one run a side tells nothing of how much runs differ by themselves: --measure makes interleaved pairs, \
             --calibrate learns this machine's noise"
                .to_owned(),
        );
    }
    let unpaired = contrasts
        .iter()
        .any(|c| c.design.level == Level::Runs && !c.design.paired);
    if unpaired {
        notes.push(
            "the runs of a side were not interleaved with the other's: whatever drifted between them counts as a \
             difference"
                .to_owned(),
        );
    }
    notes
}

/// The answer for all sides.
pub(super) fn headline(comparison: &Comparison) -> String {
    if comparison.outcome == Outcome::NotComparable {
        let more = comparison.obstacles.len().saturating_sub(TOLD);
        let told: Vec<&str> = comparison
            .obstacles
            .iter()
            .take(TOLD)
            .map(String::as_str)
            .collect();
        let rest = if more > 0 {
            format!("; and {more} more")
        } else {
            String::new()
        };
        return format!("Not comparable: {}{rest}.", told.join("; "));
    }
    match &comparison.contrasts[..] {
        [only] => only.headline.clone(),
        _ => ranked(comparison),
    }
}

/// Three sides or more: the odd ones, then who leads.
fn ranked(comparison: &Comparison) -> String {
    let mut sentences = Vec::new();
    for ranking in &comparison.rankings {
        for place in ranking.places.iter().filter(|place| place.odd) {
            let times = place.to_others;
            let how = if times >= 1.0 {
                format!("{} times the median of the others", significant(times))
            } else {
                format!("{} of the median of the others", significant(times))
            };
            sentences.push(format!(
                "{} ({}): {} {how}",
                place.letter, place.name, ranking.label
            ));
        }
    }
    if sentences.is_empty() {
        sentences.push("No side is far from all others".to_owned());
    }
    let worse = |wanted| {
        let letters = comparison.contrasts.iter().filter(|c| c.outcome == wanted);
        letters.map(|c| c.b.clone()).collect::<Vec<_>>()
    };
    for (outcome, word) in [(Outcome::Regressed, "worse"), (Outcome::Improved, "better")] {
        let letters = worse(outcome);
        if !letters.is_empty() {
            let verb = if letters.len() > 1 { "are" } else { "is" };
            sentences.push(format!("{} {verb} {word} than A", listed(&letters)));
        }
    }
    format!("{}.", sentences.join(". "))
}

/// One side against the baseline.
pub(super) fn contrast(contrast: &Contrast, a: &Group, b: &Group) -> String {
    let name = &contrast.b;
    let mut text = match contrast.outcome {
        Outcome::Regressed | Outcome::Improved => changes(contrast),
        Outcome::Unchanged => format!("{name} is as {} to within what matters", contrast.a),
        Outcome::Inconclusive => inconclusive(contrast),
        _ => format!("Nothing can be said of {name}: {}", reasons(contrast)),
    };
    text.extend(stalls(contrast, b));
    text.extend(rules(contrast, a, b));
    text.push('.');
    if contrast.metrics.iter().any(|m| m.indicative && m.primary) {
        text.push_str(&format!(
            " Indicative only: {} a side, {} s or several runs confirm.",
            format_duration((contrast.design.seconds * 1e9) as u64),
            CONFIRMING_S
        ));
    }
    text
}

/// What changed, the worst of it first, series by series.
fn changes(contrast: &Contrast) -> String {
    let changed = |verdict: MetricVerdict| -> Vec<&Metric> {
        let metrics = contrast.metrics.iter();
        metrics
            .filter(|m| m.primary && m.verdict == verdict)
            .collect()
    };
    let worse = changed(MetricVerdict::Regressed);
    let better = changed(MetricVerdict::Improved);
    let word = match (worse.is_empty(), better.is_empty()) {
        (false, true) => "worse",
        (true, _) => "better",
        (false, false) => "worse in some and better in other ways",
    };
    let mut parts: Vec<String> = [worse, better]
        .iter()
        .flat_map(|metrics| by_series(metrics))
        .collect();
    let more = parts.len().saturating_sub(TOLD);
    parts.truncate(TOLD);
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    format!(
        "{} is {word}: {}{}",
        contrast.b,
        listed(&parts),
        throughput(contrast)
    )
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
            _ => parts.push(format!(
                "{} {}",
                verb(metric, &effect),
                times(metric, &effect)
            )),
        }
        last = quantile.then_some(place);
    }
    parts
}

fn verb(metric: &Metric, effect: &Effect) -> String {
    let slower = effect.value > 1.0;
    let series = match metric.series.as_str() {
        "wal.fsync" => "WAL syncs",
        "backend.commit" => "backend commits",
        "put.commit" => "puts",
        other => other,
    };
    match metric.stat {
        Stat::Rate => format!("{series} reach"),
        Stat::Errors => "failed operations went".to_owned(),
        Stat::Stalls => "stalls went".to_owned(),
        Stat::Capacity => "the capacity is".to_owned(),
        _ if slower => format!("{series} take"),
        _ => format!("{series} are"),
    }
}

/// With the interval, the way round that is above 1.
fn times(metric: &Metric, effect: &Effect) -> String {
    let stat = metric.stat.name();
    let ends = |low: Option<f64>, high: Option<f64>| {
        let end = |x: Option<f64>| x.map_or_else(|| "?".to_owned(), significant);
        format!("95 %: {}–{}", end(low), end(high))
    };
    let inverse = |x: Option<f64>| x.map(|x| 1.0 / x);
    let Effect {
        value, low, high, ..
    } = *effect;
    match metric.stat {
        Stat::Errors | Stat::Stalls => format!(
            "from {} to {}",
            format_share(metric.a.value.unwrap_or(0.0)),
            format_share(metric.b.value.unwrap_or(0.0))
        ),
        Stat::Rate | Stat::Capacity => {
            format!(
                "{} times the rate ({})",
                significant(value),
                ends(low, high)
            )
        }
        _ if value > 1.0 => {
            format!(
                "{} times as long at {stat} ({})",
                significant(value),
                ends(low, high)
            )
        }
        _ => format!(
            "{} times faster at {stat} ({})",
            significant(1.0 / value),
            ends(inverse(high), inverse(low))
        ),
    }
}

fn throughput(contrast: &Contrast) -> String {
    let mut rates = contrast
        .metrics
        .iter()
        .filter(|m| m.primary && m.stat == Stat::Rate);
    match rates.next() {
        Some(rate) if rate.verdict == MetricVerdict::Unchanged => {
            ". Throughput unchanged".to_owned()
        }
        _ => String::new(),
    }
}

fn inconclusive(contrast: &Contrast) -> String {
    let judged = || {
        contrast
            .metrics
            .iter()
            .filter(|m| m.primary && m.verdict.is_judged())
    };
    let equal = judged()
        .filter(|m| m.verdict == MetricVerdict::Unchanged)
        .count();
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
        n => format!(
            ", {n} of {} metrics are shown to be equal",
            judged().count()
        ),
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

/// `; B fails the rules it was measured by, A passes`.
fn rules(contrast: &Contrast, a: &Group, b: &Group) -> Option<String> {
    let verdict = |group: &Group| {
        let verdicts = group.runs.iter().map(|input| {
            let summary = input.run.summary.as_ref()?;
            (!summary.rules.is_empty()).then_some(summary.verdict)
        });
        let verdicts: Option<Vec<Verdict>> = verdicts.collect();
        verdicts?.into_iter().max()
    };
    let (a, b) = (verdict(a)?, verdict(b)?);
    let word = |verdict| match verdict {
        Verdict::Pass | Verdict::Warn => "passes",
        Verdict::Fail => "fails",
        Verdict::Inconclusive => "is inconclusive by",
    };
    (word(a) != word(b)).then(|| {
        format!(
            "; {} {} the rules it was measured by, {} {}",
            contrast.b,
            word(b),
            contrast.a,
            word(a).trim_end_matches(" by")
        )
    })
}

/// `a, b and c`.
fn listed(items: &[String]) -> String {
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
            format!(
                "{} interleaved pairs of runs, {length} measured in each",
                count(design.runs_a)
            )
        }
        (Level::Runs, false) => format!(
            "{} and {} runs, {length} measured in each",
            count(design.runs_a),
            count(design.runs_b)
        ),
    }
}
