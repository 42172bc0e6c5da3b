//! CPU is not disk: what a rule comes to without the waits that were for a CPU.
//!
//! A disk is judged by the disk. Where a rule holds, or could hold, without those waits, it has not failed; and as the
//! waits were there, and etcd would have had them too, the machine has not passed either.

use crate::exit::Verdict;
use crate::plan::DiskPlan;
use crate::result::{CPU_WAIT, Reason, RuleId};
use crate::rule::{Op, Rule, Stat, profile};

use super::super::judge::RuleInput;
use super::super::outcome::Outcome;
use super::super::pooled::{Pooled, Share};
use super::evidence::{DISJOINT_SERIES, Evidence};

/// Series of which it is known what of a wait was for a CPU.
const TOLD_APART: [&str; 4] = ["wal.fsync", "wal.sync", "wal.cut", "backend.commit"];

/// The waits that rules of this plan set apart, by series: what the probe counts apart where a CPU explains it.
pub fn waits_set_apart(plan: &DiskPlan) -> Vec<(&'static str, u64)> {
    let published = profile(&plan.profile).map_or(&[] as &[_], |profile| profile.rules);
    let published = published.iter().filter_map(|published| published.rule().ok());
    let mut apart: Vec<(&'static str, u64)> = Vec::new();
    for rule in published.chain(plan.rules.iter().cloned()) {
        let series = TOLD_APART.into_iter().find(|series| rule.series.as_deref() == Some(series));
        apart.extend(series.zip(breaking_ns(&rule)));
    }
    for stall_ns in [2 * plan.heartbeat_ns, plan.election_ns] {
        apart.extend(TOLD_APART.map(|series| (series, stall_ns)));
    }
    apart.sort_unstable();
    apart.dedup();
    apart
}

/// The shortest wait that breaks a rule on how long waits are.
fn breaking_ns(rule: &Rule) -> Option<u64> {
    let limit = rule.limit as u64;
    match (rule.stat, rule.op) {
        (Stat::Percentile(_) | Stat::Max, Op::Below) => Some(limit),
        (Stat::Percentile(_) | Stat::Max, Op::AtMost) => Some(limit.saturating_add(1)),
        _ => None,
    }
}

/// Looks again at a rule that does not hold: it is not decided where a CPU decides it.
pub(super) fn look_again(outcome: &mut Outcome, evidence: &Evidence) {
    if !matches!(outcome.verdict, Verdict::Fail | Verdict::Inconclusive) {
        return;
    }
    let failed = outcome.verdict == Verdict::Fail;
    let found = match &outcome.rule {
        RuleId::Typed(rule) => of_rule(rule, evidence, failed),
        RuleId::Stalls { at_least_ns, allowed } => {
            let waited = evidence.waited_for_cpu(&DISJOINT_SERIES, *at_least_ns);
            excused(
                &evidence.waits,
                *at_least_ns,
                *allowed,
                (waited, failed),
                evidence.confidence(),
            )
        }
        RuleId::Named(_) => None,
    };
    if let Some((waited, hits)) = found {
        outcome.verdict = Verdict::Inconclusive;
        outcome.reasons = vec![Reason::WaitedForCpu { waited, hits }];
    }
}

/// Waits over the limit that a CPU explains, of how many, where the rule comes out otherwise without them.
fn of_rule(rule: &Rule, evidence: &Evidence, failed: bool) -> Option<(u64, u64)> {
    let series = rule.series.as_deref()?;
    if rule.stat == Stat::Mean {
        return of_mean(rule, series, evidence);
    }
    let limit_ns = breaking_ns(rule)?;
    let pooled = evidence.judged(series);
    let allowed = match rule.stat {
        Stat::Percentile(percent) => 1.0 - percent / 100.0,
        _ => 0.0,
    };
    excused(
        &pooled,
        limit_ns,
        allowed,
        (evidence.waited_for_cpu(&[series], limit_ns), failed),
        evidence.confidence(),
    )
}

/// One that failed has not where it would not without what a CPU explains; one that is open is so for the CPU where it
/// would hold without.
fn excused(
    pooled: &Pooled,
    limit_ns: u64,
    allowed: f64,
    (waited, failed): (u64, bool),
    confidence: f64,
) -> Option<(u64, u64)> {
    let hits = pooled.at_or_above(limit_ns).hits;
    let waited = waited.min(hits);
    let left = hits - waited;
    let share = Share::in_occurrences(left, pooled.count(), left);
    let fails = left > 0 && share.above(confidence) > allowed;
    let holds = match allowed > 0.0 {
        true => share.below(confidence) < allowed,
        false => left == 0,
    };
    (waited > 0 && if failed { !fails } else { holds }).then_some((waited, hits))
}

/// A mean that would hold without the time that was for a CPU.
fn of_mean(rule: &Rule, series: &str, evidence: &Evidence) -> Option<(u64, u64)> {
    let pooled = evidence.judged(series);
    let waited_ns = evidence.waited_for_cpu_s(series) * 1e9;
    let mean_ns = pooled.total.mean_ns()?;
    let without_ns = mean_ns - waited_ns / pooled.count().max(1) as f64;
    let upper = matches!(rule.op, Op::Below | Op::AtMost);
    (upper && mean_ns >= rule.limit && without_ns < rule.limit)
        .then(|| (waited_ns as u64 / 1_000_000, pooled.count()))
        .filter(|(waited, _)| *waited > 0)
}

impl Evidence<'_> {
    /// Waits of these series that reached a limit only because of a CPU, while stalls counted.
    pub(super) fn waited_for_cpu(&self, series: &[&str], limit_ns: u64) -> u64 {
        let keys: Vec<String> =
            series.iter().map(|series| format!("{series}.over_{limit_ns}_ns")).collect();
        self.grown_of_cpu(|name| keys.iter().any(|key| key == name)) as u64
    }

    /// Seconds that waits of a series were for a CPU.
    fn waited_for_cpu_s(&self, series: &str) -> f64 {
        let key = format!("{series}.waited_s");
        self.grown_of_cpu(|name| name == key)
    }

    fn grown_of_cpu(&self, wanted: impl Fn(&str) -> bool) -> f64 {
        let phases = self.stall_phases();
        let names: Vec<&str> = phases.iter().map(|phase| phase.name.as_str()).collect();
        let counters = self.run.counters.iter();
        let counters =
            counters.filter(|c| c.source == CPU_WAIT && names.contains(&c.phase.as_str()));
        let values = counters.flat_map(|counters| &counters.values);
        values.filter(|(name, _)| wanted(name)).map(|(_, value)| value).sum()
    }
}
