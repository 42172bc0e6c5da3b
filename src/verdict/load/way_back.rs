//! Whether a load came back to its level after its leader was lost by plan. An etcd that does not, although the cause is gone, is
//! in a state that keeps itself up: what piled up meanwhile is more than it can take beside what goes on being due.

use crate::result::Point;

use super::evidence::Evidence;
use super::planned::Kill;

/// A second is back at the level where its 99th percentile is at most so many times that of before …
const TIMES: u64 = 2;
/// … or at most so much longer: what is short is unsteady.
const BESIDE_NS: u64 = 10_000_000;
/// And where at least this share of the usual number of operations was answered.
const ANSWERED: f64 = 0.8;
/// So many seconds in a row are needed, and so many before the loss to know the level.
const IN_A_ROW: usize = 3;

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

/// Of one loss; nothing where there was too little before or after it.
pub(super) fn of(evidence: &Evidence, kill: &Kill) -> Option<WayBack> {
    let lost_ns = kill.event.at_ns;
    let returned_ns = lost_ns + kill.away_ns?;
    let series = evidence.strands.first()?.wait();
    let all = evidence.phases.iter().flat_map(|phase| &phase.series);
    let points = all.filter(|s| s.member.is_none() && s.series == series);
    let mut points: Vec<&Point> = points.flat_map(|series| &series.timeline).collect();
    points.sort_by_key(|point| point.start_ns);
    let end = |point: &Point| point.start_ns.saturating_add(point.length_ns);
    let before: Vec<&Point> =
        points.iter().copied().filter(|point| end(point) <= lost_ns).collect();
    if before.len() < IN_A_ROW {
        return None;
    }
    let level_ns = middle(before.iter().map(|point| point.p99_ns))?;
    let usual = middle(before.iter().map(|point| per_s(point)))?;
    let after: Vec<&Point> = points.into_iter().filter(|point| point.start_ns >= lost_ns).collect();
    // The last one may be cut short.
    let whole = after.split_last().map_or(&[][..], |(_, whole)| whole);
    let limit_ns = (level_ns * TIMES).max(level_ns + BESIDE_NS);
    let is_back = |point: &Point| {
        point.p99_ns <= limit_ns
            && point.failed == 0
            && per_s(point) as f64 >= ANSWERED * usual as f64
    };
    // A second without an answer has no point.
    let joined = |row: &[&Point]| {
        row.windows(2).all(|pair| pair[1].start_ns < end(pair[0]).saturating_add(pair[0].length_ns))
    };
    let back =
        whole.windows(IN_A_ROW).find(|row| joined(row) && row.iter().all(|point| is_back(point)));
    let last = whole.last()?;
    let watched_ns = end(last).saturating_sub(returned_ns);
    let long_enough = watched_ns >= IN_A_ROW as u64 * 1_000_000_000;
    (back.is_some() || long_enough).then(|| WayBack {
        rate: evidence.plan.steps().first().map(|step| step.from_per_s),
        away_ns: kill.away_ns.unwrap_or_default(),
        level_ns,
        back_ns: back.and_then(|row| row.first()).map(|point| point.start_ns - lost_ns),
        watched_ns,
        last_ns: last.p99_ns,
    })
}

fn per_s(point: &Point) -> u64 {
    (point.count as f64 / (point.length_ns.max(1) as f64 / 1e9)) as u64
}

fn middle(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
