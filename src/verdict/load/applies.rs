//! How long members took to apply what they were asked for: etcd warns of whatever takes longer than a tenth of a second,
//! and counts it.

use crate::result::{RuleOutcome, Verdict};
use crate::units;
use crate::verdict::judge::exceedance;
use crate::verdict::pooled::{CONFIDENCE, Pooled, Share};

use super::evidence::Evidence;
use super::server::{BEYOND_P99, bracket, none_of, of_member, worst};

/// etcd warns of an apply that takes longer (`--warning-apply-duration`, before 3.6
/// `--experimental-warning-apply-duration`).
const SLOW_APPLY_NS: u64 = 100_000_000;
/// Every rule about it.
pub(super) fn rules(evidence: &Evidence) -> Vec<RuleOutcome> {
    let rules = [slow(evidence), apply(evidence)];
    rules.into_iter().flatten().collect()
}

/// That none was slow. A read of many keys may take long on a healthy etcd, and is counted too: where there are as many
/// of these, it is a warning.
fn slow(evidence: &Evidence) -> Option<RuleOutcome> {
    let source = "etcd --warning-apply-duration 100ms; slow reads count too";
    let mut rule = none_of(evidence, "slow_apply", "slow applies", source)?;
    let lists = slow_lists(evidence);
    let count = rule.measured_value.unwrap_or(0.0);
    if rule.verdict == Verdict::Fail && count <= lists as f64 {
        rule.verdict = Verdict::Warn;
        rule.note = Some(format!(
            "{} reads of many keys took as long, which etcd counts too",
            units::format_count(lists)
        ));
    }
    Some(rule)
}

/// Reads of many keys in one request that took as long as etcd warns of.
fn slow_lists(evidence: &Evidence) -> u64 {
    let lists = evidence.strands.iter().filter(|strand| strand.lists);
    let series: Vec<String> = lists.map(|strand| format!("{}.service", strand.name)).collect();
    let takes = |name: &String| series.contains(name);
    Pooled::of(&evidence.phases, |s| s.member.is_none() && takes(&s.series))
        .total
        .count_at_or_above(SLOW_APPLY_NS)
}

/// p99 of applies against etcd's own limit. Bounds are 51.2 and 102.4 ms; how many took over 100 ms, `slow_apply`
/// tells exactly.
fn apply(evidence: &Evidence) -> Option<RuleOutcome> {
    let limit = units::format_duration(SLOW_APPLY_NS);
    let base = RuleOutcome {
        rule: "apply p99".to_owned(),
        label: "apply p99".to_owned(),
        limit: format!("< {limit}"),
        limit_value: Some(SLOW_APPLY_NS as f64),
        source: "etcd --warning-apply-duration".to_owned(),
        ..RuleOutcome::default()
    };
    let slow = evidence.grown_in_all("slow_apply");
    let Some((member, buckets)) = worst(evidence, "apply", SLOW_APPLY_NS) else {
        // Every answer was applied, so that of a hundred applies fewer than one was slow.
        let answered = evidence.waits().total.count() as f64;
        let few = slow? <= BEYOND_P99 * answered;
        let (verdict, measured) = if few {
            (Verdict::Pass, format!("≤ {limit}"))
        } else {
            (Verdict::Inconclusive, "–".to_owned())
        };
        return Some(RuleOutcome {
            measured,
            verdict,
            note: Some(
                "this etcd keeps no histogram of applies; judged by its count of slow ones"
                    .to_owned(),
            ),
            ..base
        });
    };
    let none_slow = slow.is_some_and(|slow| slow < 1.0);
    let beyond = |hits| {
        let share = Share::in_occurrences(hits, buckets.count(), hits);
        exceedance(&share, BEYOND_P99, evidence.length_ns(), CONFIDENCE).0
    };
    let (verdict, note) = if none_slow {
        (Verdict::Pass, None)
    } else if beyond(buckets.surely_above(SLOW_APPLY_NS)) == Verdict::Fail {
        (Verdict::Fail, None)
    } else if beyond(buckets.perhaps_above(SLOW_APPLY_NS)) == Verdict::Pass {
        (Verdict::Pass, None)
    } else {
        let note = "the limit lies between two bounds of etcd's histogram".to_owned();
        (Verdict::Inconclusive, Some(note))
    };
    Some(RuleOutcome {
        measured: bracket(&buckets),
        samples: Some(buckets.count()),
        label: of_member(evidence, &base.label, member),
        verdict,
        note,
        ..base
    })
}
