//! The members' own view beside the client's: syncs, commits and applies as etcd's histograms tell them, the database
//! against its quota, CPU; one time axis for all.

use std::collections::BTreeMap;

use crate::record::Buckets;
use crate::result::{Counters, PhaseData, Run};
use crate::units::{format_bytes, format_count, significant};

use super::area::Area;
use super::canvas::{Canvas, MARGIN, WIDTH};
use super::frame::{BELOW, Head, Key, LINE, Labels, Mark, PEN, Panel, gutter};
use super::palette::{self, MUTED};
use super::part::Part;
use super::scale::{Axis, bytes_axis, latency_axis, linear_axis, time_axis};
use super::span::Span;
use super::{Chart, events, pick};

/// Height of a panel's plot.
const HEIGHT: f64 = 110.0;
/// Members that can be told apart.
const MOST_MEMBERS: usize = 6;

/// A line: moments since the span's beginning, and values.
type Line = Vec<(f64, f64)>;

/// One panel: a figure of every member, or of the client.
struct Strip {
    name: String,
    /// Lines by member; that of the client has none.
    lines: Vec<(Option<u32>, Line)>,
    kind: Kind,
    /// A line across: the quota.
    limit: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Latency,
    Bytes,
    Cores,
}

/// The chart, where a member's metrics were read.
pub(super) fn of_run(run: &Run) -> Option<Chart> {
    let judged = pick::judged(run);
    let own = |line: &&Counters| matches!(line.source.as_str(), "etcd" | "etcd.state");
    run.counters.iter().find(own)?;
    let span = Span::of(&judged);
    let strips: Vec<Strip> = strips(run, &judged, span)
        .into_iter()
        .filter(|strip| strip.lines.iter().any(|(_, line)| line.len() > 1))
        .collect();
    let of_members = |strip: &Strip| strip.lines.iter().any(|(member, _)| member.is_some());
    if !strips.iter().any(of_members) {
        return None;
    }
    Some(draw(run, &judged, span, &strips))
}

fn strips(run: &Run, judged: &[&PhaseData], span: Span) -> Vec<Strip> {
    let mut strips: Vec<Strip> = client(judged, span).into_iter().collect();
    for (histogram, name) in [
        ("wal_fsync", "WAL fsync p99, at most"),
        ("backend_commit", "backend commit p99, at most"),
        ("apply", "apply p99, at most"),
    ] {
        strips.push(Strip {
            name: name.to_owned(),
            lines: each(run, "etcd", span, |line| bracket(line, histogram)),
            kind: Kind::Latency,
            limit: None,
        });
    }
    let state = |name: &'static str| move |line: &Counters| line.values.get(name).copied();
    let quotas = each(run, "etcd.state", span, state("quota_bytes"));
    let quota = quotas.iter().flat_map(|(_, line)| line).map(|(_, v)| *v);
    let quota = quota.reduce(f64::min);
    strips.push(database(each(run, "etcd.state", span, state("db_bytes")), quota));
    let cores = |line: &Counters| {
        let seconds = line.length_ns as f64 / 1e9;
        let used = line.values.get("cpu_s").copied()?;
        (seconds > 0.0).then_some(used / seconds)
    };
    strips.push(Strip {
        name: "CPU, cores".to_owned(),
        lines: each(run, "etcd", span, cores),
        kind: Kind::Cores,
        limit: None,
    });
    strips
}

/// The database; its quota as a line only where it is near, or the growth could not be seen.
fn database(lines: Vec<(Option<u32>, Line)>, quota: Option<f64>) -> Strip {
    let sizes = lines.iter().flat_map(|(_, line)| line);
    let largest = sizes.map(|(_, bytes)| *bytes).fold(0.0, f64::max);
    let near = quota.filter(|quota| largest > quota / 4.0);
    Strip {
        name: match quota {
            Some(bytes) => format!("database, quota {}", format_bytes(bytes as u64)),
            None => "database".to_owned(),
        },
        lines,
        kind: Kind::Bytes,
        limit: near,
    }
}

/// What the client saw: the 99th percentile of the first main series.
fn client(judged: &[&PhaseData], span: Span) -> Option<Strip> {
    let first = judged.first()?;
    let name = pick::main_series(first).first().map(|s| s.series.clone())?;
    let mut points: Line = judged
        .iter()
        .filter_map(|phase| phase.series(&name))
        .flat_map(|data| &data.timeline)
        .filter(|point| point.count > 0)
        .map(|point| {
            let middle = span.since(point.start_ns) + point.length_ns as f64 / 2.0;
            (middle, point.p99_ns as f64)
        })
        .collect();
    // Late answers to one rate lie among those to the next.
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(Strip {
        name: format!("client: {name} p99"),
        lines: vec![(None, thin(points))],
        kind: Kind::Latency,
        limit: None,
    })
}

/// A figure of every member over time.
fn each(
    run: &Run,
    source: &str,
    span: Span,
    figure: impl Fn(&Counters) -> Option<f64>,
) -> Vec<(Option<u32>, Line)> {
    let mut lines: BTreeMap<u32, Line> = BTreeMap::new();
    let within = |line: &&Counters| line.source == source && span.holds(line.start_ns);
    for line in run.counters.iter().filter(within) {
        let value = figure(line).filter(|value| value.is_finite() && *value >= 0.0);
        if let Some(value) = value {
            let middle = span.since(line.start_ns) + line.length_ns as f64 / 2.0;
            let member = line.member.unwrap_or(0);
            lines.entry(member).or_default().push((middle, value));
        }
    }
    let shown = lines.into_iter().take(MOST_MEMBERS);
    shown.map(|(member, line)| (Some(member), thin(line))).collect()
}

