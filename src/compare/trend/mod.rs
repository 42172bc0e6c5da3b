//! A history of runs, judged: where did the level change for good, and is the newest run still within what the nights
//! before it say?
//!
//! Results ([`collect`]) or a table of another tool ([`table`]) become histories ([`History`]): the nights of one
//! scenario on one machine, and for each measured series a value per night. [`judge`] looks at each series on its own:
//! lasting changes by E-divisive means on the logarithms ([`crate::stats::Detector`]), the newest night by the
//! prediction interval of the nights since the last change. What people know about single nights and changes comes
//! from a file of [`Marks`].

mod changes;
mod collect;
mod facts;
mod files;
mod headline;
mod history;
mod judge;
mod marks;
mod metrics;
mod neighbours;
mod points;
mod run;
mod schema;
mod table;
mod tonight;

pub use collect::{CollectOptions, Collected, collect};
pub use headline::format_value;
pub use history::{Direction, History, Night, Track, Unit};
pub use judge::{Settings, judge};
pub use marks::{MARKS, Mark, MarkKind, Marks, acknowledge};
pub(crate) use metrics::{Metric, metrics};
pub use run::run;
pub use schema::*;
pub use table::{TableOptions, read_table};
