//! Neighbours: who else works on the disk while it is qualified, and how hard.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, usage};
use crate::spec::NeighbourArg;
use crate::suggest;
use crate::units::{exact_bytes, format_bytes, format_count, parse_bytes, significant};

/// The phases that neighbours work beside: those that load the disk. What others do of themselves (`idle`) and whether
/// a sync is real (`durability`) are found out alone.
pub(super) const PHASES_BESIDE: [&str; 4] = ["wal", "etcd", "commits", "capacity"];

/// What a file of `unpack` takes on the disk, on average.
pub const UNPACK_FILE_BYTES: u64 = 12 << 10;
/// What `sync` appends before each sync.
pub const SYNC_BYTES: u64 = 4 << 10;
/// `bulk` and `read` do this much at once, so that it is also the least they can do in a second.
pub const CHUNK_BYTES: u64 = 1 << 20;
/// The size of the files of `bulk` and `read`.
pub const FILE_BYTES: u64 = 128 << 20;
/// More at once than this are a mistake.
const MOST: usize = 16;
/// The word for no neighbour, so that "alone" can stand in a list beside the others.
const NONE: &str = "none";

/// What a neighbour does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeighbourKind {
    /// Many small files in a directory tree, created, renamed and removed, as an image that is unpacked.
    Unpack,
    /// Large files, written through the page cache and synced when they are full, as a backup.
    Bulk,
    /// Small appends, each with an fsync, as another database.
    Sync,
    /// A large file, read past the page cache.
    Read,
}

/// Somebody who works on the disk meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Neighbour {
    /// What it does.
    pub kind: NeighbourKind,
    /// How much of it, at most, in a second: files (`unpack`), bytes (`bulk`, `read`) or syncs (`sync`).
    pub per_second: u64,
    /// Where it works, absolute, in a fresh sub-directory; below the probe's directory when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
}

impl NeighbourKind {
    /// All there are.
    pub const ALL: [NeighbourKind; 4] =
        [NeighbourKind::Unpack, NeighbourKind::Bulk, NeighbourKind::Sync, NeighbourKind::Read];

    /// As it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            NeighbourKind::Unpack => "unpack",
            NeighbourKind::Bulk => "bulk",
            NeighbourKind::Sync => "sync",
            NeighbourKind::Read => "read",
        }
    }

    /// The counter that its rate is about.
    pub const fn counter(self) -> &'static str {
        match self {
            NeighbourKind::Unpack => "files",
            NeighbourKind::Bulk => "written_bytes",
            NeighbourKind::Sync => "syncs",
            NeighbourKind::Read => "read_bytes",
        }
    }

    /// So much of it in a second, for people: `64 MiB/s`, `100 syncs/s`.
    pub fn rate(self, per_second: f64) -> String {
        if self.is_in_bytes() {
            return format!("{}/s", format_bytes(per_second.round() as u64));
        }
        let count = if per_second < 100.0 {
            significant(per_second)
        } else {
            format_count(per_second.round() as u64)
        };
        format!("{count} {}/s", self.counter())
    }

    const fn is_in_bytes(self) -> bool {
        matches!(self, NeighbourKind::Bulk | NeighbourKind::Read)
    }

    /// An image of ten thousand files in ten seconds, half the throughput of a gp3 volume without extras (125 MiB/s),
    /// a database of a hundred commits a second: busy, and not the most that can be done to a disk.
    const fn default_rate(self) -> u64 {
        match self {
            NeighbourKind::Unpack => 1_000,
            NeighbourKind::Bulk | NeighbourKind::Read => 64 << 20,
            NeighbourKind::Sync => 100,
        }
    }

    const fn bounds(self) -> (u64, u64) {
        match self {
            NeighbourKind::Unpack | NeighbourKind::Sync => (1, 100_000),
            NeighbourKind::Bulk | NeighbourKind::Read => (CHUNK_BYTES, 64 << 30),
        }
    }

    fn parse_rate(self, text: &str) -> Result<u64> {
        let parsed = if self.is_in_bytes() {
            parse_bytes(text)
        } else {
            let whole = text.parse::<u64>();
            whole.map_err(|_| format!("'{text}' is not a whole number of {}", self.counter()))
        };
        let (low, high) = self.bounds();
        let shown = |value| match self.is_in_bytes() {
            true => exact_bytes(value),
            false => format!("{value}"),
        };
        let name = self.name();
        let rate = parsed
            .map_err(|why| usage(&["--neighbour"], format!("--neighbour {name}={text}: {why}")))?;
        if (low..=high).contains(&rate) {
            return Ok(rate);
        }
        Err(usage(
            &["--neighbour"],
            format!(
                "--neighbour {name}={text} is out of range; it must be {} to {} in a second",
                shown(low),
                shown(high)
            ),
        ))
    }

    /// What it has on the disk at most, at any moment.
    pub const fn footprint_bytes(self) -> u64 {
        match self {
            NeighbourKind::Unpack => 64 << 20,
            // The file that is being written, and the one before.
            NeighbourKind::Bulk => 2 * FILE_BYTES,
            NeighbourKind::Sync => 32 << 20,
            NeighbourKind::Read => FILE_BYTES,
        }
    }
}

impl Neighbour {
    /// Where it works when the probe works in `probe`.
    pub fn place<'a>(&'a self, probe: &'a Path) -> &'a Path {
        self.directory.as_deref().unwrap_or(probe)
    }

    /// What it is and how hard it is to work: `bulk (64 MiB/s)`.
    pub fn told(&self) -> String {
        let rate = self.kind.rate(self.per_second as f64);
        format!("{} ({rate})", self.kind.name())
    }

