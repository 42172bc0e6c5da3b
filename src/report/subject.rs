//! What a page is about: a run, its summary, and the plan in its header, with the look-ups every page needs.

use crate::plan::{DiskPlan, ImportPlan, LoadPlan};
use crate::result::{IMPORT, PhaseSummary, Run, SeriesSummary, Summary};

/// A run to be told of.
pub(super) struct RunAndPlan<'a> {
    pub run: &'a Run,
    pub summary: &'a Summary,
    pub plan: Plan,
}

/// The plan in the header.
#[allow(clippy::large_enum_variant)] // there is one of it
pub(super) enum Plan {
    /// Of a disk qualification.
    Disk(DiskPlan),
    /// Of a load.
    Load(LoadPlan),
    /// Of another program, as far as it told.
    Import(ImportPlan),
    /// Not to be read.
    Unknown,
}

impl Plan {
    pub fn of(run: &Run) -> Plan {
        let value = run.header.plan.clone();
        match run.header.kind.as_str() {
            "load" => serde_json::from_value(value).map_or(Plan::Unknown, Plan::Load),
            IMPORT => serde_json::from_value(value).map_or(Plan::Unknown, Plan::Import),
            _ => serde_json::from_value(value).map_or(Plan::Unknown, Plan::Disk),
        }
    }
}

impl<'a> RunAndPlan<'a> {
    pub fn new(run: &'a Run, summary: &'a Summary) -> Self {
        RunAndPlan { run, summary, plan: Plan::of(run) }
    }

    /// The plan, if it is that of a disk qualification.
    pub fn disk(&self) -> Option<&DiskPlan> {
        match &self.plan {
            Plan::Disk(plan) => Some(plan),
            _ => None,
        }
    }

    /// The figures of a phase.
    pub fn phase(&self, name: &str) -> Option<&PhaseSummary> {
        self.summary.phases.iter().find(|phase| phase.phase == name)
    }

    /// The figures of a series in a phase; without a member, of all members together.
    pub fn figures(
        &self,
        phase: &str,
        series: &str,
        member: Option<u32>,
    ) -> Option<&SeriesSummary> {
        let mut all = self.phase(phase)?.series.iter();
        all.find(|found| found.series == series && found.member == member)
    }
}
