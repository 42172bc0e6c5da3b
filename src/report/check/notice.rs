//! What is worth knowing, in words.

use crate::diagnosis::{Fault, Member, NoWrites, Notice};
use crate::report::diagnosed::words;
use crate::report::page::Note;
use crate::result::Severity;
use crate::units::{counted, format_bytes, format_count, format_duration, format_share};

/// A notice with what to do.
pub(super) fn note(members: &[Member], one: &Notice) -> Note {
    let severity = if one.wants_attention() { Severity::Warning } else { Severity::Info };
    Note { severity, message: message(members, one), advice: advice(one) }
}

/// In a sentence.
pub(super) fn message(members: &[Member], one: &Notice) -> String {
    let who = |index: usize| words::member(members, index);
    let all = |which: &[usize]| {
        let names = which.iter().filter_map(|index| Some(members.get(*index)?.name.as_str()));
        names.collect::<Vec<_>>().join(", ")
    };
    match one {
        Notice::KnownBug { version, bug } => {
            format!("etcd {version} has a known fault: {} ({})", fault(bug.fault), bug.source)
        }
        Notice::VersionsDiffer { versions } => {
            format!("the members run different versions: {}", versions.join(", "))
        }
        Notice::Fragmented { member, bytes, in_use_bytes } => format!(
            "of the {} of the database of {} {} are in use",
            format_bytes(*bytes),
            who(*member),
            format_bytes(*in_use_bytes)
        ),
        Notice::SyncsBeyondRule { member, p99_above_ns, count } => format!(
            "the p99 of the WAL syncs of {} is above {} (of {}); etcd's FAQ asks for less than 10 ms",
            who(*member),
            format_duration(*p99_above_ns),
            format_count(*count)
        ),
        Notice::CertificateEnds { member, days } if *days < 0 => {
            format!("the certificate of {} has ended", who(*member))
        }
        Notice::CertificateEnds { member, days } => {
            format!("the certificate of {} ends in {}", who(*member), counted(*days as u64, "day"))
        }
        Notice::JustStarted { members, uptime_s } => format!(
            "started within the last ten minutes: {} (the last {} ago); what was just started looks faster than it is",
            all(members),
            format_duration(uptime_s.saturating_mul(1_000_000_000))
        ),
        Notice::NoMetrics { members } => format!(
            "no metrics of {}: nothing is known of disk, applies and heartbeats there",
            all(members)
        ),
        Notice::NotAsked { member } => {
            format!(
                "{} was not asked: it is none of --endpoints, and cannot be reached from here under the address it lists",
                who(*member)
            )
        }
        Notice::Learner { member } => format!("{} is a learner: it has no vote", who(*member)),
        Notice::NoTolerance { voters } => format!(
            "{}: where one fails, nothing can be written",
            counted(*voters as u64, "voting member")
        ),
        Notice::OwnLateness { share } => format!(
            "this program itself was late at {} of all moments: its own machine is busy, and what it timed is partly its own",
            format_share(*share)
        ),
        Notice::NoWrites { why } => format!("nothing was written: {}", no_writes(*why)),
    }
}

fn advice(one: &Notice) -> Option<String> {
    Some(
        match one {
            Notice::KnownBug { .. } => "take the newest patch release of the same line",
            Notice::Fragmented { .. } => {
                "'etcdctl defrag' member by member, the leader last; each answers nobody meanwhile"
            }
            Notice::CertificateEnds { .. } => "renew it",
            Notice::NoMetrics { .. } => {
                "docs/check.md tells how they can be reached"
            }
            Notice::NotAsked { .. } => "name it in --endpoints as this machine reaches it",
            Notice::SyncsBeyondRule { .. } => {
                "a sync is timed by the clock on the wall, CPU waits and all: 'etcdbench disk' there judges the disk"
            }
            Notice::OwnLateness { .. } => "run it from a machine that is idle",
            _ => return None,
        }
        .to_owned(),
    )
}

fn no_writes(why: NoWrites) -> &'static str {
    match why {
        NoWrites::NoSpace => "the alarm NOSPACE is raised, and writes are refused",
        NoWrites::QuotaNear => "the database is at 90 % of its quota or beyond",
        NoWrites::NoLeader => "there is no leader",
        NoWrites::SizeUnknown => {
            "how large the database is may not be known to this user, and /metrics cannot be read"
        }
    }
}

fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Inconsistency => "the data of members may differ after a crash under load",
        Fault::SingleMemberLoss => "acknowledged writes of a single member may be lost in a crash",
        Fault::DefragmentationCrash => {
            "revisions may differ after a crash during a defragmentation"
        }
        Fault::ReadBuffer => "deleted keys may be read again",
        Fault::OldLeaderRevokes => "a leader that was replaced may revoke leases",
        Fault::SnapshotDefragmentation => {
            "the database may be damaged where a snapshot arrives during a defragmentation"
        }
        Fault::StaleRead => "a read may be stale while the leader changes",
    }
}
