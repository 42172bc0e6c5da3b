//! What was measured of a cluster that runs.

use super::peer;
use crate::diagnosis::{Measured, Member, Presence};
use crate::units::{
    counted, format_between, format_bytes, format_count, format_duration, format_share,
};

/// A piece of evidence.
pub(super) fn measured(members: &[Member], one: &Measured) -> String {
    disk(one)
        .or_else(|| cpu(one))
        .or_else(|| paths(members, one))
        .unwrap_or_else(|| condition(members, one))
}

fn disk(one: &Measured) -> Option<String> {
    Some(match *one {
        Measured::WritePath { measured_ns, predicted_ns, .. } => {
            let parts = parts(one);
            match measured_ns {
                Some(ns) => format!(
                    "a write at the leader took {}, of which disks and paths predict {} ({parts})",
                    format_duration(ns),
                    format_duration(predicted_ns)
                ),
                None => format!(
                    "disks and paths predict {} for a write ({parts}); none was sent",
                    format_duration(predicted_ns)
                ),
            }
        }
        Measured::Fsync { count, mean_ns, p99_above_ns, p99_at_most_ns, stalls } => {
            let p99 = match count >= 100 {
                true => format!(", p99 {}", format_between(p99_above_ns, p99_at_most_ns)),
                false => String::new(),
            };
            let stalls = match stalls {
                0 => String::new(),
                n => format!(", {} beyond 128 ms", format_count(n)),
            };
            format!(
                "a WAL sync took {} on average (of {}{p99}{stalls})",
                format_duration(mean_ns),
                format_count(count)
            )
        }
        Measured::FsyncElsewhere { mean_ns } => {
            format!("the fastest of the other members takes {}", format_duration(mean_ns))
        }
        Measured::Commit { count, mean_ns } => format!(
            "a commit of the backend took {} on average ({}), while applies and reads wait",
            format_duration(mean_ns),
            format_count(count)
        ),
        Measured::NotWaitedFor => {
            "writes by way of the others do not wait for it: enough of them are faster. If one of those fails, they will"
                .to_owned()
        }
        _ => return None,
    })
}

fn parts(one: &Measured) -> String {
    let Measured::WritePath { leader_fsync_ns, round_trip_ns, follower_fsync_ns, .. } = *one else {
        return String::new();
    };
    let leader = format!("leader's sync {}", format_duration(leader_fsync_ns));
    match (round_trip_ns, follower_fsync_ns) {
        (0, 0) => leader,
        (0, sync) => {
            format!("{leader}; follower's sync {}, round trips not measured", format_duration(sync))
        }
        (way, sync) => format!(
            "{leader}; round trip {} + follower's sync {}",
            format_duration(way),
            format_duration(sync)
        ),
    }
}

fn cpu(one: &Measured) -> Option<String> {
    Some(match *one {
        Measured::CpuFree { pings, delay_ns } => format!(
            "not its CPU: {} from memory meanwhile, {} beyond the shortest on average",
            counted(pings, "answer"),
            format_duration(delay_ns)
        ),
        Measured::MostSyncsSlow { above_ns } => format!(
            "half of them took longer than {}: a CPU that is short makes some syncs long, not most",
            format_duration(above_ns)
        ),
        Measured::MostSyncsFast { at_most_ns } => format!(
            "half of them took {} at most, and few long ones make the mean: its disk stalls now and then, or its process gets no CPU",
            format_duration(at_most_ns)
        ),
        Measured::PingsLate { pings, late, delay_ns } => format!(
            "{} of {} from memory came 10 ms late or more, {} beyond the shortest on average",
            format_count(late),
            counted(pings, "answer"),
            format_duration(delay_ns)
        ),
        Measured::PingsElsewhere { pings, late } => format!(
            "of the other members {} of {} did, asked from here at the same time",
            format_count(late),
            format_count(pings)
        ),
        Measured::Throttled { throttled_ns, window_ns } => format!(
            "its control group was throttled for {} within {}",
            format_duration(throttled_ns),
            format_duration(window_ns)
        ),
        Measured::WaitedForCpu { waited_ns, window_ns } => format!(
            "its threads waited {} for a CPU within {}",
            format_duration(waited_ns),
            format_duration(window_ns)
        ),
        Measured::CpuUsed { cores } => format!("it used {cores:.2} CPUs"),
        Measured::OwnLateness { share } => format!(
            "this program itself was late in {} of all moments: this machine is busy",
            format_share(share)
        ),
        _ => return None,
    })
}

