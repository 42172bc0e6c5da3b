//! Many tests at once, some of them of the same runs: the family-wise error of all of them.
//!
//! Step-down minimum p-values (P. Westfall and S. Young, "Resampling-Based Multiple Testing", 1993), resampled by
//! rotation (Ø. Langsrud, "Rotation tests", Statistics and Computing 15 (2005)): where errors are normal, the metrics of
//! the same runs, however correlated, are under the null hypothesis as likely in any direction as in the one they were
//! found in. Metrics that go up and down together cost what one of them costs; metrics with nothing in common cost what
//! S. Holm's procedure (Scandinavian Journal of Statistics 6 (1979)) takes, which is what this is of them alone.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::student::t_quantile;

/// Tests of the same runs.
#[derive(Debug, Clone, Default)]
pub struct Joint {
    /// The p-value of each test, two-sided.
    pub p_values: Vec<f64>,
    /// What each test was made from: one number per run or pair, without what is estimated beside the effect. All of
    /// equal length; empty for a single test, whose p-value is all that is needed.
    pub errors: Vec<Vec<f64>>,
    /// Nuisances that `errors` are orthogonal to, each of length 1 and orthogonal to the others.
    pub nuisances: Vec<Vec<f64>>,
}

impl Joint {
    /// One test by itself.
    pub fn single(p: f64) -> Joint {
        Joint { p_values: vec![p], ..Joint::default() }
    }
}

/// Tests of several sets of runs, ready to be judged together.
#[derive(Debug)]
pub struct Family {
    sets: Vec<Set>,
}

#[derive(Debug)]
struct Set {
    p_values: Vec<f64>,
    /// Per draw the size of each test's statistic, as the cosine of its errors with a random direction; none of a
    /// single test.
    draws: Vec<Vec<f64>>,
    /// The largest of each draw, ascending.
    largest: Vec<f64>,
    degrees_of_freedom: f64,
}

/// Draws of a family: p-values near 0.05 are off by a third of a percentage point.
const DRAWS: usize = 4_000;
/// Of very many runs fewer draws, so that this many numbers are drawn.
const MOST_NUMBERS: usize = 1_000_000;
const FEWEST_DRAWS: usize = 500;

impl Family {
    /// Draws what the tests of each set would be were there no effects. The draws are the same every time.
    pub fn new(joints: Vec<Joint>) -> Family {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(0x5EED);
        Family { sets: joints.into_iter().map(|joint| Set::new(joint, &mut random)).collect() }
    }

    /// Each p-value adjusted for all others, set by set: the smallest family-wise error at which it would still be
    /// rejected.
    pub fn adjusted(&self) -> Vec<Vec<f64>> {
        let mut order: Vec<(f64, usize, usize)> = Vec::new();
        for (index, set) in self.sets.iter().enumerate() {
            order.extend(set.p_values.iter().enumerate().map(|(test, p)| (*p, index, test)));
        }
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut left: Vec<Vec<bool>> =
            self.sets.iter().map(|set| vec![true; set.p_values.len()]).collect();
        let mut adjusted: Vec<Vec<f64>> =
            self.sets.iter().map(|set| vec![1.0; set.p_values.len()]).collect();
        let mut highest: f64 = 0.0;
        for (p, index, test) in order {
            let sum: f64 =
                self.sets.iter().zip(&left).map(|(set, left)| set.any_below(p, left)).sum();
            highest = highest.max(sum.max(p).min(1.0));
            adjusted[index][test] = highest;
            left[index][test] = false;
        }
        adjusted
    }

    /// The p-value that a test must stay below to be rejected at `alpha` while all others are in the family.
    pub fn nominal(&self, alpha: f64) -> f64 {
        let tests: usize = self.sets.iter().map(|set| set.p_values.len()).sum();
        if tests == 0 {
            return alpha;
        }
        let all: Vec<Vec<bool>> =
            self.sets.iter().map(|set| vec![true; set.p_values.len()]).collect();
        let (mut low, mut high) = (alpha / tests as f64, alpha);
        for _ in 0..30 {
            let middle = f64::midpoint(low, high);
            let sum: f64 =
                self.sets.iter().zip(&all).map(|(set, all)| set.any_below(middle, all)).sum();
            if sum <= alpha { low = middle } else { high = middle }
        }
        low
    }
}

impl Set {
    fn new(joint: Joint, random: &mut Xoshiro256PlusPlus) -> Set {
        let length = joint.errors.first().map_or(0, Vec::len);
        let free = length.saturating_sub(joint.nuisances.len());
        let whole = joint.p_values.len() > 1
            && free >= 2
            && joint.errors.iter().all(|errors| errors.len() == length);
        let unit: Vec<Vec<f64>> = joint.errors.iter().filter_map(|errors| unit(errors)).collect();
        if !whole || unit.len() < joint.errors.len() {
            return Set {
                p_values: joint.p_values,
                draws: Vec::new(),
                largest: Vec::new(),
                degrees_of_freedom: 1.0,
            };
        }
        let count = (MOST_NUMBERS / length).clamp(FEWEST_DRAWS, DRAWS);
        let draw = |_| -> Vec<f64> {
            let direction = direction(length, &joint.nuisances, random);
            unit.iter().map(|errors| dot(errors, &direction).abs()).collect()
        };
        let draws: Vec<Vec<f64>> = (0..count).map(draw).collect();
        let largest = |draw: &Vec<f64>| draw.iter().copied().fold(0.0, f64::max);
        let mut largest: Vec<f64> = draws.iter().map(largest).collect();
        largest.sort_by(f64::total_cmp);
        let degrees_of_freedom = free as f64 - 1.0;
        Set { p_values: joint.p_values, draws, largest, degrees_of_freedom }
    }

