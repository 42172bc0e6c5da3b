//! The ratio of two sides by percentile: shows at a glance whether all of it is slower, or only the tail.

use crate::compare::{Comparison, Metric};
use crate::result::SeriesData;
use crate::stats::{Bounded, difference};
use crate::units::significant;

use super::Chart;
use super::canvas::Canvas;
use super::frame::{ALL, BELOW, Head, Key, Mark, PEN, Panel, strips};
use super::measure::PLAIN;
use super::palette::{self, GRID, Ink, MUTED};
use super::part::Part;
use super::percentiles::MOST;
use super::scale::{ratio_axis, tail_axis};

/// Height of the plot.
const HEIGHT: f64 = 250.0;

/// A line: quantile and ratio with its bounds.
type Points = Vec<(f64, Bounded)>;

/// The ratio of each further side to the first.
pub(super) fn draw(
    found: &Comparison,
    name: &str,
    what: &str,
    phase: &str,
    series: &str,
    shown: &[(&str, &SeriesData)],
) -> Option<Chart> {
    let ((first, baseline), others) = shown.split_first()?;
    let lines: Vec<(&str, Points)> = others
        .iter()
        .take(MOST)
        .map(|(side, data)| (*side, ratios(baseline, data)))
        .filter(|(_, points)| points.len() > 1)
        .collect();
    if lines.is_empty() {
        return None;
    }
    let band = band(found, phase, series);
    let points = || lines.iter().flat_map(|(_, points)| points);
    let values = points().flat_map(|(_, b)| [b.value, b.low, b.high]);
    let edges = band.iter().flat_map(|(_, least)| [1.0 / least, *least]);
    let y = ratio_axis(values.chain(edges), "ratio");
    let furthest = points().map(|(q, _)| *q).fold(0.9, f64::max);
    let x = tail_axis(furthest, "percentile");
    let keys = keys(&lines, !band.is_empty());
    let title = format!("{what}: ratio by percentile");
    let others: Vec<&str> = lines.iter().map(|(side, _)| *side).collect();
    let subtitle = format!("{} over {first}", others.join(", "));
    let head = Head { title: &title, subtitle: &subtitle, keys: &keys, ..Head::default() };
    let panel = Panel::wide(head.height(), HEIGHT, x, y);
    let mut canvas = Canvas::new(panel.plot.bottom + BELOW);
    head.draw(&mut canvas);
    canvas.part(Part::data(lines.len()), |canvas| shade(canvas, &panel, &band));
    panel.draw(&mut canvas, ALL);
    let one = panel.y(1.0);
    canvas.path(vec![(panel.plot.left, one), (panel.plot.right, one)], MUTED, 2.0);
    for (index, (_, points)) in lines.iter().enumerate() {
        canvas.part(Part::data(index), |canvas| line(canvas, &panel, points, index));
    }
    let mut quantiles: Vec<f64> = points().map(|(q, _)| *q).collect();
    quantiles.sort_by(f64::total_cmp);
    quantiles.dedup();
    let told = |at: f64| {
        let values = lines.iter().filter_map(|(side, points)| {
            let (_, ratio) = points.iter().find(|(q, _)| *q == at)?;
            let [value, low, high] = [ratio.value, ratio.low, ratio.high].map(significant);
            Some(format!("{side}: {value}× [{low}, {high}]"))
        });
        values.collect::<Vec<_>>().join("\n")
    };
    for (place, told) in strips(&panel, &quantiles, told) {
        canvas.spot(place, told);
    }
    let caption = format!(
        "{title}, {subtitle}: how many times as long each percentile takes, with the 95 % interval of the samples (not of \
         the difference between runs), on a logarithmic axis; it ends where the samples of either side end."
    );
    Some(Chart::new(&format!("ratio-{name}"), &title, &caption, canvas))
}

fn keys(lines: &[(&str, Points)], band: bool) -> Vec<Key> {
    let line = |(index, (side, _)): (usize, &(&str, Points))| {
        Key::new(Mark::Line, palette::series(index), *side)
    };
    let mut keys: Vec<Key> = lines.iter().enumerate().map(line).collect();
    if band {
        keys.push(Key::new(Mark::Patch, GRID, "does not matter"));
    }
    keys
}

