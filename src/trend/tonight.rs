//! The newest night of a series: does it belong to the nights since the last change?

use crate::stats::{
    MAD_TO_DEVIATION, Moments, lag_one, lower_bound, median, median_deviation, t_quantile,
};
use crate::trend::points::{Points, Scale};
use crate::trend::schema::{Tonight, TonightVerdict};

/// Error rate, on both sides together, of the interval that one night is held against.
pub(super) const NIGHT_ALPHA: f64 = 0.002;
/// How often, per night, a history without a change may show as many bad nights in a row as confirm a regression.
pub(super) const CONFIRM_ALPHA: f64 = 1e-4;
/// Fewer nights since the last change do not say what is usual.
pub(super) const MIN_REFERENCE: usize = 8;
/// The newest nights tell best what is usual.
const REFERENCE: usize = 30;
/// Bad nights in a row that are looked for at most; from then on they are the usual, or a change point.
const LONGEST_STREAK: usize = 7;
/// More bad nights in a row than this are never asked for.
const MOST_NEEDED: u32 = 7;
/// For each of these that the correlation of neighbouring nights exceeds, one more bad night is needed.
const CORRELATED_MORE: [f64; 2] = [0.3, 0.5];
/// A night so far out as this share of a bad night's distance was about as bad.
const AS_BAD: f64 = 0.8;
/// A night further out than so many median deviations is not taken for an ordinary one when the spread is estimated.
const OUTLIER: f64 = 5.0;

/// What the newest night of a series is held against.
pub(super) struct Question<'a> {
    /// The series; its last value is tonight's.
    pub points: &'a Points,
    /// First point since the last change or mark.
    pub start: usize,
    /// +1 where more is worse, −1 where less is, `None` where nobody has said.
    pub worse: Option<f64>,
    /// Bad nights in a row that confirm, at least.
    pub confirm_nights: u32,
    /// Re-runs of tonight.
    pub again: &'a Again,
}

/// What re-runs say of a series.
#[derive(Debug, Default)]
pub(super) struct Again {
    /// Their values, scaled; empty without any.
    pub values: Vec<f64>,
    /// How one was disturbed whose value is not among them.
    pub disturbed: Option<String>,
}

/// What is usual.
#[derive(Debug, Clone, Copy)]
struct Usual {
    centre: f64,
    deviation: f64,
    nights: usize,
}

impl Usual {
    /// The usual of some nights: mean and standard deviation, or median and median deviation where outliers would
    /// spoil them. `None` for too few.
    fn of(nights: &[f64]) -> Option<Usual> {
        let newest = &nights[nights.len().saturating_sub(REFERENCE)..];
        if newest.len() < MIN_REFERENCE {
            return None;
        }
        let moments = Moments::of(newest)?;
        let (middle, spread) = (median(newest)?, median_deviation(newest)?);
        let outlying =
            spread > 0.0 && newest.iter().any(|value| (value - middle).abs() > OUTLIER * spread);
        let (centre, deviation) = if outlying {
            (middle, MAD_TO_DEVIATION * spread)
        } else {
            (moments.mean, moments.deviation())
        };
        Some(Usual { centre, deviation, nights: newest.len() })
    }

    /// How far from the centre one more night lies with probability `1 − doubt` on each side.
    fn reach(&self, doubt: f64) -> f64 {
        let n = self.nights as f64;
        t_quantile(1.0 - doubt, n - 1.0) * self.deviation * (1.0 + 1.0 / n).sqrt()
    }

    fn tonight(&self, scale: Scale, value: f64) -> Tonight {
        let reach = self.reach(NIGHT_ALPHA / 2.0);
        let usual = scale.back(self.centre);
        Tonight {
            value: Some(scale.back(value)),
            usual: Some(usual),
            low: Some(scale.back(self.centre - reach)),
            high: Some(scale.back(self.centre + reach)),
            ratio: (usual != 0.0).then(|| scale.back(value) / usual),
            nights: self.nights,
            ..Tonight::default()
        }
    }
}

