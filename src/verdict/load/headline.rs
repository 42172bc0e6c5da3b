//! The answer in one line.

use crate::plan::LoadPace;
use crate::result::{RuleOutcome, Verdict};
use crate::units;

use super::delivery::{CLIENT, Delivery, RATE};
use super::evidence::Evidence;
use super::steps::{Climb, broken, gravest};
use super::whole::ACKNOWLEDGED;
use crate::verdict::Ending;

/// What is told beside the evidence.
pub(super) struct Told<'a> {
    pub rules: &'a [RuleOutcome],
    pub delivery: &'a Delivery,
    pub climb: Option<&'a Climb>,
    pub ending: Ending,
}

/// The answer in one line.
pub(super) fn headline(verdict: Verdict, evidence: &Evidence, told: &Told) -> String {
    let failed = || {
        told.rules
            .iter()
            .filter(|rule| rule.verdict == Verdict::Fail)
    };
    if let Some(lost) = failed().find(|rule| rule.label == ACKNOWLEDGED) {
        return format!(
            "FAILED  acknowledged writes are not there any more: {} of {} keys read back",
            lost.measured,
            units::format_count(lost.samples.unwrap_or_default())
        );
    }
    if verdict != Verdict::Fail && !told.ending.complete {
        return format!("INCONCLUSIVE  {}", cut_short(evidence, told));
    }
    if let Some(climb) = told.climb {
        return climbed(verdict, evidence, climb, told);
    }
    match verdict {
        Verdict::Pass => format!("PASSED  {}", carried(evidence, told.delivery)),
        Verdict::Warn => format!(
            "PASSED  {}; but {}",
            carried(evidence, told.delivery),
            reservations(told.rules)
        ),
        Verdict::Inconclusive => format!("INCONCLUSIVE  {}", undecided(told.rules, told.delivery)),
        Verdict::Fail => format!("FAILED  {}", broke(failed())),
    }
}

fn cut_short(evidence: &Evidence, told: &Told) -> String {
    let what = match evidence.run.halted() {
        Some(why) => why,
        None if told.ending.interrupted => "interrupted",
        None => "the run was killed",
    };
    format!(
        "{what} after {} under load; no rule was seen to break",
        units::format_duration(evidence.length_ns())
    )
}

/// `2,000 puts/s for 60 s: response p99 2.9 ms, max 48 ms, no error`.
fn carried(evidence: &Evidence, delivery: &Delivery) -> String {
    let waits = evidence.waits();
    let p99 = waits.total.quantile(0.99).map_or_else(String::new, |ns| {
        let kind = match evidence.plan.pace {
            LoadPace::Open { .. } => "response",
            LoadPace::Closed { .. } => "service",
        };
        format!(
            ": {kind} p99 {}, max {}",
            units::format_duration(ns),
            units::format_duration(waits.total.max_ns())
        )
    });
    let failed = match evidence.attempts_failed() {
        0 => "no error".to_owned(),
        n => format!("{} failed", units::format_count(n)),
    };
    let rate = delivery
        .tally
        .as_ref()
        .map_or(0.0, |tally| tally.reached_per_s());
    let by = match evidence.plan.pace {
        LoadPace::Closed { clients: 1 } => " by 1 client".to_owned(),
        LoadPace::Closed { clients } => {
            format!(" by {} clients", units::format_count(u64::from(clients)))
        }
        LoadPace::Open { .. } => String::new(),
    };
    format!(
        "{}{by} for {}{p99}, {failed}",
        rate_of(evidence, rate),
        units::format_duration(evidence.length_ns())
    )
}

/// A rate in operations: `2,000 puts/s`.
fn rate_of(evidence: &Evidence, per_s: f64) -> String {
    let mut operations = evidence.operations();
    let what = match (operations.next(), operations.next()) {
        (Some(only), None) => format!("{}s", only.name()),
        _ => "operations".to_owned(),
    };
    format!("{} {what}/s", units::significant(per_s))
}

