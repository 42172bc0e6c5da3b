//! What the load engine counted: what was due, sent and answered.

use serde::Deserialize;

use super::evidence::Evidence;
use crate::result::PhaseData;

/// The phases' counts, added up.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Tally {
    /// Operations that were to be started.
    pub due: u64,
    /// Operations that were started.
    pub sent: u64,
    /// Operations that were answered in time, and well.
    pub answered: u64,
    /// Operations that failed.
    pub failed: u64,
    /// Operations that were due and never started.
    pub unsent: u64,
    /// Operations per second asked for; absent in a closed loop.
    pub wanted_per_s: Option<f64>,
    /// Length of the load.
    pub length_ns: u64,
    /// From its beginning to its end, where not all of that counts.
    pub span_ns: Option<u64>,
    /// Most operations unanswered at a time.
    pub in_flight_max: u64,
    /// Those that may be, of a class.
    pub max_in_flight: Option<u64>,
    /// The class whose operations these were, if they were not all.
    pub class: Option<String>,
    /// Connections.
    pub connections: u64,
    /// Of the answered, those whose answer came after the end of the phase in which they were due.
    #[serde(skip)]
    pub late: u64,
}

impl Tally {
    /// Of what is looked at; `None` when the engine did not come to tell.
    pub fn of(evidence: &Evidence) -> Option<Tally> {
        let told = evidence.events("load.phase").filter_map(|event| {
            let tally: Tally = serde_json::from_value(event.detail.clone()).ok()?;
            let phase = evidence.phases.iter().find(|phase| phase.name == event.phase)?;
            Some(Tally {
                late: late(phase, tally.span_ns.unwrap_or(tally.length_ns)).min(tally.answered),
                ..tally
            })
        });
        told.reduce(Tally::and)
    }

    /// Of each class.
    pub fn classes(evidence: &Evidence) -> Vec<Tally> {
        let told = evidence.events("load.class");
        let mut classes: Vec<Tally> = Vec::new();
        for tally in
            told.filter_map(|event| serde_json::from_value::<Tally>(event.detail.clone()).ok())
        {
            match classes.iter().position(|known| known.class == tally.class) {
                Some(index) => classes[index] = std::mem::take(&mut classes[index]).and(tally),
                None => classes.push(tally),
            }
        }
        classes
    }

    fn and(self, other: Tally) -> Tally {
        let length_ns = self.length_ns + other.length_ns;
        let span = |tally: &Tally| tally.span_ns.unwrap_or(tally.length_ns);
        let wanted = |tally: &Tally| tally.wanted_per_s.map(|rate| rate * tally.length_ns as f64);
        let both = wanted(&self).zip(wanted(&other));
        Tally {
            due: self.due + other.due,
            sent: self.sent + other.sent,
            answered: self.answered + other.answered,
            failed: self.failed + other.failed,
            unsent: self.unsent + other.unsent,
            wanted_per_s: both.map(|(a, b)| (a + b) / length_ns.max(1) as f64),
            length_ns,
            span_ns: Some(span(&self) + span(&other)),
            in_flight_max: self.in_flight_max.max(other.in_flight_max),
            max_in_flight: self.max_in_flight,
            class: self.class,
            connections: self.connections.max(other.connections),
            late: self.late + other.late,
        }
    }

    /// Operations answered per second while the load lasted.
    ///
    /// Where seconds are left out, what was due in one of them and answered in the next falls on either side of the cut:
    /// then the rate is the share of those due that were answered, as it is judged.
    pub fn reached_per_s(&self) -> f64 {
        let is_cut = self.span_ns.is_some_and(|span_ns| span_ns != self.length_ns);
        match self.wanted_per_s.filter(|_| is_cut && self.due > 0) {
            Some(wanted) => wanted * self.answered as f64 / self.due as f64,
            None => (self.answered - self.late) as f64 / (self.length_ns.max(1) as f64 / 1e9),
        }
    }
}

/// Answers that came in seconds after the end of a phase of this length.
fn late(phase: &PhaseData, length_ns: u64) -> u64 {
    let end_ns = phase.start_ns + length_ns;
    let service =
        phase.series.iter().filter(|s| s.member.is_none() && s.series.ends_with(".service"));
    let points = service.flat_map(|s| &s.timeline);
    points.filter(|point| point.start_ns >= end_ns).map(|point| point.count).sum()
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(answered: u64, length_s: u64, span_s: u64) -> Tally {
        Tally {
            due: 1_200,
            answered,
            late: 400,
            wanted_per_s: Some(400.0),
            length_ns: length_s * 1_000_000_000,
            span_ns: Some(span_s * 1_000_000_000),
            ..Tally::default()
        }
    }

    #[test]
    fn a_rate_over_what_is_left_of_a_load_is_the_share_that_was_answered() {
        assert_eq!(tally(1_200, 3, 4).reached_per_s(), 400.0);
        assert_eq!(tally(600, 3, 4).reached_per_s(), 200.0);
        // Two phases, one of them cut.
        let both = tally(1_200, 3, 4).and(tally(1_200, 3, 3));
        assert_eq!(both.reached_per_s(), 400.0);
    }

    #[test]
    fn a_load_that_counts_whole_is_measured_in_its_own_time() {
        assert_eq!(tally(1_200, 4, 4).reached_per_s(), 200.0, "late ones are not in it");
        let open = Tally { span_ns: None, ..tally(1_200, 4, 4) };
        assert_eq!(open.reached_per_s(), 200.0);
    }
}
