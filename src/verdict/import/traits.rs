//! In which ways a foreign program's work differs from what etcd does to a disk, from the options it told.

use crate::plan::{ImportPlan, Layout};
use crate::result::{Finding, Run, Severity};
use crate::units::{format_count, format_duration, format_share, significant};
use crate::verdict::finding::{Complete, finding};

/// The block of a file system; a sync after a write into a fresh one commits the file system's journal.
const BLOCK: u64 = 4096;
/// More bytes per sync than etcd writes at once but for the largest values.
const LARGE: u64 = 64 * 1024;
/// A shorter run misses what comes once a minute.
const SHORT_NS: u64 = 30_000_000_000;
/// Engines that call write(2) and fdatasync(2) one after the other, as etcd does. `psync` is fio's default on Linux.
const LIKE_ETCD: [&str; 5] = ["sync", "psync", "vsync", "pvsync", "pvsync2"];
/// Fewer writes at the device per sync than this mean that syncs did not get there.
const FEWEST_WRITES: f64 = 0.9;

/// How a difference bears on the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearing {
    /// Good to know.
    Note,
    /// The disk had it easier than under etcd: a limit that held says little.
    Easier,
    /// The disk had it harder than under etcd: a limit that broke says little.
    Harder,
    /// It was another test.
    Other,
}

/// One difference.
#[derive(Debug, Clone)]
pub(super) struct Trait {
    pub code: &'static str,
    pub bearing: Bearing,
    /// In a few words; empty for what is no difference.
    pub brief: String,
    /// In a sentence or two.
    pub message: String,
    pub advice: Option<&'static str>,
    pub numbers: Vec<(&'static str, f64)>,
}

impl Trait {
    fn new(code: &'static str, bearing: Bearing, brief: &str, message: impl Into<String>) -> Self {
        Trait {
            code,
            bearing,
            brief: brief.to_owned(),
            message: message.into(),
            advice: None,
            numbers: Vec::new(),
        }
    }

    fn number(mut self, name: &'static str, value: f64) -> Self {
        self.numbers.push((name, value));
        self
    }

    fn advise(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }

    /// As something worth knowing.
    pub fn finding(&self) -> Finding {
        let severity = match self.bearing {
            Bearing::Note => Severity::Info,
            _ => Severity::Warning,
        };
        let numbers = self.numbers.iter();
        let bare = finding(self.code, severity, self.message.clone());
        let found = numbers.fold(bare, |found, &(name, value)| found.number(name, value));
        match self.advice {
            Some(advice) => found.advise(advice),
            None => found,
        }
    }
}

/// fio's options, as numbers where they are.
struct Options<'a> {
    plan: &'a ImportPlan,
}

impl<'a> Options<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.plan.options.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        size(self.text(name)?)
    }

    fn is_on(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value != "0")
    }
}

/// fio's sizes: `2300`, `4k`, `22m`; powers of 1024. Of a range, or of one size per direction, the largest.
fn size(text: &str) -> Option<u64> {
    let one = |text: &str| -> Option<u64> {
        let text = text.trim().to_ascii_lowercase();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let shift = match text[digits.len()..].chars().next() {
            None | Some('b') => 0,
            Some('k') => 10,
            Some('m') => 20,
            Some('g') => 30,
            Some('t') => 40,
            Some(_) => return None,
        };
        digits.parse::<u64>().ok()?.checked_mul(1 << shift)
    };
    text.split([',', '-']).filter_map(one).max()
}

