//! Stalls, or slow seconds, that come at a fixed interval.
//!
//! Occurrences at random would put the gaps between them anywhere; a cause with a timer puts them on multiples of its
//! period. The share of gaps that fall there is tested against chance (binomial tail), for a few periods that
//! machines are known to have. What the probe does at a steady pace itself, as etcd does, is left out: a rotation of
//! the WAL every 64 MB, a growth of the database every 16 MiB.

use crate::result::Severity;

use super::super::evidence::Evidence;
use super::{DiskFinding, Found, Timer, median};

/// Periods looked for, in seconds, with what usually has them.
const PERIODS: [(f64, Timer); 9] = [
    (5.0, Timer::JournalOrWriteback),
    (10.0, Timer::MonitoringAgent),
    (15.0, Timer::MonitoringAgent),
    (20.0, Timer::MonitoringAgent),
    (30.0, Timer::ExpiredPages),
    (60.0, Timer::EveryMinute),
    (120.0, Timer::EveryTwoMinutes),
    (300.0, Timer::EveryFiveMinutes),
    (600.0, Timer::Snapshots),
];
/// Chance may call a period in one of this many tests.
const MAX_CHANCE: f64 = 1e-4;
/// This share of the gaps must fall on multiples of the period …
const MIN_FITTING: f64 = 0.8;
/// … and this share of the period's beats must have something on them, else it is another, longer period.
const MIN_BEATS: f64 = 0.6;
/// How far a gap may be off, as a share of the period and at least in seconds.
const TOLERANCE: f64 = 0.05;
const TOLERANCE_S: f64 = 0.25;
/// More occurrences than this add nothing.
const MAX_OCCURRENCES: usize = 200;
/// A second is slow when its longest sync takes this many times the median second's …
const SLOW_TIMES: f64 = 4.0;
/// … and at least this long.
const SLOW_NS: f64 = 1_000_000.0;
/// What the probe's own housekeeping slows lies this near behind it, or before it, as it is told when it is done.
const OWN_AFTER_S: f64 = 1.0;
const OWN_BEFORE_S: f64 = 2.0;
/// The events that tell of it.
const OWN_EVENTS: [&str; 2] = ["wal.cut", "db.grow"];
/// Slow seconds are exceptions, or none is.
const MAX_SLOW_SHARE: f64 = 0.3;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let heartbeat_ns = evidence.plan.heartbeat_ns;
    let own = own_work(evidence);
    let starts: Vec<f64> = evidence
        .stall_spans(heartbeat_ns)
        .iter()
        .map(|&(start, _)| start as f64 / 1e9)
        .filter(|&start| !near(start, 0.0, &own))
        .collect();
    let stalls = apart(&starts, 1.0);
    if let Some((period_s, cause)) = period(&stalls, 0.0) {
        return Some(told(Some(heartbeat_ns), stalls.len(), period_s, cause));
    }
    let (slow, resolution_s) = slow_seconds(evidence, &own)?;
    let (period_s, cause) = period(&slow, resolution_s)?;
    Some(told(None, slow.len(), period_s, cause))
}

fn told(stalls_ns: Option<u64>, times: usize, period_s: f64, cause: Timer) -> Found {
    let severity = if stalls_ns.is_some() { Severity::Warning } else { Severity::Info };
    Found::new(DiskFinding::Periodic { stalls_ns, times, period_s, cause }, severity)
        .number("period_s", period_s)
        .number("times", times as f64)
}

/// The first of each bunch: occurrences nearer than this to the one before belong to it.
fn apart(times: &[f64], distance: f64) -> Vec<f64> {
    let mut last = f64::NEG_INFINITY;
    let mut kept = Vec::new();
    for &time in times {
        if time - last > distance {
            kept.push(time);
        }
        last = time;
    }
    kept
}

/// Seconds of the load whose longest sync stands out, and how exactly their time is known.
fn slow_seconds(evidence: &Evidence, own: &[f64]) -> Option<(Vec<f64>, f64)> {
    let longest = evidence.load_phases().into_iter().max_by_key(|phase| phase.length_ns)?;
    let points = &longest.series("wal.sync")?.timeline;
    let maxima: Vec<f64> = points.iter().map(|point| point.max_ns as f64).collect();
    let limit = (SLOW_TIMES * median(&maxima)?).max(SLOW_NS);
    let resolution_s = points.iter().map(|point| point.length_ns).max()? as f64 / 1e9;
    let slow: Vec<f64> = points
        .iter()
        .filter(|point| point.max_ns as f64 >= limit)
        .map(|point| point.start_ns as f64 / 1e9)
        .filter(|&start| !near(start, resolution_s, own))
        .collect();
    let rare = slow.len() as f64 <= MAX_SLOW_SHARE * points.len() as f64;
    rare.then(|| (apart(&slow, 1.5 * resolution_s), resolution_s))
}

