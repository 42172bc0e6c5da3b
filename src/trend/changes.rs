//! Lasting changes of one series, with what happened around them.

use std::collections::BTreeMap;

use crate::stats::{Detector, lag_one};
use crate::trend::evidence::{ERRORS, Step, StepLocation, place};
use crate::trend::facts::rank_of_told;
use crate::trend::history::{History, Track};
use crate::trend::marks::{MarkKind, Marks};
use crate::trend::points::Points;
use crate::trend::schema::{ChangePoint, FactChange, MarkNote, Outcome, Ratio, Span};

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
/// One night on a side is no change that lasts.
const FEWEST_NIGHTS: usize = 2;
/// Nights around a change in which a change of the environment is told with it: places are exact within two.
const NEARBY: i64 = 2;
/// A mark this close to a change is about it.
const MARK_REACH: usize = 3;

/// Where a series changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Detected {
    /// In order of their places.
    pub found: Vec<Found>,
    /// Lag-1 correlation of the residuals.
    pub correlation: Option<f64>,
}

/// A lasting change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Points it is placed at.
    pub place: StepLocation,
    /// How sure it is, and of which size.
    pub step: Step,
    /// The points of its two stretches.
    pub stretches: ((usize, usize), (usize, usize)),
}

impl Found {
    /// A step within the stretch that begins `from` a point and ends at `to`; it is counted from there.
    pub fn within(from: usize, placed: StepLocation, step: Step, to: usize) -> Found {
        let at = from + placed.at;
        let place = StepLocation { at, first: from + placed.first, last: from + placed.last };
        Found { place, step, stretches: ((from, at), (at, to)) }
    }

    /// The nights on its shorter side.
    fn shortest(&self) -> usize {
        let ((from, at), (_, to)) = self.stretches;
        (at - from).min(to - at)
    }
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
    Detected { found: sure(points, at), correlation: Some(correlation) }
}

/// The changes that hold by the likelihood too, where they are likeliest.
fn sure(points: &Points, mut at: Vec<usize>) -> Vec<Found> {
    loop {
        for index in 0..at.len() {
            let placed = between(points, &at, index).1;
            at[index] = placed.at;
        }
        let found: Vec<Found> = (0..at.len()).map(|index| found(points, &at, index)).collect();
        let unsure = found
            .iter()
            .enumerate()
            .filter(|(_, found)| !found.step.is_sure() || found.shortest() < FEWEST_NIGHTS)
            .min_by(|a, b| a.1.step.margin().total_cmp(&b.1.step.margin()));
        match unsure {
            Some((index, _)) => drop(at.remove(index)),
            None => return found,
        }
    }
}

/// The stretch between the neighbours of a change, and the place of the change.
fn between(points: &Points, at: &[usize], index: usize) -> ((usize, usize), StepLocation) {
    let from = index.checked_sub(1).map_or(0, |before| at[before]);
    let to = at.get(index + 1).copied().unwrap_or(points.len());
    let old = points.stretches(&at[..index]);
    let found = place(&old, &points.scaled[from..to], at[index] - from, points.believed());
    let place =
        StepLocation { at: from + found.at, first: from + found.first, last: from + found.last };
    ((from, to), place)
}

fn found(points: &Points, at: &[usize], index: usize) -> Found {
    let ((from, to), placed) = between(points, at, index);
    let place = StepLocation { at: at[index], ..placed };
    let old = points.stretches(&at[..index]);
    let step = Step::at(&old, &points.scaled[from..to], at[index] - from, points.believed());
    Found { place, step, stretches: ((from, at[index]), (at[index], to)) }
}

/// The values less the mean of their segment.
fn residuals(values: &[f64], changes: &[usize]) -> Vec<f64> {
    let mut off = Vec::with_capacity(values.len());
    let starts = std::iter::once(0).chain(changes.iter().copied());
    let ends = changes.iter().copied().chain([values.len()]);
    for (from, to) in starts.zip(ends) {
        let segment = &values[from..to];
        let mean = segment.iter().sum::<f64>() / segment.len().max(1) as f64;
        off.extend(segment.iter().map(|value| value - mean));
    }
    off
}

/// Describes a change of a series.
pub(super) fn describe(
    history: &History,
    track: &Track,
    points: &Points,
    found: &Found,
    marks: &Marks,
    recent_from: jiff::Timestamp,
) -> ChangePoint {
    let nights = &history.nights;
    let Found { place, step, stretches: (left, right) } = found;
    let at = |point: usize| nights[points.nights[point]].at.to_string();
    let night = points.nights[place.at];
    let size = step.after - step.before;
    ChangePoint {
        at: at(place.at),
        night,
        last_before: at(place.at - 1),
        between: (place.first < place.last)
            .then(|| Span { first: at(place.first), last: at(place.last) }),
        before: points.scale.back(step.before),
        after: points.scale.back(step.after),
        ratio: points.scale.logarithmic.then(|| Ratio {
            value: size.exp(),
            low: (size - ERRORS * step.error).exp(),
            high: (size + ERRORS * step.error).exp(),
        }),
        p: step.p(),
        nights: (left.1 - left.0, right.1 - right.0),
        outcome: outcome(track, size),
        recent: nights[night].at >= recent_from,
        large: points.scale.may_matter(step.before, step.after, step.error),
        mark: mark_of(history, track, marks, night),
        coincides: coincidences(history, points.nights[place.at - 1], night),
    }
}

/// Which way a difference of scaled values goes.
pub(super) fn outcome(track: &Track, difference: f64) -> Outcome {
    match track.direction.worse() {
        None => Outcome::Different,
        Some(sign) if sign * difference > 0.0 => Outcome::Worse,
        Some(_) => Outcome::Better,
    }
}

/// The night in which a mark that says a change is known begins, and whether a change of this night is what it is about.
pub(super) fn is_about(mark_night: usize, night: usize) -> bool {
    mark_night.abs_diff(night) <= MARK_REACH
}

fn mark_of(history: &History, track: &Track, marks: &Marks, night: usize) -> Option<MarkNote> {
    let near = marks.about(history, &track.name).find(|mark| {
        let place = mark.when.night(&history.nights);
        mark.kind != MarkKind::Exclude && place.is_some_and(|place| is_about(place, night))
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
