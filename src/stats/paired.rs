//! Differences within pairs that were measured in alternating order, with and without something else that differs.

use super::means::Contrast;
use super::student::{t_quantile, t_two_sided};

/// The mean of differences within pairs. `orders` is +1 where the first of a pair was measured first and −1 where the
/// second was: what the order does is estimated by least squares and taken out, unless it never changes. `None` unless
/// a degree of freedom is left.
pub fn paired(differences: &[f64], orders: &[f64]) -> Option<Contrast> {
    let fit = Fit::of(differences, orders)?;
    Some(Contrast {
        difference: fit.level,
        standard_error: (dot(&fit.left, &fit.left) / fit.freedom * fit.doubt).sqrt(),
        degrees_of_freedom: fit.freedom,
    })
}

/// Something else that differs within pairs and moves what is measured.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// By how much, pair by pair; 0 where it does not differ.
    pub differs: &'a [f64],
    /// What it does per unit is believed to be about nothing, give or take this (one standard deviation of a normal
    /// distribution).
    pub deviation: f64,
}

/// As [`paired`], where something beside were the same on both sides. What that does per unit is not known: every slope
/// has a contrast of its own, and is as likely as the belief in it and the scatter it leaves make it (Bayes, with flat
/// priors of the means and of the logarithm of the scatter). Where the pairs tell the slope, this is the analysis of
/// covariance; where they are too few or too alike for that, the belief bounds what it can have done.
pub fn paired_beside(differences: &[f64], orders: &[f64], beside: Beside) -> Option<Mixture> {
    let plain = paired(differences, orders)?;
    let (fit, other) = (
        Fit::of(differences, orders)?,
        Fit::of(beside.differs, orders)?,
    );
    if plain.standard_error == 0.0 || beside.differs.len() != differences.len() {
        return Some(Mixture(vec![(1.0, plain)]));
    }
    let (dd, along, ss) = (
        dot(&fit.left, &fit.left),
        dot(&fit.left, &other.left),
        dot(&other.left, &other.left),
    );
    let contrast = |slope: f64| {
        let squares = (dd - slope * (2.0 * along - slope * ss)).max(f64::EPSILON.powi(2) * dd);
        Contrast {
            difference: fit.level - slope * other.level,
            standard_error: (squares / fit.freedom * fit.doubt).sqrt(),
            degrees_of_freedom: fit.freedom,
        }
    };
    let least_squares = (ss > 0.0).then(|| {
        let slope = along / ss;
        let error = contrast(slope).standard_error / (fit.doubt * ss).sqrt();
        (slope, error)
    });
    let slopes = slopes(beside.deviation, least_squares);
    let likely = |slope: f64, contrast: &Contrast| {
        -0.5 * (slope / beside.deviation).powi(2) - fit.freedom * contrast.standard_error.ln()
    };
    Some(Mixture::of(&slopes, contrast, likely))
}

/// Least squares of values of pairs on a level and what the order does.
struct Fit {
    /// Where the order does nothing.
    level: f64,
    /// What is left of each value.
    left: Vec<f64>,
    /// The variance of the level in units of that of a value.
    doubt: f64,
    /// Degrees of freedom of what is left, 1 or more.
    freedom: f64,
}

