//! A sweep: one figure over value size, clients and share of reads, as a map; and the difference of two sweeps, hatched
//! where it is within the doubt of its samples.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::result::{Run, SeriesData, Summary};
use crate::stats::{Bounded, difference as log_difference};
use crate::units::{
    format_bytes, format_count, format_duration, format_ratio, format_share, significant,
};

use super::area::Area;
use super::canvas::{Anchor, Canvas, MARGIN, WIDTH};
use super::frame::{Head, LINE, Ramp};
use super::measure::PLAIN;
use super::palette::{DIVERGING, Ink, MUTED, ON_STRONG, RAMP, TEXT, is_strong, ramp};
use super::{Chart, pick};

/// Height of a cell.
const CELL: f64 = 44.0;
/// Ratios from here on have the strongest ink.
const STRONGEST_RATIO: f64 = 2.0;

/// What a run was set to, in numbers that sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Setting {
    val_size: u64,
    clients: u64,
    /// Share of reads in ten-thousandths.
    reads: u64,
}

/// A dimension of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    ValSize,
    Clients,
    Reads,
}

impl Dimension {
    const ALL: [Dimension; 3] = [Dimension::Clients, Dimension::ValSize, Dimension::Reads];

    fn of(self, setting: Setting) -> u64 {
        match self {
            Dimension::ValSize => setting.val_size,
            Dimension::Clients => setting.clients,
            Dimension::Reads => setting.reads,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Dimension::ValSize => "value size",
            Dimension::Clients => "clients",
            Dimension::Reads => "share of reads",
        }
    }

    fn show(self, value: u64) -> String {
        match self {
            Dimension::ValSize => format_bytes(value),
            Dimension::Clients => format_count(value),
            Dimension::Reads => format_share(value as f64 / 10_000.0),
        }
    }
}

/// What was measured at one setting.
struct Cell {
    rate: f64,
    runs: usize,
    series: SeriesData,
}

/// Every setting of a sweep.
struct Sweep {
    name: String,
    cells: BTreeMap<Setting, Cell>,
}

/// Maps of the rate and of the 99th percentile, where the results are a sweep.
pub(super) fn of_runs(runs: &[(Run, Summary)]) -> Vec<Chart> {
    let runs: Vec<&Run> = runs.iter().map(|(run, _)| run).collect();
    let Some(sweep) = sweep(&runs) else {
        return Vec::new();
    };
    let p99 = |cell: &Cell| cell.series.quantile(0.99).map(|found| found.value_ns as f64);
    let rate = |cell: &Cell| Some(cell.rate / cell.runs.max(1) as f64);
    let mut charts =
        maps(&sweep, "rate", "operations per second", &rate, |v| format!("{}/s", significant(v)));
    let name = format!("{} p99", sweep.name);
    charts.extend(maps(&sweep, "p99", &name, &p99, |v| format_duration(v.max(0.0).round() as u64)));
    charts
}

/// How the 99th percentile of two sweeps differs, setting by setting.
pub(super) fn difference(a: &[Run], b: &[Run]) -> Vec<Chart> {
    let (a, b): (Vec<&Run>, Vec<&Run>) = (a.iter().collect(), b.iter().collect());
    let (Some(a), Some(b)) = (sweep(&a), sweep(&b)) else {
        return Vec::new();
    };
    let mut ratios = BTreeMap::new();
    for (setting, cell) in &a.cells {
        let other = b.cells.get(setting).map(|other| &other.series);
        if let Some(found) = other.and_then(|other| ratio(&cell.series, other)) {
            ratios.insert(*setting, found);
        }
    }
    let shown = |found: &Bounded| {
        let share = found.value.ln() / STRONGEST_RATIO.ln();
        let at = ((share.clamp(-1.0, 1.0) + 1.0) / 2.0 * (DIVERGING.len() - 1) as f64).round();
        Square {
            ink: DIVERGING[(at as usize).min(DIVERGING.len() - 1)],
            text: format_ratio(found.value),
            hatched: found.low <= 1.0 && found.high >= 1.0,
        }
    };
    let squares = ratios.iter().map(|(setting, found)| (*setting, shown(found)));
    grids(&squares.collect())
        .into_iter()
        .map(|grid| {
            grid.draw(
                &format!("sweep-difference{}", grid.suffix()),
                &format!("{} p99, second over first{}", a.name, grid.only()),
                "hatched: within the 95 % interval of the samples",
                Ramp { inks: &DIVERGING, low: "faster".to_owned(), high: "slower".to_owned() },
            )
        })
        .collect()
}

/// `b` / `a` at p99 with its interval.
fn ratio(a: &SeriesData, b: &SeriesData) -> Option<Bounded> {
    let log = |series: &SeriesData| {
        let found = series.quantile(0.99)?;
        let log = |ns: u64| (ns.max(1) as f64).ln();
        Some(Bounded {
            value: log(found.value_ns),
            low: found.low_ns.map_or(f64::NEG_INFINITY, log),
            high: found.high_ns.map_or(f64::INFINITY, log),
        })
    };
    let found = log_difference(log(a)?, log(b)?);
    Some(Bounded { value: found.value.exp(), low: found.low.exp(), high: found.high.exp() })
}

