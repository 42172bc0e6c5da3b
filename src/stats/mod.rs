//! Pure statistics: numbers in, numbers out, each with its reference. Nothing here knows what was measured.

mod beta;
mod binomial;
mod contrast;
mod design;
mod e_divisive;
mod family;
mod fisher;
mod means;
mod mixture;
mod normal;
mod order;
mod paired;
mod power;
mod ratio;
mod robust;
mod sequential;
mod student;

pub use binomial::{Side, interval, lower_bound, rule_of_three, upper_bound};
pub use contrast::Contrast;
pub use design::{DesignEffect, MIN_BATCHES, design_effect};
pub use e_divisive::Detector;
pub use family::{Family, Joint, without};
pub use fisher::f_beyond;
pub use means::{Moments, lag_one, pooled, prediction_interval, welch, welch_beside};
pub use mixture::{Mixture, Slope};
pub use normal::below;
pub use order::{QuantileRanks, quantile_ranks};
pub use paired::{paired, paired_beside};
pub use power::{detectable, power};
pub use ratio::{Bounded, difference, p_value};
pub use robust::{MAD_TO_DEVIATION, hodges_lehmann, median, median_deviation, signed_rank_p};
pub use sequential::levels;
pub use student::{t_quantile, t_two_sided};
