//! What only the page of a disk qualification has.

use super::{GUTTER, Page, answer, ladder, lines, rules};
use crate::report::text::{entry, flow, wrap};
use crate::report::words::disk as words;

/// Cells of a timeline at most.
const TIMELINE: usize = 60;

/// Everything above the oddities.
pub(super) fn page(page: &Page<'_>, out: &mut String) {
    lines(page, &words::head(page), out);
    out.push('\n');
    answer(page, out);
    rules::table(page, out);
    ladder::ladder(page, out);
    evidence(page, out);
    let told = words::capacity(page);
    let told: Vec<String> =
        told.iter().flat_map(|paragraph| wrap(paragraph, page.beside_gutter())).collect();
    entry(out, "capacity", GUTTER, &told);
}

fn evidence(page: &Page<'_>, out: &mut String) {
    let Some(phase) = words::shown(page) else {
        return;
    };
    out.push('\n');
    let cells = page.beside_gutter();
    for (label, items) in words::spread(page, phase) {
        entry(out, label, GUTTER, &flow(&items, "  ", cells));
    }
    if let Some(items) = words::over_time(phase, cells.min(TIMELINE)) {
        entry(out, "over time", GUTTER, &flow(&items, "  ", cells));
    }
}
