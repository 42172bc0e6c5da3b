//! How the nights of an unchanged series differ: of one kind or of two ([`super::kinds`]), each resembling the one
//! before it or not; and how likely nights are about a level.

use crate::stats::{below, median, t_quantile};
use crate::trend::kinds::{Belief, Kind, LEAST, fit, overall};

/// What is believed of the deviation before any night is known weighs as much as so many nights.
const BELIEVED_NIGHTS: f64 = 3.0;
/// Nights that tell what is usual; older ones may be of another time.
const MOST: usize = 120;
/// Correlation of neighbours beyond which a level can no longer be told from its neighbours.
const MOST_ALIKE: f64 = 0.9;
/// Believed of that correlation before any night is known, as much as so many nights say: nights of one machine do
/// resemble each other.
const BELIEVED_ALIKE: f64 = 0.3;
const BELIEVED_ALIKE_NIGHTS: f64 = 8.0;
/// Nights of a kind that was never seen are so much wider than all others …
const UNSEEN_WIDTH: f64 = 4.0;
/// … and one of as many as there were, and these, is one (Laplace's rule of succession, with more doubt).
const UNSEEN_MORE: f64 = 4.0;
/// Rounds of a search for a level.
const ROUNDS: usize = 8;

/// What nights of an unchanged series do.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    /// Of what a night adds to what it shares with the one before; the last of them is of a kind not seen yet.
    kinds: Vec<Kind>,
    /// Correlation of a night with the one before, 0 or more.
    correlation: f64,
    /// Nights that tell of it, as degrees of freedom.
    pub freedom: f64,
    /// Fisher's information of one night about the level.
    information: f64,
}

impl Noise {
    /// That of stretches of nights, each with a level of its own. `believed` is the deviation expected before any night
    /// is known.
    pub fn of(stretches: &[&[f64]], believed: f64) -> Noise {
        let mut levels: Vec<f64> =
            stretches.iter().map(|values| median(values).unwrap_or(0.0)).collect();
        let first = Noise::about(stretches, &levels, believed);
        for (level, values) in levels.iter_mut().zip(stretches) {
            *level = first.level(values, None);
        }
        Noise::about(stretches, &levels, believed)
    }

    fn about(stretches: &[&[f64]], levels: &[f64], believed: f64) -> Noise {
        let off: Vec<Vec<f64>> = stretches
            .iter()
            .zip(levels)
            .filter(|(values, _)| values.len() > 1)
            .map(|(values, level)| values.iter().map(|v| v - level).collect())
            .collect();
        let alike = alike(&off);
        let mut fresh: Vec<f64> = off
            .iter()
            .flat_map(|row| {
                let first = row[0] * (1.0 - alike * alike).sqrt();
                std::iter::once(first).chain(row.windows(2).map(|w| w[1] - alike * w[0]))
            })
            .collect();
        fresh.drain(..fresh.len().saturating_sub(MOST));
        let (nights, lost) = (fresh.len() as f64, off.len() as f64);
        let belief = Belief { deviation: believed.max(f64::MIN_POSITIVE), nights: BELIEVED_NIGHTS };
        let mut kinds = fit(&fresh, lost, belief);
        let unseen = 1.0 / (nights + UNSEEN_MORE);
        let deviation = UNSEEN_WIDTH * overall(&kinds);
        kinds.iter_mut().for_each(|kind| kind.weight *= 1.0 - unseen);
        kinds.push(Kind { weight: unseen, off: 0.0, deviation });
        let information = information(&kinds);
        let freedom = (nights - lost).max(0.0) + BELIEVED_NIGHTS;
        Noise { kinds, correlation: alike, freedom, information }
    }

    /// Whether nights are of two kinds.
    pub fn is_mixed(&self) -> bool {
        self.kinds.len() > 2
    }

    fn log(&self, x: f64) -> f64 {
        self.kinds.iter().map(|kind| kind.density(x)).sum::<f64>().max(LEAST).ln()
    }

    /// How sure the level of so many nights is: its standard error.
    pub fn error(&self, nights: usize) -> f64 {
        1.0 / ((1.0 - self.correlation) * (self.information * nights.max(1) as f64).sqrt())
    }

    /// Log-likelihood of nights about a level; `before` is how far the night before them was from its own.
    pub fn likelihood(&self, values: &[f64], level: f64, before: Option<f64>) -> f64 {
        let shares = self.shares(values, before);
        shares.iter().map(|(own, share)| self.log(own - share * level)).sum()
    }

    /// The most likely level of some nights, by expectation and maximisation from several beginnings; `before` is the
    /// distance of the night before them from its level.
    pub fn level(&self, values: &[f64], before: Option<f64>) -> f64 {
        let Some(middle) = median(values) else {
            return 0.0;
        };
        let wide = |kind: &&Kind| kind.off != 0.0 && kind.weight > 0.1;
        let starts = self.kinds.iter().filter(wide).map(|kind| middle - kind.off);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let mut best = (f64::NEG_INFINITY, middle);
        for start in starts.chain([middle, mean]) {
            let level = self.level_near(values, start, before);
            let likely = self.likelihood(values, level, before);
            if likely > best.0 {
                best = (likely, level);
            }
        }
        best.1
    }

