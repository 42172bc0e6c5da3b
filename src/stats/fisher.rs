//! Fisher's F distribution.

use super::beta;

/// The probability that an F variable with so many degrees of freedom, above and below, is larger than `f` (Abramowitz and
/// Stegun 26.6.2).
pub fn f_beyond(f: f64, above: f64, below: f64) -> f64 {
    if f.is_nan() || f <= 0.0 {
        return 1.0;
    }
    if f.is_infinite() {
        return 0.0;
    }
    beta::regularised(below / 2.0, above / 2.0, below / (below + above * f))
}

#[cfg(test)]
mod tests {
    use super::f_beyond;

    #[test]
    fn tabled_values() {
        // Abramowitz and Stegun, table 26.9.
        for (f, above, below, p) in
            [(3.00, 6.0, 12.0, 0.05), (4.82, 6.0, 12.0, 0.01), (8.38, 6.0, 12.0, 0.001)]
        {
            assert!((f_beyond(f, above, below) / p - 1.0).abs() < 0.01, "{f}");
        }
        assert_eq!(f_beyond(0.0, 6.0, 12.0), 1.0);
        assert_eq!(f_beyond(f64::INFINITY, 6.0, 12.0), 0.0);
    }
}
