//! What happened when, over all members: by beginnings, so that a cause stands before what it brought about.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::observed::{Member, MemberId, Moments, Peer, StorageFault};

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Event {
    /// It was started.
    Started,
    /// It was told to shut down.
    Stopped,
    /// Syncs of the WAL took so long.
    SlowSyncs {
        /// How many in a row.
        count: u64,
        /// The longest.
        longest_ns: u64,
    },
    /// Heartbeats went out late; it begins with the gap before the first.
    LateHeartbeats {
        /// How many in a row.
        count: u64,
        /// The most by which one exceeded two intervals.
        longest_ns: u64,
    },
    /// Requests were slow.
    SlowRequests {
        /// How many in a row.
        count: u64,
        /// The longest.
        longest_ns: u64,
    },
    /// A leader was lost.
    LeaderLost {
        /// Who had led.
        leader: Option<MemberId>,
        /// The term that began.
        term: u64,
        /// Whether it was asked for.
        planned: bool,
    },
    /// A leader was elected.
    LeaderElected {
        /// Who leads.
        leader: MemberId,
        /// The term.
        term: u64,
    },
    /// A peer could not be reached.
    PeerAway {
        /// The peer.
        peer: Option<MemberId>,
        /// How long.
        for_ns: u64,
    },
    /// A clock was found apart.
    ClockApart {
        /// The peer.
        peer: Option<MemberId>,
        /// By how much.
        by_ns: u64,
    },
    /// The quota was reached.
    NoSpace,
    /// The storage reported a fault.
    StorageFault {
        /// Which.
        fault: StorageFault,
    },
    /// A defragmentation.
    Defragmentation {
        /// How long.
        took_ns: u64,
    },
    /// A compaction that took long.
    Compaction {
        /// How long.
        took_ns: u64,
    },
}

/// An event of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Happened {
    /// When it began, in nanoseconds since 1970.
    pub at_ns: i64,
    /// Which member: an index into the members observed.
    pub member: usize,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// Compactions shorter than this are no event.
const LONG_COMPACTION_NS: u64 = 1_000_000_000;

/// What happened, in the order of beginnings; of very much the gravest, and how many were left out.
pub fn timeline(members: &[Member], most: usize) -> (Vec<Happened>, usize) {
    let mut all: Vec<Happened> = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let mut add = |at_ns: i64, event: Event| all.push(Happened { at_ns, member: index, event });
        own(member, &mut add);
        elections(member, &mut add);
        for (id, peer) in &member.peers {
            of_peer(*id, peer, &mut add);
        }
    }
    all.sort_by_key(|one| (Reverse(weight(&one.event)), one.at_ns));
    let left_out = all.len().saturating_sub(most);
    all.truncate(most);
    all.sort_by_key(|one| (one.at_ns, one.member));
    (all, left_out)
}

fn own(member: &Member, add: &mut impl FnMut(i64, Event)) {
    for run in &member.runs {
        run.started_ns.iter().for_each(|at| add(*at, Event::Started));
        run.stopped_ns.iter().for_each(|at| add(*at, Event::Stopped));
    }
    let mut each = |moments: &Moments, event: fn(u64, u64) -> Event| {
        moments.iter().for_each(|one| add(one.span.from_ns, event(one.count, one.longest_ns)));
    };
    each(&member.slow_syncs.moments, |count, longest_ns| Event::SlowSyncs { count, longest_ns });
    let late = &member.heartbeats.late.moments;
    each(late, |count, longest_ns| Event::LateHeartbeats { count, longest_ns });
    let mut slow = member.slow_writes.moments.clone();
    slow.extend(&member.slow_reads.moments);
    each(&slow, |count, longest_ns| Event::SlowRequests { count, longest_ns });
    member.no_space_at_ns.iter().for_each(|at| add(*at, Event::NoSpace));
    for (fault, (_, at_ns)) in &member.faults {
        at_ns.iter().for_each(|at| add(*at, Event::StorageFault { fault: *fault }));
    }
    for one in &member.defragmentations {
        one.span
            .iter()
            .for_each(|span| add(span.from_ns, Event::Defragmentation { took_ns: one.took_ns }));
    }
    for one in member.compactions.moments.iter().filter(|one| one.longest_ns >= LONG_COMPACTION_NS)
    {
        add(one.span.from_ns, Event::Compaction { took_ns: one.longest_ns });
    }
}

fn elections(member: &Member, add: &mut impl FnMut(i64, Event)) {
    for change in &member.leaders {
        let Some(at) = change.at_ns else { continue };
        let event = match change.leader {
            Some(leader) => Event::LeaderElected { leader, term: change.term },
            None => Event::LeaderLost {
                leader: change.before,
                term: change.term,
                planned: change.planned,
            },
        };
        add(at, event);
    }
}

fn of_peer(id: Option<MemberId>, peer: &Peer, add: &mut impl FnMut(i64, Event)) {
    for away in &peer.away {
        add(away.from_ns, Event::PeerAway { peer: id, for_ns: away.length_ns() });
    }
    if let (Some(by_ns), Some(first)) = (peer.apart_ns, peer.apart.iter().next()) {
        add(first.span.from_ns, Event::ClockApart { peer: id, by_ns });
    }
}

/// How grave an event is: what stops everybody before what slows somebody, and then by its length.
fn weight(event: &Event) -> (u8, u64) {
    match *event {
        Event::NoSpace | Event::StorageFault { .. } => (4, 0),
        Event::LeaderLost { planned: false, .. } => (3, 1),
        Event::LeaderElected { .. } => (3, 0),
        Event::Defragmentation { took_ns } => (2, took_ns),
        Event::PeerAway { for_ns, .. } => (2, for_ns),
        Event::SlowSyncs { longest_ns, .. } => (2, longest_ns),
        Event::ClockApart { by_ns, .. } => (2, by_ns),
        Event::LateHeartbeats { longest_ns, .. } => (2, longest_ns),
        Event::LeaderLost { planned: true, .. } | Event::Started | Event::Stopped => (1, 0),
        Event::Compaction { took_ns } => (0, took_ns),
        Event::SlowRequests { longest_ns, .. } => (0, longest_ns),
    }
}
