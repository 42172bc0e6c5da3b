//! Parts of a load that were never sent, made up to be merged: what adds up, and what must not.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Parser as _;
use etcdbench::cli::{Cli, Command as Subcommand};
use etcdbench::plan::LoadPlan;
use etcdbench::record::Samples;
use etcdbench::result::{
    self, Environment, Event, Header, Interval, Line, Run, SCHEMA_VERSION, SeriesData, ShardPart,
    Summary,
};
use etcdbench::tool::Tool;

use crate::support::probe;

const S: u64 = 1_000_000_000;
/// When loads begin on the clock of their machine.
const BEGIN: u64 = 5 * S;

fn plan(index: u32, of: u32, seconds: u64) -> LoadPlan {
    let line = format!(
        "etcdbench load put --rate 6400 --conns 64 --warmup 0s --duration {seconds}s --no-default-rules --prefix /m/ \
         --endpoints 127.0.0.1:1 --shard {index}/{of} --start-at 2026-11-29T17:00:00Z"
    );
    match Cli::try_parse_from(shlex::split(&line).unwrap()).unwrap().command {
        Subcommand::Load(args) => LoadPlan::resolve(&args.spec).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// A histogram as it is in a result.
struct Told {
    samples: Samples,
    text: String,
}

impl Told {
    fn of(values: impl Iterator<Item = u64>) -> Told {
        let mut samples = Samples::new();
        values.for_each(|value| samples.record(value));
        Told { text: samples.encode(), samples }
    }
}

/// A part whose machine measured `told(series, second)` in each second.
fn part<'a>(
    path: &Path,
    (index, of): (u32, u32),
    seconds: u64,
    told: impl Fn(&str, u64) -> &'a Told,
) {
    let plan = plan(index, of, seconds);
    let header = Header {
        schema: SCHEMA_VERSION.to_owned(),
        tool: Tool::this(),
        run_id: format!("run-{index}"),
        kind: "load".to_owned(),
        name: "made up".to_owned(),
        started_at: "2026-11-29T16:59:55Z".to_owned(),
        plan: serde_json::to_value(&plan).unwrap(),
        environment: Environment { host: format!("gen{index}"), ..Environment::default() },
        shard: Some(ShardPart {
            index,
            of,
            plan_hash: plan.hash().unwrap(),
            start: Some("2026-11-29T17:00:00Z".to_owned()),
            clock: None,
        }),
        ..Header::default()
    };
    let mut file = BufWriter::new(File::create(path).unwrap());
    let mut write = |line: &Line| {
        serde_json::to_writer(&mut file, line).unwrap();
        file.write_all(b"\n").unwrap();
    };
    let event = |kind: &str, at_ns: u64, detail: serde_json::Value| {
        Line::Event(Event {
            phase: "steady".to_owned(),
            at_ns,
            at: "2026-11-29T17:00:00Z".to_owned(),
            kind: kind.to_owned(),
            member: None,
            detail,
        })
    };
    write(&Line::Header(header));
    let start = serde_json::json!({ "start_ns": BEGIN, "start": "2026-11-29T17:00:00Z" });
    write(&event("shard.start", BEGIN, start));
    write(&event("phase", BEGIN, serde_json::json!({ "planned_ns": seconds * S })));
    let mut answered = 0;
    for second in 0..seconds {
        for series in ["put.response", "put.service", "put.lag"] {
            let Told { samples, text } = told(series, second);
            if series == "put.service" {
                answered += samples.count();
            }
            write(&Line::Interval(Interval {
                phase: "steady".to_owned(),
                series: series.to_owned(),
                start_ns: BEGIN + second * S + u64::from(index) * 1_000,
                length_ns: S,
                count: samples.count(),
                min_ns: samples.min_ns(),
                max_ns: samples.max_ns(),
                sum_ns: samples.sum_ns(),
                histogram: text.clone(),
                ..Interval::default()
            }));
        }
    }
    let detail = serde_json::json!({
        "due": answered, "sent": answered, "answered": answered, "failed": 0, "unsent": 0,
        "wanted_per_s": 6400.0 / f64::from(of), "length_ns": seconds * S, "in_flight_max": 3,
    });
    write(&event("load.phase", BEGIN + seconds * S, detail));
    write(&Line::Summary(Summary { complete: true, ..Summary::default() }));
}

fn merged(directory: &Path) -> (Run, String) {
    let path = directory.join("all.jsonl");
    let output = Command::new(probe::program())
        .arg("merge")
        .arg(directory)
        .arg("-o")
        .arg(&path)
        .output()
        .expect("etcdbench can be started");
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (result::read(&path).unwrap_or_else(|error| panic!("{error}: {words}")), words)
}

fn steady<'a>(run: &'a Run, series: &str) -> &'a SeriesData {
    run.phase("steady").unwrap().series(series).unwrap()
}