/// When the probe did its housekeeping, in seconds, ascending.
fn own_work(evidence: &Evidence) -> Vec<f64> {
    let events = evidence.run.events.iter();
    let mut times: Vec<f64> = events
        .filter(|event| OWN_EVENTS.contains(&event.kind.as_str()))
        .map(|event| event.at_ns as f64 / 1e9)
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Whether something that happened at a time, known to be no later than `resolution_s` after it, lies near one of
/// these.
fn near(time: f64, resolution_s: f64, own: &[f64]) -> bool {
    let next = own.partition_point(|&at| at < time - OWN_AFTER_S);
    own.get(next).is_some_and(|&at| at <= time + resolution_s + OWN_BEFORE_S)
}

/// The period of occurrences (seconds, ascending), if they have one of those looked for.
fn period(times: &[f64], resolution_s: f64) -> Option<(f64, Timer)> {
    let times = &times[..times.len().min(MAX_OCCURRENCES)];
    let (first, last) = (*times.first()?, *times.last()?);
    let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    PERIODS.into_iter().find(|&(period, _)| {
        let tolerance = (TOLERANCE * period).max(TOLERANCE_S).max(resolution_s / 2.0);
        let by_chance = (2.0 * tolerance + resolution_s) / period;
        let fits = gaps
            .iter()
            .filter(|&&gap| {
                let beats = (gap / period).round();
                beats >= 1.0 && (gap - beats * period).abs() <= tolerance
            })
            .count();
        let beats = (last - first) / period + 1.0;
        by_chance < 0.5
            && fits as f64 >= MIN_FITTING * gaps.len() as f64
            && times.len() as f64 >= MIN_BEATS * beats
            && binomial_tail(gaps.len(), fits, by_chance) < MAX_CHANCE
    })
}

/// P(at least `hits` of `trials`), for at most a few hundred trials.
fn binomial_tail(trials: usize, hits: usize, chance: f64) -> f64 {
    (hits..=trials)
        .map(|k| {
            let ways = (0..k).fold(1.0, |ways, i| ways * (trials - i) as f64 / (i + 1) as f64);
            ways * chance.powi(k as i32) * (1.0 - chance).powi((trials - k) as i32)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Builder, MS, Noise, S, US};
    use super::{binomial_tail, period};

    fn every(period_s: f64, times: u32, jitter_s: f64, seed: u64) -> Vec<f64> {
        let mut noise = Noise::new(seed);
        (0..times)
            .map(|i| 3.0 + f64::from(i) * period_s + jitter_s * (noise.uniform() - 0.5))
            .collect()
    }

    #[test]
    fn timers_are_found_with_their_period() {
        for (period_s, times) in [(5.0, 7), (10.0, 7), (30.0, 7), (60.0, 8), (600.0, 8)] {
            for seed in 0..50 {
                let found = period(&every(period_s, times, 0.2, seed), 0.0).map(|found| found.0);
                assert_eq!(found, Some(period_s), "seed {seed}");
            }
        }
        // A beat left out now and then, and a period a little over its name, as jbd2's is.
        let mut times = every(5.1, 12, 0.1, 1);
        times.remove(5);
        assert_eq!(period(&times, 0.0).map(|found| found.0), Some(5.0));
    }

    #[test]
    fn chance_has_no_period() {
        let mut called = 0;
        for seed in 0..5_000 {
            let mut noise = Noise::new(seed);
            let length = [45.0, 300.0, 1800.0][seed as usize % 3];
            let number = 4 + (noise.uniform() * 60.0) as usize;
            let mut times: Vec<f64> = (0..number).map(|_| noise.uniform() * length).collect();
            times.sort_by(f64::total_cmp);
            called += usize::from(period(&super::apart(&times, 1.0), 0.0).is_some());
        }
        assert!(called <= 2, "{called} of 5,000 random series were called periodic");
    }

    #[test]
    fn slow_seconds_need_no_stalls() {
        let beating = |noise: &mut Noise, at: u64| {
            if at.is_multiple_of(5 * S) { 20 * MS } else { noise.lognormal(200 * US, 0.3) }
        };
        let summary =
            Builder::new(1).etcd(60, 200, beating, |n, _| n.lognormal(2 * MS, 0.3)).conclude();
        let found = summary.findings.iter().find(|f| f.code == "periodic").unwrap();
        assert!(
            found.message.starts_with("Slow syncs come every 5 s (12 times)"),
            "{}",
            found.message
        );
    }

    #[test]
    fn stalls_every_half_minute() {
        let beating = |noise: &mut Noise, at: u64| {
            if at.is_multiple_of(30 * S) { 300 * MS } else { noise.lognormal(200 * US, 0.3) }
        };
        let summary =
            Builder::new(1).etcd(240, 50, beating, |n, _| n.lognormal(2 * MS, 0.3)).conclude();
        let found = summary.findings.iter().find(|f| f.code == "periodic").unwrap();
        assert!(
            found.message.starts_with("Stalls of 100 ms and more come every 30 s (8 times)"),
            "{}",
            found.message
        );
    }

    #[test]
    fn the_probes_own_housekeeping_is_no_finding() {
        let growing = |noise: &mut Noise, at: u64| {
            if at.is_multiple_of(30 * S) { 300 * MS } else { noise.lognormal(200 * US, 0.3) }
        };
        let mut run =
            Builder::new(1).etcd(240, 50, growing, |n, _| n.lognormal(2 * MS, 0.3)).build();
        run.events.extend((0..8).map(|i| crate::result::Event {
            phase: "etcd".to_owned(),
            at_ns: i * 30 * S + 310 * MS,
            kind: "db.grow".to_owned(),
            ..crate::result::Event::default()
        }));
        let summary = crate::report::conclude(&run, true, false, String::new());
        assert!(summary.findings.iter().all(|f| f.code != "periodic"));
    }

    #[test]
    fn tail_of_known_cases() {
        assert!((binomial_tail(4, 4, 0.1) - 1e-4).abs() < 1e-12);
        assert!((binomial_tail(10, 0, 0.3) - 1.0).abs() < 1e-12);
        assert!((binomial_tail(200, 100, 0.5) - 0.528_174).abs() < 1e-5);
    }
}
