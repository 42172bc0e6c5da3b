//! The answer in one line, as a value.

use crate::exit::Verdict;
use crate::plan::LoadPace;
use crate::record::{self, Resolution};
use crate::result::{InvalidReason, QuotaReached, RuleName};
use crate::verdict::outcome::{Outcome, of_verdict};
use crate::verdict::{CutShort, Ending};

use super::achieved::AchievedLoad;
use super::evidence::Evidence;
use super::findings::longest_gap;
use super::planned;
use super::steps::{RateSweep, Step};

/// What a load amounts to, beside its verdict.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadHeadline {
    /// Acknowledged writes are not there any more.
    Lost(Outcome),
    /// The run did not go through to its end, and broke nothing until then.
    CutShort(CutShort),
    /// It was carried; what warns, the rules tell.
    Carried(Carried),
    /// It cannot be told.
    Undecided(Undecided),
    /// Rules are broken.
    Broken(Broken),
    /// The worst of several stages has a warning.
    StageWarns {
        /// Its phase.
        phase: String,
        /// Its rules that warn.
        rules: Vec<Outcome>,
    },
    /// The worst of several stages cannot be told.
    StageUndecided(String, Undecided),
    /// The worst of several stages breaks rules.
    StageBroken(String, Broken),
    /// Every stage was carried.
    StagesCarried(Carried),
    /// Up to a rate everything holds.
    UpTo {
        /// The rate.
        kept: Work,
        /// What ends it: a higher rate, and why; the highest that was tried where there is none.
        end: Option<(Work, Why)>,
        /// Whether that is known, of the end as of everything that is judged over all rates.
        certain: bool,
        /// Whether a lower rate came with a warning.
        warned: bool,
    },
    /// Not even the lowest rate holds.
    NotEven(Work, Why),
    /// Nothing was measured.
    NothingMeasured,
}

/// Why a rate does not hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// It breaks rules.
    Broken(Broken),
    /// It cannot be told.
    Undecided(Undecided),
}

/// Operations a second, of one kind or of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// How many.
    pub per_s: f64,
    /// The kind, where there is only one.
    pub operation: Option<String>,
}

/// A load as it was carried.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// What was done.
    pub work: Work,
    /// By so many clients, of a closed loop.
    pub clients: Option<u32>,
    /// For how long.
    pub length_ns: u64,
    /// What waiting is called: `response` or `service`.
    pub wait: &'static str,
    /// The 99th percentile and the longest of it.
    pub waits: Option<Waits>,
    /// Operations that failed.
    pub failed: u64,
    /// How often the leader was killed by plan, and how long nothing was acknowledged.
    pub killed: Option<(u64, u64)>,
}

/// How long operations were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// The 99th percentile.
    pub p99_ns: u64,
    /// How well the samples resolve it.
    pub resolution: Resolution,
    /// The longest.
    pub max_ns: u64,
}

/// What is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Undecided {
    /// What kept the load from being what was asked for: until that is settled, nothing else can be.
    pub invalid_reason: Option<InvalidReason>,
    /// The rules that cannot be told.
    pub rules: Vec<Outcome>,
}

/// Rules that are broken.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// The gravest.
    pub first: Gravest,
    /// How many more.
    pub others: usize,
}

/// The gravest of the rules that are broken.
#[derive(Debug, Clone, PartialEq)]
pub enum Gravest {
    /// The database was brought to its quota by plan.
    Full(QuotaReached),
    /// The leader changed so often; for so long nothing was acknowledged.
    LeaderChanged(u64, Option<u64>),
    /// The rate was not reached.
    RateNotReached(Outcome),
    /// Operations failed.
    Errors(Outcome),
    /// Any other rule.
    Rule(Outcome),
}

/// What is told beside the evidence.
pub(super) struct HeadlineInput<'a> {
    pub rules: &'a [Outcome],
    pub achieved: &'a AchievedLoad,
    pub sweep: Option<&'a RateSweep>,
    pub ending: Ending,
}

/// The answer.
pub(super) fn headline(
    verdict: Verdict,
    evidence: &Evidence,
    told: &HeadlineInput,
) -> LoadHeadline {
    let mut failed = of_verdict(told.rules, Verdict::Fail);
    if let Some(lost) = failed.find(|rule| rule.rule.is(&RuleName::AcknowledgedWrites)) {
        return LoadHeadline::Lost(lost.clone());
    }
    if verdict != Verdict::Fail && !told.ending.complete {
        let after_ns = evidence.length_ns();
        return LoadHeadline::CutShort(CutShort::of(evidence.run, told.ending, after_ns));
    }
    if let Some(sweep) = told.sweep {
        return climbed(verdict, evidence, sweep, told.rules);
    }
    match verdict {
        Verdict::Pass | Verdict::Warn => LoadHeadline::Carried(carried(evidence, told.achieved)),
        Verdict::Inconclusive => LoadHeadline::Undecided(undecided(told.rules, told.achieved)),
        Verdict::Fail => LoadHeadline::Broken(broken(told.rules, evidence)),
    }
}

