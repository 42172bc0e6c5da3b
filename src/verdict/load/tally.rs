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
            Some(Tally { late: late(phase, tally.length_ns).min(tally.answered), ..tally })
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
            in_flight_max: self.in_flight_max.max(other.in_flight_max),
            max_in_flight: self.max_in_flight,
            class: self.class,
            connections: self.connections.max(other.connections),
            late: self.late + other.late,
        }
    }

    /// Operations answered per second while the load lasted.
    pub fn reached_per_s(&self) -> f64 {
        (self.answered - self.late) as f64 / (self.length_ns.max(1) as f64 / 1e9)
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
