//! Why a rule came out as it did.

use super::Names;
use crate::plan::Target;
use crate::report::subject::Plan;
use crate::report::text::clean;
use crate::result::{InvalidCause, InvalidReason, LimitedBy, QuotaReached, Reason};
use crate::units::{counted, format_bytes, format_count, format_duration, format_share};
use crate::verdict::Outcome;

impl Names<'_> {
    /// What is said beside the numbers.
    pub(super) fn note(&self, outcome: &Outcome) -> Option<String> {
        let told: Vec<String> = outcome.reasons.iter().map(|reason| self.reason(reason)).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn reason(&self, reason: &Reason) -> String {
        match reason {
            Reason::Unreadable { problem } => problem.clone(),
            Reason::NoSamples => "no samples".to_owned(),
            Reason::MemberAlone { member, stat, value_ns } => {
                let value = format_duration(*value_ns);
                format!("{} alone breaks it: {stat} is {value}", self.member(*member))
            }
            Reason::AllOfMember { member } => format!("all of them of {}", self.member(*member)),
            Reason::Doubt { doubt } => doubt_seen(doubt),
            Reason::QuotaReached { full } => quota_reached(full),
            Reason::CouldNotReadBack { error } => format!("could not be read back: {error}"),
            Reason::PartlyReadBack { checked, acked } => format!(
                "only {} of {} keys could be read back",
                format_count(*checked),
                format_count(*acked)
            ),
            other => measured_reason(other).unwrap_or_else(|| plain(other).to_owned()),
        }
    }

    /// What leaves a load in doubt, in a sentence without its end, and the way out of it.
    pub(super) fn doubt(&self, doubt: &InvalidReason) -> (String, String) {
        let seen = doubt_seen(doubt);
        let told = match doubt.limited_by() {
            // Whoever kept them busy may have kept etcd waiting as well.
            LimitedBy::Client if matches!(doubt.cause, InvalidCause::BusyMachine { .. }) => {
                format!("it cannot be told whether etcd was the limit: {seen}")
            }
            LimitedBy::Client => format!("the client was the limit, not etcd: {seen}"),
            LimitedBy::Bound => format!("the plan was the limit, not etcd: {seen}"),
            LimitedBy::Unknown => seen,
        };
        (told, self.way_out(&doubt.cause))
    }

    fn way_out(&self, cause: &InvalidCause) -> String {
        let local =
            matches!(&self.plan, Plan::Load(plan) if matches!(plan.target, Target::Local { .. }));
        let elsewhere = if local { "a machine with more cores" } else { "another machine" };
        match cause {
            InvalidCause::FullThreads { more_cores: true, .. } => {
                format!("use more --threads, or {elsewhere}")
            }
            InvalidCause::FullThreads { more_cores: false, .. } => format!("use {elsewhere}"),
            InvalidCause::SentLate { .. } => {
                "use more --threads or --conns, or a machine with less to do".to_owned()
            }
            InvalidCause::InFlight { .. } => "raise --max-in-flight".to_owned(),
            InvalidCause::BusyMachine { .. } => "run the client on a machine of its own".to_owned(),
            InvalidCause::Unexplained => "run it again, longer".to_owned(),
        }
    }
}

