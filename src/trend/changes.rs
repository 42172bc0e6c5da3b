//! Lasting changes of one series, with what happened around them.

use std::collections::BTreeMap;

use crate::stats::{Detector, lag_one, pooled};
use crate::trend::facts::rank_of_told;
use crate::trend::history::{History, Track};
use crate::trend::marks::{MarkKind, Marks};
use crate::trend::points::Points;
use crate::trend::schema::{ChangePoint, FactChange, MarkNote, Outcome, Ratio};

/// Fewer nights than this are not searched for changes.
pub(super) const MIN_NIGHTS: usize = 12;
/// The smallest change that is told …
const MIN_MAGNITUDE: f64 = 0.05;
/// … and where nights differ by no more than [`QUIET`].
const MIN_MAGNITUDE_QUIET: f64 = 0.03;
const QUIET: f64 = 0.02;
/// Nights that resemble their neighbours more than this are not independent …
const CORRELATED: f64 = 0.3;
/// … and changes among them need a p this much smaller.
const CORRELATED_FACTOR: f64 = 10.0;
/// Confidence of the interval of a change's ratio.
const CONFIDENCE: f64 = 0.95;
/// Nights around a change in which a change of the environment is told with it: places are exact within two.
const NEARBY: i64 = 2;
/// Nights that a mark may be away from the change it is about.
pub(super) const MARK_REACH: usize = 3;

/// Where a series changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Detected {
    /// Indices of points: the first after each change.
    pub at: Vec<usize>,
    /// Lag-1 correlation of the residuals.
    pub correlation: Option<f64>,
}

/// Finds the changes of a series.
pub(super) fn detect(points: &Points) -> Detected {
    if points.len() < MIN_NIGHTS {
        return Detected::default();
    }
    let quiet = points.noise().is_some_and(|noise| noise <= QUIET);
    let share = if quiet && points.scale.logarithmic { MIN_MAGNITUDE_QUIET } else { MIN_MAGNITUDE };
    let detector = Detector { min_shift: points.min_shift(share), ..Detector::DEFAULT };
    let at = detector.changes(&points.scaled);
    let correlation = lag_one(&residuals(&points.scaled, &at));
    let at = if correlation > CORRELATED {
        let stricter = Detector { p: detector.p / CORRELATED_FACTOR, ..detector };
        stricter.changes(&points.scaled)
    } else {
        at
    };
    Detected { at, correlation: Some(correlation) }
}

/// The values less the mean of their segment.
fn residuals(values: &[f64], changes: &[usize]) -> Vec<f64> {
    let mut off = Vec::with_capacity(values.len());
    for (from, to) in segments(values.len(), changes) {
        let segment = &values[from..to];
        let mean = segment.iter().sum::<f64>() / segment.len().max(1) as f64;
        off.extend(segment.iter().map(|value| value - mean));
    }
    off
}

/// The stretches between changes.
pub(super) fn segments(length: usize, changes: &[usize]) -> Vec<(usize, usize)> {
    let starts = std::iter::once(0).chain(changes.iter().copied());
    let ends = changes.iter().copied().chain([length]);
    starts.zip(ends).collect()
}

/// Describes each change of a series.
pub(super) fn describe(
    history: &History,
    track: &Track,
    points: &Points,
    changes: &[usize],
    marks: &Marks,
    recent_from: jiff::Timestamp,
) -> Vec<ChangePoint> {
    let stretches = segments(points.len(), changes);
    let describe_one = |pair: &[(usize, usize)]| {
        let ((from, at), (_, to)) = (pair[0], pair[1]);
        let contrast = pooled(&points.scaled[from..at], &points.scaled[at..to])?;
        let mean = |range: &[f64]| range.iter().sum::<f64>() / range.len() as f64;
        let before = mean(&points.scaled[from..at]);
        let after = mean(&points.scaled[at..to]);
        let (low, high) = contrast.interval(CONFIDENCE);
        let night = points.nights[at];
        let nights = &history.nights;
        Some(ChangePoint {
            at: nights[night].at.to_string(),
            night,
            last_before: nights[points.nights[at - 1]].at.to_string(),
            before: points.scale.back(before),
            after: points.scale.back(after),
            ratio: points.scale.logarithmic.then(|| Ratio {
                value: (after - before).exp(),
                low: low.exp(),
                high: high.exp(),
            }),
            p: contrast.p_value(),
            nights: (at - from, to - at),
            outcome: outcome(track, after - before),
            recent: nights[night].at >= recent_from,
            large: points.scale.matters(before, after),
            mark: mark_of(history, track, marks, night),
            coincides: coincidences(history, points.nights[at - 1], night),
        })
    };
    stretches.windows(2).filter_map(describe_one).collect()
}

/// Which way a difference of scaled values goes.
pub(super) fn outcome(track: &Track, difference: f64) -> Outcome {
    match track.direction.worse() {
        None => Outcome::Different,
        Some(sign) if sign * difference > 0.0 => Outcome::Worse,
        Some(_) => Outcome::Better,
    }
}

fn mark_of(history: &History, track: &Track, marks: &Marks, night: usize) -> Option<MarkNote> {
    let near = marks.about(history, &track.name).find(|mark| {
        let place = mark.when.night(&history.nights);
        mark.kind != MarkKind::Exclude
            && place.is_some_and(|place| place.abs_diff(night) <= MARK_REACH)
    })?;
    Some(MarkNote { kind: near.kind.name().to_owned(), note: near.note.clone() })
}

/// What changed in the environment between the last night before a change and the first after it, and from night to
/// night close by.
fn coincidences(history: &History, last_before: usize, night: usize) -> Vec<FactChange> {
    let facts = |index: usize| &history.nights[index].facts;
    let mut found = differences(facts(last_before), facts(night), 0);
    for off in (1..=NEARBY).flat_map(|by| [-by, by]) {
        // Before the change the nights are counted from the last one before it.
        let from = if off < 0 { last_before } else { night };
        let to = from as i64 + if off < 0 { off + 1 } else { off };
        let pair = usize::try_from(to).ok().filter(|to| *to >= 1);
        let Some(to) = pair.filter(|to| *to < history.nights.len()) else {
            continue;
        };
        for change in differences(facts(to - 1), facts(to), off) {
            if !found.iter().any(|known| known.fact == change.fact) {
                found.push(change);
            }
        }
    }
    found
}

fn differences(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    nights_off: i64,
) -> Vec<FactChange> {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let names = gone.chain(after.keys());
    let mut changed: Vec<FactChange> = names
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| FactChange {
            fact: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
            nights_off,
        })
        .collect();
    changed.sort_by_cached_key(|change| (rank_of_told(&change.fact), change.fact.clone()));
    changed
}
