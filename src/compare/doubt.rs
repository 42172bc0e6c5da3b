//! A difference as it was measured, and how sure it is.

use crate::stats::Bounded;

/// A difference on the scale of differences: ln(B/A), for shares B − A.
#[derive(Debug, Clone)]
pub(super) struct MeasuredDifference {
    /// With 95 %; of several looks, all of them together.
    pub ci95: Bounded,
    /// With 90 %: lies it within ± the smallest effect that matters, there is no difference large enough to matter (two
    /// one-sided tests, D. Schuirmann 1987).
    pub ci90: Bounded,
    /// How likely so large a difference would be were there none.
    pub p: f64,
    /// Standard error of the difference.
    pub standard_error: f64,
    /// Degrees of freedom of that.
    pub degrees_of_freedom: f64,
    /// The share of its variance that longer runs do not take away: 0 to 1.
    pub between: f64,
    /// What the hypervisor has to do with it, where it took unevenly.
    pub steal: Option<Steal>,
    /// What the test was made from, to tell how metrics go together; `None` of one run a side.
    pub errors: Option<Vec<f64>>,
}

/// The other figure where the hypervisor took unevenly from the runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Steal {
    /// True where these runs show what it does, and the difference is the corrected one.
    pub shown: bool,
    /// The difference as it was measured.
    pub measured: f64,
    /// The corrected one with its interval.
    pub corrected: Bounded,
    /// How likely so large a difference would be were there none but what the hypervisor does.
    pub p: f64,
}
