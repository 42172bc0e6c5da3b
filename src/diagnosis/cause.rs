//! Causes, how sure they are, what speaks for them and what would decide.

use schemars::JsonSchema;
use serde::Serialize;

use super::measured::Measured;
use super::observed::{Failure, MemberId, Moments, PeerSign, Step, StorageFault};

/// What holds a member back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The database reached its quota: every write is refused.
    Quota,
    /// The data of members differ, or a record is damaged.
    Corruption,
    /// Its WAL syncs took a second or more, or its storage failed.
    Disk,
    /// Its process got too little CPU.
    Cpu,
    /// It could not reach any of its peers.
    OwnNetwork,
    /// It could not reach one peer: the path, or the peer's machine.
    PeerNetwork,
    /// A peer's machine answered, its etcd did not run.
    PeerDown,
    /// A certificate was refused.
    Certificates,
    /// It, or the peer that is named, stood still as a whole and went on with its clock behind.
    Paused,
    /// A defragmentation, during which a member answers nobody.
    Defragmentation,
    /// A compaction held up what else was asked for.
    Compaction,
    /// The leader's loop was blocked, and not by a sync of the WAL: CPU, a pause of the machine, or its log's reader.
    LoopBlocked,
    /// Reads of very much at once.
    LargeReads,
    /// Requests were slow, and nothing beside them tells why.
    SlowRequests,
    /// It was started again without having been told to stop.
    Restarted,
    /// The leader went away, and these logs do not tell why.
    LeaderLost,
    /// Its clock, or that of the peer that is named, is off.
    Clock,
    /// The database comes near its quota.
    QuotaNear,
    /// Nobody listens on its port: its etcd does not run.
    Down,
    /// Its port takes connections, and its process answers nobody: it is stopped, hangs or is starved.
    Silent,
    /// It cannot be reached from here.
    Unreachable,
    /// Too few members are left to decide anything.
    NoQuorum,
    /// The paths between the leader and its followers are slow.
    SlowPaths,
    /// It applies more slowly than others commit.
    ApplyBacklog,
    /// Reads that need the leader stand still at one member, and nothing else does: probably whatever reads its log.
    LogSink,
    /// This machine, or the path from it to the members.
    Client,
    /// Nothing was measured by which a cause could be found or excluded.
    NothingMeasured,
}

/// How sure a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Something else may be behind it; see what is missing.
    NotSure,
    /// Nothing speaks for another, but one is not excluded.
    Likely,
    /// The others are excluded by what was observed.
    Clear,
}

/// How much harm it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// None worth a warning.
    None,
    /// None yet.
    Risk,
    /// Requests waited, or a member was missing.
    Waits,
    /// A leader was lost, or writes were refused.
    Outage,
}

/// What speaks for a cause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Evidence {
    /// Slow syncs of the WAL.
    SlowSyncs {
        /// How many were logged.
        count: u64,
        /// Whether etcd left some out of its log.
        at_least: bool,
        /// The longest.
        longest_ns: u64,
        /// All together.
        total_ns: u64,
    },
    /// Late heartbeats.
    LateHeartbeats {
        /// How many were logged.
        count: u64,
        /// Whether etcd left some out of its log.
        at_least: bool,
        /// The most by which one exceeded two intervals.
        longest_ns: u64,
        /// The heartbeat interval.
        interval_ns: u64,
        /// How many came within two seconds of a slow sync.
        beside_sync: u64,
    },
    /// Late heartbeats after so long a gap that a sync filling it would have been logged, and was not.
    GapsWithoutSync {
        /// How many.
        count: u64,
    },
    /// Late heartbeats after so short a gap that a sync filling it is not logged.
    ShortGaps {
        /// How many.
        count: u64,
    },
    /// There is nothing below an error in the log: what holds etcd back is told by warnings.
    OnlyErrors {
        /// Lines in all.
        lines: u64,
    },
    /// The log is of hardly any time.
    Brief {
        /// From its first line to its last.
        ns: u64,
    },
    /// No sync took a second or more.
    NoSlowSync,
    /// The storage reported a fault.
    StorageFault {
        /// Which.
        fault: StorageFault,
        /// How often.
        count: u64,
        /// When first.
        at_ns: Option<i64>,
    },
    /// The database grows, and reaches its quota soon if it goes on like this.
    FullSoon {
        /// Bytes by which what is in use grew.
        grew_bytes: i64,
        /// Within so many seconds.
        window_s: u64,
        /// Days until the quota is reached.
        days_left: f64,
    },
    /// A leader was lost beside it.
    LeaderLost {
        /// How often.
        times: u64,
        /// The term that began, the last time.
        term: u64,
        /// Who had led.
        before: Option<MemberId>,
        /// Who led afterwards.
        to: Option<MemberId>,
    },
    /// Who began elections.
    Candidates {
        /// The member.
        who: Option<MemberId>,
        /// How often.
        times: u64,
    },
    /// Signs that a peer could not be reached.
    PeerAway {
        /// The peer.
        peer: Option<MemberId>,
        /// Its address, as errors told it.
        address: Option<String>,
        /// How many signs.
        signs: u64,
        /// How often it was away.
        times: u64,
        /// The longest.
        longest_ns: u64,
        /// The longest round trip that was told.
        rtt_ns: Option<u64>,
        /// What the system said most.
        failure: Failure,
        /// Whether it came back.
        back: bool,
    },
    /// Signs of one kind.
    Signs {
        /// Which.
        sign: PeerSign,
        /// How many.
        count: u64,
    },
    /// This host had no route.
    NoNetwork,
    /// The other member says the same of this one.
    Mutual,
    /// Another member tells the same.
    SeenBy {
        /// Which: an index into the members observed.
        member: usize,
    },
    /// Clocks were found apart.
    ClockApart {
        /// From whom.
        peer: Option<MemberId>,
        /// By how much.
        by_ns: u64,
        /// The round trip that was told with it: short, so the path was good.
        rtt_ns: Option<u64>,
    },
    /// The alarm NOSPACE.
    NoSpace {
        /// When.
        at_ns: Option<i64>,
        /// Requests that were refused.
        refused: u64,
        /// Whether the alarm was taken back later.
        disarmed: bool,
    },
    /// The database and its quota.
    Database {
        /// Its size.
        bytes: u64,
        /// What of it is in use.
        in_use_bytes: Option<u64>,
        /// The quota.
        quota_bytes: Option<u64>,
    },
    /// Defragmentations.
    Defragmented {
        /// How many.
        times: u64,
        /// The longest.
        longest_ns: u64,
        /// The database before that one.
        before_bytes: Option<u64>,
        /// And after.
        after_bytes: Option<u64>,
    },
    /// Compactions.
    Compactions {
        /// How many.
        count: u64,
        /// The longest.
        longest_ns: u64,
        /// Slow requests within two seconds of one.
        beside: u64,
    },
    /// Slow applies of writes, beside nothing that explains them.
    SlowWrites {
        /// How many.
        count: u64,
        /// Whether etcd left some out of its log.
        at_least: bool,
        /// The longest.
        longest_ns: u64,
    },
    /// Slow reads.
    SlowReads {
        /// How many.
        count: u64,
        /// Whether etcd left some out of its log.
        at_least: bool,
        /// The longest.
        longest_ns: u64,
        /// The largest answer.
        largest_bytes: u64,
    },
    /// Reads that waited long for the leader to confirm them.
    ReadIndexSlow {
        /// How many.
        count: u64,
    },
    /// The step in which most traces spent their time.
    SlowStep {
        /// Which.
        step: Step,
        /// Traces of it.
        count: u64,
        /// All traces.
        of: u64,
        /// Time spent in it.
        total_ns: u64,
    },
    /// Slow requests within two seconds of it: what followed from it.
    Followed {
        /// How many.
        slow_requests: u64,
    },
    /// Something measured while it runs.
    Measured(Measured),
    /// Starts without a word of a shutdown before.
    Restarts {
        /// How many.
        times: u64,
        /// When last.
        at_ns: Option<i64>,
    },
}