/// Ratios as far as both sides resolve the quantile.
fn ratios(a: &SeriesData, b: &SeriesData) -> Points {
    const PER_NINE: i32 = 12;
    let mut points = Points::new();
    for index in 1..=5 * PER_NINE {
        let q = 1.0 - 10_f64.powf(-f64::from(index) / f64::from(PER_NINE));
        let (Some(a), Some(b)) = (logarithm(a, q), logarithm(b, q)) else {
            break;
        };
        let found = difference(a, b);
        let ratio =
            Bounded { value: found.value.exp(), low: found.low.exp(), high: found.high.exp() };
        points.push((q, ratio));
    }
    points
}

/// A quantile on the logarithm, where samples resolve and bound it.
fn logarithm(series: &SeriesData, q: f64) -> Option<Bounded> {
    let found = series.quantile(q).filter(|found| found.resolvable)?;
    let log = |ns: u64| (ns.max(1) as f64).ln();
    Some(Bounded { value: log(found.value_ns), low: log(found.low_ns?), high: log(found.high_ns?) })
}

/// From which quantile on which ratio matters: what the comparison judged this series by.
fn band(found: &Comparison, phase: &str, series: &str) -> Vec<(f64, f64)> {
    let Some(contrast) = found.contrasts.first() else {
        return Vec::new();
    };
    let here = |metric: &&Metric| metric.phase == phase && metric.series == series;
    let least = |metric: &Metric| {
        let q = metric.stat.quantile()?;
        Some((q, 1.0 + metric.min_difference.max(0.0)))
    };
    let mut band: Vec<(f64, f64)> =
        contrast.metrics.iter().filter(here).filter_map(least).collect();
    band.sort_by(|a, b| a.0.total_cmp(&b.0));
    band
}

/// The band of what does not matter, straight between the quantiles that are judged.
fn shade(canvas: &mut Canvas, panel: &Panel, band: &[(f64, f64)]) {
    let (Some(first), Some(last)) = (band.first(), band.last()) else {
        return;
    };
    let mut edge = vec![(panel.plot.left, first.1)];
    edge.extend(band.iter().map(|(q, least)| (panel.x(*q), *least)));
    edge.push((panel.plot.right, last.1));
    let upper = edge.iter().map(|(x, least)| (*x, panel.y(*least)));
    let lower = edge.iter().rev().map(|(x, least)| (*x, panel.y(1.0 / least)));
    canvas.fill(upper.chain(lower).collect(), GRID, 0.8);
}

/// Where a line leaves the plot: an arrow at the edge, with the figure that is furthest out.
fn beyond(canvas: &mut Canvas, panel: &Panel, points: &Points, ink: Ink) {
    let outside = points.iter().filter(|(_, b)| !panel.y.scale.holds(b.value));
    let furthest = outside.max_by(|a, b| a.1.value.ln().abs().total_cmp(&b.1.value.ln().abs()));
    let Some((q, ratio)) = furthest else {
        return;
    };
    let (x, y) = panel.at(*q, ratio.value);
    let inwards = if ratio.value > 1.0 { 12.0 } else { -12.0 };
    canvas.fill(vec![(x, y), (x - 7.0, y + inwards), (x + 7.0, y + inwards)], ink.whole(), 1.0);
    let text = format!("{}×", significant(ratio.value));
    canvas.place(&text, (x, y + inwards), &[], panel.plot, PLAIN, ink.whole());
}

fn line(canvas: &mut Canvas, panel: &Panel, points: &Points, index: usize) {
    let ink = palette::series(index);
    let upper = points.iter().map(|(q, b)| panel.at(*q, b.high));
    let lower = points.iter().rev().map(|(q, b)| panel.at(*q, b.low));
    canvas.fill(upper.chain(lower).collect(), ink, 0.18);
    let path: Vec<(f64, f64)> = points.iter().map(|(q, b)| panel.at(*q, b.value)).collect();
    beyond(canvas, panel, points, ink);
    if let Some(end) = path.last() {
        canvas.dot(*end, 4.5, ink);
    }
    canvas.path(path, ink, PEN);
}
