//! One metric on one side of a comparison, from all runs of the side.

use super::Value;
use super::arm::Arm;
use crate::record::MIN_TAIL_SAMPLES;
use crate::rule::comparison::Stat;

/// A metric on one side.
#[derive(Debug, Clone)]
pub(super) struct SideMetric {
    pub value: Value,
    /// In each run; `None` where it has no samples.
    pub(super) arms: Vec<Option<Arm>>,
    /// The share of the CPU time that the hypervisor gave to others meanwhile; `None` where nobody counted.
    pub stolen: Vec<Option<f64>>,
    pub(super) invalid: Option<String>,
    /// The shortest phase it comes from.
    pub(super) seconds: f64,
    /// Another program measured it.
    pub(super) foreign: bool,
    /// Every run has the rate that its open loop was asked for.
    pub offered: bool,
}

impl SideMetric {
    /// Whether anything can be said of this metric on this side.
    pub fn speaks(&self, stat: Stat) -> bool {
        let tail = || stat.quantile().and_then(|q| tail_problem("", self, q));
        self.invalid.is_none()
            && match &self.arms[..] {
                [only] => only.as_ref().is_some_and(|arm| arm.problem.is_none()),
                arms => arms.iter().all(Option::is_some) && tail().is_none(),
            }
    }
}

/// A quantile needs its effective samples, together in all runs, and in each a few beyond it.
pub(super) fn tail_problem(name: &str, side: &SideMetric, q: f64) -> Option<String> {
    let arms = || side.arms.iter().flatten();
    let fewest = arms().map(|arm| arm.samples as f64 * (1.0 - q)).fold(f64::INFINITY, f64::min);
    if fewest < FEWEST_BEYOND {
        let wanted = (FEWEST_BEYOND / (1.0 - q)).ceil() as u64;
        return Some(format!(
            "{name}: too few of a run's samples lie beyond it ({}), needs runs of about {} samples",
            fewest.floor(),
            crate::units::format_count(wanted)
        ));
    }
    let tail = side.value.tail_samples.unwrap_or(0.0);
    (tail < MIN_TAIL_SAMPLES * (1.0 - 1e-9)).then(|| {
        format!("{name}: {tail:.1} of {MIN_TAIL_SAMPLES} effective samples beyond it in all runs")
    })
}

/// With fewer samples beyond it in a single run, a quantile is hardly more than the largest sample.
pub(super) const FEWEST_BEYOND: f64 = 5.0;
