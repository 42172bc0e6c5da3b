//! Contrasts where something else differs as well, and nobody knows exactly what that does.

use super::contrast::Contrast;
use super::student::{t_quantile, t_two_sided};

/// One of several contrasts, each with its probability: what is beside moves what is measured by an unknown slope, each
/// slope has a contrast of its own, and is as likely as the belief in it and the scatter it leaves make it (Bayes, with
/// flat priors of the means and of the logarithm of the scatter). The belief is a normal distribution about nothing:
/// what is measured moves it where it tells the slope, and where it does not, the belief bounds what the slope can have
/// done.
#[derive(Debug, Clone)]
pub struct Mixture {
    parts: Vec<(f64, Contrast)>,
    slope: Option<Slope>,
}

/// What one unit of what is beside does, by least squares alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The estimate.
    pub value: f64,
    /// The estimate over its standard error.
    pub t: f64,
    /// Degrees of freedom of that error.
    pub degrees_of_freedom: f64,
}

impl Mixture {
    /// No doubt but the contrast's own.
    pub(super) fn certain(contrast: Contrast) -> Mixture {
        Mixture { parts: vec![(1.0, contrast)], slope: None }
    }

    /// `at` tells of a slope its contrast and the logarithm of the likelihood of what was measured. `deviation` is that
    /// of the belief. Integrates by the trapezoidal rule. Values without any scatter, or without an end, tell no slope:
    /// theirs is the contrast without one.
    pub(super) fn over_slopes(deviation: f64, at: impl Fn(f64) -> (Contrast, f64)) -> Mixture {
        /// Less likely slopes change no digit that is shown.
        const NEGLIGIBLE: f64 = 1e-9;
        let plain = at(0.0).0;
        if !(plain.standard_error > 0.0 && plain.standard_error.is_finite()) {
            return Mixture::certain(plain);
        }
        let slopes = slopes(deviation, |slope| at(slope).0);
        let logs: Vec<(f64, Contrast)> = slopes
            .iter()
            .map(|slope| {
                let (contrast, likelihood) = at(*slope);
                (likelihood - 0.5 * (slope / deviation).powi(2), contrast)
            })
            .collect();
        let most = logs.iter().map(|one| one.0).fold(f64::NEG_INFINITY, f64::max);
        let last = slopes.len() - 1;
        let width = |i: usize| (slopes[(i + 1).min(last)] - slopes[i.saturating_sub(1)]) / 2.0;
        let weigh = |(i, (log, contrast)): (usize, (f64, Contrast))| {
            ((log - most).exp() * width(i), contrast)
        };
        let mut parts: Vec<(f64, Contrast)> = logs.into_iter().enumerate().map(weigh).collect();
        let sum: f64 = parts.iter().map(|part| part.0).sum();
        parts.retain(|part| part.0 > NEGLIGIBLE * sum);
        for part in &mut parts {
            part.0 /= sum;
        }
        let slope = least_scatter(deviation, |slope| at(slope).0).and_then(|(value, error)| {
            let left = at(value).0.degrees_of_freedom - 1.0;
            let error = error * ((left + 1.0) / left).sqrt();
            (left >= 1.0).then_some(Slope { value, t: value / error, degrees_of_freedom: left })
        });
        Mixture { parts, slope }
    }

    /// What is beside does so much, as far as the values themselves tell; `None` where they do not.
    pub fn slope(&self) -> Option<Slope> {
        self.slope
    }

    /// Its median.
    pub fn difference(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Degrees of freedom, the mean of the contrasts'.
    pub fn degrees_of_freedom(&self) -> f64 {
        let each = self.parts.iter();
        each.map(|(weight, one)| weight * one.degrees_of_freedom).sum()
    }

    /// The interval that holds the true difference with this confidence (0 to 1).
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        (
            self.quantile(f64::midpoint(0.0, 1.0 - confidence)),
            self.quantile(f64::midpoint(1.0, confidence)),
        )
    }

    /// How likely so large a difference, or a larger one, would be were there none. 1 for no difference at all.
    pub fn p_value(&self) -> f64 {
        (2.0 * self.below(0.0).min(self.above(0.0))).min(1.0)
    }

    fn below(&self, x: f64) -> f64 {
        self.share(|contrast| x - contrast.difference)
    }

    fn above(&self, x: f64) -> f64 {
        self.share(|contrast| contrast.difference - x)
    }

    /// The probability that each contrast's error is less than so much.
    fn share(&self, error: impl Fn(&Contrast) -> f64) -> f64 {
        let less = |contrast: &Contrast| {
            let t = error(contrast) / contrast.standard_error;
            let tail = t_two_sided(t, contrast.degrees_of_freedom) / 2.0;
            if t < 0.0 { tail } else { 1.0 - tail }
        };
        self.parts.iter().map(|(weight, one)| weight * less(one)).sum()
    }

    /// By bisection, from where every contrast has it.
    fn quantile(&self, p: f64) -> f64 {
        const HALVINGS: usize = 30;
        let fewest = self.parts.iter().map(|(_, one)| one.degrees_of_freedom);
        let t = t_quantile(p, fewest.fold(f64::INFINITY, f64::min)).abs();
        let ends = |(low, high): (f64, f64), (_, one): &(f64, Contrast)| {
            let off = t * one.standard_error;
            (low.min(one.difference - off), high.max(one.difference + off))
        };
        let (mut low, mut high) = self.parts.iter().fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.below(middle) < p {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    }
}

/// Values as they would be without what is beside.
pub(super) fn less(values: &[f64], slope: f64, beside: &[f64]) -> Vec<f64> {
    let both = values.iter().zip(beside);
    both.map(|(value, beside)| value - slope * beside).collect()
}

/// Slopes to try, ascending: all that are believable, and about the one that leaves the least scatter at distances that
/// grow as the tails of what is likely get flatter.
fn slopes(deviation: f64, contrast: impl Fn(f64) -> Contrast) -> Vec<f64> {
    /// Further off a normal distribution has 6 in 100,000.
    const BELIEVABLE: f64 = 4.0;
    const STEPS: i32 = 60;
    /// The last is 1,500 errors away.
    const FURTHEST: f64 = 8.0;
    let steps = || (-STEPS..=STEPS).map(|i| f64::from(i) / f64::from(STEPS));
    let most = BELIEVABLE * deviation;
    let near = least_scatter(deviation, contrast).into_iter().flat_map(|(slope, error)| {
        steps().map(move |step| slope + error * (FURTHEST * step).sinh())
    });
    let mut slopes: Vec<f64> =
        steps().map(|step| most * step).chain(near.filter(|slope| slope.abs() < most)).collect();
    slopes.sort_by(f64::total_cmp);
    slopes
}

/// The slope that leaves the least scatter, and its standard error: squares of errors are a parabola of the slope, which
/// three points tell. `None` where the slope makes no difference to them.
fn least_scatter(deviation: f64, contrast: impl Fn(f64) -> Contrast) -> Option<(f64, f64)> {
    /// Of the belief; closer nothing is worth telling apart.
    const CLOSEST: f64 = 1e-9;
    let squares = |slope: f64| contrast(slope).standard_error.powi(2);
    let (left, middle, right) = (squares(-deviation), squares(0.0), squares(deviation));
    let bend = (left + right) / 2.0 - middle;
    let slope = deviation * (left - right) / (4.0 * bend);
    let freedom = contrast(slope).degrees_of_freedom;
    let error = deviation * (squares(slope) / (bend * freedom)).sqrt();
    (slope.is_finite() && error.is_finite()).then(|| (slope, error.max(CLOSEST * deviation)))
}
