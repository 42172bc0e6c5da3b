//! Rules judged: a statistic against its limit, with the samples' own doubt allowed for.
//!
//! A quantile rule is judged as an exceedance test. `p99 < L` holds exactly when less than 1 % of all operations
//! take L or longer, so the one-sided 95 % bounds of that share decide: the upper one below 1 % is a pass, the lower
//! one above 1 % a fail, anything else inconclusive. The test needs no estimate of the quantile itself, so a slow
//! disk fails after a handful of syncs, and a p99.9 from 500 samples never passes.

use crate::exit::Verdict;
use crate::record::{self, Resolution};
use crate::result::{PhaseData, Reason, RuleId, SeriesData};
use crate::stats;

use super::outcome::{Limit, Measured, Outcome, Source};
use super::pooled::{CONFIDENCE, Pooled, Share};
use crate::rule::{Op, Rule, Stat};

/// Fewer samples over the limit than this prove nothing: one bad moment may bring two.
const MIN_HITS_TO_FAIL: u64 = 3;
/// A maximum, or the absence of something, speaks for itself only when at most this share can have gone unseen.
pub(super) const UNSEEN_SHARE: f64 = 0.01;

/// What rules are judged on: a run with a plan.
pub(super) trait RuleInput {
    /// The phases a rule on this series is judged in; without one, a rule on all of them.
    fn phases(&self, series: Option<&str>) -> Vec<&PhaseData>;

    /// Whether the run went through to its end.
    fn complete(&self) -> bool;

    /// How sure a rule has to be to hold, or to be broken.
    fn confidence(&self) -> f64 {
        CONFIDENCE
    }

    /// One series over the phases it is judged in, all members together.
    fn judged(&self, series: &str) -> Pooled {
        Pooled::of(&self.phases(Some(series)), |s| s.series == series && s.member.is_none())
    }

    /// One series of each member over the phases it is judged in; empty for a run of one member.
    fn judged_by_member(&self, series: &str) -> Vec<(u32, Pooled)> {
        let phases = self.phases(Some(series));
        let mut members: Vec<u32> = phases
            .iter()
            .flat_map(|phase| &phase.series)
            .filter(|s| s.series == series)
            .filter_map(|s| s.member)
            .collect();
        members.sort_unstable();
        members.dedup();
        members
            .into_iter()
            .map(|member| {
                let of_member = |s: &SeriesData| s.series == series && s.member == Some(member);
                (member, Pooled::of(&phases, of_member))
            })
            .collect()
    }

    /// What failed operations are a share of: the attempts of one series, or of all.
    fn attempts(&self, series: Option<&str>) -> Pooled {
        match series {
            Some(series) => self.judged(series),
            None => Pooled::of(&self.phases(None), |s| s.member.is_none()),
        }
    }
}

/// What a judgement says beside the rule it judges.
#[derive(Default)]
struct Judgement {
    verdict: Verdict,
    measured: Option<Measured>,
    resolution: Resolution,
    samples: Option<u64>,
    reason: Option<Reason>,
}

/// Judges one rule.
pub(super) fn judge(rule: &Rule, source: Source, input: &dyn RuleInput) -> Outcome {
    let judgement = match (rule.stat, rule.series.as_deref()) {
        (Stat::Errors, series) => judge_errors(rule, series, input),
        (_, None) => Judgement::default(),
        (stat, Some(series)) => {
            let pooled = input.judged(series);
            if pooled.count() == 0 {
                no_samples()
            } else {
                match stat {
                    Stat::Percentile(percent) => judge_percentile(rule, percent, &pooled, input),
                    Stat::Max => judge_max(rule, &pooled, input.confidence()),
                    Stat::Mean => judge_mean(rule, &pooled),
                    Stat::Count => judge_count(rule, &pooled, input),
                    Stat::Rate => judge_rate(rule, &pooled),
                    Stat::Errors => no_samples(),
                }
            }
        }
    };
    let value = judgement.measured.as_ref().and_then(Measured::value);
    // What too few samples stand behind is not told, and so not how far it is from the limit.
    let value = value.filter(|_| judgement.resolution != Resolution::TooFew);
    Outcome {
        rule: RuleId::Typed(rule.clone()),
        member: None,
        measured: judgement.measured,
        resolution: judgement.resolution,
        limit: Some(Limit::of(rule)),
        margin: value.and_then(|value| margin(rule, value)),
        samples: judgement.samples,
        source,
        verdict: judgement.verdict,
        reasons: judgement.reason.into_iter().collect(),
    }
}

/// How many times better than the limit.
fn margin(rule: &Rule, value: f64) -> Option<f64> {
    let (over, under) = match rule.op {
        Op::Below | Op::AtMost => (rule.limit, value),
        Op::Above | Op::AtLeast => (value, rule.limit),
    };
    (under > 0.0 && over > 0.0).then(|| over / under)
}

