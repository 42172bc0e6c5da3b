//! The network and the peers: who could not be reached, and what the system said of it.

use super::common::{alike, moments, no_slow_sync};
use crate::diagnosis::cause::{Cause, Certainty, Diagnosis, Evidence, Harm, Missing};
use crate::diagnosis::observed::{Failure, Member, MemberId, Moments, Peer, PeerSign, Span};

/// What lies this near to a fault of the member's own is a consequence of it.
const CONSEQUENCE_NS: i64 = 2_000_000_000;
/// A member that was just started does not reach peers that are not up yet, and is not reached.
const STARTING_NS: i64 = 30_000_000_000;
/// A peer that stops answering is noticed after this (rafthttp, `DefaultConnReadTimeout`).
const UNNOTICED_NS: u64 = 5_000_000_000;
/// Clocks are told from this on (rafthttp, 1 s).
const CLOCKS_NS: u64 = 1_000_000_000;

/// Peers that could not be reached, but for what is a consequence of `own` faults.
pub(super) fn peers(index: usize, member: &Member, own: &Moments) -> Vec<Diagnosis> {
    let mut excused = own.clone();
    excused.extend(&starting_and_stopping(member));
    let away: Vec<(Option<MemberId>, &Peer)> = member
        .peers
        .iter()
        .filter(|(_, peer)| peer.trouble() > 0 && is_by_itself(peer, &excused))
        .map(|(id, peer)| (*id, peer))
        .collect();
    let known = member.peers.keys().flatten().count();
    let silent = |peer: &Peer| matches!(cause_of(peer), Cause::PeerNetwork);
    let no_network = away.iter().any(|(_, peer)| peer.failed_by(Failure::NoNetwork));
    let all_silent =
        away.len() >= 2 && away.len() >= known && away.iter().all(|(_, peer)| silent(peer));
    if no_network || (all_silent && at_once(&away)) {
        return vec![own_network(index, member, &away, no_network)];
    }
    away.into_iter().map(|(id, peer)| of_peer(index, member, id, peer)).collect()
}

fn starting_and_stopping(member: &Member) -> Moments {
    let started = member.runs.iter().filter_map(|run| run.started_ns);
    let started = started.map(|at| Span { from_ns: at, to_ns: at.saturating_add(STARTING_NS) });
    let stopped = member.runs.iter().filter_map(|run| run.stopped_ns);
    let stopped = stopped.map(|at| Span { from_ns: at, to_ns: at.saturating_add(STARTING_NS) });
    moments(started.chain(stopped))
}

/// Whether any absence of it is not beside what is excused.
fn is_by_itself(peer: &Peer, excused: &Moments) -> bool {
    peer.away.is_empty() || peer.away.iter().any(|away| !begins_in(excused, away))
}

fn begins_in(excused: &Moments, away: &Span) -> bool {
    excused.any_near(&Span::at(away.from_ns), CONSEQUENCE_NS)
}

/// Whether all were away at the same time.
fn at_once(away: &[(Option<MemberId>, &Peer)]) -> bool {
    let spans = |peer: &Peer| moments(peer.away.iter().copied());
    let Some(((_, first), rest)) = away.split_first() else {
        return false;
    };
    let first = spans(first);
    rest.iter().all(|(_, peer)| {
        peer.away.is_empty()
            || first.is_empty()
            || spans(peer).events_near(&first, CONSEQUENCE_NS) > 0
    })
}

/// What the errors of a peer speak of.
fn cause_of(peer: &Peer) -> Cause {
    match peer.failure() {
        Failure::Refused
            if !peer.failed_by(Failure::Timeout) && !peer.failed_by(Failure::NoRoute) =>
        {
            Cause::PeerDown
        }
        Failure::Certificate => Cause::Certificates,
        _ if peer.signs.len() == 1 && peer.signs.contains_key(&PeerSign::Rejected) => {
            Cause::Certificates
        }
        _ => Cause::PeerNetwork,
    }
}

fn own_network(
    index: usize,
    member: &Member,
    away: &[(Option<MemberId>, &Peer)],
    no_network: bool,
) -> Diagnosis {
    let certainty = if no_network { Certainty::Clear } else { Certainty::Likely };
    let spans = away.iter().flat_map(|(_, peer)| peer.away.iter().copied());
    let one = Diagnosis::new(Cause::OwnNetwork, index, certainty, Harm::Waits).when(moments(spans));
    let missing =
        if no_network { vec![Missing::Network] } else { vec![Missing::Network, Missing::PeerLog] };
    one.because(away.iter().map(|(id, peer)| told(*id, peer)))
        .because(no_network.then_some(Evidence::NoNetwork))
        .because(no_slow_sync(member))
        .lacking(missing)
}

