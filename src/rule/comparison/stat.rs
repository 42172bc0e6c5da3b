//! What is measured of a series.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is measured of a series.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stat {
    /// The median.
    #[default]
    P50,
    /// 90th percentile.
    P90,
    /// 99th percentile.
    P99,
    /// 99.9th percentile.
    #[serde(rename = "p99.9")]
    P999,
    /// Operations per second.
    Rate,
    /// Share of operations that failed.
    Errors,
    /// Share of samples at or above the stall threshold.
    Stalls,
    /// The highest rate that keeps every rule.
    Capacity,
}

impl Stat {
    /// Every one, as they are shown.
    pub const ALL: [Stat; 8] = [
        Stat::P50,
        Stat::P90,
        Stat::P99,
        Stat::P999,
        Stat::Rate,
        Stat::Errors,
        Stat::Stalls,
        Stat::Capacity,
    ];

    /// Its name: `p99.9`, `rate`.
    pub fn name(self) -> &'static str {
        match self {
            Stat::P50 => "p50",
            Stat::P90 => "p90",
            Stat::P99 => "p99",
            Stat::P999 => "p99.9",
            Stat::Rate => "rate",
            Stat::Errors => "errors",
            Stat::Stalls => "stalls",
            Stat::Capacity => "capacity",
        }
    }

    /// Which quantile it is.
    pub fn quantile(self) -> Option<f64> {
        match self {
            Stat::P50 => Some(0.5),
            Stat::P90 => Some(0.9),
            Stat::P99 => Some(0.99),
            Stat::P999 => Some(0.999),
            _ => None,
        }
    }

    /// Whether it is a share, whose effect is a difference and not a ratio.
    pub fn is_share(self) -> bool {
        matches!(self, Stat::Errors | Stat::Stalls)
    }

    /// Whether more of it is better.
    pub fn more_is_better(self) -> bool {
        matches!(self, Stat::Rate | Stat::Capacity)
    }

    /// The smallest effect that matters, unless `--min-diff` says otherwise: a relative change, for shares an absolute
    /// one. Repeated runs of one etcd on one machine differ by 5 to 7 % (etcd#18283), tails by more. A thousandth of
    /// failed requests, and a ten-thousandth of stalls (etcd#7044 asks for less than 0.009 %), always matter.
    pub fn min_difference(self) -> f64 {
        match self {
            Stat::P50 | Stat::Rate => 0.05,
            Stat::P90 => 0.07,
            Stat::P99 | Stat::Capacity => 0.10,
            Stat::P999 => 0.25,
            Stat::Errors => 0.001,
            Stat::Stalls => 0.0001,
        }
    }

    /// The standard deviation between runs of the same thing that is assumed where nothing is known of it, as a
    /// logarithm, from that of a p50; of a share, as a part of it. Tails differ by more: as their smallest difference
    /// that matters does.
    pub fn run_deviation(self, of_p50: f64) -> f64 {
        of_p50
            * match self {
                Stat::P50 | Stat::Rate => 1.0,
                Stat::P90 => 4.0 / 3.0,
                Stat::P99 | Stat::Capacity => 5.0 / 3.0,
                Stat::P999 => 10.0 / 3.0,
                Stat::Errors | Stat::Stalls => 5.0,
            }
    }
}
