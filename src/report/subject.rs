//! What a page is about: a run, its summary, and the plan in its header, with the look-ups every page needs.

use crate::plan::{DiskPlan, ImportPlan, LoadPlan};
use crate::record::Distribution;
use crate::result::{IMPORT, PhaseData, PhaseSummary, Run, SeriesSummary, Summary, pooled};
use crate::verdict::judged_over;

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

/// A series pooled over several phases, as rules pool it.
pub(super) struct Pooled<'a> {
    /// Names of the phases.
    pub phases: Vec<&'a str>,
    /// All samples.
    pub total: Distribution,
    /// Their figures.
    pub figures: SeriesSummary,
}

impl Pooled<'_> {
    /// `phases etcd and commits`.
    pub fn told(&self) -> String {
        format!("phases {}", self.phases.join(" and "))
    }
}

impl Plan {
    pub fn of(run: &Run) -> Plan {
        let value = run.header.plan.clone();
        match run.header.kind.as_str() {
            "load" => {
                let plan = serde_json::from_value::<LoadPlan>(value);
                plan.map_or(Plan::Unknown, |plan| Plan::Load(plan.own()))
            }
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

    /// The command of a load, of all machines that made it as it was given to this one.
    pub fn load_command(&self) -> Option<String> {
        let plan = serde_json::from_value::<LoadPlan>(self.run.header.plan.clone()).ok()?;
        Some(plan.command())
    }

    /// The phases over which rules on this series pool its samples, with the samples and their figures; nothing where
    /// there are not several.
    pub fn pooled(&self, series: &str) -> Option<Pooled<'a>> {
        self.disk()?;
        let all = judged_over(self.run, Some(series)).into_iter();
        let of_series = |phase: &&PhaseData| phase.series(series).is_some_and(|s| s.count() > 0);
        let phases: Vec<&PhaseData> = all.filter(of_series).collect();
        if phases.len() < 2 {
            return None;
        }
        let (total, figures) = pooled(&phases, series)?;
        Some(Pooled {
            phases: phases.iter().map(|phase| phase.name.as_str()).collect(),
            total,
            figures,
        })
    }

    /// The figures a rule on this series is judged on: those of its phase, or pooled over several.
    pub fn judged(&self, series: &str) -> Option<SeriesSummary> {
        self.disk()?;
        pooled(&judged_over(self.run, Some(series)), series).map(|(_, figures)| figures)
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
