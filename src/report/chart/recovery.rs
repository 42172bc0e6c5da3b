//! How long etcd took to come back after its leader was lost, by how long it was away, at each rate.

use crate::report::recovery::{Return, answer, planned_ns, returns, short, tried, worst};
use crate::result::{Run, Summary};
use crate::units::{format_duration, significant};

use super::Chart;
use super::area::Area;
use super::canvas::{Anchor, Canvas};
use super::frame::{ALL, BELOW, Head, Key, Mark, PEN, Panel};
use super::measure::PLAIN;
use super::palette::{LIMIT, series};
use super::pick;
use super::scale::latency_axis;

/// Height of the plot.
const HEIGHT: f64 = 260.0;
/// Rates that can be told apart.
const MOST: usize = 6;

/// One chart, where several losses are told of.
pub(super) fn of_runs(runs: &[(Run, Summary)]) -> Option<Chart> {
    let returns = returns(runs.iter().map(|(_, summary)| summary));
    let answer = answer(&returns)?;
    let subtitle = short(&returns).unwrap_or_else(|| "never back".to_owned());
    let (rates, lengths) = tried(&returns);
    if lengths.len() < 2 {
        return None;
    }
    // The highest rates are those that do not come back.
    let rates = &rates[rates.len().saturating_sub(MOST)..];
    let mut keys: Vec<Key> = rates
        .iter()
        .enumerate()
        .map(|(line, rate)| Key::new(Mark::Line, series(line), format!("{}/s", significant(*rate))))
        .collect();
    if returns.iter().any(|one| one.back_ns.is_none()) {
        keys.push(Key::new(Mark::Ring, LIMIT, "not back while it was looked"));
    }
    let title = "Until it is back at its level";
    let head = Head { title, subtitle: &subtitle, keys: &keys, ..Head::default() };
    let shown = |one: &Return| one.back_ns.unwrap_or(one.away_ns + one.watched_ns) as f64;
    let y = latency_axis(returns.iter().map(shown), "since the leader was lost");
    let x = latency_axis(lengths.iter().map(|ns| *ns as f64), "for how long the leader was away");
    let panel = Panel::wide(head.height(), HEIGHT, x, y);
    let mut canvas = Canvas::new(panel.plot.bottom + BELOW);
    head.draw(&mut canvas);
    panel.draw(&mut canvas, ALL);
    for (line, rate) in rates.iter().enumerate() {
        let all = lengths.iter().filter_map(|ns| worst(&returns, *rate, *ns));
        let all: Vec<Return> = all.collect();
        let at = |one: &Return| panel.at(planned_ns(one.away_ns) as f64, shown(one));
        canvas.path(all.iter().map(at).collect(), series(line), PEN);
        for one in &all {
            match one.back_ns {
                Some(_) => canvas.dot(at(one), 4.0, series(line)),
                None => {
                    canvas.ring(at(one), 7.0, LIMIT);
                    let (x, y) = at(one);
                    canvas.text("↑", (x, y - 12.0), Anchor::Middle, PLAIN, LIMIT);
                }
            }
            spot(&mut canvas, one, at(one));
        }
    }
    let caption = format!(
        "{title}. {answer} Time since the loss from {} on a logarithmic axis, by how long the leader was away, {}.",
        pick::span(&panel.y),
        pick::span(&panel.x),
    );
    Some(Chart::new("recovery", title, &caption, canvas))
}

fn spot(canvas: &mut Canvas, one: &Return, (x, y): (f64, f64)) {
    let came = match one.back_ns {
        Some(ns) => format!("back after {}", format_duration(ns)),
        None => format!("not back within {} after it", format_duration(one.watched_ns)),
    };
    let away = format_duration(planned_ns(one.away_ns));
    let told = format!("{}/s, away for {away}: {came}", significant(one.rate));
    let area = Area { left: x - 9.0, right: x + 9.0, top: y - 9.0, bottom: y + 9.0 };
    canvas.spot(area, told);
}

#[cfg(test)]
mod tests {
    use super::of_runs;
    use crate::report::recovery::tests::{S, summary};
    use crate::result::Run;

    #[test]
    fn what_does_not_come_back_is_ringed_and_several_lengths_are_needed() {
        let of = |all: &[(f64, u64, Option<u64>)]| {
            let runs = all.iter().map(|(rate, away_ns, back_ns)| {
                (Run::default(), summary(*rate, *away_ns, *back_ns))
            });
            of_runs(&runs.collect::<Vec<_>>())
        };
        let back =
            [(500.0, S, Some(2 * S)), (500.0, 5 * S, Some(6 * S)), (4_000.0, S, Some(3 * S))];
        let chart = of(&back).expect("a chart");
        assert!(chart.svg.contains("back every time, 6 s at the latest"), "{}", chart.svg);
        assert!(!chart.svg.contains("not back while"), "{}", chart.svg);
        let stuck = of(&[&back[..], &[(4_000.0, 5 * S, None)]].concat()).expect("a chart");
        assert!(stuck.svg.contains("not back after 1 of 4 losses"), "{}", stuck.svg);
        assert!(stuck.svg.contains("not back while it was looked"), "{}", stuck.svg);
        assert!(of(&[back[0], back[2]]).is_none(), "one length is no line");
        assert!(of(&back[..1]).is_none());
    }
}
