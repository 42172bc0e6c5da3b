//! What is known of a run while it goes on, and how it is worded. Pure: the clock's readings are passed in.

use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::plan::{DiskPlan, PlannedPhase};
use crate::record::{Distribution, Emission, IntervalSamples, Stall};
use crate::units::{format_count, format_duration, format_millis};

/// The series whose figures are shown, and the one whose rate is.
const FSYNC: &str = "wal.fsync";
const PUTS: &str = "put.commit";
const GAP: &str = "   ";
/// Cells of the bar.
const BAR: usize = 24;
/// Stalls are told one by one, but no more often than this; the rest are counted.
const STALL_EVERY_NS: u64 = 1_000_000_000;
/// Intervals are a second long; nothing heard for this long means that the disk keeps everybody waiting.
const QUIET_NS: u64 = 3_000_000_000;

/// The state behind the display.
pub(super) struct Live {
    /// The phases that have not begun.
    ahead: Vec<PlannedPhase>,
    current: Option<Phase>,
    /// Stalls seen in the whole run.
    stalls: u64,
    waiting: Option<Waiting>,
    told_ns: Option<u64>,
}

/// The phase that is going on.
struct Phase {
    name: String,
    start_ns: u64,
    planned_ns: u64,
    fsyncs: Distribution,
    /// Of each member the syncs per second of its last interval.
    syncs_per_s: BTreeMap<Option<u32>, f64>,
    /// Of each member the puts per second of its last interval.
    puts_per_s: BTreeMap<Option<u32>, f64>,
    heard_ns: u64,
}

/// Stalls not told yet: the longest, and how many.
struct Waiting {
    longest: String,
    longest_ns: u64,
    count: u64,
}

impl Live {
    pub(super) fn new(plan: &DiskPlan) -> Self {
        Live {
            ahead: plan.phases.clone(),
            current: None,
            stalls: 0,
            waiting: None,
            told_ns: None,
        }
    }

    pub(super) fn observe(&mut self, emission: &Emission, clock: &Clock) {
        match emission {
            Emission::PhaseStart {
                phase,
                at_ns,
                planned_ns,
            } => {
                self.ahead.retain(|ahead| ahead.name != **phase);
                self.current = Some(Phase {
                    name: phase.to_string(),
                    start_ns: *at_ns,
                    planned_ns: *planned_ns,
                    fsyncs: Distribution::default(),
                    syncs_per_s: BTreeMap::new(),
                    puts_per_s: BTreeMap::new(),
                    heard_ns: *at_ns,
                });
            }
            Emission::Interval(interval) => {
                if let Some(current) = &mut self.current {
                    current.add(interval, clock.now_ns());
                }
            }
            Emission::Stall(stall) => self.stall(stall, clock),
            Emission::Event { .. } | Emission::Counters { .. } => {}
        }
    }

    fn stall(&mut self, stall: &Stall, clock: &Clock) {
        self.stalls += 1;
        let waiting = self.waiting.get_or_insert(Waiting {
            longest: String::new(),
            longest_ns: 0,
            count: 0,
        });
        waiting.count += 1;
        if stall.duration_ns > waiting.longest_ns {
            let member = stall
                .member
                .map_or_else(String::new, |m| format!(" of member {m}"));
            waiting.longest_ns = stall.duration_ns;
            waiting.longest = format!(
                "{} UTC  stall: {}{member} took {}",
                clock.wall(stall.start_ns).strftime("%H:%M:%S%.3f"),
                stall.series,
                format_duration(stall.duration_ns),
            );
        }
    }

    /// What is to be told now beside the bar: a stall, unless one was told a moment ago.
    pub(super) fn messages(&mut self, now_ns: u64) -> Vec<String> {
        let due = self
            .told_ns
            .is_none_or(|told_ns| now_ns >= told_ns + STALL_EVERY_NS);
        if !due || self.waiting.is_none() {
            return Vec::new();
        }
        self.told_ns = Some(now_ns);
        self.last_messages()
    }

    /// What is left to be told.
    pub(super) fn last_messages(&mut self) -> Vec<String> {
        let told = self.waiting.take().map(|waiting| match waiting.count {
            1 => waiting.longest,
            n => format!("{}, the longest of {}", waiting.longest, format_count(n)),
        });
        told.into_iter().collect()
    }

    /// The phase that is going on.
    pub(super) fn phase(&self) -> Option<&str> {
        self.current.as_ref().map(|phase| phase.name.as_str())
    }

    /// The line that says which phase begins.
    pub(super) fn begins(&self) -> Option<String> {
        let phase = self.current.as_ref()?;
        Some(format!(
            "{}: {}",
            phase.name,
            format_duration(phase.planned_ns)
        ))
    }

