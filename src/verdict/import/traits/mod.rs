//! In which ways a foreign program's work differs from what etcd does to a disk, from the options and figures it told.

mod file;
mod found;
mod syncs;

pub(super) use found::{Bearing, Trait};
use found::{Options, RuleInput};
pub(super) use syncs::FEWEST_FOR_P99;

use crate::plan::ImportPlan;
use crate::result::{Run, SeriesData};
use crate::units::{format_duration, format_share};

/// A shorter run misses what comes once a minute.
const SHORT_NS: u64 = 30_000_000_000;
/// Engines that call write(2) and fdatasync(2) one after the other, as etcd does. `psync` is fio's default on Linux.
const LIKE_ETCD: [&str; 5] = ["sync", "psync", "vsync", "pvsync", "pvsync2"];

/// How fio's job differs from etcd's write-ahead log.
pub(super) fn of_fio(plan: &ImportPlan, run: &Run) -> Vec<Trait> {
    let options = Options { plan };
    let phase = run.phases.first();
    let mut all = phase.into_iter().flat_map(|phase| &phase.series);
    let series = all.find(|series| series.series != "wal.write");
    let input = RuleInput {
        plan,
        options,
        series,
        syncs: series.map_or(0, SeriesData::count),
        length_ns: phase.map_or(0, |phase| phase.length_ns),
    };
    let options = &input.options;
    [
        syncs::without_device(&input),
        Some(only_syncs(options)),
        syncs::few(&input),
        syncs::call(options),
        syncs::opened_synced(&input),
        syncs::every(&input),
        file::block_size(&input),
        pattern(options),
        reads(&input),
        file::layout(options),
        file::allocation(options),
        file::passes(&input),
        file::ended_early(&input),
        direct(options),
        parallel(options),
        engine(options),
        pace(options),
        broke_off(plan),
        length(input.length_ns),
        syncs::at_device(&input),
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

fn reads(input: &RuleInput<'_>) -> Option<Trait> {
    let reads = input.plan.reads;
    let told = input.options.text("rw").is_some_and(|rw| rw.split(':').next() != Some("write"));
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
             failed requests are in none of them. Their uncertainty is unknown.",
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
