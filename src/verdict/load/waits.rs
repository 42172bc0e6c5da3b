//! How long somebody may wait for etcd, whatever else was asked for: rules that every load is judged by.
//!
//! A p99 over a run hides a standstill: etcd stopped for 1.2 s of 12 s is a p99 of 1.1 s, and of a minute it is none at
//! all. So what counts is the longest wait, counted from when an operation was due.

use crate::exit::Verdict;
use crate::plan::OperationSeries;
use crate::result::{Reason, RuleId};
use crate::rule::{Op, Rule, Stat};
use crate::verdict::judge::{RuleInput, judge};
use crate::verdict::outcome::{Limit, Measured, Outcome, Source};
use crate::verdict::pooled::{Pooled, Share};
use crate::verdict::stalls;

use super::evidence::Evidence;
use super::planned;

/// The longest answer that `etcdctl check perf` lets pass, and the time it looks at (etcdctl/ctlv3/command/check.go).
const CHECK_PERF_NS: u64 = 500_000_000;
const CHECK_PERF_LENGTH_NS: u64 = 60_000_000_000;
/// Kubernetes' objective for calls on single objects, 99th percentile (sig-scalability, api_call_latency.md).
const SLO_NS: u64 = 1_000_000_000;
/// And for lists of a whole namespace or cluster.
const SLO_LISTS_NS: u64 = 30_000_000_000;
/// Of a load with more kinds of operations than these, only the longest waits are judged, not each kind's p99.
const MOST_ROWS: usize = 3;

/// All of them; a rule of one's own on the same figure takes the place of one of these.
pub(super) fn rules(evidence: &Evidence, own: &[Outcome]) -> Vec<Outcome> {
    if !evidence.plan.default_rules {
        return Vec::new();
    }
    let mut rules: Vec<Outcome> = objectives(evidence, own);
    let small: Vec<&OperationSeries> =
        evidence.strands.iter().filter(|strand| !strand.lists).collect();
    if small.is_empty() {
        return rules;
    }
    let waits = Waits::of(evidence, &small);
    if waits.pooled.count() == 0 {
        return rules;
    }
    rules.push(waits.election());
    rules.push(waits.check_perf());
    rules.extend(waits.heartbeat());
    rules
}

/// The 99th percentile of each kind against Kubernetes' objective.
fn objectives(evidence: &Evidence, own: &[Outcome]) -> Vec<Outcome> {
    if evidence.strands.len() > MOST_ROWS {
        return Vec::new();
    }
    let rule = |strand: &OperationSeries| Rule {
        series: Some(strand.wait()),
        stat: Stat::Percentile(99.0),
        op: Op::AtMost,
        limit: if strand.lists { SLO_LISTS_NS } else { SLO_NS } as f64,
    };
    let asked = |rule: &Rule| {
        let same = |outcome: &Outcome| match &outcome.rule {
            RuleId::Typed(own) => own.series == rule.series && own.stat == rule.stat,
            _ => false,
        };
        own.iter().any(same)
    };
    let wanted = evidence.strands.iter().map(rule).filter(|rule| !asked(rule));
    let measured = wanted.filter(|rule| {
        rule.series.as_deref().is_some_and(|series| evidence.judged(series).count() > 0)
    });
    measured
        .map(|rule| {
            let outcome = judge(&rule, Source::KubernetesSlo, evidence);
            undecided_holds(outcome)
        })
        .collect()
}

/// A short run cannot prove a p99 of a second. It was not asked to: what it saw decides.
fn undecided_holds(outcome: Outcome) -> Outcome {
    let within = outcome.measured_value().zip(outcome.limit_value()).is_some_and(|(m, l)| m <= l);
    match outcome.verdict {
        Verdict::Inconclusive if within => {
            Outcome { verdict: Verdict::Pass, reasons: Vec::new(), ..outcome }
        }
        _ => outcome,
    }
}

/// The waits of operations on single keys.
struct Waits<'a, 'b> {
    evidence: &'b Evidence<'a>,
    series: Vec<String>,
    pooled: Pooled,
}

