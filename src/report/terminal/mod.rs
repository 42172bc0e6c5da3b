//! The page for people. Top down: answer, reasons, evidence, oddities, what to do next.

mod disk;
mod findings;
mod import;
mod ladder;
mod load;
mod quantiles;
mod rules;
mod table;

use std::path::Path;

use super::answer;
use super::style::Style;
use super::text::{clean, entry, width, wrap};
use crate::plan::{DiskPlan, ImportPlan, LoadPlan};
use crate::result::{Finding, IMPORT, PhaseSummary, Run, SeriesSummary, Summary};
use crate::units::format_duration;

/// Cells of the column that holds the labels of entries.
const GUTTER: usize = 16;

/// The page of a result, ending in a newline.
pub fn terminal(run: &Run, summary: &Summary, result: &Path, style: &Style) -> String {
    let page = Page {
        run,
        summary,
        plan: Plan::of(run),
        style: *style,
    };
    let mut out = String::new();
    match &page.plan {
        Plan::Load(plan) => load::page(&page, plan, &mut out),
        Plan::Import(plan) => import::page(&page, plan, &mut out),
        _ => disk::page(&page, &mut out),
    }
    findings::findings(&page, &mut out);
    next(&page, result, &mut out);
    out
}

/// What every part of the page is made from.
struct Page<'a> {
    run: &'a Run,
    summary: &'a Summary,
    plan: Plan,
    style: Style,
}

/// The plan in the header.
#[allow(clippy::large_enum_variant)] // there is one of it
enum Plan {
    /// Of a disk qualification.
    Disk(DiskPlan),
    /// Of a load.
    Load(LoadPlan),
    /// Of another program, as far as it told.
    Import(ImportPlan),
    /// Not to be read.
    Unknown,
}

impl Plan {
    fn of(run: &Run) -> Plan {
        let value = run.header.plan.clone();
        match run.header.kind.as_str() {
            "load" => serde_json::from_value(value).map_or(Plan::Unknown, Plan::Load),
            IMPORT => serde_json::from_value(value).map_or(Plan::Unknown, Plan::Import),
            _ => serde_json::from_value(value).map_or(Plan::Unknown, Plan::Disk),
        }
    }
}

impl Page<'_> {
    /// The plan, if it is that of a disk qualification.
    fn disk(&self) -> Option<&DiskPlan> {
        match &self.plan {
            Plan::Disk(plan) => Some(plan),
            _ => None,
        }
    }

    /// The figures of a phase.
    fn phase(&self, name: &str) -> Option<&PhaseSummary> {
        self.summary.phases.iter().find(|phase| phase.phase == name)
    }

    /// The figures of a series in a phase; without a member, of all members together.
    fn figures(&self, phase: &str, series: &str, member: Option<u32>) -> Option<&SeriesSummary> {
        let mut all = self.phase(phase)?.series.iter();
        all.find(|found| found.series == series && found.member == member)
    }

    /// Cells beside the gutter.
    fn beside_gutter(&self) -> usize {
        self.style.prose().saturating_sub(2 + GUTTER)
    }
}

fn answer(page: &Page<'_>, out: &mut String) {
    let summary = page.summary;
    answer::answer(&summary.headline, summary.verdict, page.style, out);
    if let Some(how) = cut_short(page) {
        for line in wrap(&how, page.style.prose() - 2) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out.push('\n');
}

/// Says so when the run did not go through to its end.
fn cut_short(page: &Page<'_>) -> Option<String> {
    if page.summary.complete {
        return None;
    }
    let how = match page.run.halted() {
        Some(why) => clean(why),
        None if page.summary.interrupted => "interrupted".to_owned(),
        None => "incomplete: the run was killed".to_owned(),
    };
    let lasted = format_duration(page.run.length_ns());
    let planned_ns = match &page.plan {
        Plan::Disk(plan) => Some(plan.duration_ns()),
        Plan::Load(plan) => plan.length_ns(),
        Plan::Import(_) | Plan::Unknown => None,
    };
    Some(match planned_ns {
        Some(ns) => format!("({how} after {lasted} of {})", format_duration(ns)),
        None => format!("({how} after {lasted})"),
    })
}

/// Where the result is, and how to do this again. A path or a command is never broken: it is there to be copied.
fn next(page: &Page<'_>, result: &Path, out: &mut String) {
    const LABEL: usize = 8;
    let cells = page.style.columns().saturating_sub(2 + LABEL);
    out.push('\n');
    entry(
        out,
        "result",
        LABEL,
        &[clean(&result.display().to_string())],
    );
    let (command, hint) = match &page.plan {
        Plan::Disk(plan) => (plan.command(), longer(page, plan)),
        Plan::Load(plan) => (plan.command(), None),
        Plan::Import(_) => {
            let result = clean(&result.display().to_string());
            let command = format!("etcdbench compare {result} OTHER.jsonl");
            entry(out, "beside", LABEL, &[command]);
            return;
        }
        Plan::Unknown => return,
    };
    let mut lines = vec![clean(&command)];
    if let Some(hint) = hint {
        let beside = format!("{}   {hint}", lines[0]);
        if width(&beside) <= cells {
            lines[0] = beside;
        } else {
            lines.extend(wrap(hint, cells));
        }
    }
    entry(out, "again", LABEL, &lines);
}

/// What only a longer qualification finds, unless it was told already or this was one.
fn longer(page: &Page<'_>, plan: &DiskPlan) -> Option<&'static str> {
    let told = |finding: &Finding| {
        let advice = finding.advice.as_ref();
        advice.is_some_and(|text| text.contains("--soak"))
    };
    let known = plan.is_soak() || page.summary.findings.iter().any(told);
    (!known).then_some("longer: --soak 30m finds burst credits and rare stalls")
}
