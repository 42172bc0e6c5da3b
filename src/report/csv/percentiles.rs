//! One row per phase, series, member and quantile, up to the last that the samples resolve.

use super::{columns, key};
use crate::result::{QuantileSummary, Run, SeriesData};

/// The columns.
pub(super) fn head() -> Vec<String> {
    columns(&["q", "value_ns", "low_ns", "high_ns", "tail_samples", "design_effect"])
}

/// The rows of a run.
pub(super) fn rows(run: &Run) -> impl Iterator<Item = Vec<String>> + '_ {
    run.phases.iter().flat_map(move |phase| {
        phase.series.iter().flat_map(move |series| {
            resolved(series).map(move |(name, found)| {
                let mut row = key(&run.header, &phase.name, &series.series, series.member).to_vec();
                row.extend(numbers(name, &found));
                row
            })
        })
    })
}

/// From 1 % to 99 % in steps of one, then ten steps for every further nine: 99.1 % … 99.9 %, 99.91 % … 99.99 % and so
/// on to six nines. As text too, for 0.9991 is no binary fraction.
fn ladder() -> impl Iterator<Item = (String, f64)> {
    let whole = (1..=99).map(|hundredths| format!("0.{hundredths:02}"));
    let tails =
        (2..=5).flat_map(|nines| (1..=9).map(move |step| format!("0.{}{step}", "9".repeat(nines))));
    whole.chain(tails).filter_map(|text| {
        let q = text.parse().ok()?;
        Some((text, q))
    })
}

fn resolved(series: &SeriesData) -> impl Iterator<Item = (String, QuantileSummary)> + '_ {
    ladder()
        .map_while(|(name, q)| Some((name, series.quantile(q)?)))
        .take_while(|(_, found)| found.resolvable)
}

fn numbers(name: String, found: &QuantileSummary) -> [String; 6] {
    let text = |ns: Option<u64>| ns.map_or_else(String::new, |ns| ns.to_string());
    [
        name,
        found.value_ns.to_string(),
        text(found.low_ns),
        text(found.high_ns),
        format!("{:.1}", found.tail_samples),
        found.design_effect.map_or_else(String::new, |effect| format!("{effect:.3}")),
    ]
}