impl Question<'_> {
    /// Judges the newest night. The index of the first bad night comes with it.
    pub fn judge(&self) -> (Tonight, Option<usize>) {
        let values = &self.points.scaled;
        let scale = self.points.scale;
        let Some((&value, earlier)) = values.split_last() else {
            return (Tonight::default(), None);
        };
        let segment = earlier.get(self.start..).unwrap_or_default();
        let Some(usual) = Usual::of(segment) else {
            return (self.too_few(value, segment.len()), None);
        };
        let mut tonight = usual.tonight(scale, value);
        let off = value - usual.centre;
        let outside =
            off.abs() > usual.reach(NIGHT_ALPHA / 2.0) && scale.matters(usual.centre, value);
        let Some(sign) = self.worse else {
            tonight.verdict =
                if outside { TonightVerdict::Different } else { TonightVerdict::Steady };
            return (tonight, None);
        };
        let streak = self.streak(sign);
        tonight.needed_nights = streak.needed;
        let bad = outside && sign * off > 0.0;
        tonight.bad_nights = (streak.nights as u32).max(u32::from(bad));
        tonight.verdict = if streak.nights as u32 >= streak.needed {
            TonightVerdict::Regressed
        } else if bad {
            self.ask_confirm(&usual, sign, &mut tonight)
        } else if outside {
            TonightVerdict::Better
        } else {
            TonightVerdict::Steady
        };
        if tonight.verdict == TonightVerdict::Suspected
            && tonight.reason.is_none()
            && streak.needed > self.confirm_nights
        {
            tonight.reason = Some(streak.why_more(self.confirm_nights));
        }
        if streak.nights > 0 {
            // What the bad nights are held against does not hold them.
            if let Some(before) = Usual::of(&segment[..segment.len() + 1 - streak.nights]) {
                let verdict = tonight.verdict;
                tonight = Tonight {
                    verdict,
                    bad_nights: tonight.bad_nights,
                    needed_nights: tonight.needed_nights,
                    reason: tonight.reason.take(),
                    ..before.tonight(scale, value)
                };
            }
        }
        let first_bad = values.len() - (tonight.bad_nights as usize).max(1);
        (tonight, (bad || streak.nights > 0).then_some(first_bad))
    }

    fn too_few(&self, value: f64, nights: usize) -> Tonight {
        let since = if self.start > 0 { " since the last change or mark" } else { "" };
        Tonight {
            verdict: TonightVerdict::TooFew,
            value: Some(self.points.scale.back(value)),
            nights,
            reason: Some(format!(
                "{nights} nights before this one{since}; {MIN_REFERENCE} tell what is usual"
            )),
            ..Tonight::default()
        }
    }

    /// Re-runs confirm a bad night when their median is outside and large enough too.
    fn ask_confirm(&self, usual: &Usual, sign: f64, tonight: &mut Tonight) -> TonightVerdict {
        let Some(middle) = median(&self.again.values) else {
            let disturbed = self.again.disturbed.as_ref();
            tonight.reason = disturbed.map(|what| {
                format!(
                    "re-runs were disturbed, as most nights are not, and confirm nothing: {what}"
                )
            });
            return TonightVerdict::Suspected;
        };
        let off = sign * (middle - usual.centre);
        let agrees =
            off > usual.reach(NIGHT_ALPHA / 2.0) && self.points.scale.matters(usual.centre, middle);
        let runs = self.again.values.len();
        let (verdict, word) = if agrees {
            (TonightVerdict::Regressed, "confirm it")
        } else {
            (TonightVerdict::Unconfirmed, "do not show it")
        };
        tonight.reason = Some(match runs {
            1 if agrees => "one re-run confirms it".to_owned(),
            1 => "one re-run does not show it".to_owned(),
            n => format!("{n} re-runs {word}"),
        });
        verdict
    }

    /// Judges the newest night by a change point since which nights are worse: a regression when as many of them are bad
    /// as an unchanged history shows at [`CONFIRM_ALPHA`], and tonight is. `None` otherwise.
    pub fn since(&self, change: usize) -> Option<(Tonight, Option<usize>)> {
        let scale = self.points.scale;
        let sign = self.worse?;
        let (before, row) = self
            .points
            .scaled
            .get(self.start..)?
            .split_at_checked(change.checked_sub(self.start)?)?;
        let usual = Usual::of(before)?;
        let &value = row.last()?;
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        // A night back on the good side of the middle is no longer part of it.
        if sign * (value - f64::midpoint(usual.centre, mean)) < 0.0 {
            return None;
        }
        let is_bad = |v: &&f64| self.is_bad(**v, &usual, sign);
        let bad: Vec<f64> = row.iter().filter(is_bad).copied().collect();
        let ordinary = self.ordinary(before, &bad, &usual, sign);
        let bad = bad.len();
        let confirmed = row.len() >= self.confirm_nights as usize
            && ordinary.rarer(bad, row.len())
            && scale.matters(usual.centre, mean);
        let tonight = Tonight {
            verdict: TonightVerdict::Regressed,
            bad_nights: bad as u32,
            needed_nights: self.needed(&ordinary),
            reason: Some("a lasting change; acknowledge it, and it is the new usual".to_owned()),
            ..usual.tonight(scale, value)
        };
        confirmed.then_some((tonight, Some(change)))
    }

    /// The longest row of bad nights that ends tonight; they are no part of what they are held against.
    fn streak(&self, sign: f64) -> Streak {
        let values = &self.points.scaled[self.start.min(self.points.len())..];
        let mut longest =
            Streak { nights: 0, needed: self.confirm_nights, ordinary: Ordinary::default() };
        for nights in 1..=LONGEST_STREAK.max(self.confirm_nights as usize) {
            let Some((before, row)) =
                values.len().checked_sub(nights).map(|split| values.split_at(split))
            else {
                break;
            };
            let Some(usual) = Usual::of(before) else {
                break;
            };
            let mean = row.iter().sum::<f64>() / nights as f64;
            let reach = usual.reach(self.doubt());
            let all_bad = row.iter().all(|v| sign * (v - usual.centre) > reach);
            if all_bad && self.points.scale.matters(usual.centre, mean) {
                let ordinary = self.ordinary(before, row, &usual, sign);
                longest = Streak { nights, needed: self.needed(&ordinary), ordinary };
            }
        }
        longest
    }

    /// How far out, on one side, a bad night lies: `confirm_nights` independent nights of an unchanged history are all
    /// further out at [`CONFIRM_ALPHA`].
    fn doubt(&self) -> f64 {
        CONFIRM_ALPHA.powf(1.0 / f64::from(self.confirm_nights.max(1)))
    }

    fn is_bad(&self, value: f64, usual: &Usual, sign: f64) -> bool {
        sign * (value - usual.centre) > usual.reach(self.doubt())
            && self.points.scale.matters(usual.centre, value)
    }

    /// How frequent nights were, without being the beginning of a change, that were about as bad as those of a row.
    fn ordinary(&self, before: &[f64], row: &[f64], usual: &Usual, sign: f64) -> Ordinary {
        let off = |value: &f64| sign * (value - usual.centre);
        let least = row.iter().map(off).fold(f64::INFINITY, f64::min);
        let as_bad = |v: &&f64| self.is_bad(**v, usual, sign) && off(v) >= AS_BAD * least;
        let bad = before.iter().filter(as_bad).count();
        Ordinary {
            bad,
            nights: before.len(),
            chance: self.doubt().max(bad as f64 / before.len().max(1) as f64),
            alike: lag_one(before),
        }
    }

    /// Bad nights in a row that are rare enough; more where less is known about the nights before, or where they
    /// resemble each other.
    fn needed(&self, ordinary: &Ordinary) -> u32 {
        let rare = |nights: &u32| ordinary.rarer(*nights as usize, *nights as usize);
        let by_chance = (self.confirm_nights..MOST_NEEDED).find(rare);
        let young = u32::from(ordinary.nights < REFERENCE);
        let alike = CORRELATED_MORE.iter().filter(|above| ordinary.alike > **above).count() as u32;
        by_chance.unwrap_or(MOST_NEEDED) + young + alike
    }
}

