//! One of several members that fares much worse than the others on the same disk.

use crate::result::Severity;

use super::super::evidence::Evidence;
use super::{DiskFinding, Found, median};
use crate::verdict::judge::RuleInput;

/// Fewer members have no majority to differ from.
const MIN_MEMBERS: usize = 3;
/// Its p99 is at least this many times the median of the others' …
const MIN_RATIO: f64 = 3.0;
/// … and, allowing for its own doubt, still this many times.
const MIN_SURE_RATIO: f64 = 1.5;
/// Differences below this do not matter.
const MIN_DIFFERENCE_NS: f64 = 1_000_000.0;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let members: Vec<(u32, u64, f64)> = evidence
        .judged_by_member("wal.fsync")
        .iter()
        .filter_map(|(member, pooled)| {
            let p99 = crate::record::quantile(&pooled.total, &pooled.batches, 0.99)?;
            Some((*member, p99.low_ns.unwrap_or(0), p99.value_ns as f64))
        })
        .collect();
    if members.len() < MIN_MEMBERS {
        return None;
    }
    let &(odd, low_ns, p99_ns) = members.iter().max_by(|a, b| a.2.total_cmp(&b.2))?;
    let others: Vec<f64> =
        members.iter().filter(|member| member.0 != odd).map(|member| member.2).collect();
    let usual_ns = median(&others)?;
    let stands_out = p99_ns >= MIN_RATIO * usual_ns
        && low_ns as f64 >= MIN_SURE_RATIO * usual_ns
        && p99_ns - usual_ns >= MIN_DIFFERENCE_NS;
    if !stands_out {
        return None;
    }
    let what =
        DiskFinding::OddMember { member: odd, p99_ns: p99_ns as u64, usual_ns: usual_ns as u64 };
    Some(
        Found::new(what, Severity::Warning)
            .number("member", f64::from(odd))
            .number("p99_ns", p99_ns)
            .number("others_p99_ns", usual_ns),
    )
}
