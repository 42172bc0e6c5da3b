//! What is found, how often, and whether that is what the page promises: interleaved pairs of runs of several series,
//! with noise between runs of several kinds. The constants of the method were set by hand, not fitted.

use etcdbench::compare::{Comparison, Group, Input, MetricVerdict, Outcome, compare};
use etcdbench::result::Run;
use etcdbench::rule::comparison::{Settings, Stat};

use super::noise::{self, INDEPENDENT, Random, Shape};
use super::simulate::{five_percent_of, judged, metric};

/// How runs differ among themselves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Law {
    /// All series of a run are slow or fast together.
    Together,
    /// Each series has its own level.
    Apart,
    /// Half of it together, half apart.
    Half,
    /// Now and then a run is far off: one in eight has three times the deviation.
    Heavy,
    /// The second run of each pair is 3 % slower, besides.
    Order,
}

const LAWS: [Law; 5] = [Law::Together, Law::Apart, Law::Half, Law::Heavy, Law::Order];
const DEVIATION: f64 = 0.035;
const SERIES: [&str; 3] = ["put.service", "range.service", "txn.service"];

/// One run: each series at its level.
fn one_run(law: Law, factor: f64, second: bool, id: u64, random: &mut Random) -> Run {
    let scale = match law {
        Law::Heavy if random.uniform() < 0.125 => 3.0 * DEVIATION,
        // So that the deviation of all runs is as usual.
        Law::Heavy => DEVIATION * (0.875f64).sqrt() * 0.7,
        _ => DEVIATION,
    };
    let shared = random.normal();
    let later = if law == Law::Order && second { 0.03 } else { 0.0 };
    let mut series = SERIES.map(|name| {
        let own = random.normal();
        let level = match law {
            Law::Together | Law::Heavy | Law::Order => shared,
            Law::Apart => own,
            Law::Half => (shared + own) * 0.5f64.sqrt(),
        };
        let median_ns = 4e6 * factor * (scale * level + later).exp();
        noise::series(name, INDEPENDENT, Shape { seconds: 4, per_s: 250, median_ns }, random)
    });
    let first = std::mem::take(&mut series[0]);
    let mut run = noise::run(first, 4, id);
    run.phases[0].series.extend(series.into_iter().skip(1));
    run
}

/// Pairs in the order ABBA …, B slower by `factor`.
fn pairs(count: u64, law: Law, factor: f64, random: &mut Random) -> (Vec<Run>, Vec<Run>) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    more(count, law, factor, random, (&mut a, &mut b));
    (a, b)
}

/// More pairs, until there are so many.
fn more(
    count: u64,
    law: Law,
    factor: f64,
    random: &mut Random,
    (a, b): (&mut Vec<Run>, &mut Vec<Run>),
) {
    for pair in a.len() as u64..count {
        for place in 0..2 {
            let is_a = (pair % 2 == 0) == (place == 0);
            let factor = if is_a { 1.0 } else { factor };
            let run = one_run(law, factor, place == 1, 2 * pair + place, random);
            if is_a { a.push(run) } else { b.push(run) }
        }
    }
}

