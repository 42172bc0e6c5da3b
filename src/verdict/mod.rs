//! Thresholds with their sources, the stall ladder, the diagnosis: a result in, its summary out.
//!
//! A door per kind of result: [`disk`] and [`load`] know what is measured and what it means; how a rule is judged from
//! samples is common to them.

mod disk;
mod ending;
mod finding;
mod import;
mod judge;
mod judgement;
mod load;
mod machine;
mod outcome;
mod pooled;
mod stalls;
#[cfg(test)]
mod testing;

pub use disk::{
    COMMITS_WANTED, Consequence, DiskFinding, DiskHeadline, EtcdHere, LOOKS, NeighbourSays,
    NeighbourWork, Pace, Timer, judged_over, limit_ns, more_load_ns, waits_set_apart,
};
pub use ending::{CutShort, Ending};
pub use finding::{FindingKind, Found};
pub use import::foreign_traits;
use judgement::plan_of;
pub use judgement::{Headline, Judgement};
#[cfg(test)]
pub(crate) use load::testing as load_testing;
pub use load::{
    Broken, Carried, DatabaseFinding, ELECTION_WITHIN_NS, Gravest, HeldBy, LeaderChanged,
    LeaderKilled, LoadFinding, LoadHeadline, MODELLED, SlowMember, SlowWork, Stage, Undecided,
    WayBack, Why, Work, modelled_series,
};
pub(crate) use machine::Cpus;
pub use outcome::{Limit, Measured, Outcome, Quantity, Source};

use crate::exit::Verdict;
use crate::result::{Run, Summary};

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
