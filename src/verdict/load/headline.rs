//! The answer in one line.

use crate::plan::LoadPace;
use crate::result::{RuleOutcome, Verdict};
use crate::units;
use crate::verdict::Ending;

use super::delivery::{Delivery, RATE};
use super::evidence::Evidence;
use super::findings::longest_gap;
use super::planned;
use super::server::{DATABASE_SIZE, LEADER_CHANGES};
use super::steps::{Climb, Step};
use super::whole::ACKNOWLEDGED;

/// What is told beside the evidence.
pub(super) struct Told<'a> {
    pub rules: &'a [RuleOutcome],
    pub delivery: &'a Delivery,
    pub climb: Option<&'a Climb>,
    pub ending: Ending,
}

/// The answer in one line.
pub(super) fn headline(verdict: Verdict, evidence: &Evidence, told: &Told) -> String {
    let failed: Vec<&RuleOutcome> = of(told.rules, Verdict::Fail).collect();
    if let Some(lost) = failed.iter().find(|rule| rule.label == ACKNOWLEDGED) {
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
        return climbed(verdict, evidence, climb, told.rules);
    }
    match verdict {
        Verdict::Pass => format!("PASSED  {}", carried(evidence, told.delivery)),
        Verdict::Warn => {
            let carried = carried(evidence, told.delivery);
            format!("PASSED  {carried}; but {}", reservations(told.rules))
        }
        Verdict::Inconclusive => format!("INCONCLUSIVE  {}", undecided(told.rules, told.delivery)),
        Verdict::Fail => format!("FAILED  {}", broken(&failed, evidence)),
    }
}

fn of(rules: &[RuleOutcome], verdict: Verdict) -> impl Iterator<Item = &RuleOutcome> {
    rules.iter().filter(move |rule| rule.verdict == verdict)
}

fn cut_short(evidence: &Evidence, told: &Told) -> String {
    let what = match evidence.run.halted() {
        Some(why) => why,
        None if told.ending.interrupted => "interrupted",
        None => "the run was killed",
    };
    match evidence.length_ns() {
        0 => format!("{what} before the load began"),
        ns => format!(
            "{what} after {} under load; no rule was seen to break",
            units::format_duration(ns)
        ),
    }
}

/// `2,000 puts/s for 60 s: response p99 2.9 ms, max 48 ms, no error`.
fn carried(evidence: &Evidence, delivery: &Delivery) -> String {
    let waits = evidence.waits();
    let p99 = waits.total.quantile(0.99).map_or_else(String::new, |ns| {
        let max = units::format_duration(waits.total.max_ns());
        format!(": {} p99 {}, max {max}", evidence.wait(), units::format_duration(ns))
    });
    let failed = match evidence.failed() {
        0 => "no error".to_owned(),
        n => format!("{} failed", units::format_count(n)),
    };
    let killed = match (planned::kills(evidence).len(), longest_gap(evidence)) {
        (0, _) | (_, None) => String::new(),
        (n, Some(ns)) => {
            let times = if n == 1 { "once".to_owned() } else { format!("{n} times") };
            let gap = units::format_duration(ns);
            format!("; the leader was killed {times}, and nothing was acknowledged for {gap}")
        }
    };
    let by = match evidence.plan.pace {
        LoadPace::Closed { clients: 1 } => " by 1 client".to_owned(),
        LoadPace::Closed { clients } => {
            format!(" by {} clients", units::format_count(u64::from(clients)))
        }
        LoadPace::Open { .. } => String::new(),
    };
    let (per_s, length_ns) = match &delivery.tally {
        Some(tally) => (tally.reached_per_s(), tally.length_ns),
        None => (0.0, evidence.length_ns()),
    };
    format!(
        "{}{by} for {}{p99}, {failed}{killed}",
        rate_of(evidence, per_s),
        units::format_duration(length_ns)
    )
}

/// A rate in operations: `2,000 puts/s`.
fn rate_of(evidence: &Evidence, per_s: f64) -> String {
    let what = match evidence.strands.as_slice() {
        [only] if evidence.plan.classes.is_empty() => format!("{}s", only.name),
        _ => "operations".to_owned(),
    };
    format!("{} {what}/s", units::significant(per_s))
}

/// A rule that does not hold, in a clause.
fn reason(rule: &RuleOutcome) -> String {
    match &rule.note {
        Some(note) if rule.measured == "–" => format!("{}: {note}", rule.label),
        // A member's failure hidden in the merged figures is told by the note.
        Some(note) if rule.margin.is_some_and(|margin| margin >= 1.0) => note.clone(),
        _ if rule.limit.starts_with("none") => format!("{}: {}", rule.label, rule.measured),
        _ => format!("{} is {}, the limit is {}", rule.label, rule.measured, rule.limit),
    }
}

fn reservations(rules: &[RuleOutcome]) -> String {
    let warned: Vec<String> = of(rules, Verdict::Warn).map(reason).collect();
    warned.join("; ")
}