/// How many of `draws` comparisons are called worse, and how many better.
fn found(count: u64, law: Law, factor: f64, seed: u64, draws: u64) -> (u64, u64) {
    let mut random = Random::new(seed);
    let (mut worse, mut better) = (0, 0);
    for _ in 0..draws {
        let (a, b) = pairs(count, law, factor, &mut random);
        let outcome = judged(a, b).outcome;
        worse += u64::from(outcome == Outcome::Regressed);
        better += u64::from(outcome == Outcome::Improved);
    }
    (worse, better)
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn six_pairs_find_a_fifth_nearly_always_and_a_tenth_mostly() {
    const DRAWS: u64 = 20;
    for law in LAWS {
        let (worse, better) = found(6, law, 1.2, 101, DRAWS);
        assert!(worse >= DRAWS * 9 / 10 && better == 0, "{law:?} x1.2: {worse} of {DRAWS}");
        let (worse, better) = found(6, law, 1.1, 103, DRAWS);
        assert!(worse >= DRAWS * 6 / 10 && better == 0, "{law:?} x1.1: {worse} of {DRAWS}");
    }
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn six_pairs_of_the_same_are_not_called_different() {
    const DRAWS: u64 = 24;
    let mut alarms = 0;
    for law in LAWS {
        let (worse, better) = found(6, law, 1.0, 107, DRAWS);
        alarms += worse + better;
    }
    let draws = DRAWS * LAWS.len() as u64;
    assert!(alarms <= five_percent_of(draws), "{alarms} of {draws}");
}

#[test]
fn an_exact_fifth_in_six_pairs_is_found() {
    let mut random = Random::new(7);
    let (a, b) = pairs(6, Law::Together, 1.2, &mut random);
    assert_eq!(judged(a, b).outcome, Outcome::Regressed);
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn the_power_that_is_told_is_there() {
    // What comparisons of a thing with itself say they would detect, is found about four times out of five.
    for law in [Law::Together, Law::Apart] {
        let mut random = Random::new(109);
        let mut told: Vec<f64> = (0..20)
            .map(|_| {
                let (a, b) = pairs(6, law, 1.0, &mut random);
                metric(&judged(a, b), Stat::P50).detectable.unwrap()
            })
            .collect();
        told.sort_by(f64::total_cmp);
        let typical = told[10];
        const DRAWS: u64 = 40;
        let mut random = Random::new(113);
        let mut hits = 0;
        for _ in 0..DRAWS {
            let (a, b) = pairs(6, law, 1.0 + typical, &mut random);
            let comparison = judged(a, b);
            hits += u64::from(metric(&comparison, Stat::P50).verdict == MetricVerdict::Regressed);
        }
        let share = hits as f64 / DRAWS as f64;
        assert!((0.6..=0.97).contains(&share), "{law:?}: {typical} is found in {share}");
    }
}

/// As many pairs as it takes, up to 24, as `--pairs auto` looks: the outcome and the pairs.
fn as_many_as_it_takes(law: Law, factor: f64, random: &mut Random) -> (Outcome, u64) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let mut last = (Outcome::NoVerdict, 0);
    for look in [6, 8, 11, 15, 21, 24] {
        more(look, law, factor, random, (&mut a, &mut b));
        for run in a.iter_mut().chain(&mut b) {
            run.header.labels.insert("compare.pairs".to_owned(), "auto:24".to_owned());
        }
        let comparison = judged(a.clone(), b.clone());
        let open = |c: &Comparison| {
            let mut metrics = c.contrasts[0].metrics.iter();
            metrics.any(|m| m.primary && !m.given && m.verdict == MetricVerdict::Inconclusive)
        };
        last = (comparison.outcome, look);
        if comparison.outcome == Outcome::Regressed || !open(&comparison) {
            break;
        }
    }
    last
}

fn sequential(law: Law, factor: f64, seed: u64, draws: u64) -> (u64, u64, f64) {
    let mut random = Random::new(seed);
    let (mut worse, mut better, mut pairs) = (0, 0, 0);
    for _ in 0..draws {
        let (outcome, took) = as_many_as_it_takes(law, factor, &mut random);
        worse += u64::from(outcome == Outcome::Regressed);
        better += u64::from(outcome == Outcome::Improved);
        pairs += took;
    }
    (worse, better, pairs as f64 / draws as f64)
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn looking_several_times_finds_more_and_errs_no_more() {
    const DRAWS: u64 = 12;
    let (worse, _, took) = sequential(Law::Apart, 1.1, 127, DRAWS);
    assert!(worse >= DRAWS * 9 / 10, "{worse} of {DRAWS} after {took} pairs");
    assert!(took < 15.0, "{took}");
    let (worse, better, _) = sequential(Law::Together, 1.0, 131, DRAWS);
    assert!(worse + better <= 2, "{worse} and {better} of {DRAWS}");
}

/// One run of five minutes a side whose level is off by `deviation`.
fn alone(factor: f64, deviation: f64, seconds: u64, random: &mut Random) -> Comparison {
    let mut run = |id, factor: f64| {
        let median_ns = 4e6 * factor * (deviation * random.normal()).exp();
        let shape = Shape { seconds, per_s: 60, median_ns };
        noise::drawn(noise::LEVELS, shape, id, random)
    };
    let a = run(0, 1.0);
    judged(vec![a], vec![run(1, factor)])
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn one_run_a_side_allows_for_runs_that_differ() {
    const DRAWS: u64 = 100;
    for deviation in [0.05, 0.07] {
        let mut random = Random::new(137);
        let mut alarms = 0;
        for _ in 0..DRAWS {
            let found = alone(1.0, deviation, 300, &mut random).outcome;
            alarms += u64::from(matches!(found, Outcome::Regressed | Outcome::Improved));
        }
        assert!(alarms <= five_percent_of(DRAWS), "{deviation}: {alarms} of {DRAWS}");
    }
}

#[test]
fn a_manifold_needs_no_second_run_and_a_little_more_does() {
    let mut random = Random::new(139);
    let far = alone(14.0, 0.05, 60, &mut random);
    assert_eq!((far.outcome, far.exit_code), (Outcome::Regressed, 3), "{}", far.headline);
    let near = alone(1.5, 0.05, 60, &mut random);
    assert_eq!((near.outcome, near.exit_code), (Outcome::Inconclusive, 0), "{}", near.headline);
    assert!(near.headline.contains("Not confirmed: B is probably worse"), "{}", near.headline);
    // What is assumed is said, and can be told to be less or more.
    assert!(near.notes.iter().any(|note| note.contains("--run-deviation")), "{:?}", near.notes);
    assert_eq!(near.contrasts[0].design.run_deviation, Some(0.06));
    let mut random = Random::new(149);
    let shape = |factor: f64| Shape { seconds: 300, per_s: 60, median_ns: 4e6 * factor };
    let runs = [1.0, 1.3].map(|factor| noise::drawn(INDEPENDENT, shape(factor), 0, &mut random));
    let with = |run_deviation| {
        let groups = runs.each_ref().map(|run| Group {
            name: "side".to_owned(),
            runs: vec![Input { run: run.clone(), ..Input::default() }],
        });
        let settings = Settings { run_deviation, ..Settings::default() };
        compare(&groups, &settings, Vec::new()).exit_code
    };
    assert_eq!((with(None), with(Some(0.02)), with(Some(0.3))), (3, 3, 0));
}

#[test]
#[ignore = "takes minutes; prints a table of docs/compare.md"]
fn power_table() {
    const DRAWS: u64 = 100;
    let percent = |n: u64| format!("{:.0} %", n as f64 * 100.0 / DRAWS as f64);
    println!("| between runs | same, six pairs | × 1.1 | × 1.2 | same, `auto` | × 1.1 | pairs |");
    println!("|---|---|---|---|---|---|---|");
    for law in LAWS {
        let (worse, better) = found(6, law, 1.0, 211, DRAWS);
        let tenth = found(6, law, 1.1, 223, DRAWS).0;
        let fifth = found(6, law, 1.2, 227, DRAWS).0;
        let same = sequential(law, 1.0, 229, DRAWS);
        let auto = sequential(law, 1.1, 233, DRAWS);
        println!(
            "| {law:?} | {} | {} | {} | {} | {} | {:.1} |",
            percent(worse + better),
            percent(tenth),
            percent(fifth),
            percent(same.0 + same.1),
            percent(auto.0),
            auto.2
        );
    }
}
