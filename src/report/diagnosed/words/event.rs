//! What happened, in the time line.

use super::{peer, times};
use crate::diagnosis::{Event, Member, StorageFault};
use crate::units::{counted, format_duration};

/// An event.
pub(in crate::report) fn event(members: &[Member], event: &Event) -> String {
    let several =
        |count: u64| if count > 1 { format!(" ({})", times(count)) } else { String::new() };
    match *event {
        Event::Started => "etcd started".to_owned(),
        Event::Stopped => "told to shut down".to_owned(),
        Event::SlowSyncs { count: 1, longest_ns } => {
            format!("WAL sync of {}", format_duration(longest_ns))
        }
        Event::SlowSyncs { count, longest_ns } => {
            format!("{} of up to {}", counted(count, "WAL sync"), format_duration(longest_ns))
        }
        Event::LateHeartbeats { count, longest_ns } => {
            format!("heartbeats late by {}{}", format_duration(longest_ns), several(count))
        }
        Event::SlowRequests { count, longest_ns } => {
            format!("{} of up to {}", counted(count, "slow request"), format_duration(longest_ns))
        }
        Event::LeaderLost { leader, term, planned } => {
            let of = leader.map_or_else(String::new, |id| format!(" {}", peer(members, Some(id))));
            let why = if planned { ", as asked for" } else { "" };
            format!("leader{of} lost at term {term}{why}")
        }
        Event::LeaderElected { leader, term } => {
            format!("{} elected at term {term}", peer(members, Some(leader)))
        }
        Event::PeerAway { peer: id, for_ns: 0 } => {
            format!("{} could not be reached", peer(members, id))
        }
        Event::PeerAway { peer: id, for_ns } => {
            format!("{} could not be reached for {}", peer(members, id), format_duration(for_ns))
        }
        Event::ClockApart { peer: id, by_ns } => {
            format!("clock difference to {} {}", peer(members, id), format_duration(by_ns))
        }
        Event::NoSpace => "NOSPACE: the database reached its quota".to_owned(),
        Event::StorageFault { fault } => match fault {
            StorageFault::Full => "file system full".to_owned(),
            StorageFault::InputOutput => "I/O error".to_owned(),
            StorageFault::ReadOnly => "file system read-only".to_owned(),
            StorageFault::Checksum => "checksum failed".to_owned(),
            StorageFault::Corrupt => "data found to differ between members".to_owned(),
        },
        Event::Defragmentation { took_ns } => {
            format!("defragmentation of {}", format_duration(took_ns))
        }
        Event::Compaction { took_ns } => format!("compaction of {}", format_duration(took_ns)),
    }
}
