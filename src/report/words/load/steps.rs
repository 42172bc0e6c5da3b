//! Several rates: what each came to, and what broke.

use super::head;
use crate::exit::Verdict;
use crate::plan::LoadPlan;
use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::report::words::quantiles::told;
use crate::report::words::{Table, mark};
use crate::result::{LoadStep, RuleOutcome};
use crate::units::{format_count, format_millis, significant};

/// Which series the table shows, and a row per rate. Nothing where there was one rate.
pub fn steps(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Option<(String, Table)> {
    let strand = plan.strands().into_iter().next()?;
    if page.summary.steps.is_empty() {
        return None;
    }
    let series = strand.wait();
    let head = ["wanted", "reached", "p50", "p90", "p99", "p99.9", "max", "failed", "", ""];
    let table = Table {
        head: head.map(str::to_owned).to_vec(),
        rows: page.summary.steps.iter().map(|step| row(page, plan, step, &series)).collect(),
        names: 0,
    };
    let each = match plan.classes.is_empty() {
        true => "at each rate",
        false => "in each phase",
    };
    Some((format!("{series} {each}, ms"), table))
}

fn row(page: &RunAndPlan<'_>, plan: &LoadPlan, step: &LoadStep, series: &str) -> Vec<String> {
    let mut row = vec![wanted(plan, step), format!("{}/s", significant(step.reached_per_s))];
    let figures = page.figures(&step.phase, series, None);
    let mut values: Vec<String> = figures.map_or_else(Vec::new, |figures| {
        told(figures).values.into_iter().map(|(_, v)| v).collect()
    });
    values.resize(4, "–".to_owned());
    row.extend(values);
    row.push(figures.map_or("–".to_owned(), |figures| format_millis(figures.max_ns)));
    let phase = page.phase(&step.phase);
    let failed: u64 = phase
        .into_iter()
        .flat_map(|p| &p.series)
        .filter(|s| s.member.is_none())
        .flat_map(|s| s.errors.values())
        .sum();
    row.push(format_count(failed));
    row.push(mark(step.verdict).to_owned());
    row.push(broke(step).map_or_else(String::new, |rule| clean(&rule.label)));
    row
}

fn wanted(plan: &LoadPlan, step: &LoadStep) -> String {
    let number = step.phase.strip_prefix("rate.").and_then(|number| number.parse::<usize>().ok());
    let planned = number.and_then(|number| plan.steps().get(number.checked_sub(1)?));
    planned.map_or_else(|| format!("{}/s", significant(step.wanted_per_s)), head::rate)
}

/// The first rule that decides against it.
fn broke(step: &LoadStep) -> Option<&RuleOutcome> {
    let worst = step.verdict;
    (worst != Verdict::Pass).then(|| step.rules.iter().find(|rule| rule.verdict == worst))?
}