fn carried(evidence: &Evidence, achieved: &AchievedLoad) -> Carried {
    let waits = evidence.waits();
    let kills = planned::kills(evidence).len() as u64;
    let (per_s, length_ns) = match &achieved.tally {
        Some(tally) => (tally.reached_per_s(), tally.length_ns),
        None => (0.0, evidence.length_ns()),
    };
    Carried {
        work: work(evidence, per_s),
        clients: match evidence.plan.pace {
            LoadPace::Closed { clients } => Some(clients),
            LoadPace::Open { .. } => None,
        },
        length_ns,
        wait: evidence.wait(),
        waits: record::quantile(&waits.total, &waits.batches, 0.99).map(|found| Waits {
            p99_ns: found.value_ns,
            resolution: Resolution::of(found.q, waits.count(), found.resolvable),
            max_ns: waits.total.max_ns(),
        }),
        failed: evidence.failed(),
        killed: longest_gap(evidence).filter(|_| kills > 0).map(|gap_ns| (kills, gap_ns)),
    }
}

fn work(evidence: &Evidence, per_s: f64) -> Work {
    let operation = match evidence.strands.as_slice() {
        [only] if evidence.plan.classes.is_empty() => Some(only.name.clone()),
        _ => None,
    };
    Work { per_s, operation }
}

fn undecided(rules: &[Outcome], achieved: &AchievedLoad) -> Undecided {
    Undecided {
        invalid_reason: achieved.invalid_reasons.first().cloned(),
        rules: of_verdict(rules, Verdict::Inconclusive).cloned().collect(),
    }
}

/// What breaks, the gravest first: a leader lost, a rate that cannot be had, errors, then the limit missed by most.
fn broken(rules: &[Outcome], evidence: &Evidence) -> Broken {
    let failed = of_verdict(rules, Verdict::Fail);
    let named = |name: RuleName| failed.clone().find(|rule| rule.rule.is(&name));
    let margin = |rule: &Outcome| rule.margin.unwrap_or(1.0);
    let by_margin = || failed.clone().min_by(|a, b| margin(a).total_cmp(&margin(b)));
    let full = || planned::recovered(evidence.run).map(|full| full.quota());
    let full = named(RuleName::DatabaseSize).and_then(|_| full());
    let first = if let Some(full) = full {
        Gravest::Full(full)
    } else if let Some(rule) = named(RuleName::LeaderChanges) {
        let times = rule.measured_value().unwrap_or_default() as u64;
        Gravest::LeaderChanged(times, longest_gap(evidence))
    } else if let Some(rule) = named(RuleName::RateReached) {
        Gravest::RateNotReached(rule.clone())
    } else if let Some(rule) = failed.clone().find(|rule| rule.rule.is_errors()) {
        Gravest::Errors(rule.clone())
    } else {
        Gravest::Rule(by_margin().cloned().unwrap_or_default())
    };
    Broken { first, others: failed.count().saturating_sub(1) }
}

/// What happened in the worst of several stages, or that nothing did.
fn staged(verdict: Verdict, evidence: &Evidence, sweep: &RateSweep) -> LoadHeadline {
    let worst = sweep.shown();
    let phase = worst.outcome.phase.clone();
    let rules = worst.outcome.rules.as_slice();
    match verdict {
        Verdict::Pass => {
            LoadHeadline::StagesCarried(carried(evidence, &AchievedLoad::of(evidence)))
        }
        Verdict::Warn => LoadHeadline::StageWarns {
            rules: of_verdict(rules, Verdict::Warn).cloned().collect(),
            phase,
        },
        Verdict::Inconclusive => {
            LoadHeadline::StageUndecided(phase, undecided(rules, &worst.achieved))
        }
        Verdict::Fail => {
            let broken = broken(rules, &evidence.only(&[&phase]));
            LoadHeadline::StageBroken(phase, broken)
        }
    }
}

/// Up to which rate everything holds, and what breaks first above.
fn climbed(
    verdict: Verdict,
    evidence: &Evidence,
    sweep: &RateSweep,
    rules: &[Outcome],
) -> LoadHeadline {
    if sweep.staged {
        return staged(verdict, evidence, sweep);
    }
    let rate = |step: &Step| work(evidence, step.outcome.wanted_per_s);
    let why = |step: &Step| match step.outcome.verdict {
        Verdict::Fail => {
            let alone = evidence.only(&[&step.outcome.phase]);
            Why::Broken(broken(&step.outcome.rules, &alone))
        }
        _ => Why::Undecided(undecided(&step.outcome.rules, &step.achieved)),
    };
    let kept = sweep.highest_kept.map(|index| &sweep.steps[index]);
    match (kept, sweep.end()) {
        (Some(_), _) if verdict == Verdict::Fail => LoadHeadline::Broken(broken(rules, evidence)),
        (Some(kept), end) => LoadHeadline::UpTo {
            kept: rate(kept),
            end: end.map(|end| (rate(end), why(end))),
            certain: verdict != Verdict::Inconclusive,
            warned: verdict == Verdict::Warn,
        },
        (None, Some(end)) => LoadHeadline::NotEven(rate(end), why(end)),
        (None, None) => LoadHeadline::NothingMeasured,
    }
}
