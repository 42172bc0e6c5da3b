//! The plan of a load: what it is, what was typed for it, and back.

mod checks;
mod class;
#[cfg(test)]
mod class_tests;
mod clean;
mod command;
mod consistent;
mod fault_plan;
mod faults;
mod keys;
mod leases;
mod mix;
mod operations;
mod pace;
mod population;
mod rate;
mod reads;
#[cfg(test)]
mod refusals;
mod resolve;
mod shard;
mod size;
mod sizes;
mod slice;
mod target;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod types;

pub use checks::FRESH_PREFIX;
pub use class::{OperationSeries, events, freshness};
pub use clean::{CleanPlan, CleanWhat, LeftBy};
pub use fault_plan::{Faults, Loss};
pub use operations::{LOAD_SERIES, Operation, Weighted};
pub use shard::MAX_SHARDS;
pub use size::{most_growth_bytes, most_growth_of_equals_bytes};
pub use types::{
    Class, Isolation, KeyDistribution, Keys, LoadPace, LoadPlan, Placement, RateStep, ReadShape,
    Reads, Shard, SharedLeases, SizeDistribution, Slice, Start, Stm, Target, Values, Watch, Writes,
};
