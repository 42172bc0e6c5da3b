//! What speaks for a cause.

use super::measured::measured;
use super::{number, peer, time, times};
use crate::diagnosis::{Evidence, Failure, Member, MemberId, PeerSign, Step, StorageFault};
use crate::units::{counted, format_bytes, format_count, format_duration, format_share};

/// A piece of evidence.
pub(in crate::report) fn evidence(members: &[Member], one: &Evidence) -> String {
    if let Evidence::Measured(one) = one {
        return measured(members, one);
    }
    own(one)
        .or_else(|| of_others(members, one))
        .or_else(|| requests(one))
        .or_else(|| database(one))
        .unwrap_or_default()
}

/// What a member did itself.
fn own(one: &Evidence) -> Option<String> {
    Some(match *one {
        Evidence::SlowSyncs { count: 1, longest_ns, .. } => {
            format!("a WAL sync took {}", format_duration(longest_ns))
        }
        Evidence::SlowSyncs { count, at_least, longest_ns, total_ns } => format!(
            "{} of 1 s or more, the longest {}, {} in all",
            number(count, at_least, "WAL sync"),
            format_duration(longest_ns),
            format_duration(total_ns)
        ),
        Evidence::LateHeartbeats { .. } => late(one),
        Evidence::GapsWithoutSync { count } => format!(
            "{} after a gap so long that a WAL sync filling it would have been logged, and none was",
            counted(count, "late heartbeat")
        ),
        Evidence::ShortGaps { count } => format!(
            "{} after a gap of 1.25 s or less: a WAL sync under a second is not logged, so the disk is not excluded",
            counted(count, "late heartbeat")
        ),
        Evidence::OnlyErrors { lines } => format!(
            "{} and nothing below: late heartbeats, slow syncs and slow requests are warnings, which were not logged or not \
             picked out",
            counted(lines, "error")
        ),
        Evidence::Brief { ns } => {
            format!("what there is covers {}", format_duration(ns))
        }
        Evidence::NoSlowSync => "no WAL sync of 1 s or more was logged".to_owned(),
        Evidence::StorageFault { fault, count, at_ns } => {
            let at = at_ns.map_or_else(String::new, |at| format!(", first at {}", time(at)));
            format!("{} ({}{at})", storage(fault), times(count))
        }
        Evidence::Restarts { times: n, at_ns } => {
            let at = at_ns.map_or_else(String::new, |at| format!(", last at {}", time(at)));
            format!("it was started again {}{at}, with no line about a shutdown before", times(n))
        }
        _ => return None,
    })
}

fn late(one: &Evidence) -> String {
    let Evidence::LateHeartbeats { count, at_least, longest_ns, interval_ns, beside_sync } = *one
    else {
        return String::new();
    };
    let late = format!(
        "{}, by {}{} beyond 2 × {}",
        number(count, at_least, "late heartbeat"),
        if count > 1 { "up to " } else { "" },
        format_duration(longest_ns),
        format_duration(interval_ns)
    );
    match beside_sync {
        0 => late,
        n if n == count && n == 1 => format!("{late}, within 2 s of a slow WAL sync"),
        n if n == count => format!("{late}, all within 2 s of a slow WAL sync"),
        n => {
            let share = format_share((n as f64 / count as f64 * 100.0).round() / 100.0);
            format!("{late}, {share} of them within 2 s of a slow WAL sync")
        }
    }
}

fn storage(fault: StorageFault) -> &'static str {
    match fault {
        StorageFault::Full => "\"no space left on device\": the file system is full",
        StorageFault::InputOutput => "\"input/output error\": the device failed to read or write",
        StorageFault::ReadOnly => "\"read-only file system\"",
        StorageFault::Checksum => "a record failed its checksum",
        StorageFault::Corrupt => {
            "etcd found that members' data differ (alarm CORRUPT or its hash check)"
        }
    }
}

