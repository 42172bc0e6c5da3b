//! Who is there.

use super::answering::answering;
use super::path::voters;
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Member, Presence};

/// Members that do not answer.
pub(super) fn missing(members: &[Member]) -> Vec<Diagnosis> {
    let of = |(index, member): (usize, &Member)| {
        let live = member.live.as_deref()?;
        let (cause, certainty, missing) = match live.presence {
            Presence::Answers | Presence::NotAsked => return None,
            Presence::Refused => (Cause::Down, Certainty::Clear, vec![Missing::KernelLog]),
            // Whatever it waits for, it is neither stopped nor starved.
            Presence::Silent if live.pings_meanwhile > 0 => {
                (Cause::Silent, Certainty::Clear, vec![Missing::LogSink, Missing::Device])
            }
            Presence::Silent => {
                (Cause::Silent, Certainty::Clear, vec![Missing::Machine, Missing::Cpu])
            }
            // The same path may be open to the other members.
            Presence::Unreachable => (
                Cause::Unreachable,
                Certainty::NotSure,
                vec![Missing::OtherClient, Missing::Network],
            ),
        };
        let told = Measured::NoAnswer { presence: live.presence };
        let one = Diagnosis::new(cause, index, certainty, Harm::Waits).lasting(live.window_ns);
        let pings = live.pings_meanwhile;
        let runs = (pings > 0).then_some(Measured::AnsweredMeanwhile { pings });
        Some(one.measured([told]).measured(runs).lacking(missing))
    };
    members.iter().enumerate().filter_map(of).collect()
}

/// Whether enough members are left, and agree on a leader.
pub(super) fn quorum(members: &[Member]) -> Option<Diagnosis> {
    let lives = || members.iter().filter_map(|member| member.live.as_deref());
    let of = voters(members);
    let unknown = lives().filter(|live| live.presence == Presence::NotAsked).count();
    let up = answering(members).filter(|(_, live)| !live.learner).count();
    let led = answering(members).any(|(_, live)| live.has_leader);
    let enough = up + unknown > of / 2;
    if led && enough || lives().count() == 0 {
        return None;
    }
    let (index, live) = answering(members).next()?;
    // A member may take the leader for there for as long as an election timeout.
    let writes_answered = answering(members).any(|(_, live)| live.write.answered > 0);
    if writes_answered && led {
        return None;
    }
    let told = Measured::Quorum { up: up as u64, of: of as u64 };
    let certainty = if enough { Certainty::NotSure } else { Certainty::Clear };
    let failed = live.write.failed;
    let refused = (failed > 0)
        .then_some(Measured::Failed { count: failed, of: failed + live.write.answered });
    let one = Diagnosis::new(Cause::NoQuorum, index, certainty, Harm::Outage);
    let missing = if enough { vec![Missing::Network, Missing::LeaderLog] } else { vec![] };
    Some(one.lasting(live.window_ns).measured([told]).measured(refused).lacking(missing))
}