/// Reasons with a number; `None` for the others.
fn measured_reason(reason: &Reason) -> Option<String> {
    Some(match *reason {
        Reason::NeedsMore { seconds } => format!("needs about {} more", round_up(seconds)),
        Reason::TooClose { seen, allowed } => format!(
            "too close to call: {} over the limit, {} allowed",
            format_share(seen),
            format_share(allowed)
        ),
        Reason::LongerUnseen { share } => {
            format!("true share of longer ones below {} (95 %)", format_share(share))
        }
        Reason::FailuresUnseen { share } => {
            format!("true error rate below {} (95 %)", format_share(share))
        }
        Reason::MayBeChance { seconds } => {
            format!("may be chance; holds if about {} more bring no other", round_up(seconds))
        }
        Reason::InCapacity { count, longest_ns } => format!(
            "but {count} of up to {} in the search for the capacity, which overloads on purpose",
            format_duration(longest_ns)
        ),
        Reason::TooFewSamples { share } => {
            format!("too few samples: up to {} may be", format_share(share))
        }
        Reason::FewInodes { free } => format!("only {} inodes are free", format_count(free)),
        Reason::WaitedForCpu { waited, hits } => format!(
            "{} of {} waits that count against it were for a CPU, not for the disk; no longer run tells more, a quieter \
             machine does",
            format_count(waited),
            format_count(hits)
        ),
        Reason::DiskFailed { ref what } => what.clone(),
        Reason::MachinesMissing { ref missing, offered } => format!(
            "{} missing, or not to the end: {} of the load was sent",
            machines(missing),
            format_share(offered)
        ),
        Reason::MachineLate { shard, ref host, seconds } => format!(
            "machine {shard} ({}) was late by itself for {}, which {} not judged",
            clean(host),
            counted(seconds, "second"),
            if seconds == 1 { "is" } else { "are" }
        ),
        Reason::SlowReads { count } => format!(
            "{} reads of many keys took as long, which etcd counts too",
            format_count(count)
        ),
        ref other => return operations_reason(other),
    })
}

/// Reasons that tell of operations by their number.
fn operations_reason(reason: &Reason) -> Option<String> {
    Some(match *reason {
        Reason::OperationsFailed { count } => format!("{} operations failed", format_count(count)),
        Reason::OperationsWaited { count } => {
            format!("up to {} operations waited for an answer", format_count(count))
        }
        Reason::LongAnswer { longest_ns } => {
            format!("an answer took up to {}", format_duration(longest_ns))
        }
        Reason::WithoutPrice { count } => format!(
            "without {} that failed while the leader that was killed was away",
            format_count(count)
        ),
        Reason::WithoutPlanned { count } => {
            format!("without {} that came of the leader's loss, by plan", format_count(count))
        }
        Reason::WithoutFailed { count } => format!("without {} that failed", format_count(count)),
        Reason::FailedCounted { count, share, decides: true } => format!(
            "{} failed, {}, which counts as longer than any limit",
            format_count(count),
            format_share(share)
        ),
        Reason::FailedCounted { count, .. } => {
            format!("{} that failed count until they failed", format_count(count))
        }
        Reason::MeanWithoutEnd { count } => format!(
            "{} failed and have no end, so that the mean is at least this",
            format_count(count)
        ),
        _ => return None,
    })
}

/// Some of them by number.
fn machines(numbers: &[u32]) -> String {
    const NAMED: usize = 8;
    let mut named: Vec<String> = numbers.iter().take(NAMED).map(u32::to_string).collect();
    if numbers.len() > NAMED {
        named.push("…".to_owned());
    }
    match numbers {
        [_] => format!("machine {} is", named.join("")),
        _ => format!("machines {} are", named.join(", ")),
    }
}

