//! Looking more than once: the level of each look so that all of them together err no more often than one would.
//!
//! The error is spent in proportion to what was measured of what may be measured at most (K. Lan and D. DeMets,
//! "Discrete sequential boundaries for clinical trials", Biometrika 70 (1983), their third function), the levels follow by
//! numerical integration (P. Armitage, C. McPherson, B. Rowe, JRSS A 132 (1969)). They are those of normal statistics;
//! taken as levels of p-values of Student's t they hold closely enough from six pairs on (C. Jennison and B. Turnbull,
//! "Group Sequential Methods", §3.8).

use super::normal::below;

/// Points of the integral over what an earlier look may have shown.
const POINTS: usize = 400;

/// The two-sided level of each look at these ascending fractions (the last is 1) of all that may be measured.
pub fn levels(fractions: &[f64], alpha: f64) -> Vec<f64> {
    let mut levels = Vec::new();
    // Where the sum was at the look before, and how likely, having gone on.
    let mut before: Vec<(f64, f64)> = vec![(0.0, 1.0)];
    let (mut spent, mut last) = (0.0, 0.0);
    for &fraction in fractions {
        let step = (fraction - last).max(1e-9).sqrt();
        let spend = alpha * fraction - spent;
        let beyond = |limit: f64| -> f64 {
            let off = |(at, weight): &(f64, f64)| {
                weight * (below((at - limit) / step) + below((-limit - at) / step))
            };
            before.iter().map(off).sum()
        };
        let (mut low, mut high) = (0.0, 10.0);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if beyond(middle) > spend { low = middle } else { high = middle }
        }
        levels.push(2.0 * below(-high / fraction.sqrt()));
        let width = 2.0 * high / POINTS as f64;
        let density = |at: f64| -> f64 {
            let normal = |x: f64| (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
            before.iter().map(|(from, weight)| weight * normal((at - from) / step) / step).sum()
        };
        before = (0..POINTS)
            .map(|point| {
                let at = -high + (point as f64 + 0.5) * width;
                (at, density(at) * width)
            })
            .collect();
        (spent, last) = (alpha * fraction, fraction);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::levels;

    #[test]
    fn one_look_spends_all_of_it() {
        assert!((levels(&[1.0], 0.05)[0] - 0.05).abs() < 1e-5);
    }

    #[test]
    fn of_many_looks_few_are_alarms() {
        use rand_core::{Rng, SeedableRng};
        let fractions = [0.25, 0.375, 0.5, 0.75, 1.0];
        let found = levels(&fractions, 0.05);
        assert!((found[0] - 0.0125).abs() < 1e-4, "{found:?}");
        assert!(found[4] > found[0], "{found:?}");
        assert!(found.iter().sum::<f64>() > 0.05 && found[4] < 0.05, "{found:?}");
        let mut random = rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(5);
        // Sums of 24 steps each of which is one of 12 even numbers, as good as normal.
        let mut step = || -> f64 {
            (0..12).map(|_| f64::from(random.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 6.0
        };
        const DRAWS: usize = 4_000;
        let mut alarms = 0;
        for _ in 0..DRAWS {
            let sums: Vec<f64> = (0..24)
                .scan(0.0, |sum, _| {
                    *sum += step();
                    Some(*sum)
                })
                .collect();
            alarms += usize::from(fractions.iter().zip(&found).any(|(fraction, level)| {
                let n = (24.0 * fraction).round();
                let z = sums[n as usize - 1] / n.sqrt();
                crate::stats::t_two_sided(z, 1e6) < *level
            }));
        }
        let share = alarms as f64 / DRAWS as f64;
        assert!((0.04..0.06).contains(&share), "{share}");
    }
}
