//! In which ways a foreign program's work differs from what etcd does to a disk, from the options and figures it told.

mod file;
mod syncs;

pub(super) use syncs::FEWEST_FOR_P99;

use crate::plan::ImportPlan;
use crate::result::{Finding, Run, SeriesData, Severity};
use crate::units::{format_duration, format_share};
use crate::verdict::import::finding::{Complete, finding};

/// A shorter run misses what comes once a minute.
const SHORT_NS: u64 = 30_000_000_000;
/// Engines that call write(2) and fdatasync(2) one after the other, as etcd does. `psync` is fio's default on Linux.
const LIKE_ETCD: [&str; 5] = ["sync", "psync", "vsync", "pvsync", "pvsync2"];

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

    /// A size or a count.
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

/// What the traits are told from.
struct Ground<'a> {
    plan: &'a ImportPlan,
    options: Options<'a>,
    /// The syncs, where there are any.
    series: Option<&'a SeriesData>,
    syncs: u64,
    length_ns: u64,
}

/// How fio's job differs from etcd's write-ahead log.
pub(super) fn of_fio(plan: &ImportPlan, run: &Run) -> Vec<Trait> {
    let options = Options { plan };
    let phase = run.phases.first();
    let mut all = phase.into_iter().flat_map(|phase| &phase.series);
    let series = all.find(|series| series.series != "wal.write");
    let ground = Ground {
        plan,
        options,
        series,
        syncs: series.map_or(0, SeriesData::count),
        length_ns: phase.map_or(0, |phase| phase.length_ns),
    };
    let options = &ground.options;
    [
        syncs::without_device(&ground),
        Some(only_syncs(options)),
        syncs::few(&ground),
        syncs::call(options),
        syncs::opened_synced(&ground),
        syncs::every(&ground),
        file::block_size(&ground),
        pattern(options),
        reads(&ground),
        file::layout(options),
        file::allocation(options),
        file::passes(&ground),
        file::ended_early(&ground),
        direct(options),
        parallel(options),
        engine(options),
        pace(options),
        broke_off(plan),
        length(ground.length_ns),
        syncs::at_device(&ground),
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
            "It measured the syncs of one file{pace}: no backend commits through the same journal, no segment rotation, \
             no moment at which a sync was slow, and not whether a sync is real."
        ),
    )
    .advise("A verdict takes what etcd does: etcdbench disk DIR on that machine, about a minute.")
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

fn reads(ground: &Ground<'_>) -> Option<Trait> {
    let reads = ground.plan.reads;
    let told = ground.options.text("rw").is_some_and(|rw| rw.split(':').next() != Some("write"));
    (reads > 0 && !told).then(|| {
        Trait::new(
            "fio_reads",
            Bearing::Other,
            "reads beside the writes",
            "It read beside its writes; etcd's log is only written.",
        )
        .number("reads", reads as f64)
    })
}

fn broke_off(plan: &ImportPlan) -> Option<Trait> {
    let words = plan.broke_off.as_ref()?;
    Some(Trait::new(
        "fio_stopped",
        Bearing::Note,
        "stopped before its end",
        format!("{words} before its end: what it tells of is the part until then."),
    ))
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

/// How many writes were under way at a time.
pub(super) fn at_a_time(plan: &ImportPlan) -> u64 {
    let options = Options { plan };
    let jobs = options.number("numjobs").unwrap_or(1).max(1);
    let synchronous = options.text("ioengine").is_none_or(|engine| LIKE_ETCD.contains(&engine));
    let depth = if synchronous { 1 } else { options.number("iodepth").unwrap_or(1).max(1) };
    jobs.saturating_mul(depth)
}

fn parallel(options: &Options<'_>) -> Option<Trait> {
    let many = at_a_time(options.plan);
    (many > 1).then(|| {
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

fn length(length_ns: u64) -> Option<Trait> {
    (length_ns > 0 && length_ns < SHORT_NS).then(|| {
        let unseen = 1.0 - length_ns as f64 / 60e9;
        Trait::new(
            "fio_short",
            Bearing::Note,
            &format!("{} long", format_duration(length_ns)),
            format!(
                "It took {}: a stall that comes once a minute is missed by {} of such runs.",
                format_duration(length_ns),
                format_share(unseen)
            ),
        )
    })
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
