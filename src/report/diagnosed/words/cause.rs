//! The answer and the causes.

use super::{evidence, member, peer};
use crate::diagnosis::{Answer, Cause, Certainty, Diagnosis, Evidence, Harm, Measured, Member};

/// The answer in capitals.
pub(in crate::report) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Ok => "OK".to_owned(),
        Answer::NotSure => "NOT SURE".to_owned(),
        Answer::Causes(causes) => {
            let mut words: Vec<&str> = Vec::new();
            for word in causes.iter().map(|cause| word(*cause)) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
            words.join(" and ")
        }
    }
}

fn word(cause: Cause) -> &'static str {
    match cause {
        Cause::Quota | Cause::QuotaNear => "QUOTA",
        Cause::Corruption => "DATA CORRUPTION",
        Cause::Disk => "DISK",
        Cause::Cpu => "CPU",
        Cause::OwnNetwork | Cause::PeerNetwork => "NETWORK",
        Cause::PeerDown => "MEMBER DOWN",
        Cause::Certificates => "CERTIFICATES",
        Cause::Defragmentation | Cause::Compaction => "MAINTENANCE",
        Cause::LargeReads => "LARGE READS",
        Cause::Restarted => "RESTARTS",
        Cause::Clock => "CLOCK",
        Cause::Down => "MEMBER DOWN",
        Cause::Silent | Cause::Unreachable => "MEMBER MISSING",
        Cause::NoQuorum => "NO QUORUM",
        Cause::SlowPaths => "NETWORK",
        Cause::ApplyBacklog => "OVERLOAD",
        Cause::LogSink => "LOG SINK",
        Cause::Client => "PATH TO THE CLUSTER",
        Cause::Paused
        | Cause::LoopBlocked
        | Cause::SlowRequests
        | Cause::LeaderLost
        | Cause::NothingMeasured => "NOT SURE",
    }
}

/// A cause as a label.
pub(in crate::report) fn label(cause: Cause) -> &'static str {
    match cause {
        Cause::Quota | Cause::QuotaNear => "quota",
        Cause::Corruption => "corruption",
        Cause::Disk => "disk",
        Cause::Cpu => "CPU",
        Cause::OwnNetwork | Cause::PeerNetwork | Cause::SlowPaths => "network",
        Cause::PeerDown | Cause::Down => "member down",
        Cause::Silent => "member silent",
        Cause::Unreachable => "member missing",
        Cause::NoQuorum => "quorum",
        Cause::ApplyBacklog => "backlog",
        Cause::LogSink => "log sink",
        Cause::Client => "client",
        Cause::Certificates => "certificates",
        Cause::Paused => "pause",
        Cause::Defragmentation => "defragmentation",
        Cause::Compaction => "compaction",
        Cause::LoopBlocked => "late heartbeats",
        Cause::LargeReads => "large reads",
        Cause::SlowRequests => "slow requests",
        Cause::Restarted => "restarts",
        Cause::LeaderLost => "leader lost",
        Cause::Clock => "clock",
        Cause::NothingMeasured => "not known",
    }
}

/// How sure it is.
pub(in crate::report) fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Clear => "clear",
        Certainty::Likely => "likely",
        Certainty::NotSure => "not sure",
    }
}

/// How bad it was.
pub(in crate::report) fn harm(one: &Diagnosis) -> &'static str {
    match (one.harm, one.cause) {
        (Harm::None, _) => "no harm",
        (Harm::Risk, _) => "no harm yet",
        (Harm::Waits, Cause::Down | Cause::Silent | Cause::Unreachable) => "a member is missing",
        (_, Cause::NothingMeasured) => "not known",
        (Harm::Waits, _) if one.is_live() => "requests wait",
        (Harm::Waits, Cause::PeerNetwork | Cause::OwnNetwork | Cause::PeerDown) => {
            "a member was cut off"
        }
        (Harm::Waits, _) => "requests waited",
        (Harm::Outage, Cause::Quota) => "writes were refused",
        (Harm::Outage, Cause::Corruption) => "data are at stake",
        (Harm::Outage, _) => "outage",
    }
}

/// The answer's reason: one cause in a sentence, with the figure that decides.
pub(in crate::report) fn reason(members: &[Member], one: &Diagnosis) -> String {
    let what = what(members, one);
    let lost = one.evidence.iter().find(|evidence| matches!(evidence, Evidence::LeaderLost { .. }));
    let first = one.evidence.first();
    let told: Vec<String> = match (first, lost) {
        (Some(first), Some(lost)) if first != lost => {
            vec![evidence(members, first), evidence(members, lost)]
        }
        (Some(first), _) => vec![evidence(members, first)],
        (None, _) => Vec::new(),
    };
    match told.is_empty() {
        true => what,
        false => format!("{what}: {}", told.join("; ")),
    }
}

