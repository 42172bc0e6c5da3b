//! Pure statistics: numbers in, numbers out, each with its reference. Nothing here knows what was measured.

mod beta;
mod binomial;
mod design;
mod order;
mod student;

pub use binomial::{Side, interval, lower_bound, rule_of_three, upper_bound};
pub use design::{DesignEffect, MIN_BATCHES, design_effect};
pub use order::{QuantileRanks, quantile_ranks};
pub use student::t_quantile;
