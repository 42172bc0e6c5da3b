//! How often the verdicts are right, by simulation with fixed seeds.

use std::path::PathBuf;

use etcdbench::compare::{Comparison, Group, Input, Level, Metric, MetricVerdict, compare};
use etcdbench::record::{Distribution, quantile_interval};
use etcdbench::result::Run;
use etcdbench::rule::comparison::{Settings, Stat};
use etcdbench::stats::{self, Bounded, DesignEffect};

use super::noise::{
    self, FIVE_MINUTES, INDEPENDENT, LEVELS, MEMORY, Noise, Random, STALLING, Shape,
};

/// Draws per case: the long way with `--ignored`.
const DRAWS: u64 = 150;
const MANY_DRAWS: u64 = 2_000;

fn side(runs: Vec<Run>) -> Group {
    let input =
        |run: Run| Input { path: PathBuf::from(format!("{}.jsonl", run.header.run_id)), run };
    Group { name: "side".to_owned(), runs: runs.into_iter().map(input).collect() }
}

pub fn judged(a: Vec<Run>, b: Vec<Run>) -> Comparison {
    compare(&[side(a), side(b)], &Settings::default(), Vec::new())
}

pub fn metric(comparison: &Comparison, stat: Stat) -> &Metric {
    let mut metrics = comparison.contrasts[0].metrics.iter();
    metrics.find(|metric| metric.stat == stat).unwrap()
}

fn p(comparison: &Comparison, stat: Stat) -> f64 {
    metric(comparison, stat).effect.unwrap().p
}

fn any_change(comparison: &Comparison) -> bool {
    let mut metrics = comparison.contrasts[0].metrics.iter();
    metrics.any(|metric| metric.primary && metric.verdict.is_change())
}

/// Five percent, and what chance adds to it in so many draws.
pub fn five_percent_of(draws: u64) -> u64 {
    let n = draws as f64;
    (0.05 * n + 2.0 * (0.05 * 0.95 * n).sqrt()).floor() as u64
}

/// Counts over comparisons of a thing with itself.
#[derive(Debug, Default)]
struct Alarms {
    verdicts: u64,
    p50: u64,
    p99: u64,
    of_independent_samples: u64,
}

fn a_against_a(noise: Noise, shape: Shape, draws: u64) -> Alarms {
    let mut random = Random::new(42);
    let mut alarms = Alarms::default();
    for draw in 0..draws {
        let a = noise::drawn(noise, shape, 2 * draw, &mut random);
        let b = noise::drawn(noise, shape, 2 * draw + 1, &mut random);
        alarms.of_independent_samples += u64::from(independent_formula_alarms(&a, &b));
        let found = judged(vec![a], vec![b]);
        alarms.verdicts += u64::from(any_change(&found));
        alarms.p50 += u64::from(p(&found, Stat::P50) < 0.05);
        alarms.p99 += u64::from(p(&found, Stat::P99) < 0.05);
        thin_tails_have_no_verdict(&found);
    }
    alarms
}

/// What a comparison of medians says that takes every operation for an independent sample.
fn independent_formula_alarms(a: &Run, b: &Run) -> bool {
    let bounded = |run: &Run| {
        let total: &Distribution = &run.phases[0].series[0].total;
        let (low, high) = quantile_interval(total, DesignEffect::ASSUMED, 0.5, 0.95);
        let ln = |ns: Option<u64>| (ns.unwrap() as f64).ln();
        Bounded { value: ln(total.quantile(0.5)), low: ln(low), high: ln(high) }
    };
    let difference = stats::difference(bounded(a), bounded(b));
    difference.low > 0.0 || difference.high < 0.0
}

