//! Years of nights that never were, with fixed seeds.

use etcdbench::rule::history::Settings;
use etcdbench::trend::{Direction, History, Latest, Marks, Night, Track, Trend, Unit, judge};
use jiff::{SignedDuration, Timestamp};
use rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// How nights differ that measure the same thing.
#[derive(Debug, Clone, Copy)]
pub enum Noise {
    /// Independent, normal on the logarithm.
    Normal(f64),
    /// The same, and one night in twenty is 30 % slower.
    Spikes(f64),
    /// The same, each night resembling the one before.
    Correlated(f64, f64),
    /// Independent, with Student's t of three degrees of freedom.
    Heavy(f64),
    /// Independent and skewed: bad nights are further out than good ones.
    Skewed(f64),
}

/// A source of nights.
pub struct Nights {
    random: Xoshiro256PlusPlus,
    noise: Noise,
    last: f64,
}

impl Nights {
    pub fn new(noise: Noise, seed: u64) -> Self {
        Nights { random: Xoshiro256PlusPlus::seed_from_u64(seed), noise, last: 0.0 }
    }

    fn uniform(&mut self) -> f64 {
        ((self.random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }

    /// The logarithm of the next night.
    fn next(&mut self) -> f64 {
        match self.noise {
            Noise::Normal(deviation) => deviation * self.normal(),
            Noise::Spikes(deviation) => {
                let spike = if self.uniform() < 0.05 { 1.3_f64.ln() } else { 0.0 };
                deviation * self.normal() + spike
            }
            Noise::Correlated(deviation, rho) => {
                self.last = rho * self.last + (1.0 - rho * rho).sqrt() * self.normal();
                deviation * self.last
            }
            Noise::Heavy(deviation) => {
                let squares: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
                // Its variance is 3.
                deviation * self.normal() / (squares / 3.0).sqrt() / 3.0_f64.sqrt()
            }
            // Exponential less its mean.
            Noise::Skewed(deviation) => deviation * (-self.uniform().ln() - 1.0),
        }
    }

    /// Values of so many nights around 10 ms; from night `at` on `factor` times as long.
    pub fn with_step(mut self, nights: usize, at: usize, factor: f64) -> Vec<f64> {
        let value = |night: usize| {
            let level = if night >= at { factor } else { 1.0 };
            10e6 * level * self.next().exp()
        };
        (0..nights).map(value).collect()
    }

    /// Values of so many equal nights.
    pub fn equal(self, nights: usize) -> Vec<f64> {
        self.with_step(nights, nights, 1.0)
    }
}

/// A history of one latency, a night per day.
pub fn history(values: &[Option<f64>]) -> History {
    let start: Timestamp = "2026-01-01T02:00:00Z".parse().unwrap();
    let night = |index: usize| Night {
        at: start + SignedDuration::from_hours(24 * index as i64),
        run_id: format!("night {index}"),
        source: format!("{index}.jsonl"),
        ..Night::default()
    };
    History {
        key: "a".into(),
        scenario: "disk".into(),
        machine: "cp1".into(),
        settings: Vec::new(),
        nights: (0..values.len()).map(night).collect(),
        tracks: vec![Track {
            name: "etcd/wal.fsync.p99".into(),
            unit: Unit::Nanoseconds,
            direction: Direction::LowerIsBetter,
            informational: false,
            min_difference: 0.1,
            values: values.to_vec(),
        }],
    }
}

pub fn judged(history: &History) -> Trend {
    judge(
        std::slice::from_ref(history),
        &[],
        &Marks::default(),
        &Settings::default(),
        Vec::new(),
        Vec::new(),
    )
}

/// What was said on a night that has only the nights before it.
pub fn told_on(values: &[f64], night: usize) -> Latest {
    let known: Vec<Option<f64>> = values[..=night].iter().map(|v| Some(*v)).collect();
    let trend = judged(&history(&known));
    trend.histories[0].series[0].tonight.clone()
}
