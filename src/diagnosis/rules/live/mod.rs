//! The rules for members that run: what they answered within a window, how fast, and what their metrics grew by.
//!
//! First who is there; then where the time of a write goes, member by member: disk, CPU or network, each named only where
//! the numbers exclude the others; then what stands still beside fast disks and paths; and at last what is slow and
//! explained by none of these.

mod answering;
#[cfg(test)]
mod beside_tests;
mod condition;
mod cpu;
mod disk;
mod network;
mod path;
mod presence;
mod stuck;
#[cfg(test)]
mod tests;
mod told;
#[cfg(test)]
mod unasked_tests;
mod unexplained;
mod upkeep;
mod way;

use crate::diagnosis::cause::Diagnosis;
use crate::diagnosis::observed::Member;
use answering::answering;
use path::Path;

pub use cpu::{Cpu, cpu};
pub(super) use unexplained::nothing_measured;

/// Adds what the members that run show.
pub(super) fn find(members: &[Member], found: &mut Vec<Diagnosis>) {
    if members.iter().all(|member| member.live.is_none()) {
        return;
    }
    let path = Path::of(members);
    found.extend(presence::missing(members));
    found.extend(presence::quorum(members));
    for (index, live) in answering(members) {
        found.extend(condition::corrupt(index, live));
        found.extend(cpu::starved(members, index, &path));
        found.extend(disk::slow(members, index, &path));
        found.extend(stuck::backlog(index, live));
        found.extend(upkeep::defragmentation(index, live));
        found.extend(upkeep::large_reads(members, index, &path));
    }
    upkeep::cpu_for_reads(found);
    found.extend(network::slow(members, &path));
    found.extend(told::slow(members, &path));
    found.extend(stuck::log_sink(members, &path));
    found.extend(condition::clocks(members));
    found.extend(way::long(members, &path));
    // What a log tells without a cause is explained by what was measured, before anything counts as unexplained.
    super::unite::unite(found);
    unexplained::find(members, &path, found);
}
