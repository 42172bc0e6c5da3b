//! A history of runs, judged: where did the level change for good, and is the newest run still within what the nights
//! before it say?
//!
//! Results or a table of another tool become histories ([`History`], read by [`crate::run::history`]): the nights of one
//! scenario on one machine, and for each measured series a value per night. [`judge`] looks at each series on its own:
//! lasting changes by E-divisive means on the logarithms ([`crate::stats::Detector`]), the newest night by the
//! prediction interval of the nights since the last change. What people know about single nights and changes comes
//! from a file of [`Marks`].

mod change_point;
mod changes;
mod confirm;
mod drift;
mod events;
mod evidence;
mod facts;
mod headline;
mod history;
mod judge;
mod kinds;
mod latest;
mod marks;
mod metrics;
pub(crate) mod neighbours;
mod noise;
mod points;
mod question;
mod rules;
mod run_verdict;
mod schema;
mod season;
mod usual;

pub(crate) use facts::{Scenario, facts};
pub use headline::format_value;
pub use history::{Direction, History, Night, Track, Unit};
pub use judge::judge;
pub use marks::{Mark, MarkKind, Marks, When, acknowledge};
pub(crate) use metrics::{MIN_DIFFERENCE, Metric, metrics};
pub use rules::{ExitCause, RuleReruns, RunOutcome, TrendExit};
pub use run_verdict::RunVerdict;
pub use schema::*;
