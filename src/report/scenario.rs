//! Scenarios as text: what one would do, and what it came to. Pure.

use std::path::Path;

use super::classes;
use super::page::terminal;
use super::recovery;
use super::style::Style;
use super::text::{clean, entry, wrap};
use super::trend::verdicts;
use super::words;
use crate::execution::{Executed, RunEnd, RunRecord, verdict_of};
use crate::exit::Verdict;
use crate::plan::Resolved;
use crate::plan::ScenarioPlan;
use crate::plan::scenario::{Cell, Step};
use crate::trend::Trend;
use crate::units::{counted, format_bytes, format_duration};

const GUTTER: usize = 10;

/// More comparisons than this are told by their first: how it is done is plain then.
const MOST_COMPARISONS: usize = 6;

/// What a scenario would do: every run with its command, its length and what it writes.
pub fn planned(plan: &ScenarioPlan, style: &Style) -> String {
    let mut out = String::new();
    for line in wrap(&clean(&plan.description), style.prose() - 2) {
        out.push_str(&format!("  {line}\n"));
    }
    if !plan.description.is_empty() {
        out.push('\n');
    }
    for cell in &plan.cells {
        if !cell.settings.is_empty() {
            let settings: Vec<String> =
                cell.settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            out.push_str(&format!("  {}\n", clean(&settings.join(", "))));
        }
        for step in &cell.steps {
            out.push_str(&format!("    {}  {}\n", clean(&step.name), facts(step)));
            for line in command(step) {
                out.push_str(&format!("      {}\n", clean(&line)));
            }
            if let Resolved::Load(plan) = &step.run.plan {
                // Four columns further in than a table of a page.
                let narrower = Style { width: style.width.saturating_sub(4), ..*style };
                let table = terminal::table(&classes::table(plan), &narrower);
                table.lines().for_each(|line| out.push_str(&format!("    {line}\n")));
            }
        }
    }
    let runs = plan.turns().len();
    let total: Option<u64> = plan.turns().iter().map(|turn| turn.step.length_ns()).sum();
    let length = total.map_or_else(
        || "for as long as their counts take".to_owned(),
        |ns| format!("at least {}", format_duration(ns)),
    );
    out.push_str(&format!(
        "\n  {} in all ({} × {}), {length}; results below {}\n",
        counted(runs as u64, "run"),
        counted(plan.cells.len() as u64, "cell"),
        counted(plan.repeats.into(), "repeat"),
        plan.output.display()
    ));
    out
}

/// The command of a run; that of several classes with a line for each, which a shell takes as it stands.
fn command(step: &Step) -> Vec<String> {
    let command = step.command();
    if !command.contains(" --class ") {
        return vec![command];
    }
    let mut broken = command;
    for flag in [" --class ", " --rule "] {
        broken = broken.replace(flag, &format!(" \\\n  {}", flag.trim_start()));
    }
    broken.lines().map(str::to_owned).collect()
}

fn facts(step: &Step) -> String {
    let length =
        step.length_ns().map_or_else(|| "until its count is reached".to_owned(), format_duration);
    let writes = match (step.kind, step.bytes()) {
        ("disk", Some(bytes)) => format!("writes at most {}", format_bytes(bytes)),
        (_, Some(bytes)) => format!("grows the database by about {}", format_bytes(bytes)),
        (_, None) => "grows the database by what it can write".to_owned(),
    };
    format!("{length}, {writes}")
}

/// What a scenario came to: a line per run, and where to look next.
pub fn executed(plan: &ScenarioPlan, done: &Executed, style: &Style) -> String {
    let open = done.runs.iter().filter(|ran| matches!(ran.end, RunEnd::Open)).count();
    let mut out = String::new();
    if open > 0 {
        let measured = done.runs.len() - open;
        out.push_str(&format!(
            "  INTERRUPTED  {measured} of {} are there; run the scenario again to go on\n",
            counted(done.runs.len() as u64, "run")
        ));
    }
    let mut last = "";
    for ran in &done.runs {
        if plan.cells.len() > 1 && ran.cell != last {
            out.push_str(&format!("\n  {}\n", clean(&ran.cell)));
        }
        last = &ran.cell;
        line(plan, (ran, done.trend.as_ref()), style, &mut out);
    }
    out.push_str(&came_back(done, style));
    out.push('\n');
    entry(&mut out, "results", GUTTER, &[done.directory.display().to_string()]);
    for next in next(plan, done) {
        entry(&mut out, "next", GUTTER, &[next]);
    }
    out
}

