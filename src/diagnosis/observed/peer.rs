//! What a member says of its peers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Moments, Span};

/// A sign that a peer cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeerSign {
    /// A probe found it unhealthy.
    Unhealthy,
    /// Messages to it failed, and it counts as away.
    Inactive,
    /// The stream from it broke.
    StreamLost,
    /// Messages to it were dropped: the buffer was full.
    BufferFull,
    /// Its certificate, or ours, was refused.
    Rejected,
}

/// What the system said when a peer could not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No answer in time: the path or the other machine.
    Timeout,
    /// Nobody listens there, or the connection was closed: the machine answers, its etcd does not run.
    Refused,
    /// This host has no route at all.
    NoNetwork,
    /// No route to that host, or it does not answer on its own network.
    NoRoute,
    /// Its name has no address.
    NoName,
    /// TLS: a certificate that is not trusted, not valid or out of date.
    Certificate,
    /// Anything else, or not told.
    Other,
}

/// Absences of a peer that are kept.
const MOST_ABSENCES: usize = 500;
/// Signs within this of the last absence continue it, where nothing tells that the peer was back.
const SAME_ABSENCE_NS: i64 = 60_000_000_000;

/// What a member says of one of its peers.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// How often each sign of trouble was logged.
    pub signs: BTreeMap<PeerSign, u64>,
    /// Why.
    pub failures: BTreeMap<Failure, u64>,
    /// Its address, as errors told it.
    pub address: Option<String>,
    /// The longest round trip that was told while it was unhealthy.
    pub rtt_ns: Option<u64>,
    /// The shortest round trip that was told with a difference of the clocks.
    pub quick_rtt_ns: Option<u64>,
    /// How far the clocks were apart at most.
    pub apart_ns: Option<u64>,
    /// When the clocks were found apart.
    pub apart: Moments,
    /// From when to when it was away: from the first sign to when it was active again, or to the last sign.
    pub away: Vec<Span>,
    /// Whether the last of these has ended.
    pub back: bool,
}

impl Peer {
    /// A sign of trouble: the peer is away from its first until it is back.
    pub fn sign(&mut self, at_ns: Option<i64>, sign: PeerSign, failure: Failure) {
        *self.signs.entry(sign).or_default() += 1;
        *self.failures.entry(failure).or_default() += 1;
        let Some(at) = at_ns else {
            self.back = false;
            return;
        };
        // A message dropped for a full buffer is no absence by itself.
        let begins = sign != PeerSign::BufferFull;
        let open = !self.back;
        match self.away.last_mut() {
            Some(last) if open && Span::at(at).near(last, SAME_ABSENCE_NS) => {
                *last = last.with(Span::at(at))
            }
            _ if begins => {
                if self.away.len() < MOST_ABSENCES {
                    self.away.push(Span::at(at));
                }
                self.back = false;
            }
            _ => {}
        }
    }

    /// It was found active again.
    pub fn is_back(&mut self, at_ns: Option<i64>) {
        if let (Some(last), Some(at), false) = (self.away.last_mut(), at_ns, self.back)
            && Span::at(at).near(last, SAME_ABSENCE_NS)
        {
            *last = last.with(Span::at(at));
        }
        self.back = true;
    }

    /// All signs of trouble.
    pub fn trouble(&self) -> u64 {
        self.signs.values().sum()
    }

    /// The longest it was away.
    pub fn longest_away_ns(&self) -> u64 {
        self.away.iter().map(Span::length_ns).max().unwrap_or_default()
    }

    /// What the system said most often, where it said anything.
    pub fn failure(&self) -> Failure {
        let told = self.failures.iter().filter(|(failure, _)| **failure != Failure::Other);
        told.max_by_key(|(_, count)| **count).map_or(Failure::Other, |(failure, _)| *failure)
    }

    /// Whether the system ever said this.
    pub fn failed_by(&self, failure: Failure) -> bool {
        self.failures.contains_key(&failure)
    }
}
