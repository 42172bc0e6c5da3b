//! What may be odd about a load.

use crate::exit::Verdict;
use crate::result::{FindingCode, InvalidReason, QuotaReached};

use super::super::way_back::WayBack;

/// Something odd about a load.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadFinding {
    /// Acknowledged writes are not there any more.
    LostWrites {
        /// Keys read back.
        checked: u64,
        /// Keys whose write is not there.
        lost: u64,
        /// Keys that hold what was never written.
        phantom: u64,
        /// Some of both, as they were told.
        examples: Vec<String>,
    },
    /// The client, or the plan, was the limit.
    ClientLimit(InvalidReason),
    /// What holds etcd back.
    Held(HeldBy),
    /// One of several members is slower than the others.
    SlowMember(SlowMember),
    /// The leader changed without being killed by plan.
    LeaderChanged(LeaderChanged),
    /// Nothing was acknowledged for a time, although the leader did not change.
    Standstill {
        /// For how long.
        gap_ns: u64,
    },
    /// The leader was killed by plan.
    LeaderKilled(Box<LeaderKilled>),
    /// The database.
    Database(DatabaseFinding),
    /// Connections were lost.
    ConnectionsLost {
        /// How many.
        count: u64,
        /// To whom, how many, and why the first.
        endpoints: Vec<(String, u64, String)>,
        /// How long the longest was away.
        back_ns: Option<u64>,
    },
    /// Members did not answer.
    MemberDown {
        /// Which.
        names: Vec<String>,
        /// Whether it did not answer again before the end.
        for_good: bool,
    },
    /// Members that were named and never answered.
    MemberNeverUp(Vec<u32>),
    /// Proposals failed.
    ProposalsFailed(u64),
    /// Proposals wait for consensus.
    ProposalsPending {
        /// At whom.
        member: u32,
        /// Up to how many.
        most: u64,
    },
    /// Events of watches did not come.
    EventsMissing {
        /// How many.
        missing: u64,
        /// Of how many.
        expected: u64,
        /// Whether their history was compacted while a watch was away.
        compacted: bool,
        /// Whether all of them may have come after the end.
        at_the_end: bool,
        /// How often a watch was ended before the load, and why.
        ended: Option<(u64, String)>,
    },
    /// Reads found no key, or deletions none to remove.
    FoundNothing {
        /// Reads, and those that found none.
        reads: (u64, u64),
        /// Deletions, and those that removed none.
        deletions: (u64, u64),
    },
    /// Events of watches came more than once.
    EventsRepeated(u64),
    /// Watchers fall behind.
    SlowWatchers {
        /// Whose.
        member: u32,
        /// Up to how many.
        most: u64,
        /// With so many events waiting for them.
        pending: u64,
    },
    /// Every write went to one key.
    OneKey,
    /// Transactions found a key changed under them.
    Conflicts {
        /// How many.
        count: u64,
        /// Of how many.
        attempts: u64,
    },
    /// The CPUs of the client's machine were busy this part of the time.
    CpuBusy(f64),
    /// The hypervisor gave this share of the client machine's CPU time to others.
    CpuSteal(f64),
    /// A quota of so many CPUs is in force on the client.
    CpuQuota(f64),
    /// Members' metrics could not be read.
    NoMetrics {
        /// Whose; of all where it is empty.
        members: Vec<u32>,
        /// Why, as it was told.
        why: Option<String>,
    },
    /// What was noted before the load, as it was told.
    Note(String),
}

/// What holds etcd back.
#[derive(Debug, Clone, PartialEq)]
pub enum HeldBy {
    /// The disk holds etcd back.
    Disk {
        /// Whose disk.
        member: u32,
        /// Part of the time that its WAL was in fsync.
        usage: f64,
        /// How long one takes on average.
        fsync_ns: u64,
        /// Whether it had its CPU meanwhile.
        had_cpu: bool,
    },
    /// The CPU holds etcd back.
    Cpu {
        /// Part of the time that it was busy.
        busy: f64,
    },
    /// A member does not get its CPU.
    Starved {
        /// Which.
        member: u32,
        /// How often it was asked for what it has in memory.
        pings: u64,
        /// How many of these answers were late.
        late: u64,
        /// By how much all exceeded the shortest, on average.
        delay_ns: u64,
        /// Part of the time for which its control group was throttled, as far as the kernel was asked.
        throttled: f64,
    },
    /// The network between the members holds etcd back.
    Network {
        /// A round trip on average.
        rtt_ns: u64,
        /// An operation on average.
        mean_ns: u64,
    },
    /// Most of an operation is the way from the client to the members.
    Way {
        /// The shortest answer from memory of the nearest member took at least this.
        ns: u64,
        /// An operation at the median.
        median_ns: u64,
    },
    /// What holds etcd back is not sure; the most that any member shows.
    Unknown {
        /// An fsync on average.
        fsync_ns: Option<u64>,
        /// Cores used.
        cores: Option<f64>,
        /// A round trip on average.
        rtt_ns: Option<u64>,
    },
}

