//! Student's t distribution.

use super::beta;

/// The value that a t variable with so many degrees of freedom stays below with probability `p`, for 0 < p < 1
/// (Abramowitz and Stegun 26.7.1: 2·P(T > t) = I_x(ν/2, ½) with x = ν/(ν + t²)).
pub fn t_quantile(p: f64, degrees_of_freedom: f64) -> f64 {
    let tail = 2.0 * p.min(1.0 - p);
    // I_x(ν/2, ½) = tail, solved as I_y(½, ν/2) = 1 − tail with y = 1 − x: y is the small one for large ν.
    let y = beta::inverse(0.5, degrees_of_freedom / 2.0, 1.0 - tail);
    let t = (degrees_of_freedom * y / (1.0 - y)).sqrt();
    if p < 0.5 { -t } else { t }
}

/// The probability that a t variable with so many degrees of freedom is further from 0 than `t`, on either side
/// (Abramowitz and Stegun 26.7.1).
pub fn t_two_sided(t: f64, degrees_of_freedom: f64) -> f64 {
    if t.is_nan() {
        return 1.0;
    }
    if t.is_infinite() {
        return 0.0;
    }
    let x = degrees_of_freedom / (degrees_of_freedom + t * t);
    beta::regularised(degrees_of_freedom / 2.0, 0.5, x)
}

#[cfg(test)]
mod tests {
    use super::{t_quantile, t_two_sided};

    #[test]
    fn tabled_values() {
        let table = [
            (0.975, 9.0, 2.262_157_162_8),
            (0.95, 9.0, 1.833_112_932_7),
            (0.975, 1.0, 12.706_204_736_4),
            (0.95, 19.0, 1.729_132_811_5),
            (0.975, 1e9, 1.959_963_986_9),
            (0.025, 9.0, -2.262_157_162_8),
        ];
        for (p, df, want) in table {
            let got = t_quantile(p, df);
            assert!((got - want).abs() < 2e-8, "t({p}, {df}) = {got}, not {want}");
        }
        assert_eq!(t_quantile(0.5, 5.0), 0.0);
    }

    #[test]
    fn probabilities_undo_quantiles() {
        for df in [1.0, 2.5, 9.0, 40.0] {
            for p in [0.6, 0.9, 0.975, 0.999, 0.999_999] {
                let both = t_two_sided(t_quantile(p, df), df);
                assert!((both / (2.0 * (1.0 - p)) - 1.0).abs() < 1e-4, "{p} {df}: {both}");
            }
        }
        assert_eq!(t_two_sided(0.0, 4.0), 1.0);
        assert_eq!(t_two_sided(f64::INFINITY, 4.0), 0.0);
        assert_eq!(t_two_sided(-2.0, 4.0), t_two_sided(2.0, 4.0));
    }
}
