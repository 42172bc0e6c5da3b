//! Whether nights from one place on are of another level than those before: the likelihood of two levels against that
//! of one, and where the place is.

use crate::stats::{below, t_quantile, t_two_sided};
use crate::trend::noise::Noise;

/// Standard errors on both sides of a step's size that hold it with 95 %.
pub(super) const ERRORS: f64 = 1.959_964;
/// Nights on either side that are looked at.
const SIDE: usize = 60;
/// How many standard errors two nights, three, four and more must lie off before they are taken for another level: the
/// more nights, the more places there are to choose the worst from. By simulation, on seeds other than those that
/// docs/trend.md reports.
const LIMITS: [f64; 4] = [3.5, 3.6, 3.7, 4.0];
/// So much more where nights are of two kinds: there the likelihood's square root has heavier tails than a normal
/// variable.
const MIXED_MORE: f64 = 0.6;
/// Of two or three nights each must be one of so large a share of unusual ones.
const EACH: f64 = 0.1;
const FEW: usize = 3;
/// So many nights of its own tell how those of a stretch differ better than older ones.
const ENOUGH: usize = 20;
/// The nights after a step that are tried besides every number up to 6.
const LATER: [usize; 6] = [8, 11, 15, 21, 30, 42];
/// Fewest nights before a step.
pub(super) const FEWEST_BEFORE: usize = 3;
/// Places this far from the best one found are tried too.
const AROUND: usize = 8;
/// The nights that a step is placed among hold it with this probability.
const CONFIDENCE: f64 = 0.95;

/// What older stretches are to add to so many nights of a stretch's own.
pub(super) fn older<'a, 'b>(old: &'a [&'b [f64]], nights: usize) -> &'a [&'b [f64]] {
    if nights < ENOUGH { old } else { &[] }
}

/// Nights from one place on, held against those before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The first of them.
    pub at: usize,
    /// Levels before and after.
    pub before: f64,
    pub after: f64,
    /// Standard error of their difference.
    pub error: f64,
    /// In standard errors, by the likelihood; above 0 where the nights after are higher.
    z: f64,
    limit: f64,
    freedom: f64,
    /// Nights after that are no usual ones of before.
    unusual: usize,
    after_nights: usize,
}

impl Step {
    /// The step at a place of a stretch; `old` are stretches of other levels that tell how nights differ.
    pub fn at(old: &[&[f64]], stretch: &[f64], at: usize, believed: f64) -> Step {
        let (before, after) = stretch.split_at(at);
        let before = &before[before.len().saturating_sub(SIDE)..];
        let after = &after[..after.len().min(SIDE)];
        let mut known = older(old, before.len() + after.len()).to_vec();
        known.push(before);
        let earlier = Noise::of(&known, believed);
        known.push(after);
        let noise = Noise::of(&known, believed);
        let mixed = earlier.is_mixed() || noise.is_mixed();
        let found = Levels::of(&noise, before, after, mixed);
        // A kind of nights that there was before is no news.
        let z = match earlier.is_mixed() {
            true => found.z.min(Levels::of(&earlier, before, after, mixed).z),
            false => found.z,
        };
        let limit = LIMITS[after.len().saturating_sub(2).min(LIMITS.len() - 1)];
        let limit = limit + if mixed { MIXED_MORE } else { 0.0 };
        let sign = z.signum();
        let unusual = |value: &&f64| {
            let off = *value - found.before;
            sign * off > 0.0 && noise.beyond(off, before.len()) < EACH
        };
        Step {
            at,
            before: found.before,
            after: found.after,
            error: noise.error(before.len()).hypot(noise.error(after.len())),
            z,
            limit: t_quantile(below(limit), noise.freedom),
            freedom: noise.freedom,
            unusual: after.iter().filter(unusual).count(),
            after_nights: after.len(),
        }
    }

    /// Whether it is one.
    pub fn is_sure(&self) -> bool {
        let each = self.after_nights > FEW || self.unusual == self.after_nights;
        self.z.abs() > self.limit && each
    }

    /// How much surer than it must be, in standard errors.
    pub fn margin(&self) -> f64 {
        self.z.abs() - self.limit
    }

    /// How often so large a step, on either side, would be seen at a place without one.
    pub fn p(&self) -> f64 {
        t_two_sided(self.z, self.freedom)
    }

