//! A result as the layers above see it: intervals merged per phase, series and member.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::record::{self, Bands, Distribution, ErrorTexts, Exceedance};

use super::{
    CountKnown, Counters, Event, Header, QuantileSummary, StallLine, Summary, Told, ToldQuantile,
};

/// A whole result, read back. What judges and renders works on this alone, whether the run has just ended or is a
/// year old.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The first line.
    pub header: Header,
    /// Phases in the order they began.
    pub phases: Vec<PhaseData>,
    /// Stalls in the order they were told.
    pub stalls: Vec<StallLine>,
    /// Events in the order they were told.
    pub events: Vec<Event>,
    /// Counter deltas in the order they were told.
    pub counters: Vec<Counters>,
    /// The last line; absent when the run was killed.
    pub summary: Option<Summary>,
}

/// One phase.
#[derive(Debug, Clone, Default)]
pub struct PhaseData {
    /// Its name.
    pub name: String,
    /// Start, since the run's zero.
    pub start_ns: u64,
    /// Length.
    pub length_ns: u64,
    /// Its series. With several members, each member's and the merged one (`member` is `None`); with one, only the
    /// merged one.
    pub series: Vec<SeriesData>,
}

/// One series in one phase.
#[derive(Debug, Clone, Default)]
pub struct SeriesData {
    /// Its name.
    pub series: String,
    /// Which member; `None` is all of them together.
    pub member: Option<u32>,
    /// All samples.
    pub total: Distribution,
    /// Failed operations by class.
    pub errors: BTreeMap<String, u64>,
    /// What failed operations were told, by class: the text and how often it came.
    pub error_texts: ErrorTexts,
    /// Samples above the histogram's top of one hour; they are among `total`, at its top.
    pub over_top: u64,
    /// The same samples cut into 10 to 20 contiguous stretches of time, for the variance between them; fewer in a
    /// phase of less than ten intervals.
    pub batches: Vec<Distribution>,
    /// Failed operations in each of `batches`.
    pub batch_errors: Vec<u64>,
    /// One point per interval, or per several where a long run has more than about 4,000 of them.
    pub timeline: Vec<Point>,
    /// How the samples spread over duration and time, in at most 240 stretches of time.
    pub map: Vec<MapColumn>,
    /// What a foreign program told of this series in place of samples; there are none then, here or in `batches`.
    pub told: Option<Told>,
}

/// A stretch of time on a map of a series: all its samples by bands of duration, of several members together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MapColumn {
    /// Start of its first interval, since the run's zero.
    pub start_ns: u64,
    /// Until the end of its last interval.
    pub length_ns: u64,
    /// Samples by band.
    pub bands: Bands,
}

/// A stretch of a series, in a few numbers: the samples of one interval, of all members where it is the merged
/// series. Where a long run was thinned, quantiles are the highest of the points that became one.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// Start, since the run's zero.
    pub start_ns: u64,
    /// Length.
    pub length_ns: u64,
    /// Samples.
    pub count: u64,
    /// Operations that failed.
    pub failed: u64,
    /// Median.
    pub p50_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// Largest.
    pub max_ns: u64,
}

impl Run {
    /// Whether another program measured it.
    pub fn is_foreign(&self) -> bool {
        self.header.kind == IMPORT
    }

    /// The phase of this name.
    pub fn phase(&self, name: &str) -> Option<&PhaseData> {
        self.phases.iter().find(|phase| phase.name == name)
    }

    /// End of the last phase that has begun, since the run's zero.
    pub fn length_ns(&self) -> u64 {
        let ends = self.phases.iter().map(|phase| phase.start_ns + phase.length_ns);
        ends.max().unwrap_or(0)
    }

    /// UTC wall time of the last thing known of the run, RFC 3339: for one that was killed, its end. As the header
    /// has it where the start is no time.
    pub fn last_heard(&self) -> String {
        let length = SignedDuration::from_nanos(i64::try_from(self.length_ns()).unwrap_or(0));
        let start = self.header.started_at.parse::<Timestamp>();
        match start.and_then(|start| start.checked_add(length)) {
            Ok(end) => end.to_string(),
            Err(_) => self.header.started_at.clone(),
        }
    }
}

/// Makes a summary of a run: whether it went through to its end, whether a signal ended it, and when that was (UTC wall
/// time, RFC 3339). Handed down to what reads and writes results, for judging and telling are not their business.
pub type Conclude = fn(&Run, bool, bool, String) -> Summary;

/// Kind of a result that another program measured.
pub const IMPORT: &str = "import";

/// Kind of the event that says why a run ended early.
pub const HALT: &str = "halt";
/// Why a run has ended that has not: it is looked at while it goes on.
pub const RUNNING: &str = "still running";
/// The kind of event that tells when a load began that several machines make: `start_ns` on the run's clock, `start` as
/// its wall time.
pub const SHARD_START: &str = "shard.start";
/// The phase of what was measured while a machine was late by itself, of a load that several make: it is not judged.
pub const LATE_PHASE: &str = "late";
/// The source of counters of waits that were for a CPU.
pub const CPU_WAIT: &str = "cpu.wait";
/// The kind of event that tells of a probe that was paused.
pub const PAUSE: &str = "probe.pause";
/// The kind of event that tells of somebody else at work on the same disk: `who` is `etcd` or `etcdbench`, `pid` its
/// process, `path` its directory where that may be looked at, `capacity` false where it was spared the search for the
/// capacity.
pub const BESIDE: &str = "beside";
/// The kind of event that tells that the planned load went on because rules were open: `by_ns`.
pub const EXTENDED: &str = "extended";
/// The kind of event that tells what a put is taken to cost beside the disk: `etcd` whose costs they are, `cpus` that
/// share the work, `unit_ns` this CPU needs for a unit of work, `most_per_s` puts per second that they carry.
pub const COSTS: &str = "etcd.costs";
/// The kind of event that tells, at the end of a load, what its WAL writes looked like: `writes`, `single` of them with
/// one put, `puts` in all, `waited_ns` that the syncs of an etcd would have waited for a CPU on top of the disk.
pub const BATCHES: &str = "wal.batches";
/// The kind of event that tells of a disk that failed.
pub const DISK_FAILED: &str = "disk.failed";

