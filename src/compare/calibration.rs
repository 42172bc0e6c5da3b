//! How much repeated, identical runs on a machine differ: its own noise, and so the smallest difference it can tell.

use crate::result::Run;
use crate::stats::{self, Family, Joint, Moments};
use crate::tool::Tool;

use super::contrast::centres;
use super::judge::{ALPHA, POWER, from_scale};
use super::subject::{ComparedMetric, subjects};
use super::{Group, SCHEMA_VERSION};
use crate::rule::comparison::{Calibration, Noise, Stat};

/// Fewer runs say next to nothing about the spread between runs.
pub const FEWEST_CALIBRATING: usize = 4;

/// Pairs that `compare --measure` makes unless told otherwise; what `detectable` is told for.
const USUAL_PAIRS: f64 = 6.0;

/// The noise of identical runs; there must be at least [`FEWEST_CALIBRATING`].
pub fn calibration(group: &Group) -> Calibration {
    let runs: Vec<&Run> = group.runs.iter().map(|input| &input.run).collect();
    let start =
        |run: Option<&&Run>| run.map_or_else(String::new, |run| run.header.started_at.clone());
    let header = runs.first().map(|run| run.header.clone()).unwrap_or_default();
    let learnt: Vec<(ComparedMetric, Vec<f64>, Vec<f64>)> = subjects(&runs)
        .into_iter()
        .filter_map(|subject| {
            let (values, errors) = centres(&runs, &subject)?;
            (values.len() >= FEWEST_CALIBRATING).then_some((subject, values, errors))
        })
        .collect();
    let levels = [true, false].map(|primary| {
        let of = learnt.iter().filter(|(subject, ..)| subject.primary == primary);
        level(of.map(|(_, values, _)| values.as_slice()))
    });
    let noise = learnt.into_iter().filter_map(|(subject, values, errors)| {
        let moments = Moments::of(&values)?;
        let within = Moments::of(&errors).map_or(0.0, |m| m.mean);
        let level = levels[usize::from(!subject.primary)];
        Some(Noise {
            runs: values.len(),
            deviation: moments.deviation(),
            between: (moments.variance - within).max(0.0).sqrt(),
            detectable: detectable(&moments, subject.stat, level),
            phase: subject.phase,
            series: subject.series,
            stat: subject.stat,
        })
    });
    Calibration {
        schema: SCHEMA_VERSION.to_owned(),
        host: header.environment.host,
        kind: header.kind,
        runs: runs.len(),
        from_to: [start(runs.first()), start(runs.last())],
        noise: noise.collect(),
        tool: Tool::this(),
    }
}

/// The level of each test among all that are made together, as these runs tell how they go together. What does not vary
/// is no test.
fn level<'a>(values: impl Iterator<Item = &'a [f64]>) -> f64 {
    let varying: Vec<&[f64]> =
        values.filter(|values| values.iter().any(|value| *value != values[0])).collect();
    let Some(count) = varying.first().map(|values| values.len()) else {
        return ALPHA;
    };
    let mean = vec![1.0 / (count as f64).sqrt(); count];
    let nuisances = vec![mean];
    let joint = Joint {
        p_values: vec![1.0; varying.len()],
        errors: varying.iter().map(|values| stats::without(values, &nuisances)).collect(),
        nuisances,
    };
    Family::new(vec![joint]).nominal(ALPHA)
}

/// Of pairs, whose differences have the variance of two runs.
fn detectable(moments: &Moments, stat: Stat, level: f64) -> f64 {
    let freedom = USUAL_PAIRS - 1.0;
    let error = moments.deviation() * (2.0 / USUAL_PAIRS).sqrt();
    let critical = stats::t_quantile(1.0 - level / 2.0, freedom);
    let margin = stat.min_difference();
    let margin = if stat.is_share() { margin } else { margin.ln_1p() };
    // Without any noise, what matters is found.
    let found = stats::detectable(POWER, error, freedom, critical, margin);
    from_scale(if found.is_finite() { found } else { margin }, stat.is_share())
}
