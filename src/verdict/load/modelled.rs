//! What clients that wait for each answer would have seen, had they gone on asking while they waited.
//!
//! A closed loop asks once while etcd stands still, however long that is, so that its percentiles leave most of a stall
//! out. Gil Tene's correction fills in the requests that were not made (HdrHistogram,
//! `copyCorrectedForCoordinatedOmission`): as many as fit into the wait at the pace at which a client asks otherwise. It
//! is a model and is named so; what was measured stays as it is, and no rule is judged on it.

use crate::plan::LoadPlan;
use crate::record::{Distribution, MIN_TAIL_SAMPLES};
use crate::result::{PhaseData, QuantileSummary, Run, STANDARD_QUANTILES, SeriesSummary};

/// What the name of such a series ends with.
pub const MODELLED: &str = ".response.modelled";
/// The pace of a client of fewer operations is not known.
const ENOUGH: u64 = 20;

/// The modelled series of a phase: none of an open loop, whose responses are measured.
pub fn modelled(phase: &PhaseData, plan: &LoadPlan) -> Vec<SeriesSummary> {
    let closed = plan.strands().into_iter().filter(|series| !series.open);
    let of = closed.filter_map(|series| {
        let measured = &phase.series(&series.wait())?.total;
        // Half of its operations a client has asked for again after no longer than this.
        let pace_ns = measured.quantile(0.5).filter(|_| measured.count() >= ENOUGH)?;
        let filled = measured.filled_in(pace_ns);
        Some(summary(format!("{}{MODELLED}", series.name), &filled, phase.length_ns))
    });
    of.collect()
}

/// Those of every phase of a run, by the name of the phase.
pub fn of_run(run: &Run, plan: &LoadPlan) -> Vec<Vec<SeriesSummary>> {
    run.phases.iter().map(|phase| modelled(phase, plan)).collect()
}

fn summary(series: String, filled: &Distribution, length_ns: u64) -> SeriesSummary {
    let count = filled.count();
    let quantiles = STANDARD_QUANTILES.into_iter().filter_map(|q| {
        let tail_samples = count as f64 * (1.0 - q);
        Some(QuantileSummary {
            q,
            value_ns: filled.quantile(q)?,
            tail_samples,
            resolvable: tail_samples >= MIN_TAIL_SAMPLES * (1.0 - 1e-9),
            ..QuantileSummary::default()
        })
    });
    SeriesSummary {
        series,
        count,
        rate_per_s: count as f64 / (length_ns.max(1) as f64 / 1e9),
        mean_ns: filled.mean_ns().unwrap_or(0.0),
        min_ns: filled.min_ns(),
        max_ns: filled.max_ns(),
        quantiles: quantiles.collect(),
        ..SeriesSummary::default()
    }
}
