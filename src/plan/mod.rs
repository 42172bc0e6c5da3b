//! Validated plans: everything is resolved here before anything is touched. All cross-flag rules live here.

mod disk;

pub use disk::{Arrival, DiskPlan, EngineKind, Load, PlannedPhase, Workload};
