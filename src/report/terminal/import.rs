//! What only the page of a foreign run has.

use super::quantiles::told;
use super::{GUTTER, Page, answer, rules};
use crate::plan::ImportPlan;
use crate::report::sketch;
use crate::report::text::{clean, entry, flow};
use crate::result::{PhaseData, SeriesData};
use crate::units::{format_count, format_duration, format_millis};

/// Cells of the sketch of a distribution.
const SKETCH: usize = 10;

/// Everything above the oddities.
pub(super) fn page(page: &Page<'_>, plan: &ImportPlan, out: &mut String) {
    head(page, plan, out);
    out.push('\n');
    answer(page, out);
    rules::table(page, out);
    out.push('\n');
    for phase in &page.run.phases {
        for series in &phase.series {
            figures(page, phase, series, out);
        }
    }
}

/// Whose run it was, and of what.
fn head(page: &Page<'_>, plan: &ImportPlan, out: &mut String) {
    let header = &page.run.header;
    let version = plan.version.as_deref();
    let mut items = vec![
        clean(&header.name),
        clean(version.unwrap_or_else(|| plan.program.name())),
    ];
    if !header.environment.host.is_empty() {
        items.push(clean(&header.environment.host));
    }
    if page.run.length_ns() > 0 {
        items.push(format_duration(page.run.length_ns()));
    }
    let given: Vec<String> = plan
        .options
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut lines = flow(&items, " · ", page.style.columns());
    lines.extend(flow(&[clean(&given.join(" "))], " ", page.style.columns()));
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
}

fn figures(page: &Page<'_>, phase: &PhaseData, series: &SeriesData, out: &mut String) {
    let Some(figures) = page.figures(&phase.name, &series.series, None) else {
        return;
    };
    let mut items = Vec::new();
    if series.told.is_none() {
        items.push(sketch::shape(&series.total, SKETCH));
    }
    let told = told(figures);
    let values = told.values.iter();
    items.extend(values.map(|(name, value)| format!("{name} {value}")));
    items.push(format!("max {} ms", format_millis(figures.max_ns)));
    items.push(format!("{} samples", format_count(figures.count)));
    items.extend(told.missing);
    let label = clean(&series.series);
    entry(
        out,
        &label,
        GUTTER,
        &flow(&items, "  ", page.beside_gutter()),
    );
}