impl<'a, 'b> Waits<'a, 'b> {
    fn of(evidence: &'b Evidence<'a>, strands: &[&OperationSeries]) -> Self {
        let series: Vec<String> = strands.iter().map(|strand| strand.wait()).collect();
        let pooled =
            Pooled::of(&evidence.phases, |s| s.member.is_none() && series.contains(&s.series));
        Waits { evidence, series, pooled }
    }

    /// (start, end) of those at least this long, but for those that come of a leader that was killed by plan.
    fn spans(&self, at_least_ns: u64) -> Vec<(u64, u64)> {
        self.parted(at_least_ns).0
    }

    /// The same, and how many were left out.
    fn parted(&self, at_least_ns: u64) -> (Vec<(u64, u64)>, u64) {
        let all = self.evidence.spans_of(&self.series, at_least_ns);
        let kills = planned::all_kills(self.evidence);
        let planned = |&(from, to): &(u64, u64)| kills.iter().any(|kill| kill.covers(from, to));
        let (planned, others): (Vec<_>, Vec<_>) = all.into_iter().partition(planned);
        (others, planned.len() as u64)
    }

    fn share(&self, at_least_ns: u64) -> Share {
        let spans = self.spans(at_least_ns);
        if !planned::all_kills(self.evidence).is_empty() {
            let hits = spans.len() as u64;
            return Share::in_occurrences(hits, self.pooled.count(), stalls::occurrences(&spans));
        }
        stalls::share(&self.pooled, &spans, at_least_ns)
    }

    fn outcome(
        &self,
        at_least_ns: u64,
        share: &Share,
        source: Source,
        verdict: Verdict,
    ) -> Outcome {
        Outcome {
            rule: RuleId::Stalls { at_least_ns, allowed: 0.0 },
            measured: Some(Measured::Stalls(share.hits, share.seen())),
            limit: Some(Limit::None),
            samples: Some(share.samples),
            source,
            verdict,
            reasons: planned::left_out(self.parted(at_least_ns).1).into_iter().collect(),
            ..Outcome::default()
        }
    }

    /// While etcd keeps everybody waiting for longer than a follower waits for its leader, it is down.
    fn election(&self) -> Outcome {
        let election_ns = self.evidence.plan.election_ns;
        let share = self.share(election_ns);
        let verdict = if share.hits > 0 { Verdict::Fail } else { Verdict::Pass };
        let longest_ns = self.spans(election_ns).iter().map(|(from, to)| to - from).max();
        let longest = longest_ns.map(|longest_ns| Reason::LongAnswer { longest_ns });
        let mut outcome = self.outcome(election_ns, &share, Source::ElectionTimeout(None), verdict);
        outcome.reasons.extend(longest);
        outcome
    }

    /// As strict as etcd's own check, which fails for one slow answer in a minute: moments that are rarer than that
    /// are a warning.
    fn check_perf(&self) -> Outcome {
        let share = self.share(CHECK_PERF_NS);
        let moments =
            stalls::occurrences(&self.spans(CHECK_PERF_NS)).max(u64::from(share.hits > 0));
        let length_ns = self.evidence.length_ns().max(1);
        let verdict = match moments {
            0 => Verdict::Pass,
            n if n.saturating_mul(CHECK_PERF_LENGTH_NS) < length_ns => Verdict::Warn,
            _ => Verdict::Fail,
        };
        self.outcome(CHECK_PERF_NS, &share, Source::EtcdCheck, verdict)
    }

    /// As long as a heartbeat interval: if this was the leader's loop, a heartbeat was late.
    fn heartbeat(&self) -> Option<Outcome> {
        let heartbeat_ns = self.evidence.plan.heartbeat_ns;
        if heartbeat_ns >= CHECK_PERF_NS {
            return None;
        }
        let share = self.share(heartbeat_ns);
        let verdict = if share.hits > 0 { Verdict::Warn } else { Verdict::Pass };
        Some(self.outcome(heartbeat_ns, &share, Source::HeartbeatInterval, verdict))
    }
}