/// How fio's job differs from etcd's write-ahead log.
pub(super) fn of_fio(plan: &ImportPlan, run: &Run) -> Vec<Trait> {
    let options = Options { plan };
    let phase = run.phases.first();
    let syncs = phase
        .into_iter()
        .flat_map(|phase| &phase.series)
        .find(|series| series.series != "wal.write")
        .map_or(0, |series| series.count());
    let length_ns = phase.map_or(0, |phase| phase.length_ns);
    [
        Some(only_syncs(&options)),
        sync_call(&options),
        sync_every(&options),
        block_size(&options),
        pattern(&options),
        layout(&options),
        allocation(&options),
        passes(&options),
        direct(&options),
        parallel(&options),
        engine(&options),
        pace(&options),
        length(syncs, length_ns),
        device_writes(plan, syncs),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn only_syncs(options: &Options<'_>) -> Trait {
    let paced = options.is_on("rate_iops") || options.is_on("thinktime");
    let pace = if paced { "" } else { ", back to back" };
    Trait::new(
        "fio_syncs_only",
        Bearing::Note,
        "syncs of one file alone",
        format!(
            "fio measured the syncs of one file{pace}: no backend commits through the same journal, no segment rotation, \
             no moment at which a sync was slow, and not whether a sync is real."
        ),
    )
    .advise("A verdict takes what etcd does: etcdbench disk DIR on that machine, about a minute.")
}

fn sync_call(options: &Options<'_>) -> Option<Trait> {
    if options.is_on("fdatasync") || !options.is_on("fsync") {
        return None;
    }
    Some(Trait::new(
        "fio_fsync",
        Bearing::Harder,
        "fsync instead of fdatasync",
        "It called fsync, which also writes the times of the file; etcd's log calls fdatasync, which does not.",
    ))
}

fn sync_every(options: &Options<'_>) -> Option<Trait> {
    let every =
        options.number("fdatasync").filter(|n| *n > 0).or_else(|| options.number("fsync"))?;
    (every > 1).then(|| {
        Trait::new(
            "fio_sync_every",
            Bearing::Other,
            &format!("a sync after every {every} writes"),
            format!("It synced after every {every} writes only; etcd syncs after each."),
        )
        .number("writes_per_sync", every as f64)
    })
}

fn block_size(options: &Options<'_>) -> Option<Trait> {
    let bytes = options.number("bs")?;
    let fresh = (bytes as f64 / BLOCK as f64).min(1.0);
    let brief = format!("{} B a write", format_count(bytes));
    let bearing = if bytes > LARGE { Bearing::Harder } else { Bearing::Note };
    Some(
        Trait::new(
            "fio_block_size",
            bearing,
            &brief,
            format!(
                "{} B a write: {} of the syncs met a fresh 4 KiB block and had to commit the file system's journal. In \
                 etcd the size of the puts decides that share, and with it the median.",
                format_count(bytes),
                format_share(fresh)
            ),
        )
        .number("bytes", bytes as f64)
        .number("fresh_share", fresh),
    )
}

fn pattern(options: &Options<'_>) -> Option<Trait> {
    let pattern = options.text("rw")?.split(':').next().unwrap_or_default();
    (pattern != "write").then(|| {
        Trait::new(
            "fio_pattern",
            Bearing::Other,
            &format!("rw={pattern}"),
            format!("It ran rw={pattern}; etcd's log is written from front to back."),
        )
    })
}

fn layout(options: &Options<'_>) -> Option<Trait> {
    let device = options.text("filename").is_some_and(|name| name.starts_with("/dev/"));
    match options.plan.layout {
        Layout::Overwritten if device => Some(Trait::new(
            "fio_raw_device",
            Bearing::Easier,
            "a raw device",
            "It wrote to a raw device: no file system and no journal, which under etcd is most of a sync.",
        )),
        Layout::Overwritten => Some(
            Trait::new(
                "fio_overwrote",
                Bearing::Easier,
                "an old file overwritten",
                "It overwrote a file that was there before: that needs no journal. etcd never writes a block of its log \
                 twice.",
            )
            .advise("Remove the file before the run, or add --unlink=1."),
        ),
        Layout::Unknown if options.plan.program == crate::plan::Program::Fio => Some(
            Trait::new(
                "fio_layout_unknown",
                Bearing::Note,
                "the file's state before unknown",
                "It is not told whether the file was there before: a second run overwrites what the first one wrote, needs \
                 no journal, and looks better than any etcd will.",
            )
            .advise("Add --unlink=1, so that every run has a fresh file."),
        ),
        _ => None,
    }
}

fn allocation(options: &Options<'_>) -> Option<Trait> {
    let how = options.text("fallocate")?;
    matches!(how, "none" | "0").then(|| {
        Trait::new(
            "fio_growing_file",
            Bearing::Harder,
            "a file that grows",
            "Its file grew with every write (fallocate=none), so that every sync commits a new size; etcd reserves its \
             segments beforehand.",
        )
    })
}

fn passes(options: &Options<'_>) -> Option<Trait> {
    let (bytes, size) = (options.number("bs")?, options.number("size")?);
    let jobs = options.number("numjobs").unwrap_or(1).max(1);
    let passes = options.plan.writes as f64 * bytes as f64 / (size.max(1) as f64 * jobs as f64);
    (passes > 1.01).then(|| {
        let over = 1.0 - 1.0 / passes;
        Trait::new(
            "fio_wrapped",
            Bearing::Easier,
            &format!("its file written {} times over", significant(passes)),
            format!(
                "It wrote its file {} times over: {} of the syncs overwrote blocks that were written before, which needs \
                 no journal.",
                significant(passes),
                format_share(over)
            ),
        )
        .number("passes", passes)
        .advise("Give it a --size that the run does not reach, and no --time_based.")
    })
}

fn direct(options: &Options<'_>) -> Option<Trait> {
    let buffered = options.text("buffered") == Some("0");
    (options.is_on("direct") || buffered).then(|| {
        Trait::new(
            "fio_direct",
            Bearing::Other,
            "O_DIRECT",
            "It wrote past the page cache (direct=1), so that the data went out with the write and not with the sync; \
             etcd writes through the cache.",
        )
    })
}

fn parallel(options: &Options<'_>) -> Option<Trait> {
    let jobs = options.number("numjobs").unwrap_or(1).max(1);
    let synchronous = options.text("ioengine").is_none_or(|engine| LIKE_ETCD.contains(&engine));
    let depth = if synchronous { 1 } else { options.number("iodepth").unwrap_or(1).max(1) };
    (jobs * depth > 1).then(|| {
        let many = jobs.saturating_mul(depth);
        Trait::new(
            "fio_parallel",
            Bearing::Harder,
            &format!("{many} writes at a time"),
            format!("{many} writes were under way at a time; one etcd has one log and one sync of it at a time."),
        )
        .number("at_a_time", many as f64)
    })
}

fn engine(options: &Options<'_>) -> Option<Trait> {
    let engine = options.text("ioengine")?;
    (!LIKE_ETCD.contains(&engine)).then(|| {
        Trait::new(
            "fio_engine",
            Bearing::Other,
            &format!("ioengine={engine}"),
            format!(
                "It ran ioengine={engine}; etcd calls write and fdatasync, one after the other."
            ),
        )
    })
}

fn pace(options: &Options<'_>) -> Option<Trait> {
    let paced = options.is_on("rate_iops") || options.is_on("thinktime");
    paced.then(|| {
        Trait::new(
            "fio_paced",
            Bearing::Note,
            "paced, but waits delay what follows",
            "It was paced, but a slow sync delays the writes after it in place of letting them pile up, as puts would.",
        )
    })
}

fn length(syncs: u64, length_ns: u64) -> Option<Trait> {
    (length_ns > 0 && length_ns < SHORT_NS).then(|| {
        let unseen = 1.0 - length_ns as f64 / 60e9;
        Trait::new(
            "fio_short",
            Bearing::Note,
            &format!("{} long", format_duration(length_ns)),
            format!(
                "{} syncs in {}: a stall that comes once a minute is missed by {} of such runs.",
                format_count(syncs),
                format_duration(length_ns),
                format_share(unseen)
            ),
        )
        .number("syncs", syncs as f64)
    })
}

fn device_writes(plan: &ImportPlan, syncs: u64) -> Option<Trait> {
    let busiest = plan.devices.iter().max_by_key(|device| device.writes)?;
    if syncs == 0 {
        return None;
    }
    let per_sync = busiest.writes as f64 / syncs as f64;
    let found = if per_sync < FEWEST_WRITES {
        Trait::new(
            "fio_syncs_not_at_device",
            Bearing::Easier,
            "syncs that never reached the device",
            format!(
                "{} counted {} writes for {} syncs: not every sync got there, so that what was synced may be lost with \
                 the power.",
                busiest.name,
                format_count(busiest.writes),
                format_count(syncs)
            ),
        )
        .advise("etcdbench disk DIR watches single syncs at the device.")
    } else {
        Trait::new(
            "fio_device_writes",
            Bearing::Note,
            "",
            format!(
                "{} counted {} writes per sync, those of everybody included; more than one is the file system's journal.",
                busiest.name,
                significant(per_sync)
            ),
        )
    };
    Some(found.number("device_writes_per_sync", per_sync))
}

/// How the work of etcd's benchmark differs from an open loop.
pub(super) fn of_benchmark() -> Vec<Trait> {
    vec![
        Trait::new(
            "benchmark_closed_loop",
            Bearing::Easier,
            "a closed loop that leaves out the wait behind a stall",
            "etcd's benchmark sends the next request when the last one is answered, and waits for its --rate before it \
             looks at the clock: a stall is one slow request per client, however many would have been due meanwhile. Real \
             latencies under stalls are longer.",
        )
        .advise("etcdbench load --rate charges every delay to the requests that were due."),
        Trait::new(
            "benchmark_quantiles",
            Bearing::Note,
            "quantiles only",
            "Its report holds quantiles, not samples, taken one rank too high, and rounded to 0.1 ms without --precise; \
             failed requests are in none of them. Nothing can be said of the doubt about them.",
        ),
        Trait::new(
            "benchmark_options_unknown",
            Bearing::Note,
            "clients, sizes and keys unknown",
            "Its report does not tell how many clients and connections it had, the sizes of keys and values, how many keys \
             there were, and which etcd it drove.",
        )
        .advise("Keep them as labels: --label clients=100 --label val-size=256."),
    ]
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_as_fio_takes_them() {
        for (text, bytes) in [
            ("2300", Some(2300)),
            ("22m", Some(22 << 20)),
            ("4k", Some(4096)),
            ("4K,8k", Some(8192)),
            ("4k-64k", Some(65536)),
            ("1gb", Some(1 << 30)),
            ("100%", None),
            ("", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}