fn paths(members: &[Member], one: &Measured) -> Option<String> {
    Some(match *one {
        Measured::WayFromHere { ns, elsewhere_ns } => {
            let near = elsewhere_ns
                .map(|ns| format!(", to the others {}", format_duration(ns)))
                .unwrap_or_default();
            format!(
                "from this machine even the shortest answer from memory took {}{near}",
                format_duration(ns)
            )
        }
        Measured::RoundTrip { peer: id, ns } => format!(
            "a round trip between the leader and {} takes {}, by reads that both confirm",
            peer(members, id),
            format_duration(ns)
        ),
        Measured::RoundTripWithin { peer: id, mean_ns, count } => format!(
            "etcd's own round trip to {} within the window: {} on average ({})",
            peer(members, id),
            format_duration(mean_ns),
            counted(count, "reading")
        ),
        Measured::OwnRoundTrip { peer: id, mean_ns, count } => format!(
            "etcd itself took down {} to {} on average since its start ({})",
            format_duration(mean_ns),
            peer(members, id),
            format_count(count)
        ),
        Measured::Requests { ping_ns, serializable_ns, linearizable_ns, write_ns } => {
            let told = [
                ("from memory", ping_ns),
                ("serializable read", serializable_ns),
                ("linearizable read", linearizable_ns),
                ("write", write_ns),
            ];
            let told = told
                .into_iter()
                .filter_map(|(name, ns)| Some(format!("{name} {}", format_duration(ns?))));
            format!("medians here: {}", told.collect::<Vec<_>>().join(", "))
        }
        Measured::Stalled { count, of, longest_ns } => format!(
            "{} of {} took 100 ms or more, the longest {}",
            format_count(count),
            counted(of, "request"),
            format_duration(longest_ns)
        ),
        Measured::Failed { count, of } => format!(
            "{} of {} failed or were not answered in time",
            format_count(count),
            counted(of, "request")
        ),
        _ => return None,
    })
}

fn condition(members: &[Member], one: &Measured) -> String {
    match *one {
        Measured::HeartbeatsFailed { count } => {
            format!("the leader sent {} late or not at all", counted(count, "heartbeat"))
        }
        Measured::LeaderChanges { count } => {
            format!("{} meanwhile", counted(count, "leader change"))
        }
        Measured::NoAnswer { presence } => match presence {
            Presence::Refused => "its machine refuses the connection: nobody listens there",
            Presence::Silent => "its port takes connections, and nothing is answered on them",
            Presence::Unreachable => "no connection could be made from here",
            Presence::NotAsked => "it was not asked",
            Presence::Answers => "it answers",
        }
        .to_owned(),
        Measured::AnsweredMeanwhile { pings } => format!(
            "its process runs and gets its CPU: {} from memory came at once meanwhile",
            counted(pings, "answer")
        ),
        Measured::Defragmented { times, total_ns, going_on } => {
            let ended = (times > 0).then(|| {
                let total = format_duration(total_ns);
                format!("{} within the window, {total} in all", counted(times, "defragmentation"))
            });
            let open = going_on.then(|| "one goes on".to_owned());
            ended.into_iter().chain(open).collect::<Vec<_>>().join("; ")
        }
        Measured::Sent { bytes, window_ns } => format!(
            "it sent {} to its clients, {}/s",
            format_bytes(bytes),
            format_bytes((bytes as f64 / (window_ns as f64 / 1e9)) as u64)
        ),
        Measured::Quorum { up, of } => {
            format!("{} of {} that vote answer", format_count(up), counted(of, "member"))
        }
        Measured::Backlog { entries } => {
            let entries = format_count(entries);
            format!(
                "{entries} entries committed and not applied; etcd refuses requests from 5,000 on"
            )
        }
        Measured::ClockApart { from, by_ns } => {
            let from = match from {
                Some(index) => super::member(members, index),
                None => "this machine's".to_owned(),
            };
            format!("at least {} apart from {from}", format_duration(by_ns))
        }
        Measured::Nothing => {
            "neither metrics at two times, nor requests, nor a log: levels alone are known"
                .to_owned()
        }
        Measured::Corrupt => "the alarm CORRUPT is raised".to_owned(),
        _ => String::new(),
    }
}
