//! The same load on a real etcd and on the probe, and what each says of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use etcdbench::record::Distribution;

use super::clients::{ClosedLoop, Observed, drive};
use super::etcd::Etcd;
use super::probe;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Puts per second.
    pub puts_per_s: f64,
    /// Mean of the WAL's fdatasync, seconds.
    pub fsync_mean: f64,
    /// Mean of the backend's commit, seconds.
    pub commit_mean: f64,
    /// How many commits that is the mean of.
    pub commits: f64,
    /// Their standard deviation as a share of the mean; etcd's own histogram is too coarse for it.
    pub commit_spread: f64,
}

impl Figures {
    /// What etcd's own metrics say.
    pub fn of_etcd(seen: &Observed) -> Self {
        let etcd = &seen.etcd;
        Figures {
            puts_per_s: etcd.puts / etcd.seconds,
            fsync_mean: etcd.wal_fsync_mean,
            commit_mean: etcd.commit_mean,
            commits: etcd.commits,
            commit_spread: f64::NAN,
        }
    }
}

/// A load of 8-byte keys and 256-byte values.
pub fn small_puts(clients: usize, seconds: u64) -> ClosedLoop {
    ClosedLoop {
        clients,
        key_size: 8,
        val_size: 256,
        warm_up: Duration::from_secs(2),
        duration: Duration::from_secs(seconds),
    }
}

/// A fresh etcd below `directory` under this load.
pub fn etcd(
    program: &Path,
    directory: &Path,
    wrapped: impl FnOnce(&Path) -> Command,
    load: ClosedLoop,
) -> Observed {
    drive(&Etcd::start(program, directory, wrapped), load)
}

/// The probe below `directory` under this load.
pub fn probe(
    directory: &Path,
    wrapped: impl FnOnce(&Path) -> Command,
    load: ClosedLoop,
) -> Figures {
    // Not on the disk that is measured.
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let ClosedLoop { clients, key_size, val_size, duration, .. } = load;
    let seconds = duration.as_secs();
    let more = format!(
        "--quiet --phases etcd={seconds}s --clients {clients} --key-size {key_size} --val-size {val_size}"
    );
    let command = probe::disk(wrapped(probe::program()), directory, &result, &more);
    let run = probe::finish(command, &result).read();
    let commits = &probe::series(&run, "etcd", "backend.commit").total;
    Figures {
        puts_per_s: probe::rate(&run, "etcd", "put.commit"),
        fsync_mean: probe::mean(&run, "etcd", "wal.fsync") + probe::waited_for_a_cpu(&run),
        commit_mean: probe::mean(&run, "etcd", "backend.commit"),
        commits: commits.count() as f64,
        commit_spread: spread(commits),
    }
}

fn spread(samples: &Distribution) -> f64 {
    let mean = samples.mean_ns().unwrap_or(f64::NAN);
    let squares = samples
        .buckets()
        .iter()
        .map(|&(value, count)| count as f64 * (value as f64 - mean).powi(2));
    (squares.sum::<f64>() / samples.count() as f64).sqrt() / mean
}

/// The middle one, or the mean of the two in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}