    /// One line of progress without a bar.
    pub(super) fn plain(&self, now_ns: u64) -> String {
        let Some(phase) = &self.current else {
            return "starting".to_owned();
        };
        let mut items = vec![format!("{}: {}", phase.name, phase.how_far(now_ns))];
        items.extend(phase.figures());
        items.extend(self.stalled());
        items.join(", ")
    }

    /// The bar and the figures below it, in lines of at most this many cells.
    pub(super) fn bar(&self, now_ns: u64, width: usize) -> String {
        let Some(phase) = &self.current else {
            return "starting".to_owned();
        };
        let elapsed_ns = now_ns.saturating_sub(phase.start_ns);
        let full = match phase.planned_ns {
            // Nobody knows how long it takes.
            0 => 0,
            planned_ns => (BAR as u64 * elapsed_ns / planned_ns).min(BAR as u64) as usize,
        };
        let head = vec![
            format!(
                "{:<10}  {}{}",
                phase.name,
                "█".repeat(full),
                "░".repeat(BAR - full)
            ),
            phase.how_far(now_ns),
            self.left(phase, elapsed_ns),
        ];
        let mut figures: Vec<String> = phase.figures();
        figures.extend(self.stalled());
        figures.extend(phase.quiet(now_ns));
        format!("{}\n{}", fit(&head, width), fit(&figures, width))
    }

    /// How long the whole run still takes.
    fn left(&self, phase: &Phase, elapsed_ns: u64) -> String {
        let ahead_ns: u64 = self.ahead.iter().map(|ahead| ahead.duration_ns).sum();
        let left_ns = phase.planned_ns.saturating_sub(elapsed_ns) + ahead_ns;
        match left_ns {
            0 => "about to end".to_owned(),
            ns => format!(
                "{} left in all",
                seconds(ns.next_multiple_of(1_000_000_000))
            ),
        }
    }

    fn stalled(&self) -> Option<String> {
        match self.stalls {
            0 => None,
            1 => Some("1 stall".to_owned()),
            n => Some(format!("{} stalls", format_count(n))),
        }
    }
}

impl Phase {
    fn add(&mut self, interval: &IntervalSamples, now_ns: u64) {
        self.heard_ns = now_ns;
        let rate = interval.samples.count() as f64 * 1e9 / interval.length_ns.max(1) as f64;
        if interval.series == FSYNC {
            self.fsyncs
                .merge(&Distribution::from_samples(&interval.samples));
            self.syncs_per_s.insert(interval.member, rate);
        } else if interval.series == PUTS {
            self.puts_per_s.insert(interval.member, rate);
        }
    }

    fn how_far(&self, now_ns: u64) -> String {
        let elapsed_ns = now_ns.saturating_sub(self.start_ns);
        match self.planned_ns {
            0 => seconds(elapsed_ns),
            planned_ns => format!("{} of {}", seconds(elapsed_ns), seconds(planned_ns)),
        }
    }

    fn figures(&self) -> Vec<String> {
        let (Some(p50), Some(p99)) = (self.fsyncs.quantile(0.5), self.fsyncs.quantile(0.99)) else {
            return Vec::new();
        };
        let mut figures = vec![
            format!(
                "{FSYNC} p50 {}  p99 {}  max {} ms",
                format_millis(p50),
                format_millis(p99),
                format_millis(self.fsyncs.max_ns())
            ),
            format!("{} syncs/s", per_second(&self.syncs_per_s)),
        ];
        if !self.puts_per_s.is_empty() {
            figures.push(format!("{} puts/s", per_second(&self.puts_per_s)));
        }
        figures
    }

    fn quiet(&self, now_ns: u64) -> Option<String> {
        let quiet_ns = now_ns.saturating_sub(self.heard_ns);
        (self.fsyncs.count() > 0 && quiet_ns >= QUIET_NS)
            .then(|| format!("nothing finished for {}", seconds(quiet_ns)))
    }
}

fn per_second(rates: &BTreeMap<Option<u32>, f64>) -> String {
    format_count(rates.values().sum::<f64>().round() as u64)
}

/// Whole seconds, so that the line does not flicker; minutes once there are some.
fn seconds(ns: u64) -> String {
    let s = ns / 1_000_000_000;
    match s {
        0..120 => format!("{s} s"),
        _ => format!("{}:{:02} min", s / 60, s % 60),
    }
}