/// Eight machines that see the same stall are no eight observations of it.
#[test]
fn an_interval_is_no_narrower_for_being_seen_by_many_machines() {
    let usual = Told::of((0..200).map(|n| 1_000_000 + n * 1_000));
    let bad = Told::of((0..200).map(|n| 1_000_000 + n * 400_000));
    let lag = Told::of((0..200).map(|n| 10_000 + n));
    let told = |series: &str, second: u64| match (series, second % 11) {
        ("put.lag", _) => &lag,
        (_, 3) => &bad,
        _ => &usual,
    };
    let widths = [1, 8].map(|of| {
        let scratch = tempfile::tempdir().unwrap();
        for index in 1..=of {
            let path = scratch.path().join(format!("part-{index}.jsonl"));
            part(&path, (index, of), 110, told);
        }
        let (run, _) = merged(scratch.path());
        let all = steady(&run, "put.response");
        assert_eq!(all.total.count(), 110 * 200 * u64::from(of));
        let p99 = all.quantile(0.99).unwrap();
        (p99.value_ns, p99.high_ns.unwrap() - p99.low_ns.unwrap())
    });
    assert_eq!(widths[0].0, widths[1].0, "the quantile is that of all samples");
    let ratio = widths[1].1 as f64 / widths[0].1 as f64;
    assert!(ratio > 0.8, "{ratio}: independent, it would be {}", 1.0 / 8f64.sqrt());
}

#[test]
fn one_late_machine_is_no_stall_and_all_late_together_is_one() {
    let usual = Told::of((0..200).map(|n| 1_000_000 + n * 1_000));
    let slow = Told::of((0..200).map(|n| 300_000_000 + n * 1_000));
    let lag = Told::of((0..200).map(|n| 10_000 + n));
    let late = |who: &'static [u32]| {
        let scratch = tempfile::tempdir().unwrap();
        for index in 1..=4 {
            let path = scratch.path().join(format!("part-{index}.jsonl"));
            part(&path, (index, 4), 40, |series, second| {
                match (second == 20 && who.contains(&index), series) {
                    (true, _) => &slow,
                    (false, "put.lag") => &lag,
                    _ => &usual,
                }
            });
        }
        merged(scratch.path())
    };
    let (one, words) = late(&[3]);
    assert!(steady(&one, "put.response").total.max_ns() < 2_000_000);
    assert_eq!(steady(&one, "put.response").total.count(), 39 * 4 * 200);
    let set_apart = one.phase("late").unwrap().series("put.response").unwrap();
    assert_eq!(set_apart.total.count(), 4 * 200, "it is kept");
    assert_eq!(one.header.merged.as_ref().unwrap().late_seconds, 1);
    assert!(words.contains("Machine 3 gen3 was late by itself for 1 second"), "{words}");
    let (all, _) = late(&[1, 2, 3, 4]);
    assert_eq!(all.header.merged.as_ref().unwrap().late_seconds, 0);
    assert!(steady(&all, "put.response").total.max_ns() > 300_000_000);
}

/// Peak of the resident set, KiB.
fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

#[test]
#[ignore = "writes two gigabytes, and is about a release build: cargo test --release --test pure -- --ignored merging_64"]
fn merging_64_parts_of_an_hour_takes_seconds_and_little_memory() {
    let spread = |seed: u64| {
        let wait = move |n: u64| 300_000 + (n * n * 7 + seed * 131) % 4_000_000;
        Told::of((0..1_000).map(wait))
    };
    let told: Vec<Told> = (0..32).map(spread).collect();
    let lag: Vec<Told> = (0..32)
        .map(|seed| Told::of((0..1_000).map(|n| 5_000 + (n * 37 + seed) % 90_000)))
        .collect();
    let scratch = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
    for index in 1..=64_u32 {
        let path = scratch.path().join(format!("part-{index:02}.jsonl"));
        part(&path, (index, 64), 3_600, |series, second| {
            let all = if series == "put.lag" { &lag } else { &told };
            &all[(second as usize + index as usize * 5) % 32]
        });
    }
    let all: PathBuf = scratch.path().join("all.jsonl");
    let begun = Instant::now();
    let mut child = Command::new(probe::program())
        .arg("merge")
        .arg(scratch.path())
        .arg("-o")
        .arg(&all)
        .args(["--quiet"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak_kib(child.id()).max(peak);
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = begun.elapsed();
    eprintln!("64 parts of an hour: {:.1} s, {} MiB", took.as_secs_f64(), peak >> 10);
    let run = result::read(&all).unwrap();
    assert_eq!(steady(&run, "put.response").total.count(), 64 * 3_600 * 1_000);
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(peak >> 10 < 500, "{} MiB", peak >> 10);
}
