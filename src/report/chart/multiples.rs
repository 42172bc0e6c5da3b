//! Many sides as small multiples: each in a panel of its own, on the same axes, over the baseline in grey.

use crate::result::SeriesData;

use super::area::Area;
use super::canvas::{Canvas, MARGIN, WIDTH};
use super::frame::{BELOW, Head, Key, LINE, Labels, Mark, PEN, Panel, gutter};
use super::palette::{MUTED, SERIES};
use super::part::Part;
use super::percentiles::Curve;
use super::scale::{Axis, latency_axis, tail_axis};
use super::{Chart, pick};

/// Panels beside one another.
const COLUMNS: usize = 2;
/// Panels in all; of more sides the baseline's slowest rivals are shown.
const MOST: usize = 12;
/// Height of a panel's plot.
const HEIGHT: f64 = 130.0;
/// Between two panels.
const GAP: f64 = 24.0;

/// A panel for each side but the first, which is in all of them.
pub(super) fn draw(name: &str, what: &str, shown: &[(&str, &SeriesData)]) -> Option<Chart> {
    let ((first, baseline), others) = shown.split_first()?;
    let mut others: Vec<&(&str, &SeriesData)> = others.iter().collect();
    let all = others.len();
    if all > MOST {
        others.sort_by_key(|(_, data)| std::cmp::Reverse(data.total.quantile(0.99)));
        others.truncate(MOST);
    }
    let ground = Curve::of(baseline, (*first).to_owned(), 0);
    let curves: Vec<Curve> =
        others.iter().map(|(side, data)| Curve::of(data, (*side).to_owned(), 0)).collect();
    let points = || curves.iter().chain([&ground]).flat_map(Curve::points);
    points().next()?;
    let y = latency_axis(points().map(|(_, value)| value), "latency");
    let x = tail_axis(points().map(|(q, _)| q).fold(0.9, f64::max), "percentile");
    let title = format!("{what}, side by side");
    let subtitle = match all - curves.len() {
        0 => format!("{all} sides and the baseline"),
        _ => format!("the {} of {all} with the slowest tails", curves.len()),
    };
    let keys = [
        Key::new(Mark::Line, SERIES[0], "the side"),
        Key::new(Mark::Line, MUTED, format!("baseline {first}")),
    ];
    let head = Head { title: &title, subtitle: &subtitle, keys: &keys, ..Head::default() };
    let rows = curves.len().div_ceil(COLUMNS);
    let top = head.height();
    let height = top + rows as f64 * (HEIGHT + 2.0 * LINE + 8.0) + BELOW - LINE;
    let mut canvas = Canvas::new(height);
    head.draw(&mut canvas);
    for (index, curve) in curves.iter().enumerate() {
        let last = index + COLUMNS >= curves.len();
        let panel = place(index, top, &x, &y);
        let labels = Labels { x: last, y: index % COLUMNS == 0 };
        panel.draw(&mut canvas, labels);
        panel.name(&mut canvas, curve.name());
        canvas.part(Part::data(1), |canvas| stroke(canvas, &panel, &ground, true));
        canvas.part(Part::data(0), |canvas| stroke(canvas, &panel, curve, false));
    }
    let caption = format!(
        "{title}, {subtitle}: latency from {} on a logarithmic axis by percentile from {}; the baseline is {first}.",
        pick::span(&y),
        pick::span(&x),
    );
    Some(Chart::new(&format!("side-by-side-{name}"), &title, &caption, canvas))
}

/// Where the panel with this index is, in rows from left to right.
fn place(index: usize, top: f64, x: &Axis, y: &Axis) -> Panel {
    let left = MARGIN + gutter(y);
    let width = (WIDTH - MARGIN - 10.0 - left - GAP * (COLUMNS - 1) as f64) / COLUMNS as f64;
    let (row, column) = (index / COLUMNS, index % COLUMNS);
    let left = left + column as f64 * (width + GAP);
    let top = top + LINE + 4.0 + row as f64 * (HEIGHT + 2.0 * LINE + 8.0);
    Panel {
        plot: Area { left, top, right: left + width, bottom: top + HEIGHT },
        x: x.clone().labelled(""),
        y: y.clone().labelled(""),
    }
}

fn stroke(canvas: &mut Canvas, panel: &Panel, curve: &Curve, ground: bool) {
    let ink = if ground { MUTED } else { SERIES[0] };
    let points: Vec<(f64, f64)> = curve.points().map(|(q, v)| panel.at(q, v)).collect();
    if let Some(end) = points.last() {
        canvas.dot(*end, 4.0, ink);
    }
    canvas.path(points, ink, if ground { 2.0 } else { PEN });
}
