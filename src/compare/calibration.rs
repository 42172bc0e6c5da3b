//! How much repeated, identical runs on a machine differ: its own noise, and so the smallest difference it can tell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::result::{Run, Tool};
use crate::stats::{self, Moments};

use super::contrast::centres;
use super::subject::subjects;
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
    /// The smallest change that six interleaved pairs find four times out of five: 0.09 is 9 %, of shares a
    /// difference.
    pub detectable: f64,
}

impl Calibration {
    /// The noise of identical runs; there must be at least [`FEWEST_CALIBRATING`].
    pub fn of(group: &Group) -> Calibration {
        let runs: Vec<&Run> = group.runs.iter().map(|input| &input.run).collect();
        let start =
            |run: Option<&&Run>| run.map_or_else(String::new, |run| run.header.started_at.clone());
        let header = runs.first().map(|run| run.header.clone()).unwrap_or_default();
        let noise = subjects(&runs).into_iter().filter_map(|subject| {
            let (values, errors) = centres(&runs, &subject)?;
            let moments = Moments::of(&values).filter(|m| m.n >= FEWEST_CALIBRATING as f64)?;
            let within = Moments::of(&errors).map_or(0.0, |m| m.mean);
            Some(Noise {
                runs: values.len(),
                deviation: moments.deviation(),
                between: (moments.variance - within).max(0.0).sqrt(),
                detectable: detectable(moments.deviation(), subject.stat),
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

/// (t(0.975) + t(0.8))·s_d/√k for k pairs, whose differences have the variance of two runs.
fn detectable(deviation: f64, stat: Stat) -> f64 {
    let t = |p| stats::t_quantile(p, USUAL_PAIRS - 2.0);
    let difference = (t(0.975) + t(0.8)) * deviation * (2.0 / USUAL_PAIRS).sqrt();
    if stat.is_share() { difference } else { difference.exp_m1() }
}
