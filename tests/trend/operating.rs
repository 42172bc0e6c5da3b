//! How often it cries wolf, and how soon it sees one.

use etcdbench::compare::trend::TonightVerdict::{Regressed, Suspected};

use crate::simulation::{Nights, Noise, history, judged, told_on};

/// `cargo test --test trend -- --ignored --nocapture operating` prints the table of docs/trend.md.
#[test]
#[ignore = "takes minutes; prints a table"]
fn operating_characteristics() {
    let years: u64 = std::env::var("YEARS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(20);
    let kinds = [
        Noise::Normal(0.02),
        Noise::Normal(0.04),
        Noise::Spikes(0.04),
        Noise::Correlated(0.04, 0.3),
        Noise::Correlated(0.04, 0.6),
        Noise::Heavy(0.04),
        Noise::Skewed(0.04),
    ];
    for noise in kinds {
        let (mut suspected, mut episodes, mut bad_nights, mut years_with, mut changes) =
            (0, 0, 0, 0, 0);
        for seed in 0..years {
            let values = Nights::new(noise, seed).equal(365);
            let mut before = false;
            let mut any = false;
            for night in 20..365 {
                let tonight = told_on(&values, night);
                suspected += u32::from(tonight.verdict == Suspected);
                let bad = tonight.verdict == Regressed;
                bad_nights += u32::from(bad);
                if bad && !before {
                    episodes += 1;
                    if std::env::var_os("TELL").is_some() {
                        println!("  {noise:?} seed {seed} night {night} {:?}", tonight);
                    }
                }
                any |= bad;
                before = bad;
            }
            years_with += u32::from(any);
            let whole: Vec<Option<f64>> = values.iter().map(|v| Some(*v)).collect();
            changes += judged(&history(&whole)).histories[0].series[0]
                .changes
                .len();
        }
        let per_year = |n: u32| f64::from(n) / years as f64;
        println!(
            "{noise:?}: per year {:.2} suspicions, {:.3} confirmed ({} nights), {:.3} years with one, {:.2} changes in hindsight",
            per_year(suspected),
            per_year(episodes),
            bad_nights,
            per_year(years_with),
            changes as f64 / years as f64
        );
        for factor in [1.10, 1.15, 1.2, 1.3] {
            let trials = 100;
            let mut found = [0; 4];
            let mut firsts = 0;
            let mut lost = 0;
            for seed in 0..trials {
                let values = Nights::new(noise, 1000 + seed).with_step(116, 100, factor);
                firsts += u32::from(matches!(
                    told_on(&values, 100).verdict,
                    Suspected | Regressed
                ));
                let mut seen = false;
                for (slot, nights) in [(0, 2), (1, 3), (2, 5), (3, 7)] {
                    seen |= told_on(&values, 99 + nights).verdict == Regressed;
                    found[slot] += u32::from(seen);
                }
                lost += u32::from(told_on(&values, 110).verdict != Regressed);
            }
            println!(
                "   {factor}: suspected on night 1 {firsts} %, confirmed by night 2/3/5/7 {found:?} %, not red on night 11 {lost} %"
            );
        }
    }
}
