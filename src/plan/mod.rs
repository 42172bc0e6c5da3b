//! Validated plans: everything is resolved here before anything is touched. All cross-flag rules live here.

mod budget;
mod check;
mod command;
mod compare;
mod connect;
mod disk;
mod document;
mod export;
mod import;
mod keys;
pub(crate) mod load;
pub mod meeting;
pub(crate) mod neighbour;
mod phases;
mod profile;
mod quota;
mod resolve;
mod run;
pub mod scenario;
mod timeouts;
mod trend;

pub use check::CheckPlan;
pub use compare::{ComparePlan, Measure, Source};
pub use connect::{Connect, UNVERIFIED, credentials};
pub use disk::{Arrival, DiskPlan, EngineKind, Load, PlannedPhase, Workload};
pub use document::{DocumentPlan, output};
pub(crate) use export::check as check_export;
pub use export::{Destination, ExportPlan, Of};
pub use import::{
    CheckPerf, Checked, DeviceWrites, Figures, ImportPlan, ImportRequest, Input, Layout, Program,
};
pub use keys::KeysPlan;
pub use load::{
    Class, CleanPlan, CleanWhat, FRESH_PREFIX, Faults, Isolation, KeyDistribution, Keys,
    LOAD_SERIES, LeftBy, LoadPace, LoadPlan, Loss, MAX_SHARDS, Operation, OperationSeries,
    Placement, RateStep, ReadShape, Reads, Shard, SharedLeases, SizeDistribution, Slice, Start,
    Stm, Target, Values, Watch, Weighted, Writes, events, freshness, most_growth_bytes,
    most_growth_of_equals_bytes,
};
pub use neighbour::{Neighbour, NeighbourKind};
pub use profile::ProfilePlan;
pub use quota::QuotaPlan;
pub use resolve::labels;
pub use run::{PlannedRun, Resolved, Task};
pub use scenario::ScenarioPlan;
pub use timeouts::{Dependent, Timeouts};
pub use trend::{Acknowledgement, TrendPlan, TrendSource};
