//! When something happened and how long it took, in memory that does not grow with the number of events.

use schemars::JsonSchema;
use serde::Serialize;

use crate::record::Samples;

/// From when to when, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Span {
    /// Its beginning.
    pub from_ns: i64,
    /// Its end.
    pub to_ns: i64,
}

impl Span {
    /// A point in time.
    pub fn at(ns: i64) -> Span {
        Span { from_ns: ns, to_ns: ns }
    }

    /// What ended at a time after it had taken so long.
    pub fn ending(to_ns: i64, took_ns: u64) -> Span {
        let took = i64::try_from(took_ns).unwrap_or(i64::MAX);
        Span { from_ns: to_ns.saturating_sub(took), to_ns }
    }

    /// Whether the two come within so many nanoseconds of each other.
    pub fn near(&self, other: &Span, within_ns: i64) -> bool {
        self.from_ns.saturating_sub(within_ns) <= other.to_ns
            && other.from_ns.saturating_sub(within_ns) <= self.to_ns
    }

    /// How long both are at once.
    pub fn shared_ns(&self, other: &Span) -> u64 {
        let (from, to) = (self.from_ns.max(other.from_ns), self.to_ns.min(other.to_ns));
        u64::try_from(to.saturating_sub(from)).unwrap_or_default()
    }

    /// How long it is.
    pub fn length_ns(&self) -> u64 {
        u64::try_from(self.to_ns.saturating_sub(self.from_ns)).unwrap_or_default()
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn with(self, other: Span) -> Span {
        Span { from_ns: self.from_ns.min(other.from_ns), to_ns: self.to_ns.max(other.to_ns) }
    }
}

/// Events that touch, or nearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// From the beginning of the first to the end of the last.
    pub span: Span,
    /// How many events.
    pub count: u64,
    /// The longest of them.
    pub longest_ns: u64,
}

/// Events nearer than this are one moment.
const APART_NS: i64 = 1_000_000_000;
/// More moments than these are joined with their neighbours, so that a log of any length fits.
const MOST: usize = 2_048;

/// When something happened, in the order of time.
#[derive(Debug, Clone)]
pub struct Moments {
    apart_ns: i64,
    list: Vec<Moment>,
}

impl Default for Moments {
    fn default() -> Self {
        Moments { apart_ns: APART_NS, list: Vec::new() }
    }
}

impl Moments {
    /// One more event of this length; `span` may reach further than the event itself.
    pub fn add(&mut self, span: Span, length_ns: u64) {
        self.insert(Moment { span, count: 1, longest_ns: length_ns });
        while self.list.len() > MOST {
            self.apart_ns = self.apart_ns.saturating_mul(2);
            for moment in std::mem::take(&mut self.list) {
                self.insert(moment);
            }
        }
    }

