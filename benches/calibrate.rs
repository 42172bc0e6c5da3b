//! A real etcd, the probe and fio's recipe side by side: how far each is from what etcd itself measures.
//!
//! `scripts/calibrate [DIR] [--throttle IOPS] [--fs ext4] [--clients 1,10,100] [--seconds 20]`

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;
use support::fio;
use support::loopdisk::LoopDisk;
use support::sides::{self, Figures};

/// The recipe of etcd's documentation and of most guides: 22 MiB in writes of 2300 bytes, an fdatasync after each.
const RECIPE_BYTES: u64 = 2300;
const RECIPE: &str = "--size=22m";
/// Room for the segments and databases of one run.
const LOOP_MEBIBYTES: u64 = 3072;

#[derive(Parser)]
struct Arguments {
    /// On the disk to compare on; each side works in a fresh directory below
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// Use a fresh loop device below DIR, held to so many writes per second (needs root)
    #[arg(long, value_name = "IOPS")]
    throttle: Option<u32>,
    /// File system of the loop device
    #[arg(long, value_name = "FILE SYSTEM", default_value = "ext4")]
    fs: String,
    /// The etcd to run
    #[arg(long, default_value = "etcd")]
    etcd: PathBuf,
    /// Client counts
    #[arg(long, value_delimiter = ',', default_value = "1,10,100")]
    clients: Vec<usize>,
    /// Measured seconds per side and client count
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// Where one side runs: a directory of its own, or a file system of its own.
enum Place {
    Plain(tempfile::TempDir),
    Loop(LoopDisk),
}

impl Place {
    fn fresh(arguments: &Arguments) -> Self {
        match arguments.throttle {
            Some(iops) => {
                let disk = LoopDisk::below(&arguments.directory, &arguments.fs, LOOP_MEBIBYTES);
                Place::Loop(disk.throttled(iops))
            }
            None => Place::Plain(
                tempfile::tempdir_in(&arguments.directory).expect("a directory below DIR"),
            ),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Place::Plain(directory) => directory.path(),
            Place::Loop(disk) => disk.path(),
        }
    }

    fn command(&self, program: &Path) -> Command {
        match self {
            Place::Plain(_) => Command::new(program),
            Place::Loop(disk) => disk.command(program),
        }
    }
}

fn main() {
    let arguments = Arguments::parse();
    println!(
        "| clients | side | puts/s | mean wal.fsync | mean backend.commit | puts per sync | etcd's CPU per put |"
    );
    println!("|---|---|---|---|---|---|---|");
    for &clients in &arguments.clients {
        let load = sides::small_puts(clients, arguments.seconds);
        let place = Place::fresh(&arguments);
        let wrapped = |program: &Path| place.command(program);
        let seen = sides::etcd(&arguments.etcd, place.path(), wrapped, load);
        let (etcd, per_sync) = (Figures::of_etcd(&seen), seen.etcd.puts / seen.etcd.wal_fsyncs);
        let processor = seen.etcd.cpu_seconds / seen.etcd.puts * 1e6;
        row(clients, "etcd", &etcd, &format!("{per_sync:.1} | {processor:.0} µs"));
        drop(place);

        let place = Place::fresh(&arguments);
        let probe = sides::probe(place.path(), |program| place.command(program), load);
        row(clients, "probe", &probe, "|");
        let off = |of: fn(&Figures) -> f64| (of(&probe) / of(&etcd) - 1.0) * 100.0;
        println!(
            "| {clients} | probe to etcd | {:+.0} % | {:+.0} % | {:+.0} % | | |",
            off(|side| side.puts_per_s),
            off(|side| side.fsync_mean),
            off(|side| side.commit_mean),
        );
    }
    let place = Place::fresh(&arguments);
    let more = format!("{RECIPE} --runtime={}", arguments.seconds);
    let wrapped = |program: &Path| place.command(program);
    let recipe = fio::write_and_sync(place.path(), wrapped, RECIPE_BYTES, &more);
    println!("| any | fio's recipe | | {} | | | |", milliseconds(recipe.mean));
}

fn row(clients: usize, side: &str, figures: &Figures, more: &str) {
    println!(
        "| {clients} | {side} | {:.0} | {} | {} | {more} |",
        figures.puts_per_s,
        milliseconds(figures.fsync_mean),
        milliseconds(figures.commit_mean),
    );
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.3} ms", seconds * 1e3)
}
