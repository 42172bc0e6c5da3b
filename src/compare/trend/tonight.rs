//! The newest night of a series: does it belong to the nights since the last change?

use super::changes::CORRELATED;
use super::points::{Points, Scale};
use super::schema::{Tonight, TonightVerdict};
use crate::stats::{MAD_TO_DEVIATION, Moments, median, median_deviation, t_quantile};

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
    /// Correlation of neighbouring nights.
    pub correlation: f64,
    /// Values of re-runs of tonight, scaled; empty without any.
    pub confirm: &'a [f64],
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
        let outlying = spread > 0.0
            && newest
                .iter()
                .any(|value| (value - middle).abs() > OUTLIER * spread);
        let (centre, deviation) = if outlying {
            (middle, MAD_TO_DEVIATION * spread)
        } else {
            (moments.mean, moments.deviation())
        };
        Some(Usual {
            centre,
            deviation,
            nights: newest.len(),
        })
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
            tonight.verdict = if outside {
                TonightVerdict::Different
            } else {
                TonightVerdict::Steady
            };
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
        if tonight.verdict == TonightVerdict::Suspected && streak.needed > self.confirm_nights {
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
        let since = if self.start > 0 {
            " since the last change"
        } else {
            ""
        };
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
        let Some(middle) = median(self.confirm) else {
            return TonightVerdict::Suspected;
        };
        let off = sign * (middle - usual.centre);
        let agrees =
            off > usual.reach(NIGHT_ALPHA / 2.0) && self.points.scale.matters(usual.centre, middle);
        let runs = self.confirm.len();
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

    /// The longest row of bad nights that ends tonight. Each night of a row lies beyond a limit that `confirm_nights`
    /// independent nights of an unchanged history exceed together at [`CONFIRM_ALPHA`]; the nights of a row are no
    /// part of what they are held against.
    fn streak(&self, sign: f64) -> Streak {
        let values = &self.points.scaled[self.start.min(self.points.len())..];
        let doubt = CONFIRM_ALPHA.powf(1.0 / f64::from(self.confirm_nights.max(1)));
        let mut longest = Streak {
            nights: 0,
            needed: self.confirm_nights,
            ..Streak::default()
        };
        for nights in 1..=LONGEST_STREAK.max(self.confirm_nights as usize) {
            let Some(split) = values.len().checked_sub(nights) else {
                break;
            };
            let (before, row) = values.split_at(split);
            let Some(usual) = Usual::of(before) else {
                break;
            };
            let reach = usual.reach(doubt);
            let mean = row.iter().sum::<f64>() / nights as f64;
            let all_bad = row.iter().all(|v| sign * (v - usual.centre) > reach);
            if all_bad && self.points.scale.matters(usual.centre, mean) {
                let bad_before = self.bad_nights(before, &usual, sign);
                longest = Streak {
                    nights,
                    needed: self.needed(doubt, bad_before, before.len()),
                    bad_before,
                    before: before.len(),
                };
            }
        }
        longest
    }

    /// Nights that were as bad without being the beginning of a change.
    fn bad_nights(&self, before: &[f64], usual: &Usual, sign: f64) -> usize {
        let reach = usual.reach(NIGHT_ALPHA / 2.0);
        let bad = |v: &&f64| {
            sign * (**v - usual.centre) > reach && self.points.scale.matters(usual.centre, **v)
        };
        before.iter().filter(bad).count()
    }

    /// Bad nights in a row that are as rare as [`CONFIRM_ALPHA`] in a history that has had bad nights before, one more
    /// where neighbouring nights resemble each other.
    fn needed(&self, doubt: f64, bad_before: usize, before: usize) -> u32 {
        let chance = (doubt + bad_before as f64 / before.max(1) as f64).min(0.5);
        // A hair of tolerance, so that without bad nights exactly as many are needed as the limit is made for.
        let by_chance = (CONFIRM_ALPHA.ln() / chance.ln() - 1e-9).ceil() as u32;
        let correlated = u32::from(self.correlation > CORRELATED);
        by_chance.max(self.confirm_nights) + correlated
    }
}

/// A row of bad nights.
#[derive(Debug, Clone, Copy, Default)]
struct Streak {
    nights: usize,
    needed: u32,
    bad_before: usize,
    before: usize,
}

impl Streak {
    fn why_more(&self, asked: u32) -> String {
        if self.bad_before == 0 {
            return format!(
                "nights resemble the night before here, so {} in a row are needed",
                self.needed
            );
        }
        format!(
            "{} of the {} nights before were as bad and passed, so {} in a row are needed, not {asked}",
            self.bad_before, self.before, self.needed
        )
    }
}
