//! Intervals added up in bounded memory, however long the run.

use super::pairs::in_pairs;
use std::collections::BTreeMap;

use crate::record::{Distribution, ErrorTexts, add_error_texts};

use super::map::Map;
use super::{Counters, Interval, Point, SeriesData};

/// Slots of time for batches. When they are full, pairs become one: at least half of them stay.
const BATCH_SLOTS: usize = 20;
/// Width of the first slots; widths double from there.
const FIRST_SLOT_NS: u64 = 1_000_000;
/// Points of a timeline, and counter lines of one source, before pairs become one.
const MAX_POINTS: usize = 4_000;

/// One series of one phase, growing; `merged` over members or one member alone.
#[derive(Debug, Clone, Default)]
pub(super) struct Accumulator {
    errors: BTreeMap<String, u64>,
    error_texts: ErrorTexts,
    over_top: u64,
    batches: Batches,
    timeline: Timeline,
    map: Map,
}

impl Accumulator {
    pub fn add(&mut self, phase_start_ns: u64, interval: &Interval, samples: &Distribution) {
        for (class, count) in &interval.errors {
            let sum = self.errors.entry(class.clone()).or_insert(0);
            *sum = sum.saturating_add(*count);
        }
        for (class, texts) in &interval.error_texts {
            for (text, count) in texts {
                add_error_texts(&mut self.error_texts, class, text, *count);
            }
        }
        self.over_top = self.over_top.saturating_add(interval.over_top);
        let since = interval.start_ns.saturating_sub(phase_start_ns);
        let failed = interval.errors.values().sum();
        self.batches.add(since, samples, failed);
        self.timeline.add(interval, samples, failed);
        self.map.add(since, interval, samples);
    }

    /// Buckets of histograms that it holds.
    pub fn held_buckets(&self) -> usize {
        let held = |samples: &Distribution| samples.buckets().len();
        let open = self.timeline.open.as_ref().map_or(0, |open| held(&open.samples));
        self.batches.slots.iter().map(|slot| held(&slot.samples)).sum::<usize>() + open
    }

    pub fn finish(self, series: &str, member: Option<u32>) -> SeriesData {
        let (batches, batch_errors) = self.batches.finish();
        let mut total = Distribution::default();
        batches.iter().for_each(|batch| total.merge(batch));
        SeriesData {
            series: series.to_owned(),
            member,
            total,
            errors: self.errors,
            error_texts: self.error_texts,
            over_top: self.over_top,
            batches,
            batch_errors,
            timeline: self.timeline.finish(),
            map: self.map.finish(),
            told: None,
        }
    }
}

/// Contiguous stretches of equal time, so that the batches of all members cover the same moments.
#[derive(Debug, Clone)]
struct Batches {
    slots: Vec<Slot>,
    slot_ns: u64,
}

/// Samples and failed operations of a stretch of time.
#[derive(Debug, Clone, Default)]
struct Slot {
    samples: Distribution,
    errors: u64,
}

impl Slot {
    fn take_in(&mut self, samples: &Distribution, errors: u64) {
        self.samples.merge(samples);
        self.errors = self.errors.saturating_add(errors);
    }
}

impl Default for Batches {
    fn default() -> Self {
        Batches { slots: Vec::new(), slot_ns: FIRST_SLOT_NS }
    }
}

impl Batches {
    fn add(&mut self, since_ns: u64, samples: &Distribution, errors: u64) {
        while since_ns / self.slot_ns >= BATCH_SLOTS as u64 {
            self.slots = in_pairs(std::mem::take(&mut self.slots), |a: &mut Slot, b| {
                a.take_in(&b.samples, b.errors);
            });
            self.slot_ns = self.slot_ns.saturating_mul(2);
        }
        let slot = (since_ns / self.slot_ns) as usize;
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, Slot::default);
        }
        self.slots[slot].take_in(samples, errors);
    }

    /// Stretches in which something happened.
    fn finish(self) -> (Vec<Distribution>, Vec<u64>) {
        let slots = self.slots.into_iter();
        slots
            .filter(|slot| slot.samples.count() > 0 || slot.errors > 0)
            .map(|slot| (slot.samples, slot.errors))
            .unzip()
    }
}

