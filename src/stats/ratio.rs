//! Differences of two estimates that bring their own intervals, however skewed: MOVER, "method of variance estimates
//! recovery" (G. Zou and A. Donner, "Construction of confidence limits about effect measures: a general approach",
//! Statistics in Medicine 27 (2008)). On logarithms this is the interval of a ratio.

use super::student::{t_quantile, t_two_sided};

/// A value with the interval it lies in; an end that is not known is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounded {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Bounded {
    /// The same with a further, independent doubt of this half width on both sides.
    pub fn widened(&self, half: f64) -> Bounded {
        Bounded {
            value: self.value,
            low: self.value - (self.value - self.low).hypot(half),
            high: self.value + (self.high - self.value).hypot(half),
        }
    }
}

/// `b` − `a`, with an interval of the confidence that the intervals of both have.
pub fn difference(a: Bounded, b: Bounded) -> Bounded {
    let value = b.value - a.value;
    Bounded {
        value,
        low: value - (b.value - b.low).hypot(a.high - a.value),
        high: value + (b.high - b.value).hypot(a.value - a.low),
    }
}

/// How likely so large a value would be were the truth 0: the half of the 95 % interval that faces 0 is taken for
/// t(0.975) standard errors.
pub fn p_value(estimate: Bounded, degrees_of_freedom: f64) -> f64 {
    let facing = if estimate.value > 0.0 {
        estimate.value - estimate.low
    } else {
        estimate.high - estimate.value
    };
    if estimate.value == 0.0 || facing.is_infinite() {
        return 1.0;
    }
    let t = t_quantile(0.975, degrees_of_freedom) * estimate.value.abs() / facing;
    t_two_sided(t, degrees_of_freedom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bounded, difference, p_value};

    #[test]
    fn equal_symmetric_intervals_add_in_quadrature() {
        let a = Bounded { value: 1.0, low: 0.7, high: 1.3 };
        let b = Bounded { value: 2.0, low: 1.6, high: 2.4 };
        let found = difference(a, b);
        assert!((found.low - 0.5).abs() < 1e-12 && (found.high - 1.5).abs() < 1e-12);
        assert!((p_value(found, 9.0) - 0.00142).abs() < 1e-4, "{}", p_value(found, 9.0));
    }

    #[test]
    fn what_is_not_bounded_is_never_significant() {
        let a = Bounded { value: 1.0, low: 0.9, high: f64::INFINITY };
        let b = Bounded { value: 2.0, low: 1.9, high: 2.1 };
        let found = difference(a, b);
        assert_eq!(found.low, f64::NEG_INFINITY);
        assert_eq!(p_value(found, 9.0), 1.0);
    }

    #[test]
    fn an_end_at_zero_is_five_percent() {
        let edge = Bounded { value: 1.0, low: 0.0, high: 5.0 };
        assert!((p_value(edge, 7.0) - 0.05).abs() < 1e-9);
        let wider = edge.widened(1.0);
        assert!(wider.low < 0.0 && wider.high > 5.0 && p_value(wider, 7.0) > 0.05);
    }

    proptest! {
        #[test]
        fn the_other_way_round_is_the_mirror(
            a in -5f64..5.0, al in 0f64..2.0, ah in 0f64..2.0,
            b in -5f64..5.0, bl in 0f64..2.0, bh in 0f64..2.0,
        ) {
            let a = Bounded { value: a, low: a - al, high: a + ah };
            let b = Bounded { value: b, low: b - bl, high: b + bh };
            let (there, back) = (difference(a, b), difference(b, a));
            prop_assert_eq!(there.value, -back.value);
            prop_assert!((there.low + back.high).abs() < 1e-12 && (there.high + back.low).abs() < 1e-12);
            prop_assert!((p_value(there, 9.0) - p_value(back, 9.0)).abs() < 1e-9);
        }
    }
}
