//! Evidence from a cluster that runs: what was measured and what it excludes.

use schemars::JsonSchema;
use serde::Serialize;

use super::observed::{MemberId, Presence};

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "measured")]
pub enum Measured {
    /// What a write takes at the leader, and what disks and paths predict of it: the larger of the leader's sync and of
    /// what the quorum's slowest member needs, its round trip and its sync.
    WritePath {
        /// The mean of the writes that were sent; absent where none was.
        measured_ns: Option<u64>,
        /// The prediction.
        predicted_ns: u64,
        /// Of it, the leader's sync.
        leader_fsync_ns: u64,
        /// The round trip to the quorum.
        round_trip_ns: u64,
        /// The sync of the follower that completes the quorum.
        follower_fsync_ns: u64,
    },
    /// Syncs of the WAL.
    Fsync {
        /// How many.
        count: u64,
        /// Their mean.
        mean_ns: u64,
        /// The 99th percentile is above this …
        p99_above_ns: u64,
        /// … and at most this.
        p99_at_most_ns: Option<u64>,
        /// How many took longer than 128 ms.
        stalls: u64,
    },
    /// The fastest mean sync of the other members.
    FsyncElsewhere {
        /// It.
        mean_ns: u64,
    },
    /// Commits of the backend, during which applies and reads wait.
    Commit {
        /// How many.
        count: u64,
        /// Their mean.
        mean_ns: u64,
    },
    /// Others are fast enough to make the quorum: nobody waits for this one.
    NotWaitedFor,
    /// Answers from memory stayed fast: the process got its CPU.
    CpuFree {
        /// How many were asked for.
        pings: u64,
        /// By how much they exceeded the shortest, on the average.
        delay_ns: u64,
    },
    /// Half of the syncs were slow, or more.
    MostSyncsSlow {
        /// Their median is above this.
        above_ns: u64,
    },
    /// Half of the syncs were fast, or more: few long ones make the mean.
    MostSyncsFast {
        /// Their median is at most this.
        at_most_ns: u64,
    },
    /// Answers from memory were late.
    PingsLate {
        /// How many were asked for.
        pings: u64,
        /// How many were 10 ms late or more.
        late: u64,
        /// By how much they exceeded the shortest, on the average.
        delay_ns: u64,
    },
    /// Those of the other members, asked from the same place at the same time, were not.
    PingsElsewhere {
        /// How many were asked for.
        pings: u64,
        /// How many were late.
        late: u64,
    },
    /// Its control group was throttled.
    Throttled {
        /// How long.
        throttled_ns: u64,
        /// Within how long.
        window_ns: u64,
    },
    /// Its threads waited for a CPU.
    WaitedForCpu {
        /// How long, all together.
        waited_ns: u64,
        /// Within how long.
        window_ns: u64,
    },
    /// CPUs it used.
    CpuUsed {
        /// On the average.
        cores: f64,
    },
    /// The shortest answer from memory took this long on the way from here.
    WayFromHere {
        /// How long.
        ns: u64,
        /// The shortest of the members that are near; absent where all are far.
        elsewhere_ns: Option<u64>,
    },
    /// Answers from memory that came at once while nothing else was answered.
    AnsweredMeanwhile {
        /// How many.
        pings: u64,
    },
    /// It defragmented, and was blocked meanwhile.
    Defragmented {
        /// How many defragmentations ended.
        times: u64,
        /// How long they took together.
        total_ns: u64,
        /// Whether one went on at the end.
        going_on: bool,
    },
    /// What it sent to its clients.
    Sent {
        /// Bytes.
        bytes: u64,
        /// Within how long.
        window_ns: u64,
    },
    /// The round trip between the leader and a follower, from reads that both have to confirm.
    RoundTrip {
        /// To whom.
        peer: Option<MemberId>,
        /// How long.
        ns: u64,
    },
    /// The same as etcd measures it, smoothed, since its start.
    OwnRoundTrip {
        /// To whom.
        peer: Option<MemberId>,
        /// Its mean.
        mean_ns: u64,
        /// How often it was taken down.
        count: u64,
    },
    /// The same within the window alone.
    RoundTripWithin {
        /// To whom.
        peer: Option<MemberId>,
        /// Its mean.
        mean_ns: u64,
        /// How often it was taken down.
        count: u64,
    },
    /// Nothing was measured that tells of disks, CPUs and paths.
    Nothing,
    /// Medians of what was asked of a member; absent where it was not asked.
    Requests {
        /// From memory.
        ping_ns: Option<u64>,
        /// Serializable reads.
        serializable_ns: Option<u64>,
        /// Linearizable reads.
        linearizable_ns: Option<u64>,
        /// Writes.
        write_ns: Option<u64>,
    },
    /// Requests that took 100 ms or more.
    Stalled {
        /// How many.
        count: u64,
        /// Of how many.
        of: u64,
        /// The longest.
        longest_ns: u64,
    },
    /// Requests that were not answered, or refused.
    Failed {
        /// How many.
        count: u64,
        /// Of how many.
        of: u64,
    },
    /// Heartbeats the leader could not send in time: its loop was blocked.
    HeartbeatsFailed {
        /// How many.
        count: u64,
    },
    /// The leader changed.
    LeaderChanges {
        /// How often, as the member that saw most of them has it.
        count: u64,
    },
    /// How it answers.
    NoAnswer {
        /// How.
        presence: Presence,
    },
    /// Members that answer, of those that vote.
    Quorum {
        /// How many answer.
        up: u64,
        /// Of how many.
        of: u64,
    },
    /// Entries that are committed and not applied.
    Backlog {
        /// How many.
        entries: u64,
    },
    /// How far its clock is from another's, at least.
    ClockApart {
        /// The other member: an index; absent where it is this machine.
        from: Option<usize>,
        /// At least.
        by_ns: u64,
    },
    /// The alarm CORRUPT.
    Corrupt,
    /// This program itself was late: its own machine is busy, and what it measured is partly its own.
    OwnLateness {
        /// The share of moments.
        share: f64,
    },
}
