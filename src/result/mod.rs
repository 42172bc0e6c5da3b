//! The one file a run leaves: its versioned schema, the crash-safe writer, the reader.

mod run;
mod schema;

pub use run::{PhaseData, Point, Run, SeriesData};
pub use schema::*;