/// The bound that the 99th percentile of a member's histogram does not pass, in nanoseconds.
fn bracket(line: &Counters, histogram: &str) -> Option<f64> {
    let prefix = format!("{histogram}.le.");
    let bounds = line.values.iter().filter_map(|(name, count)| {
        let bound: f64 = name.strip_prefix(&prefix)?.parse().ok()?;
        Some((bound, *count))
    });
    let count = line.values.get(&format!("{histogram}.count")).copied()?;
    let sum = line.values.get(&format!("{histogram}.sum_s")).copied();
    let bracket = Buckets::new(bounds, count, sum.unwrap_or(0.0))?.quantile(0.99);
    // Above the highest bound no more is known than that.
    Some(bracket.at_most_ns.unwrap_or(bracket.above_ns.saturating_mul(2)) as f64)
}

/// At most 180 points; the highest stands for its neighbours.
fn thin(line: Line) -> Line {
    let together = line.len().div_ceil(180).max(1);
    let highest = |points: &[(f64, f64)]| {
        let value = points.iter().map(|(_, v)| *v).fold(0.0, f64::max);
        (points[0].0, value)
    };
    line.chunks(together).map(highest).collect()
}

fn axis(strip: &Strip) -> Axis {
    let values = || {
        let all = strip.lines.iter().flat_map(|(_, line)| line);
        all.map(|(_, value)| *value).chain(strip.limit)
    };
    match strip.kind {
        Kind::Latency => latency_axis(values(), ""),
        Kind::Bytes => bytes_axis(values(), ""),
        Kind::Cores => linear_axis(values(), 3, "", significant),
    }
}

fn draw(run: &Run, judged: &[&PhaseData], span: Span, strips: &[Strip]) -> Chart {
    let title = "What the members saw, beside the client";
    let subtitle = pick::whose(run);
    let members = members(strips);
    let keys = keys(run, &members);
    let head = Head { title, subtitle: &subtitle, keys: &keys, ..Head::default() };
    let axes: Vec<Axis> = strips.iter().map(axis).collect();
    let left = axes.iter().map(gutter).fold(0.0, f64::max) + MARGIN;
    let told = events::told(run, span, judged);
    let lane = if told.is_empty() { 0.0 } else { LINE };
    let top = head.height() + LINE + lane;
    let step = HEIGHT + LINE + 18.0;
    let height = top + step * strips.len() as f64 + BELOW - LINE - 8.0;
    let mut canvas = Canvas::new(height);
    head.draw(&mut canvas);
    for (index, (strip, y)) in strips.iter().zip(axes).enumerate() {
        let top = top + 6.0 + step * index as f64;
        let panel = Panel {
            plot: Area { left, top, right: WIDTH - MARGIN - 10.0, bottom: top + HEIGHT },
            x: time_axis(span.length_ns(), 6, "since the load began"),
            y,
        };
        let last = index + 1 == strips.len();
        one(&mut canvas, &panel, strip, &members, last);
        if index == 0 {
            canvas.time(span.along(&panel));
            events::draw(&mut canvas, &panel, &told, span);
        } else {
            events::lines(&mut canvas, &panel, &told, span);
        }
    }
    let names: Vec<&str> = strips.iter().map(|strip| strip.name.as_str()).collect();
    let caption = format!(
        "{title}, {subtitle}: {} over time. Of etcd's histograms the upper bound of the bucket is shown that holds the \
         99th percentile.",
        names.join("; ")
    );
    Chart::new("servers", title, &caption, canvas)
}

/// The members that are drawn, in the order of the legend.
fn members(strips: &[Strip]) -> Vec<u32> {
    let mut members: Vec<u32> =
        strips.iter().flat_map(|strip| &strip.lines).filter_map(|(member, _)| *member).collect();
    members.sort_unstable();
    members.dedup();
    members
}

fn keys(run: &Run, members: &[u32]) -> Vec<Key> {
    let facts = &run.header.environment.members;
    let name = |member: u32| match facts.get(member as usize) {
        Some(facts) if facts.leader => format!("{} (leader)", facts.name),
        Some(facts) => facts.name.clone(),
        None => format!("member {member}"),
    };
    let line =
        |member: &u32| Key::new(Mark::Line, palette::series(*member as usize), name(*member));
    let mut keys: Vec<Key> = members.iter().map(line).collect();
    if facts.len() > MOST_MEMBERS {
        let more = facts.len() - MOST_MEMBERS;
        keys.push(Key::new(
            Mark::Patch,
            MUTED,
            format!("{} more are not shown", format_count(more as u64)),
        ));
    }
    keys
}

fn one(canvas: &mut Canvas, panel: &Panel, strip: &Strip, members: &[u32], last: bool) {
    panel.name(canvas, &strip.name);
    panel.draw(canvas, Labels { x: last, y: true });
    for (member, line) in &strip.lines {
        let ink = member.map_or(palette::TEXT, |member| palette::series(member as usize));
        let path = line.iter().map(|(x, value)| panel.at(*x, *value)).collect();
        let key = members.iter().position(|shown| Some(*shown) == *member);
        let part = key.map_or(Part::DATA, Part::data);
        canvas.part(part, |canvas| canvas.path(path, ink, PEN));
    }
    if let Some(limit) = strip.limit {
        panel.limit(canvas, limit, "quota");
    }
}