    fn insert(&mut self, mut new: Moment) {
        let end = self.list.partition_point(|one| {
            one.span.from_ns <= new.span.to_ns.saturating_add(self.apart_ns)
        });
        let mut start = end;
        // Moments are in order and do not touch, so that those which touch the new one stand together.
        while start > 0 && self.list[start - 1].span.near(&new.span, self.apart_ns) {
            start -= 1;
            let old = self.list[start];
            new = Moment {
                span: new.span.with(old.span),
                count: new.count.saturating_add(old.count),
                longest_ns: new.longest_ns.max(old.longest_ns),
            };
        }
        self.list.splice(start..end, [new]);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Moment> {
        self.list.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// How long all took together.
    pub fn total_ns(&self) -> u64 {
        self.list.iter().fold(0, |sum, one| sum.saturating_add(one.span.length_ns()))
    }

    /// Whether any comes so near to this span.
    pub fn any_near(&self, span: &Span, within_ns: i64) -> bool {
        let reach = span.to_ns.saturating_add(within_ns);
        let end = self.list.partition_point(|one| one.span.from_ns <= reach);
        self.list[..end].iter().next_back().is_some_and(|one| one.span.near(span, within_ns))
    }

    /// The events of moments that come so near to one of the others.
    pub fn events_near(&self, others: &Moments, within_ns: i64) -> u64 {
        let near = self.list.iter().filter(|one| others.any_near(&one.span, within_ns));
        near.map(|one| one.count).sum()
    }

    /// Those that come so near to none of the others.
    #[must_use]
    pub fn without(&self, others: &Moments, within_ns: i64) -> Moments {
        let away = self.list.iter().filter(|one| !others.any_near(&one.span, within_ns));
        Moments { apart_ns: self.apart_ns, list: away.copied().collect() }
    }

    /// Takes in all of the others.
    pub fn extend(&mut self, others: &Moments) {
        self.apart_ns = self.apart_ns.max(others.apart_ns);
        for one in &others.list {
            self.insert(*one);
        }
    }

    /// All events.
    pub fn events(&self) -> u64 {
        self.list.iter().map(|one| one.count).sum()
    }
}

/// zap prints the first 100 messages of a text within a second, then every hundredth (etcd server/embed, zap's
/// default sampling).
const SAMPLED_FROM: u32 = 100;

/// Waits of one kind.
#[derive(Debug, Default)]
pub struct Waits {
    /// How many were logged.
    pub count: u64,
    /// How long they took together.
    pub total_ns: u64,
    /// The longest.
    pub longest_ns: u64,
    /// Their lengths; nothing before the first.
    pub lengths: Option<Box<Samples>>,
    /// When they were.
    pub moments: Moments,
    /// Whether so many came within a second that etcd left some out: every count is at least this.
    pub sampled: bool,
    second: (i64, u32),
}

impl Waits {
    /// One more; `at_ns` is when it was logged, if that is known, and with that when it ended.
    pub fn add(&mut self, at_ns: Option<i64>, took_ns: u64) {
        self.add_within(at_ns, took_ns, took_ns);
    }

    /// One more that took so long, out of a span which began earlier.
    pub fn add_within(&mut self, at_ns: Option<i64>, took_ns: u64, span_ns: u64) {
        self.count += 1;
        self.total_ns = self.total_ns.saturating_add(took_ns);
        self.longest_ns = self.longest_ns.max(took_ns);
        self.lengths.get_or_insert_with(|| Box::new(Samples::new())).record(took_ns);
        let Some(at_ns) = at_ns else {
            return;
        };
        let second = at_ns.div_euclid(1_000_000_000);
        self.second = if self.second.0 == second {
            (second, self.second.1.saturating_add(1))
        } else {
            (second, 1)
        };
        self.sampled |= self.second.1 >= SAMPLED_FROM;
        self.moments.add(Span::ending(at_ns, span_ns), took_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    fn spans(moments: &Moments) -> Vec<(i64, i64, u64)> {
        moments.iter().map(|one| (one.span.from_ns / S, one.span.to_ns / S, one.count)).collect()
    }

    #[test]
    fn what_touches_is_one_moment_in_whatever_order_it_comes() {
        let all = [(10, 12), (30, 31), (13, 14), (0, 1), (20, 20), (2, 9)];
        for turn in 0..all.len() {
            let mut moments = Moments::default();
            for index in 0..all.len() {
                let (from, to) = all[(index + turn) % all.len()];
                moments.add(Span { from_ns: from * S, to_ns: to * S }, 1);
            }
            assert_eq!(spans(&moments), [(0, 14, 4), (20, 20, 1), (30, 31, 1)]);
        }
    }

    #[test]
    fn a_log_of_any_length_keeps_its_whole_length() {
        let mut moments = Moments::default();
        for index in 0..100_000 {
            moments.add(Span::at(index * 10 * S), 1);
        }
        assert!(moments.len() <= MOST);
        assert_eq!(moments.events(), 100_000);
        assert_eq!(moments.iter().last().unwrap().span.to_ns, 999_990 * S);
    }

    #[test]
    fn what_is_near_is_found() {
        let mut one = Moments::default();
        [0, 100, 200].iter().for_each(|at| one.add(Span::at(at * S), 1));
        let mut two = Moments::default();
        [101, 300].iter().for_each(|at| two.add(Span::at(at * S), 1));
        assert_eq!(one.events_near(&two, 2 * S), 1);
        assert_eq!(spans(&one.without(&two, 2 * S)), [(0, 0, 1), (200, 200, 1)]);
    }
}
