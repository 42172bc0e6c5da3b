//! What a bad night comes to: re-runs decide, or nights like it.

use crate::stats::median;
use crate::trend::evidence::Step;
use crate::trend::question::{CONFIRM_ALPHA, LONGEST_STREAK, Question};
use crate::trend::schema::{Latest, LatestVerdict};
use crate::trend::usual::Usual;

/// A night so far out as this share of a bad night's distance was about as bad.
const AS_BAD: f64 = 0.8;
/// Fewer nights are few, where more than two bad ones are asked for.
const FEW: usize = 30;

impl Question<'_> {
    /// What a bad night comes to: re-runs decide, or nights like it.
    pub(super) fn bad(
        &self,
        old: &[&[f64]],
        before: &[f64],
        usual: &Usual,
        (value, sign): (f64, f64),
        tonight: &mut Latest,
    ) {
        let needed = self.needed(old, before, value);
        tonight.needed_nights = needed;
        let alone = usual.noise.reach(CONFIRM_ALPHA, usual.nights, sign);
        if self.confirm_nights == 1 && sign * (value - usual.level) > alone {
            tonight.verdict = LatestVerdict::Regressed;
            return;
        }
        (tonight.verdict, tonight.reason) = self.ask_confirm(usual, sign);
        if tonight.verdict == LatestVerdict::Suspected
            && tonight.reason.is_none()
            && needed > self.confirm_nights
        {
            let off = |v: &f64| sign * (v - usual.level);
            let bad = before.iter().filter(|v| off(v) >= AS_BAD * off(&value)).count();
            let why = if bad > 0 {
                format!("similar nights recovered before ({bad} of {})", before.len())
            } else if before.len() < FEW {
                format!("only {} nights are known since the last change", before.len())
            } else {
                "nights differ much here, or resemble the night before".to_owned()
            };
            tonight.reason = Some(format!("{why}; waiting for {needed} in a row"));
        }
    }

    /// So many nights like this one in a row would confirm it.
    fn needed(&self, old: &[&[f64]], before: &[f64], value: f64) -> u32 {
        let enough = |nights: &usize| {
            let stretch = [before, &vec![value; *nights]].concat();
            Step::at(old, &stretch, before.len(), self.points.believed()).is_sure()
        };
        let fewest = self.confirm_nights as usize;
        (fewest..LONGEST_STREAK).find(enough).unwrap_or(LONGEST_STREAK.max(fewest)) as u32
    }

    /// Re-runs confirm a bad night when their median is outside and large enough too.
    fn ask_confirm(&self, usual: &Usual, sign: f64) -> (LatestVerdict, Option<String>) {
        let Some(middle) = median(&self.again.values) else {
            let reason = self.again.disturbed.as_ref().map(|what| {
                format!(
                    "re-runs were disturbed, as most nights are not, and confirm nothing: {what}"
                )
            });
            return (LatestVerdict::Suspected, reason);
        };
        let agrees = usual.outside(self.points, middle) == Some(sign);
        let (verdict, word) = if agrees {
            (LatestVerdict::Regressed, "confirm it")
        } else {
            (LatestVerdict::Unconfirmed, "do not show it")
        };
        let reason = match self.again.values.len() {
            1 if agrees => "one re-run confirms it".to_owned(),
            1 => "one re-run does not show it".to_owned(),
            n => format!("{n} re-runs {word}"),
        };
        (verdict, Some(reason))
    }
}
