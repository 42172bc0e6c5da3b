//! Thresholds with their sources, the stall ladder, the diagnosis: a result in, its summary out.

mod profile;
mod rule;

pub use profile::{PROFILES, Profile, Published, profile};
pub use rule::{DISK_SERIES, Op, Rule, Stat};
