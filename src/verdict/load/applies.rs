//! How long members took to apply what they were asked for: etcd warns of whatever takes longer than a tenth of a second,
//! and counts it.

use crate::exit::Verdict;
use crate::result::{Reason, RuleName};
use crate::verdict::judge::exceedance;
use crate::verdict::outcome::{Limit, Measured, Outcome, Source};
use crate::verdict::pooled::{CONFIDENCE, Pooled, Share};

use super::evidence::Evidence;
use super::member_rules::{BEYOND_P99, bracket, none_of, one_of, worst};

/// etcd warns of an apply that takes longer (`--warning-apply-duration`, before 3.6
/// `--experimental-warning-apply-duration`).
const SLOW_APPLY_NS: u64 = 100_000_000;
/// Every rule about it.
pub(super) fn rules(evidence: &Evidence) -> Vec<Outcome> {
    let rules = [slow(evidence), apply(evidence)];
    rules.into_iter().flatten().collect()
}

/// That none was slow. A read of many keys may take long on a healthy etcd, and is counted too: where there are as many
/// of these, it is a warning.
fn slow(evidence: &Evidence) -> Option<Outcome> {
    let mut rule = none_of(evidence, "slow_apply", RuleName::SlowApplies, Source::ApplyCount)?;
    let lists = slow_lists(evidence);
    let count = rule.measured_value().unwrap_or(0.0);
    if rule.verdict == Verdict::Fail && count <= lists as f64 {
        rule.verdict = Verdict::Warn;
        rule.reasons = vec![Reason::SlowReads { count: lists }];
    }
    Some(rule)
}

/// Requests that read many keys and may have taken as long as etcd warns of: those of lists that did.
fn slow_lists(evidence: &Evidence) -> u64 {
    let lists = evidence.strands.iter().filter(|strand| strand.lists);
    let slow = lists.map(|strand| {
        let series = format!("{}.service", strand.name);
        let takes = |name: &String| *name == series;
        let pooled = Pooled::of(&evidence.phases, |s| s.member.is_none() && takes(&s.series));
        pooled.total.count_at_or_above(SLOW_APPLY_NS).saturating_mul(strand.requests)
    });
    slow.sum()
}

/// p99 of applies against etcd's own limit. Bounds are 51.2 and 102.4 ms; how many took over 100 ms, `slow_apply`
/// tells exactly.
fn apply(evidence: &Evidence) -> Option<Outcome> {
    let base = Outcome {
        rule: RuleName::Apply.into(),
        limit: Some(Limit::below_ns(SLOW_APPLY_NS)),
        source: Source::ApplyWarning,
        ..Outcome::default()
    };
    let slow = evidence.grown_in_all("slow_apply");
    let Some((member, buckets)) = worst(evidence, "apply", SLOW_APPLY_NS) else {
        // Every answer was applied, so that of a hundred applies fewer than one was slow.
        let answered = evidence.waits().total.count() as f64;
        let few = slow? <= BEYOND_P99 * answered;
        return Some(Outcome {
            measured: few.then_some(Measured::AtMost(SLOW_APPLY_NS)),
            verdict: if few { Verdict::Pass } else { Verdict::Inconclusive },
            reasons: vec![Reason::NoApplyHistogram],
            ..base
        });
    };
    let none_slow = slow.is_some_and(|slow| slow < 1.0);
    let beyond = |hits| {
        let share = Share::in_occurrences(hits, buckets.count(), hits);
        exceedance(&share, BEYOND_P99, evidence.length_ns(), CONFIDENCE).0
    };
    let (verdict, reason) = if none_slow {
        (Verdict::Pass, None)
    } else if beyond(buckets.surely_above(SLOW_APPLY_NS)) == Verdict::Fail {
        (Verdict::Fail, None)
    } else if beyond(buckets.perhaps_above(SLOW_APPLY_NS)) == Verdict::Pass {
        (Verdict::Pass, None)
    } else {
        (Verdict::Inconclusive, Some(Reason::BetweenBounds { disk_tells: false }))
    };
    Some(Outcome {
        measured: Some(bracket(&buckets)),
        samples: Some(buckets.count()),
        member: one_of(evidence, member),
        verdict,
        reasons: reason.into_iter().collect(),
        ..base
    })
}
