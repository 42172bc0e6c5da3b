//! A real etcd, the probe and fio's recipe side by side: how far each is from what etcd itself measures.
//!
//! `scripts/calibrate [DIR] [--etcd PROGRAM] [--repeat 2] [ROW …]`, a row being IOPS:FILE-SYSTEM:LOAD:VALUE: `1000:ext4:40:100`
//! is forty clients with values of 100 bytes on ext4 held to 1,000 writes/s, `0:xfs:3000/s:1024` an open loop on XFS
//! without a limit.

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::thread::sleep;
use std::time::Duration;

use clap::Parser;
use support::etcd::Etcd;
use support::loopdisk::LoopDisk;
use support::probe;

/// Room for the segments and databases of one run.
const LOOP_MEBIBYTES: u64 = 3072;
/// Before figures are taken.
const WARM_UP_S: u64 = 3;
const KEY_BYTES: &str = "32";

/// Those that the costs were fitted to …
const FITTED: &[&str] = &[
    "0:ext4:1:1024",
    "0:ext4:10:1024",
    "0:ext4:100:1024",
    "0:ext4:1000:1024",
    "2500:xfs:300:1024",
    "150:ext4:300:100",
    "1000:ext4:40:100",
    "0:ext4:3000/s:1024",
];
/// … and those that they were only tested on.
const TESTED: &[&str] = &[
    "150:ext4:7:1024",
    "150:xfs:40:1024",
    "400:ext4:100:256",
    "1000:ext4:300:1024",
    "1000:xfs:1:1024",
    "1000:xfs:7:8192",
    "2500:ext4:1:100",
    "2500:xfs:30:512",
    "0:xfs:40:4096",
    "0:ext4:1000/s:1024",
    "0:ext4:5000/s:256",
];

#[derive(Parser)]
struct Arguments {
    /// On the disk to compare on; each side works on a fresh file system below
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// The etcd to run
    #[arg(long, default_value = "etcd")]
    etcd: PathBuf,
    /// Measured seconds per side
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Runs of each side, in turn; means are compared
    #[arg(long, default_value_t = 2)]
    repeat: usize,
    /// Rows; without any those of docs/calibration.md
    rows: Vec<Row>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// One condition.
#[derive(Clone)]
struct Row {
    iops: u32,
    file_system: String,
    load: String,
    val_size: u32,
}

impl FromStr for Row {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text}: a row is IOPS:FILE-SYSTEM:LOAD:VALUE, as 1000:ext4:40:100");
        let [iops, file_system, load, val_size] =
            <[&str; 4]>::try_from(text.split(':').collect::<Vec<_>>()).map_err(|_| wrong())?;
        Ok(Row {
            iops: iops.parse().map_err(|_| wrong())?,
            file_system: file_system.to_owned(),
            load: load.to_owned(),
            val_size: val_size.parse().map_err(|_| wrong())?,
        })
    }
}

impl Row {
    fn disk(&self, below: &Path) -> LoopDisk {
        let disk = LoopDisk::below(below, &self.file_system, LOOP_MEBIBYTES);
        if self.iops == 0 { disk } else { disk.throttled(self.iops) }
    }

    /// The flags that `load put` and `disk` have in common.
    fn flags(&self, command: &mut Command) {
        match self.load.strip_suffix("/s") {
            Some(rate) => command.args(["--rate", rate]),
            None => command.args(["--clients", &self.load]),
        };
        command.args(["--key-size", KEY_BYTES, "--val-size", &self.val_size.to_string()]);
    }
}

/// What one side shows; times in milliseconds.
#[derive(Clone, Copy, Default)]
struct Side {
    puts_per_s: f64,
    /// What etcd tells of its fsync, or would.
    fsync: f64,
    /// The part of it that is the disk's.
    disk: f64,
    commit: f64,
    puts_per_sync: f64,
}

fn main() {
    let mut arguments = Arguments::parse();
    let rows = std::mem::take(&mut arguments.rows);
    println!(
        "| IOPS, file system, load, value | puts/s | wal.fsync ms | of it the disk | backend.commit ms | puts per sync |"
    );
    println!("|---|---|---|---|---|---|");
    if rows.is_empty() {
        table(&arguments, "fitted to", &parsed(FITTED));
        table(&arguments, "tested on", &parsed(TESTED));
    } else {
        table(&arguments, "asked for", &rows);
    }
}