/// One point per interval. Intervals of several members that lie abreast go into the same point, whose quantiles are
/// those of their merged samples.
#[derive(Debug, Clone, Default)]
struct Timeline {
    points: Vec<Point>,
    open: Option<OpenPoint>,
    /// Time a point is to cover; 0 until the timeline was thinned.
    slot_ns: u64,
}

#[derive(Debug, Clone)]
struct OpenPoint {
    start_ns: u64,
    end_ns: u64,
    /// An interval that starts before this belongs here.
    until_ns: u64,
    samples: Distribution,
    failed: u64,
}

impl Timeline {
    fn add(&mut self, interval: &Interval, samples: &Distribution, failed: u64) {
        let end_ns = interval.start_ns.saturating_add(interval.length_ns);
        if let Some(open) = &mut self.open
            && interval.start_ns < open.until_ns
        {
            open.end_ns = open.end_ns.max(end_ns);
            open.samples.merge(samples);
            open.failed += failed;
            return;
        }
        self.close();
        // Half an interval early: intervals of members that run abreast do not begin at quite the same moment.
        let span_ns = self.slot_ns.max(interval.length_ns) - interval.length_ns / 2;
        self.open = Some(OpenPoint {
            start_ns: interval.start_ns,
            end_ns,
            until_ns: interval.start_ns.saturating_add(span_ns),
            samples: samples.clone(),
            failed,
        });
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        self.points.push(Point {
            start_ns: open.start_ns,
            length_ns: open.end_ns - open.start_ns,
            count: open.samples.count(),
            failed: open.failed,
            p50_ns: open.samples.quantile(0.5).unwrap_or(0),
            p99_ns: open.samples.quantile(0.99).unwrap_or(0),
            max_ns: open.samples.max_ns(),
        });
        if self.points.len() >= MAX_POINTS {
            self.points = in_pairs(std::mem::take(&mut self.points), Point::absorb);
            let covered = self.points.iter().fold(0_u64, |sum, p| sum.saturating_add(p.length_ns));
            self.slot_ns = covered / self.points.len() as u64;
        }
    }

    fn finish(mut self) -> Vec<Point> {
        self.close();
        self.points
    }
}

impl Point {
    /// Takes in the point after it. Quantiles cannot be merged, so the higher one stands for both.
    fn absorb(&mut self, next: Point) {
        let end_ns = next.start_ns.saturating_add(next.length_ns);
        self.length_ns = self.length_ns.max(end_ns.saturating_sub(self.start_ns));
        self.count += next.count;
        self.failed += next.failed;
        self.p50_ns = self.p50_ns.max(next.p50_ns);
        self.p99_ns = self.p99_ns.max(next.p99_ns);
        self.max_ns = self.max_ns.max(next.max_ns);
    }
}

/// Counter lines of one phase, source and member. Growth adds up like everything else; of what a member shows
/// (`etcd.state`) or the client is the larger value stays.
#[derive(Debug, Default)]
pub(super) struct CounterLines {
    lines: Vec<Counters>,
    /// Lines that go into one.
    each: usize,
    last: usize,
}

impl CounterLines {
    pub fn add(&mut self, counters: Counters) {
        let each = self.each.max(1);
        match self.lines.last_mut() {
            Some(line) if self.last < each => {
                absorb(line, counters);
                self.last += 1;
            }
            _ => {
                self.lines.push(counters);
                self.last = 1;
            }
        }
        if self.lines.len() >= MAX_POINTS && self.last >= each {
            self.lines = in_pairs(std::mem::take(&mut self.lines), absorb);
            self.each = each * 2;
            self.last = self.each;
        }
    }

    pub fn finish(self) -> Vec<Counters> {
        self.lines
    }
}

/// How the sources end that tell a state, not growth.
const STATE: &str = ".state";
/// What tells a state in a source of growth.
const STATES: [&str; 2] = ["threads", "in_flight"];

fn absorb(line: &mut Counters, next: Counters) {
    let end_ns = next.start_ns.saturating_add(next.length_ns);
    line.length_ns = line.length_ns.max(end_ns.saturating_sub(line.start_ns));
    let all = line.source.ends_with(STATE);
    for (name, value) in next.values {
        let state = all || STATES.contains(&name.as_str());
        let kept = line.values.entry(name).or_insert(0.0);
        *kept = if state { kept.max(value) } else { *kept + value };
    }
}