/// What would decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// How busy the CPUs of its host were, its limit and its throttling.
    Cpu,
    /// The device's own times.
    Device,
    /// The log of the other member.
    PeerLog,
    /// The log of the leader.
    LeaderLog,
    /// Whether its machine was paused, migrated or had a snapshot taken.
    Machine,
    /// Whether the reader of its log stood still.
    LogSink,
    /// The network's own counters: loss, retransmits, links.
    Network,
    /// The kernel's log, and that of whatever starts etcd.
    KernelLog,
    /// The same check with requests of its own.
    Active,
    /// The metrics of the member.
    Metrics,
    /// The same check from a machine that is less busy, or nearer to the members.
    OtherClient,
    /// A longer check.
    Longer,
    /// The metrics of all members at two times.
    MetricsTwice,
    /// The whole log, at etcd's usual level.
    WholeLog,
}

/// A cause with what speaks for it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// The cause.
    pub cause: Cause,
    /// The member whose log tells it: an index into the members observed.
    pub member: usize,
    /// The peer it is about, if it is about one.
    pub peer: Option<MemberId>,
    /// How sure.
    pub certainty: Certainty,
    /// How bad.
    pub harm: Harm,
    /// How long it lasted in all, as far as that is known.
    pub lasted_ns: u64,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// What would decide.
    pub missing: Vec<Missing>,
    /// When it was.
    #[serde(skip)]
    pub when: Moments,
}

impl Diagnosis {
    /// A cause at a member, with nothing said yet of why.
    pub(super) fn new(cause: Cause, member: usize, certainty: Certainty, harm: Harm) -> Diagnosis {
        Diagnosis {
            cause,
            member,
            peer: None,
            certainty,
            harm,
            lasted_ns: 0,
            evidence: Vec::new(),
            missing: Vec::new(),
            when: Moments::default(),
        }
    }

    /// Whether it was seen at a member that runs, and not in a log.
    pub fn is_live(&self) -> bool {
        self.evidence.iter().any(|told| matches!(told, Evidence::Measured(_)))
    }

    /// The same, about a time.
    pub(super) fn when(self, when: Moments) -> Diagnosis {
        Diagnosis { lasted_ns: when.total_ns(), when, ..self }
    }

    /// The same, with this to speak for it.
    pub(super) fn because(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Diagnosis {
        self.evidence.extend(evidence);
        self
    }

    /// The same, with this that was measured to speak for it.
    pub(super) fn measured(self, measured: impl IntoIterator<Item = Measured>) -> Diagnosis {
        self.because(measured.into_iter().map(Evidence::Measured))
    }

    /// The same, for so long.
    pub(super) fn lasting(self, lasted_ns: u64) -> Diagnosis {
        Diagnosis { lasted_ns, ..self }
    }

    /// The same, about a peer.
    pub(super) fn about(self, peer: Option<MemberId>) -> Diagnosis {
        Diagnosis { peer, ..self }
    }

    /// The same, with this to be asked for.
    pub(super) fn lacking(self, missing: impl Into<Vec<Missing>>) -> Diagnosis {
        Diagnosis { missing: missing.into(), ..self }
    }
}
