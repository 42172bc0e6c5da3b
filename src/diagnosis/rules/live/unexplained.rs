//! What is slow, or was lost, and is explained by no cause that was named.

use super::answering::answering;
use super::cpu::{Cpu, cpu, free};
use super::path::{OWN_LATE, Path, is_slow, requests, stalls, stood_still};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member};

/// Adds what nothing explains, and tells of lost leaders and late heartbeats beside what does.
pub(super) fn find(members: &[Member], path: &Path, found: &mut Vec<Diagnosis>) {
    let explained = found.iter().any(|one| one.harm >= Harm::Waits);
    let heartbeats = heartbeats(members);
    let changes = leader_changes(members);
    if explained {
        for (index, told) in heartbeats.into_iter().chain(changes) {
            tell_beside(index, told, found);
        }
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

/// Puts what came of a cause beside it: one at the same member if there is one, else the gravest that was measured.
fn tell_beside(index: usize, told: Measured, found: &mut [Diagnosis]) {
    let harmful = |one: &Diagnosis| one.harm >= Harm::Waits;
    let here = found.iter().position(|one| harmful(one) && one.member == index);
    let measured = || found.iter().position(|one| harmful(one) && one.is_live());
    let at = here.or_else(measured).or_else(|| found.iter().position(harmful));
    if let Some(at) = at {
        found[at].evidence.push(Evidence::Measured(told));
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
            if stalls(probe) || stood_still(live, probe) {
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

/// That nothing was measured by which a cause could have been found: then nothing is no answer.
pub(in crate::diagnosis::rules) fn nothing_measured(members: &[Member]) -> Option<Diagnosis> {
    let measured = |member: &Member| {
        let asked = |live: &Live| live.write.answered + live.linearizable.answered > 0;
        member.lines > 0 || member.live.as_deref().is_some_and(|live| live.metrics || asked(live))
    };
    let (index, _) = answering(members).next().filter(|_| !members.iter().any(measured))?;
    let one = Diagnosis::new(Cause::NothingMeasured, index, Certainty::NotSure, Harm::Waits);
    Some(one.measured([Measured::Nothing]).lacking([Missing::MetricsTwice]))
}
