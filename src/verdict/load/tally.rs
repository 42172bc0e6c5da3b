//! What the load engine counted: what was due, sent and answered.

use serde::Deserialize;

use super::evidence::Evidence;

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
    /// Connections.
    pub connections: u64,
}

impl Tally {
    /// Of what is looked at; `None` when the engine did not come to tell.
    pub fn of(evidence: &Evidence) -> Option<Tally> {
        let told = evidence
            .events("load.phase")
            .filter_map(|event| serde_json::from_value(event.detail.clone()).ok());
        told.reduce(Tally::and)
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
            connections: self.connections.max(other.connections),
        }
    }

    /// Operations answered per second.
    pub fn reached_per_s(&self) -> f64 {
        self.answered as f64 / (self.length_ns.max(1) as f64 / 1e9)
    }
}
