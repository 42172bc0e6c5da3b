//! A hypervisor that gives CPU time to others, from no time to a third of it, makes every latency longer. That is no
//! property of what is compared.

use etcdbench::compare::{Comparison, MetricVerdict};
use etcdbench::result::{Counters, Run};
use etcdbench::rule::comparison::Stat;

use super::noise::{self, FIVE_MINUTES, INDEPENDENT, Random, Shape};
use super::simulate::{five_percent_of, judged, metric};

const SECONDS: u64 = 4;
const DRAWS: u64 = 200;

#[derive(Debug, Default)]
struct Found {
    significant: u64,
    regressed: u64,
    covered: u64,
}

/// A share that remembers the one before, is a few percent mostly, and now and then a third.
fn next_share(state: &mut f64, random: &mut Random) -> f64 {
    const MEMORY: f64 = 0.6;
    *state = MEMORY * *state + (1.0 - MEMORY * MEMORY).sqrt() * random.normal();
    (0.03 * (1.1 * *state).exp()).min(0.6)
}

/// A p99 on a virtual disk: 1 ms without, 4 ms at a tenth.
fn felt(share: f64) -> f64 {
    (30.0 * share).ln_1p()
}

fn run(id: u64, factor: f64, share: f64, counted: bool, random: &mut Random) -> Run {
    let level = felt(share) + 0.035 * random.normal();
    let shape = Shape { seconds: SECONDS, per_s: 250, median_ns: 1e6 * factor * level.exp() };
    let run = noise::drawn(INDEPENDENT, shape, id, random);
    if counted { with_share(run, share) } else { run }
}

fn with_share(mut run: Run, share: f64) -> Run {
    const TOTAL_S: f64 = 8.0;
    run.counters.push(Counters {
        phase: "steady".to_owned(),
        source: "cpu".to_owned(),
        values: [("total_s".to_owned(), TOTAL_S), ("steal_s".to_owned(), share * TOTAL_S)].into(),
        ..Counters::default()
    });
    run
}

/// Pairs in alternating order, B slower by `factor`.
fn pairs(pairs: u64, factor: f64, counted: bool, random: &mut Random) -> Comparison {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let mut state = random.normal();
    for pair in 0..pairs {
        for place in 0..2 {
            let is_a = (pair % 2 == 0) == (place == 0);
            let share = next_share(&mut state, random);
            let factor = if is_a { 1.0 } else { factor };
            let run = run(2 * pair + place, factor, share, counted, random);
            if is_a { a.push(run) } else { b.push(run) }
        }
    }
    judged(a, b)
}

fn found(number: u64, factor: f64, counted: bool, draws: u64) -> Found {
    let mut random = Random::new(23);
    let mut found = Found::default();
    for _ in 0..draws {
        let comparison = pairs(number, factor, counted, &mut random);
        let p50 = metric(&comparison, Stat::P50);
        assert!(counted || p50.stolen.is_none());
        let effect = p50.effect.unwrap();
        found.significant += u64::from(effect.p < 0.05);
        found.regressed += u64::from(effect.p < 0.05 && effect.value > 1.0);
        let (low, high) = (effect.low.unwrap(), effect.high.unwrap());
        found.covered += u64::from(low <= factor && factor <= high);
    }
    found
}

