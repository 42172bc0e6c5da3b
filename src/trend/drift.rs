//! What small steps come to: the newest nights against a baseline that stays.

use crate::stats::median;
use crate::trend::changes;
use crate::trend::history::{Night, Track};
use crate::trend::points::Points;
use crate::trend::schema::Drift;

/// Nights at either end that tell a level.
const NIGHTS: usize = 14;
/// Standard errors of a difference that is no chance: one in 1,000.
const SURE: f64 = 3.3;
/// The standard error of a median is so many times that of a mean of normal values.
const MEDIAN: f64 = 1.253;
/// Nights resemble the ones before: so much wider is an error than that of independent nights, with a correlation of 0.3.
const ALIKE: f64 = 1.36;

/// The drift of a series since point `from`, where it matters and is no chance.
pub(super) fn drift(
    points: &Points,
    track: &Track,
    nights: &[Night],
    from: usize,
) -> Option<Drift> {
    let values = points.scaled.get(from..)?;
    if values.len() < 2 * NIGHTS || !points.scale.logarithmic {
        return None;
    }
    let (old, new) = (median(&values[..NIGHTS])?, median(&values[values.len() - NIGHTS..])?);
    let error = points.noise()? * MEDIAN * ALIKE * (2.0 / NIGHTS as f64).sqrt();
    let matters = points.scale.matters(old, new) && (new - old).abs() > SURE * error;
    matters.then(|| Drift {
        since: nights[points.nights[from]].at.to_string(),
        before: points.scale.back(old),
        after: points.scale.back(new),
        ratio: (new - old).exp(),
        outcome: changes::outcome(track, new - old),
    })
}
