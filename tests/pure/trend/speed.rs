//! A year of nights.

use std::time::Instant;

use super::nights::{Results, nights, phase};

/// 365 nights of 20 series, on a quiet machine, as built for release.
#[test]
#[ignore = "a measurement: cargo test --release --test pure -- --ignored a_year"]
fn a_year_of_twenty_series_takes_less_than_a_second() {
    let results = Results::new();
    let names: Vec<String> = (0..20).map(|index| format!("s{index}")).collect();
    for (index, p99) in nights(365, 100, 1.2).into_iter().enumerate() {
        let series: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), p99)).collect();
        results.night(index, p99, |lines| {
            lines.header.kind = "load".to_owned();
            lines.summary.phases = vec![phase(&series)];
        });
    }
    let start = Instant::now();
    results.trend().assert().code(3);
    let took = start.elapsed();
    println!("{took:?}");
    assert!(took.as_millis() < 1000, "{took:?}");
}