fn of_peer(index: usize, member: &Member, id: Option<MemberId>, peer: &Peer) -> Diagnosis {
    let when = moments(peer.away.iter().copied());
    let about = |cause, certainty, harm| {
        let one = Diagnosis::new(cause, index, certainty, harm).when(when.clone());
        Diagnosis { peer: id, ..one }.because([told(id, peer)])
    };
    if let Some(by_ns) = paused(peer) {
        let clock = Evidence::ClockApart { peer: id, by_ns, rtt_ns: peer.quick_rtt_ns };
        let one = about(Cause::Paused, Certainty::NotSure, Harm::Waits);
        return one
            .because([clock])
            .because(no_slow_sync(member))
            .lacking([Missing::PeerLog, Missing::Machine]);
    }
    match cause_of(peer) {
        Cause::PeerDown => {
            // A restart that is over is how members are upgraded.
            let harm = if peer.back { Harm::None } else { Harm::Waits };
            about(Cause::PeerDown, Certainty::Clear, harm).lacking([Missing::PeerLog])
        }
        Cause::Certificates => {
            let harm = if peer.back { Harm::Risk } else { Harm::Waits };
            about(Cause::Certificates, Certainty::Likely, harm).lacking([Missing::PeerLog])
        }
        _ => {
            let certainty =
                if is_path(member, peer) { Certainty::Likely } else { Certainty::NotSure };
            let one =
                about(Cause::PeerNetwork, certainty, Harm::Waits).because(no_slow_sync(member));
            one.lacking([Missing::PeerLog, Missing::Network])
        }
    }
}

/// Whether the path is what the signs speak of, rather than a machine that is gone: it still carried something, slowly,
/// or was there and gone again.
fn is_path(member: &Member, peer: &Peer) -> bool {
    let slow = peer.rtt_ns.is_some_and(|rtt_ns| rtt_ns >= member.heartbeat_interval_ns());
    let named = matches!(peer.failure(), Failure::NoName | Failure::NoRoute);
    let full = peer.signs.contains_key(&PeerSign::BufferFull);
    let only_full = full && peer.signs.len() == 1;
    slow || named || only_full || peer.back && (full || peer.away.len() >= 2)
}

/// By how much the clock of a peer was behind after it had been away for as long: it stood still meanwhile.
fn paused(peer: &Peer) -> Option<u64> {
    let by_ns = peer.apart_ns.filter(|by_ns| *by_ns >= CLOCKS_NS)?;
    let after = |away: &Span| {
        let later =
            Span { from_ns: away.from_ns, to_ns: away.to_ns.saturating_add(2 * STARTING_NS) };
        let unnoticed_ns = away.length_ns().saturating_add(UNNOTICED_NS);
        let as_long = alike(away.length_ns(), by_ns) || alike(unnoticed_ns, by_ns);
        as_long && peer.apart.any_near(&later, 0)
    };
    peer.away.iter().any(after).then_some(by_ns)
}

fn told(id: Option<MemberId>, peer: &Peer) -> Evidence {
    Evidence::PeerAway {
        peer: id,
        address: peer.address.clone(),
        signs: peer.trouble(),
        times: peer.away.len() as u64,
        longest_ns: peer.longest_away_ns(),
        rtt_ns: peer.rtt_ns,
        failure: peer.failure(),
        back: peer.back,
    }
}

/// Clocks that are apart, and not because somebody stood still.
pub(super) fn clocks(index: usize, member: &Member) -> Vec<Diagnosis> {
    let own_pause = !member.stood_still().is_empty();
    let apart: Vec<(Option<MemberId>, &Peer)> = member
        .peers
        .iter()
        .filter(|(_, peer)| peer.apart_ns.is_some() && paused(peer).is_none() && !own_pause)
        .map(|(id, peer)| (*id, peer))
        .collect();
    let known = member.peers.keys().flatten().count();
    let told = |(id, peer): &(Option<MemberId>, &Peer)| Evidence::ClockApart {
        peer: *id,
        by_ns: peer.apart_ns.unwrap_or_default(),
        rtt_ns: peer.quick_rtt_ns,
    };
    let lengths = || apart.iter().filter_map(|(_, peer)| peer.apart_ns);
    let same = lengths().zip(lengths().skip(1)).all(|(a, b)| alike(a, b));
    if apart.len() >= 2 && apart.len() >= known && same {
        // Apart from everybody by the same: it is this one's own.
        let one = Diagnosis::new(Cause::Clock, index, Certainty::Likely, Harm::Risk);
        return vec![one.because(apart.iter().map(told))];
    }
    let of = |one: &(Option<MemberId>, &Peer)| {
        let base = Diagnosis::new(Cause::Clock, index, Certainty::Clear, Harm::Risk);
        Diagnosis { peer: one.0, ..base }.because([told(one)])
    };
    apart.iter().map(of).collect()
}
