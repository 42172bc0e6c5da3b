//! How B differs from A in one metric, and how sure that is: from the doubt within one run a side, or from the spread
//! between several.

use crate::stats::{self, Bounded, Contrast, Mixture};

use super::arm::Arm;
use super::{Stat, stolen};

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

/// What else than the sides may differ between runs.
#[derive(Debug, Clone)]
pub(super) struct Beside {
    /// Of runs that were measured in pairs: +1 where A came first, −1 where B did.
    pub orders: Option<Vec<f64>>,
    /// The share of the CPU time that the hypervisor took from each run of A, and of B; `None` where that makes no
    /// difference.
    pub stolen: Option<(Vec<f64>, Vec<f64>)>,
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
    Doubt {
        ci95,
        ci90: difference(|arm| arm.ci90, 0.90),
        p: stats::p_value(ci95, degrees_of_freedom),
        detectable: detectable(ci95, degrees_of_freedom),
    }
}

/// Several runs a side, each a value on the scale of differences; of pairs, values of the same index were measured side
/// by side. `None` where there are too few.
pub(super) fn of_runs(stat: Stat, a: &[f64], b: &[f64], beside: &Beside) -> Option<Doubt> {
    let deviation = stolen::does(stat);
    let felt = |shares: &[f64]| -> Vec<f64> {
        shares.iter().map(|share| stolen::felt(stat, *share)).collect()
    };
    let stolen = beside.stolen.as_ref().map(|(a, b)| (felt(a), felt(b)));
    let within =
        |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| b - a).collect() };
    Some(match (&beside.orders, &stolen) {
        (None, None) => of_contrast(stats::welch(a, b)?),
        (None, Some((from_a, from_b))) => {
            of_mixture(&stats::welch_beside(a, b, (from_a, from_b), deviation)?)
        }
        (Some(orders), None) => of_contrast(stats::paired(&within(a, b), orders)?),
        (Some(orders), Some((from_a, from_b))) => of_mixture(&stats::paired_beside(
            &within(a, b),
            orders,
            &within(from_a, from_b),
            deviation,
        )?),
    })
}

fn of_contrast(contrast: Contrast) -> Doubt {
    doubt(
        contrast.difference,
        |confidence| contrast.interval(confidence),
        contrast.p_value(),
        contrast.degrees_of_freedom,
    )
}

fn of_mixture(mixture: &Mixture) -> Doubt {
    doubt(
        mixture.difference(),
        |confidence| mixture.interval(confidence),
        mixture.p_value(),
        mixture.degrees_of_freedom(),
    )
}

fn doubt(
    value: f64,
    interval: impl Fn(f64) -> (f64, f64),
    p: f64,
    degrees_of_freedom: f64,
) -> Doubt {
    let bounded = |confidence| {
        let (low, high) = interval(confidence);
        Bounded { value, low, high }
    };
    let ci95 = bounded(0.95);
    Doubt { ci95, ci90: bounded(0.90), p, detectable: detectable(ci95, degrees_of_freedom) }
}

/// (t(0.975) + t(power)) standard errors, from the interval of t(0.975) of them to each side.
fn detectable(ci95: Bounded, degrees_of_freedom: f64) -> f64 {
    let t = |p| stats::t_quantile(p, degrees_of_freedom);
    (ci95.high - ci95.low) / 2.0 * (t(0.975) + t(POWER)) / t(0.975)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four pairs, B stalled for so much more while so much more was taken from it.
    fn stalled(more: f64, taken: f64) -> Doubt {
        let scatter = [0.001, -0.001, 0.002, -0.002];
        let beside = Beside {
            orders: Some(vec![1.0, -1.0, 1.0, -1.0]),
            stolen: Some((vec![0.02; 4], vec![0.02 + taken; 4])),
        };
        let b = scatter.map(|scatter| more + scatter);
        of_runs(Stat::Stalls, &[0.0; 4], &b, &beside).unwrap()
    }

    #[test]
    fn time_that_is_stolen_is_stalled_but_not_many_times_over() {
        let explained = stalled(0.03, 0.03);
        assert!(explained.p > 0.05, "{explained:?}");
        let found = stalled(0.3, 0.03);
        assert!(found.p < 0.05, "{found:?}");
    }
}
