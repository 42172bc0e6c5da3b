//! `report`: a stored result, shown again or handed to another tool.

use std::path::Path;

use crate::cli::{Export, ReportArgs};
use crate::error::Result;
use crate::exit::Exit;
use crate::plan::{DocumentPlan, ExportPlan};
use crate::report::chart;
use crate::report::export::ExportInput;
use crate::report::{self, Style};
use crate::result::{self, Run, Summary};

use super::output::{draw, hand_over, send};
use super::redacted::Shown;

pub(super) fn report(args: &ReportArgs) -> Result<Exit> {
    if let Some(plan) = ExportPlan::of_report(args)? {
        return exported(args, &plan, &Shown::of(args)?);
    }
    let plan = DocumentPlan::resolve(&args.document, &args.files)?;
    let shown = Shown::of(args)?;
    let mut runs = Vec::new();
    for file in &shown.files {
        runs.push(read(file)?);
    }
    let style = Style::of_stdout(args.document.no_color);
    let text = report::document(&runs, &shown.names, &plan, &style);
    hand_over(&text, plan.output.as_deref(), false)?;
    draw(&args.charts, || match runs.as_slice() {
        [(run, summary)] => chart::of_run(run, summary),
        several => chart::of_runs(several),
    })?;
    let worst = runs.iter().map(|(_, summary)| summary.verdict).max();
    Ok(Exit::of(worst.unwrap_or_default(), args.strict))
}

/// A stored result and what it amounts to.
pub(super) fn read(file: &Path) -> Result<(Run, Summary)> {
    let run = result::read(file)?;
    // A result without a summary is of a killed run: it is summarised from what it holds.
    let killed = || report::conclude(&run, false, false, run.last_heard());
    let summary = run.summary.clone().unwrap_or_else(killed);
    Ok((run, summary))
}

/// A stored result for another tool.
fn exported(args: &ReportArgs, plan: &ExportPlan, shown: &Shown) -> Result<Exit> {
    let file = &shown.files[0];
    let (run, summary) = read(file)?;
    let intervals = match plan.kind {
        Export::Hlog => result::intervals(file)?,
        _ => Vec::new(),
    };
    let subject = ExportInput::Run { run: &run, summary: &summary, intervals: &intervals };
    send(plan, subject)?;
    draw(&args.charts, || chart::of_run(&run, &summary))?;
    Ok(Exit::of(summary.verdict, args.strict))
}