/// The runs by what they were set to. `None` unless there are two settings at least.
fn sweep(runs: &[&Run]) -> Option<Sweep> {
    let mut sweep = Sweep { name: String::new(), cells: BTreeMap::new() };
    for run in runs {
        let judged = pick::judged(run);
        let Some(phase) = judged.last() else {
            continue;
        };
        let all = pick::main_series(phase);
        let put = all.iter().find(|s| s.series.starts_with("put."));
        let Some(series) = put.or(all.first()) else {
            continue;
        };
        if sweep.name.is_empty() {
            sweep.name.clone_from(&series.series);
        }
        let operations: u64 = all.iter().map(|s| s.total.count()).sum();
        let seconds = (phase.length_ns as f64 / 1e9).max(1e-9);
        let rate = match run.header.kind.as_str() {
            "load" => operations as f64 / seconds,
            _ => series.total.count() as f64 / seconds,
        };
        let cell = sweep.cells.entry(setting(&run.header.plan)).or_insert(Cell {
            rate: 0.0,
            runs: 0,
            series: SeriesData::default(),
        });
        cell.rate += rate;
        cell.runs += 1;
        cell.series.total.merge(&series.total);
        cell.series.batches.extend(series.batches.iter().cloned());
    }
    (sweep.cells.len() > 1).then_some(sweep)
}

/// What a plan was set to; 0 for what it does not say.
fn setting(plan: &Value) -> Setting {
    let number = |paths: &[&str]| {
        let mut there = paths.iter().filter_map(|path| plan.pointer(path)?.as_u64());
        there.next().unwrap_or(0)
    };
    Setting {
        val_size: number(&["/workload/val_size", "/values/max_size"]),
        clients: number(&["/workload/load/closed/clients", "/pace/closed/clients"]),
        reads: reads(plan),
    }
}

/// The share of reads by their weight, in ten-thousandths.
fn reads(plan: &Value) -> u64 {
    let operations = plan.pointer("/operations").and_then(Value::as_array);
    let (mut reads, mut all) = (0.0, 0.0);
    for operation in operations.into_iter().flatten() {
        let weight = operation["weight"].as_f64().unwrap_or(0.0);
        all += weight;
        if matches!(operation["operation"].as_str(), Some("range" | "txn-range")) {
            reads += weight;
        }
    }
    if all > 0.0 { (reads / all * 10_000.0).round() as u64 } else { 0 }
}

fn maps(
    sweep: &Sweep,
    stem: &str,
    what: &str,
    figure: &dyn Fn(&Cell) -> Option<f64>,
    show: impl Fn(f64) -> String,
) -> Vec<Chart> {
    let values: Vec<(Setting, f64)> = sweep
        .cells
        .iter()
        .filter_map(|(setting, cell)| Some((*setting, figure(cell)?)))
        .filter(|(_, value)| value.is_finite() && *value > 0.0)
        .collect();
    let low = values.iter().map(|(_, v)| *v).fold(f64::INFINITY, f64::min);
    let high = values.iter().map(|(_, v)| *v).fold(0.0, f64::max);
    let square = |value: f64| {
        let share = (value / low).ln() / (high / low).ln();
        Square {
            ink: ramp(if share.is_finite() { share } else { 0.0 }),
            text: show(value),
            hatched: false,
        }
    };
    let squares = values.iter().map(|(setting, v)| (*setting, square(*v)));
    grids(&squares.collect())
        .into_iter()
        .map(|grid| {
            grid.draw(
                &format!("sweep-{stem}{}", grid.suffix()),
                &format!("{what}{}", grid.only()),
                &format!("{} settings", values.len()),
                Ramp { inks: &RAMP, low: show(low), high: show(high) },
            )
        })
        .collect()
}

/// One cell as it is drawn.
#[derive(Debug, Clone)]
struct Square {
    ink: Ink,
    text: String,
    hatched: bool,
}

/// Cells over two dimensions; of a third one value.
struct Grid {
    x: Dimension,
    y: Dimension,
    third: Option<(Dimension, u64)>,
    squares: BTreeMap<Setting, Square>,
}

