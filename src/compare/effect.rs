//! How B differs from A in one metric, and how sure that is: from the doubt within one run a side, or from the spread
//! between several.

use crate::stats::{self, Bounded, Contrast};

use super::arm::Arm;

/// Probability of finding a true effect of the size that is called detectable.
const POWER: f64 = 0.8;

/// A difference on the scale of differences: ln(B/A), for shares B − A.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    /// With 95 %.
    pub ci95: Bounded,
    /// With 90 %: lies it within ± the smallest effect that matters, the sides are shown to be equal (two one-sided
    /// tests, D. Schuirmann 1987).
    pub ci90: Bounded,
    /// How likely so large a difference would be were there none.
    pub p: f64,
    /// The smallest true difference that would be found four times out of five.
    pub detectable: f64,
}

/// What else than the sides differs within pairs of runs.
#[derive(Debug, Clone)]
pub(super) struct Pairs {
    /// +1 where A came first, −1 where B did.
    pub orders: Vec<f64>,
    /// By how much more of the CPU time the hypervisor took from B than from A; `None` where that is nothing.
    pub stolen: Option<Vec<f64>>,
}

impl Pairs {
    /// With fewer pairs there is no degree of freedom to spare for two things beside: the order, which alternates, is
    /// then left to balance out.
    const FEWEST_FOR_BOTH: usize = 6;

    fn beside(&self) -> Vec<&[f64]> {
        match &self.stolen {
            Some(stolen) if self.orders.len() < Self::FEWEST_FOR_BOTH => vec![stolen],
            Some(stolen) => vec![stolen, &self.orders],
            None => vec![&self.orders],
        }
    }
}

/// One run a side. `between_runs` is a further standard deviation of each side with its degrees of freedom, known from
/// repeated runs.
pub(super) fn of_batches(a: &Arm, b: &Arm, between_runs: Option<(f64, f64)>) -> Doubt {
    let degrees_of_freedom = a.degrees_of_freedom.min(b.degrees_of_freedom);
    let difference = |pick: fn(&Arm) -> Bounded, confidence: f64| {
        let more = between_runs.map_or(0.0, |(deviation, degrees_of_freedom)| {
            let t = stats::t_quantile(f64::midpoint(1.0, confidence), degrees_of_freedom);
            t * deviation
        });
        stats::difference(pick(a).widened(more), pick(b).widened(more))
    };
    let ci95 = difference(|arm| arm.ci95, 0.95);
    let half = (ci95.high - ci95.low) / 2.0;
    let t = |p| stats::t_quantile(p, degrees_of_freedom);
    Doubt {
        ci95,
        ci90: difference(|arm| arm.ci90, 0.90),
        p: stats::p_value(ci95, degrees_of_freedom),
        detectable: half * (t(0.975) + t(POWER)) / t(0.975),
    }
}

/// Several runs a side, each a value on the scale of differences. With `pairs`, values of the same index were measured
/// side by side. `None` where there are too few.
pub(super) fn of_runs(a: &[f64], b: &[f64], pairs: Option<&Pairs>) -> Option<Doubt> {
    let contrast = match pairs {
        Some(pairs) => {
            let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
            stats::paired(&differences, &pairs.beside())?
        }
        None => stats::welch(a, b)?,
    };
    Some(of_contrast(contrast))
}

fn of_contrast(contrast: Contrast) -> Doubt {
    let bounded = |confidence| {
        let (low, high) = contrast.interval(confidence);
        Bounded {
            value: contrast.difference,
            low,
            high,
        }
    };
    let t = |p| stats::t_quantile(p, contrast.degrees_of_freedom);
    Doubt {
        ci95: bounded(0.95),
        ci90: bounded(0.90),
        p: contrast.p_value(),
        detectable: (t(0.975) + t(POWER)) * contrast.standard_error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B is 0.1 above A, whoever comes second 0.05 higher, and two for each share of CPU time lost.
    fn judged(stolen: &[f64]) -> Doubt {
        let orders: Vec<f64> = (0..stolen.len())
            .map(|i| 1.0 - 2.0 * (i % 2) as f64)
            .collect();
        let pairs = orders.iter().zip(stolen);
        let b: Vec<f64> = pairs.map(|(o, s)| 0.1 + 0.05 * o + 2.0 * s).collect();
        let pairs = Pairs {
            orders,
            stolen: Some(stolen.to_vec()),
        };
        of_runs(&vec![0.0; b.len()], &b, Some(&pairs)).unwrap()
    }

    #[test]
    fn six_pairs_tell_the_order_and_what_was_stolen_apart() {
        let six = judged(&[0.02, -0.05, 0.11, -0.03, 0.21, 0.04]);
        assert!((six.ci95.value - 0.1).abs() < 1e-9 && six.ci95.high - six.ci95.low < 1e-9);
        // Five do not, and say so by their doubt.
        let five = judged(&[0.02, -0.05, 0.11, -0.03, 0.21]);
        assert!(five.ci95.low < 0.1 && five.ci95.high > 0.1);
        assert!(five.ci95.high - five.ci95.low > 0.1, "{five:?}");
    }
}
