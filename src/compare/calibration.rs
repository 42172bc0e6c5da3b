//! How much repeated, identical runs on a machine differ: its own noise, and so the smallest difference it can tell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::result::{Run, Tool};
use crate::stats::{self, Family, Joint, Moments};

use super::contrast::centres;
use super::judge::{ALPHA, POWER, from_scale};
use super::subject::{Subject, subjects};
use super::{Group, SCHEMA_VERSION, Stat};

/// Fewer runs say next to nothing about the spread between runs.
pub const FEWEST_CALIBRATING: usize = 4;

/// Pairs that `compare --measure` makes unless told otherwise; what `detectable` is told for.
const USUAL_PAIRS: f64 = 6.0;

/// The noise of a machine, from identical runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Calibration {
    /// Version of this form, `major.minor`.
    pub schema: String,
    /// The program that wrote it.
    pub tool: Tool,
    /// The machine.
    pub host: String,
    /// Kind of the runs.
    pub kind: String,
    /// Runs it rests on.
    pub runs: usize,
    /// UTC wall time of the first and the last run, RFC 3339.
    pub from_to: [String; 2],
    /// Per metric.
    pub noise: Vec<Noise>,
}

/// How much a metric differs between identical runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Noise {
    /// The phase.
    pub phase: String,
    /// The series.
    pub series: String,
    /// What of it.
    pub stat: Stat,
    /// Runs it was measured in.
    pub runs: usize,
    /// Standard deviation between runs: of the logarithm, so that 0.04 is 4 %; of shares as they are.
    pub deviation: f64,
    /// That without what the doubt within each run explains already.
    pub between: f64,
    /// The smallest change that six interleaved pairs find with a power of 80 %, tested together with all others that
    /// decide (or do not): 0.09 is 9 %, of shares a difference.
    pub detectable: f64,
}

impl Calibration {
    /// The noise of identical runs; there must be at least [`FEWEST_CALIBRATING`].
    pub fn of(group: &Group) -> Calibration {
        let runs: Vec<&Run> = group.runs.iter().map(|input| &input.run).collect();
        let start =
            |run: Option<&&Run>| run.map_or_else(String::new, |run| run.header.started_at.clone());
        let header = runs.first().map(|run| run.header.clone()).unwrap_or_default();
        let learnt: Vec<(Subject, Vec<f64>, Vec<f64>)> = subjects(&runs)
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
            tool: crate::result::Tool::this(),
        }
    }

    /// What is known of a metric.
    pub fn noise(&self, phase: &str, series: &str, stat: Stat) -> Option<&Noise> {
        self.noise.iter().find(|n| n.phase == phase && n.series == series && n.stat == stat)
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