/// What is not known, the client's doing first: until that is settled, nothing else can be.
fn undecided(rules: &[RuleOutcome], delivery: &Delivery) -> String {
    if let Some(doubt) = delivery.doubts.first() {
        return format!("{}; {}", doubt.told(), doubt.way_out);
    }
    let undecided: Vec<String> = of(rules, Verdict::Inconclusive)
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

/// What breaks, the gravest first: a leader lost, a rate that cannot be had, errors, then the limit missed by most.
fn broken(failed: &[&RuleOutcome], evidence: &Evidence) -> String {
    let named = |label: &str| failed.iter().find(|rule| rule.label == label).copied();
    let margin = |rule: &RuleOutcome| rule.margin.unwrap_or(1.0);
    let by_margin = failed.iter().copied().min_by(|a, b| margin(a).total_cmp(&margin(b)));
    let recovered = planned::recovered(evidence.run);
    let size = || failed.iter().find(|rule| rule.rule == DATABASE_SIZE);
    let order = [
        recovered.as_ref().and_then(|_| size()).copied(),
        named(LEADER_CHANGES),
        named(RATE),
        named("errors"),
        by_margin,
    ];
    let Some(first) = order.into_iter().flatten().next() else {
        return "a rule failed".to_owned();
    };
    let full = recovered.filter(|_| first.rule == DATABASE_SIZE);
    let told = match (first.label.as_str(), full) {
        (_, Some(full)) => full.told(),
        (LEADER_CHANGES, _) => leader_changed(first, evidence),
        (RATE, _) => cannot(first),
        ("errors", _) => {
            format!("{} of all operations failed, the limit is {}", first.measured, first.limit)
        }
        _ => reason(first),
    };
    match failed.len() - 1 {
        0 => told,
        1 => format!("{told}; and 1 more rule failed"),
        n => format!("{told}; and {n} more rules failed"),
    }
}

fn leader_changed(rule: &RuleOutcome, evidence: &Evidence) -> String {
    let times = match rule.measured.as_str() {
        "1" => "once".to_owned(),
        n => format!("{n} times"),
    };
    match longest_gap(evidence) {
        Some(ns) => {
            let gap = units::format_duration(ns);
            format!("the leader changed {times}, and nothing was acknowledged for {gap}")
        }
        None => format!("the leader changed {times}"),
    }
}

fn cannot(rule: &RuleOutcome) -> String {
    let why = rule.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
    format!("etcd does not keep up: {} reached, {} wanted{why}", rule.measured, rule.limit)
}

/// What happened in the worst of several stages, or that nothing did.
fn staged(verdict: Verdict, evidence: &Evidence, climb: &Climb) -> String {
    let worst = climb.shown();
    let phase = &worst.outcome.phase;
    let rules = worst.outcome.rules.as_slice();
    match verdict {
        Verdict::Pass => {
            format!("PASSED  {} in every phase", carried(evidence, &Delivery::of(evidence)))
        }
        Verdict::Warn => format!("PASSED  but in {phase} {}", reservations(rules)),
        Verdict::Inconclusive => {
            format!("INCONCLUSIVE  in {phase} {}", undecided(rules, &worst.delivery))
        }
        Verdict::Fail => {
            let failed: Vec<&RuleOutcome> = of(rules, Verdict::Fail).collect();
            format!("FAILED  in {phase} {}", broken(&failed, &evidence.only(&[phase])))
        }
    }
}

/// Up to which rate everything holds, and what breaks first above.
fn climbed(verdict: Verdict, evidence: &Evidence, climb: &Climb, rules: &[RuleOutcome]) -> String {
    if climb.staged {
        return staged(verdict, evidence, climb);
    }
    let rate = |step: &Step| rate_of(evidence, step.outcome.wanted_per_s);
    let why = |step: &Step| {
        let failed: Vec<&RuleOutcome> = of(&step.outcome.rules, Verdict::Fail).collect();
        let why = match step.outcome.verdict {
            Verdict::Fail => broken(&failed, &evidence.only(&[&step.outcome.phase])),
            _ => undecided(&step.outcome.rules, &step.delivery),
        };
        format!("at {} {why}", rate(step))
    };
    let kept = climb.highest_kept.map(|index| &climb.steps[index]);
    let end = climb.end();
    match (kept, end) {
        (Some(_), _) if verdict == Verdict::Fail => {
            let failed: Vec<&RuleOutcome> = of(rules, Verdict::Fail).collect();
            format!("FAILED  {}", broken(&failed, evidence))
        }
        (Some(kept), Some(end)) if verdict == Verdict::Inconclusive => {
            format!("INCONCLUSIVE  holds at least to {}; {}", rate(kept), why(end))
        }
        (Some(kept), Some(end)) => format!("PASSED  up to {}; {}", rate(kept), why(end)),
        (Some(kept), None) => {
            let but = match (verdict, reservations(rules)) {
                (Verdict::Warn, said) if said.is_empty() => {
                    "; but a lower rate came with a warning".to_owned()
                }
                (Verdict::Warn, said) => format!("; but {said}"),
                _ => String::new(),
            };
            format!("PASSED  up to {}, the highest rate tried{but}", rate(kept))
        }
        (None, Some(end)) if verdict == Verdict::Fail => format!("FAILED  already {}", why(end)),
        (None, Some(end)) => format!("INCONCLUSIVE  {}", why(end)),
        (None, None) => "INCONCLUSIVE  nothing was measured".to_owned(),
    }
}