/// Whether etcd came back from what was done to it by plan, where several runs tell.
fn came_back(done: &Executed, style: &Style) -> String {
    let summaries = done.runs.iter().filter_map(|ran| match &ran.end {
        RunEnd::Measured(measured) => Some(&measured.summary),
        _ => None,
    });
    let returns = recovery::returns(summaries);
    let Some(answer) = recovery::answer(&returns) else {
        return String::new();
    };
    let mut out = "\n".to_owned();
    for line in wrap(&answer, style.prose() - 2) {
        out.push_str(&format!("  {line}\n"));
    }
    out.push_str("\n  since the leader was lost, until p99 was back at its level:\n");
    let narrower = Style { width: style.width.saturating_sub(2), ..*style };
    let table = terminal::table(&recovery::table(&returns), &narrower);
    table.lines().for_each(|line| out.push_str(&format!("  {line}\n")));
    out
}

fn line(
    plan: &ScenarioPlan,
    (ran, trend): (&RunRecord, Option<&Trend>),
    style: &Style,
    out: &mut String,
) {
    let repeat = if plan.repeats > 1 { format!(" {}", ran.repeat) } else { String::new() };
    let what = format!("{}{repeat}", clean(&ran.step));
    let (mark, text) = match &ran.end {
        RunEnd::Measured(measured) => {
            let summary = &measured.summary;
            let verdict = verdict_of(measured, trend);
            let runs = trend.into_iter().flat_map(|trend| &trend.runs);
            let reruns = runs
                .filter(|run| run.run_id == measured.run_id)
                .find_map(verdicts::reruns)
                .map_or_else(String::new, |reruns| format!("; {reruns}"));
            let text = format!("{} {}{reruns}", summary.answer, summary.because);
            (style.verdict(verdict, words::mark(verdict)), text)
        }
        RunEnd::Failed(why) => (style.verdict(Verdict::Fail, "✘"), format!("not measured: {why}")),
        RunEnd::Open => ("·".to_owned(), "not measured yet".to_owned()),
    };
    let lines = wrap(&format!("{what}: {}", clean(&text)), style.prose() - 6);
    for (index, text) in lines.iter().enumerate() {
        let lead = if index == 0 { format!("  {mark} ") } else { "      ".to_owned() };
        out.push_str(&format!("{lead}{text}\n"));
    }
}

/// What to do with results like these.
fn next(plan: &ScenarioPlan, done: &Executed) -> Vec<String> {
    let measured = done.runs.iter().find(|ran| matches!(ran.end, RunEnd::Measured(_)));
    let Some(measured) = measured else {
        return Vec::new();
    };
    let show = format!("etcdbench report {}", done.directory.join(&measured.result).display());
    std::iter::once(show)
        .chain(steps(plan).flat_map(|step| comparisons(plan, done, step)))
        .collect()
}

/// The names of the first cell's runs: those that others can be held against.
fn steps(plan: &ScenarioPlan) -> impl Iterator<Item = &str> {
    let first = plan.cells.first().into_iter().flat_map(|cell| &cell.steps);
    first.map(|step| step.name.as_str())
}

/// A run of the first cell held against the same run of each of the others, or of one where there are too many.
fn comparisons(plan: &ScenarioPlan, done: &Executed, step: &str) -> Vec<String> {
    let is_there = |cell: &&Cell| {
        let mut of_cell = done.runs.iter().filter(|ran| ran.cell == cell.slug);
        of_cell.any(|ran| ran.step == step && matches!(ran.end, RunEnd::Measured(_)))
    };
    let side = |cell: &Cell| {
        let folder = Path::new(&cell.slug).join(step);
        done.directory.join(folder).display().to_string()
    };
    let mut sides = plan.cells.iter().filter(is_there).map(side);
    let Some(first) = sides.next() else {
        return Vec::new();
    };
    let mut others: Vec<String> = sides.collect();
    if others.len() > MOST_COMPARISONS {
        others.truncate(1);
    }
    let command = |other| format!("etcdbench compare {first} {other}");
    others.into_iter().map(command).collect()
}

/// The scenarios that come with the program.
pub fn shipped(plans: &[(&str, String)]) -> String {
    let width = plans.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, description): &(&str, String)| {
        let first = description.split(". ").next().unwrap_or_default().trim_end_matches('.');
        format!("  {name:width$}  {}\n", clean(first))
    };
    plans.iter().map(line).collect()
}