    /// What it writes in so many seconds.
    pub(super) fn bytes_in(&self, seconds: f64) -> u64 {
        let units = self.per_second as f64 * seconds;
        // Saturates, which is what an upper bound wants.
        match self.kind {
            NeighbourKind::Unpack => (units * UNPACK_FILE_BYTES as f64) as u64,
            NeighbourKind::Bulk => units as u64,
            NeighbourKind::Sync => (units * SYNC_BYTES as f64) as u64,
            // What it is going to read.
            NeighbourKind::Read => FILE_BYTES,
        }
    }

    /// One neighbour as it was typed; nothing for none.
    ///
    /// # Errors
    /// [`Error::Usage`] naming what is wrong and what there is.
    pub fn resolve(arg: &NeighbourArg) -> Result<Option<Neighbour>> {
        let kind = NeighbourKind::ALL.into_iter().find(|k| k.name() == arg.kind);
        let Some(kind) = kind else {
            return no_neighbour(arg);
        };
        let rate = arg.rate.as_deref();
        let directory = arg.directory.as_ref();
        let absolute =
            directory.map(|dir| std::path::absolute(dir).map_err(Error::io("resolve", dir)));
        Ok(Some(Neighbour {
            kind,
            per_second: rate.map_or(Ok(kind.default_rate()), |text| kind.parse_rate(text))?,
            directory: absolute.transpose()?,
        }))
    }
}

/// As it is typed.
impl fmt::Display for Neighbour {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.kind.name())?;
        if self.per_second != self.kind.default_rate() {
            match self.kind.is_in_bytes() {
                true => write!(to, "={}", exact_bytes(self.per_second))?,
                false => write!(to, "={}", self.per_second)?,
            }
        }
        match &self.directory {
            Some(directory) => write!(to, "@{}", directory.display()),
            None => Ok(()),
        }
    }
}

/// What is left of a word that is no kind: the one for nobody, or a mistake.
fn no_neighbour(arg: &NeighbourArg) -> Result<Option<Neighbour>> {
    if arg.kind != NONE {
        let mut known = NeighbourKind::ALL.map(NeighbourKind::name).to_vec();
        known.push(NONE);
        let why = suggest::unknown("kind", &arg.kind, &known);
        return Err(usage(&["--neighbour"], format!("--neighbour: {why}")));
    }
    match &arg.rate {
        None => Ok(None),
        Some(rate) => Err(usage(
            &["--neighbour"],
            format!(
                "--neighbour none={rate}: none does nothing and has no rate; drop it, or name a kind"
            ),
        )),
    }
}

/// All neighbours that were asked for.
pub(super) fn resolve(args: &[NeighbourArg]) -> Result<Vec<Neighbour>> {
    let found = args.iter().filter_map(|arg| Neighbour::resolve(arg).transpose());
    let neighbours = found.collect::<Result<Vec<_>>>()?;
    if neighbours.len() > MOST {
        return Err(usage(
            &["--neighbour"],
            format!(
                "--neighbour is given {} times; at most {MOST} work at once, raise their rates instead",
                neighbours.len()
            ),
        ));
    }
    Ok(neighbours)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::plan::DiskPlan;

    fn plan(flags: &[&str]) -> Result<DiskPlan> {
        let words = [&["etcdbench", "disk", "/srv"], flags].concat();
        let Command::Disk(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!("not the disk subcommand");
        };
        DiskPlan::resolve(&args.spec)
    }

    fn neighbour(text: &str) -> Option<Neighbour> {
        plan(&["--neighbour", text]).unwrap().neighbours.pop()
    }

    #[test]
    fn kind_rate_and_place() {
        let bulk = neighbour("bulk").unwrap();
        assert_eq!((bulk.kind, bulk.per_second), (NeighbourKind::Bulk, 64 << 20));
        assert_eq!(bulk.directory, None);
        let sync = neighbour("sync=250@/mnt/a@b=c").unwrap();
        assert_eq!(sync.per_second, 250);
        assert_eq!(sync.directory, Some(PathBuf::from("/mnt/a@b=c")));
        assert_eq!(neighbour("read=1GB").unwrap().per_second, 1_000_000_000);
        assert_eq!(neighbour("unpack@/mnt").unwrap().per_second, 1_000);
        assert_eq!(neighbour("none"), None);
        assert_eq!(neighbour("none@/mnt"), None);
    }

    #[test]
    fn it_is_told_with_its_unit() {
        let told = |text: &str| neighbour(text).unwrap().told();
        assert_eq!(told("bulk"), "bulk (64 MiB/s)");
        assert_eq!(told("sync"), "sync (100 syncs/s)");
        assert_eq!(told("unpack"), "unpack (1,000 files/s)");
        assert_eq!(NeighbourKind::Sync.rate(1.234), "1.23 syncs/s");
    }

    #[test]
    fn what_they_write_is_part_of_the_budget() {
        let bytes = |flags: &[&str]| plan(flags).unwrap().max_bytes;
        let alone = bytes(&[]);
        // wal 8 s, etcd 35 s, commits 3 s, capacity 14 s.
        assert!(bytes(&["--neighbour", "bulk"]) >= alone + 60 * (64 << 20));
        assert!(bytes(&["--neighbour", "sync", "--neighbour", "unpack"]) > alone);
        assert_eq!(bytes(&["--neighbour", "none"]), alone);
        let flags = ["--neighbour", "bulk", "--max-bytes", "1GiB"];
        let said = plan(&flags).unwrap_err().to_string();
        assert!(said.contains("--max-bytes 1GiB is too little"), "{said}");
        assert!(said.contains("slower --neighbour"), "{said}");
    }

    #[test]
    fn nobody_works_beside_nothing() {
        let flags = ["--neighbour", "bulk", "--phases", "idle,durability"];
        let said = plan(&flags).unwrap_err().to_string();
        assert!(said.contains("--phases leaves them all out"), "{said}");
    }
}