fn thin_tails_have_no_verdict(found: &Comparison) {
    for metric in found.contrasts.iter().flat_map(|c| &c.metrics) {
        let thin = |tail: Option<f64>| tail.is_some_and(|tail| tail < 9.99);
        if thin(metric.a.tail_samples) || thin(metric.b.tail_samples) {
            assert_eq!(metric.verdict, MetricVerdict::NotResolvable, "{metric:?}");
        }
    }
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn false_alarms_on_independent_noise() {
    let alarms = a_against_a(INDEPENDENT, FIVE_MINUTES, DRAWS);
    assert!(alarms.verdicts <= five_percent_of(DRAWS), "{alarms:?}");
    assert!(alarms.p50.max(alarms.p99) <= five_percent_of(DRAWS), "{alarms:?}");
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn false_alarms_on_noise_that_remembers() {
    for noise in [LEVELS, MEMORY] {
        let alarms = a_against_a(noise, FIVE_MINUTES, DRAWS);
        assert!(alarms.verdicts <= five_percent_of(DRAWS), "{noise:?} {alarms:?}");
        assert!(alarms.p50.max(alarms.p99) <= five_percent_of(DRAWS), "{noise:?} {alarms:?}");
        // The formula for independent samples, by the same test, is what all of this is there to replace.
        assert!(alarms.of_independent_samples > DRAWS / 2, "{noise:?} {alarms:?}");
    }
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn false_alarms_on_noise_that_stalls() {
    let alarms = a_against_a(STALLING, FIVE_MINUTES, DRAWS);
    assert!(alarms.verdicts <= five_percent_of(DRAWS), "{alarms:?}");
    assert!(alarms.p50.max(alarms.p99) <= five_percent_of(DRAWS), "{alarms:?}");
}

/// What the long simulations show of each kind of noise, and of drift, with as many draws as a push has time for.
#[test]
fn few_false_alarms_and_a_tenth_is_found() {
    const FEW: u64 = 20;
    let mut alarms = 0;
    for noise in [INDEPENDENT, LEVELS, STALLING] {
        alarms += a_against_a(noise, FIVE_MINUTES, FEW).verdicts;
    }
    assert!(alarms <= five_percent_of(3 * FEW), "{alarms} of {}", 3 * FEW);
    let same = repeated(6, 1.0, 0.035, 0.03, &ABBA, FEW);
    assert!(same.regressed + same.improved <= five_percent_of(FEW), "{same:?}");
    let tenth = repeated(10, 1.10, 0.035, 0.0, &ABBA, FEW);
    assert!(tenth.regressed >= FEW * 8 / 10 && tenth.improved == 0, "{tenth:?}");
}

#[test]
#[ignore = "takes minutes; prints the operating characteristics of docs/compare.md"]
fn operating_characteristics() {
    let minute = Shape { seconds: 60, ..FIVE_MINUTES };
    for (length, shape) in [("300 s", FIVE_MINUTES), ("60 s", minute)] {
        for (name, noise) in [
            ("independent", INDEPENDENT),
            ("memory 0.5", LEVELS),
            ("memory 0.8", MEMORY),
            ("stalling", STALLING),
        ] {
            let Alarms { verdicts, p50, p99, of_independent_samples } =
                a_against_a(noise, shape, MANY_DRAWS);
            let percent = |n: u64| n as f64 * 100.0 / MANY_DRAWS as f64;
            println!(
                "{length} {name}: verdicts {:.1} p50 {:.1} p99 {:.1} independent formula {:.1} %",
                percent(verdicts),
                percent(p50),
                percent(p99),
                percent(of_independent_samples)
            );
        }
    }
    for k in [4, 6, 10, 20] {
        for factor in [1.0, 1.1, 1.2] {
            let shares = repeated(k, factor, 0.035, 0.0, &ABBA, 500);
            println!("{k} pairs, x{factor}: {shares:?}");
        }
    }
    for drift in [0.0, 0.01, 0.03] {
        for (name, order) in [("ABBA", &ABBA[..]), ("ABAB", &[true][..])] {
            let shares = repeated(6, 1.0, 0.035, drift, order, 1_000);
            println!("drift {drift} {name}: p < 0.05 in {} of 1000", shares.significant);
        }
    }
}

#[test]
fn a_minute_only_indicates() {
    let mut random = Random::new(7);
    let shape = Shape { seconds: 60, ..FIVE_MINUTES };
    let slower = Shape { median_ns: shape.median_ns * 2.0, ..shape };
    let a = noise::drawn(LEVELS, shape, 0, &mut random);
    let b = noise::drawn(LEVELS, slower, 1, &mut random);
    let found = judged(vec![a], vec![b]);
    let p50 = metric(&found, Stat::P50);
    assert_eq!((p50.verdict, p50.indicative), (MetricVerdict::Regressed, true));
    assert_eq!(found.exit_code, 0);
    assert!(found.headline.contains("Indicative"), "{}", found.headline);
}

/// In pairs: which side comes first. `true` is A.
const ABBA: [bool; 2] = [true, false];

#[derive(Debug, Default)]
struct Shares {
    draws: u64,
    regressed: u64,
    improved: u64,
    unchanged: u64,
    significant: u64,
    covered: u64,
}

/// Pairs of runs whose medians differ from run to run by `deviation`, B slower by `factor`, everything slower by
/// `drift` from one run to the next; judged by their p50.
fn repeated(
    pairs: u64,
    factor: f64,
    deviation: f64,
    drift: f64,
    order: &[bool],
    draws: u64,
) -> Shares {
    let mut random = Random::new(11);
    let mut shares = Shares { draws, ..Shares::default() };
    for _ in 0..draws {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for pair in 0..pairs {
            for place in 0..2 {
                let id = 2 * pair + place;
                let is_a = order[pair as usize % order.len()] == (place == 0);
                let level = deviation * random.normal() + drift * id as f64;
                let median_ns = 4e6 * level.exp() * if is_a { 1.0 } else { factor };
                let shape = Shape { seconds: 4, per_s: 250, median_ns };
                let run = noise::drawn(INDEPENDENT, shape, id, &mut random);
                if is_a { a.push(run) } else { b.push(run) }
            }
        }
        let found = judged(a, b);
        assert_eq!(found.contrasts[0].design.level, Level::Runs);
        assert!(found.contrasts[0].design.paired);
        let p50 = metric(&found, Stat::P50);
        let effect = p50.effect.unwrap();
        shares.significant += u64::from(effect.p < 0.05);
        let (low, high) = (effect.low.unwrap(), effect.high.unwrap());
        shares.covered += u64::from(low <= factor && factor <= high);
        match p50.verdict {
            MetricVerdict::Regressed => shares.regressed += 1,
            MetricVerdict::Improved => shares.improved += 1,
            MetricVerdict::Unchanged => shares.unchanged += 1,
            _ => {}
        }
    }
    shares
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn ten_percent_is_found_by_six_pairs_and_by_ten() {
    // Six pairs of 5 % noise, p50 alone: three of four before it shares its error with the other metrics.
    let six = repeated(6, 1.10, 0.035, 0.0, &ABBA, 100);
    assert!(six.significant >= 75, "{six:?}");
    assert!(six.regressed >= 45 && six.improved == 0, "{six:?}");
    let ten = repeated(10, 1.10, 0.035, 0.0, &ABBA, 60);
    assert!(ten.regressed >= 54 && ten.improved == 0, "{ten:?}");
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn intervals_cover_what_they_promise() {
    let shares = repeated(6, 1.10, 0.035, 0.0, &ABBA, 300);
    let covered = shares.covered as f64 / shares.draws as f64;
    assert!((0.92..=0.98).contains(&covered), "{shares:?}");
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn drift_is_no_difference_when_the_order_alternates() {
    for drift in [0.0, 0.01, 0.03] {
        let shares = repeated(6, 1.0, 0.035, drift, &ABBA, 400);
        assert!(shares.significant <= five_percent_of(400), "{drift}: {shares:?}");
        assert!(shares.regressed + shares.improved <= 8, "{drift}: {shares:?}");
    }
    // Always A first: the drift counts as a difference. It is the reason for the alternating order.
    let shares = repeated(6, 1.0, 0.035, 0.03, &[true], 200);
    assert!(shares.significant > 2 * five_percent_of(200), "{shares:?}");
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn many_pairs_show_that_nothing_changed() {
    let shares = repeated(20, 1.0, 0.035, 0.0, &ABBA, 20);
    assert!(shares.unchanged >= 14, "{shares:?}");
}

#[test]
fn a_run_never_differs_from_itself() {
    let mut random = Random::new(3);
    for noise in [INDEPENDENT, MEMORY, STALLING] {
        let run = noise::drawn(noise, FIVE_MINUTES, 0, &mut random);
        let found = judged(vec![run.clone()], vec![run]);
        assert!(!any_change(&found));
        for metric in &found.contrasts[0].metrics {
            let effect = metric.effect.unwrap();
            let none =
                if metric.stat == Stat::Errors || metric.stat == Stat::Stalls { 0.0 } else { 1.0 };
            assert_eq!((effect.value, effect.p), (none, 1.0), "{metric:?}");
        }
    }
}

#[test]
fn the_other_way_round_is_the_inverse() {
    let mut random = Random::new(4);
    let slower = Shape { median_ns: 5e6, ..FIVE_MINUTES };
    let a = noise::drawn(STALLING, FIVE_MINUTES, 0, &mut random);
    let b = noise::drawn(STALLING, slower, 1, &mut random);
    let there = judged(vec![a.clone()], vec![b.clone()]);
    let back = judged(vec![b], vec![a]);
    let mirrored = |verdict| match verdict {
        MetricVerdict::Improved => MetricVerdict::Regressed,
        MetricVerdict::Regressed => MetricVerdict::Improved,
        other => other,
    };
    assert!(any_change(&there));
    for (one, other) in there.contrasts[0].metrics.iter().zip(&back.contrasts[0].metrics) {
        assert_eq!(one.verdict, mirrored(other.verdict), "{one:?} {other:?}");
        let (one_effect, other_effect) = (one.effect.unwrap(), other.effect.unwrap());
        let close = |x: Option<f64>, y: Option<f64>| match (x, y) {
            (Some(x), Some(y)) => (x - y).abs() <= 1e-9 * x.abs().max(1e-9),
            (x, y) => x == y,
        };
        let share = matches!(one.stat, Stat::Errors | Stat::Stalls);
        let invert = |x: Option<f64>| x.map(|x| if share { -x } else { 1.0 / x });
        assert!(
            close(Some(one_effect.value), invert(Some(other_effect.value))),
            "{one:?} {other:?}"
        );
        assert!(close(one_effect.low, invert(other_effect.high)), "{one:?} {other:?}");
        assert!(close(one_effect.high, invert(other_effect.low)), "{one:?} {other:?}");
        assert!((one_effect.p_adjusted - other_effect.p_adjusted).abs() < 1e-9);
        assert!((one.min_difference - other.min_difference).abs() < 1e-12);
    }
}

#[test]
fn the_unit_changes_nothing() {
    // 1,024 times as long: the histogram's buckets, too, are 1,024 times as wide.
    let found = [1.0, 1024.0].map(|unit| {
        let mut random = Random::new(5);
        let shape = |median_ns| Shape { median_ns: median_ns * unit, ..FIVE_MINUTES };
        let a = noise::drawn(MEMORY, shape(4e6), 0, &mut random);
        let b = noise::drawn(MEMORY, shape(4.4e6), 1, &mut random);
        judged(vec![a], vec![b])
    });
    let [one, other] = &found;
    for stat in [Stat::P50, Stat::P90, Stat::P99, Stat::Rate] {
        let (one, other) = (metric(one, stat), metric(other, stat));
        assert_eq!(one.verdict, other.verdict, "{stat:?}");
        let (one, other) = (one.effect.unwrap(), other.effect.unwrap());
        assert!((one.value / other.value - 1.0).abs() < 2e-3, "{one:?} {other:?}");
        assert!((one.p - other.p).abs() < 0.02 * one.p + 1e-6, "{one:?} {other:?}");
    }
}

#[test]
#[ignore = "known fault: beside the deviation between runs, memory within a run is no longer told"]
fn long_memory_is_noticed_and_widens() {
    // Memory of about 40 s outlasts stretches of 30 s.
    let noise = Noise { memory: 0.975, ..MEMORY };
    let mut random = Random::new(6);
    let mut noticed = 0;
    let mut alarms = 0;
    for draw in 0..60 {
        let a = noise::drawn(noise, FIVE_MINUTES, 2 * draw, &mut random);
        let b = noise::drawn(noise, FIVE_MINUTES, 2 * draw + 1, &mut random);
        let found = judged(vec![a], vec![b]);
        let alike = |metric: &&Metric| {
            metric.reason.as_deref().is_some_and(|reason| reason.contains("neighbouring"))
        };
        let metrics = &found.contrasts[0].metrics;
        noticed += u64::from(metrics.iter().any(|metric| alike(&metric)));
        alarms += u64::from(any_change(&found));
    }
    assert!(noticed >= 10, "{noticed} of 60 noticed");
    assert!(alarms <= 12, "{alarms} of 60");
}