/// The kind of event that tells of a neighbour when it begins; `neighbour.1`, `neighbour.2` … are the sources of the
/// counters of what they did.
pub const NEIGHBOUR: &str = "neighbour";

impl Run {
    /// Why the run ended before its plan did, in words; nothing when it was killed before it could say.
    pub fn halted(&self) -> Option<&str> {
        let halt = self.events.iter().rev().find(|event| event.kind == HALT)?;
        halt.detail.get("why")?.as_str()
    }
}

impl PhaseData {
    /// The merged series of this name.
    pub fn series(&self, name: &str) -> Option<&SeriesData> {
        self.series.iter().find(|s| s.series == name && s.member.is_none())
    }
}

impl SeriesData {
    /// Samples, also where they were only told of.
    pub fn count(&self) -> u64 {
        self.told.as_ref().map_or(self.total.count(), |told| told.count)
    }

    /// The largest sample, also where it was only told of.
    pub fn max_ns(&self) -> u64 {
        self.told.as_ref().map_or(self.total.max_ns(), |told| told.max_ns)
    }

    /// Quantile `q` (0 < q < 1) with its 95 % interval; `None` without samples, and where another program did not tell
    /// this one.
    pub fn quantile(&self, q: f64) -> Option<QuantileSummary> {
        if let Some(told) = &self.told {
            return told.quantile(q);
        }
        record::quantile(&self.total, &self.batches, q).map(QuantileSummary::from)
    }

    /// The share of samples at or above a limit, bounded at 95 % on each side.
    pub fn exceedance(&self, limit_ns: u64) -> Exceedance {
        record::exceedance(&self.total, &self.batches, limit_ns)
    }
}

impl Told {
    /// A quantile as it was told: without an interval, and trusted where there would be enough samples beyond it were
    /// they independent.
    fn quantile(&self, q: f64) -> Option<QuantileSummary> {
        let found = self.quantiles.iter().find(|told| (told.q - q).abs() < 1e-9)?;
        let tail_samples = self.count as f64 * (1.0 - q);
        Some(QuantileSummary {
            q,
            value_ns: found.value_ns,
            tail_samples,
            // 1,000 × (1 − 0.99) is a hair below 10 in binary. Of a number that is not known, it may be enough.
            resolvable: tail_samples >= record::MIN_TAIL_SAMPLES * (1.0 - 1e-9)
                || self.count_known == CountKnown::AtLeast,
            ..QuantileSummary::default()
        })
    }

    /// The fewest and the most samples that can be at or above a limit: those beyond the first told quantile at or
    /// above it, and those beyond the last one below it. What was cut or rounded is taken for all it can have been: a
    /// quantile rounded up to the limit is below it.
    pub fn at_or_above(&self, limit_ns: u64) -> (u64, u64) {
        if self.max_ns.saturating_add(self.cut_ns.saturating_sub(1)) < limit_ns {
            return (0, 0);
        }
        if self.min_ns >= limit_ns {
            return (self.count, self.count);
        }
        let beyond = |q: f64| self.count as f64 * (1.0 - q);
        let above = self.quantiles.iter().filter(|told| self.is_above(told, limit_ns));
        let below = self.quantiles.iter().filter(|told| self.is_below(told, limit_ns));
        let largest = if self.max_ns >= limit_ns { 1.0 } else { 0.0 };
        let fewest = above.map(|told| beyond(told.q)).fold(largest, f64::max);
        let most = below.map(|told| beyond(told.q)).fold(self.count as f64, f64::min);
        (fewest.floor() as u64, most.ceil() as u64)
    }

    fn is_above(&self, told: &ToldQuantile, limit_ns: u64) -> bool {
        told.value_ns.saturating_sub(self.rounded_up_ns) >= limit_ns
    }

    fn is_below(&self, told: &ToldQuantile, limit_ns: u64) -> bool {
        told.value_ns < limit_ns || (self.rounded_up_ns > 0 && told.value_ns == limit_ns)
    }

    /// At least so long all samples at or above a limit took together, each counted for at most `most_ns` and in whole
    /// milliseconds: a text that rounds to them comes to the same.
    pub fn least_time_above(&self, limit_ns: u64, most_ns: u64) -> u64 {
        let low = |value_ns: u64| {
            let low_ns = value_ns.saturating_sub(self.rounded_up_ns.max(1));
            (low_ns / 1_000_000 * 1_000_000).max(limit_ns)
        };
        let above: Vec<&ToldQuantile> =
            self.quantiles.iter().filter(|told| self.is_above(told, limit_ns)).collect();
        let ends = above.iter().skip(1).map(|told| told.q).chain([1.0]);
        let time = above.iter().zip(ends).map(|(told, end)| {
            self.count as f64 * (end - told.q).max(0.0) * low(told.value_ns).min(most_ns) as f64
        });
        let largest = if self.max_ns >= limit_ns { self.max_ns.min(most_ns) } else { 0 };
        let all = match self.min_ns {
            min_ns if min_ns >= limit_ns => self.count as f64 * min_ns.min(most_ns) as f64,
            _ => 0.0,
        };
        (time.sum::<f64>().max(largest as f64).max(all)) as u64
    }
}
