//! Stalls as wedges along the top edge of a plot: of many in one place one, and for a stretch of the time finer ones.

use std::collections::BTreeMap;

use crate::result::{Run, StallLine};
use crate::units::{counted, format_count, format_duration};

use super::area::Area;
use super::canvas::Canvas;
use super::frame::Panel;
use super::palette::BAD;
use super::part::Part;
use super::span::{Span, moment};

/// Places across a plot.
const COLUMNS: u32 = 250;
/// The same where a stretch of the time is shown.
const FINER: u32 = 500;

/// The stalls that are shown with a series: its own, of several operations that know nothing of one another; on a disk
/// those of everything that waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// The series.
    pub series: String,
    apart: bool,
    span: Span,
}

impl Shown {
    /// Of this run, in this stretch of its clock.
    pub fn new(run: &Run, span: Span, series: &str) -> Self {
        Shown { series: series.to_owned(), apart: run.header.kind == "load", span }
    }

    fn has(&self, stall: &StallLine) -> bool {
        self.span.holds(stall.start_ns) && (!self.apart || stall.series == self.series)
    }

    /// Which they are.
    pub fn of<'a>(&self, run: &'a Run) -> Vec<&'a StallLine> {
        run.stalls.iter().filter(|stall| self.has(stall)).collect()
    }

    /// In which column one is drawn.
    pub fn column(&self, stall: &StallLine) -> Option<u32> {
        self.has(stall).then(|| column(stall.start_ns, self.span, COLUMNS))
    }
}

/// How many there are, and the longest.
pub(super) fn told(stalls: &[&StallLine]) -> String {
    match stalls.iter().map(|stall| stall.duration_ns).max() {
        None => "no stall".to_owned(),
        Some(longest_ns) => format!(
            "{}, the longest of {}",
            counted(stalls.len() as u64, "stall"),
            format_duration(longest_ns)
        ),
    }
}

/// The stalls of one place.
struct Place<'a> {
    /// From the left of the plot, 0 to 1.
    share: f64,
    column: u32,
    count: u64,
    longest: &'a StallLine,
}

fn column(at_ns: u64, span: Span, columns: u32) -> u32 {
    let length = (span.length_ns() as f64).max(1.0);
    (span.since(at_ns) / length * f64::from(columns)) as u32
}

/// Stalls by the column they fall in; finer ones lie where the longest began.
fn by_column<'a>(stalls: &[&'a StallLine], span: Span, finer: bool) -> Vec<Place<'a>> {
    let columns = if finer { FINER } else { COLUMNS };
    let length = (span.length_ns() as f64).max(1.0);
    let mut places: BTreeMap<u32, (u64, &StallLine)> = BTreeMap::new();
    for stall in stalls {
        let place = places.entry(column(stall.start_ns, span, columns)).or_insert((0, stall));
        place.0 += 1;
        if stall.duration_ns > place.1.duration_ns {
            place.1 = stall;
        }
    }
    let place = |(column, (count, longest)): (u32, (u64, &'a StallLine))| {
        let exact = span.since(longest.start_ns) / length;
        let share = if finer { exact } else { f64::from(column) / f64::from(columns) };
        Place { share, column, count, longest }
    };
    places.into_iter().map(place).collect()
}

/// Where the wedges of the whole and of a stretch are, and whether it is one of a stretch.
fn wedges<'a>(panel: &Panel, stalls: &[&'a StallLine], span: Span) -> Vec<(f64, Place<'a>, bool)> {
    let all = [false, true]
        .map(|finer| by_column(stalls, span, finer).into_iter().map(move |p| (p, finer)));
    let x = |place: &Place| panel.plot.left + place.share * panel.plot.width();
    all.into_iter().flatten().map(|(place, finer)| (x(&place), place, finer)).collect()
}

/// Wedges along the top edge, as this entry of the legend.
pub(super) fn mark(
    canvas: &mut Canvas,
    panel: &Panel,
    stalls: &[&StallLine],
    span: Span,
    key: usize,
) {
    let top = panel.plot.top;
    for (x, place, finer) in wedges(panel, stalls, span) {
        let wedge = vec![(x - 4.0, top - 2.0), (x + 4.0, top - 2.0), (x, top + 10.0)];
        let part = match finer {
            true => Part::data(key).finer(true),
            false => Part::data(key).at(place.column),
        };
        canvas.part(part, |canvas| canvas.fill(wedge, BAD, 1.0));
    }
}

/// Stalls under the pointer, at their wedges; of many in one place the longest.
pub(super) fn spots(
    canvas: &mut Canvas,
    panel: &Panel,
    stalls: &[&StallLine],
    span: Span,
    key: usize,
) {
    let top = panel.plot.top;
    for (x, place, finer) in wedges(panel, stalls, span) {
        let others = match place.count {
            1 => String::new(),
            n => format!(", the longest of {} here", format_count(n)),
        };
        let since_ns = place.longest.start_ns.saturating_sub(span.start_ns);
        let told = format!(
            "stall at {}: {} took {}{others}",
            if finer { moment(since_ns) } else { format_duration(since_ns) },
            place.longest.series,
            format_duration(place.longest.duration_ns),
        );
        let area = Area { left: x - 6.0, top: top - 4.0, right: x + 6.0, bottom: top + 12.0 };
        canvas.part(Part::data(key).finer(finer), |canvas| canvas.spot(area, told));
    }
}
