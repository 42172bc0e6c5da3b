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
//! `palette`, `measure`, `scale`, `canvas`, `frame` and `rows` are the ground they stand on.

mod canvas;
mod compare;
mod frame;
mod fsync;
mod heat;
mod measure;
mod multiples;
mod palette;
mod percentiles;
mod pick;
mod pixels;
mod rates;
mod ratio;
mod rows;
mod scale;
mod servers;
mod sweep;
mod timeline;
mod trend;

pub use pixels::{Theme, png};

use std::collections::BTreeSet;

use crate::compare::Comparison;
use crate::result::{Run, Summary};
use crate::trend::Trend;

use canvas::Canvas;

/// A drawing that can stand on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Stem of its file, always the same for the same thing: `percentiles`, `timeline-steady-put.response`. Only of
    /// lower-case letters, digits, `.` and `-`.
    pub name: String,
    /// What it shows, for which part of which run; also drawn at the top of the chart.
    pub title: String,
    /// One sentence: what it shows and in which units. It is the chart's `aria-label`.
    pub caption: String,
    /// A complete `<svg>` without prolog, without size: it takes the width it is given. Safe to put into a page; with
    /// [`STYLE`] in the page it follows the reader's choice of light or dark.
    pub svg: String,
}

impl Chart {
    /// A drawing with its words, cleaned of what no page may hold.
    fn new(name: &str, title: &str, caption: &str, canvas: Canvas) -> Self {
        let caption = measure::printable(caption);
        Chart {
            name: stem(name),
            title: measure::printable(title),
            svg: canvas.finish(&caption),
            caption,
        }
    }
}

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

/// Text as part of a chart's name.
fn stem(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '.') => c,
        _ => '-',
    };
    let name: String = text.chars().take(60).map(plain).collect();
    // A name must not hide its file.
    match name.trim_matches(['.', '-']) {
        "" => "chart".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{STYLE, palette, stem};

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

    #[test]
    fn names_are_safe_as_files() {
        assert_eq!(stem("timeline-steady-Put.Response"), "timeline-steady-put.response");
        assert_eq!(stem("../../etc/passwd"), "etc-passwd");
        assert_eq!(stem("größe\n<&>"), "gr--e");
    }
}