fn parsed(rows: &[&str]) -> Vec<Row> {
    rows.iter().map(|row| row.parse().expect("a row")).collect()
}

fn table(arguments: &Arguments, name: &str, rows: &[Row]) {
    println!("| **{name}** | | | | | |");
    for row in rows {
        let (mut etcd, mut probe) = (Vec::new(), Vec::new());
        for _ in 0..arguments.repeat {
            etcd.push(of_etcd(arguments, row));
            probe.push(of_probe(arguments, row));
        }
        let (etcd, probe) = (mean(&etcd), mean(&probe));
        let iops = if row.iops == 0 { "none".to_owned() } else { row.iops.to_string() };
        let both = |of: fn(&Side) -> f64, digits: usize| {
            let (etcd, probe) = (of(&etcd), of(&probe));
            format!("{etcd:.digits$} / {probe:.digits$} ({:.2})", probe / etcd)
        };
        println!(
            "| {iops} {} {} {} | {} | {} | {:.2} | {} | {} |",
            row.file_system,
            row.load,
            row.val_size,
            both(|side| side.puts_per_s, 0),
            both(|side| side.fsync, 2),
            probe.disk,
            both(|side| side.commit, 2),
            both(|side| side.puts_per_sync, 1),
        );
    }
}

fn mean(sides: &[Side]) -> Side {
    let of = |of: fn(&Side) -> f64| sides.iter().map(of).sum::<f64>() / sides.len() as f64;
    Side {
        puts_per_s: of(|side| side.puts_per_s),
        fsync: of(|side| side.fsync),
        disk: of(|side| side.disk),
        commit: of(|side| side.commit),
        puts_per_sync: of(|side| side.puts_per_sync),
    }
}

/// A fresh etcd under `etcdbench load put`, by its own metrics.
fn of_etcd(arguments: &Arguments, row: &Row) -> Side {
    let disk = row.disk(&arguments.directory);
    let etcd = Etcd::start(&arguments.etcd, disk.path(), |program| disk.command(program));
    let scratch = probe::scratch();
    let seconds = arguments.seconds + WARM_UP_S + 2;
    let mut load = Command::new(probe::program());
    load.args(["load", "put", "--quiet", "--endpoints", &etcd.endpoint()])
        .args(["--duration", &format!("{seconds}s"), "--allow-quota"])
        .arg("--result")
        .arg(scratch.path().join("load.jsonl"))
        .stdout(Stdio::null());
    row.flags(&mut load);
    let mut load = load.spawn().expect("etcdbench can be started");
    sleep(Duration::from_secs(WARM_UP_S));
    let before = etcd.scrape();
    sleep(Duration::from_secs(arguments.seconds));
    let seen = etcd.scrape().since(&before);
    load.wait().expect("the load ends");
    Side {
        puts_per_s: seen.puts / seen.seconds,
        fsync: seen.wal_fsync_mean * 1e3,
        disk: f64::NAN,
        commit: seen.commit_mean * 1e3,
        puts_per_sync: seen.puts / seen.wal_fsyncs,
    }
}

fn of_probe(arguments: &Arguments, row: &Row) -> Side {
    let disk = row.disk(&arguments.directory);
    let scratch = probe::scratch();
    let result = scratch.path().join("result.jsonl");
    let phases = format!("--quiet --phases etcd={}s", arguments.seconds);
    let mut command = probe::disk(disk.command(probe::program()), disk.path(), &result, &phases);
    row.flags(&mut command);
    let run = probe::finish(command, &result).read();
    let fsync = probe::mean(&run, "etcd", "wal.fsync") * 1e3;
    let puts_per_s = probe::rate(&run, "etcd", "put.commit");
    Side {
        puts_per_s,
        fsync: fsync + probe::waited_for_a_cpu(&run) * 1e3,
        disk: fsync,
        commit: probe::mean(&run, "etcd", "backend.commit") * 1e3,
        puts_per_sync: puts_per_s / probe::rate(&run, "etcd", "wal.fsync"),
    }
}
