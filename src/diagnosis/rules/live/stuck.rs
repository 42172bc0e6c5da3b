//! What stands still beside fast disks and paths: applies that fall behind, and a reader of logs that does not read.

use super::answering::answering;
use super::cpu::{Cpu, cpu};
use super::path::{Path, STANDS_NS, beyond_ping, requests, slow_from};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member};

/// So many entries behind is a backlog; at 5,000 etcd refuses requests (`maxGapBetweenApplyAndCommitIndex`).
pub(super) const BACKLOG: u64 = 1_000;
const REFUSES: u64 = 5_000;
/// Entries that no member is behind by for long where applies go on.
const FEW: f64 = 3.0;
/// What answers within this, at the same member, does not.
const FAST_NS: u64 = 10_000_000;

/// Applies that fall behind what is committed.
pub(super) fn backlog(index: usize, live: &Live) -> Option<Diagnosis> {
    let entries = live.apply_backlog.filter(|entries| *entries >= BACKLOG)?;
    let harm = if entries >= REFUSES { Harm::Outage } else { Harm::Waits };
    let told = Measured::Backlog { entries };
    let one = Diagnosis::new(Cause::ApplyBacklog, index, Certainty::Likely, harm);
    Some(
        one.lasting(live.window_ns)
            .measured([told, requests(live)])
            .lacking([Missing::Cpu, Missing::Longer]),
    )
}

/// Whether a member is told what others commit, and applies none of it, so that its own writes are not answered.
fn applies_stand(live: &Live) -> bool {
    let told = live.growth("proposals_committed").is_some_and(|entries| entries >= FEW);
    let behind = live.apply_backlog.is_some_and(|entries| entries as f64 >= FEW);
    live.has_leader && live.write.failed > 0 && told && behind
}

/// Linearizable reads that stand still at one member while everything else of it is fast (etcd#22214: the loop that
/// serves them logs its traces, and blocks where nobody reads the log).
pub(super) fn log_sink(members: &[Member], path: &Path) -> Vec<Diagnosis> {
    let of = |(index, live): (usize, &Live)| {
        let confirmed = &live.linearizable;
        let stands = confirmed.max_ns >= STANDS_NS && 2 * confirmed.stalls >= confirmed.answered
            || confirmed.answered == 0 && confirmed.failed >= 2;
        let alone = beyond_ping(live, &live.serializable).is_some_and(|ns| ns <= FAST_NS);
        let writes = beyond_ping(live, &live.write).is_some_and(|ns| ns < slow_from(live));
        let writes = writes || applies_stand(live);
        let others = answering(members).filter(|(other, _)| *other != index);
        let mut others = others.map(|(_, live)| beyond_ping(live, &live.linearizable));
        let others_fast = others.all(|ns| ns.is_some_and(|ns| ns <= FAST_NS));
        let applied = live.apply_backlog.is_none_or(|entries| entries < BACKLOG);
        let free = cpu(live, STANDS_NS) == Cpu::Free;
        (stands && alone && writes && others_fast && applied && free && path.active).then(|| {
            let one = Diagnosis::new(Cause::LogSink, index, Certainty::Likely, Harm::Waits);
            one.lasting(live.window_ns)
                .measured([requests(live), super::cpu::free(live)])
                .lacking([Missing::LogSink])
        })
    };
    answering(members).filter_map(of).collect()
}