/// What bad nights there were in an unchanged history.
#[derive(Debug, Clone, Copy, Default)]
struct Ordinary {
    bad: usize,
    nights: usize,
    /// The chance of a bad night.
    chance: f64,
    /// Correlation of a night with the next one.
    alike: f64,
}

impl Ordinary {
    /// Whether so many bad nights of so many are rarer than [`CONFIRM_ALPHA`].
    fn rarer(&self, bad: usize, nights: usize) -> bool {
        // A hair of tolerance: without bad nights before, exactly `confirm_nights` in a row are rare enough.
        let at_least = lower_bound(bad as f64, nights as f64, 1.0 - CONFIRM_ALPHA);
        at_least >= self.chance * (1.0 - 1e-6)
    }
}

/// A row of bad nights.
#[derive(Debug, Clone, Copy, Default)]
struct Streak {
    nights: usize,
    needed: u32,
    ordinary: Ordinary,
}

impl Streak {
    fn why_more(&self, asked: u32) -> String {
        let Ordinary { bad, nights, .. } = self.ordinary;
        let needed = self.needed;
        let why = if bad > 0 {
            format!("{bad} of the {nights} nights before were as bad and passed")
        } else if nights < REFERENCE {
            format!("only {nights} nights are known since the last change")
        } else {
            "nights resemble the night before here".to_owned()
        };
        format!("{why}, so {needed} in a row are needed, not {asked}")
    }
}
