//! What is told of a foreign run only.

use super::quantiles::told;
use crate::plan::ImportPlan;
use crate::report::sketch;
use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::result::{CountKnown, SeriesData};
use crate::units::{counted, format_count, format_duration, format_millis};

/// Cells of the sketch of a distribution.
const SKETCH: usize = 10;

/// Whose run it was, of what, and with which options.
pub fn head(subject: &RunAndPlan<'_>, plan: &ImportPlan) -> Vec<String> {
    let header = &subject.run.header;
    let version = plan.version.as_deref();
    let mut items =
        vec![clean(&header.name), clean(version.unwrap_or_else(|| plan.program.name()))];
    if !header.environment.host.is_empty() {
        items.push(clean(&header.environment.host));
    }
    if subject.run.length_ns() > 0 {
        items.push(format_duration(subject.run.length_ns()));
    }
    items
}

/// The options it told, as it writes them.
pub fn options(plan: &ImportPlan) -> String {
    let given: Vec<String> =
        plan.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    clean(&given.join(" "))
}

/// What every series came to, each with its name.
pub fn figures(subject: &RunAndPlan<'_>) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for phase in &subject.run.phases {
        for series in &phase.series {
            let Some(figures) = subject.figures(&phase.name, &series.series, None) else {
                continue;
            };
            let told = told(figures);
            // Where only quantiles were told there is no distribution to sketch.
            let shape = series.told.is_none().then(|| sketch::shape(&series.total, SKETCH));
            let values = told.values.iter().map(|(name, value)| format!("{name} {value}"));
            let mut items: Vec<String> = shape.into_iter().chain(values).collect();
            items.push(format!("max {} ms", format_millis(figures.max_ns)));
            items.push(samples(series, figures.count));
            items.extend(told.missing);
            all.push((clean(&series.series), items));
        }
    }
    all
}

/// How many samples there were, as well as that is known.
fn samples(series: &SeriesData, count: u64) -> String {
    let known = series.told.as_ref().map_or(CountKnown::Exactly, |told| told.count_known);
    match known {
        CountKnown::Exactly => counted(count, "sample"),
        CountKnown::About => format!("about {} samples", format_count(count)),
        CountKnown::AtLeast => format!("samples not told, at least {}", format_count(count)),
    }
}
