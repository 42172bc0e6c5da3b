//! When whoever looks at a cluster looks again.

use std::time::Duration;

/// Pauses differ by up to so much from their mean, lest looks go with anything that is periodic.
const UNEVEN: f64 = 0.5;
/// The golden ratio's fraction: multiples of it are spread evenly.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// The pause after the look of this number, of so much on the average.
pub fn uneven(mean: Duration, number: u32) -> Duration {
    let at = (f64::from(number) * GOLDEN).fract();
    mean.mul_f64(1.0 + UNEVEN * (at - 0.5))
}
