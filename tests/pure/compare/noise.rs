//! Runs that never happened, with noise like that of real ones: each second has its level, levels remember the ones
//! before, and now and then everything stalls.

use std::sync::OnceLock;

use etcdbench::record::{Distribution, Samples};
use etcdbench::result::{Environment, Header, PhaseData, Point, Run, SeriesData, Summary};
use etcdbench::tool::Tool;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::json;

pub const S: u64 = 1_000_000_000;

/// What a run is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// How much a second is like the one before, 0 to 1.
    pub memory: f64,
    /// Standard deviation of a second's level, as of a logarithm.
    pub level: f64,
    /// Share of the seconds in which one begins in which a twentieth of the operations take twenty times as long.
    pub stalls: f64,
}

pub const INDEPENDENT: Noise = Noise { memory: 0.0, level: 0.0, stalls: 0.0 };
pub const LEVELS: Noise = Noise { memory: 0.5, level: 0.08, stalls: 0.0 };
pub const MEMORY: Noise = Noise { memory: 0.8, level: 0.08, stalls: 0.0 };
pub const STALLING: Noise = Noise { memory: 0.8, level: 0.08, stalls: 0.02 };

/// How long, how fast, how slow.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub seconds: u64,
    pub per_s: u64,
    /// Median, in nanoseconds.
    pub median_ns: f64,
}

pub const FIVE_MINUTES: Shape = Shape { seconds: 300, per_s: 200, median_ns: 4e6 };

pub struct Random(Xoshiro256PlusPlus);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// Factors of a log-normal body, to draw from quickly.
fn body() -> &'static [f64] {
    static BODY: OnceLock<Vec<f64>> = OnceLock::new();
    BODY.get_or_init(|| {
        let mut random = Random::new(1);
        (0..1 << 14).map(|_| (0.4 * random.normal()).exp()).collect()
    })
}

/// One series, second by second, in twenty batches.
pub fn series(name: &str, noise: Noise, shape: Shape, random: &mut Random) -> SeriesData {
    let slots = shape.seconds.min(20);
    let mut level = noise.level * random.normal();
    let mut stalling = false;
    let mut samples = Samples::new();
    let mut batches = Vec::new();
    let mut timeline = Vec::new();
    for second in 0..shape.seconds {
        level = noise.memory * level
            + (1.0 - noise.memory * noise.memory).sqrt() * noise.level * random.normal();
        stalling = random.uniform() < if stalling { 0.5 } else { noise.stalls };
        let scale = shape.median_ns * level.exp();
        for _ in 0..shape.per_s {
            let draw = random.0.next_u32();
            let slow = if stalling && (draw >> 14) & 31 == 0 { 20.0 } else { 1.0 };
            let value = scale * body()[draw as usize & 0x3fff] * slow;
            samples.record(value as u64);
        }
        timeline.push(Point {
            start_ns: second * S,
            length_ns: S,
            count: shape.per_s,
            ..Point::default()
        });
        if (second + 1) * slots / shape.seconds > second * slots / shape.seconds {
            batches.push(Distribution::from_samples(&samples));
            samples.clear();
        }
    }
    let mut total = Distribution::default();
    batches.iter().for_each(|batch| total.merge(batch));
    SeriesData {
        series: name.to_owned(),
        total,
        batch_errors: vec![0; batches.len()],
        batches,
        timeline,
        ..SeriesData::default()
    }
}

/// A run of one series of a load.
pub fn run(series: SeriesData, seconds: u64, id: u64) -> Run {
    let started_at = jiff::Timestamp::from_second(1_800_000_000 + id as i64 * 600).unwrap();
    Run {
        header: Header {
            schema: "1.0".to_owned(),
            tool: Tool { name: "etcdbench".to_owned(), version: "0.1.0".to_owned(), git: None },
            run_id: format!("run-{id}"),
            kind: "load".to_owned(),
            name: "simulated".to_owned(),
            started_at: started_at.to_string(),
            plan: json!({ "threads": 2, "heartbeat_ns": 100_000_000 }),
            environment: Environment { host: "cp1".to_owned(), ..Environment::default() },
            ..Header::default()
        },
        phases: vec![PhaseData {
            name: "steady".to_owned(),
            length_ns: seconds * S,
            series: vec![series],
            ..PhaseData::default()
        }],
        summary: Some(Summary { complete: true, ..Summary::default() }),
        ..Run::default()
    }
}

/// A run of `put.service`.
pub fn drawn(noise: Noise, shape: Shape, id: u64, random: &mut Random) -> Run {
    run(series("put.service", noise, shape, random), shape.seconds, id)
}