fn no_samples() -> Judgement {
    Judgement {
        verdict: Verdict::Inconclusive,
        samples: Some(0),
        reason: Some(Reason::NoSamples),
        ..Judgement::default()
    }
}

/// The shortest duration that breaks the rule.
fn breaking_ns(rule: &Rule) -> u64 {
    let limit = rule.limit as u64;
    match rule.op {
        Op::AtMost => limit.saturating_add(1),
        _ => limit,
    }
}

fn judge_percentile(
    rule: &Rule,
    percent: f64,
    pooled: &Pooled,
    input: &dyn RuleInput,
) -> Judgement {
    let allowed = 1.0 - percent / 100.0;
    let share = pooled.at_or_above(breaking_ns(rule));
    let found = record::quantile(&pooled.total, &pooled.batches, percent / 100.0);
    let value = found.map_or(0, |found| found.value_ns);
    let (mut verdict, mut reason) =
        exceedance(&share, allowed, pooled.length_ns, input.confidence());
    if verdict != Verdict::Fail
        && let Some(member) = failing_member(rule, allowed, input)
    {
        verdict = Verdict::Fail;
        reason = Some(member);
    }
    Judgement {
        verdict,
        measured: Some(Measured::Duration(value as f64)),
        resolution: found.map_or(Resolution::TooFew, |found| {
            Resolution::of(found.q, pooled.count(), found.resolvable)
        }),
        samples: Some(pooled.count()),
        reason,
    }
}

/// A member whose own samples prove that it breaks the rule, which all together may hide. The confidence is shared
/// among the members (Bonferroni), so that many of them do not raise a false alarm.
fn failing_member(rule: &Rule, allowed: f64, input: &dyn RuleInput) -> Option<Reason> {
    let members = input.judged_by_member(rule.series.as_deref()?);
    let confidence = 1.0 - (1.0 - input.confidence()) / members.len().max(1) as f64;
    members.iter().find_map(|(member, pooled)| {
        let share = pooled.at_or_above(breaking_ns(rule));
        let (verdict, _) = exceedance(&share, allowed, pooled.length_ns, confidence);
        let value_ns = pooled.total.quantile(1.0 - allowed)?;
        (verdict == Verdict::Fail).then_some(Reason::MemberAlone {
            member: *member,
            stat: rule.stat,
            value_ns,
        })
    })
}

/// Whether the true share is below what is allowed, and what is missing where that cannot be told.
pub(super) fn exceedance(
    share: &Share,
    allowed: f64,
    length_ns: u64,
    confidence: f64,
) -> (Verdict, Option<Reason>) {
    if share.hits >= MIN_HITS_TO_FAIL && share.above(confidence) > allowed {
        return (Verdict::Fail, None);
    }
    if share.below(confidence) < allowed {
        return (Verdict::Pass, None);
    }
    (Verdict::Inconclusive, Some(missing(share, allowed, length_ns, confidence)))
}

/// What would decide. The estimate is rough, so a fifth is added; where some are over the limit, what would take over an
/// hour helps nobody.
fn missing(share: &Share, allowed: f64, length_ns: u64, confidence: f64) -> Reason {
    let more_s = share
        .times_to_decide(allowed, confidence)
        .map(|times| 1.2 * (times - 1.0) * length_ns as f64 / 1e9)
        .filter(|more_s| share.hits == 0 || *more_s <= 3_600.0);
    match more_s {
        Some(seconds) => Reason::NeedsMore { seconds },
        None => Reason::TooClose { seen: share.seen(), allowed },
    }
}

/// The largest sample says something about the rest only when few can be larger unseen.
fn judge_max(rule: &Rule, pooled: &Pooled, confidence: f64) -> Judgement {
    let value = pooled.total.max_ns();
    let share = pooled.at_or_above(breaking_ns(rule));
    let unseen = share.below(confidence);
    let (verdict, reason) = if value >= breaking_ns(rule) {
        (Verdict::Fail, None)
    } else if unseen < UNSEEN_SHARE {
        (Verdict::Pass, Some(Reason::LongerUnseen { share: unseen }))
    } else {
        (Verdict::Inconclusive, Some(missing(&share, UNSEEN_SHARE, pooled.length_ns, confidence)))
    };
    Judgement {
        verdict,
        measured: Some(Measured::Duration(value as f64)),
        samples: Some(pooled.count()),
        reason,
        ..Judgement::default()
    }
}

