//! The newest night of a series: does it belong to the nights since the last change, and is a change for the worse in
//! force that nobody has acknowledged?

use crate::trend::changes::Found;
use crate::trend::evidence::{FEWEST_BEFORE, Step, place};
use crate::trend::noise::Noise;
use crate::trend::question::{LEARNED, LONGEST_STREAK, LatestFound, Question};
use crate::trend::schema::{Latest, LatestVerdict};
use crate::trend::usual::Usual;

/// A night that is so much likelier at the level before a change than after it (logarithm of 10) is back there.
const BACK: f64 = 2.3;
/// Standard errors that levels with several changes between them are apart: one in 1,000 that are equal are.
const SURE: f64 = 3.3;
/// Stretches that tell how nights differ when levels are compared.
const RELATED: usize = 4;
/// Newest nights of which any number may be back.
const NEWEST: usize = 3;

impl Question<'_> {
    /// Judges the newest night.
    pub fn judge(&self) -> LatestFound {
        let Some(&value) = self.points.scaled.last() else {
            return LatestFound::default();
        };
        let in_force = match self.worse {
            Some(sign) => self.in_force(value, sign),
            // A change is one, whichever way is good.
            None => {
                [1.0, -1.0].into_iter().find_map(|sign| self.in_force(value, sign)).map(different)
            }
        };
        let fresh = || self.worse.and_then(|sign| self.fresh(value, sign));
        in_force.or_else(fresh).unwrap_or_else(|| {
            let (old, earlier) = self.earlier();
            self.night(value, &old, earlier)
        })
    }

    fn bound(&self) -> usize {
        self.bounds.last().map_or(0, |bound| bound.at)
    }

    /// Stretches before the newest one.
    fn old(&self) -> Vec<&[f64]> {
        let ends: Vec<usize> = self.bounds.iter().map(|bound| bound.at).collect();
        self.points.stretches(&ends)
    }

    /// The nights that the newest one alone is held against: those since the last change, or since the one before where
    /// that one is known to nobody and too young; and the stretches before them.
    fn earlier(&self) -> (Vec<&[f64]>, &[f64]) {
        let mut old = self.old();
        let mut from = self.bound();
        let young = self.points.len() <= from + FEWEST_BEFORE;
        if young && self.bounds.last().is_some_and(|bound| !bound.known) {
            old.pop();
            from = self.bounds.iter().rev().nth(1).map_or(0, |bound| bound.at);
        }
        (old, &self.points.scaled[from..self.points.len() - 1])
    }

    /// A lasting change for the worse, or several small ones, since the last change that is known, and not undone: the
    /// level now against the best level since then.
    fn in_force(&self, value: f64, sign: f64) -> Option<LatestFound> {
        let known = self.bounds.iter().rposition(|bound| bound.known);
        let unknown = known.map_or(0, |at| at + 1);
        let bounds = &self.bounds[unknown..];
        let believed = self.points.believed();
        let all = self.old();
        let stretches = &all[unknown..];
        let newest = &self.points.scaled[self.bound()..];
        let mut every = all.clone();
        every.push(newest);
        let noise = Noise::of(&every[every.len().saturating_sub(RELATED)..], believed);
        let best = |stretch: &&[f64]| sign * noise.level(stretch, None);
        let enough = |stretch: &(usize, &&[f64])| stretch.1.len() >= FEWEST_BEFORE;
        let (index, before) = stretches
            .iter()
            .enumerate()
            .filter(enough)
            .min_by(|a, b| best(a.1).total_cmp(&best(b.1)))?;
        let (old, now) = (sign * best(before), noise.level(newest, None));
        let error = noise.error(before.len()).hypot(noise.error(newest.len()));
        let worse = sign * (now - old) > SURE * error
            && self.points.scale.may_matter(old, now, error)
            && newest.len() >= self.confirm_nights as usize;
        if !worse {
            return None;
        }
        if is_back(&noise, newest, old, now) {
            return Some(self.night(value, &all[..unknown + index], before));
        }
        let steps = bounds.len() - index;
        let since = bounds[index].at;
        let lasting = "a lasting change; acknowledge it, and it is the new usual";
        let reason = match steps {
            1 => lasting.to_owned(),
            steps => format!(
                "in {steps} steps since then; acknowledge the last of them, and it is the new usual"
            ),
        };
        let tonight = Latest {
            verdict: LatestVerdict::Regressed,
            bad_nights: (self.points.len() - since) as u32,
            needed_nights: self.confirm_nights,
            reason: Some(reason),
            ..Usual::of(&all[..unknown], before, believed).tonight(self.points, value)
        };
        Some(LatestFound { tonight, since: Some(since), fresh: None })
    }

    /// A change for the worse within the newest stretch, too young for the list of lasting ones.
    fn fresh(&self, value: f64, sign: f64) -> Option<LatestFound> {
        let (points, from) = (self.points, self.bound());
        let believed = points.believed();
        let (old, newest) = (self.old(), &points.scaled[from..]);
        let matters = |from, to, error| points.scale.may_matter(from, to, error);
        let fewest = self.confirm_nights as usize;
        let step = Step::newest(&old, newest, believed, fewest, sign, matters)?;
        let placed = place(&old, newest, step.at, believed);
        let at = from + placed.at;
        let usual = Usual::of(&old, &points.scaled[from..at], believed);
        let tonight = Latest {
            verdict: LatestVerdict::Regressed,
            bad_nights: (points.len() - at) as u32,
            needed_nights: self.confirm_nights,
            ..usual.tonight(points, value)
        };
        let found = Found::within(from, placed, step, points.len());
        Some(LatestFound { tonight, since: Some(at), fresh: Some(found) })
    }

    /// The newest night alone, and odd ones right before it, against earlier ones of one level.
    fn night(&self, value: f64, old: &[&[f64]], earlier: &[f64]) -> LatestFound {
        let points = self.points;
        if earlier.len() < FEWEST_BEFORE {
            let tonight = Latest { value: Some(points.back_tonight(value)), ..Latest::default() };
            return LatestFound {
                tonight: self.learning(tonight, earlier.len()),
                ..LatestFound::default()
            };
        }
        let (usual, streak) = self.without_streak(value, old, earlier);
        let mut tonight = usual.tonight(points, value);
        let Some(side) = usual.outside(points, value) else {
            let tonight = match earlier.len() < LEARNED {
                true => self.learning(tonight, earlier.len()),
                false => Latest { verdict: LatestVerdict::Steady, ..tonight },
            };
            return LatestFound { tonight, ..LatestFound::default() };
        };
        match self.worse {
            None => tonight.verdict = LatestVerdict::Different,
            Some(sign) if sign != side => tonight.verdict = LatestVerdict::Better,
            Some(sign) => {
                tonight.bad_nights = 1 + streak as u32;
                self.bad(old, &earlier[..usual.nights], &usual, (value, sign), &mut tonight);
                let since = Some(points.len() - 1 - streak);
                return LatestFound { tonight, since, fresh: None };
            }
        }
        LatestFound { tonight, ..LatestFound::default() }
    }

    /// What is usual without the odd nights right before the newest one, on its side; how many there are.
    fn without_streak(&self, value: f64, old: &[&[f64]], earlier: &[f64]) -> (Usual, usize) {
        let believed = self.points.believed();
        let mut usual = Usual::of(old, earlier, believed);
        let side = (value - usual.level).signum();
        let mut streak = 0;
        while streak < LONGEST_STREAK && earlier.len() > FEWEST_BEFORE + streak {
            let (before, last) = earlier.split_at(earlier.len() - streak - 1);
            let without = Usual::of(old, before, believed);
            if without.outside(self.points, last[0]) != Some(side) {
                break;
            }
            (usual, streak) = (without, streak + 1);
        }
        (usual, streak)
    }

    /// Too little is known to call a night steady.
    fn learning(&self, tonight: Latest, nights: usize) -> Latest {
        let (verdict, what) = match self.bounds.last() {
            None => (LatestVerdict::TooFew, "learning what is usual"),
            Some(bound) if bound.known => (LatestVerdict::Settling, "learning the new level"),
            Some(_) => (LatestVerdict::Steady, "learning the new level"),
        };
        let reason =
            format!("{what} ({nights} of {LEARNED} nights); only large changes are noticed");
        Latest { verdict, nights, reason: Some(reason), ..tonight }
    }
}

fn different(mut latest: LatestFound) -> LatestFound {
    if latest.tonight.verdict == LatestVerdict::Regressed {
        latest.tonight.verdict = LatestVerdict::Different;
    }
    latest
}

/// Whether the newest nights, one to three of them, are back at the level before a change.
fn is_back(noise: &Noise, nights: &[f64], before: f64, after: f64) -> bool {
    (1..=NEWEST.min(nights.len())).any(|last| {
        let (rest, last) = nights.split_at(nights.len() - last);
        let off = |level: f64| rest.last().map(|value| value - level);
        // Those before them are of the level after either way.
        let back = noise.likelihood(last, before, off(after));
        back - noise.likelihood(last, after, off(after)) > BACK
    })
}
