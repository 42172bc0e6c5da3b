//! Histories that never happened.

use std::collections::BTreeMap;

use etcdbench::rule::history::Settings;
use etcdbench::trend::{Direction, History, Marks, Night, Track, Trend, Unit, judge};
use jiff::{SignedDuration, Timestamp};

use super::runs::HOSTILE;

fn history(name: &str, values: &[Option<f64>]) -> History {
    let start: Timestamp = "2026-01-01T02:00:00Z".parse().unwrap();
    let night = |index: usize| Night {
        at: start + SignedDuration::from_hours(24 * index as i64),
        run_id: format!("run-{index}"),
        source: format!("{index}.jsonl"),
        facts: BTreeMap::from([(
            "kernel".to_owned(),
            if index < 30 { "6.8" } else { "6.9" }.to_owned(),
        )]),
        ..Night::default()
    };
    History {
        key: name.to_owned(),
        scenario: name.to_owned(),
        machine: "cp1".to_owned(),
        nights: (0..values.len()).map(night).collect(),
        tracks: vec![Track {
            name: if name.len() > 40 { name } else { "etcd/wal.fsync.p99" }.to_owned(),
            unit: Unit::Nanoseconds,
            direction: Direction::LowerIsBetter,
            informational: false,
            min_difference: 0.1,
            values: values.to_vec(),
        }],
        ..History::default()
    }
}

fn judged(histories: &[History]) -> Trend {
    judge(histories, &[], &Marks::default(), &Settings::default(), Vec::new(), Vec::new())
}

/// A little, and never twice the same.
fn wobble(index: usize) -> f64 {
    1.0 + ((index as f64 + 0.5) * 0.618_033_988_749_895).fract() * 0.04
}

/// Every history by name.
pub fn all() -> Vec<(&'static str, Trend)> {
    let nights = |count: usize, value: &dyn Fn(usize) -> f64| -> Vec<Option<f64>> {
        (0..count).map(|index| Some(value(index))).collect()
    };
    let step = |index: usize| 10e6 * wobble(index) * if index < 30 { 1.0 } else { 1.4 };
    let gaps: Vec<Option<f64>> = (0..60).map(|i| (i % 3 > 0).then(|| step(i))).collect();
    let spikes = |index: usize| 1e6 * if index % 7 == 3 { 1e4 } else { wobble(index) };
    let steps = |index: usize| 1e6 * wobble(index) * (1.0 + (index / 12) as f64);
    let one = |values: &[Option<f64>]| judged(&[history("disk /var/lib/etcd", values)]);
    let mut excluded = one(&nights(60, &step));
    for night in excluded.histories[0].nights.iter_mut().step_by(9) {
        night.excluded = Some("power cut".to_owned());
    }
    let several: Vec<History> =
        (0..3).map(|i| history(&format!("disk {i}"), &nights(40, &step))).collect();
    vec![
        ("a step", one(&nights(60, &step))),
        ("nights left out", excluded),
        ("many steps", one(&nights(120, &steps))),
        ("gaps", one(&gaps)),
        ("spikes", one(&nights(60, &spikes))),
        ("all equal", one(&nights(30, &|_| 5e6))),
        ("all zero", one(&nights(30, &|_| 0.0))),
        ("below zero", one(&nights(30, &|i| i as f64 - 15.0))),
        ("two nights", one(&nights(2, &step))),
        ("one night", one(&nights(1, &step))),
        ("two years", one(&nights(730, &step))),
        ("several", judged(&several)),
        ("hostile names", judged(&[history(&HOSTILE.repeat(3), &nights(60, &step))])),
    ]
}
