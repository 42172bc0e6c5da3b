//! Two results of an hour: time and memory.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use etcdbench::record::Samples;
use serde_json::json;

use super::noise::{Random, S};

const SECONDS: u64 = 3_600;
const SERIES: [&str; 8] = [
    "wal.write",
    "wal.fsync",
    "wal.fsync.fresh",
    "wal.fsync.same",
    "wal.sync",
    "backend.commit",
    "put.commit",
    "wal.cut",
];
/// Different histograms, used in turn.
const DIFFERENT: usize = 40;

/// Interval lines of 500 samples each, without their time and series.
fn histograms(seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    (0..DIFFERENT)
        .map(|_| {
            let mut samples = Samples::new();
            for _ in 0..500 {
                samples.record((2e5 * (0.6 * random.normal()).exp()) as u64);
            }
            let fields = json!({
                "length_ns": S,
                "count": samples.count(),
                "min_ns": samples.min_ns(),
                "max_ns": samples.max_ns(),
                "sum_ns": samples.sum_ns(),
                "histogram": samples.encode(),
            });
            fields.to_string().trim_start_matches('{').to_owned()
        })
        .collect()
}

fn write_hour(path: &Path, seed: u64) {
    let histograms = histograms(seed);
    let mut out = std::io::BufWriter::new(fs::File::create(path).unwrap());
    let header = json!({
        "type": "header", "schema": "1.0", "run_id": format!("hour-{seed}"), "kind": "disk", "name": "hour",
        "tool": { "name": "etcdbench", "version": "0.1.0" }, "started_at": "2026-11-22T00:00:00Z",
        "plan": {}, "environment": { "host": "cp1" },
    });
    writeln!(out, "{header}").unwrap();
    for second in 0..SECONDS {
        for (index, series) in SERIES.iter().enumerate() {
            let rest = &histograms[(second as usize * 7 + index * 3) % DIFFERENT];
            let start_ns = second * S;
            writeln!(
                out,
                "{{\"type\":\"interval\",\"phase\":\"etcd\",\"series\":\"{series}\",\"start_ns\":{start_ns},{rest}"
            )
            .unwrap();
        }
    }
}

#[test]
#[ignore = "long: ./scripts/test --all"]
fn two_results_of_an_hour_take_little_time_and_memory() {
    let place = tempfile::tempdir().unwrap();
    let paths = [1, 2].map(|seed| {
        let path = place.path().join(format!("{seed}.jsonl"));
        write_hour(&path, seed);
        path
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_etcdbench"))
        .arg("compare")
        .args(&paths)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (mut most_kib, mut took) = (0, Duration::ZERO);
    let status = loop {
        most_kib = most_kib.max(peak_kib(child.id()).unwrap_or(0));
        took = took.max(processor_time(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    println!("{took:?}, {} MiB", most_kib / 1024);
    assert!(status.code().is_some_and(|code| code != 1 && code != 2), "{status}");
    assert!(most_kib > 0 && most_kib < 200_000, "{most_kib} KiB");
    // Of a processor, whatever else it does. Ten times as long without optimisation.
    let limit = if cfg!(debug_assertions) { 20 } else { 2 };
    assert!(took < Duration::from_secs(limit), "{took:?}");
}

/// What a process has used, in all its threads.
fn processor_time(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything: the fields from the third on; in user and in kernel mode.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

fn peak_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
