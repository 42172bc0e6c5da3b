//! What is known of a run while it goes on, and how it is worded. Pure: the clock's readings are passed in.

use crate::clock::Clock;
use crate::plan::PlannedPhase;
use crate::record::{Emission, Stall};
use crate::result::EXTENDED;
use crate::units::{format_count, format_duration};

use super::notices::Notices;

const GAP: &str = "   ";
/// Cells of the bar.
const BAR: usize = 24;
/// Intervals are a second long; nothing heard for this long means that everybody is kept waiting.
const QUIET_NS: u64 = 3_000_000_000;

/// The figures of one kind of run.
pub(super) trait Figures: Send {
    /// A phase begins; figures are of it alone.
    fn begin(&mut self, phase: &str, at_ns: u64);
    /// Takes note of what the run tells; true when by that something has finished.
    fn observe(&mut self, emission: &Emission) -> bool;
    /// What the phase does, in a few words, where its name does not say it.
    fn intent(&self) -> Option<String> {
        None
    }
    /// How much is done and how much there is to do, where the phase is counted rather than timed.
    fn counted(&self) -> Option<Counted> {
        None
    }
    /// What stands beside the bar.
    fn beside(&self, now_ns: u64) -> Vec<String>;
    /// What stands below it, line by line.
    fn below(&self) -> Vec<Vec<String>>;
    /// Whether anything has finished in this phase, so that silence is worth telling.
    fn moving(&self) -> bool;
    /// An event in words, where it is worth a line.
    fn notice(&self, event: &Emission) -> Option<String> {
        let _ = event;
        None
    }
    /// Who a series' member is.
    fn member(&self, index: u32) -> String;
}

/// Progress of a phase that ends with a number.
pub(super) struct Counted {
    pub done: u64,
    pub of: u64,
    /// What is counted.
    pub what: &'static str,
}

/// The state behind the display.
pub struct Live {
    /// The phases that have not begun.
    ahead: Vec<PlannedPhase>,
    current: Option<Phase>,
    figures: Box<dyn Figures>,
    /// Stalls seen in the whole run.
    stalls: u64,
    notices: Notices,
}

/// The phase that is going on.
struct Phase {
    name: String,
    start_ns: u64,
    planned_ns: u64,
    heard_ns: u64,
}

impl Live {
    pub(super) fn new(phases: Vec<PlannedPhase>, figures: Box<dyn Figures>) -> Self {
        Live { ahead: phases, current: None, figures, stalls: 0, notices: Notices::default() }
    }

    pub(super) fn observe(&mut self, emission: &Emission, clock: &Clock) {
        match emission {
            Emission::PhaseStart { phase, at_ns, planned_ns } => {
                self.ahead.retain(|ahead| ahead.name != **phase);
                self.figures.begin(phase, *at_ns);
                self.current = Some(Phase {
                    name: phase.to_string(),
                    start_ns: *at_ns,
                    planned_ns: *planned_ns,
                    heard_ns: *at_ns,
                });
            }
            Emission::Interval(_) | Emission::Counters { .. } => {
                let finished = self.figures.observe(emission);
                if let Some(current) = self.current.as_mut().filter(|_| finished) {
                    current.heard_ns = clock.now_ns();
                }
            }
            Emission::Stall(stall) => self.stall(stall, clock),
            Emission::Written(_) => {}
            Emission::Event { kind, at_ns, detail, .. } => {
                let longer_ns = detail["by_ns"].as_u64().filter(|_| *kind == EXTENDED);
                if let (Some(current), Some(longer_ns)) = (self.current.as_mut(), longer_ns) {
                    current.planned_ns += longer_ns;
                }
                if let Some(text) = self.figures.notice(emission) {
                    let line = || format!("{}  {text}", time(*at_ns, clock));
                    self.notices.add(kind, 0, line);
                }
            }
        }
    }

