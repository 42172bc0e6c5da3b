//! What lines can say.

use crate::diagnosis::{Failure, MemberId, PeerSign, Step, StorageFault};

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::logs) enum Message {
    SlowSync { took_ns: u64 },
    LateHeartbeat { over_ns: u64, interval_ns: Option<u64> },
    SlowApply { took_ns: u64, read: bool, answer_bytes: u64 },
    FailedApply { no_space: bool },
    SlowRequest { took_ns: u64 },
    Trace { step: Step, in_step_ns: u64 },
    ReadIndexSlow,
    PeerTrouble { peer: Option<MemberId>, trouble: Trouble },
    PeerBack { peer: Option<MemberId> },
    ClockApart { peer: Option<MemberId>, by_ns: u64, rtt_ns: Option<u64> },
    NoSpace { quota_bytes: Option<u64> },
    AlarmOff,
    Fault(StorageFault),
    Quota { bytes: u64 },
    Compaction { took_ns: u64, database: Database },
    Defragmentation { took_ns: u64, before_bytes: Option<u64>, database: Database },
    DefragmentationBegins,
    DefragmentationEnds,
    SlowSnapshot,
    Elects { who: MemberId },
    Is { who: Option<MemberId>, name: Option<String> },
    LeaderLost { who: MemberId, leader: MemberId, term: u64 },
    LeaderElected { who: MemberId, leader: MemberId, term: u64 },
    LeaderChanged { who: MemberId, from: MemberId, to: MemberId, term: u64 },
    SteppedDown { who: Option<MemberId> },
    Transfer,
    VoteRefused,
    Started(Start),
    Setting(Start),
    Stopped,
}

/// A sign that a peer could not be reached.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::logs) struct Trouble {
    pub sign: PeerSign,
    pub failure: Failure,
    pub rtt_ns: Option<u64>,
    pub address: Option<String>,
}

/// Sizes of the database.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::logs) struct Database {
    pub bytes: Option<u64>,
    pub in_use_bytes: Option<u64>,
}

/// What a start tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::logs) struct Start {
    pub version: Option<String>,
    pub heartbeat_ns: Option<u64>,
    pub election_ns: Option<u64>,
    pub name: Option<String>,
    pub quota_bytes: Option<u64>,
}