/// A member that is slower than the others.
#[derive(Debug, Clone, PartialEq)]
pub enum SlowMember {
    /// One of several members is slower than the others.
    Work {
        /// Which.
        member: u32,
        /// What it is slow at.
        work: SlowWork,
        /// How long that takes on average.
        mean_ns: u64,
        /// The bounds of its 99th percentile.
        p99_ns: (u64, Option<u64>),
        /// How long it takes the others.
        usual_ns: u64,
        /// Whether it leads.
        leads: bool,
        /// Whether the others can do without it.
        spare: bool,
    },
    /// One of several members is late with what it answers from memory, and the others are not.
    Late {
        /// Which.
        member: u32,
        /// How often it was asked.
        pings: u64,
        /// How many answers were late.
        late: u64,
        /// By how much all exceeded the shortest, on average.
        delay_ns: u64,
    },
    /// One of several members answers its clients slower than the others.
    Answers {
        /// Which.
        member: u32,
        /// The operation.
        operation: String,
        /// Which quantile of it: the median, or one that shows what is slow now and then.
        quantile: f64,
        /// It.
        value_ns: u64,
        /// The others'.
        usual_ns: u64,
    },
}

/// What may be odd about a database.
#[derive(Debug, Clone, PartialEq)]
pub enum DatabaseFinding {
    /// The database was brought to its quota by plan, and not back.
    NotRecovered(QuotaReached),
    /// The database was brought to its quota by plan, and back.
    QuotaRecovered {
        /// The quota.
        full: QuotaReached,
        /// How long the compaction took.
        compacted_ns: Option<u64>,
        /// Who was defragmented, and how long it took.
        defragmented: Vec<(String, u64)>,
        /// How long it took to disarm the alarm.
        disarmed_ns: u64,
        /// The database before and after.
        db_bytes: (u64, u64),
        /// Whether the keys alone take much of the quota.
        filled: bool,
    },
    /// etcd raised an alarm that is not about space.
    Alarm(String),
    /// The database has reached its quota.
    NoSpace,
    /// The load was ended before the database would reach its quota.
    QuotaStop {
        /// Whether it had reached it before, by plan.
        again: bool,
        /// The database.
        db_bytes: u64,
        /// Its quota.
        quota_bytes: u64,
    },
    /// The database is near its quota.
    QuotaNear {
        /// Whose.
        member: u32,
        /// The database.
        db_bytes: u64,
        /// Its quota.
        quota_bytes: u64,
    },
    /// The database grows.
    Growth {
        /// By so much.
        bytes: u64,
        /// So fast.
        bytes_per_s: f64,
        /// Towards this quota.
        quota_bytes: u64,
        /// So long until it is full.
        left_s: f64,
    },
    /// Members defragmented meanwhile, and answered nobody as long.
    Defragmented {
        /// Who, how often, and how long all took.
        members: Vec<(u32, u64, u64)>,
    },
    /// The database has holes.
    Fragmented {
        /// Whose.
        member: u32,
        /// How much of it is in use.
        in_use_bytes: u64,
        /// How large it is.
        db_bytes: u64,
    },
}

/// A leader that changed without being killed by plan.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderChanged {
    /// How often.
    pub changes: u64,
    /// How often it was killed by plan.
    pub killed: usize,
    /// Who led before and after, and when.
    pub leaders: Vec<(Option<String>, String, String)>,
    /// The last change of the raft term.
    pub term: Option<(u64, u64)>,
    /// The longest time without an acknowledgement.
    pub gap_ns: Option<u64>,
}

