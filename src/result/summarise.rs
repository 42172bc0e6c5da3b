//! A run's figures: per phase and series the standard quantiles with their intervals.

use crate::record::{Distribution, QuantileEstimate};

use super::{PhaseData, PhaseSummary, QuantileSummary, Run, SeriesData, SeriesSummary};

/// The quantiles every summary carries, whether the samples resolve them or not.
pub const STANDARD_QUANTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.9999];

/// Summarises every series of every phase.
pub fn summarise(run: &Run) -> Vec<PhaseSummary> {
    run.phases.iter().map(|data| phase(data, lasted_ns(run, data), run.is_foreign())).collect()
}

/// A series of all members pooled over phases, and its figures. Nothing where it has no samples.
pub fn pooled(phases: &[&PhaseData], series: &str) -> Option<(Distribution, SeriesSummary)> {
    let mut data = SeriesData { series: series.to_owned(), ..SeriesData::default() };
    let mut length_ns = 0;
    for phase in phases {
        let Some(found) = phase.series(series) else {
            continue;
        };
        length_ns += phase.length_ns;
        data.total.merge(&found.total);
        data.batches.extend(found.batches.iter().cloned());
        for (class, count) in &found.errors {
            *data.errors.entry(class.clone()).or_default() += count;
        }
    }
    let summary = self::series(&data, length_ns, false);
    (data.total.count() > 0).then_some((data.total, summary))
}

fn phase(data: &PhaseData, length_ns: u64, foreign: bool) -> PhaseSummary {
    PhaseSummary {
        phase: data.name.clone(),
        start_ns: data.start_ns,
        length_ns,
        series: data.series.iter().map(|s| series(s, length_ns, foreign)).collect(),
    }
}

/// How long a phase lasted. A load tells; where nothing was due at its end its last samples came before.
fn lasted_ns(run: &Run, data: &PhaseData) -> u64 {
    let told = run.events.iter().filter(|e| e.kind == "load.phase" && e.phase == data.name);
    let told = told.filter_map(|event| event.detail.get("length_ns")?.as_u64());
    told.fold(data.length_ns, u64::max)
}

fn series(data: &SeriesData, length_ns: u64, foreign: bool) -> SeriesSummary {
    let count = data.count();
    let rate_per_s = if length_ns == 0 { 0.0 } else { count as f64 / (length_ns as f64 / 1e9) };
    SeriesSummary {
        series: data.series.clone(),
        member: data.member,
        count,
        errors: data.errors.clone(),
        error_texts: data.error_texts.clone(),
        rate_per_s,
        mean_ns: match &data.told {
            Some(told) => told.mean_ns,
            None => data.total.mean_ns().unwrap_or(0.0),
        },
        min_ns: match &data.told {
            Some(told) => told.min_ns,
            None => data.total.min_ns(),
        },
        max_ns: data.max_ns(),
        quantiles: STANDARD_QUANTILES
            .iter()
            .filter_map(|&q| data.quantile(q))
            .map(|found| if foreign { without_interval(found) } else { found })
            .collect(),
        told: data.told.is_some(),
    }
}

/// Of a foreign run it is not known what happened when, and so not how much its samples depend on each other: an
/// interval would promise too much.
fn without_interval(found: QuantileSummary) -> QuantileSummary {
    QuantileSummary { low_ns: None, high_ns: None, ..found }
}

impl From<QuantileEstimate> for QuantileSummary {
    fn from(estimate: QuantileEstimate) -> Self {
        QuantileSummary {
            q: estimate.q,
            value_ns: estimate.value_ns,
            low_ns: estimate.low_ns,
            high_ns: estimate.high_ns,
            tail_samples: estimate.tail_samples,
            design_effect: estimate.design.measured().then_some(estimate.design.deff),
            resolvable: estimate.resolvable,
        }
    }
}
