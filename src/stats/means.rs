//! Means and their differences: moments, Student's pooled and Welch's unequal-variance contrasts, pairs that were
//! measured in alternating order, prediction of one more value.

use super::student::{t_quantile, t_two_sided};

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

/// A difference of means, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// The second mean minus the first.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom of the standard error.
    pub degrees_of_freedom: f64,
}

impl Contrast {
    /// The interval that holds the true difference with this confidence (0 to 1).
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let t = t_quantile(f64::midpoint(1.0, confidence), self.degrees_of_freedom);
        let half = t * self.standard_error;
        (self.difference - half, self.difference + half)
    }

    /// How likely so large a difference, or a larger one, would be were there none. 1 for no difference at all.
    pub fn p_value(&self) -> f64 {
        if self.difference == 0.0 {
            return 1.0;
        }
        t_two_sided(
            self.difference / self.standard_error,
            self.degrees_of_freedom,
        )
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

/// The mean of differences within pairs, where everything in `beside` were the same on both sides: each of these has a
/// value per pair, which is 0 where nothing but the sides differs (what was first, what another took). What they do is
/// estimated by least squares and taken out (analysis of covariance; R. Fisher, "Statistical Methods for Research
/// Workers"). One that does not vary, or only along with those before it, is left out. `None` unless a degree of
/// freedom is left.
pub fn paired(differences: &[f64], beside: &[&[f64]]) -> Option<Contrast> {
    let moments = Moments::of(differences)?;
    let mut left = off_the_mean(differences, moments.mean);
    let (mut difference, mut doubt) = (moments.mean, 1.0 / moments.n);
    let mut axes: Vec<Axis> = Vec::new();
    for column in beside {
        let Some(axis) = Axis::of(column, &axes).filter(|axis| axis.values.len() == left.len())
        else {
            continue;
        };
        let slope = axis.take_out_of(&mut left);
        difference -= slope * axis.mean;
        doubt += axis.mean.powi(2);
        axes.push(axis);
    }
    let degrees_of_freedom = moments.n - 1.0 - axes.len() as f64;
    let variance = dot(&left, &left) / degrees_of_freedom;
    (degrees_of_freedom >= 1.0).then(|| Contrast {
        difference,
        standard_error: (variance * doubt).sqrt(),
        degrees_of_freedom,
    })
}

/// A direction in which pairs differ: off its mean, of length one, at a right angle to those before it (Gram and
/// Schmidt).
struct Axis {
    values: Vec<f64>,
    /// How far, on its own scale, the mean of the pairs lies from where nothing differs.
    mean: f64,
}

impl Axis {
    fn of(column: &[f64], before: &[Axis]) -> Option<Axis> {
        /// What is left of a column that only goes along with others: rounding errors.
        const NOTHING: f64 = 1e-9;
        let mut mean = Moments::of(column)?.mean;
        let mut values = off_the_mean(column, mean);
        let length = dot(&values, &values).sqrt();
        for axis in before
            .iter()
            .filter(|axis| axis.values.len() == column.len())
        {
            mean -= axis.take_out_of(&mut values) * axis.mean;
        }
        let left = dot(&values, &values).sqrt();
        let scale = length.max(column.iter().fold(0.0, |most, v| v.abs().max(most)));
        (left > NOTHING * scale).then(|| Axis {
            values: values.iter().map(|v| v / left).collect(),
            mean: mean / left,
        })
    }

    /// Removes from some values what goes along with this, and says how much of it there was.
    fn take_out_of(&self, values: &mut [f64]) -> f64 {
        let along = dot(&self.values, values);
        for (value, axis) in values.iter_mut().zip(&self.values) {
            *value -= along * axis;
        }
        along
    }
}

fn off_the_mean(values: &[f64], mean: f64) -> Vec<f64> {
    values.iter().map(|value| value - mean).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
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
        assert!(
            (got - want).abs() < 1e-6 * want.abs().max(1.0),
            "{got}, not {want}"
        );
    }

    #[test]
    fn sleep() {
        // Student's sleep data; R: t.test(extra ~ group), with var.equal = TRUE, with paired = TRUE.
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
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| b - a).collect();
        let pairs = paired(&differences, &[&[1.0; 10]]).unwrap();
        close(pairs.p_value(), 0.002_832_89);
    }

    #[test]
    fn a_drift_goes_into_the_order() {
        // B is 0.1 above A; whoever comes second is 0.05 higher.
        let orders = [1.0, -1.0, 1.0, -1.0];
        let differences = orders.map(|o| 0.1 + 0.05 * o);
        let found = paired(&differences, &[&orders]).unwrap();
        close(found.difference, 0.1);
        assert!(found.standard_error < 1e-12);
        assert_eq!(found.degrees_of_freedom, 2.0);
        // Unbalanced orders do not bias it either.
        let orders = [1.0, 1.0, 1.0, -1.0, 1.0];
        let differences = orders.map(|o| 0.1 + 0.05 * o);
        close(paired(&differences, &[&orders]).unwrap().difference, 0.1);
        assert!(paired(&[0.1, 0.2], &[&[1.0, -1.0]]).is_none());
    }

    #[test]
    fn what_differs_beside_is_taken_out() {
        let d = [0.61, 0.52, 0.83, 0.47, 0.95, 0.58];
        let order = [1.0, -1.0, 1.0, -1.0, 1.0, -1.0];
        let x = [0.02, -0.05, 0.11, -0.03, 0.21, 0.04];
        let found = paired(&d, &[&x, &order]).unwrap();
        // numpy.linalg.lstsq of [1, order, x].
        close(found.difference, 0.579_748_520_7);
        close(found.standard_error, 0.026_317_742_3);
        assert_eq!(found.degrees_of_freedom, 3.0);
        // The order of the columns does not matter, nor does one that says the same again.
        for again in [&[&order[..], &x[..]][..], &[&x, &order, &x, &[0.0; 6]]] {
            let same = paired(&d, again).unwrap();
            close(same.difference, found.difference);
            close(same.standard_error, found.standard_error);
            assert_eq!(same.degrees_of_freedom, 3.0);
        }
        // The other way round it is the mirror.
        let negative = |values: &[f64]| values.iter().map(|v| -v).collect::<Vec<_>>();
        let mirror = paired(&negative(&d), &[&negative(&x), &negative(&order)]).unwrap();
        close(mirror.difference, -found.difference);
        close(mirror.standard_error, found.standard_error);
        // All of a difference that goes along with x.
        let along = paired(&x.map(|x| 0.2 + 3.0 * x), &[&x]).unwrap();
        close(along.difference, 0.2);
        assert!(along.standard_error < 1e-12);
    }

    #[test]
    fn no_difference_is_never_significant() {
        assert_eq!(welch(&[1.0, 2.0], &[1.0, 2.0]).unwrap().p_value(), 1.0);
        assert_eq!(paired(&[0.0; 6], &[&[1.0; 6]]).unwrap().p_value(), 1.0);
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
