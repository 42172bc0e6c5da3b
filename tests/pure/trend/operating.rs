//! How often it cries wolf, and how soon it sees one.

use etcdbench::trend::LatestVerdict;
use etcdbench::trend::LatestVerdict::{Regressed, Steady, Suspected};

use super::simulation::{Nights, Noise, told_on};

/// Verdicts of a history of equal nights, night after night.
fn year(noise: Noise, seed: u64) -> Vec<LatestVerdict> {
    let values = Nights::new(noise, seed).equal(365);
    (20..365).map(|night| told_on(&values, night).verdict).collect()
}

/// Times it turned red.
fn alarms(year: &[LatestVerdict]) -> usize {
    let red = |verdict: &LatestVerdict| *verdict == Regressed;
    let first = usize::from(year.first().is_some_and(red));
    first + year.windows(2).filter(|pair| !red(&pair[0]) && red(&pair[1])).count()
}

#[test]
#[ignore = "a simulation that takes long: scripts/test --all"]
fn a_year_of_equal_nights_raises_no_alarm() {
    // Measured over hundreds of years: 0 to 0.2 a year, by the kind of noise.
    let kinds = [
        Noise::Normal(0.02),
        Noise::Normal(0.04),
        Noise::Spikes(0.04),
        Noise::Correlated(0.04, 0.3),
        Noise::Heavy(0.04),
        Noise::Skewed(0.04),
    ];
    let years = kinds.iter().flat_map(|noise| (0..2).map(move |seed| year(*noise, seed)));
    let total: usize = years.map(|year| alarms(&year)).sum();
    assert!(total <= 1, "{total} alarms in 12 years of equal nights");
}

#[test]
fn a_year_of_nights_that_resemble_one_another_raises_no_alarm() {
    assert_eq!(alarms(&year(Noise::Correlated(0.04, 0.3), 0)), 0);
}

#[test]
fn quiet_nights_raise_no_suspicion_either() {
    let suspicions = year(Noise::Normal(0.02), 7);
    assert!(suspicions.iter().all(|verdict| *verdict == Steady));
}

#[test]
fn fifteen_percent_are_found_by_the_second_night() {
    for (noise, least) in [(Noise::Normal(0.02), 97), (Noise::Normal(0.03), 90)] {
        let (mut told, mut confirmed) = (0, 0);
        for seed in 0..100 {
            let values = Nights::new(noise, 1000 + seed).with_step(102, 100, 1.15);
            let first = told_on(&values, 100).verdict;
            let second = told_on(&values, 101).verdict;
            told += u32::from([first, second].iter().any(|v| matches!(v, Suspected | Regressed)));
            confirmed += u32::from(second == Regressed);
        }
        assert!(
            told >= 97 && confirmed >= least,
            "{noise:?}: told {told}, confirmed {confirmed} of 100"
        );
    }
}

/// `cargo test --test pure -- --ignored --nocapture trend::` prints the table of docs/trend.md.
#[test]
#[ignore = "takes minutes; prints a table"]
fn operating_characteristics() {
    let years: u64 = std::env::var("YEARS").map_or(20, |text| text.parse().unwrap());
    println!(
        "noise | suspicions a year | alarms a year | step | night 1 told | confirmed by night 2 | 3 | 5 | 7"
    );
    for noise in [
        Noise::Normal(0.02),
        Noise::Normal(0.03),
        Noise::Normal(0.04),
        Noise::Spikes(0.04),
        Noise::Correlated(0.04, 0.3),
        Noise::Correlated(0.04, 0.6),
        Noise::Heavy(0.04),
        Noise::Skewed(0.04),
    ] {
        let (mut suspicions, mut red) = (0, 0);
        for seed in 0..years {
            let year = year(noise, seed);
            suspicions += year.iter().filter(|verdict| **verdict == Suspected).count();
            red += alarms(&year);
        }
        let per_year = |count: usize| count as f64 / years as f64;
        for factor in [1.10, 1.15, 1.20, 1.30] {
            let [told, second, third, fifth, seventh] = power(noise, factor);
            println!(
                "{noise:?} | {:.2} | {:.3} | {factor} | {told} % | {second} % | {third} % | {fifth} % | {seventh} %",
                per_year(suspicions),
                per_year(red),
            );
        }
    }
}

/// Of a hundred steps: told on the first night; confirmed by the second, third, fifth, seventh.
fn power(noise: Noise, factor: f64) -> [u32; 5] {
    const STEP: usize = 100;
    let mut found = [0; 5];
    for seed in 0..100 {
        let values = Nights::new(noise, 1000 + seed).with_step(STEP + 7, STEP, factor);
        let told = told_on(&values, STEP).verdict;
        found[0] += u32::from(matches!(told, Suspected | Regressed));
        let mut confirmed = false;
        for (slot, nights) in [(1, 2), (2, 3), (3, 5), (4, 7)] {
            confirmed |= told_on(&values, STEP + nights - 1).verdict == Regressed;
            found[slot] += u32::from(confirmed);
        }
    }
    found
}
