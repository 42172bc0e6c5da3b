//! What is worth knowing, in words.

use super::depends::consequence;
use crate::diagnosis::{Fault, Member, NoWrites, Notice};
use crate::report::diagnosed::words;
use crate::report::page::Note;
use crate::result::Severity;
use crate::units::{
    counted, format_bytes, format_count, format_duration, format_ratio, format_share,
};

/// A notice with what to do.
pub(super) fn note(members: &[Member], one: &Notice) -> Note {
    let severity = if one.wants_attention() { Severity::Warning } else { Severity::Info };
    Note { severity, message: message(members, one), advice: advice(one) }
}

/// In a sentence.
pub(super) fn message(members: &[Member], one: &Notice) -> String {
    let who = |index: usize| words::member(members, index);
    match one {
        Notice::JustStarted { members: of, .. }
        | Notice::NoMetrics { members: of }
        | Notice::OneReading { members: of }
        | Notice::AsPromised { members: of, .. } => {
            let names = of.iter().filter_map(|index| Some(members.get(*index)?.name.as_str()));
            of_several(&names.collect::<Vec<_>>().join(", "), one)
        }
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
        Notice::SlowerThanPromised { member, mean_ns, promised_ns } => format!(
            "the WAL syncs of {} take {} on average, {} the {} that 'disk' measured",
            who(*member),
            format_duration(*mean_ns),
            format_ratio(*mean_ns as f64 / (*promised_ns).max(1) as f64),
            format_duration(*promised_ns)
        ),
        Notice::CertificateEnds { member, days } if *days < 0 => {
            format!("the certificate of {} has ended", who(*member))
        }
        Notice::CertificateEnds { member, days } => {
            format!("the certificate of {} ends in {}", who(*member), counted(*days as u64, "day"))
        }
        Notice::NothingOf { member } => {
            format!("the cluster lists {}, and none of the files is about it", who(*member))
        }
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
        Notice::GaveUp { dependent, limit_ns, stall } => format!(
            "a request took {}{}, and after {} {}",
            if stall.at_least { "at least " } else { "" },
            format_duration(stall.ns),
            format_duration(*limit_ns),
            consequence(*dependent)
        ),
        Notice::NoWrites { why } => format!("nothing was written: {}", no_writes(*why)),
    }
}

/// What is so of several members alike.
fn of_several(names: &str, one: &Notice) -> String {
    match one {
        Notice::JustStarted { uptime_s, .. } => format!(
            "started within the last ten minutes: {} (the last {} ago); what was just started looks faster than it is",
            names,
            format_duration(uptime_s.saturating_mul(1_000_000_000))
        ),
        Notice::AsPromised { mean_ns, promised_ns, .. } => format!(
            "WAL syncs take what 'disk' measured ({} on average) or not much more, {} at most: {names}",
            format_duration(*promised_ns),
            format_duration(*mean_ns)
        ),
        Notice::NoMetrics { .. } => format!(
            "no metrics of {}: nothing is known of disk, applies and heartbeats there",
            names
        ),
        _ => format!(
            "of {} there is one text of metrics: how full it is and who leads is known, and not how long syncs and \
             commits took",
            names
        ),
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
            Notice::OneReading { .. } => {
                "take the same /metrics once more, a minute later, and name both files"
            }
            Notice::NothingOf { .. } => "add its metrics and its log",
            Notice::NotAsked { .. } => "name it in --endpoints as this machine reaches it",
            Notice::SyncsBeyondRule { .. } => {
                "a sync is timed by the clock on the wall, CPU waits and all: 'etcdbench disk' there judges the disk"
            }
            Notice::SlowerThanPromised { .. } => {
                "the disk, what else uses it, or the CPU is not what it was: 'etcdbench disk --beside-live' there measures it again"
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
