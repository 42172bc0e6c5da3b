//! What was asked for, as it was said: by flags or by the keys of a file, both into the same types. Whether it makes
//! sense together is decided where it becomes a plan.
//!
//! A field is a flag ([`clap`]) and a key ([`serde`]) at once: whoever adds one adds both.

mod clean;
mod connect;
mod disk;
mod load;
mod read;
mod words;
mod workload;

pub use clean::CleanSpec;
pub use connect::{ConnectSpec, UserArg};
pub use disk::{DiskSpec, LabelArg, NeighbourArg, PhaseArg};
pub use load::{BesideSpec, ClassSpec, LoadSpec, is_class_name};
pub use words::{
    ArrivalArg, ConsistencyArg, EngineArg, IsolationArg, OperationArg, ReadArg, WireArg,
};
pub use workload::WorkloadSpec;

/// What the parser of the command line has against it, in one line.
pub(crate) fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
