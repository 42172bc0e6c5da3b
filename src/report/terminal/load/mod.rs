//! What only the page of a load has: the client's view beside the members' own.

#[cfg(test)]
mod tests;

use super::{GUTTER, Page, answer, ladder, lines, rules};
use crate::plan::LoadPlan;
use crate::report::text::{entry, flow};
use crate::report::words::load as words;

/// Cells of a timeline at most.
const TIMELINE: usize = 60;

/// Everything above the oddities.
pub(super) fn page(page: &Page<'_>, plan: &LoadPlan, out: &mut String) {
    lines(page, &words::head(page, plan), out);
    out.push('\n');
    answer(page, out);
    rules::table(page, out);
    steps(page, plan, out);
    ladder::ladder(page, out);
    entries(page, &words::client(page, plan), out);
    latency(page, plan, out);
    members(page, plan, out);
    entries(page, &words::outcome(page), out);
}

fn steps(page: &Page<'_>, plan: &LoadPlan, out: &mut String) {
    for (title, table) in words::tables(page, plan) {
        out.push_str(&format!("\n  {title}\n"));
        table.write(page, out);
    }
}

fn entries(page: &Page<'_>, entries: &[(&str, Vec<String>)], out: &mut String) {
    for (index, (label, items)) in entries.iter().enumerate() {
        if index == 0 {
            out.push('\n');
        }
        let lines = flow(items, ", ", page.beside_gutter());
        entry(out, label, GUTTER, &lines);
    }
}

fn latency(page: &Page<'_>, plan: &LoadPlan, out: &mut String) {
    let Some((table, missing)) = words::latency(page, plan) else {
        return;
    };
    out.push('\n');
    table.write(page, out);
    let cells = page.beside_gutter();
    if let Some(why) = missing {
        entry(out, "", GUTTER, &flow(&[why], " ", cells));
    }
    if let Some(items) = words::over_time(page, plan, cells.min(TIMELINE)) {
        entry(out, "over time", GUTTER, &flow(&items, "  ", cells));
    }
}

fn members(page: &Page<'_>, plan: &LoadPlan, out: &mut String) {
    let table = words::members(page, plan);
    if !table.rows.is_empty() {
        out.push('\n');
        table.write(page, out);
    }
}
