//! What only the page of a foreign run has.

use super::{GUTTER, Page, answer, lines, rules};
use crate::plan::ImportPlan;
use crate::report::sketch;
use crate::report::text::{clean, entry, flow};
use crate::report::words;
use crate::report::words::quantiles::told;
use crate::result::{CountKnown, PhaseData, SeriesData};
use crate::units::{format_count, format_millis};

/// Cells of the sketch of a distribution.
const SKETCH: usize = 10;

/// Everything above the oddities.
pub(super) fn page(page: &Page<'_>, plan: &ImportPlan, out: &mut String) {
    lines(page, &words::import::head(page, plan), out);
    for line in flow(&[words::import::options(plan)], " ", page.style.columns()) {
        out.push_str(&line);
        out.push('\n');
    }
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

/// How many samples there were, as well as that is known.
fn samples(series: &SeriesData, count: u64) -> String {
    let known = series.told.as_ref().map_or(CountKnown::Exactly, |told| told.count_known);
    let many = format_count(count);
    match known {
        CountKnown::Exactly if count == 1 => "1 sample".to_owned(),
        CountKnown::Exactly => format!("{many} samples"),
        CountKnown::About => format!("about {many} samples"),
        CountKnown::AtLeast => format!("samples not told, at least {many}"),
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
    items.push(samples(series, figures.count));
    items.extend(told.missing);
    let label = clean(&series.series);
    entry(out, &label, GUTTER, &flow(&items, "  ", page.beside_gutter()));
}