impl Fit {
    fn of(values: &[f64], orders: &[f64]) -> Option<Fit> {
        let n = values.len() as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
        let off = |values: &[f64], mean: f64| values.iter().map(|v| v - mean).collect::<Vec<_>>();
        let (level, order) = (mean(values), mean(orders));
        let mut left = off(values, level);
        let axis = off(orders, order);
        let length = dot(&axis, &axis);
        let (by_order, freedom, doubt) = if length > 0.0 && orders.len() == values.len() {
            (
                dot(&left, &axis) / length,
                n - 2.0,
                1.0 / n + order * order / length,
            )
        } else {
            (0.0, n - 1.0, 1.0 / n)
        };
        for (left, axis) in left.iter_mut().zip(&axis) {
            *left -= by_order * axis;
        }
        (freedom >= 1.0).then_some(Fit {
            level: level - by_order * order,
            left,
            doubt,
            freedom,
        })
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Slopes to try, ascending: all that are believable, and about the one of the least squares at distances that grow as
/// the tails of what is likely get flatter.
fn slopes(deviation: f64, least_squares: Option<(f64, f64)>) -> Vec<f64> {
    /// Further off a normal distribution has 6 in 100,000.
    const BELIEVABLE: f64 = 4.0;
    const STEPS: i32 = 60;
    /// The last is 1,600 errors away.
    const FURTHEST: f64 = 8.0;
    let steps = || (-STEPS..=STEPS).map(|i| f64::from(i) / f64::from(STEPS));
    let most = BELIEVABLE * deviation;
    let near = least_squares.into_iter().flat_map(|(slope, error)| {
        steps().map(move |step| slope + error * (FURTHEST * step).sinh())
    });
    let mut slopes: Vec<f64> = steps()
        .map(|step| most * step)
        .chain(near.filter(|slope| slope.abs() < most))
        .collect();
    slopes.sort_by(f64::total_cmp);
    slopes
}

/// One of several contrasts, each with its probability.
#[derive(Debug, Clone)]
pub struct Mixture(Vec<(f64, Contrast)>);

impl Mixture {
    /// Integrates over slopes by the trapezoidal rule; `likely` is the logarithm of a density, up to a constant.
    fn of(
        slopes: &[f64],
        contrast: impl Fn(f64) -> Contrast,
        likely: impl Fn(f64, &Contrast) -> f64,
    ) -> Mixture {
        /// Less likely slopes change no digit that is shown.
        const NEGLIGIBLE: f64 = 1e-9;
        let last = slopes.len() - 1;
        let width = |i: usize| (slopes[(i + 1).min(last)] - slopes[i.saturating_sub(1)]) / 2.0;
        let mut parts: Vec<(f64, Contrast)> = slopes
            .iter()
            .map(|slope| {
                let contrast = contrast(*slope);
                (likely(*slope, &contrast), contrast)
            })
            .collect();
        let most = parts.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
        for (i, part) in parts.iter_mut().enumerate() {
            part.0 = (part.0 - most).exp() * width(i);
        }
        let sum: f64 = parts.iter().map(|part| part.0).sum();
        parts.retain(|part| part.0 > NEGLIGIBLE * sum);
        for part in &mut parts {
            part.0 /= sum;
        }
        Mixture(parts)
    }

    /// Its median.
    pub fn difference(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Degrees of freedom of each contrast.
    pub fn degrees_of_freedom(&self) -> f64 {
        self.0[0].1.degrees_of_freedom
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
        self.0.iter().map(|(weight, one)| weight * less(one)).sum()
    }

    /// By bisection between the quantiles of the contrasts.
    fn quantile(&self, p: f64) -> f64 {
        const HALVINGS: usize = 30;
        let t = t_quantile(p, self.degrees_of_freedom());
        let each = self.0.iter();
        let each = each.map(|(_, one)| one.difference + t * one.standard_error);
        let (mut low, mut high) = each.fold((f64::INFINITY, f64::NEG_INFINITY), |ends, x| {
            (ends.0.min(x), ends.1.max(x))
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64, off: f64) {
        assert!((got - want).abs() <= off, "{got}, not {want}");
    }

    const ORDERS: [f64; 6] = [1.0, -1.0, 1.0, -1.0, 1.0, -1.0];
    const D: [f64; 6] = [0.61, 0.52, 0.83, 0.47, 0.95, 0.58];
    const X: [f64; 6] = [0.02, -0.05, 0.11, -0.03, 0.21, 0.04];

    fn beside(differs: &[f64], deviation: f64) -> Beside<'_> {
        Beside { differs, deviation }
    }

    #[test]
    fn pairs_without_an_order_are_students() {
        // Student's sleep data; R: t.test(extra ~ group, paired = TRUE).
        let a = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let b = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
        let pairs = paired(&differences, &[1.0; 10]).unwrap();
        close(pairs.p_value(), 0.002_832_89, 1e-7);
        assert_eq!(paired(&[0.0; 6], &[1.0; 6]).unwrap().p_value(), 1.0);
    }

    #[test]
    fn a_drift_goes_into_the_order() {
        // B is 0.1 above A; whoever comes second is 0.05 higher.
        let found = paired(&ORDERS.map(|o| 0.1 + 0.05 * o), &ORDERS).unwrap();
        close(found.difference, 0.1, 1e-12);
        assert!(found.standard_error < 1e-12);
        assert_eq!(found.degrees_of_freedom, 4.0);
        // Unbalanced orders do not bias it either.
        let orders = [1.0, 1.0, 1.0, -1.0, 1.0];
        let found = paired(&orders.map(|o| 0.1 + 0.05 * o), &orders).unwrap();
        close(found.difference, 0.1, 1e-12);
        assert!(paired(&[0.1, 0.2], &[1.0, -1.0]).is_none());
    }

    #[test]
    fn with_nothing_believed_it_is_the_analysis_of_covariance() {
        // numpy.linalg.lstsq of [1, order, x].
        let wanted = Contrast {
            difference: 0.579_748_520_7,
            standard_error: 0.026_317_742_3,
            degrees_of_freedom: 3.0,
        };
        let found = paired_beside(&D, &ORDERS, beside(&X, 40.0)).unwrap();
        close(found.difference(), wanted.difference, 1e-4);
        for confidence in [0.9, 0.95] {
            let (got, want) = (found.interval(confidence), wanted.interval(confidence));
            close(got.0, want.0, 1e-3);
            close(got.1, want.1, 1e-3);
        }
        // Twenty-two errors off zero, the belief already has a say.
        close(found.p_value() / wanted.p_value(), 1.0, 0.05);
        // The other way round it is the mirror.
        let negative = |values: [f64; 6]| values.map(|v| -v);
        let mirror = paired_beside(&negative(D), &negative(ORDERS), beside(&negative(X), 40.0));
        close(mirror.unwrap().difference(), -found.difference(), 1e-6);
        // All of a difference that goes along.
        let along = X.map(|x| 0.2 + 3.0 * x);
        let along = paired_beside(&along, &ORDERS, beside(&X, 40.0)).unwrap();
        let (low, high) = along.interval(0.95);
        close(low, 0.2, 1e-3);
        close(high, 0.2, 1e-3);
    }

    #[test]
    fn what_pairs_cannot_tell_is_bounded_by_belief() {
        // Always as much more: least squares know nothing of it. B is e^2.6 times A, which 0.02 at 40 each is not.
        let d = [2.54, 2.86, 3.16, 1.91];
        let found = paired_beside(&d, &[1.0; 4], beside(&[0.02; 4], 40.0)).unwrap();
        close(found.difference(), 2.6175, 1e-3);
        // Student's interval of ± 0.85, and ± 1.96 · 0.8 of doubt.
        let (low, high) = found.interval(0.95);
        close(high - 2.6175, 1.79, 0.05);
        close(2.6175 - low, 1.79, 0.05);
        assert!(found.p_value() < 0.02, "{}", found.p_value());
        // A fifth that was stolen may have done it.
        let found = paired_beside(&d, &[1.0; 4], beside(&[0.2; 4], 40.0)).unwrap();
        assert!(found.p_value() > 0.5, "{}", found.p_value());
    }

    #[test]
    fn belief_in_nothing_leaves_the_pairs_as_they_are() {
        let (found, plain) = (
            paired_beside(&D, &ORDERS, beside(&X, 1e-6)).unwrap(),
            paired(&D, &ORDERS).unwrap(),
        );
        close(found.difference(), plain.difference, 1e-6);
        close(found.interval(0.95).0, plain.interval(0.95).0, 1e-5);
        close(found.p_value() / plain.p_value(), 1.0, 1e-4);
        let none = paired_beside(&[0.0; 6], &ORDERS, beside(&X, 40.0)).unwrap();
        assert_eq!(none.p_value(), 1.0);
    }
}
