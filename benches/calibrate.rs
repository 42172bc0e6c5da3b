//! A real etcd in a closed loop on a directory or a throttled loop device: the figures the probe is held to.
//!
//! `cargo bench --bench calibrate -- [--dir DIR | --loop ext4 --iops 400] [--clients 1,10,100] [--seconds 20]`

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Parser;
use support::clients::{ClosedLoop, Observed, drive};
use support::etcd::Etcd;
use support::loopdisk::LoopDisk;

#[derive(Parser)]
struct Arguments {
    /// Where etcd keeps its data
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Use a fresh loop device with this file system (ext4, xfs) instead
    #[arg(long = "loop", value_name = "FILE SYSTEM")]
    file_system: Option<String>,
    /// Size of the loop device
    #[arg(long, default_value_t = 3072)]
    mebibytes: u64,
    /// Hold the loop device to so many writes per second
    #[arg(long)]
    iops: Option<u32>,
    /// The etcd to run
    #[arg(long, default_value = "etcd")]
    etcd: PathBuf,
    /// Client counts
    #[arg(long, value_delimiter = ',', default_value = "1,10,100")]
    clients: Vec<usize>,
    /// Measured seconds per client count, after two of warm-up
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    #[arg(long, default_value_t = 8)]
    key_size: usize,
    #[arg(long, default_value_t = 256)]
    val_size: usize,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    println!(
        "{:>7} {:>8} {:>9} {:>9} {:>9} {:>9} {:>8} {:>9} {:>9} {:>9} {:>9}",
        "clients",
        "puts/s",
        "fsyncs/s",
        "puts/sync",
        "fsync",
        "commit",
        "commits",
        "puts/cmt",
        "CPU/put",
        "p50",
        "p99"
    );
    for &clients in &arguments.clients {
        let load = ClosedLoop {
            clients,
            key_size: arguments.key_size,
            val_size: arguments.val_size,
            warm_up: Duration::from_secs(2),
            duration: Duration::from_secs(arguments.seconds),
        };
        row(clients, &observe(&arguments, load));
    }
}

/// A fresh etcd, on a fresh loop device if that is asked for.
fn observe(arguments: &Arguments, load: ClosedLoop) -> Observed {
    let Some(file_system) = &arguments.file_system else {
        let etcd = Etcd::start(&arguments.etcd, &arguments.dir, |program: &Path| {
            Command::new(program)
        });
        return drive(&etcd, load);
    };
    let mut disk = LoopDisk::new(file_system, arguments.mebibytes);
    if let Some(iops) = arguments.iops {
        disk = disk.throttled(iops);
    }
    let etcd = Etcd::start(&arguments.etcd, disk.path(), |program| {
        disk.command(program)
    });
    drive(&etcd, load)
}

fn row(clients: usize, seen: &Observed) {
    let etcd = &seen.etcd;
    println!(
        "{clients:>7} {:>8.1} {:>9.1} {:>9.2} {:>6.0} µs {:>6.0} µs {:>8.0} {:>9.1} {:>6.1} µs {:>6} µs {:>6} µs",
        etcd.puts / etcd.seconds,
        etcd.wal_fsyncs / etcd.seconds,
        etcd.puts / etcd.wal_fsyncs,
        etcd.wal_fsync_mean * 1e6,
        etcd.commit_mean * 1e6,
        etcd.commits,
        etcd.puts / etcd.commits,
        etcd.cpu_seconds / etcd.puts * 1e6,
        seen.latency(0.5).as_micros(),
        seen.latency(0.99).as_micros(),
    );
}
