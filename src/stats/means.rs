//! Means and their differences: moments, Student's pooled and Welch's unequal-variance contrasts, prediction of one
//! more value.

use super::contrast::Contrast;
use super::mixture::{Mixture, less};
use super::student::t_quantile;

/// Number, mean and unbiased variance of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// How many.
    pub n: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Variance with n − 1 in the denominator; 0 for fewer than two values.
    pub variance: f64,
}

impl Moments {
    /// The moments of these values; `None` without any.
    pub fn of(values: &[f64]) -> Option<Moments> {
        if values.is_empty() {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let variance = if n > 1.0 { squares / (n - 1.0) } else { 0.0 };
        Some(Moments { n, mean, variance })
    }

    /// Standard deviation.
    pub fn deviation(&self) -> f64 {
        self.variance.sqrt()
    }
}

/// Student's contrast of two groups that share one variance; `None` unless there is a value on each side and three in
/// all.
pub fn pooled(a: &[f64], b: &[f64]) -> Option<Contrast> {
    let (a, b) = (Moments::of(a)?, Moments::of(b)?);
    let degrees_of_freedom = a.n + b.n - 2.0;
    if degrees_of_freedom < 1.0 {
        return None;
    }
    let squares = (a.n - 1.0) * a.variance + (b.n - 1.0) * b.variance;
    let variance = squares / degrees_of_freedom;
    Some(Contrast {
        difference: b.mean - a.mean,
        standard_error: (variance * (1.0 / a.n + 1.0 / b.n)).sqrt(),
        degrees_of_freedom,
    })
}

/// Welch's contrast of two groups of their own variance each, degrees of freedom after Satterthwaite (B. Welch, "The
/// generalization of 'Student's' problem …", Biometrika 34 (1947)); `None` with fewer than two values on a side.
pub fn welch(a: &[f64], b: &[f64]) -> Option<Contrast> {
    let (a, b) = (Moments::of(a)?, Moments::of(b)?);
    if a.n < 2.0 || b.n < 2.0 {
        return None;
    }
    let (va, vb) = (a.variance / a.n, b.variance / b.n);
    let spread = va + vb;
    let degrees_of_freedom = if spread > 0.0 {
        spread.powi(2) / (va.powi(2) / (a.n - 1.0) + vb.powi(2) / (b.n - 1.0))
    } else {
        a.n + b.n - 2.0
    };
    Some(Contrast {
        difference: b.mean - a.mean,
        standard_error: spread.sqrt(),
        degrees_of_freedom,
    })
}

/// As [`welch`], where something beside, told of each value by `beside`, were the same everywhere; `deviation` is what
/// one unit of it is believed to do ([`Mixture`]).
pub fn welch_beside(
    a: &[f64],
    b: &[f64],
    beside: (&[f64], &[f64]),
    deviation: f64,
) -> Option<Mixture> {
    let plain = welch(a, b)?;
    let scatter = |values: &[f64]| {
        let moments = Moments::of(values)?;
        (moments.variance > 0.0).then(|| -0.5 * (moments.n - 1.0) * moments.variance.ln())
    };
    if scatter(a).is_none() || scatter(b).is_none() {
        return Some(Mixture::certain(plain));
    }
    let at = |slope: f64| {
        let (a, b) = (less(a, slope, beside.0), less(b, slope, beside.1));
        let likelihood = [&a, &b].map(|values| scatter(values).unwrap_or(f64::MAX / 4.0));
        (welch(&a, &b).unwrap_or(plain), likelihood[0] + likelihood[1])
    };
    Some(Mixture::over_slopes(deviation, at))
}

/// Where one more value like these would lie with this confidence: mean ± t(n−1)·s·√(1 + 1/n) (W. Hahn, W. Meeker,
/// "Statistical Intervals", §4.2). `s` is at least `deviation_floor`. `None` with fewer than two values.
pub fn prediction_interval(
    values: &[f64],
    confidence: f64,
    deviation_floor: f64,
) -> Option<(f64, f64)> {
    let moments = Moments::of(values).filter(|m| m.n > 1.0)?;
    let t = t_quantile(f64::midpoint(1.0, confidence), moments.n - 1.0);
    let half = t * moments.deviation().max(deviation_floor) * (1.0 + 1.0 / moments.n).sqrt();
    Some((moments.mean - half, moments.mean + half))
}

/// Correlation of each value with the next one; 0 for fewer than three values or no variation.
pub fn lag_one(values: &[f64]) -> f64 {
    let Some(moments) = Moments::of(values).filter(|m| m.n > 2.0 && m.variance > 0.0) else {
        return 0.0;
    };
    let off = |v: &f64| v - moments.mean;
    let along: f64 = values.windows(2).map(|w| off(&w[0]) * off(&w[1])).sum();
    along / (moments.variance * (moments.n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-6 * want.abs().max(1.0), "{got}, not {want}");
    }

    #[test]
    fn sleep() {
        // Student's sleep data; R: t.test(extra ~ group), with var.equal = TRUE.
        let a = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let b = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let unequal = welch(&a, &b).unwrap();
        close(unequal.degrees_of_freedom, 17.776_474);
        close(unequal.p_value(), 0.079_394_14);
        let (low, high) = unequal.interval(0.95);
        close(low, -0.205_483_2);
        close(high, 3.365_483_2);
        let equal = pooled(&a, &b).unwrap();
        close(equal.p_value(), 0.079_186_71);
    }

    #[test]
    fn what_is_beside_is_no_difference() {
        // Of B more was taken, and three for each share makes all of the difference.
        let (from_a, from_b) = ([0.01, 0.03, 0.02, 0.05, 0.02], [0.09, 0.06, 0.11, 0.04, 0.08]);
        let noise = [0.004, -0.006, 0.003, 0.001, -0.002];
        let values = |from: [f64; 5], more: f64, turn: usize| -> Vec<f64> {
            let noise = noise.iter().cycle().skip(turn);
            from.iter().zip(noise).map(|(s, noise)| more + 3.0 * s + noise).collect()
        };
        let a = values(from_a, 0.0, 0);
        let same = values(from_b, 0.0, 2);
        let beside = (&from_a[..], &from_b[..]);
        assert!(welch(&a, &same).unwrap().p_value() < 0.01);
        let found = welch_beside(&a, &same, beside, 40.0).unwrap();
        assert!(found.p_value() > 0.1, "{}", found.p_value());
        assert!(found.interval(0.95).1 < 0.05, "{found:?}");
        // What is more than that is found.
        let more = values(from_b, 0.1, 2);
        let found = welch_beside(&a, &more, beside, 40.0).unwrap();
        assert!(found.p_value() < 0.001, "{}", found.p_value());
        assert!((found.difference() - 0.1).abs() < 0.01, "{}", found.difference());
        // Without belief, and where a side never varies, it is Welch's.
        let plain = welch(&a, &same).unwrap();
        let found = welch_beside(&a, &same, beside, 1e-9).unwrap();
        close(found.p_value() / plain.p_value(), 1.0);
        let never = welch_beside(&[0.0; 5], &same, beside, 40.0).unwrap();
        assert_eq!(never.difference(), welch(&[0.0; 5], &same).unwrap().difference);
    }

    #[test]
    fn no_difference_is_never_significant() {
        assert_eq!(welch(&[1.0, 2.0], &[1.0, 2.0]).unwrap().p_value(), 1.0);
        assert!(pooled(&[1.0], &[2.0]).is_none());
    }

    #[test]
    fn one_more_value() {
        let (low, high) = prediction_interval(&[1.0, 2.0, 3.0], 0.95, 0.0).unwrap();
        close(high - 2.0, 4.302_652_73 * (4.0f64 / 3.0).sqrt());
        close(2.0 - low, high - 2.0);
        let (low, high) = prediction_interval(&[5.0; 8], 0.95, 0.5).unwrap();
        assert!(low < 4.0 && high > 6.0);
        assert!(prediction_interval(&[5.0], 0.95, 0.5).is_none());
    }

    #[test]
    fn neighbours() {
        assert!(lag_one(&[1.0, -1.0, 1.0, -1.0, 1.0, -1.0]) < -0.8);
        assert!(lag_one(&[1.0, 1.0, 1.0, -1.0, -1.0, -1.0]) > 0.4);
        assert_eq!(lag_one(&[2.0; 9]), 0.0);
    }
}
