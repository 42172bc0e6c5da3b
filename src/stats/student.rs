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

#[cfg(test)]
mod tests {
    use super::t_quantile;

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
            assert!(
                (got - want).abs() < 2e-8,
                "t({p}, {df}) = {got}, not {want}"
            );
        }
        assert_eq!(t_quantile(0.5, 5.0), 0.0);
    }
}
