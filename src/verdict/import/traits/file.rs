//! What the writes met: a fresh file or an old one, once or many times over, in small pieces or large ones.

use crate::plan::Layout;
use crate::units::{format_bytes, format_count, format_share, significant};

use super::{Bearing, Options, RuleInput, Trait};

/// The block of a file system; a sync after a write into a fresh one commits the file system's journal.
const BLOCK: u64 = 4096;
/// Fewer bytes per sync than the smallest put of etcd makes: its record, with what frames it.
const SMALL: u64 = 64;
/// More bytes per sync than etcd writes at once but for the largest values.
const LARGE: u64 = 64 * 1024;
/// More of its file than this was written before a run counts as whole.
const WHOLE: f64 = 0.98;

pub(super) fn block_size(input: &RuleInput<'_>) -> Option<Trait> {
    let options = &input.options;
    let bytes = options.number("bs").filter(|bytes| *bytes > 0)?;
    let fresh = (bytes as f64 / BLOCK as f64).min(1.0);
    let brief = format!("{} B a write", format_count(bytes));
    let bearing = match bytes {
        ..SMALL => Bearing::Easier,
        SMALL..=LARGE => Bearing::Note,
        _ => Bearing::Harder,
    };
    let rest = match bytes {
        ..SMALL => "; no put of etcd writes so little, and most syncs met a block that was there.".to_owned(),
        SMALL..=LARGE if is_fresh(input) => format!(
            ": {} of the syncs met a fresh 4 KiB block and had to commit the file system's journal. In etcd the size of \
             the puts decides that share, and with it the median.",
            format_share(fresh)
        ),
        SMALL..=LARGE => "; etcd writes about as much as its puts are large.".to_owned(),
        _ => "; etcd writes so much at once for its largest values only, and a sync takes longer the more it has to \
              write."
            .to_owned(),
    };
    let message = format!("{} B a write{rest}", format_count(bytes));
    let found = Trait::new("fio_block_size", bearing, &brief, message);
    Some(found.number("bytes", bytes as f64))
}

/// Each block of the file was written for the first time, from front to back, and on a device.
fn is_fresh(input: &RuleInput<'_>) -> bool {
    let in_order = input.options.text("rw").is_some_and(|rw| rw.split(':').next() == Some("write"));
    let once = times_over(input).is_some_and(|passes| passes.best() <= 1.05);
    input.plan.layout == Layout::Fresh
        && in_order
        && once
        && !input.options.is_on("direct")
        && super::syncs::without_device(input).is_none()
}

pub(super) fn layout(options: &Options<'_>) -> Option<Trait> {
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
                "It made no file: it overwrote one that was there before, or a device, which needs no journal. etcd never \
                 writes a block of its log twice.",
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

pub(super) fn allocation(options: &Options<'_>) -> Option<Trait> {
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

/// How many times the file was written over.
enum Passes {
    /// Its size is told.
    Exactly(f64),
    /// Its size is told in whole MiB, cut: it was written over at least so often, and at most, where that has a bound.
    Between(f64, Option<f64>),
}

impl Passes {
    fn best(&self) -> f64 {
        match *self {
            Self::Exactly(passes) => passes,
            Self::Between(least, most) => most.unwrap_or(least),
        }
    }

    /// The best figure there is, if some block was surely written twice. A size that is told may still be exceeded by
    /// what fio writes to fill a last block; a cut one already has its doubt in the bound.
    fn of_rewritten(&self) -> Option<f64> {
        let surely = match *self {
            Self::Exactly(passes) => passes > 1.01,
            Self::Between(least, _) => least > 1.0,
        };
        surely.then(|| self.best())
    }
}

fn times_over(input: &RuleInput<'_>) -> Option<Passes> {
    let jobs = input.options.number("numjobs").unwrap_or(1).max(1) as f64;
    let by_count = input.options.number("bs").map(|bytes| input.plan.writes as f64 * bytes as f64);
    // The text rounds bytes to four digits; writes times their size is exact, where it is about the same.
    let written = match input.plan.written_bytes as f64 {
        0.0 => by_count?,
        told => by_count.filter(|exact| (exact / told - 1.0).abs() < 0.001).unwrap_or(told),
    };
    if let Some(size) = input.options.number("size").filter(|size| *size > 0) {
        return Some(Passes::Exactly(written / (size as f64 * jobs)));
    }
    let laid_out = input.plan.laid_out_bytes? as f64;
    let least = written / (laid_out + jobs * 1_048_576.0);
    Some(Passes::Between(least, (laid_out > 0.0).then(|| written / laid_out)))
}

pub(super) fn passes(input: &RuleInput<'_>) -> Option<Trait> {
    let passes = times_over(input)?.of_rewritten()?;
    let times = if passes >= 1.01 {
        format!("{} times over", significant(passes))
    } else {
        "more than once".to_owned()
    };
    let over = 1.0 - 1.0 / passes;
    let share = if over >= 0.001 { format_share(over) } else { "some".to_owned() };
    Some(
        Trait::new(
            "fio_wrapped",
            Bearing::Easier,
            &format!("its file written {times}"),
            format!(
                "It wrote its file {times}: {share} of the writes went to blocks that were written before, which needs \
                 no journal."
            ),
        )
        .number("passes", passes)
        .advise("Give it a --size that the run does not reach, and no --time_based."),
    )
}

pub(super) fn ended_early(input: &RuleInput<'_>) -> Option<Trait> {
    let options = &input.options;
    let bounded = ["io_size", "number_ios", "time_based"].iter().any(|name| options.is_on(name));
    let written = input.plan.written_bytes;
    let jobs = options.number("numjobs").unwrap_or(1).max(1);
    let size = options.number("size").map(|size| size.saturating_mul(jobs));
    let size = size.or(input.plan.laid_out_bytes).filter(|size| *size > 0)?;
    if bounded || written == 0 || written as f64 >= size as f64 * WHOLE {
        return None;
    }
    let why = options.text("runtime").filter(|runtime| *runtime != "0");
    let why = why.map_or_else(String::new, |runtime| format!(" (--runtime={runtime})"));
    let brief = format!("ended after {} of {}", format_bytes(written), format_bytes(size));
    let message = format!(
        "It ended{why} when {} of the {} of its file were written: fewer syncs than it was to make.",
        format_bytes(written),
        format_bytes(size)
    );
    Some(
        Trait::new("fio_ended_early", Bearing::Note, &brief, message)
            .number("written", written as f64),
    )
}
