//! How the database of a member grew between two looks, and when it would reach its quota.

use schemars::JsonSchema;
use serde::Serialize;

const DAY_S: f64 = 86_400.0;
/// What is in use goes up with every write and down with every compaction, which an apiserver asks for every five
/// minutes (`--etcd-compaction-interval`). Over a shorter time than a dozen of those, growth is mostly that.
const LONG_ENOUGH_S: u64 = 3_600;

/// The growth of a database between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Filling {
    /// Seconds between the looks.
    pub window_s: u64,
    /// Bytes by which what is in use grew; less than 0 where it shrank. The file grows only when nothing in it is free.
    pub grew_bytes: i64,
    /// Fewer days until the quota is reached are a failure.
    pub least_days: u32,
}

impl Filling {
    /// Bytes a day.
    pub fn bytes_a_day(&self) -> f64 {
        self.grew_bytes as f64 * DAY_S / self.window_s.max(1) as f64
    }

    /// Whether compactions and what they remove are likely to even out within it.
    pub fn is_long_enough(&self) -> bool {
        self.window_s >= LONG_ENOUGH_S
    }

    /// Days until what is in use reaches the quota, if it goes on like this; none where it does not grow.
    pub fn days_left(&self, used_bytes: u64, quota_bytes: u64) -> Option<f64> {
        let a_day = self.bytes_a_day();
        (a_day > 0.0).then(|| quota_bytes.saturating_sub(used_bytes) as f64 / a_day)
    }
}

/// Keys that begin alike, and how much they hold.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Held {
    /// What they begin with.
    pub prefix: String,
    /// How many there are.
    pub keys: u64,
    /// The mean of the values that were looked at.
    pub mean_bytes: f64,
    /// How many were looked at.
    pub samples: u64,
}

impl Held {
    /// About the bytes of all their values as they are now; what they were before is not in it.
    pub fn bytes(&self) -> u64 {
        (self.keys as f64 * self.mean_bytes) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_from_what_is_left_and_what_it_grows_by() {
        let day = Filling { window_s: 86_400, grew_bytes: 100, least_days: 7 };
        assert_eq!(day.days_left(300, 1_000), Some(7.0));
        assert_eq!(day.days_left(2_000, 1_000), Some(0.0));
        let hour = Filling { window_s: 3_600, ..day };
        assert_eq!(hour.bytes_a_day(), 2_400.0);
        assert!(hour.is_long_enough());
        assert!(!Filling { window_s: 3_599, ..day }.is_long_enough());
        for grew_bytes in [0, -5] {
            assert_eq!(Filling { grew_bytes, ..day }.days_left(300, 1_000), None);
        }
    }
}
