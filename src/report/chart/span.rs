//! What is judged, and the stretches of the run's clock that it takes: the time axes of a run.

use crate::result::{PhaseData, Run};
use crate::units::format_duration;

use super::frame::Panel;
use super::part::Time;
use super::pick;

/// A span on the run's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its beginning.
    pub start_ns: u64,
    /// Its end.
    pub end_ns: u64,
}

impl Span {
    /// All that phases cover, and the points beyond: answers may come after a phase's end.
    pub fn of(phases: &[&PhaseData]) -> Self {
        let start = phases.iter().map(|phase| phase.start_ns).min();
        let end = phases.iter().map(|phase| phase.start_ns.saturating_add(phase.length_ns)).max();
        Span { start_ns: start.unwrap_or(0), end_ns: end.unwrap_or(0) }
    }

    /// How long it is.
    pub fn length_ns(self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// A moment as time since the span's beginning.
    pub fn since(self, at_ns: u64) -> f64 {
        at_ns.saturating_sub(self.start_ns) as f64
    }

    /// It as the x axis of this panel.
    pub fn along(self, panel: &Panel) -> Time {
        let (left, right) = (panel.plot.left, panel.plot.right);
        Time { left, right, from_ns: self.start_ns, to_ns: self.end_ns }
    }

    /// Whether a moment lies in it.
    pub fn holds(self, at_ns: u64) -> bool {
        (self.start_ns..=self.end_ns).contains(&at_ns)
    }
}

/// What is judged, by what goes on one time axis: each phase, or all rates together under the name `rates`.
pub(super) fn groups(run: &Run) -> Vec<(String, Vec<&PhaseData>)> {
    let judged = pick::judged(run);
    if judged.len() > 1 && judged.iter().all(|phase| pick::is_rate(phase)) {
        return vec![("rates".to_owned(), judged)];
    }
    let alone = |phase: &PhaseData| phase.name.clone();
    judged.into_iter().map(|phase| (alone(phase), vec![phase])).collect()
}

/// What the time axis counts from.
pub(super) fn since(phases: &[&PhaseData]) -> &'static str {
    match phases.len() {
        1 => "since the phase began",
        _ => "since the first rate began",
    }
}

/// A time since a beginning to the second, however long it is: `35 min 8 s`.
pub(super) fn moment(since_ns: u64) -> String {
    let s = since_ns / 1_000_000_000;
    if s < 120 {
        return format_duration(since_ns);
    }
    let parts = [(s / 3_600, "h"), (s / 60 % 60, "min"), (s % 60, "s")];
    let told = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}"));
    told.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn moments_of_long_runs_are_told_to_the_second() {
        const S: u64 = 1_000_000_000;
        let told = |s: u64| moment(s * S);
        assert_eq!([told(119), told(2_108), told(7_200)], ["119 s", "35 min 8 s", "2 h"]);
        assert_eq!(moment(1_250_000_000), "1.25 s");
    }
}
