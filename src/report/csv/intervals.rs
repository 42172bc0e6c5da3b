//! One row per phase, series, member and interval.

use super::{columns, key};
use crate::result::{Point, Run};

/// The columns.
pub(super) fn head() -> Vec<String> {
    columns(&["start_ns", "length_ns", "count", "p50_ns", "p99_ns", "max_ns"])
}

/// The rows of a run, in the order of its phases and series and then of time.
pub(super) fn rows(run: &Run) -> impl Iterator<Item = Vec<String>> + '_ {
    run.phases.iter().flat_map(move |phase| {
        phase.series.iter().flat_map(move |series| {
            series.timeline.iter().map(move |point| {
                let mut row = key(&run.header, &phase.name, &series.series, series.member).to_vec();
                row.extend(numbers(point));
                row
            })
        })
    })
}

/// Without samples there are no quantiles.
fn numbers(point: &Point) -> [String; 6] {
    let measured = |ns: u64| match point.count {
        0 => String::new(),
        _ => ns.to_string(),
    };
    [
        point.start_ns.to_string(),
        point.length_ns.to_string(),
        point.count.to_string(),
        measured(point.p50_ns),
        measured(point.p99_ns),
        measured(point.max_ns),
    ]
}
