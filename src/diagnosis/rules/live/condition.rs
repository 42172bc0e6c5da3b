//! What a member is in, whatever is asked of it.

use super::answering::answering;
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member, Range};

/// Clocks that are surely further apart than this are told (etcd logs from 1 s on, leases and certificates suffer sooner).
const CLOCK_NS: u64 = 500_000_000;

/// The alarm CORRUPT.
pub(super) fn corrupt(index: usize, live: &Live) -> Option<Diagnosis> {
    live.corrupt.then(|| {
        let one = Diagnosis::new(Cause::Corruption, index, Certainty::Clear, Harm::Outage);
        one.measured([Measured::Corrupt]).lacking([Missing::PeerLog])
    })
}

/// How far two clocks are apart at least: their answers were dated by whole seconds, so each is known as a range.
fn apart(a: &Range, b: &Range) -> u64 {
    let by = (a.from_ns - b.to_ns).max(b.from_ns - a.to_ns);
    u64::try_from(by).unwrap_or_default()
}

/// Members whose clocks differ from those of the others, or all of them from this machine's.
pub(super) fn clocks(members: &[Member]) -> Vec<Diagnosis> {
    let known: Vec<(usize, Range)> =
        answering(members).filter_map(|(index, live)| Some((index, live.clock?))).collect();
    let off = |(index, range): &(usize, Range)| {
        let others = known.iter().filter(|(other, _)| other != index);
        let differs: Vec<(usize, u64)> = others
            .map(|(other, theirs)| (*other, apart(range, theirs)))
            .filter(|(_, by)| *by >= CLOCK_NS)
            .collect();
        // It is the one that is off where it differs from more than half of the others.
        if differs.is_empty() || 2 * differs.len() < known.len() {
            return None;
        }
        let (other, by_ns) = differs.iter().max_by_key(|(_, by)| *by).copied()?;
        let told = Measured::ClockApart { from: Some(other), by_ns };
        // Of two that differ neither is known to be right.
        let sure = if known.len() > 2 { Certainty::Clear } else { Certainty::Likely };
        Some(Diagnosis::new(Cause::Clock, *index, sure, Harm::Risk).measured([told]))
    };
    let mut found: Vec<Diagnosis> = known.iter().filter_map(off).collect();
    if known.len() == 2 {
        found.truncate(1);
    }
    found
}
