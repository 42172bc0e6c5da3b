//! The one file a run leaves: its versioned schema, the crash-safe writer, the reader.

mod accumulate;
mod bounds;
mod collector;
mod ends;
mod json_schema;
pub mod layout;
mod lift;
mod map;
mod pairs;
mod reader;
pub mod redact;
mod run;
mod schema;
mod summarise;
mod writer;

pub use collector::{Collector, MAX_STALL_LINES, Observer, Silent};
pub use ends::read_ends;
pub use json_schema::json_schema;
pub use lift::lift;
pub use reader::{intervals, read};
pub use run::{
    BATCHES, BESIDE, COSTS, CPU_WAIT, Conclude, DISK_FAILED, EXTENDED, HALT, IMPORT, LATE_PHASE,
    MapColumn, NEIGHBOUR, PAUSE, PhaseData, Point, RUNNING, Run, SHARD_START, SeriesData,
};
pub use schema::*;
pub use summarise::{STANDARD_QUANTILES, pooled, summarise};
pub use writer::{Writer, default_path};