fn plain(reason: &Reason) -> &'static str {
    match reason {
        Reason::MeanTooClose => "too close to call",
        Reason::TooShort => "too short to know how much it varies",
        Reason::RunNotToTheEnd => "the run did not go to its end",
        Reason::LoadNotToTheEnd => "the load did not come to its end",
        Reason::ShortByChance => "short of it by no more than chance",
        Reason::NotOnStableStorage => "synced data is not on stable storage",
        Reason::CannotBeTold => "cannot be told from here",
        Reason::NotExamined => "not examined",
        Reason::FreeSpaceUnknown => "free space is not known",
        Reason::BesideLive => "not counting what the live etcd occupies already",
        Reason::NoRoomForDefrag => "no room for the copy that a defragmentation makes",
        Reason::ClientMayBeCause => "the client may be the cause",
        Reason::ConnectionsLost => "connections were lost",
        Reason::NoApplyHistogram => {
            "this etcd keeps no histogram of applies; judged by its count of slow ones"
        }
        Reason::BetweenBounds { disk_tells: false } => {
            "the limit lies between two bounds of etcd's histogram"
        }
        Reason::BetweenBounds { disk_tells: true } => {
            "the limit lies between two bounds of etcd's histogram: 'etcdbench disk' tells"
        }
        Reason::SplitVote => "a vote that was split explains twice as much",
        Reason::MetricsUnreachable => {
            "not reachable: late heartbeats, slow applies and the disk could not be judged"
        }
        Reason::NotReadBack => "not read back",
        Reason::Other => "for a reason that this version does not know",
        Reason::Unreadable { .. }
        | Reason::NoSamples
        | Reason::MemberAlone { .. }
        | Reason::NeedsMore { .. }
        | Reason::TooClose { .. }
        | Reason::LongerUnseen { .. }
        | Reason::FailuresUnseen { .. }
        | Reason::MayBeChance { .. }
        | Reason::InCapacity { .. }
        | Reason::TooFewSamples { .. }
        | Reason::FewInodes { .. }
        | Reason::Doubt { .. }
        | Reason::OperationsFailed { .. }
        | Reason::OperationsWaited { .. }
        | Reason::LongAnswer { .. }
        | Reason::WithoutPrice { .. }
        | Reason::WithoutPlanned { .. }
        | Reason::WithoutFailed { .. }
        | Reason::FailedCounted { .. }
        | Reason::MeanWithoutEnd { .. }
        | Reason::WaitedForCpu { .. }
        | Reason::DiskFailed { .. }
        | Reason::SlowReads { .. }
        | Reason::AllOfMember { .. }
        | Reason::QuotaReached { .. }
        | Reason::MachinesMissing { .. }
        | Reason::MachineLate { .. }
        | Reason::CouldNotReadBack { .. }
        | Reason::PartlyReadBack { .. } => "",
    }
}

/// What was seen of a client, or of a plan, that was the limit.
fn doubt_seen(doubt: &InvalidReason) -> String {
    let seen = match doubt.cause {
        InvalidCause::FullThreads { share, .. } => {
            format!("its threads used {} of a core each", format_share(share))
        }
        InvalidCause::SentLate { lag_p99_ns } => format!(
            "it sent late by itself, lag p99 {}, while etcd answered",
            format_duration(lag_p99_ns)
        ),
        InvalidCause::InFlight { bound } => format!(
            "all {} operations that may be unanswered at a time were",
            format_count(u64::from(bound))
        ),
        InvalidCause::BusyMachine { share } => {
            format!(
                "the CPUs of the client's machine were busy {} of the time",
                format_share(share)
            )
        }
        InvalidCause::Unexplained => {
            "the rate was not reached, and neither the client nor etcd shows why".to_owned()
        }
    };
    match &doubt.class {
        Some(class) => format!("class {class}: {seen}"),
        None => seen,
    }
}

/// In a clause: `the database reached its quota of 64 MiB after 12 s, and writes were refused for 800 ms`.
pub(super) fn quota_reached(full: &QuotaReached) -> String {
    let quota =
        full.quota_bytes.map_or_else(String::new, |bytes| format!(" of {}", format_bytes(bytes)));
    let refused = match full.refused_ns {
        Some(ns) => {
            format!("writes were refused for {}, until it was brought back", format_duration(ns))
        }
        None => "it was not brought back".to_owned(),
    };
    let after = format_duration(full.after_ns);
    format!("the database reached its quota{quota} after {after}, and {refused}")
}

/// A time that somebody may plan with: the next round number of seconds or minutes.
fn round_up(seconds: f64) -> String {
    let step = match seconds {
        s if s <= 60.0 => 5.0,
        s if s <= 600.0 => 30.0,
        _ => 600.0,
    };
    let rounded = ((seconds / step).ceil() * step).max(step);
    format_duration((rounded * 1e9) as u64)
}