#[cfg(test)]
mod tests {
    use super::{Accumulator, CounterLines, MAX_POINTS};
    use crate::record::{Distribution, Samples};
    use crate::result::{Counters, Interval};

    const S: u64 = 1_000_000_000;
    const DAY: u64 = 86_400;

    fn interval(start_ns: u64, length_ns: u64) -> Interval {
        Interval { start_ns, length_ns, ..Interval::default() }
    }

    fn distribution(values: &[u64]) -> Distribution {
        let mut samples = Samples::new();
        values.iter().for_each(|&v| samples.record(v));
        Distribution::from_samples(&samples)
    }

    #[test]
    fn a_day_stays_small_and_loses_nothing() {
        let mut day = Accumulator::default();
        let usual = distribution(&[1_000, 1_100, 1_200]);
        let odd = distribution(&[9_000]);
        for second in 0..DAY {
            let samples = if second == 40_000 { &odd } else { &usual };
            day.add(7 * S, &interval((second + 7) * S, S), samples);
        }
        let day = day.finish("wal.fsync", None);
        assert_eq!(day.total.count(), 3 * DAY - 2);
        assert!((10..=20).contains(&day.batches.len()), "{}", day.batches.len());
        let batched: u64 = day.batches.iter().map(Distribution::count).sum();
        assert_eq!(batched, day.total.count());
        let points = &day.timeline;
        assert!((MAX_POINTS / 2..=MAX_POINTS).contains(&points.len()), "{}", points.len());
        assert_eq!(points.iter().map(|p| p.count).sum::<u64>(), day.total.count());
        let abut = |w: &[super::Point]| w[0].start_ns + w[0].length_ns == w[1].start_ns;
        assert!(points.windows(2).all(abut));
        let seen = points.iter().find(|p| p.max_ns == 9_000).unwrap();
        assert!((seen.start_ns..seen.start_ns + seen.length_ns).contains(&(40_007 * S)));
        assert_eq!(seen.p99_ns, 9_000, "a bad second is not averaged away");
    }

    #[test]
    fn every_length_of_a_phase_gives_enough_batches() {
        let samples = distribution(&[5]);
        for seconds in 1..300 {
            let mut phase = Accumulator::default();
            for second in 0..seconds {
                // Intervals end with the operation that fills them, so they begin a little late.
                phase.add(0, &interval(second * S + second % 7 * 1_000_000, S), &samples);
            }
            let batches = phase.finish("wal.fsync", None).batches.len() as u64;
            let enough = seconds.min(10) * 4 / 5..=20;
            assert!(enough.contains(&batches), "{batches} batches of {seconds} intervals");
        }
    }

    #[test]
    fn members_abreast_share_points_of_their_merged_samples() {
        let mut merged = Accumulator::default();
        for second in 0..5 {
            merged.add(0, &interval(second * S, S), &distribution(&[10]));
            merged.add(0, &interval(second * S + 3_000_000, S), &distribution(&[20, 30]));
        }
        let points = merged.finish("wal.fsync", None).timeline;
        assert_eq!(points.len(), 5);
        assert!(points.iter().all(|p| (p.count, p.p50_ns, p.max_ns) == (3, 20, 30)));
    }

    #[test]
    fn counters_add_up() {
        let mut lines = CounterLines::default();
        for second in 0..DAY {
            lines.add(Counters {
                start_ns: second * S,
                length_ns: S,
                values: [("writes".to_owned(), 3.0)].into(),
                ..Counters::default()
            });
        }
        let lines = lines.finish();
        assert!((MAX_POINTS / 2..=MAX_POINTS).contains(&lines.len()), "{}", lines.len());
        let writes: f64 = lines.iter().map(|c| c.values["writes"]).sum();
        assert_eq!(writes, 3.0 * DAY as f64);
        let abut = |w: &[Counters]| w[0].start_ns + w[0].length_ns == w[1].start_ns;
        assert!(lines.windows(2).all(abut));
    }
}
