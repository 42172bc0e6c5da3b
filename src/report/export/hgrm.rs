//! HdrHistogram's percentile distribution (`.hgrm`), a file per phase, series and member: what its
//! `outputPercentileDistribution` prints and its plotter draws. Values are milliseconds with six decimals: samples are
//! kept in nanoseconds, and three would make one value of many.
//!
//! Each line tells how many samples are at or below its value (`TotalCount`), so it goes to the last sample, as the
//! format has it: no quantile is claimed that `TotalCount` does not let a reader weigh. Values are kept at or below the
//! exact maximum.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

use super::Document;
use super::figures::{millis, slug};
use crate::record::{Distribution, HIGHEST_NS, SIGNIFICANT_DIGITS};
use crate::result::Run;

/// Lines per half of the distance that is left to 100 %: as Java's tools have it.
const TICKS_PER_HALF: u32 = 5;

/// The distributions of a run.
pub(super) fn documents(run: &Run) -> Vec<Document> {
    let all = run.phases.iter().flat_map(|phase| {
        let sampled = phase.series.iter().filter(|series| series.total.count() > 0);
        sampled.map(move |series| (phase, series))
    });
    all.filter_map(|(phase, series)| {
        // By its number, which no other member has.
        let member = series.member;
        let member = member.map_or_else(String::new, |number| format!(".{number}"));
        let name = format!("{}.{}{member}", phase.name, series.series);
        Some(Document {
            file_name: format!("{}.hgrm", slug(&name)),
            text: distribution(&series.total)?,
        })
    })
    .collect()
}

fn distribution(total: &Distribution) -> Option<String> {
    let histogram = rebuilt(total)?;
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut seen = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF) {
        seen += step.count_since_last_iteration();
        let quantile = step.quantile_iterated_to();
        let value = millis(step.value_iterated_to().min(total.max_ns()));
        // A String takes any amount.
        let _ = write!(text, "{value:12.6} {quantile:2.12} {seen:10}");
        if quantile < 1.0 {
            let _ = write!(text, " {:14.2}", 1.0 / (1.0 - quantile));
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "#[Mean    = {:12.6}, StdDeviation   = {:12.6}]",
        total.mean_ns()? / 1e6,
        histogram.stdev() / 1e6
    );
    let _ = writeln!(
        text,
        "#[Max     = {:12.6}, Total count    = {:12}]",
        millis(total.max_ns()),
        total.count()
    );
    let (buckets, sub_buckets) = layout();
    let _ = writeln!(text, "#[Buckets = {buckets:12}, SubBuckets     = {sub_buckets:12}]");
    Some(text)
}

/// The histogram as it was recorded.
fn rebuilt(total: &Distribution) -> Option<Histogram<u64>> {
    let mut histogram = Histogram::new_with_bounds(1, HIGHEST_NS, SIGNIFICANT_DIGITS).ok()?;
    for &(value, count) in total.buckets() {
        histogram.saturating_record_n(value, count);
    }
    Some(histogram)
}

/// Buckets, and sub-buckets in each, of a histogram from 1 ns to [`HIGHEST_NS`].
fn layout() -> (u32, u64) {
    let sub_buckets = (2 * 10u64.pow(u32::from(SIGNIFICANT_DIGITS))).next_power_of_two();
    let doublings = HIGHEST_NS.div_ceil(sub_buckets).next_power_of_two().ilog2();
    (doublings + 1, sub_buckets)
}

#[cfg(test)]
mod tests {
    use super::layout;

    #[test]
    fn the_layout_is_the_one_that_is_recorded() {
        assert_eq!(layout(), (32, 2048));
    }
}
