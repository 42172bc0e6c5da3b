//! How B differs from A in one metric, and how sure that is: from the doubt within one run a side, or from the spread
//! between several.

use super::doubt::{MeasuredDifference, Steal};
use crate::stats::{self, Bounded, Contrast, Mixture};

use super::arm::Arm;
use super::stolen;
use crate::rule::comparison::Stat;

/// What else than the sides may differ between runs.
#[derive(Debug, Clone)]
pub(super) struct Covariates {
    /// Of runs that were measured in pairs: +1 where A came first, −1 where B did.
    pub orders: Option<Vec<f64>>,
    /// The share of the CPU time that the hypervisor took from each run of A, and of B; `None` where that makes no
    /// difference.
    pub stolen: Option<(Vec<f64>, Vec<f64>)>,
}

/// How much runs of the same thing differ between one another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between {
    /// Standard deviation on the scale of differences.
    pub deviation: f64,
    /// Degrees of freedom it was learnt with; infinite where it is assumed.
    pub degrees_of_freedom: f64,
}

/// One run a side, each of which is off by what runs differ between one another.
pub(super) fn of_batches(a: &Arm, b: &Arm, between: Between) -> MeasuredDifference {
    /// As many degrees of freedom are as good as infinitely many.
    const KNOWN: f64 = 1e6;
    let within_freedom = a.degrees_of_freedom.min(b.degrees_of_freedom);
    let between_freedom = between.degrees_of_freedom.min(KNOWN);
    let difference = |pick: fn(&Arm) -> Bounded, confidence: f64| {
        let t = stats::t_quantile(f64::midpoint(1.0, confidence), between_freedom);
        let more = t * between.deviation;
        stats::difference(pick(a).widened(more), pick(b).widened(more))
    };
    let within = stats::difference(a.ci95, b.ci95);
    let t = stats::t_quantile(0.975, within_freedom);
    let of_within = ((within.high - within.low) / 2.0 / t).powi(2);
    let of_between = 2.0 * between.deviation.powi(2);
    let all = of_within + of_between;
    // F. Satterthwaite, "An approximate distribution of estimates of variance components" (1946).
    let squares = of_within.powi(2) / within_freedom + of_between.powi(2) / between_freedom;
    let degrees_of_freedom =
        if all.is_finite() && squares > 0.0 { all * all / squares } else { within_freedom };
    let ci95 = difference(|arm| arm.ci95, 0.95);
    MeasuredDifference {
        ci95,
        ci90: difference(|arm| arm.ci90, 0.90),
        p: stats::p_value(ci95, degrees_of_freedom),
        standard_error: all.sqrt(),
        degrees_of_freedom,
        between: if all > 0.0 && all.is_finite() { of_between / all } else { 0.0 },
        steal: None,
        errors: None,
    }
}

/// Several runs a side, each a value on the scale of differences; of pairs, values of the same index were measured side
/// by side. `floors` are variances of one run of A and of B that theirs are not below whatever chance has it: no
/// variance at all is no certainty. `alpha` is the error of one look. `None` where there are too few.
pub(super) fn of_runs(
    stat: Stat,
    (a, b): (&[f64], &[f64]),
    covariates: &Covariates,
    floors: (f64, f64),
    alpha: f64,
) -> Option<MeasuredDifference> {
    let measured = match &covariates.orders {
        None => stats::welch(a, b)?,
        Some(orders) => stats::paired(&within(a, b), orders)?,
    };
    let floor = (floors.0 / a.len() as f64 + floors.1 / b.len() as f64).sqrt();
    let bounded = |value: f64, interval: &dyn Fn(f64) -> (f64, f64), confidence: f64| {
        let (low, high) = interval(confidence);
        Bounded { value, low, high }
    };
    let of = |contrast: Contrast| {
        let contrast = contrast.at_least(floor);
        let interval = |confidence| contrast.interval(confidence);
        MeasuredDifference {
            ci95: bounded(contrast.difference, &interval, 1.0 - alpha),
            ci90: bounded(contrast.difference, &interval, 1.0 - 2.0 * alpha),
            p: contrast.p_value(),
            standard_error: contrast.standard_error,
            degrees_of_freedom: contrast.degrees_of_freedom,
            between: 1.0,
            steal: None,
            errors: Some(errors(a, b, covariates, None)),
        }
    };
    let plain = of(measured);
    Some(match mixture(stat, a, b, covariates) {
        Some(mixture) => corrected(stat, plain, &mixture, (a, b), covariates, (floor, alpha)),
        None => plain,
    })
}

fn within(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| b - a).collect()
}

fn transform(stat: Stat, shares: &(Vec<f64>, Vec<f64>)) -> (Vec<f64>, Vec<f64>) {
    let each = |side: &[f64]| -> Vec<f64> {
        side.iter().map(|share| stolen::transform(stat, *share)).collect()
    };
    (each(&shares.0), each(&shares.1))
}

/// What is known of the difference were as much taken from both sides.
fn mixture(stat: Stat, a: &[f64], b: &[f64], covariates: &Covariates) -> Option<Mixture> {
    let (from_a, from_b) = transform(stat, covariates.stolen.as_ref()?);
    let deviation = stolen::prior_sd(stat);
    match &covariates.orders {
        None => stats::welch_beside(a, b, (&from_a, &from_b), deviation),
        Some(orders) => {
            stats::paired_beside(&within(a, b), orders, &within(&from_a, &from_b), deviation)
        }
    }
}

