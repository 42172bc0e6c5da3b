//! What a sync costs and why: into a fresh block against within a block (what the journal takes), the log alone against
//! the log beside the backend, and member by member.

use crate::result::{PhaseData, Run, SeriesData};
use crate::units::{format_count, format_duration, significant};

use super::percentiles::{Curve, draw};
use super::rows::{self, Row};
use super::scale::latency_axis;
use super::{Chart, palette, pick};

/// Members that are shown; of more, those with the slowest tails.
const MOST_MEMBERS: usize = 24;

/// What there is of these for a run.
pub(super) fn of_run(run: &Run) -> Vec<Chart> {
    let mut charts: Vec<Chart> = Vec::new();
    charts.extend(blocks(run));
    charts.extend(beside_backend(run));
    charts.extend(members(run));
    charts
}

/// The phase `etcd`, where it was run; otherwise `wal`.
fn phase(run: &Run) -> Option<&PhaseData> {
    run.phase("etcd").or_else(|| run.phase("wal"))
}

fn blocks(run: &Run) -> Option<Chart> {
    let phase = phase(run)?;
    let shown = [("wal.fsync.same", "within a block"), ("wal.fsync.fresh", "into a fresh block")];
    let of = |(name, words): (&str, &str)| Some((phase.series(name)?, words.to_owned()));
    curves(
        "fsync-blocks",
        &format!("What a fresh block costs a WAL sync, phase {}", phase.name),
        run,
        shown.into_iter().filter_map(of).collect(),
    )
}

fn beside_backend(run: &Run) -> Option<Chart> {
    let shown = [("wal", "the log alone"), ("etcd", "beside the backend")];
    let of = |(phase, words): (&str, &str)| {
        let series = run.phase(phase)?.series("wal.fsync")?;
        Some((series, words.to_owned()))
    };
    curves(
        "fsync-backend",
        "What the backend costs a WAL sync",
        run,
        shown.into_iter().filter_map(of).collect(),
    )
}

/// Two curves, or none.
fn curves(name: &str, title: &str, run: &Run, shown: Vec<(&SeriesData, String)>) -> Option<Chart> {
    if shown.len() < 2 {
        return None;
    }
    let curve = |(index, (series, words)): (usize, &(&SeriesData, String))| {
        let count = format_count(series.total.count());
        Curve::of(series, format!("{words}, {count} samples"), index)
    };
    let curves: Vec<Curve> = shown.iter().enumerate().map(curve).collect();
    draw(name, title, &pick::whose(run), &curves)
}

/// Median and tail of each member, for the first series that tells members apart.
fn members(run: &Run) -> Option<Chart> {
    let judged = pick::judged(run);
    let phase = judged.last()?;
    let name = pick::main_series(phase)
        .into_iter()
        .map(|series| series.series.as_str())
        .find(|name| phase.series.iter().filter(|s| s.series == *name).count() > 2)?;
    let mut all: Vec<(u32, &SeriesData)> = phase
        .series
        .iter()
        .filter(|s| s.series == name && s.total.count() > 0)
        .filter_map(|s| Some((s.member?, s)))
        .collect();
    let count = all.len();
    let tail = |series: &SeriesData| series.total.quantile(0.99);
    all.sort_by_key(|(_, series)| std::cmp::Reverse(tail(series)));
    all.truncate(MOST_MEMBERS);
    all.sort_by_key(|(member, _)| *member);
    // The highest that all of them resolve, so that like is held against like.
    let resolved = |q: &f64| {
        let resolvable = |series: &SeriesData| series.quantile(*q).is_some_and(|q| q.resolvable);
        all.iter().all(|(_, series)| resolvable(series))
    };
    let q = [0.99, 0.9, 0.5].into_iter().find(resolved)?;
    let rows: Vec<Row> =
        all.iter().filter_map(|(member, series)| row(run, *member, series, q)).collect();
    let shown = match rows.len() {
        n if n < count => format!("the {n} of {count} members with the slowest tails"),
        n => format!("{n} members"),
    };
    let stat = format!("p{}", significant(q * 100.0));
    let title = format!("{name} {stat} by member, {}", phase.name);
    let values = rows.iter().flat_map(Row::values);
    let x = latency_axis(values, &format!("{stat}, bar: 95 % interval"));
    let subtitle = pick::whose(run);
    let caption =
        format!("{title}, {subtitle}: {shown}; from {} on a logarithmic axis.", pick::span(&x));
    let name = format!("members-{}-{name}", phase.name);
    let canvas = rows::draw(&title, &subtitle, &[], &rows, x, None);
    Some(Chart::new(&name, &title, &caption, canvas))
}

fn row(run: &Run, member: u32, series: &SeriesData, q: f64) -> Option<Row> {
    let p50 = series.quantile(0.5)?;
    let tail = series.quantile(q)?;
    let facts = run.header.environment.members.get(member as usize);
    let name = match facts {
        Some(facts) if facts.leader => format!("{} (leader)", facts.name),
        Some(facts) => facts.name.clone(),
        None => format!("member {member}"),
    };
    let (middle, value) = (format_duration(p50.value_ns), format_duration(tail.value_ns));
    Some(Row {
        name,
        told: format!("p50 {middle}, p{} {value}", significant(q * 100.0)),
        value: Some(tail.value_ns as f64),
        low: tail.low_ns.map(|ns| ns as f64),
        high: tail.high_ns.map(|ns| ns as f64),
        ink: palette::SERIES[0],
        band: None,
    })
}
