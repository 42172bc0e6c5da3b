//! The answer in one line: what breaks first, then how far it is.

use crate::plan::{DiskPlan, Neighbour};
use crate::result::{DurabilityOutcome, RuleOutcome, Verdict};
use crate::units;

use super::evidence::Evidence;
use super::facts;
use super::stalls::share_of_stalls;

/// The answer in one line.
pub(super) fn headline(
    verdict: Verdict,
    rules: &[RuleOutcome],
    target: &str,
    interrupted: bool,
    evidence: &Evidence,
) -> String {
    let worst = |verdict| rules.iter().filter(move |rule| rule.verdict == verdict);
    match verdict {
        Verdict::Pass => format!("QUALIFIED  {}", qualified_for(target, evidence)),
        Verdict::Warn => {
            let reservations: Vec<String> = worst(Verdict::Warn).map(reason).collect();
            format!(
                "QUALIFIED  {}; but {}",
                qualified_for(target, evidence),
                reservations.join("; ")
            )
        }
        Verdict::Inconclusive => {
            format!("INCONCLUSIVE  {}", undecided(rules, interrupted, evidence))
        }
        Verdict::Fail => format!("NOT QUALIFIED  {}", broken(rules, evidence)),
    }
}

/// Says that somebody else was at work on purpose: these figures are not those of the disk alone.
pub(super) fn beside(plan: &DiskPlan) -> String {
    let names: Vec<String> = plan.neighbours.iter().map(Neighbour::told).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("; beside a neighbour: {one}"),
        several => format!("; beside neighbours: {}", several.join(", ")),
    }
}

fn qualified_for(target: &str, evidence: &Evidence) -> String {
    format!(
        "for {target} with a {} heartbeat and a {} election timeout",
        units::format_duration(evidence.plan.heartbeat_ns),
        units::format_duration(evidence.plan.election_ns)
    )
}

fn reason(rule: &RuleOutcome) -> String {
    match &rule.note {
        Some(note) => format!("{}: {note}", rule.label),
        None => format!("{} is {}, the limit is {}", rule.label, rule.measured, rule.limit),
    }
}

fn undecided(rules: &[RuleOutcome], interrupted: bool, evidence: &Evidence) -> String {
    let measured_s = evidence.stall_phases().iter().map(|p| p.length_ns).sum::<u64>();
    if interrupted || !evidence.complete {
        let what = match evidence.run.halted() {
            Some(why) => why,
            None if interrupted => "interrupted",
            None => "the run was killed",
        };
        return format!(
            "{what} after {} under load; no rule was seen to break",
            units::format_duration(measured_s)
        );
    }
    let undecided: Vec<String> =
        rules.iter().filter(|rule| rule.verdict == Verdict::Inconclusive).map(reason).collect();
    match undecided.as_slice() {
        [] => "nothing was judged".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}; and {} more", rest.len()),
    }
}

/// What breaks, the gravest first: a sync that is none, then lost leaders, then the limit missed by most.
fn broken(rules: &[RuleOutcome], evidence: &Evidence) -> String {
    let disproved = facts::durability(evidence.run)
        .is_some_and(|durability| durability.outcome == DurabilityOutcome::Disproved);
    if disproved {
        return "fast because it does not sync: what etcd has acknowledged is lost with the power"
            .to_owned();
    }
    let failed = || rules.iter().filter(|rule| rule.verdict == Verdict::Fail);
    let by_margin = |a: &&RuleOutcome, b: &&RuleOutcome| {
        let margin = |rule: &RuleOutcome| rule.margin.unwrap_or(1.0);
        margin(a).total_cmp(&margin(b))
    };
    let is_stalls = |rule: &&RuleOutcome| rule.rule.starts_with("stalls");
    let elections = failed().find(|rule| is_stalls(rule) && rule.limit == "none");
    let by_speed = failed().filter(|rule| !is_stalls(rule)).min_by(by_margin);
    let first = elections.or(by_speed).or_else(|| failed().next());
    let Some(rule) = first else {
        return "a rule failed".to_owned();
    };
    format!("{}{}", told(rule), consequence(rule, evidence))
}

fn told(rule: &RuleOutcome) -> String {
    if let Some(length) = rule.label.strip_prefix("stalls ≥ ") {
        let seen = rule.measured.split(' ').next().unwrap_or_default();
        let took = if seen == "1" { "wait took" } else { "waits took" };
        let samples = units::format_count(rule.samples.unwrap_or_default());
        return format!("{seen} {took} {length} or longer among {samples}");
    }
    if rule.rule == "space" {
        return match &rule.note {
            Some(note) => format!("{}: {note}", rule.label),
            None => format!("{}: {} free, {} wanted", rule.label, rule.measured, rule.limit),
        };
    }
    let base = format!("{} is {}", rule.label, rule.measured);
    match rule.margin {
        // A member's failure hidden in the merged figures is told by the note.
        Some(margin) if margin >= 1.0 => rule.note.clone().unwrap_or(base),
        Some(margin) if rule.limit.starts_with(['<', '≤']) => {
            format!("{base}, {}", times_the_limit(1.0 / margin))
        }
        _ => format!("{base}, the limit is {}", rule.limit),
    }
}

fn times_the_limit(times: f64) -> String {
    const WORDS: [&str; 11] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];
    if times < 2.0 {
        return format!("{} times the limit", units::significant(times));
    }
    match WORDS.get(times as usize - 2) {
        Some(word) => format!("{word} times the limit"),
        None => format!("{} times the limit", units::significant(times.floor())),
    }
}

/// What etcd would do on this disk, as far as this run has shown it.
fn consequence(rule: &RuleOutcome, evidence: &Evidence) -> &'static str {
    if rule.rule == "space" {
        return "; etcd would stop taking writes";
    }
    let plan = evidence.plan;
    let seen = |at_least_ns| share_of_stalls(evidence, at_least_ns).hits > 0;
    if seen(plan.election_ns) {
        "; etcd would lose its leader"
    } else if seen(2 * plan.heartbeat_ns) {
        "; etcd would warn and may lose its leader"
    } else if seen(plan.heartbeat_ns) {
        "; heartbeats would be late"
    } else {
        ""
    }
}