/// What it did with others.
fn of_others(members: &[Member], one: &Evidence) -> Option<String> {
    Some(match one {
        Evidence::LeaderLost { times: n, term, before, to } => {
            let name = |id: &Option<MemberId>| id.map(|id| peer(members, Some(id)));
            let before = name(before).map_or_else(String::new, |who| format!(" {who}"));
            let to = name(to).map_or_else(String::new, |who| format!(", {who} was elected"));
            let last = if *n > 1 { ", last" } else { "" };
            format!("leader{before} lost {}{last} at term {term}{to}", times(*n))
        }
        Evidence::Candidates { who, times: n } => {
            format!("{} began elections {}", peer(members, *who), times(*n))
        }
        Evidence::PeerAway { .. } => away(members, one),
        Evidence::Signs { sign, count } => format!("{}: {}", sign_of(*sign), times(*count)),
        Evidence::NoNetwork => {
            "\"network is unreachable\": this host had no route at all".to_owned()
        }
        Evidence::SeenBy { member } => {
            format!("{} tells the same", super::member(members, *member))
        }
        Evidence::Mutual => {
            "each says so of the other, and both were running: it is what lies between them"
                .to_owned()
        }
        Evidence::ClockApart { peer: id, by_ns, rtt_ns } => {
            let rtt = rtt_ns
                .map_or_else(String::new, |ns| format!(" (round trip {})", format_duration(ns)));
            format!("clock difference to {} {}{rtt}", peer(members, *id), format_duration(*by_ns))
        }
        _ => return None,
    })
}

fn away(members: &[Member], one: &Evidence) -> String {
    let Evidence::PeerAway {
        peer: id,
        address,
        signs,
        times: n,
        longest_ns,
        rtt_ns,
        failure,
        back,
    } = one
    else {
        return String::new();
    };
    let at = address.as_deref().map_or_else(String::new, |address| format!(" at {address}"));
    let mut told = format!("{}{at}: {}", peer(members, *id), counted(*signs, "failed contact"));
    if *longest_ns > 0 {
        let several = if *n > 1 { format!(" ({} times)", format_count(*n)) } else { String::new() };
        told += &format!(", for up to {}{several}", format_duration(*longest_ns));
    }
    if let Some(said) = said(*failure) {
        told += &format!(", {said}");
    }
    if let Some(rtt_ns) = rtt_ns {
        told += &format!(", round trip up to {}", format_duration(*rtt_ns));
    }
    match (*back, *n) {
        // Messages were dropped, and it was there all the while.
        (_, 0) => told,
        (true, _) => told + ", then active again",
        (false, _) => told + ", not active again in this log",
    }
}

fn said(failure: Failure) -> Option<&'static str> {
    Some(match failure {
        Failure::Timeout => "timed out",
        Failure::Refused => "refused or closed (the machine answers, etcd does not run there)",
        Failure::NoNetwork => "network unreachable",
        Failure::NoRoute => "no route to that host",
        Failure::NoName => "its name could not be resolved",
        Failure::Certificate => "TLS refused",
        Failure::Other => return None,
    })
}

fn sign_of(sign: PeerSign) -> &'static str {
    match sign {
        PeerSign::Unhealthy => "probe failed",
        PeerSign::Inactive => "became inactive",
        PeerSign::StreamLost => "stream lost",
        PeerSign::BufferFull => "message dropped, send buffer full",
        PeerSign::Rejected => "connection rejected",
    }
}