/// The mean's one-sided bounds from the variance between batches.
fn judge_mean(rule: &Rule, pooled: &Pooled) -> Judgement {
    let mean = pooled.total.mean_ns().unwrap_or_default();
    let clusters: Vec<(f64, f64)> =
        pooled.batches.iter().map(|b| (b.sum_ns() as f64, b.count() as f64)).collect();
    let breaks = |value: f64| match rule.op {
        Op::AtMost => value > rule.limit,
        _ => value >= rule.limit,
    };
    let (verdict, reason) = if breaks(pooled.total.min_ns() as f64) {
        (Verdict::Fail, None)
    } else {
        match ratio_error(&clusters) {
            Some(error) if !breaks(mean + error) => (Verdict::Pass, None),
            Some(error) if breaks(mean - error) => (Verdict::Fail, None),
            Some(_) => (Verdict::Inconclusive, Some(Reason::MeanTooClose)),
            None => (Verdict::Inconclusive, Some(Reason::TooShort)),
        }
    };
    Judgement {
        verdict,
        measured: Some(Measured::Duration(mean)),
        samples: Some(pooled.count()),
        reason,
        ..Judgement::default()
    }
}

/// How far the ratio Σa / Σb of clusters (a, b) may be off to one side at 95 % (the ratio estimator; W. Cochran,
/// "Sampling Techniques", 3rd ed., §6.3). `None` from too few clusters.
fn ratio_error(clusters: &[(f64, f64)]) -> Option<f64> {
    let clusters: Vec<_> = clusters.iter().filter(|c| c.1 > 0.0).collect();
    if clusters.len() < stats::MIN_BATCHES {
        return None;
    }
    let number = clusters.len() as f64;
    let total: f64 = clusters.iter().map(|c| c.1).sum();
    let ratio = clusters.iter().map(|c| c.0).sum::<f64>() / total;
    let squares: f64 = clusters.iter().map(|c| (c.0 - ratio * c.1).powi(2)).sum();
    let standard_error = (number / (number - 1.0) * squares).sqrt() / total;
    Some(stats::t_quantile(CONFIDENCE, number - 1.0) * standard_error)
}

fn judge_count(rule: &Rule, pooled: &Pooled, input: &dyn RuleInput) -> Judgement {
    let count = pooled.count();
    let (verdict, reason) = if keeps_lower(rule, count as f64) {
        (Verdict::Pass, None)
    } else if input.complete() {
        (Verdict::Fail, None)
    } else {
        (Verdict::Inconclusive, Some(Reason::RunNotToTheEnd))
    };
    Judgement {
        verdict,
        measured: Some(Measured::Count(count)),
        samples: Some(count),
        reason,
        ..Judgement::default()
    }
}

/// A rate passes when it was reached, and fails when it stays below by more than chance: arrivals at random reach
/// their own mean only half of the time.
fn judge_rate(rule: &Rule, pooled: &Pooled) -> Judgement {
    let rate = pooled.count() as f64 / (pooled.length_ns.max(1) as f64 / 1e9);
    let clusters: Vec<(f64, f64)> =
        pooled.intervals.iter().map(|&(count, ns)| (count as f64, ns as f64 / 1e9)).collect();
    let (verdict, reason) = if keeps_lower(rule, rate) {
        (Verdict::Pass, None)
    } else {
        match ratio_error(&clusters) {
            Some(error) if !keeps_lower(rule, rate + error) => (Verdict::Fail, None),
            Some(_) => (Verdict::Inconclusive, Some(Reason::ShortByChance)),
            None => (Verdict::Inconclusive, Some(Reason::TooShort)),
        }
    };
    Judgement {
        verdict,
        measured: Some(Measured::Rate(rate)),
        samples: Some(pooled.count()),
        reason,
        ..Judgement::default()
    }
}

fn keeps_lower(rule: &Rule, value: f64) -> bool {
    match rule.op {
        Op::Above => value > rule.limit,
        _ => value >= rule.limit,
    }
}

/// The share of failed operations, of one series or of all.
fn judge_errors(rule: &Rule, series: Option<&str>, input: &dyn RuleInput) -> Judgement {
    let pooled = input.attempts(series);
    let attempts = pooled.count() + pooled.errors;
    if attempts == 0 {
        return no_samples();
    }
    // Errors are not kept per batch: they are taken as independent.
    let share = Share::in_occurrences(pooled.errors, attempts, pooled.errors);
    let (verdict, reason) = if rule.limit > 0.0 {
        exceedance(&share, rule.limit, pooled.length_ns, input.confidence())
    } else if pooled.errors > 0 {
        (Verdict::Fail, None)
    } else {
        (Verdict::Pass, Some(Reason::FailuresUnseen { share: share.below(CONFIDENCE) }))
    };
    Judgement {
        verdict,
        measured: Some(Measured::Share(share.seen())),
        samples: Some(attempts),
        reason,
        ..Judgement::default()
    }
}
