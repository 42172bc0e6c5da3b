//! How large a true difference must be to be found.

use super::normal::below;

/// Steps of the integral over what a standard error may turn out to be.
const STEPS: usize = 200;

/// How likely a true difference is found: its estimate must be at least `margin`, and its t statistic beyond `critical`.
/// `standard_error` is the true one, of which as many degrees of freedom are known. Integrates over the estimated one
/// (a χ distribution) by the rectangle rule.
pub fn power(
    difference: f64,
    standard_error: f64,
    degrees_of_freedom: f64,
    critical: f64,
    margin: f64,
) -> f64 {
    let found = |s: f64| {
        let needed = (critical * s * standard_error).max(margin);
        let beyond = |difference: f64| 1.0 - below((needed - difference) / standard_error);
        beyond(difference) + beyond(-difference)
    };
    if degrees_of_freedom > 1e4 {
        return found(1.0);
    }
    let nu = degrees_of_freedom;
    // The density of s = √(χ²/ν), but for a factor.
    let log_density = |s: f64| (nu - 1.0) * s.ln() - nu * s * s / 2.0;
    let most = log_density(((nu - 1.0) / nu).max(1e-4).sqrt());
    let furthest = 1.0 + 6.0 / nu.sqrt();
    let (mut sum, mut all) = (0.0, 0.0);
    for step in 0..STEPS {
        let s = (step as f64 + 0.5) / STEPS as f64 * furthest;
        let weight = (log_density(s) - most).exp();
        sum += weight * found(s);
        all += weight;
    }
    sum / all
}

/// The smallest true difference that is found with this power; infinite where none is.
pub fn detectable(
    wanted: f64,
    standard_error: f64,
    degrees_of_freedom: f64,
    critical: f64,
    margin: f64,
) -> f64 {
    if !(standard_error > 0.0 && standard_error.is_finite() && critical.is_finite()) {
        return f64::INFINITY;
    }
    let found =
        |difference: f64| power(difference, standard_error, degrees_of_freedom, critical, margin);
    let mut high = (critical * standard_error).max(margin).max(standard_error);
    while found(high) < wanted {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if found(middle) < wanted { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::t_quantile;

    #[test]
    fn as_tables_of_the_noncentral_t_have_it() {
        // One sample of 6, a difference of 1.5 deviations, α = 0.05: 0.832.
        let critical = t_quantile(0.975, 5.0);
        let found = power(1.5, 1.0 / 6f64.sqrt(), 5.0, critical, 0.0);
        assert!((found - 0.832).abs() < 0.005, "{found}");
        assert!((power(0.0, 0.4, 5.0, critical, 0.0) - 0.05).abs() < 0.002);
        let back = detectable(0.832, 1.0 / 6f64.sqrt(), 5.0, critical, 0.0);
        assert!((back - 1.5).abs() < 0.03, "{back}");
    }

    #[test]
    fn what_must_matter_too_is_found_later() {
        let critical = t_quantile(0.975, 100.0);
        let found = detectable(0.8, 0.01, 100.0, critical, 0.1);
        assert!((found - (0.1 + 0.01 * 0.8416)).abs() < 1e-3, "{found}");
        assert!(detectable(0.8, 0.0, 4.0, 2.0, 0.1).is_infinite());
    }
}