fn requests(one: &Evidence) -> Option<String> {
    Some(match *one {
        Evidence::SlowWrites { count, at_least, longest_ns } => format!(
            "{} took 100 ms or more to apply, up to {}",
            number(count, at_least, "write"),
            format_duration(longest_ns)
        ),
        Evidence::SlowReads { count, at_least, longest_ns, largest_bytes } => {
            let size = match largest_bytes {
                0 => String::new(),
                n => format!(", largest answer {}", format_bytes(n)),
            };
            let reads = number(count, at_least, "read");
            format!("{reads} took 100 ms or more, up to {}{size}", format_duration(longest_ns))
        }
        Evidence::ReadIndexSlow { count } => {
            format!("{} waited long for the leader to confirm", counted(count, "read"))
        }
        Evidence::SlowStep { step: one, count, of, total_ns } => format!(
            "{} of {} spent most time {} ({} in all)",
            format_count(count),
            counted(of, "trace"),
            step(one),
            format_duration(total_ns)
        ),
        Evidence::Followed { slow_requests } => {
            format!(
                "{} within 2 s of it: a consequence, not the cause",
                counted(slow_requests, "slow request")
            )
        }
        Evidence::Compactions { count, longest_ns, beside } => format!(
            "{} during {}, the longest {}",
            counted(beside, "slow request"),
            counted(count, "compaction"),
            format_duration(longest_ns)
        ),
        _ => return None,
    })
}

fn step(step: Step) -> &'static str {
    match step {
        Step::ReadIndex => {
            "waiting for the leader to confirm a read (the leader's loop, or the network)"
        }
        Step::ApplyBacklog => "waiting for this member's own backlog of applies",
        Step::Index => "in the index in memory (its lock, very many keys, or CPU)",
        Step::Database => {
            "reading the database file (much data, or too little memory for its pages)"
        }
        Step::Response => "sorting and packing the answer",
        Step::Checks => "on comparisons in memory (CPU or a lock)",
        Step::Consensus => "in consensus (WAL, quorum, or the queue before them)",
        Step::BackendLock => "waiting for the backend, which is locked during a commit",
        Step::Compaction => "in compaction",
        Step::Auth => "in authentication",
        Step::Other => "in another step",
    }
}

/// A number of days.
pub(in crate::report) fn days(days: f64) -> String {
    match days {
        d if d < 2.0 => format_duration((d * 86_400e9) as u64),
        d if d < 730.0 => format!("{d:.0} days"),
        d => format!("{} years", format_count((d / 365.25) as u64)),
    }
}

fn database(one: &Evidence) -> Option<String> {
    Some(match *one {
        Evidence::NoSpace { at_ns, refused, disarmed } => {
            let at = at_ns.map_or_else(String::new, |at| format!(" since {}", time(at)));
            let refused = match refused {
                0 => String::new(),
                n => format!(", {} refused in this log", counted(n, "write")),
            };
            let off = if disarmed { ", disarmed later" } else { "" };
            format!("alarm NOSPACE{at}{refused}{off}")
        }
        Evidence::Database { bytes, in_use_bytes, quota_bytes } => {
            let quota = quota_bytes.filter(|quota| *quota > 0);
            let of = quota.map_or_else(String::new, |quota| {
                format!(
                    " of {} ({})",
                    format_bytes(quota),
                    format_share(bytes as f64 / quota as f64)
                )
            });
            let used = in_use_bytes
                .map_or_else(String::new, |used| format!(", {} in use", format_bytes(used)));
            format!("database {}{of}{used}", format_bytes(bytes))
        }
        Evidence::FullSoon { grew_bytes, window_s, days_left } => format!(
            "grew by {} in {}: full in {}",
            format_bytes(grew_bytes.unsigned_abs()),
            days(window_s as f64 / 86_400.0),
            days(days_left)
        ),
        Evidence::Defragmented { times: n, longest_ns, before_bytes, after_bytes } => {
            let sizes = match before_bytes.zip(after_bytes) {
                Some((before, after)) if before > after => format!(
                    "; {} became {}, so {:.0} % had been free",
                    format_bytes(before),
                    format_bytes(after),
                    100.0 * (1.0 - after as f64 / before as f64)
                ),
                _ => String::new(),
            };
            let several = if n > 1 {
                format!(" (the longest of {})", format_count(n))
            } else {
                String::new()
            };
            format!("defragmentation took {}{several}{sizes}", format_duration(longest_ns))
        }
        _ => return None,
    })
}