/// The grids of a sweep: one, or one for each value of a third dimension.
fn grids(squares: &BTreeMap<Setting, Square>) -> Vec<Grid> {
    let distinct = |dimension: Dimension| {
        let mut values: Vec<u64> = squares.keys().map(|s| dimension.of(*s)).collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let mut dimensions = Dimension::ALL.to_vec();
    // Those that vary most are the axes; of equals those that are named first.
    dimensions.sort_by_key(|dimension| std::cmp::Reverse(distinct(*dimension).len()));
    let [x, y, third] = [dimensions[0], dimensions[1], dimensions[2]];
    let values = distinct(third);
    let several = values.len() > 1;
    let grid = |value: u64| Grid {
        x,
        y,
        third: several.then_some((third, value)),
        squares: squares
            .iter()
            .filter(|(setting, _)| third.of(**setting) == value)
            .map(|(setting, square)| (*setting, square.clone()))
            .collect(),
    };
    values.into_iter().map(grid).collect()
}

impl Grid {
    /// What of a third dimension it shows, as part of a title.
    fn only(&self) -> String {
        self.third.map_or_else(String::new, |(dimension, value)| {
            format!(", {} {}", dimension.name(), dimension.show(value))
        })
    }

    /// The same as part of a name.
    fn suffix(&self) -> String {
        self.third.map_or_else(String::new, |(_, value)| format!("-{value}"))
    }

    fn values(&self, dimension: Dimension) -> Vec<u64> {
        let mut values: Vec<u64> = self.squares.keys().map(|s| dimension.of(*s)).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    fn draw(&self, name: &str, title: &str, subtitle: &str, ramp: Ramp<'_>) -> Chart {
        let (columns, rows) = (self.values(self.x), self.values(self.y));
        let caption = format!(
            "{title}: {} from {} to {} across, {} from {} to {} upwards; {subtitle}.",
            self.x.name(),
            edge(self.x, columns.first()),
            edge(self.x, columns.last()),
            self.y.name(),
            edge(self.y, rows.first()),
            edge(self.y, rows.last()),
        );
        let head = Head { title, subtitle, ramp: Some(ramp), ..Head::default() };
        let names: Vec<String> = rows.iter().map(|value| self.y.show(*value)).collect();
        let widest = names.iter().map(|name| PLAIN.width(name)).fold(0.0, f64::max);
        let left = MARGIN + widest.min(160.0) + 10.0;
        let top = head.height() + LINE;
        let bottom = top + rows.len() as f64 * CELL;
        let width = (WIDTH - MARGIN - left) / columns.len().max(1) as f64;
        let mut canvas = Canvas::new(bottom + 2.0 * LINE + 8.0);
        head.draw(&mut canvas);
        canvas.text(self.y.name(), (MARGIN, top - 8.0), Anchor::Start, PLAIN, MUTED);
        for (row, name) in names.iter().rev().enumerate() {
            let at = (left - 8.0, top + (row as f64 + 0.5) * CELL + 7.0);
            canvas.text(name, at, Anchor::End, PLAIN, MUTED);
        }
        for (column, value) in columns.iter().enumerate() {
            let at = (left + (column as f64 + 0.5) * width, bottom + 22.0);
            canvas.text(&self.x.show(*value), at, Anchor::Middle, PLAIN, MUTED);
        }
        let at = (WIDTH - MARGIN, bottom + 22.0 + LINE);
        canvas.text(self.x.name(), at, Anchor::End, PLAIN, MUTED);
        for (setting, square) in &self.squares {
            let column = columns.partition_point(|v| *v < self.x.of(*setting)) as f64;
            let row = rows.len() - 1 - rows.partition_point(|v| *v < self.y.of(*setting));
            let area = Area {
                left: left + column * width + 1.0,
                top: top + row as f64 * CELL + 1.0,
                right: left + (column + 1.0) * width - 1.0,
                bottom: top + (row + 1) as f64 * CELL - 1.0,
            };
            fill(&mut canvas, area, square);
        }
        Chart::new(name, title, &caption, canvas)
    }
}

fn edge(dimension: Dimension, value: Option<&u64>) -> String {
    value.map_or_else(String::new, |value| dimension.show(*value))
}

fn fill(canvas: &mut Canvas, area: Area, square: &Square) {
    canvas.rect(area, square.ink, 1.0);
    if square.hatched {
        hatch(canvas, area);
    }
    if PLAIN.width(&square.text) > area.width() - 4.0 {
        return;
    }
    let ink = if is_strong(square.ink) { ON_STRONG } else { TEXT };
    let at = (f64::midpoint(area.left, area.right), f64::midpoint(area.top, area.bottom) + 7.0);
    if square.hatched {
        canvas.label(&square.text, at, Anchor::Middle, PLAIN, TEXT);
    } else {
        canvas.text(&square.text, at, Anchor::Middle, PLAIN, ink);
    }
}

/// Slanted lines all over an area.
fn hatch(canvas: &mut Canvas, area: Area) {
    let height = area.bottom - area.top;
    let mut foot = area.left - height + 6.0;
    while foot < area.right {
        // From the bottom left to the top right, cut at the area's sides.
        let from = (area.left - foot).max(0.0);
        let to = (area.right - foot).min(height);
        if to > from {
            let ends = vec![(foot + from, area.bottom - from), (foot + to, area.bottom - to)];
            canvas.faint_path(ends, MUTED, 1.5, 0.7);
        }
        foot += 12.0;
    }
}
