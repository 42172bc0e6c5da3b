//! What pages say, whatever they look like: every renderer for people takes its words from here, so that a terminal, a
//! browser and a pull request read the same.

pub mod disk;
mod environment;
mod events;
pub mod import;
mod judged;
pub mod load;
mod mark;
pub mod quantiles;
pub mod rules;
pub mod stalls;
mod table;
mod timeline;

pub use environment::{devices, disk_facts, machine};
pub use events::{EventRow, events, kind_in_words};
pub use judged::conclude;
pub use mark::mark;
pub use table::Table;
pub use timeline::Timeline;

use super::subject::{Plan, RunAndPlan};
use super::text::clean;
use crate::exit::Verdict;
use crate::plan::DiskPlan;
use crate::result::{Finding, FindingCode, PhaseData, Severity, Summary};
use crate::units::format_duration;

/// A verdict in a word.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Fail => "fail",
    }
}

/// A severity in a word.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Decides the verdict",
        Severity::Warning => "Wants attention",
        Severity::Info => "Good to know",
    }
}

/// The sign of a severity.
pub fn severity_mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "✘",
        Severity::Warning => "!",
        Severity::Info => "·",
    }
}

/// A headline in its two parts: the answer itself, and what follows.
pub fn headline(summary: &Summary) -> (String, String) {
    (clean(summary.answer.name()), clean(&summary.because))
}

/// What the run was about, in a few items: where, on what, how long.
pub fn about(subject: &RunAndPlan<'_>) -> Vec<String> {
    match &subject.plan {
        Plan::Load(plan) => load::head(subject, plan),
        Plan::Import(plan) => import::head(subject, plan),
        _ => disk::head(subject),
    }
}

/// The phase whose figures a page shows first.
pub fn main_phase<'a>(subject: &RunAndPlan<'a>) -> Option<&'a PhaseData> {
    match &subject.plan {
        Plan::Load(_) => load::shown(subject),
        _ => disk::shown(subject),
    }
}

/// What a member is called.
pub fn member(subject: &RunAndPlan<'_>, index: u32) -> String {
    load::member_name(subject.run, index)
}

/// Says so when the run did not go through to its end.
pub fn cut_short(subject: &RunAndPlan<'_>) -> Option<String> {
    if subject.summary.complete {
        return None;
    }
    let how = match subject.run.halted() {
        Some(why) => clean(why),
        None if subject.summary.interrupted => "interrupted".to_owned(),
        None => "incomplete: the run was killed".to_owned(),
    };
    let lasted = format_duration(subject.run.length_ns());
    let planned_ns = match &subject.plan {
        Plan::Disk(plan) => Some(plan.duration_ns()),
        Plan::Load(plan) => plan.length_ns(),
        Plan::Import(_) | Plan::Unknown => None,
    };
    Some(match planned_ns {
        Some(ns) => format!("({how} after {lasted} of {})", format_duration(ns)),
        None => format!("({how} after {lasted})"),
    })
}

/// What is worth knowing, the gravest first; without what the page tells elsewhere.
pub fn findings<'a>(subject: &RunAndPlan<'a>) -> Vec<&'a Finding> {
    let told_above =
        |finding: &&Finding| finding.code == disk::IN_NODES && subject.summary.capacity.is_some();
    let all = subject.summary.findings.iter();
    let mut findings: Vec<&Finding> = all.filter(|finding| !told_above(finding)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The command that does this again, and what only a longer run would find.
pub fn again(subject: &RunAndPlan<'_>) -> Option<(String, Option<&'static str>)> {
    match &subject.plan {
        Plan::Disk(plan) => Some((clean(&plan.command()), longer(subject, plan))),
        Plan::Load(_) => Some((clean(&subject.load_command()?), None)),
        Plan::Import(_) | Plan::Unknown => None,
    }
}

/// What only a longer qualification finds, unless it was told already or this was one.
fn longer(subject: &RunAndPlan<'_>, plan: &DiskPlan) -> Option<&'static str> {
    let told = |finding: &Finding| {
        use FindingCode::{BurstCredits, QuickRun, SlowerAfter};
        matches!(finding.code, BurstCredits | QuickRun | SlowerAfter)
    };
    let known = plan.is_soak() || subject.summary.findings.iter().any(told);
    (!known).then_some("longer: --soak 30m finds burst credits and rare stalls")
}
