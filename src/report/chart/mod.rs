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
//!
//! `palette`, `measure`, `scale`, `canvas` and `frame` are the ground they stand on.

#![allow(dead_code)] // until every chart is drawn

mod canvas;
mod frame;
mod measure;
mod palette;
mod percentiles;
mod pick;
mod pixels;
mod scale;
mod timeline;

pub use pixels::{Theme, png};

use crate::compare::Comparison;
use crate::compare::trend::Trend;
use crate::result::{Run, Summary};

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

/// For a page with charts in it, once: their size, and their colours where the reader prefers dark pages.
pub const STYLE: &str = include_str!("style.css");

/// Every chart of one run.
pub fn of_run(run: &Run, summary: &Summary) -> Vec<Chart> {
    let mut charts = percentiles::of_run(run, summary);
    charts.extend(timeline::of_run(run, summary));
    charts
}

/// Charts of several results side by side.
pub fn of_runs(runs: &[(Run, Summary)]) -> Vec<Chart> {
    percentiles::of_runs(runs)
}

/// Charts of a comparison, with the runs of each side in the order of [`Comparison::sides`].
pub fn of_comparison(_found: &Comparison, _sides: &[Vec<Run>]) -> Vec<Chart> {
    Vec::new()
}

/// Charts of a history: one for each series.
pub fn of_trend(_trend: &Trend) -> Vec<Chart> {
    Vec::new()
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

/// Text as part of a chart's name.
fn stem(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '.') => c,
        _ => '-',
    };
    let name: String = text.chars().take(60).map(plain).collect();
    // A name must not hide its file.
    name.trim_matches(['.', '-']).to_owned()
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
        assert_eq!(
            stem("timeline-steady-Put.Response"),
            "timeline-steady-put.response"
        );
        assert_eq!(stem("../../etc/passwd"), "etc-passwd");
        assert_eq!(stem("größe\n<&>"), "gr--e");
    }
}
