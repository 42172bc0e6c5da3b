//! Validated plans: everything is resolved here before anything is touched. All cross-flag rules live here.

mod budget;
mod command;
mod disk;
mod phases;
mod resolve;

pub use disk::{Arrival, DiskPlan, EngineKind, Load, PlannedPhase, Workload};
pub use resolve::labels;
