//! What rules about members share.

use super::evidence::Evidence;
use super::planned;
use crate::exit::Verdict;
use crate::record::Buckets;
use crate::result::{BucketSummary, Reason, RuleName};
use crate::verdict::outcome::{Limit, Measured, Outcome, Source};

/// Share of samples above a 99th percentile.
pub(super) const BEYOND_P99: f64 = 0.01;

pub(super) fn bracket(buckets: &Buckets) -> Measured {
    let p99 = summarised(buckets);
    Measured::Between(p99.p99_above_ns, p99.p99_at_most_ns)
}

/// A counter that must not grow in any member, but for one that was lost by plan: a leader that goes on after a stop finds its
/// heartbeats late.
pub(super) fn none_of(
    evidence: &Evidence,
    counter: &str,
    name: RuleName,
    source: Source,
) -> Option<Outcome> {
    let by_plan = planned::grown(evidence, counter);
    let mut rule = none(name, evidence.grown_in_all(counter)? - by_plan, source);
    rule.reasons.extend(planned::left_out(by_plan as u64));
    let of_members = evidence.scraped().into_iter();
    let grown: Vec<(u32, f64)> = of_members
        .filter_map(|member| Some((member, evidence.grown(member, counter)?)))
        .filter(|(_, grown)| *grown >= 1.0)
        .collect();
    if let [(member, _)] = grown.as_slice()
        && rule.verdict == Verdict::Fail
        && evidence.members().len() > 1
    {
        rule.reasons.push(Reason::AllOfMember { member: *member });
    }
    Some(rule)
}

/// Whose figure it is, where there are several: of the worst.
pub(super) fn one_of(evidence: &Evidence, member: u32) -> Option<u32> {
    (evidence.members().len() > 1).then_some(member)
}

/// The member whose histogram is worst: most of it above a limit, then the longest mean.
pub(super) fn worst(evidence: &Evidence, name: &str, limit_ns: u64) -> Option<(u32, Buckets)> {
    let share = |buckets: &Buckets| buckets.perhaps_above(limit_ns) as f64 / buckets.count() as f64;
    let members = evidence.scraped().into_iter();
    members
        .filter_map(|member| Some((member, evidence.buckets(member, name)?)))
        .max_by(|(_, a), (_, b)| share(a).total_cmp(&share(b)).then(a.mean_ns().cmp(&b.mean_ns())))
}

pub(super) fn summarised(buckets: &Buckets) -> BucketSummary {
    let p99 = buckets.quantile(1.0 - BEYOND_P99);
    BucketSummary {
        count: buckets.count(),
        mean_ns: buckets.mean_ns(),
        p99_above_ns: p99.above_ns,
        p99_at_most_ns: p99.at_most_ns,
    }
}

pub(super) fn none(name: RuleName, count: f64, source: Source) -> Outcome {
    Outcome {
        rule: name.into(),
        measured: Some(Measured::Count(count as u64)),
        limit: Some(Limit::None),
        source,
        verdict: if count >= 1.0 { Verdict::Fail } else { Verdict::Pass },
        ..Outcome::default()
    }
}