#[test]
#[ignore = "known fault: of four pairs beside steal, 20 of 200 equal things have p < 0.05 and 8 are called different"]
fn a_thing_differs_from_itself_no_more_often_than_promised() {
    for number in [4, 6] {
        let found = found(number, 1.0, true, DRAWS);
        assert!(found.significant <= five_percent_of(DRAWS), "{number}: {found:?}");
        assert!(found.covered >= DRAWS - five_percent_of(DRAWS));
    }
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn half_as_long_again_is_found_where_it_would_drown() {
    let known = found(6, 1.5, true, 100);
    let unknown = found(6, 1.5, false, 100);
    assert!(known.regressed >= 80, "{known:?}");
    assert!(unknown.regressed <= 60, "{unknown:?}");
    assert!(known.covered >= 90, "{known:?}");
}

#[test]
fn half_as_long_again_is_found_in_steal_that_is_known() {
    let known = found(6, 1.5, true, 20);
    assert!(known.regressed >= 15, "{known:?}");
    assert!(known.covered >= 16, "{known:?}");
}

/// All of A first, then, at a worse time of the day, all of B, on a machine that feels it in its own way: how many of
/// `draws` have p < 0.05.
fn one_after_the_other(curve: fn(f64) -> f64, factor: f64, counted: bool, draws: u64) -> u64 {
    const RUNS: u64 = 6;
    let mut random = Random::new(47);
    let significant = |_: &u64| {
        let mut side = |first: u64, factor: f64, about: f64| -> Vec<Run> {
            let mut one = |id| {
                let share = about * (0.6 * random.normal()).exp();
                let factor = factor * (curve(share) - felt(share)).exp();
                run(id, factor, share, counted, &mut random)
            };
            (first..first + RUNS).map(&mut one).collect()
        };
        let comparison = judged(side(0, 1.0, 0.02), side(RUNS, factor, 0.06));
        assert!(!comparison.contrasts[0].design.paired);
        metric(&comparison, Stat::P50).effect.unwrap().p < 0.05
    };
    (0..draws).filter(significant).count() as u64
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn a_worse_time_of_the_day_is_not_a_worse_b() {
    const FEW: u64 = 100;
    let curves: [fn(f64) -> f64; 3] = [felt, |share| 15.0 * share, |share| 3.0 * share.sqrt()];
    for (index, curve) in curves.into_iter().enumerate() {
        let known = one_after_the_other(curve, 1.0, true, FEW);
        assert!(known <= five_percent_of(FEW), "{index}: {known}");
    }
    let unknown = one_after_the_other(felt, 1.0, false, FEW);
    assert!(unknown >= FEW / 2, "{unknown}");
    let worse = one_after_the_other(felt, 3.0, true, FEW);
    assert!(worse >= FEW * 8 / 10, "{worse}");
}

#[test]
fn what_is_taken_from_another_machine_is_its_own() {
    let mut random = Random::new(53);
    let mut side = |first: u64, host: &str, share: f64| -> Vec<Run> {
        let mut one = |id| {
            let mut run = run(id, 1.0, share, true, &mut random);
            host.clone_into(&mut run.header.environment.host);
            run
        };
        (first..first + 6).map(&mut one).collect()
    };
    let (quiet, busy) = (side(0, "one", 0.01), side(6, "other", 0.1));
    let comparison = judged(quiet, busy);
    let p50 = metric(&comparison, Stat::P50);
    assert!(p50.stolen.is_none() && p50.effect.unwrap().value > 2.0, "{p50:?}");
    assert_eq!(p50.verdict, MetricVerdict::Regressed);
}

#[test]
fn a_manifold_is_found_in_few_pairs_although_more_was_always_taken_from_it() {
    // What works more loses more: a share that hardly varies, and always in the same direction.
    let compared = |factor: f64, more: f64| {
        let mut random = Random::new(31);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for pair in 0..4 {
            let mut side = |id, factor: f64, share: f64| {
                let share = share + 0.002 * random.normal();
                let factor = factor * (0.3 * random.normal()).exp();
                run(id, factor, share, true, &mut random)
            };
            a.push(side(2 * pair, 1.0, 0.04));
            b.push(side(2 * pair + 1, factor, 0.04 + more));
        }
        judged(a, b)
    };
    let verdict = |comparison: &Comparison| metric(comparison, Stat::P50).verdict;
    let thirty = compared(30.0, 0.015);
    assert_eq!(verdict(&thirty), MetricVerdict::Regressed, "{}", thirty.headline);
    assert_eq!(thirty.exit_code, 3);
    // A fifth that was always taken may have done all of it.
    let fifth = compared(8.0, 0.2);
    assert_eq!(verdict(&fifth), MetricVerdict::Inconclusive, "{}", fifth.headline);
    assert_eq!(fifth.exit_code, 0);
}

#[test]
fn what_is_equal_stays_equal_whatever_was_taken() {
    // The same figure in every run, while now one side and now the other loses more: nothing is there to correct.
    let compared = |scatter: f64| {
        let mut random = Random::new(61);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for pair in 0..6 {
            let mut one = |id: u64, share: f64| {
                let factor = (scatter * random.normal() - felt(share)).exp();
                run(id, factor, share, true, &mut Random::new(1))
            };
            a.push(one(2 * pair, 0.01));
            b.push(one(2 * pair + 1, 0.02 + 0.01 * pair as f64));
        }
        judged(a, b)
    };
    let comparison = compared(0.002);
    let p50 = metric(&comparison, Stat::P50);
    let effect = p50.effect.unwrap();
    assert!((effect.value - 1.0).abs() < 0.08, "{effect:?}");
    assert!(!p50.verdict.is_change(), "{p50:?}");
    let stolen = p50.stolen.unwrap();
    assert!(!stolen.taken_out, "{stolen:?}");
    assert!(stolen.measured.is_some() && stolen.corrected.is_some(), "{stolen:?}");
    assert!(comparison.notes.iter().any(|note| note.contains("as measured")), "{comparison:?}");
}

#[test]
fn the_page_says_what_was_taken_out() {
    let mut random = Random::new(5);
    let comparison = pairs(6, 1.5, true, &mut random);
    let taken = metric(&comparison, Stat::P50).stolen.unwrap();
    assert!(taken.a > 0.005 && taken.b > 0.005, "{taken:?}");
    let mut notes = comparison.notes.iter();
    assert!(
        notes.any(|note| note.starts_with("*B/A is corrected for CPU steal")),
        "{:?}",
        comparison.notes
    );
    // Where it takes nothing there is nothing to say.
    let comparison = pairs(6, 1.5, false, &mut random);
    assert!(comparison.notes.iter().all(|note| !note.contains("hypervisor")));
}

#[test]
fn one_run_each_only_indicates_what_the_hypervisor_may_have_done() {
    let compared = |slower: f64, a: f64, b: f64| {
        let mut random = Random::new(9);
        let mut run = |id, factor, share: f64| {
            let shape = Shape { median_ns: FIVE_MINUTES.median_ns * factor, ..FIVE_MINUTES };
            with_share(noise::drawn(INDEPENDENT, shape, id, &mut random), share)
        };
        judged(vec![run(0, 1.0, a)], vec![run(1, slower, b)])
    };
    // B is slower, and more was taken from it.
    let explained = compared(1.5, 0.02, 0.08);
    let p50 = metric(&explained, Stat::P50);
    assert_eq!(p50.verdict, MetricVerdict::Regressed);
    assert!(p50.indicative && explained.exit_code == 0, "{p50:?}");
    assert!(p50.reason.as_ref().unwrap().contains("8 % from B"), "{p50:?}");
    assert!(
        explained.headline.contains("the hypervisor took more CPU time"),
        "{}",
        explained.headline
    );
    // From the other side more was taken, or about as much, or not nearly enough: B is slower all the same.
    for (factor, a, b) in [(1.5, 0.08, 0.02), (1.5, 0.04, 0.045), (9.0, 0.02, 0.035)] {
        let confirmed = compared(factor, a, b);
        let p50 = metric(&confirmed, Stat::P50);
        assert!(!p50.indicative && confirmed.exit_code == 3, "{p50:?}");
    }
}

#[test]
#[ignore = "takes minutes; prints the operating characteristics of docs/compare.md"]
fn operating_characteristics() {
    const MANY: u64 = 500;
    println!("pairs | truth | counted | p < 0.05 | worse, p < 0.05 | interval holds the truth");
    for (number, factor) in [(4, 1.0), (6, 1.0), (6, 1.2), (6, 1.5)] {
        for counted in [false, true] {
            let found = found(number, factor, counted, MANY);
            let share = |count: u64| format!("{:.1} %", count as f64 / MANY as f64 * 100.0);
            println!(
                "{number} | {factor} | {counted} | {} | {} | {}",
                share(found.significant),
                share(found.regressed),
                share(found.covered)
            );
        }
    }
}