    fn stall(&mut self, stall: &Stall, clock: &Clock) {
        self.stalls += 1;
        let figures = &self.figures;
        self.notices.add("stall", stall.duration_ns, || {
            let member = stall
                .member
                .map_or_else(String::new, |index| format!(" of {}", figures.member(index)));
            format!(
                "{}  stall: {}{member} took {}",
                time(stall.start_ns, clock),
                stall.series,
                format_duration(stall.duration_ns),
            )
        });
    }

    /// What is to be told now beside the bar, unless something was told a moment ago.
    pub(super) fn messages(&mut self, now_ns: u64) -> Vec<String> {
        self.notices.due(now_ns)
    }

    /// What is left to be told.
    pub(super) fn last_messages(&mut self) -> Vec<String> {
        self.notices.rest()
    }

    /// The phase that is going on.
    pub(super) fn phase(&self) -> Option<&str> {
        self.current.as_ref().map(|phase| phase.name.as_str())
    }

    /// The line that says which phase begins.
    pub(super) fn begins(&self) -> Option<String> {
        let phase = self.current.as_ref()?;
        let length = (phase.planned_ns > 0).then(|| format_duration(phase.planned_ns));
        let about: Vec<String> = length.into_iter().chain(self.figures.intent()).collect();
        Some(if about.is_empty() {
            phase.name.clone()
        } else {
            format!("{}: {}", phase.name, about.join(", "))
        })
    }

    /// One line of progress without a bar.
    pub(super) fn plain(&self, now_ns: u64) -> String {
        let Some(phase) = &self.current else {
            return "starting".to_owned();
        };
        let mut items = vec![format!("{}: {}", phase.name, self.how_far(phase, now_ns))];
        items.extend(Some(self.left(phase, now_ns)).filter(|left| !left.is_empty()));
        items.extend(self.figures.beside(now_ns));
        items.extend(self.figures.below().into_iter().flatten());
        items.extend(self.stalled());
        items.join(", ")
    }

    /// The bar and the figures below it, in lines of at most this many cells.
    pub(super) fn bar(&self, now_ns: u64, width: usize) -> String {
        let Some(phase) = &self.current else {
            return "starting".to_owned();
        };
        let full = self.full(phase, now_ns);
        let mut head = vec![
            format!("{:<10}  {}{}", phase.name, "█".repeat(full), "░".repeat(BAR - full)),
            self.how_far(phase, now_ns),
        ];
        // Where there is no room for all, this stays.
        head.push(self.left(phase, now_ns));
        head.extend(self.figures.beside(now_ns));
        let mut below = self.figures.below();
        let troubles = self.stalled().into_iter().chain(self.quiet(phase, now_ns));
        match below.first_mut() {
            Some(first) => first.extend(troubles),
            None => below.push(troubles.collect()),
        }
        let lines = std::iter::once(head).chain(below);
        let lines: Vec<String> = lines.map(|items| fit(&items, width)).collect();
        lines.join("\n")
    }

    /// Cells of the bar that are done.
    fn full(&self, phase: &Phase, now_ns: u64) -> usize {
        let elapsed_ns = now_ns.saturating_sub(phase.start_ns);
        let (done, of) = match (phase.planned_ns, self.figures.counted()) {
            (0, Some(counted)) => (counted.done, counted.of),
            // Nobody knows how long it takes.
            (0, None) => return 0,
            (planned_ns, _) => (elapsed_ns, planned_ns),
        };
        let share = done as f64 / of.max(1) as f64;
        (share * BAR as f64).min(BAR as f64) as usize
    }

    fn how_far(&self, phase: &Phase, now_ns: u64) -> String {
        let elapsed_ns = now_ns.saturating_sub(phase.start_ns);
        match (phase.planned_ns, self.figures.counted()) {
            (0, Some(counted)) => format!(
                "{} of {} {}",
                format_count(counted.done),
                format_count(counted.of),
                counted.what
            ),
            (0, None) => seconds(elapsed_ns),
            (planned_ns, _) => format!("{} of {}", seconds(elapsed_ns), seconds(planned_ns)),
        }
    }

