//! Differences within pairs that were measured in alternating order, with and without something else that differs.

use super::contrast::Contrast;
use super::mixture::{Mixture, less};
use super::student::t_two_sided;

/// The order counts where it is shown to do something at this level, or where as many pairs were not measured in each
/// order. Taken in at 1 in 200 of what does nothing, it makes a level of 5 % one of 5.3 % at most, and gives six pairs a
/// degree of freedom back.
const ORDER_SHOWN: f64 = 0.005;

/// The mean of differences within pairs. `orders` is +1 where the first of a pair was measured first and −1 where the
/// second was: what the order does is estimated by least squares and taken out, unless it never changes, or changes
/// evenly and does nothing that shows: then it does not touch the mean, and what it does is part of the scatter. `None`
/// unless a degree of freedom is left.
pub fn paired(differences: &[f64], orders: &[f64]) -> Option<Contrast> {
    let with = in_order(differences, orders);
    if orders.iter().sum::<f64>() != 0.0 {
        return with;
    }
    let without = in_order(differences, &vec![0.0; orders.len()])?;
    let Some(with) = with else {
        return Some(without);
    };
    let n = differences.len() as f64;
    let along: f64 = orders.iter().zip(differences).map(|(o, d)| o * d).sum();
    let t = along / n / with.standard_error;
    let shown = t_two_sided(t, with.degrees_of_freedom) < ORDER_SHOWN;
    Some(if shown { with } else { without })
}

/// With the order always taken out where it changes at all.
fn in_order(differences: &[f64], orders: &[f64]) -> Option<Contrast> {
    let n = differences.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let (level, order) = (mean(differences), mean(orders));
    let axis: Vec<f64> = orders.iter().map(|o| o - order).collect();
    let length: f64 = axis.iter().map(|o| o * o).sum();
    let alternates = length > 0.0;
    let along: f64 = axis.iter().zip(differences).map(|(o, d)| o * d).sum();
    let by_order = if alternates { along / length } else { 0.0 };
    let left = axis.iter().zip(differences).map(|(o, d)| d - level - by_order * o);
    let squares: f64 = left.map(|left| left * left).sum();
    let degrees_of_freedom = n - 1.0 - f64::from(u8::from(alternates));
    let off_balance = if alternates { order * order / length } else { 0.0 };
    (degrees_of_freedom >= 1.0).then(|| Contrast {
        difference: level - by_order * order,
        standard_error: (squares / degrees_of_freedom * (1.0 / n + off_balance)).sqrt(),
        degrees_of_freedom,
    })
}

/// As [`paired`], where something beside, by which the second of each pair `differs` from the first, were the same on
/// both sides; `deviation` is what one unit of it is believed to do ([`Mixture`]). Where the pairs tell what it does,
/// this is the analysis of covariance.
pub fn paired_beside(
    differences: &[f64],
    orders: &[f64],
    differs: &[f64],
    deviation: f64,
) -> Option<Mixture> {
    let plain = in_order(differences, orders)?;
    let at = |slope: f64| {
        let contrast = in_order(&less(differences, slope, differs), orders).unwrap_or(plain);
        let scatter = contrast.standard_error.max(f64::MIN_POSITIVE);
        (contrast, -contrast.degrees_of_freedom * scatter.ln())
    };
    Some(Mixture::over_slopes(deviation, at))
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
        assert!(in_order(&[0.1, 0.2], &[1.0, -1.0]).is_none());
        // Where it does nothing that shows, it costs nothing.
        assert_eq!(paired(&D, &ORDERS).unwrap().degrees_of_freedom, 5.0);
    }

    #[test]
    fn with_nothing_believed_it_is_the_analysis_of_covariance() {
        // numpy.linalg.lstsq of [1, order, x].
        let wanted = Contrast {
            difference: 0.579_748_520_7,
            standard_error: 0.026_317_742_3,
            degrees_of_freedom: 3.0,
        };
        let found = paired_beside(&D, &ORDERS, &X, 40.0).unwrap();
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
        let mirror = paired_beside(&negative(D), &negative(ORDERS), &negative(X), 40.0);
        close(mirror.unwrap().difference(), -found.difference(), 1e-6);
        // All of a difference that goes along.
        let along = X.map(|x| 0.2 + 3.0 * x);
        let along = paired_beside(&along, &ORDERS, &X, 40.0).unwrap();
        let (low, high) = along.interval(0.95);
        close(low, 0.2, 1e-3);
        close(high, 0.2, 1e-3);
    }

    #[test]
    fn what_pairs_cannot_tell_is_bounded_by_belief() {
        // Always as much more: least squares know nothing of it. B is e^2.6 times A, which 0.02 at 40 each is not.
        let d = [2.54, 2.86, 3.16, 1.91];
        let found = paired_beside(&d, &[1.0; 4], &[0.02; 4], 40.0).unwrap();
        close(found.difference(), 2.6175, 1e-3);
        // Student's interval of ± 0.85, and ± 1.96 · 0.8 of doubt.
        let (low, high) = found.interval(0.95);
        close(high - 2.6175, 1.79, 0.05);
        close(2.6175 - low, 1.79, 0.05);
        assert!(found.p_value() < 0.02, "{}", found.p_value());
        // A fifth that was stolen may have done it.
        let found = paired_beside(&d, &[1.0; 4], &[0.2; 4], 40.0).unwrap();
        assert!(found.p_value() > 0.5, "{}", found.p_value());
    }

    #[test]
    fn belief_in_nothing_leaves_the_pairs_as_they_are() {
        let (found, plain) =
            (paired_beside(&D, &ORDERS, &X, 1e-6).unwrap(), in_order(&D, &ORDERS).unwrap());
        close(found.difference(), plain.difference, 1e-6);
        close(found.interval(0.95).0, plain.interval(0.95).0, 1e-5);
        close(found.p_value() / plain.p_value(), 1.0, 1e-4);
        let none = paired_beside(&[0.0; 6], &ORDERS, &X, 40.0).unwrap();
        assert_eq!(none.p_value(), 1.0);
    }

    #[test]
    fn values_without_an_end_end() {
        for odd in [f64::NEG_INFINITY, f64::NAN] {
            let mut differences = D;
            differences[2] = odd;
            let found = paired_beside(&differences, &ORDERS, &X, 40.0).unwrap();
            assert_eq!(found.p_value(), 1.0);
        }
    }
}