/// What a member is slow at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlowWork {
    /// WAL fsyncs.
    WalFsyncs,
    /// Backend commits.
    BackendCommits,
}

/// A leader that was lost by plan, and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderKilled {
    /// Its name.
    pub name: String,
    /// Whether it was only stopped for a while, not killed.
    pub paused: bool,
    /// When, UTC wall time, RFC 3339.
    pub at: String,
    /// When, since the load began.
    pub into_ns: u64,
    /// For how long nothing was acknowledged, where that is known.
    pub gap_ns: Option<u64>,
    /// Who led next.
    pub next: Option<String>,
    /// For how long it was away when it was started again.
    pub away_ns: Option<u64>,
    /// How long it then took until it served.
    pub took_ns: Option<u64>,
    /// Operations that failed meanwhile, and by class where that is known; where no other leader was killed.
    pub price: Option<(u64, Vec<(String, u64)>)>,
    /// Whether the load came back to its level, where it was long enough to tell.
    pub way_back: Option<WayBack>,
    /// How the gap is to be seen, by what an election explains.
    pub verdict: Verdict,
}

impl LoadFinding {
    /// What it is called.
    pub fn code(&self) -> FindingCode {
        match self {
            LoadFinding::LostWrites { .. } => FindingCode::LostWrites,
            LoadFinding::ClientLimit(_) => FindingCode::ClientLimit,
            LoadFinding::Held(by) => by.code(),
            LoadFinding::SlowMember(_) => FindingCode::SlowMember,
            LoadFinding::LeaderChanged(_) => FindingCode::LeaderChanged,
            LoadFinding::Standstill { .. } => FindingCode::Standstill,
            LoadFinding::LeaderKilled(_) => FindingCode::LeaderKilled,
            LoadFinding::Database(what) => what.code(),
            LoadFinding::ConnectionsLost { .. } => FindingCode::ConnectionsLost,
            LoadFinding::MemberDown { .. } | LoadFinding::MemberNeverUp(_) => {
                FindingCode::MemberDown
            }
            LoadFinding::ProposalsFailed(_) => FindingCode::ProposalsFailed,
            LoadFinding::ProposalsPending { .. } => FindingCode::ProposalsPending,
            LoadFinding::EventsMissing { .. } => FindingCode::EventsMissing,
            LoadFinding::FoundNothing { .. } => FindingCode::FoundNothing,
            LoadFinding::EventsRepeated(_) => FindingCode::EventsRepeated,
            LoadFinding::SlowWatchers { .. } => FindingCode::SlowWatchers,
            LoadFinding::OneKey => FindingCode::OneKey,
            LoadFinding::Conflicts { .. } => FindingCode::Conflicts,
            LoadFinding::CpuBusy(_) => FindingCode::CpuBusy,
            LoadFinding::CpuSteal(_) => FindingCode::CpuSteal,
            LoadFinding::CpuQuota(_) => FindingCode::CpuQuota,
            LoadFinding::NoMetrics { .. } => FindingCode::NoMetrics,
            LoadFinding::Note(_) => FindingCode::Note,
        }
    }
}

impl HeldBy {
    fn code(&self) -> FindingCode {
        match self {
            HeldBy::Disk { .. } => FindingCode::HeldByDisk,
            HeldBy::Cpu { .. } | HeldBy::Starved { .. } => FindingCode::HeldByCpu,
            HeldBy::Network { .. } | HeldBy::Way { .. } => FindingCode::HeldByNetwork,
            HeldBy::Unknown { .. } => FindingCode::HeldByUnknown,
        }
    }
}

impl DatabaseFinding {
    fn code(&self) -> FindingCode {
        match self {
            DatabaseFinding::NotRecovered(_) | DatabaseFinding::NoSpace => FindingCode::NoSpace,
            DatabaseFinding::QuotaRecovered { .. } => FindingCode::QuotaRecovered,
            DatabaseFinding::Alarm(_) => FindingCode::Alarm,
            DatabaseFinding::QuotaStop { .. } => FindingCode::QuotaStop,
            DatabaseFinding::QuotaNear { .. } => FindingCode::QuotaNear,
            DatabaseFinding::Growth { .. } => FindingCode::Growth,
            DatabaseFinding::Defragmented { .. } => FindingCode::Defragmented,
            DatabaseFinding::Fragmented { .. } => FindingCode::Fragmented,
        }
    }
}