    /// How long the whole run still takes.
    fn left(&self, phase: &Phase, now_ns: u64) -> String {
        let elapsed_ns = now_ns.saturating_sub(phase.start_ns);
        let ahead_ns: u64 = self.ahead.iter().map(|ahead| ahead.duration_ns).sum();
        let left_ns = phase.planned_ns.saturating_sub(elapsed_ns) + ahead_ns;
        match left_ns {
            0 if phase.planned_ns == 0 && self.figures.counted().is_some() => String::new(),
            0 => "about to end".to_owned(),
            ns => format!("{} left in all", seconds(ns.next_multiple_of(1_000_000_000))),
        }
    }

    fn stalled(&self) -> Option<String> {
        match self.stalls {
            0 => None,
            1 => Some("1 stall".to_owned()),
            n => Some(format!("{} stalls", format_count(n))),
        }
    }

    fn quiet(&self, phase: &Phase, now_ns: u64) -> Option<String> {
        let quiet_ns = now_ns.saturating_sub(phase.heard_ns);
        (self.figures.moving() && quiet_ns >= QUIET_NS)
            .then(|| format!("nothing finished for {}", seconds(quiet_ns)))
    }
}

/// A moment as it stands before a notice.
fn time(at_ns: u64, clock: &Clock) -> String {
    let time = clock.wall(at_ns);
    format!("{} UTC", time.strftime("%H:%M:%S%.3f"))
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
    for item in items.iter().filter(|item| !item.is_empty()) {
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

    use super::super::disk::{DiskFigures, FSYNC, PUTS};
    use super::*;
    use crate::record::{IntervalSamples, Samples};

    const MS: u64 = 1_000_000;
    const S: u64 = 1_000 * MS;

    fn live() -> Live {
        let phase =
            |name: &str, seconds| PlannedPhase { name: name.to_owned(), duration_ns: seconds * S };
        Live::new(
            vec![phase("wal", 8), phase("etcd", 35), phase("capacity", 14)],
            Box::new(DiskFigures::default()),
        )
    }

    fn begin(live: &mut Live, phase: &str, at_ns: u64, planned_ns: u64) {
        let start = Emission::PhaseStart { phase: Arc::from(phase), at_ns, planned_ns };
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
            live.observe(&interval(FSYNC, Some(member), &[MS, MS, 3 * MS]), &Clock::start());
            live.observe(&interval(PUTS, Some(member), &[MS; 40]), &Clock::start());
        }
        let text = live.bar(9 * S, 100);
        assert!(text.contains("wal.fsync p50 1  max 3 ms   6 syncs/s   80 puts/s"), "{text}");
    }

    #[test]
    fn stalls_are_told_at_most_once_a_second_and_none_is_lost() {
        let clock = Clock::start();
        let mut live = live();
        begin(&mut live, "etcd", 0, 35 * S);
        live.observe(&stall(150 * MS), &clock);
        let first = live.messages(S);
        assert_eq!(first.len(), 1);
        assert!(first[0].ends_with(" UTC  stall: wal.fsync took 150 ms"), "{first:?}");
        live.observe(&stall(110 * MS), &clock);
        live.observe(&stall(300 * MS), &clock);
        assert!(live.messages(S + MS).is_empty());
        let later = live.messages(2 * S);
        assert!(later[0].ends_with("took 300 ms, the longest of 2"), "{later:?}");
        assert!(live.last_messages().is_empty());
        assert!(live.bar(2 * S, 100).contains("3 stalls"));
    }

    #[test]
    fn a_disk_that_keeps_everybody_waiting_is_said_to() {
        let clock = Clock::start();
        let mut live = live();
        begin(&mut live, "etcd", 0, 35 * S);
        live.observe(&interval(FSYNC, None, &[MS]), &clock);
        assert!(!live.bar(clock.now_ns() + S, 120).contains("nothing finished"));
        assert!(live.bar(clock.now_ns() + 5 * S, 120).contains("nothing finished for 5 s"));
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
