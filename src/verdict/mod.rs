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
mod pooled;
mod rule;
mod stalls;
#[cfg(test)]
mod testing;

pub use disk::{PROFILES, Profile, Published, limit_ns, profile};
pub use import::foreign_traits;
#[cfg(test)]
pub(crate) use load::testing as load_testing;
pub(crate) use machine::Cpus;
pub use rule::{DISK_SERIES, Op, Rule, Stat};

use serde::de::DeserializeOwned;

use crate::result::{self, Run, Summary, Verdict};

/// How a run ended.
#[derive(Debug, Clone, Copy)]
struct Ending {
    /// It went through to its end.
    complete: bool,
    /// A signal ended it.
    interrupted: bool,
}

/// What a run amounts to.
///
/// `complete` says that the run went through to its end, `interrupted` that a signal ended it, `ended_at` is the UTC
/// wall time of its end (RFC 3339). A run that is not complete never passes; a failure it has proven stays one.
pub fn conclude(run: &Run, complete: bool, interrupted: bool, ended_at: String) -> Summary {
    let ending = Ending { complete: complete && !interrupted, interrupted };
    let judged = match run.header.kind.as_str() {
        "disk" => disk::judge(run, ending),
        "load" => load::judge(run, ending),
        result::IMPORT => import::judge(run, ending),
        other => Err(format!("there is no verdict on a result of kind '{other}'")),
    };
    let summary = judged.unwrap_or_else(|problem| Summary {
        verdict: Verdict::Inconclusive,
        headline: format!("INCONCLUSIVE  {problem}"),
        ..Summary::default()
    });
    Summary { ended_at, complete, interrupted, phases: result::summarise(run), ..summary }
}

/// The plan in a result's header.
fn plan_of<Plan: DeserializeOwned>(run: &Run) -> Result<Plan, String> {
    serde_json::from_value(run.header.plan.clone())
        .map_err(|problem| format!("the plan of this result cannot be read: {problem}"))
}