fn reason(rule: &RuleOutcome) -> String {
    let limit = rule.limit.as_str();
    match &rule.note {
        Some(note) if rule.measured == "–" => format!("{}: {note}", rule.label),
        _ if limit.starts_with("none") => format!("{}: {}", rule.label, rule.measured),
        _ => format!("{} is {}, the limit is {limit}", rule.label, rule.measured),
    }
}

fn reservations(rules: &[RuleOutcome]) -> String {
    let warned = rules.iter().filter(|rule| rule.verdict == Verdict::Warn);
    warned.map(reason).collect::<Vec<_>>().join("; ")
}

/// What is not known, the client's doing first: until that is settled, nothing else can be.
fn undecided(rules: &[RuleOutcome], delivery: &Delivery) -> String {
    if let Some(doubt) = delivery.doubts.first() {
        return format!(
            "the client was the limit, not etcd: {}; {}",
            doubt.reason, doubt.way_out
        );
    }
    let undecided: Vec<String> = rules
        .iter()
        .filter(|rule| rule.verdict == Verdict::Inconclusive)
        .map(|rule| match &rule.note {
            Some(note) => format!("{}: {note}", rule.label),
            None => reason(rule),
        })
        .collect();
    match undecided.as_slice() {
        [] => "nothing was judged".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}; and {} more", rest.len()),
    }
}

/// What breaks: the rate that could not be had, else what is missed by most.
fn broke<'a>(failed: impl Iterator<Item = &'a RuleOutcome>) -> String {
    let failed: Vec<&RuleOutcome> = failed.collect();
    let rate = failed.iter().find(|rule| rule.label == RATE).copied();
    let Some(first) = rate.or_else(|| gravest(failed.iter().copied())) else {
        return "a rule failed".to_owned();
    };
    let told = if first.label == RATE {
        let why = first
            .note
            .as_ref()
            .map_or_else(String::new, |note| format!(": {note}"));
        format!(
            "etcd cannot keep up: {} of {} wanted{why}",
            first.measured,
            first.limit.trim_start_matches("≥ ")
        )
    } else {
        match &first.note {
            // A member's failure hidden in the merged figures is told by the note.
            Some(note) if first.margin.is_some_and(|margin| margin >= 1.0) => note.clone(),
            _ => reason(first),
        }
    };
    match failed.len() {
        0 | 1 => told,
        n => format!("{told}; {} rules failed", n),
    }
}

fn climbed(verdict: Verdict, evidence: &Evidence, climb: &Climb, told: &Told) -> String {
    let rate = |index: usize| rate_of(evidence, climb.steps[index].outcome.wanted_per_s);
    let end = climb.lowest_not_kept.map(|index| {
        let step = &climb.steps[index];
        let why = match step.outcome.verdict {
            Verdict::Fail => {
                broken(&step.outcome).map_or_else(String::new, |rule| broke([rule].into_iter()))
            }
            _ => undecided(&step.outcome.rules, &step.delivery),
        };
        format!("at {} {why}", rate(index))
    });
    let whole = told
        .rules
        .iter()
        .filter(|rule| rule.label != CLIENT && rule.verdict == Verdict::Fail);
    match (climb.highest_kept, end) {
        _ if verdict == Verdict::Fail && climb.highest_kept.is_some() => {
            format!("FAILED  {}", broke(whole))
        }
        (Some(kept), Some(end)) => {
            let word = if verdict == Verdict::Inconclusive {
                "INCONCLUSIVE  holds at least to"
            } else {
                "PASSED  up to"
            };
            format!("{word} {}; {end}", rate(kept))
        }
        (Some(kept), None) => {
            let but = match verdict {
                Verdict::Warn => format!("; but {}", reservations(told.rules)),
                _ => String::new(),
            };
            format!("PASSED  up to {}, the highest rate tried{but}", rate(kept))
        }
        (None, Some(end)) if verdict == Verdict::Fail => format!("FAILED  already {end}"),
        (None, end) => format!(
            "INCONCLUSIVE  {}",
            end.unwrap_or_else(|| "nothing was measured".to_owned())
        ),
    }
}
