//! Comparisons that never happened.

use std::path::PathBuf;

use etcdbench::compare::{Comparison, Group, Input, compare};
use etcdbench::result::Run;
use etcdbench::rule::comparison::Settings;
use serde_json::json;

use super::runs::{self, Fixture, HOSTILE, MS, S, phase, series, usual};

fn load(id: usize, centre_ns: u64) -> Run {
    let all = vec![
        series("put.response", None, 5 * S, 60, usual(centre_ns, 100)),
        series("put.service", None, 5 * S, 60, usual(centre_ns, 100)),
    ];
    let (mut run, summary) =
        runs::run("load", &format!("run-{id}"), vec![phase("steady", 5 * S, 60, all)]);
    run.summary = Some(summary);
    run
}

fn compared(sides: &[Vec<Run>], name: &str) -> Comparison {
    let input = |run: &Run| Input {
        path: PathBuf::from(format!("{}.jsonl", run.header.run_id)),
        run: run.clone(),
    };
    let group =
        |runs: &Vec<Run>| Group { name: name.to_owned(), runs: runs.iter().map(input).collect() };
    let groups: Vec<Group> = sides.iter().map(group).collect();
    compare(&groups, &Settings::default(), Vec::new())
}

/// Runs over value sizes, clients and shares of reads.
pub fn sweep(factor: f64) -> Vec<Fixture> {
    let mut all = Vec::new();
    for val_size in [64, 1_024, 16_384] {
        for clients in [1, 10, 100, 1_000] {
            for reads in [0.0, 0.5] {
                let centre = (MS as f64 * factor * f64::from(clients).ln_1p()) as u64;
                let mut run = load(0, centre);
                run.header.plan = json!({
                    "pace": { "closed": { "clients": clients } },
                    "values": { "max_size": val_size },
                    "operations": [
                        { "operation": "put", "weight": 1.0 - reads },
                        { "operation": "range", "weight": reads },
                    ],
                });
                let summary = run.summary.clone().unwrap_or_default();
                all.push((run, summary));
            }
        }
    }
    all
}

/// Every comparison by name, with the runs of its sides.
pub fn all() -> Vec<(&'static str, Comparison, Vec<Vec<Run>>)> {
    let side = |id: usize, centre: u64, runs: usize| -> Vec<Run> {
        (0..runs).map(|run| load(id * 100 + run, centre + run as u64 * 10_000)).collect()
    };
    let two = vec![side(0, 2 * MS, 4), side(1, 3 * MS, 4)];
    let twenty: Vec<Vec<Run>> = (0..20).map(|id| side(id, MS + id as u64 * MS / 5, 1)).collect();
    let apart = vec![side(0, 1_000, 1), side(1, 9 * S, 1)];
    let empty =
        vec![vec![runs::run("load", "e", vec![]).0], vec![runs::run("load", "f", vec![]).0]];
    let plain = |runs: Vec<Fixture>| runs.into_iter().map(|(run, _)| run).collect::<Vec<Run>>();
    let sweeps = vec![plain(sweep(1.0)), plain(sweep(1.3))];
    let mut odd = compared(&two, "side");
    for metric in &mut odd.contrasts[0].metrics {
        if let Some(effect) = &mut metric.effect {
            effect.value = 1e12;
            effect.low = None;
            effect.high = Some(f64::INFINITY);
        }
        metric.min_difference = f64::NAN;
    }
    vec![
        ("two", compared(&two, "old"), two.clone()),
        ("hostile names", compared(&two, HOSTILE), two.clone()),
        ("no numbers", odd, two),
        ("twenty", compared(&twenty, "machine"), twenty),
        ("far apart", compared(&apart, "side"), apart),
        ("nothing", compared(&empty, "side"), empty),
        ("sweeps", compared(&sweeps, "sweep"), sweeps),
        ("no side", Comparison::default(), Vec::new()),
    ]
}
