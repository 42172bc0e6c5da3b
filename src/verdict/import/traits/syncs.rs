//! Which syncs were made, how many, and whether they got to a device.

use crate::result::SeriesData;
use crate::units::{format_count, format_duration, format_share, significant};
use crate::verdict::import::of_many;

use super::{Bearing, Options, RuleInput, Trait};

/// No device answers sooner: a system call, a block request and an interrupt take longer on any machine. The fastest,
/// memory that survives the power, takes some 10 µs below a file system.
const SOONEST_NS: u64 = 5_000;
/// So many syncs in a hundred may be cut short by chance, as where nothing was left to write.
const FEW_WITHOUT_DEVICE: f64 = 0.05;
/// Of fewer syncs there is no p99.
pub(in crate::verdict::import) const FEWEST_FOR_P99: u64 = 100;
/// More writes per sync than this, and not each was synced.
const MORE_THAN_ONE: f64 = 1.5;
/// Fewer writes at the device per sync than this mean that syncs did not get there.
const FEWEST_WRITES: f64 = 0.9;
/// fio looks at the devices four times a second: of a shorter run it has seen too little.
const SAMPLED_NS: u64 = 2_000_000_000;

/// The share of syncs that were over before any device could have answered.
fn share_without_device(series: &SeriesData) -> f64 {
    const SHARES: [f64; 10] = [0.999, 0.99, 0.95, 0.9, 0.75, 0.5, 0.25, 0.2, 0.1, 0.05];
    if let Some(told) = &series.told {
        let short = told.quantiles.iter().filter(|told| told.value_ns < SOONEST_NS);
        let by_quantiles = short.map(|told| told.q).fold(0.0, f64::max);
        let all = told.max_ns > 0 && told.max_ns < SOONEST_NS;
        let by_mean =
            told.quantiles.is_empty() && told.mean_ns > 0.0 && told.mean_ns < SOONEST_NS as f64;
        return if all || by_mean { 1.0 } else { by_quantiles };
    }
    let is_short = |q: &f64| series.total.quantile(*q).is_some_and(|ns| ns < SOONEST_NS);
    SHARES.into_iter().find(is_short).unwrap_or(0.0)
}

/// Syncs that no device can have answered: of a file in memory, or switched off.
pub(super) fn without_device(input: &RuleInput<'_>) -> Option<Trait> {
    let series = input.series.filter(|series| series.count() > 0)?;
    let share = share_without_device(series);
    if share < FEW_WITHOUT_DEVICE {
        return None;
    }
    let typical = match (&series.told, series.quantile(0.5)) {
        (_, Some(median)) => median.value_ns,
        (Some(told), None) => told.mean_ns as u64,
        (None, None) => 0,
    };
    let is_most = share >= 0.5;
    let (brief, which) = match is_most {
        true => (
            format!("syncs of {}, which reach no device", format_duration(typical)),
            format!("A sync took {}", format_duration(typical)),
        ),
        false => (
            format!("{} of the syncs reached no device", format_share(share)),
            format!("{} of the syncs took less than 5 µs", format_share(share)),
        ),
    };
    let message = format!(
        "{which}: no device answers so soon. Its file was in memory (tmpfs), or syncs were switched off, in a container's \
         or a guest's settings, or by a library."
    );
    let found = Trait::new("fio_no_device", Bearing::Easier, &brief, message);
    Some(found.number("share", share).advise(
        "Point --directory at the disk that is meant; findmnt -T DIR tells what is mounted there.",
    ))
}

/// Too few for a p99.
pub(super) fn few(input: &RuleInput<'_>) -> Option<Trait> {
    let syncs = input.syncs;
    (1..FEWEST_FOR_P99).contains(&syncs).then(|| {
        let at_least = input.series.and_then(|series| series.told.as_ref());
        let is_told =
            at_least.is_none_or(|told| told.count_known == crate::result::CountKnown::Exactly);
        let counted = match is_told {
            true => of_many(syncs, "sync"),
            false => format!("an unknown number of syncs, at least {}", format_count(syncs)),
        };
        let beside = match input.plan.writes {
            0 => String::new(),
            writes => format!(" in {}", of_many(writes, "write")),
        };
        Trait::new(
            "fio_few_syncs",
            Bearing::Note,
            &format!("{counted}{beside}"),
            format!("It made {counted}{beside}: so few have no p99."),
        )
        .number("syncs", syncs as f64)
    })
}

pub(super) fn call(options: &Options<'_>) -> Option<Trait> {
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

/// The data was out with the write, and what was timed had nothing left to do.
pub(super) fn opened_synced(input: &RuleInput<'_>) -> Option<Trait> {
    let how = input.options.text("sync").filter(|how| !matches!(*how, "0" | "none"))?;
    let timed_writes = input.series.is_some_and(|series| series.series == "wal.sync");
    Some(match timed_writes {
        true => Trait::new(
            "fio_synced_writes",
            Bearing::Note,
            "writes of a file opened with O_SYNC",
            format!(
                "It opened its file with O_SYNC (sync={how}): each time is of a write and its sync in one. etcd makes two \
                 calls of them, and tells of the sync alone."
            ),
        ),
        false => Trait::new(
            "fio_opened_synced",
            Bearing::Easier,
            "syncs after writes that were synced already",
            format!(
                "It opened its file with O_SYNC (sync={how}) and synced beside: the data was out with the write, and the \
                 syncs that were timed had nothing left to do."
            ),
        ),
    })
}

/// Not every write was synced, by the options or by the counts.
pub(super) fn every(input: &RuleInput<'_>) -> Option<Trait> {
    let options = &input.options;
    let told = options.number("fdatasync").filter(|n| *n > 0).or_else(|| options.number("fsync"));
    let at_end = options.is_on("end_fsync") || options.is_on("fsync_on_close");
    let exact = input.series.is_some_and(|series| {
        series
            .told
            .as_ref()
            .is_none_or(|told| told.count_known != crate::result::CountKnown::AtLeast)
    });
    let counted = input.plan.writes as f64 / input.syncs.max(1) as f64;
    let by_count = (exact && input.syncs > 0 && counted > MORE_THAN_ONE).then_some(counted);
    let every = match told.filter(|n| *n > 0) {
        Some(n) => (n > 1).then_some(n as f64)?,
        None => by_count?,
    };
    let when = match input.syncs {
        1 => " only at its end".to_owned(),
        _ if at_end && told.is_none() => " only at its end".to_owned(),
        _ => format!(" after every {} writes only", significant(every)),
    };
    Some(
        Trait::new(
            "fio_sync_every",
            Bearing::Other,
            &format!("a sync{}", when.trim_end_matches(" only").replace(" only at", " at")),
            format!("It synced{when}; etcd syncs after each write."),
        )
        .number("writes_per_sync", every),
    )
}

/// What the kernel counted at the devices, where fio looked at them.
pub(super) fn at_device(input: &RuleInput<'_>) -> Option<Trait> {
    let busiest = input.plan.devices.iter().max_by_key(|device| device.writes)?;
    let syncs = input.syncs;
    let was_sampled = busiest.writes > 0 && input.length_ns >= SAMPLED_NS;
    if syncs == 0 || !was_sampled {
        return None;
    }
    let per_sync = busiest.writes as f64 / syncs as f64;
    let found = if per_sync < FEWEST_WRITES {
        Trait::new(
            "fio_syncs_not_at_device",
            Bearing::Easier,
            "fewer writes at the device than syncs",
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
