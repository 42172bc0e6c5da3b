//! The evidence: how the samples are spread, and how they went over time.

use crate::report::sketch;
use crate::report::subject::RunAndPlan;
use crate::report::words::{Timeline, quantiles};
use crate::result::PhaseData;
use crate::units::{format_duration, format_millis};

/// The series shown, if the phase has them.
const SHOWN: [&str; 3] = [FSYNC, "backend.commit", "put.commit"];
const FSYNC: &str = "wal.fsync";
/// The phases that carry the planned load, the best evidence first.
const PHASES: [&str; 3] = ["etcd", "wal", "capacity"];
/// Cells of the sketch of a distribution.
const SKETCH: usize = 10;

/// The phase whose figures are shown.
pub fn shown<'a>(page: &RunAndPlan<'a>) -> Option<&'a PhaseData> {
    let measured = |phase: &&PhaseData| phase.series(FSYNC).is_some_and(|s| s.total.count() > 0);
    let find = |name: &&str| page.run.phase(name).filter(measured);
    PHASES.iter().find_map(find)
}

/// How the samples of a phase are spread, and how far its members are apart; each with its label.
pub fn spread(page: &RunAndPlan<'_>, phase: &PhaseData) -> Vec<(&'static str, Vec<String>)> {
    let series =
        SHOWN.into_iter().filter_map(|name| Some((name, distribution(page, phase, name)?)));
    let members = members(page, phase).map(|text| ("members", vec![text]));
    series.chain(members).collect()
}

fn distribution(page: &RunAndPlan<'_>, phase: &PhaseData, name: &str) -> Option<Vec<String>> {
    let data = phase.series(name).filter(|data| data.total.count() > 0)?;
    // What a rule pools is shown pooled: the same figures from the same samples.
    let pooled = page.pooled(name);
    let (total, figures) = match &pooled {
        Some(pooled) => (&pooled.total, &pooled.figures),
        None => (&data.total, page.figures(&phase.name, name, None)?),
    };
    let mut items = vec![sketch::shape(total, SKETCH)];
    let told = quantiles::told(figures);
    items.extend(told.values.iter().map(|(name, value)| format!("{name} {value}")));
    items.push(format!("max {} ms", format_millis(figures.max_ns)));
    items.extend(told.missing);
    items.extend(pooled.map(|pooled| format!("({})", pooled.told())));
    Some(items)
}

/// With several members, how far apart they are.
fn members(page: &RunAndPlan<'_>, phase: &PhaseData) -> Option<String> {
    let series = page.phase(&phase.name).into_iter().flat_map(|found| &found.series);
    let mut p99s: Vec<(u64, u32)> = series
        .filter(|series| series.series == FSYNC)
        .filter_map(|series| {
            let p99 = quantiles::quantile(series, 0.99).filter(|found| found.resolvable)?;
            Some((p99.value_ns, series.member?))
        })
        .collect();
    p99s.sort_unstable();
    let (best, worst) = (p99s.first()?, p99s.last()?);
    Some(format!(
        "{} of them, {FSYNC} p99 from {} (member {}) to {} (member {})",
        p99s.len(),
        format_duration(best.0),
        best.1,
        format_duration(worst.0),
        worst.1,
    ))
}

/// The WAL's syncs over the phase.
pub fn over_time(phase: &PhaseData) -> Option<Timeline> {
    let data = phase.series(FSYNC)?;
    Some(Timeline {
        points: data.timeline.clone(),
        series: FSYNC.to_owned(),
        start_ns: phase.start_ns,
        length_ns: phase.length_ns,
        place: format!(", phase {}", phase.name),
    })
}