fn what(members: &[Member], one: &Diagnosis) -> String {
    let who = member(members, one.member);
    let whom = peer(members, one.peer);
    let mutual = one.evidence.contains(&Evidence::Mutual);
    match one.cause {
        Cause::Quota => format!("the database of {who} reached its quota, and writes are refused"),
        Cause::QuotaNear => format!("the database of {who} comes near its quota"),
        Cause::Corruption => {
            format!("the data of {who} are damaged or differ from the other members'")
        }
        Cause::Disk
            if one.evidence.iter().any(|told| matches!(told, Evidence::StorageFault { .. })) =>
        {
            format!("the storage of {who} failed")
        }
        Cause::Disk if one.is_live() => format!("the disk of {who} is slow"),
        Cause::Disk => format!("WAL syncs of {who} stall"),
        Cause::Cpu if one.is_live() => format!("{who} gets too little CPU"),
        Cause::Cpu => format!("{who} got too little CPU"),
        _ if one.is_live() => live(one, &who, &whom),
        Cause::OwnNetwork => format!("{who} was cut off from its peers"),
        Cause::PeerNetwork if mutual => format!("{who} and {whom} could not reach each other"),
        Cause::PeerNetwork if one.certainty == Certainty::NotSure => {
            format!("{who} could not reach {whom}: the path, or that machine")
        }
        Cause::PeerNetwork => format!("the path from {who} to {whom} is slow or breaks"),
        Cause::PeerDown => format!("{whom} was down; its machine answered {who}, its etcd did not"),
        Cause::Certificates => format!("{who} and {whom} do not accept each other's certificates"),
        Cause::Paused => {
            let paused = if one.peer.is_some() { whom } else { who };
            format!(
                "{paused} stopped as a whole, and its clock with it: its machine was probably paused, migrated or had a snapshot taken"
            )
        }
        Cause::Defragmentation => {
            format!("a defragmentation blocked {who}, which answers nobody meanwhile")
        }
        Cause::Compaction => format!("requests to {who} wait while it compacts"),
        Cause::LoopBlocked => {
            let without_sync =
                one.evidence.iter().any(|told| matches!(told, Evidence::GapsWithoutSync { .. }));
            let maybe = match without_sync {
                true => {
                    "and not because of a WAL sync: CPU, a pause of its machine, or whatever reads its log"
                }
                false => "because of its CPU or of its disk, which this log cannot tell apart",
            };
            format!("the leader {who} sent heartbeats late, {maybe}")
        }
        Cause::LargeReads => format!("reads of large answers at {who}"),
        Cause::SlowRequests => {
            format!("requests were slow at {who}, and its log does not tell why")
        }
        Cause::Restarted => format!("{who} was started again without having been told to stop"),
        Cause::LeaderLost => format!("the leader was lost, and the log of {who} does not tell why"),
        Cause::Clock if one.peer.is_some() => format!("the clocks of {who} and {whom} differ"),
        Cause::Clock => format!("the clock of {who} differs from those of all its peers"),
        Cause::Down
        | Cause::Silent
        | Cause::Unreachable
        | Cause::NoQuorum
        | Cause::SlowPaths
        | Cause::ApplyBacklog
        | Cause::LogSink
        | Cause::NothingMeasured
        | Cause::Client => live(one, &who, &whom),
    }
}

/// What holds a member back that runs.
fn live(one: &Diagnosis, who: &str, whom: &str) -> String {
    match one.cause {
        Cause::Down => format!("{who} is down: its machine answers, its etcd does not run"),
        Cause::Silent if runs(one) => format!(
            "{who} answers nothing but what it has in memory: it waits for a sync of its disk that does not end, or for whatever reads its log"
        ),
        Cause::Silent => {
            format!("{who} answers nobody: its process is stopped, hangs, or gets no CPU at all")
        }
        Cause::Unreachable => format!("{who} cannot be reached from here"),
        Cause::NoQuorum => {
            "too few members are left, or none leads: nothing can be written".to_owned()
        }
        Cause::SlowPaths => {
            format!("the paths between the leader {who} and its followers are slow")
        }
        Cause::PeerNetwork => format!("the path between the leader {who} and {whom} is slow"),
        Cause::ApplyBacklog => format!("{who} applies more slowly than the cluster commits"),
        Cause::LogSink => format!(
            "linearizable reads stand still at {who} and nothing else does: probably whatever reads its log"
        ),
        Cause::Client if is_far(one, |near| near.is_none()) => {
            "the way from this machine to the members is long".to_owned()
        }
        Cause::Client if is_far(one, |near| near.is_some()) => {
            format!("the way from this machine to {who} is long")
        }
        Cause::Defragmentation => {
            format!("a defragmentation blocked {who}, which answers nobody meanwhile")
        }
        Cause::LargeReads => format!("others read very much from {who}"),
        Cause::Client => {
            "requests are slow, but so is this machine or its path to the members".to_owned()
        }
        Cause::Corruption => {
            format!("the data of {who} are damaged or differ from the other members'")
        }
        Cause::NothingMeasured => {
            "nothing is known of what its disks, CPUs and paths did".to_owned()
        }
        Cause::LeaderLost => {
            "the leader changed, and nothing that was measured tells why".to_owned()
        }
        Cause::LoopBlocked => format!(
            "the leader {who} sends heartbeats late, and neither its disk nor its CPU is shown to be the cause"
        ),
        Cause::Clock => format!("the clock of {who} differs from those of the others"),
        _ => format!("requests to {who} are slow, and what was measured does not tell why"),
    }
}

/// Whether the process was seen to run while it answered nothing else.
pub(super) fn runs(one: &Diagnosis) -> bool {
    let told =
        |told: &Evidence| matches!(told, Evidence::Measured(Measured::AnsweredMeanwhile { .. }));
    one.evidence.iter().any(told)
}

/// Whether a way from here is long, and others fit.
fn is_far(one: &Diagnosis, others: impl Fn(Option<u64>) -> bool) -> bool {
    one.evidence.iter().any(|told| match told {
        Evidence::Measured(Measured::WayFromHere { elsewhere_ns, .. }) => others(*elsewhere_ns),
        _ => false,
    })
}
