//! `compare` and `trend`: several results, held against each other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::cli::{CompareArgs, TrendArgs};
use crate::compare::Answer;
use crate::error::Result;
use crate::exit::Exit;
use crate::plan::{self, ComparePlan, ExportPlan, Of, TrendPlan};
use crate::report::chart;
use crate::report::export::ExportInput;
use crate::report::{self, Style};
use crate::run::{comparison, history};
use crate::signals;

use super::output::{draw, hand_over, say, send};

pub(super) fn compare(args: &CompareArgs) -> Result<Exit> {
    let plan = ComparePlan::resolve(args)?;
    let export = ExportPlan::resolve(args.export.export, Of::Comparison, args.output.as_deref())?;
    let (format, output) = match export {
        Some(_) => (args.format.unwrap_or_default(), None),
        None => plan::output(args.format, args.output.as_deref(), &[])?,
    };
    let tell = |line: &str| {
        if !args.quiet {
            say(line);
        }
    };
    let signalled = match plan.source {
        plan::Source::Measured(_) => signals::watch()?,
        // Nothing is lost where nothing is measured: a signal ends it as it ends any program.
        _ => Arc::default(),
    };
    let finished = match comparison::carry_out(&plan, &signalled, &tell) {
        Err(error) if signalled.load(Ordering::SeqCst) => {
            say(&format!("error: {error}"));
            return Ok(Exit::Interrupted);
        }
        done => done?,
    };
    match (&export, &finished.answer) {
        (Some(plan), Answer::Comparison(found)) => send(plan, ExportInput::Comparison(found))?,
        _ => {
            let style = Style::of_stdout(args.no_color);
            let text = report::compared(&finished, format, args.all, &style);
            hand_over(&text, output.as_deref(), args.quiet)?;
        }
    }
    if let Answer::Comparison(found) = &finished.answer {
        draw(&args.charts, || chart::of_comparison(found, &finished.sides))?;
    }
    Ok(finished.exit)
}

pub(super) fn trend(args: &TrendArgs) -> Result<Exit> {
    let plan = TrendPlan::resolve(args)?;
    let export = ExportPlan::resolve(args.export.export, Of::Trend, args.output.as_deref())?;
    let (format, output) = match export {
        Some(_) => (args.format.unwrap_or_default(), None),
        None => plan::output(args.format, args.output.as_deref(), &[])?,
    };
    let trend = history::run(&plan, report::conclude)?;
    match &export {
        Some(plan) => send(plan, ExportInput::Trend(&trend))?,
        None => {
            let style = Style::of_stdout(args.no_color);
            let text = report::trend::render(&trend, format, &style);
            hand_over(&text, output.as_deref(), false)?;
        }
    }
    draw(&args.charts, || chart::of_trend(&trend))?;
    Ok(trend.verdict.exit())
}
