//! What is slow, or was lost, and is explained by no cause that was named.

use super::answering::answering;
use super::cpu::{Cpu, cpu, free};
use super::path::{OWN_LATE, Path, is_slow, requests, stalls};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member};

/// Adds what nothing explains, and tells of lost leaders and late heartbeats beside what does.
pub(super) fn find(members: &[Member], path: &Path, found: &mut Vec<Diagnosis>) {
    let explained = found.iter().any(|one| one.harm >= Harm::Waits);
    let heartbeats = heartbeats(members);
    let changes = leader_changes(members);
    let beside: Vec<Measured> = heartbeats.iter().chain(&changes).map(|(_, m)| m.clone()).collect();
    if let Some(first) = found.iter_mut().find(|one| one.harm >= Harm::Waits) {
        first.evidence.extend(beside.into_iter().map(Evidence::Measured));
        return;
    }
    if explained {
        return;
    }
    if let Some((index, told)) = changes {
        let one = Diagnosis::new(Cause::LeaderLost, index, Certainty::NotSure, Harm::Outage);
        let one = one.measured([told]).measured(heartbeats.map(|(_, told)| told));
        found.push(one.lacking([Missing::LeaderLog, Missing::Cpu, Missing::Network]));
    } else if let Some((index, told)) = heartbeats {
        let live = members[index].live.as_deref();
        let one = Diagnosis::new(Cause::LoopBlocked, index, Certainty::NotSure, Harm::Risk);
        let one = one.measured([told]).measured(live.and_then(super::cpu::sync));
        found.push(one.lacking([Missing::Cpu, Missing::LogSink, Missing::Device]));
    }
    if path.slow {
        found.push(slow(members, path));
    }
}

/// Heartbeats that the leader sent late name the leader; changes of the leader are seen by its victims.
fn heartbeats(members: &[Member]) -> Option<(usize, Measured)> {
    let of = |(index, live): (usize, &Live)| {
        let count = live.growth("heartbeat_send_failures").unwrap_or_default();
        (count >= 1.0).then_some((index, count as u64))
    };
    let (index, count) = answering(members).filter_map(of).max_by_key(|(_, count)| *count)?;
    Some((index, Measured::HeartbeatsFailed { count }))
}

fn leader_changes(members: &[Member]) -> Option<(usize, Measured)> {
    let of = |(index, live): (usize, &Live)| {
        let count = live.growth("leader_changes").unwrap_or_default();
        (count >= 1.0).then_some((index, count as u64))
    };
    let (index, count) = answering(members).filter_map(of).max_by_key(|(_, count)| *count)?;
    Some((index, Measured::LeaderChanges { count }))
}

/// Slow requests without a cause: at the slowest member, with what was excluded and what would decide.
fn slow(members: &[Member], path: &Path) -> Diagnosis {
    let worst = |live: &Live| {
        [&live.serializable, &live.linearizable, &live.write]
            .map(|probe| probe.mean_ns)
            .into_iter()
            .max()
    };
    let slowest = answering(members)
        .filter(|(_, live)| is_slow(live))
        .max_by_key(|(_, live)| worst(live))
        .map(|(index, _)| index);
    let index = slowest.or(path.leader).unwrap_or_default();
    let busy = |live: &Live| live.own_late_share >= OWN_LATE;
    let all_late = answering(members).count() > 1
        && answering(members).all(|(_, live)| live.ping.late_share() >= 0.2);
    let live = members[index].live.as_deref();
    if let Some(live) = live.filter(|live| busy(live) || all_late) {
        let own = busy(live).then_some(Measured::OwnLateness { share: live.own_late_share });
        return Diagnosis::new(Cause::Client, index, Certainty::NotSure, Harm::Waits)
            .lasting(1)
            .measured(own)
            .measured([requests(live)])
            .lacking([Missing::OtherClient]);
    }
    let told = live.map(|live| {
        let mut all = vec![requests(live)];
        for probe in [&live.serializable, &live.linearizable, &live.write] {
            if stalls(probe) {
                let (count, of, longest_ns) = (probe.stalls, probe.answered, probe.max_ns);
                all.push(Measured::Stalled { count, of, longest_ns });
            }
            if probe.failed > 0 {
                let (count, of) = (probe.failed, probe.failed + probe.answered);
                all.push(Measured::Failed { count, of });
            }
        }
        if cpu(live, 25_000_000) == Cpu::Free {
            all.push(free(live));
        }
        all.extend(super::cpu::kernel(live));
        all.extend(super::cpu::sync(live));
        all
    });
    let missing = match live.is_some_and(|live| live.metrics) {
        true => vec![Missing::Cpu, Missing::Device, Missing::Longer],
        false => vec![Missing::Metrics, Missing::Cpu],
    };
    Diagnosis::new(Cause::SlowRequests, index, Certainty::NotSure, Harm::Waits)
        .lasting(1)
        .measured(told.into_iter().flatten())
        .measured(path.evidence())
        .lacking(missing)
}
