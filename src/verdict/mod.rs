//! Thresholds with their sources, the stall ladder, the diagnosis: a result in, its summary out.
//!
//! A door per kind of result: [`disk`] and [`load`] know what is measured and what it means; how a rule is judged from
//! samples is common to them.

mod disk;
mod finding;
mod import;
mod judge;
mod load;
mod machine;
mod outcome;
mod pooled;
mod stalls;
#[cfg(test)]
mod testing;

pub use disk::{
    Consequence, DiskFinding, DiskHeadline, NeighbourSays, NeighbourWork, Pace, Timer, limit_ns,
};
pub use finding::{FindingKind, Found};
pub use import::foreign_traits;
#[cfg(test)]
pub(crate) use load::testing as load_testing;
pub use load::{
    Broken, Carried, DatabaseFinding, ELECTION_WITHIN_NS, Gravest, HeldBy, LeaderChanged,
    LeaderKilled, LoadFinding, LoadHeadline, SlowMember, SlowWork, Stage, Undecided, Why, Work,
};
pub(crate) use machine::Cpus;
pub use outcome::{Limit, Measured, Outcome, Quantity, Source};

use serde::de::DeserializeOwned;

use crate::exit::Verdict;
use crate::result::{Capacity, LadderStep, MemberSummary, Run, Summary};

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// It went through to its end.
    pub complete: bool,
    /// A signal ended it.
    pub interrupted: bool,
}

/// What a run amounts to, in values; how that is said is the business of a page.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// What is said of it first.
    pub headline: Headline,
    /// Every rule with its outcome.
    pub rules: Vec<Outcome>,
    /// Stalls counted on the ladder.
    pub ladder: Vec<LadderStep>,
    /// What is worth telling.
    pub findings: Vec<Found>,
    /// What can be carried.
    pub capacity: Option<Capacity>,
    /// The rates that were tried one after the other.
    pub steps: Vec<Stage>,
    /// The members' own view.
    pub members: Vec<MemberSummary>,
}

/// What is said first of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Headline {
    /// It cannot be judged, and why.
    Unreadable(String),
    /// Of a disk.
    Disk(DiskHeadline),
    /// Of a load.
    Load(Box<LoadHeadline>),
}

impl Default for Headline {
    fn default() -> Self {
        Headline::Unreadable(String::new())
    }
}

/// A run that did not go through to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct CutShort {
    /// Why, where it could say.
    pub halted: Option<String>,
    /// Whether a signal ended it.
    pub interrupted: bool,
    /// How long it had measured by then.
    pub after_ns: u64,
}

impl CutShort {
    fn of(run: &Run, ending: Ending, after_ns: u64) -> CutShort {
        CutShort {
            halted: run.halted().map(str::to_owned),
            interrupted: ending.interrupted,
            after_ns,
        }
    }
}

/// What a run amounts to. A run that is not complete never passes; a failure it has proven stays one.
pub fn judge(run: &Run, ending: Ending) -> Judgement {
    let complete = ending.complete && !ending.interrupted;
    let ending = Ending { complete, ..ending };
    let judged = match run.header.kind.as_str() {
        "disk" => disk::judge(run, ending),
        "load" => load::judge(run, ending),
        other => Err(format!("there is no verdict on a result of kind '{other}'")),
    };
    judged.unwrap_or_else(|problem| Judgement {
        verdict: Verdict::Inconclusive,
        headline: Headline::Unreadable(problem),
        ..Judgement::default()
    })
}

/// What the run of another program amounts to, in words already; its headline is not parted yet.
pub fn foreign(run: &Run, ending: Ending) -> Summary {
    import::judge(run, ending).unwrap_or_else(|problem| Summary {
        verdict: Verdict::Inconclusive,
        headline: format!("INCONCLUSIVE  {problem}"),
        ..Summary::default()
    })
}

/// The plan in a result's header.
fn plan_of<Plan: DeserializeOwned>(run: &Run) -> Result<Plan, String> {
    serde_json::from_value(run.header.plan.clone())
        .map_err(|problem| format!("the plan of this result cannot be read: {problem}"))
}
