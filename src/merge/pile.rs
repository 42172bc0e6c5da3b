//! Samples of all machines, added up per phase, series, member and second.

use std::collections::{BTreeMap, HashMap};

use crate::error::{Error, Result};
use crate::record::{Distribution, ErrorTexts, add_error_texts};
use crate::result::Interval;

/// A second, in nanoseconds: what is added up.
pub const SECOND: u64 = 1_000_000_000;
/// Seconds of all series; more are no load of etcd.
const MOST_CELLS: usize = 8_000_000;

/// Phase, series, member.
pub type Place = (String, String, Option<u32>);

/// A second of a series.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// All samples.
    pub samples: Distribution,
    /// Failed operations by class.
    pub errors: BTreeMap<String, u64>,
    /// What they were told.
    pub error_texts: ErrorTexts,
    /// Samples above the histogram's top.
    pub over_top: u64,
    /// Where it ends, from the beginning of the phase.
    pub end_ns: u64,
}

impl Cell {
    /// Failed operations.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    fn add(&mut self, other: &Cell) {
        self.samples.merge(&other.samples);
        for (class, count) in &other.errors {
            *self.errors.entry(class.clone()).or_default() += count;
        }
        for (class, texts) in &other.error_texts {
            for (text, count) in texts {
                add_error_texts(&mut self.error_texts, class, text, *count);
            }
        }
        self.over_top += other.over_top;
        self.end_ns = self.end_ns.max(other.end_ns);
    }
}

/// Sums of counters: by phase, source and second.
pub type Sums = BTreeMap<(String, String), BTreeMap<u64, BTreeMap<String, f64>>>;

/// What was added up.
#[derive(Debug, Default)]
pub struct Pile {
    /// Samples.
    pub cells: HashMap<Place, BTreeMap<u64, Cell>>,
    /// Counters of the machines themselves.
    pub sums: Sums,
    held: usize,
}

impl Pile {
    /// Adds an interval that begins so long after its phase.
    ///
    /// # Errors
    /// [`Error::Refused`] for more seconds than any load has.
    pub fn add(&mut self, interval: &Interval, since_ns: u64, samples: Distribution) -> Result<()> {
        let cell = Cell {
            samples,
            errors: interval.errors.clone(),
            error_texts: interval.error_texts.clone(),
            over_top: interval.over_top,
            end_ns: since_ns.saturating_add(interval.length_ns),
        };
        let place = (interval.phase.clone(), interval.series.clone(), interval.member);
        let seconds = self.cells.entry(place).or_default();
        match seconds.get_mut(&second(since_ns, interval.length_ns)) {
            Some(sum) => sum.add(&cell),
            None => {
                self.held += 1;
                seconds.insert(second(since_ns, interval.length_ns), cell);
            }
        }
        self.bounded()
    }

    /// Adds counters of a machine.
    pub fn count(&mut self, place: (&str, &str), second: u64, values: &BTreeMap<String, f64>) {
        let place = (place.0.to_owned(), place.1.to_owned());
        let sums = self.sums.entry(place).or_default().entry(second).or_default();
        for (name, value) in values {
            *sums.entry(name.clone()).or_default() += value;
        }
    }

    /// Adds another pile.
    ///
    /// # Errors
    /// As [`Pile::add`].
    pub fn merge(&mut self, other: Pile) -> Result<()> {
        for (place, seconds) in other.cells {
            let own = self.cells.entry(place).or_default();
            for (second, cell) in seconds {
                match own.get_mut(&second) {
                    Some(sum) => sum.add(&cell),
                    None => {
                        self.held += 1;
                        own.insert(second, cell);
                    }
                }
            }
        }
        for ((phase, source), seconds) in other.sums {
            for (second, values) in seconds {
                self.count((&phase, &source), second, &values);
            }
        }
        self.bounded()
    }

    fn bounded(&self) -> Result<()> {
        match self.held > MOST_CELLS {
            true => Err(Error::Refused(format!(
                "the parts hold more than {MOST_CELLS} seconds of series, which no load of etcd does"
            ))),
            false => Ok(()),
        }
    }
}

/// The second of a phase that an interval belongs to. Its middle decides, for intervals begin a little late; what was
/// long, because something stood still, begins where it began.
pub fn second(since_ns: u64, length_ns: u64) -> u64 {
    since_ns.saturating_add(length_ns.min(SECOND) / 2) / SECOND
}
