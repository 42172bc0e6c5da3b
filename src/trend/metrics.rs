//! Which figures of a summary are followed from night to night.

use crate::compare::{DISK_PRIMARY, NOT_COMPARED};
use crate::result::{Header, PhaseSummary, SeriesSummary, Summary};
use crate::trend::history::{Direction, Unit};

/// The kind of result of which some series only explain others: what a sync into a fresh block takes explains what
/// syncs take.
const DISK: &str = "disk";
/// Lag is the load generator's own health, not the server's; how soon an operation failed is no figure to follow.
const NOT_FOLLOWED: [&str; 2] = [".lag", ".failed"];
/// Quantiles that are followed: name, whether they are only told, smallest relative change that matters.
const QUANTILES: [(f64, &str, bool, f64); 3] = [
    (0.5, "p50", false, MIN_DIFFERENCE),
    (0.99, "p99", false, MIN_DIFFERENCE),
    (0.999, "p99.9", true, MIN_DIFFERENCE_TAIL),
];
/// The smallest relative change from night to night that matters.
pub(crate) const MIN_DIFFERENCE: f64 = 0.10;
/// The same far out in the tail, which differs by half between equal nights.
const MIN_DIFFERENCE_TAIL: f64 = 0.25;
/// Series whose rate is an achievement; that of others follows from them.
const ACHIEVED: [&str; 2] = ["put.commit", ".service"];

/// One figure of one night.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metric {
    /// `etcd/wal.fsync.p99`, `capacity.puts`: the same every night.
    pub name: String,
    pub unit: Unit,
    pub direction: Direction,
    pub informational: bool,
    pub min_difference: f64,
    /// The phase it is of and its length; absent for figures of the whole run.
    pub phase: Option<(String, u64)>,
    /// `None` where too few samples stand behind it.
    pub value: Option<f64>,
    /// Both ends of a quantile's 95 % interval, in nanoseconds, where they are known.
    pub low_ns: Option<u64>,
    pub high_ns: Option<u64>,
}

/// The figures of a run that are followed.
pub(crate) fn metrics(header: &Header, summary: &Summary) -> Vec<Metric> {
    let mut found = Vec::new();
    let followed =
        summary.phases.iter().filter(|phase| !NOT_COMPARED.contains(&phase.phase.as_str()));
    for phase in followed {
        let followed = |name: &str| !NOT_FOLLOWED.iter().any(|end| name.ends_with(end));
        let merged = phase
            .series
            .iter()
            .filter(|series| series.member.is_none() && followed(&series.series));
        for series in merged {
            let decides = header.kind != DISK || DISK_PRIMARY.contains(&series.series.as_str());
            of_series(phase, series, decides, &mut found);
        }
    }
    if header.kind == DISK
        && let Some(puts) = summary.capacity.as_ref().and_then(|found| found.puts_per_s)
    {
        found.push(Metric {
            name: "capacity.puts".to_owned(),
            unit: Unit::PerSecond,
            direction: Direction::HigherIsBetter,
            informational: false,
            min_difference: MIN_DIFFERENCE,
            phase: None,
            value: Some(puts),
            low_ns: None,
            high_ns: None,
        });
    }
    found
}

/// A value and the ends of its interval.
#[derive(Default)]
struct Figure {
    value: Option<f64>,
    low_ns: Option<u64>,
    high_ns: Option<u64>,
}

impl Figure {
    fn alone(value: Option<f64>) -> Self {
        Figure { value, ..Figure::default() }
    }
}

fn of_series(phase: &PhaseSummary, series: &SeriesSummary, decides: bool, found: &mut Vec<Metric>) {
    let mut push =
        |metric: &str, unit, direction, informational, min_difference, figure: Figure| {
            found.push(Metric {
                name: format!("{}/{}.{metric}", phase.phase, series.series),
                unit,
                direction,
                informational: informational || !decides,
                min_difference,
                phase: Some((phase.phase.clone(), phase.length_ns)),
                value: figure.value,
                low_ns: figure.low_ns,
                high_ns: figure.high_ns,
            });
        };
    for (q, name, informational, min_difference) in QUANTILES {
        let quantile =
            series.quantiles.iter().find(|found| (found.q - q).abs() < 1e-9 && found.resolvable);
        push(
            name,
            Unit::Nanoseconds,
            Direction::LowerIsBetter,
            informational,
            min_difference,
            Figure {
                value: quantile.map(|found| found.value_ns as f64),
                low_ns: quantile.and_then(|found| found.low_ns),
                high_ns: quantile.and_then(|found| found.high_ns),
            },
        );
    }
    if ACHIEVED.iter().any(|end| series.series.ends_with(end)) {
        push(
            "rate",
            Unit::PerSecond,
            Direction::HigherIsBetter,
            false,
            MIN_DIFFERENCE,
            Figure::alone((phase.length_ns > 0).then_some(series.rate_per_s)),
        );
        let failed = series.errors.values().sum::<u64>();
        let all = series.count.saturating_add(failed);
        push(
            "errors",
            Unit::Share,
            Direction::LowerIsBetter,
            false,
            MIN_DIFFERENCE,
            Figure::alone((all > 0).then(|| failed as f64 / all as f64)),
        );
    }
}
