//! What results are judged by: thresholds with their sources, and the settings of comparisons and histories.

pub mod comparison;
pub mod history;
mod profile;
mod threshold;

pub use profile::{PROFILES, Profile, Published, profile};
pub use threshold::{DISK_SERIES, Op, Rule, Stat};
