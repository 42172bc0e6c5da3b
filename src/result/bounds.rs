//! What no result of a run can be beyond. A file that says otherwise is damage, or made to fill the memory of whoever
//! reads it: it is refused with its line, before anything adds up to nonsense.

use crate::units::{format_bytes, format_count};

use super::{Counters, Interval, Told};

/// Longer lines are damage: a full histogram is below 100 KiB.
pub(super) const MAX_LINE: u64 = 16 * 1024 * 1024;
/// A sweep has some dozens.
const MOST_PHASES: usize = 1_000;
/// Series of all phases, each member by itself: classes, operations and steps of the largest loads are a third of it.
const MOST_SERIES: usize = 10_000;
/// A billion operations a second for a hundred days.
const MOST_COUNT: u64 = 1 << 53;
/// Since the run's zero: three and a half years.
const MOST_NS: u64 = 110_000_000_000_000_000;
/// Buckets of all histograms that are held at a time, of 16 bytes each.
const MOST_BUCKETS: usize = 32 << 20;

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    phases: usize,
    series: usize,
    buckets: usize,
    count: u64,
}

/// What is beyond a bound.
type Outcome = Result<(), String>;

impl Bounds {
    /// A phase more.
    pub fn phase(&mut self) -> Outcome {
        self.phases += 1;
        within(self.phases <= MOST_PHASES, || {
            format!("more than {} phases", format_count(MOST_PHASES as u64))
        })
    }

    /// Series more.
    pub fn series(&mut self, new: usize) -> Outcome {
        self.series += new;
        within(self.series <= MOST_SERIES, || {
            format!("more than {} series", format_count(MOST_SERIES as u64))
        })
    }

    /// The buckets of a series became more, or fewer.
    pub fn held(&mut self, before: usize, after: usize) -> Outcome {
        self.buckets = (self.buckets + after).saturating_sub(before);
        within(self.buckets <= MOST_BUCKETS, || {
            format!("histograms of more than {}", format_bytes(16 * MOST_BUCKETS as u64))
        })
    }

    /// Samples and failures of an interval; all sums over intervals stay far from wrapping.
    pub fn interval(&mut self, interval: &Interval) -> Outcome {
        time(interval.start_ns, interval.length_ns)?;
        self.counted(interval.count)?;
        self.counted(interval.over_top)?;
        interval.errors.values().try_for_each(|count| self.counted(*count))?;
        let texts = interval.error_texts.values().flatten();
        texts.into_iter().try_for_each(|(_, count)| self.counted(*count))
    }

    /// The same of figures that were told.
    pub fn told(&mut self, told: &Told) -> Outcome {
        time(told.start_ns, told.length_ns)?;
        self.counted(told.count)?;
        told.errors.values().try_for_each(|count| self.counted(*count))
    }

    /// The time of a line of counters.
    pub fn counters(&self, counters: &Counters) -> Outcome {
        time(counters.start_ns, counters.length_ns)
    }

    fn counted(&mut self, count: u64) -> Outcome {
        self.count = self.count.saturating_add(count);
        within(self.count <= MOST_COUNT, || {
            format!("more than {} samples", format_count(MOST_COUNT))
        })
    }
}

fn time(start_ns: u64, length_ns: u64) -> Outcome {
    within(start_ns <= MOST_NS && length_ns <= MOST_NS, || {
        "a time of years after the run began".to_owned()
    })
}

fn within(is: bool, beyond: impl Fn() -> String) -> Outcome {
    match is {
        true => Ok(()),
        false => Err(format!("{}, which no run has; this is damage", beyond())),
    }
}
