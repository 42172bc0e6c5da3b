//! The rules, in the order in which experts ask (etcd's how-to on performance issues, and post-mortems): is it refused
//! for want of space, does the disk stall, is a peer away, was the loop blocked by something else, is it maintenance;
//! and only what none of these explains is a question of its own.
//!
//! "likely from slow disk" in a line of etcd's is its guess for every blocked loop, and counts for nothing here.

mod cluster;
mod common;
mod live;
mod network;
mod process;
mod requests;
mod scarce;
mod storage;
mod unite;

use super::answer::rank;
use super::cause::{Cause, Diagnosis, Evidence, Harm};
use super::observed::{Member, Moments};
use common::BESIDE_NS;

pub use live::{Cpu, cpu};
pub use requests::SHORT_PAUSE_NS;

/// Every cause that the observations show, the gravest first; none where nothing is wrong.
pub fn diagnose(members: &[Member]) -> Vec<Diagnosis> {
    let mut found: Vec<Diagnosis> = Vec::new();
    for (index, member) in members.iter().enumerate() {
        found.extend(storage::quota(index, member));
        found.extend(storage::faults(index, member));
        found.extend(process::paused(index, member));
        found.extend(storage::disk(index, member));
        found.extend(requests::defragmentation(index, member));
        found.extend(process::blocked(index, member));
        found.extend(process::restarted(index, member));
        let own = moments_of(found.iter().filter(|one| one.member == index));
        found.extend(network::peers(index, member, &own));
        found.extend(network::clocks(index, member));
    }
    cluster::consolidate(members, &mut found);
    let explained = moments_of(found.iter());
    for (index, member) in members.iter().enumerate() {
        found.extend(requests::compaction(index, member, &explained));
        found.extend(requests::slow(index, member, &explained, &found));
    }
    live::find(members, &mut found);
    cluster::explain_losses(members, &mut found);
    found.iter_mut().for_each(|one| followed(&members[one.member], one));
    if found.iter().all(|one| one.harm == Harm::None) && !members.is_empty() {
        let scarce = found.is_empty().then(|| scarce::logs(members)).flatten();
        found.extend(live::nothing_measured(members).or(scarce));
    }
    rank(&mut found);
    found
}

/// Tells of the slow requests that came with a cause: they are no cause of their own.
fn followed(member: &Member, one: &mut Diagnosis) {
    let is_about_requests = matches!(
        one.cause,
        Cause::LargeReads
            | Cause::SlowRequests
            | Cause::Compaction
            | Cause::Quota
            | Cause::QuotaNear
            | Cause::Clock
    );
    let waits = [&member.slow_reads, &member.slow_writes];
    let slow_requests =
        waits.iter().map(|waits| waits.moments.events_near(&one.when, BESIDE_NS)).sum();
    if slow_requests > 0 && !is_about_requests {
        one.evidence.push(Evidence::Followed { slow_requests });
    }
}

/// All moments of these causes.
fn moments_of<'a>(found: impl Iterator<Item = &'a Diagnosis>) -> Moments {
    let mut all = Moments::default();
    found.for_each(|one| all.extend(&one.when));
    all
}
