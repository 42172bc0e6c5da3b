//! Whether a load came back to its level after its leader was lost by plan. An etcd that does not, although the cause is gone, is
//! in a state that keeps itself up: what piled up meanwhile is more than it can take beside what goes on being due.

use crate::result::Point;
use crate::stats::median;

use super::evidence::Evidence;
use super::planned::{self, Kill};

/// A second is back at the level where its 99th percentile is at most so many times that of before …
const TIMES: u64 = 2;
/// … or at most so much longer: what is short is unsteady.
const BESIDE_NS: u64 = 10_000_000;
/// And where this share of the usual number of operations was answered, less what chance takes.
const ANSWERED: f64 = 0.8;
/// So many seconds in a row are needed, after the loss and before it.
const IN_A_ROW: usize = 3;
/// Of fewer operations a second nothing is told: then seconds without any are no standstill.
const LEAST_PER_S: f64 = 5.0;
/// Nobody is told not to be back who was looked at for less.
const WATCHED_NS: u64 = 10_000_000_000;

/// The way back to the level of before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WayBack {
    /// Operations that were due per second; none in a closed loop.
    pub rate: Option<f64>,
    /// For how long the leader was away.
    pub away_ns: u64,
    /// The level: the usual 99th percentile of a second before.
    pub level_ns: u64,
    /// From the loss until the level was reached; absent where it was not.
    pub back_ns: Option<u64>,
    /// From the end of the loss to the end of the load: so long was looked.
    pub watched_ns: u64,
    /// The 99th percentile of the last second.
    pub last_ns: u64,
}

/// Of one loss, looked at until the next; nothing where there was too little before or after it.
pub(super) fn of(evidence: &Evidence, kill: &Kill) -> Option<WayBack> {
    let lost_ns = kill.event.at_ns;
    let away_ns = kill.away_ns?;
    let next = planned::kills(evidence).into_iter().map(|kill| kill.event.at_ns);
    let until_ns = next.filter(|at_ns| *at_ns > lost_ns).min().unwrap_or(u64::MAX);
    let points = busiest(evidence);
    let before: Vec<&Point> =
        points.iter().copied().filter(|point| end_ns(point) <= lost_ns).collect();
    let level = Level::of(&before)?;
    let after = points.into_iter().filter(|point| point.start_ns >= lost_ns);
    let after: Vec<&Point> = after.filter(|point| end_ns(point) <= until_ns).collect();
    // The last one may be cut short.
    let (_, whole) = after.split_last()?;
    let back = whole.windows(IN_A_ROW).find(|row| level.is_held(row));
    let last = whole.last()?;
    let watched_ns = end_ns(last).saturating_sub(lost_ns + away_ns);
    (back.is_some() || watched_ns >= WATCHED_NS).then(|| WayBack {
        rate: evidence.plan.steps().first().map(|step| step.from_per_s),
        away_ns,
        level_ns: level.p99_ns,
        back_ns: back.and_then(|row| row.first()).map(|point| point.start_ns - lost_ns),
        watched_ns,
        last_ns: last.p99_ns,
    })
}

/// The waits of what is done most often, second by second.
fn busiest<'a>(evidence: &Evidence<'a>) -> Vec<&'a Point> {
    let series = evidence.wait_series().into_iter().map(|name| {
        let all = evidence.phases.iter().flat_map(|phase| &phase.series);
        let points = all.filter(|s| s.member.is_none() && s.series == name);
        points.flat_map(|series| &series.timeline).collect::<Vec<&Point>>()
    });
    let count = |points: &Vec<&Point>| points.iter().map(|point| point.count).sum::<u64>();
    let mut points = series.max_by_key(count).unwrap_or_default();
    points.sort_by_key(|point| point.start_ns);
    points
}

/// What was usual before a loss.
struct Level {
    p99_ns: u64,
    per_s: f64,
}

impl Level {
    /// Of the seconds before; nothing where they are too few, or do not hold it themselves.
    fn of(before: &[&Point]) -> Option<Level> {
        let p99s: Vec<f64> = before.iter().map(|point| point.p99_ns as f64).collect();
        let rates: Vec<f64> =
            before.iter().map(|point| point.count as f64 / seconds(point)).collect();
        let level = Level { p99_ns: median(&p99s)? as u64, per_s: median(&rates)? };
        let steady = before.windows(IN_A_ROW).any(|row| level.is_held(row));
        (level.per_s >= LEAST_PER_S && steady).then_some(level)
    }

    /// Whether these seconds, which follow one another without a gap, are as usual.
    fn is_held(&self, row: &[&Point]) -> bool {
        let limit_ns = (self.p99_ns * TIMES).max(self.p99_ns + BESIDE_NS);
        // A second without an answer has no point.
        let joined = row
            .windows(2)
            .all(|pair| pair[1].start_ns < end_ns(pair[0]).saturating_add(pair[0].length_ns));
        let usual = self.per_s * row.iter().map(|point| seconds(point)).sum::<f64>();
        let answered = row.iter().map(|point| point.count).sum::<u64>() as f64;
        // Of arrivals at random the deviation is the root of their number.
        joined
            && answered + 2.0 * usual.sqrt() >= ANSWERED * usual
            && row.iter().all(|point| point.p99_ns <= limit_ns && point.failed == 0)
    }
}

fn end_ns(point: &Point) -> u64 {
    point.start_ns.saturating_add(point.length_ns)
}

fn seconds(point: &Point) -> f64 {
    point.length_ns.max(1) as f64 / 1e9
}