    /// How likely any of those that are left would be at or below `p`.
    fn any_below(&self, p: f64, left: &[bool]) -> f64 {
        let count = left.iter().filter(|left| **left).count();
        let bound = (count as f64 * p).min(1.0);
        if self.draws.is_empty() || count < 2 {
            return bound;
        }
        let t = t_quantile(1.0 - p / 2.0, self.degrees_of_freedom);
        // A hair less: a test that equals its own limit reaches it.
        let limit = t / (t * t + self.degrees_of_freedom).sqrt() * (1.0 - 1e-12);
        let reached = |draw: &&Vec<f64>| {
            draw.iter().zip(left).any(|(cosine, left)| *left && *cosine >= limit)
        };
        let hits = match count == left.len() {
            true => self.largest.len() - self.largest.partition_point(|largest| *largest < limit),
            false => self.draws.iter().filter(reached).count(),
        };
        let hits = hits as f64 + 1.0;
        (hits / (self.draws.len() as f64 + 1.0)).max(p).min(bound)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The same direction with the length 1; `None` of nothing.
fn unit(values: &[f64]) -> Option<Vec<f64>> {
    let length = dot(values, values).sqrt();
    (length > 0.0 && length.is_finite()).then(|| values.iter().map(|v| v / length).collect())
}

/// What is left of values when what goes along with unit vectors is taken out.
pub fn without(values: &[f64], nuisances: &[Vec<f64>]) -> Vec<f64> {
    let mut rest = values.to_vec();
    for nuisance in nuisances {
        let along = dot(&rest, nuisance);
        rest.iter_mut().zip(nuisance).for_each(|(rest, nuisance)| *rest -= along * nuisance);
    }
    rest
}

/// A direction at random, all equally likely among those without the nuisances.
fn direction(length: usize, nuisances: &[Vec<f64>], random: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    loop {
        let normals: Vec<f64> = (0..length).map(|_| normal(random)).collect();
        if let Some(direction) = unit(&without(&normals, nuisances)) {
            return direction;
        }
    }
}

/// A standard normal number (G. Box and M. Muller 1958).
fn normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    let mut uniform = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let (u, v) = (1.0 - uniform(), uniform());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn singles(p_values: &[f64]) -> Family {
        Family::new(p_values.iter().map(|p| Joint::single(*p)).collect())
    }

    #[test]
    fn of_single_tests_it_is_holms() {
        // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
        let adjusted = singles(&[0.01, 0.04, 0.03, 0.005]).adjusted();
        for (got, want) in adjusted.iter().flatten().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((got - want).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(singles(&[0.7, 0.8]).adjusted().concat(), [1.0, 1.0]);
        assert!(Family::new(Vec::new()).adjusted().is_empty());
        assert!((singles(&[0.5; 8]).nominal(0.05) - 0.00625).abs() < 1e-9);
    }

    #[test]
    fn metrics_that_go_together_cost_what_one_costs_and_others_what_they_are() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let base: Vec<f64> = (0..6).map(|_| normal(&mut random)).collect();
        let together = Joint {
            p_values: vec![0.01; 5],
            errors: (0..5).map(|k| base.iter().map(|x| x * f64::from(k + 1)).collect()).collect(),
            nuisances: Vec::new(),
        };
        let family = Family::new(vec![together]);
        for p in family.adjusted().concat() {
            assert!((p - 0.01).abs() < 0.004, "{p}");
        }
        assert!((family.nominal(0.05) - 0.05).abs() < 0.01, "{}", family.nominal(0.05));
        // At right angles, few tests are nearly as good as Holm has them.
        let axis = |k: usize| (0..6).map(|i| if i == k { 1.0 } else { 0.0 }).collect();
        let apart = Joint {
            p_values: vec![0.01; 5],
            errors: (0..5).map(axis).collect(),
            nuisances: vec![],
        };
        for p in Family::new(vec![apart]).adjusted().concat() {
            assert!((0.04..=0.05).contains(&p), "{p}");
        }
    }

    #[test]
    #[ignore = "a simulation that takes long: scripts/test --all"]
    fn the_family_wise_error_is_what_it_says() {
        // Four correlated metrics of six pairs without an effect: about one in twenty has a p-value below 5 %.
        let mut random = Xoshiro256PlusPlus::seed_from_u64(11);
        let mut alarms = 0;
        for _ in 0..300 {
            let shared: Vec<f64> = (0..6).map(|_| normal(&mut random)).collect();
            let errors: Vec<Vec<f64>> = (0..4)
                .map(|_| shared.iter().map(|s| s + 0.7 * normal(&mut random)).collect())
                .collect();
            let p = |values: &Vec<f64>| crate::stats::paired(values, &[1.0; 6]).unwrap().p_value();
            let joint =
                Joint { p_values: errors.iter().map(p).collect(), errors, nuisances: vec![] };
            let adjusted = Family::new(vec![joint]).adjusted().concat();
            alarms += u32::from(adjusted.iter().any(|p| *p < 0.05));
        }
        // 15 are expected, with a deviation of 3.8.
        assert!((5..=25).contains(&alarms), "{alarms} of 300");
    }
}