/// As many items as fit into a line.
fn fit(items: &[String], width: usize) -> String {
    let mut line = String::new();
    for item in items {
        let gap = if line.is_empty() { "" } else { GAP };
        let cells = line.chars().count() + gap.chars().count() + item.chars().count();
        if cells >= width {
            break;
        }
        line.push_str(gap);
        line.push_str(item);
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::record::Samples;

    const MS: u64 = 1_000_000;
    const S: u64 = 1_000 * MS;

    fn live() -> Live {
        let phase = |name: &str, seconds| PlannedPhase {
            name: name.to_owned(),
            duration_ns: seconds * S,
        };
        Live {
            ahead: vec![phase("wal", 8), phase("etcd", 35), phase("capacity", 14)],
            current: None,
            stalls: 0,
            waiting: None,
            told_ns: None,
        }
    }

    fn begin(live: &mut Live, phase: &str, at_ns: u64, planned_ns: u64) {
        let start = Emission::PhaseStart {
            phase: Arc::from(phase),
            at_ns,
            planned_ns,
        };
        live.observe(&start, &Clock::start());
    }

    fn interval(series: &'static str, member: Option<u32>, values: &[u64]) -> Emission {
        let mut samples = Box::new(Samples::new());
        values.iter().for_each(|&value| samples.record(value));
        Emission::Interval(IntervalSamples {
            phase: Arc::from("etcd"),
            series,
            member,
            start_ns: 0,
            length_ns: S,
            samples,
        })
    }

    fn stall(duration_ns: u64) -> Emission {
        Emission::Stall(Stall {
            phase: Arc::from("etcd"),
            series: FSYNC,
            member: None,
            start_ns: 0,
            duration_ns,
        })
    }

    #[test]
    fn the_bar_moves_with_time_alone() {
        let mut live = live();
        begin(&mut live, "build", 0, 0);
        assert!(live.bar(2 * S, 100).contains("2 s   57 s left in all"));
        begin(&mut live, "wal", 2 * S, 8 * S);
        begin(&mut live, "etcd", 10 * S, 35 * S);
        let first = live.bar(17 * S, 100);
        assert!(first.contains("7 s of 35 s   42 s left in all"), "{first}");
        assert_eq!(first.matches('█').count(), 4);
        assert_eq!(live.bar(31 * S, 100).matches('█').count(), 14);
        assert!(live.bar(90 * S, 100).contains("14 s left in all"));
    }

    #[test]
    fn figures_are_of_this_phase_and_rates_of_all_members() {
        let mut live = live();
        begin(&mut live, "wal", 0, 8 * S);
        live.observe(&interval(FSYNC, None, &[90 * MS]), &Clock::start());
        begin(&mut live, "etcd", 8 * S, 35 * S);
        for member in [0, 1] {
            live.observe(
                &interval(FSYNC, Some(member), &[MS, MS, 3 * MS]),
                &Clock::start(),
            );
            live.observe(&interval(PUTS, Some(member), &[MS; 40]), &Clock::start());
        }
        let text = live.bar(9 * S, 100);
        assert!(
            text.contains("wal.fsync p50 1  p99 3  max 3 ms   6 syncs/s   80 puts/s"),
            "{text}"
        );
    }

    #[test]
    fn stalls_are_told_at_most_once_a_second_and_none_is_lost() {
        let clock = Clock::start();
        let mut live = live();
        begin(&mut live, "etcd", 0, 35 * S);
        live.observe(&stall(150 * MS), &clock);
        let first = live.messages(S);
        assert_eq!(first.len(), 1);
        assert!(
            first[0].ends_with(" UTC  stall: wal.fsync took 150 ms"),
            "{first:?}"
        );
        live.observe(&stall(110 * MS), &clock);
        live.observe(&stall(300 * MS), &clock);
        assert!(live.messages(S + MS).is_empty());
        let later = live.messages(2 * S);
        assert!(
            later[0].ends_with("took 300 ms, the longest of 2"),
            "{later:?}"
        );
        assert!(live.last_messages().is_empty());
        assert!(live.bar(2 * S, 100).contains("3 stalls"));
    }

    #[test]
    fn a_disk_that_keeps_everybody_waiting_is_said_to() {
        let clock = Clock::start();
        let mut live = live();
        begin(&mut live, "etcd", 0, 35 * S);
        live.observe(&interval(FSYNC, None, &[MS]), &clock);
        assert!(
            !live
                .bar(clock.now_ns() + S, 120)
                .contains("nothing finished")
        );
        assert!(
            live.bar(clock.now_ns() + 5 * S, 120)
                .contains("nothing finished for 5 s")
        );
    }

    #[test]
    fn narrow_terminals_get_fewer_items_not_broken_lines() {
        let mut live = live();
        begin(&mut live, "etcd", 0, 35 * S);
        live.observe(&interval(FSYNC, None, &[MS]), &Clock::start());
        for line in live.bar(7 * S, 50).lines() {
            assert!(line.chars().count() < 50, "{line}");
        }
    }
}