/// Where these runs show that the hypervisor makes them slower, what it did is taken out; a correction goes from what
/// was measured towards no difference and never beyond either, so that what was equal stays equal. Where they do not
/// show it, what was measured stays, and the other figure is told beside it.
fn corrected(
    stat: Stat,
    plain: MeasuredDifference,
    mixture: &Mixture,
    (a, b): (&[f64], &[f64]),
    covariates: &Covariates,
    (floor, alpha): (f64, f64),
) -> MeasuredDifference {
    /// One-sided level at which runs show what a share does.
    const SHOWN: f64 = 0.01;
    let slope = mixture.slope().filter(|slope| {
        let worse = (slope.value > 0.0) != stat.more_is_better();
        worse && stats::t_two_sided(slope.t, slope.degrees_of_freedom) / 2.0 < SHOWN
    });
    let raw = plain.ci95.value;
    let value = towards_nothing(raw, mixture.difference());
    let bounded = |confidence: f64| {
        let t = stats::t_quantile(f64::midpoint(1.0, confidence), mixture.degrees_of_freedom());
        let (low, high) = mixture.interval(confidence);
        Bounded { value, low: low.min(value - t * floor), high: high.max(value + t * floor) }
    };
    let ci95 = bounded(1.0 - alpha);
    let steal = |p| Steal { shown: slope.is_some(), measured: raw, corrected: ci95, p };
    if slope.is_none() {
        return MeasuredDifference { steal: Some(steal(mixture.p_value())), ..plain };
    }
    let p = if value == 0.0 { 1.0 } else { mixture.p_value() };
    let t = stats::t_quantile(1.0 - alpha / 2.0, mixture.degrees_of_freedom());
    MeasuredDifference {
        ci95,
        ci90: bounded(1.0 - 2.0 * alpha),
        p,
        standard_error: (ci95.high - ci95.low) / 2.0 / t,
        degrees_of_freedom: mixture.degrees_of_freedom(),
        steal: Some(steal(p)),
        errors: Some(errors(a, b, covariates, slope.map(|slope| (stat, slope.value)))),
        ..plain
    }
}

/// The corrected difference, but no further from nothing than what was measured, and on no other side of it.
fn towards_nothing(measured: f64, corrected: f64) -> f64 {
    if measured * corrected <= 0.0 {
        0.0
    } else {
        measured.signum() * measured.abs().min(corrected.abs())
    }
}

/// What a test is made from, less what `slope` units of stolen time do.
fn errors(a: &[f64], b: &[f64], covariates: &Covariates, slope: Option<(Stat, f64)>) -> Vec<f64> {
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    if let (Some((stat, slope)), Some(shares)) = (slope, &covariates.stolen) {
        let (from_a, from_b) = transform(stat, shares);
        a.iter_mut().zip(from_a).for_each(|(value, transform)| *value -= slope * transform);
        b.iter_mut().zip(from_b).for_each(|(value, transform)| *value -= slope * transform);
    }
    let all = match covariates.orders {
        Some(_) => within(&a, &b),
        None => [a, b].concat(),
    };
    stats::without(&all, &nuisances(covariates, all.len()))
}

/// What is estimated beside the effect: what the order does of pairs, the mean of others.
pub(super) fn nuisances(covariates: &Covariates, count: usize) -> Vec<Vec<f64>> {
    let unit = 1.0 / (count as f64).sqrt();
    match &covariates.orders {
        None => vec![vec![unit; count]],
        Some(orders) if orders.iter().any(|order| *order != orders[0]) => {
            vec![orders.iter().map(|order| order * unit).collect()]
        }
        Some(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four pairs, B stalled for so much more while so much more was taken from it.
    fn stalled(more: f64, taken: f64) -> MeasuredDifference {
        let scatter = [0.001, -0.001, 0.002, -0.002];
        let covariates = Covariates {
            orders: Some(vec![1.0, -1.0, 1.0, -1.0]),
            stolen: Some((vec![0.02; 4], vec![0.02 + taken; 4])),
        };
        let b = scatter.map(|scatter| more + scatter);
        of_runs(Stat::Stalls, (&[0.0; 4], &b), &covariates, (0.0, 0.0), 0.05).unwrap()
    }

    #[test]
    fn time_that_is_stolen_is_stalled_but_not_many_times_over() {
        let explained = stalled(0.03, 0.03).steal.unwrap();
        assert!(explained.p > 0.05, "{explained:?}");
        let found = stalled(0.3, 0.03).steal.unwrap();
        assert!(found.p < 0.05, "{found:?}");
    }

    #[test]
    fn no_variance_is_no_certainty() {
        let covariates = Covariates { orders: Some(vec![1.0, -1.0, 1.0, -1.0]), stolen: None };
        let zeros = [0.0; 4];
        let found =
            of_runs(Stat::Errors, (&zeros, &zeros), &covariates, (1e-4, 1e-4), 0.05).unwrap();
        assert!(found.ci95.low < -0.01 && found.ci95.high > 0.01, "{found:?}");
        assert_eq!(found.p, 1.0);
    }

    #[test]
    fn a_correction_never_moves_what_is_equal() {
        assert_eq!(towards_nothing(0.0, -0.13), 0.0);
        assert_eq!(towards_nothing(0.1, -0.13), 0.0);
        assert_eq!(towards_nothing(0.2, 0.1), 0.1);
        assert_eq!(towards_nothing(-0.1, -0.2), -0.1);
    }
}
