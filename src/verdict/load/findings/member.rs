//! One of several members that is much slower than the others: the one bad disk of three that nobody notices until
//! another member is gone.

use crate::result::{BucketSummary, MemberSummary, Severity};
use crate::verdict::judge::RuleInput;

use super::super::evidence::Evidence;
use super::super::server;
use super::{Found, SlowMember, SlowWork, median};

/// Fewer samples say nothing about a member.
const MIN_SAMPLES: u64 = 30;
/// Its mean is at least this many times the median of the others' …
const MIN_RATIO: f64 = 3.0;
/// … and this much longer: below, nobody feels it.
const MIN_DIFFERENCE_NS: f64 = 2_000_000.0;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let members = server::members(evidence);
    let fsync = |member: &MemberSummary| member.wal_fsync.clone();
    let commit = |member: &MemberSummary| member.backend_commit.clone();
    odd(&members, SlowWork::WalFsyncs, fsync)
        .or_else(|| odd(&members, SlowWork::BackendCommits, commit))
        .or_else(|| slow_to_clients(evidence))
}

fn odd(
    members: &[MemberSummary],
    work: SlowWork,
    get: impl Fn(&MemberSummary) -> Option<BucketSummary>,
) -> Option<Found> {
    let figures: Vec<(&MemberSummary, BucketSummary)> = members
        .iter()
        .filter_map(|member| Some((member, get(member).filter(|f| f.count >= MIN_SAMPLES)?)))
        .collect();
    let (odd, worst) = figures.iter().max_by_key(|(_, figures)| figures.mean_ns)?;
    let others: Vec<f64> = figures
        .iter()
        .filter(|(member, _)| member.member != odd.member)
        .map(|(_, figures)| figures.mean_ns as f64)
        .collect();
    let usual_ns = median(&others)?;
    // One long wait in a mean is not enough: most of its 99th percentiles must lie above all of theirs.
    let theirs = figures.iter().filter(|(member, _)| member.member != odd.member);
    let apart = theirs
        .filter_map(|(_, f)| f.p99_at_most_ns)
        .max()
        .is_some_and(|most| worst.p99_above_ns >= most);
    let mean_ns = worst.mean_ns as f64;
    if !apart || mean_ns < MIN_RATIO * usual_ns || mean_ns - usual_ns < MIN_DIFFERENCE_NS {
        return None;
    }
    let what = SlowMember::Work {
        member: odd.member,
        work,
        mean_ns: worst.mean_ns,
        p99_ns: (worst.p99_above_ns, worst.p99_at_most_ns),
        usual_ns: usual_ns as u64,
        leads: odd.leader,
        spare: figures.len() > 2,
    };
    Some(
        Found::new(what, Severity::Warning)
            .number("member", f64::from(odd.member))
            .number("mean_ns", mean_ns)
            .number("others_mean_ns", usual_ns),
    )
}

/// As its clients feel it, where the members' metrics do not show why: its CPU or the way to it. By the median, or by what
/// one answer in ten exceeds: a member that stands still now and then has an ordinary median.
fn slow_to_clients(evidence: &Evidence) -> Option<Found> {
    slow_by(evidence, 0.5, 1.0).or_else(|| slow_by(evidence, 0.9, RARER))
}

/// What is rarer differs by more from one member to the next without a reason.
const RARER: f64 = 5.0;

fn slow_by(evidence: &Evidence, q: f64, times: f64) -> Option<Found> {
    const MIN_SURE_RATIO: f64 = 2.0;
    const MIN_MEMBERS: usize = 3;
    let strand = evidence.strands.first()?;
    let members: Vec<(u32, f64, f64)> = evidence
        .judged_by_member(&format!("{}.service", strand.name))
        .iter()
        .filter_map(|(member, pooled)| {
            let value = crate::record::quantile(&pooled.total, &pooled.batches, q)?;
            Some((*member, value.low_ns? as f64, value.value_ns as f64))
        })
        .collect();
    if members.len() < MIN_MEMBERS {
        return None;
    }
    let &(odd, low_ns, value_ns) = members.iter().max_by(|a, b| a.2.total_cmp(&b.2))?;
    let others: Vec<f64> = members.iter().filter(|m| m.0 != odd).map(|m| m.2).collect();
    let usual_ns = median(&others)?;
    let stands_out = value_ns >= MIN_RATIO * usual_ns
        && low_ns >= MIN_SURE_RATIO * usual_ns
        && value_ns - usual_ns >= times * MIN_DIFFERENCE_NS;
    stands_out.then(|| {
        let what = SlowMember::Answers {
            member: odd,
            operation: strand.name.clone(),
            quantile: q,
            value_ns: value_ns as u64,
            usual_ns: usual_ns as u64,
        };
        let names = if q > 0.5 { ("p90_ns", "others_p90_ns") } else { ("p50_ns", "others_p50_ns") };
        Found::new(what, Severity::Warning)
            .number("member", f64::from(odd))
            .number(names.0, value_ns)
            .number(names.1, usual_ns)
    })
}
