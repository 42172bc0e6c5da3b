//! The way from here to the members, which everything that is asked from here takes, and nothing else of the cluster.

use super::answering::answering;
use super::cpu::{ENOUGH_PINGS, is_held_back};
use super::network::LONG_NS;
use super::path::Path;
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Harm, Missing};
use crate::diagnosis::measured::Measured;
use crate::diagnosis::observed::{Live, Member};

/// Answers from memory whose median exceeds the shortest by more than this factor are late now and then, and not far away.
const STEADY: u64 = 2;

/// A long way: even the shortest answer from memory took as long as a path between members may not.
pub(super) fn long(members: &[Member], path: &Path) -> Vec<Diagnosis> {
    let far: Vec<(usize, u64)> = answering(members)
        .filter(|(_, live)| is_far(live))
        .map(|(index, live)| (index, live.ping.min_ns))
        .collect();
    let asked = answering(members).filter(|(_, live)| live.ping.answered >= ENOUGH_PINGS);
    let near = asked.filter(|(_, live)| !is_far(live)).map(|(_, live)| live.ping.min_ns).min();
    let told = |(index, ns): (usize, u64), elsewhere_ns| {
        let one = Diagnosis::new(Cause::Client, index, Certainty::Likely, Harm::Risk);
        one.lasting(1)
            .measured([Measured::WayFromHere { ns, elsewhere_ns }])
            .lacking([Missing::OtherClient])
    };
    if near.is_some() {
        return far.into_iter().map(|one| told(one, near)).collect();
    }
    let nearest = far.iter().map(|(_, ns)| *ns).min();
    let about = path.leader.or(far.first().map(|(index, _)| *index));
    about.zip(nearest).map(|one| told(one, None)).into_iter().collect()
}

fn is_far(live: &Live) -> bool {
    let ping = &live.ping;
    ping.answered >= ENOUGH_PINGS
        && ping.min_ns >= LONG_NS
        && ping.p50_ns <= STEADY.saturating_mul(ping.min_ns)
        && !is_held_back(live)
}
