//! What a run brings before the judge: its plan, and the samples of a series pooled over the phases that count.

use crate::plan::DiskPlan;
use crate::result::{Counters, PhaseData, Run};

use super::super::judge::RuleInput;
use super::super::pooled::{CONFIDENCE, Pooled};

/// Phases in which the disk carries the planned load, WAL and backend together. Rules are judged on these.
const LOAD_PHASES: [&str; 2] = ["etcd", "soak"];
/// The phase in which the WAL is written alone.
pub(super) const WAL_PHASE: &str = "wal";
/// A phase that only gathers more backend commits.
const COMMITS_PHASE: &str = "commits";
/// Series that are waits of their own: no wait is in two of them, so stalls counted over them count once.
pub(super) const DISJOINT_SERIES: [&str; 4] =
    ["wal.sync", "wal.cut", "backend.commit", "durability.sync"];
/// How often a load that may go on is looked at: at its planned end, and twice beyond.
pub const LOOKS: usize = 3;
/// The confidence of each of [`LOOKS`] that together are wrong no more often than one at [`CONFIDENCE`] (S. Pocock, "Group
/// sequential methods in the design and analysis of clinical trials", Biometrika 64 (1977): 1.992 standard errors).
const CONFIDENCE_OF_A_LOOK: f64 = 0.976_8;
/// A load planned for this long was asked for by `--soak`.
const SOAK_NS: u64 = 300_000_000_000;

/// A run with its plan.
pub(super) struct Evidence<'a> {
    /// The result as read.
    pub run: &'a Run,
    /// Its plan.
    pub plan: &'a DiskPlan,
    /// Whether it went through to its end.
    pub complete: bool,
    /// Every wait on the disk while stalls counted.
    pub waits: Pooled,
}

impl<'a> Evidence<'a> {
    /// Gathers what the rules need.
    pub fn new(run: &'a Run, plan: &'a DiskPlan, complete: bool) -> Self {
        let mut evidence = Evidence { run, plan, complete, waits: Pooled::default() };
        evidence.waits = Pooled::of(&evidence.stall_phases(), |s| {
            DISJOINT_SERIES.contains(&s.series.as_str()) && s.member.is_none()
        });
        evidence
    }

    /// The phases of the planned load, or the WAL alone.
    pub fn load_phases(&self) -> Vec<&'a PhaseData> {
        load_phases(self.run)
    }

    /// The phases whose stalls count: everything but the search for the capacity, which overloads on purpose.
    pub fn stall_phases(&self) -> Vec<&'a PhaseData> {
        let [etcd, soak] = LOAD_PHASES;
        self.measured(&["durability", WAL_PHASE, etcd, soak, COMMITS_PHASE])
    }

    fn measured(&self, names: &[&str]) -> Vec<&'a PhaseData> {
        measured(self.run, names)
    }

    /// How long the planned load was to last.
    pub fn planned_load_ns(&self) -> u64 {
        let planned = |names: &[&str]| -> u64 {
            let phases = self.plan.phases.iter();
            phases
                .filter(|phase| names.contains(&phase.name.as_str()))
                .map(|phase| phase.duration_ns)
                .sum()
        };
        match planned(&LOAD_PHASES) {
            0 => planned(&[WAL_PHASE]),
            load => load,
        }
    }

    /// Whether this was a long run already, so that nobody is advised to make one.
    pub fn soaks(&self) -> bool {
        self.planned_load_ns() >= SOAK_NS
    }

    /// Start times of the stalls at least this long, in the phases where stalls count, ascending.
    pub fn stall_spans(&self, at_least_ns: u64) -> Vec<(u64, u64)> {
        let phases = self.stall_phases();
        let mut spans: Vec<(u64, u64)> = self
            .run
            .stalls
            .iter()
            .filter(|stall| stall.duration_ns >= at_least_ns)
            .filter(|stall| DISJOINT_SERIES.contains(&stall.series.as_str()))
            .filter(|stall| phases.iter().any(|phase| phase.name == stall.phase))
            .map(|stall| (stall.start_ns, stall.start_ns.saturating_add(stall.duration_ns)))
            .collect();
        spans.sort_unstable();
        spans
    }

    /// The stalls at least this long in the search for the capacity: how many, and the longest.
    pub fn stalls_in_capacity(&self, at_least_ns: u64) -> (usize, u64) {
        let stalls = self.run.stalls.iter().filter(|stall| {
            stall.phase == "capacity"
                && stall.duration_ns >= at_least_ns
                && DISJOINT_SERIES.contains(&stall.series.as_str())
        });
        stalls.fold((0, 0), |(count, longest), stall| (count + 1, longest.max(stall.duration_ns)))
    }

    /// Counters of this source in any of these phases.
    pub fn counters<'b>(
        &'b self,
        source: &'b str,
        phases: &'b [&'b str],
    ) -> impl Iterator<Item = &'b Counters> {
        self.run.counters.iter().filter(move |c| {
            c.source == source && c.length_ns > 0 && phases.contains(&c.phase.as_str())
        })
    }
}

/// The phases of these names in which anything was done.
fn measured<'a>(run: &'a Run, names: &[&str]) -> Vec<&'a PhaseData> {
    run.phases
        .iter()
        .filter(|phase| names.contains(&phase.name.as_str()))
        .filter(|phase| phase.series.iter().any(|s| s.total.count() > 0 || !s.errors.is_empty()))
        .collect()
}

fn load_phases(run: &Run) -> Vec<&PhaseData> {
    let load = measured(run, &LOAD_PHASES);
    if load.is_empty() { measured(run, &[WAL_PHASE]) } else { load }
}

/// The phases whose samples a rule on this series pools.
pub fn judged_over<'a>(run: &'a Run, series: Option<&str>) -> Vec<&'a PhaseData> {
    let mut phases = load_phases(run);
    if series == Some("backend.commit") {
        phases.extend(run.phase(COMMITS_PHASE));
    }
    phases
}

impl RuleInput for Evidence<'_> {
    /// Those of the planned load, or the WAL alone in a run that had no other. Backend commits are rare, so the phase
    /// that gathers more of them counts for them too.
    fn phases(&self, series: Option<&str>) -> Vec<&PhaseData> {
        judged_over(self.run, series)
    }

    fn complete(&self) -> bool {
        self.complete
    }

    fn confidence(&self) -> f64 {
        if self.plan.extend_ns > 0 { CONFIDENCE_OF_A_LOOK } else { CONFIDENCE }
    }
}
