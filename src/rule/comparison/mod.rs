//! What a comparison is judged by, as far as a person may change it.

mod calibration;
mod settings;
mod stat;

pub use calibration::{Calibration, Noise};
pub use settings::{FailOn, Intent, MinDifference, Pairs, Settings};
pub use stat::Stat;