    /// The most likely level near one.
    pub fn level_near(&self, values: &[f64], near: f64, before: Option<f64>) -> f64 {
        let shares = self.shares(values, before);
        (0..ROUNDS).fold(near, |level, _| self.nearer(&shares, level))
    }

    /// What each night adds to the one before it, with the share of the level in it. `before` is how far
    /// the night before them was from its own.
    fn shares(&self, values: &[f64], before: Option<f64>) -> Vec<(f64, f64)> {
        let alike = self.correlation;
        let first = values.first().map(|value| match before {
            Some(off) => (value - alike * off, 1.0),
            None => {
                let share = (1.0 - alike * alike).sqrt();
                (value * share, share)
            }
        });
        let rest = values.windows(2).map(|w| (w[1] - alike * w[0], 1.0 - alike));
        first.into_iter().chain(rest).collect()
    }

    /// One round: each night counts as much as it tells of the level, by the kind it is likely of.
    fn nearer(&self, shares: &[(f64, f64)], level: f64) -> f64 {
        let (mut above, mut below) = (0.0, 0.0);
        for (own, share) in shares {
            let x = own - share * level;
            let (mut sum, mut weighed, mut precise) = (0.0, 0.0, 0.0);
            for kind in &self.kinds {
                let density = kind.density(x);
                let precision = density / (kind.deviation * kind.deviation);
                sum += density;
                weighed += precision * (own - kind.off);
                precise += precision;
            }
            if sum > 0.0 {
                above += share * weighed / sum;
                below += share * share * precise / sum;
            }
        }
        if below > 0.0 { above / below } else { level }
    }

    /// The share of nights that are further above the level of so many nights than this; on the other side for a
    /// negative distance. Of kinds that were seen.
    pub fn beyond(&self, off: f64, nights: usize) -> f64 {
        let wider = 1.0 / (1.0 - self.correlation * self.correlation);
        let error = self.error(nights);
        let seen = &self.kinds[..self.kinds.len() - 1];
        let weight: f64 = seen.iter().map(|kind| kind.weight).sum();
        let share = |kind: &Kind| {
            let deviation = (kind.deviation * kind.deviation * wider + error * error).sqrt();
            kind.weight * below(off.signum() * (kind.off - off) / deviation)
        };
        seen.iter().map(share).sum::<f64>() / weight
    }

    /// How far from its level, on the side of `sign`, one more night lies with probability `1 − doubt`; further where
    /// few nights tell of it.
    pub fn reach(&self, doubt: f64, nights: usize, sign: f64) -> f64 {
        const HALVINGS: usize = 40;
        let most = self.kinds.iter().map(|kind| kind.off.abs() + 10.0 * kind.deviation);
        let (mut low, mut high) = (0.0, most.fold(0.0, f64::max) + 10.0 * self.error(nights));
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.beyond(sign * middle, nights) > doubt {
                low = middle;
            } else {
                high = middle;
            }
        }
        const MANY: f64 = 1e6;
        high * t_quantile(1.0 - doubt, self.freedom) / t_quantile(1.0 - doubt, MANY)
    }
}

/// The correlation of a night with the one before. Around a level that was estimated neighbours seem less alike than
/// they are (M. Kendall, Biometrika 41, 1954).
fn alike(stretches: &[Vec<f64>]) -> f64 {
    let (mut along, mut squares, mut nights) = (0.0, 0.0, 0.0);
    for row in stretches {
        along += row.windows(2).map(|w| w[0] * w[1]).sum::<f64>();
        squares += row.iter().map(|r| r * r).sum::<f64>();
        nights += row.len() as f64;
    }
    let found = if squares > 0.0 && nights > 3.0 {
        let raw = along / squares;
        raw + stretches.len() as f64 * (1.0 + 3.0 * raw) / nights
    } else {
        BELIEVED_ALIKE
    };
    let believed = BELIEVED_ALIKE * BELIEVED_ALIKE_NIGHTS;
    ((found * nights + believed) / (nights + BELIEVED_ALIKE_NIGHTS)).clamp(0.0, MOST_ALIKE)
}

/// Fisher's information of one night about where the kinds are, by the trapezoidal rule.
fn information(kinds: &[Kind]) -> f64 {
    const STEPS: i32 = 120;
    /// Deviations beyond which there is nothing to add.
    const FURTHEST: f64 = 4.0;
    let offs = kinds.iter().map(|kind| kind.off.abs()).fold(0.0, f64::max);
    let reach = FURTHEST * overall(kinds) + offs;
    let step = 2.0 * reach / f64::from(STEPS);
    let at = |i: i32| {
        let x = f64::from(i) * step - reach;
        let density: f64 = kinds.iter().map(|kind| kind.density(x)).sum();
        let towards =
            |kind: &Kind| -kind.density(x) * (x - kind.off) / (kind.deviation * kind.deviation);
        let slope: f64 = kinds.iter().map(towards).sum();
        if density > 0.0 { slope * slope / density } else { 0.0 }
    };
    (0..=STEPS).map(at).sum::<f64>() * step / std::f64::consts::TAU.sqrt()
}
