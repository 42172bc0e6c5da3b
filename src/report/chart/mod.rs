//! Charts: results in, SVG out, drawn by plotters; PNG from that by resvg.
//!
//! Every chart is 640 units wide with letters of 20, so that it can be read on a telephone (390 pixels) as well as on a
//! wall. Title, units and the names of limits are in the drawing. The same thing has the same axis everywhere: durations
//! are logarithmic, with round ticks.
//!
//! | module | shows |
//! |---|---|
//! | `percentiles` | latency by percentile, as far as samples resolve it |
//! | `timeline` | latency over time with stalls and events |
//! | `heat` | all samples as a map over time |
//! | `rates` | rate against latency: the capacity of a disk, the steps of a load |
//! | `fsync` | fresh block against same block, log alone against log and backend, member by member |
//! | `servers` | the members' own view beside the client's |
//! | `compare`, `ratio`, `multiples` | forest, ratio by percentile, sides over and beside one another |
//! | `sweep` | a figure over value size, clients and share of reads; the difference of two sweeps |
//! | `trend` | nights, levels, changes |
//!
//! `palette`, `measure`, `scale`, `canvas`, `part`, `drawn`, `frame` and `rows` are the ground they stand on; `events` and
//! `stalls` are drawn in several.

mod area;
mod canvas;
mod compare;
mod drawing;
mod drawn;
mod events;
mod frame;
mod fsync;
mod heat;
mod measure;
mod multiples;
mod palette;
mod part;
mod percentiles;
mod pick;
mod pixels;
mod rates;
mod ratio;
mod recovery;
mod rows;
mod scale;
mod servers;
mod span;
mod stalls;
mod svg;
mod sweep;
mod timeline;
mod trend;

pub use drawing::{Chart, place_of};
pub use pixels::{Theme, png};

use std::collections::BTreeSet;

use crate::compare::Comparison;
use crate::result::{Run, Summary};
use crate::trend::Trend;

/// For a page with charts in it, once: their size, and their colours where the reader prefers dark pages.
pub const STYLE: &str = include_str!("style.css");

/// Every chart of one run.
pub fn of_run(run: &Run, summary: &Summary) -> Vec<Chart> {
    let mut charts = percentiles::of_run(run, summary);
    charts.extend(rates::of_run(run, summary));
    charts.extend(timeline::of_run(run, summary));
    charts.extend(heat::of_run(run, summary));
    charts.extend(fsync::of_run(run));
    charts.extend(servers::of_run(run));
    distinct(charts)
}

/// Charts of several results side by side.
pub fn of_runs(runs: &[(Run, Summary)]) -> Vec<Chart> {
    let mut charts = sweep::of_runs(runs);
    charts.extend(recovery::of_runs(runs));
    charts.extend(percentiles::of_runs(runs));
    distinct(charts)
}

/// Charts of a comparison, with the runs of each side in the order of [`Comparison::sides`].
pub fn of_comparison(found: &Comparison, sides: &[Vec<Run>]) -> Vec<Chart> {
    distinct(compare::of_comparison(found, sides))
}

/// Charts of a history: one for each series.
pub fn of_trend(trend: &Trend) -> Vec<Chart> {
    distinct(trend::of_trend(trend))
}

/// The chart as a file of its own: with prolog, paper and style sheet.
pub fn standalone(chart: &Chart) -> String {
    let (open, rest) = chart.svg.split_once('\n').unwrap_or((&chart.svg, ""));
    let paper = palette::hex(palette::PAPER.light);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{open}\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{paper}\"/>\n{rest}"
    )
}

/// No two charts of a set share a name: what lies behind the first gets a number.
fn distinct(mut charts: Vec<Chart>) -> Vec<Chart> {
    let mut taken = BTreeSet::new();
    for chart in &mut charts {
        let plain = chart.name.clone();
        let mut number = 2;
        while !taken.insert(chart.name.clone()) {
            chart.name = format!("{plain}-{number}");
            number += 1;
        }
    }
    charts
}

#[cfg(test)]
mod tests {
    use super::{STYLE, palette};

    #[test]
    fn the_style_sheet_has_every_ink() {
        let wanted = format!(
            "svg.chart{{display:block;width:100%;height:auto}}\n\
             @media screen and (prefers-color-scheme:dark){{{}}}\n",
            palette::dark_rules()
        );
        if STYLE != wanted {
            panic!("write this to style.css:\n{wanted}");
        }
    }
}