    /// The surest step in the direction of `sign` among the last nights of a stretch that
    /// `counts`, by its two levels and the error of their difference.
    pub fn newest(
        old: &[&[f64]],
        stretch: &[f64],
        believed: f64,
        fewest: usize,
        sign: f64,
        counts: impl Fn(f64, f64, f64) -> bool,
    ) -> Option<Step> {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let lengths = (fewest.max(2)..=6).chain(LATER.into_iter().filter(|n| *n >= fewest));
        lengths
            .take_while(|nights| nights + FEWEST_BEFORE <= stretch.len())
            .filter_map(|nights| {
                let (before, after) = stretch.split_at(stretch.len() - nights);
                let before = &before[before.len().saturating_sub(SIDE)..];
                let off = mean(after) - mean(before);
                // Most nights are as before, and cost nothing.
                let near = sign * off > 0.0 && counts(mean(before), mean(before) + 2.0 * off, 0.0);
                near.then(|| Step::at(old, stretch, stretch.len() - nights, believed))
            })
            .filter(|step| sign * (step.after - step.before) > 0.0 && step.is_sure())
            .filter(|step| counts(step.before, step.after, step.error))
            .max_by(|a, b| a.margin().total_cmp(&b.margin()))
    }
}

/// Two levels, and how much likelier they are than one.
struct Levels {
    before: f64,
    after: f64,
    z: f64,
}

impl Levels {
    fn of(noise: &Noise, before: &[f64], after: &[f64], mixed: bool) -> Levels {
        let all = [before, after].concat();
        let first = noise.level(before, None);
        let last = before.last().map(|value| value - first);
        let second = noise.level(after, last);
        // One level is that of the nights before, moved by those after: it does not leave a few good nights behind for
        // many bad ones. Where nights are of two kinds the likeliest one may be the other kind's.
        let one = match mixed {
            true => noise.level(&all, None),
            false => noise.level_near(&all, first, None),
        };
        let two = noise.likelihood(before, first, None) + noise.likelihood(after, second, last);
        let gain = (two - noise.likelihood(&all, one, None)).max(0.0);
        Levels {
            before: first,
            after: second,
            // By S. Wilks (Annals of Mathematical Statistics 9, 1938) twice the logarithm is a squared normal variable.
            z: (2.0 * gain).sqrt() * (second - first).signum(),
        }
    }
}

/// Where a step is, and between which places it surely is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StepLocation {
    pub at: usize,
    pub first: usize,
    pub last: usize,
}

/// Places a step of a stretch near `about`: every place is as likely as the nights on its two sides are about their
/// levels, and the narrowest nights that hold it with 95 % come with the best one.
pub(super) fn place(old: &[&[f64]], stretch: &[f64], about: usize, believed: f64) -> StepLocation {
    let from = about.saturating_sub(SIDE + AROUND);
    let to = (about + SIDE + AROUND).min(stretch.len());
    let here = &stretch[from..to];
    let middle = about - from;
    let mut known = older(old, here.len()).to_vec();
    known.extend([&here[..middle], &here[middle..]]);
    let noise = Noise::of(&known, believed);
    let fewest = FEWEST_BEFORE.min(middle).max(1);
    let places = middle.saturating_sub(AROUND).max(fewest)..=(middle + AROUND).min(here.len() - 1);
    let likely = |at: usize| {
        let (before, after) = here.split_at(at);
        let first = noise.level(before, None);
        let last = before.last().map(|value| value - first);
        let second = noise.level(after, last);
        noise.likelihood(before, first, None) + noise.likelihood(after, second, last)
    };
    let mut found: Vec<(usize, f64)> = places.map(|at| (at, likely(at))).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some(&(best, most)) = found.first() else {
        return StepLocation { at: about, first: about, last: about };
    };
    let all: f64 = found.iter().map(|(_, log)| (log - most).exp()).sum();
    let (mut sum, mut first, mut last) = (0.0, best, best);
    for (at, log) in &found {
        if sum >= CONFIDENCE * all {
            break;
        }
        sum += (log - most).exp();
        first = first.min(*at);
        last = last.max(*at);
    }
    StepLocation { at: from + best, first: from + first, last: from + last }
}
