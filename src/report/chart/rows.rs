//! Charts of rows: a name, a value in words, and below them the value with its interval on an axis that all rows share.

use super::area::Area;
use super::canvas::{Anchor, Canvas, MARGIN, WIDTH};
use super::frame::{BELOW, Head, Key, LINE};
use super::measure::PLAIN;
use super::palette::{GRID, Ink, MUTED, TEXT};
use super::scale::{Axis, Scale};

/// From one row to the next.
const ROW: f64 = 54.0;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// What it is of.
    pub name: String,
    /// The value in words.
    pub told: String,
    /// The value; nothing where samples do not tell it.
    pub value: Option<f64>,
    /// Lower end of its interval; without one the bar goes on to the edge.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// How it is drawn.
    pub ink: Ink,
    /// What lies in here does not matter.
    pub band: Option<(f64, f64)>,
}

impl Row {
    /// Every value the axis must hold.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        let band = self.band.map(|(low, high)| [low, high]);
        let own = [self.value, self.low, self.high];
        own.into_iter().flatten().chain(band.into_iter().flatten())
    }
}

/// Draws rows under one another; `centre` is a line to hold them against.
pub(super) fn draw(
    title: &str,
    subtitle: &str,
    keys: &[Key],
    rows: &[Row],
    x: Axis,
    centre: Option<f64>,
) -> Canvas {
    let head = Head { title, subtitle, keys, ..Head::default() };
    let top = head.height();
    let plot = Area {
        left: MARGIN + 4.0,
        top,
        right: WIDTH - MARGIN - 4.0,
        bottom: top + rows.len() as f64 * ROW + 6.0,
    };
    let mut canvas = Canvas::new(plot.bottom + BELOW);
    let at = |value: f64| plot.left + x.scale.share(value) * plot.width();
    head.draw(&mut canvas);
    for (value, text) in &x.ticks {
        let line = vec![(at(*value), plot.top), (at(*value), plot.bottom + 5.0)];
        canvas.path(line, GRID, 1.0);
        let half = PLAIN.width(text) / 2.0;
        let middle = at(*value).min(WIDTH - 4.0 - half).max(4.0 + half);
        let place = (middle, plot.bottom + LINE + 2.0);
        canvas.tick(text, place, PLAIN, MUTED);
    }
    if let Some(centre) = centre {
        let line = vec![(at(centre), plot.top), (at(centre), plot.bottom)];
        canvas.path(line, MUTED, 2.0);
    }
    for (index, row) in rows.iter().enumerate() {
        let row_top = top + index as f64 * ROW;
        one(&mut canvas, plot, x.scale, row_top, row);
        let area = Area { top: row_top, bottom: row_top + ROW, ..plot };
        canvas.spot(area, format!("{}: {}", row.name, row.told));
    }
    let edge = vec![(plot.left, plot.bottom), (plot.right, plot.bottom)];
    canvas.path(edge, MUTED, 1.5);
    let label = PLAIN.fit(&x.label, WIDTH - 2.0 * MARGIN);
    let place = (plot.right, plot.bottom + 2.0 * LINE + 2.0);
    canvas.text(&label, place, Anchor::End, PLAIN, MUTED);
    canvas
}

fn one(canvas: &mut Canvas, plot: Area, axis: Scale, top: f64, row: &Row) {
    let at = |value: f64| plot.left + axis.share(value) * plot.width();
    let baseline = top + LINE;
    let middle = top + LINE + 15.0;
    if let Some((low, high)) = row.band {
        let band =
            Area { left: at(low), top: middle - 10.0, right: at(high), bottom: middle + 10.0 };
        canvas.rect(band, GRID, 0.8);
    }
    let told_width = PLAIN.width(&row.told).min(plot.width() * 0.7);
    let told = PLAIN.fit(&row.told, told_width + 0.1);
    let right = (plot.right, baseline);
    canvas.label(&told, right, Anchor::End, PLAIN, row.ink);
    let name = PLAIN.fit(&row.name, plot.width() - told_width - 16.0);
    let left = (plot.left, baseline);
    canvas.label(&name, left, Anchor::Start, PLAIN, TEXT);
    let Some(value) = row.value else {
        return;
    };
    let ends = [row.low.map_or(plot.left, at), row.high.map_or(plot.right, at)];
    canvas.path(ends.map(|x| (x, middle)).to_vec(), row.ink.whole(), 3.0);
    for (x, known) in ends.into_iter().zip([row.low, row.high]) {
        if known.is_some_and(|known| axis.holds(known)) {
            let cap = vec![(x, middle - 6.0), (x, middle + 6.0)];
            canvas.path(cap, row.ink.whole(), 2.0);
        } else {
            arrow(canvas, plot, (x, middle), row.ink);
        }
    }
    if axis.holds(value) {
        canvas.dot((at(value), middle), 6.0, row.ink);
    }
}

/// What lies beyond the edge: an arrow out of the plot; the figure stands above it.
fn arrow(canvas: &mut Canvas, plot: Area, (x, y): (f64, f64), ink: Ink) {
    let outwards = if x > f64::midpoint(plot.left, plot.right) { 1.0 } else { -1.0 };
    let tip = x + 4.0 * outwards;
    let back = tip - 12.0 * outwards;
    canvas.fill(vec![(tip, y), (back, y - 7.0), (back, y + 7.0)], ink.whole(), 1.0);
}
