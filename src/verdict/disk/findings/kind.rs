//! What may be odd about a disk.

use crate::result::FindingCode;

/// Something odd about a disk.
#[derive(Debug, Clone, PartialEq)]
pub enum DiskFinding {
    /// A sync that is none, with what shows it.
    NotDurable(Vec<String>),
    /// A sync that nobody can vouch for, with what is known of it.
    DurabilityNotEstablished(Vec<String>),
    /// Heartbeat and election timeout do not hold; what would, in milliseconds, where etcd accepts it.
    Tuning(Option<(u64, u64)>),
    /// A limiter: fast until something is spent, then waits.
    Throttled {
        /// How long a sync takes before.
        fast_ns: u64,
        /// Up to how long it waits then.
        wait_ns: u64,
        /// What it is held to.
        pace: Pace,
        /// Whether the limit is that of this control group.
        own_limit: bool,
    },
    /// The disk became slower and stayed so.
    SlowerAfter {
        /// When, since the phase began.
        after_ns: u64,
        /// The phase.
        phase: String,
        /// Medians before and after.
        p50_ns: (u64, u64),
        /// Syncs per second, where they are as even as a limiter makes them.
        even_per_s: Option<f64>,
        /// Whether this was a long run already.
        soaked: bool,
    },
    /// Slow syncs come at a fixed interval.
    Periodic {
        /// Stalls of at least this length; syncs that stand out where it is absent.
        stalls_ns: Option<u64>,
        /// How often they came.
        times: usize,
        /// The interval, in seconds.
        period_s: f64,
        /// What usually has it.
        cause: Timer,
    },
    /// The probe itself stood still: how often, and the longest time.
    Paused {
        /// How often.
        times: usize,
        /// The longest.
        longest_ns: u64,
    },
    /// Others write to the disk.
    IdleWriters {
        /// Bytes per second.
        bytes_per_s: f64,
        /// Flushes per second.
        flushes_per_s: f64,
    },
    /// Backend commits are in the WAL's way: the 99th percentile of its fsyncs beside them and alone.
    BackendContention {
        /// Beside them.
        beside_ns: u64,
        /// Alone.
        alone_ns: u64,
    },
    /// A live etcd works on the same disk.
    LiveEtcd {
        /// Its process.
        pid: u64,
        /// Its data directory, where that may be looked at.
        path: Option<String>,
        /// Whether it was spared the search for the capacity.
        spared: bool,
    },
    /// Another probe works on the same disk: its process and where.
    OtherProbe(u64, Option<String>),
    /// A neighbour that was asked for.
    Neighbour {
        /// Which, as an index into the plan's.
        index: usize,
        /// What it did; absent when it did not begin.
        done: Option<NeighbourWork>,
        /// What that says of the figures; absent where the next neighbour's says the same.
        says: Option<NeighbourSays>,
    },
    /// One of several members on a disk fares worse.
    OddMember {
        /// Which.
        member: u32,
        /// The 99th percentile of its WAL fsyncs.
        p99_ns: u64,
        /// The others'.
        usual_ns: u64,
    },
    /// The hypervisor gave this share of the CPU time to others.
    CpuSteal(f64),
    /// The CPUs were busy this part of the time.
    CpuBusy(f64),
    /// A quota of so many CPUs is in force.
    CpuQuota(f64),
    /// etcd and its clients reach less on these CPUs than the disk was asked for, or than its clients reached.
    CpusCarryLess {
        /// Which etcd, on how many CPUs.
        here: EtcdHere,
        /// What they reach, puts per second.
        most_per_s: f64,
        /// What was asked for, or in a closed loop reached.
        wanted_per_s: f64,
        /// Whether the load is an open loop, and was asked of the disk alone; a closed one is held back by the CPUs.
        disk_alone: bool,
    },
    /// Waits for a CPU lengthen the fsyncs that an etcd would tell.
    CpusSlowSyncs {
        /// Which etcd, on how many CPUs.
        here: EtcdHere,
        /// Mean of the disk's own time.
        disk_ns: u64,
        /// Mean that etcd would tell.
        etcd_ns: u64,
    },
    /// The counters of the devices found did not move with what was written.
    MappingNotConfirmed(Vec<String>),
    /// A file system in memory.
    MemoryFilesystem(String),
    /// The writable layer of a container.
    Overlay,
    /// A file system in another machine or process.
    RemoteFilesystem(String),
    /// A mount option that makes syncs unsafe.
    UnsafeMount(String),
    /// An I/O scheduler that waits to be fair: of which device, and which.
    Scheduler(String, String),
    /// Limits on writes are in force, as `name: value`.
    IoLimits(Vec<String>),
    /// What a sync into a fresh block costs.
    JournalTax {
        /// The size of a block.
        block_bytes: u64,
        /// A sync into a fresh block.
        fresh_ns: u64,
        /// A sync within a block.
        same_ns: u64,
        /// The file system, where it is known.
        filesystem: Option<String>,
    },
    /// An EBS volume that may be a gp2.
    Gp2 {
        /// The device.
        device: String,
        /// Its size.
        bytes: u64,
        /// IOPS once the credits are spent.
        baseline_iops: f64,
        /// Syncs per second that they are good for.
        syncs_per_s: f64,
    },
    /// An Azure disk that may be a Premium SSD: the device and its size.
    AzureDisk(String, u64),
    /// The capacity in terms of a Kubernetes.
    Carries {
        /// Puts per second.
        puts_per_s: f64,
        /// Whether it may carry more.
        at_least: bool,
        /// Of how many nodes it carries the leases.
        nodes: f64,
        /// Of how many clusters of 1,000 nodes it carries the steady writes.
        clusters: f64,
    },
    /// What a short run cannot see.
    QuickRun {
        /// Samples.
        samples: u64,
        /// Stalls of this share of all waits go unseen.
        unseen: f64,
    },
}

/// The etcd that is reckoned with beside the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdHere {
    /// The version whose costs they are.
    pub version: String,
    /// CPUs that it shares with its clients.
    pub cpus: u64,
}

/// What a limiter holds a volume to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Writes per second.
    Writes(f64),
    /// WAL syncs per second.
    Syncs(f64),
}

/// What usually comes at a fixed interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The journal's commits, or write-back.
    JournalOrWriteback,
    /// An agent that watches the machine.
    MonitoringAgent,
    /// Write-back of pages that expire.
    ExpiredPages,
    /// A job of every minute.
    EveryMinute,
    /// A job of every two minutes.
    EveryTwoMinutes,
    /// A job of every five minutes.
    EveryFiveMinutes,
    /// Snapshots or backups.
    Snapshots,
}

/// What a neighbour did while the disk was under load.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighbourWork {
    /// Pieces of work per second.
    pub per_s: f64,
    /// Bytes written per second.
    pub written_per_s: f64,
    /// The file system that it worked on, as it was told.
    pub place: Option<String>,
}

/// What the work of a neighbour says of the figures beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeighbourSays {
    /// They are with a neighbour.
    Beside,
    /// They are as good as those of the disk alone.
    Alone,
}

impl DiskFinding {
    /// What it is called.
    pub fn code(&self) -> FindingCode {
        match self {
            DiskFinding::NotDurable(_) => FindingCode::NotDurable,
            DiskFinding::DurabilityNotEstablished(_) => FindingCode::DurabilityNotEstablished,
            DiskFinding::Tuning(_) => FindingCode::Tuning,
            DiskFinding::Throttled { .. } => FindingCode::Throttled,
            DiskFinding::SlowerAfter { .. } => FindingCode::SlowerAfter,
            DiskFinding::Periodic { .. } => FindingCode::Periodic,
            DiskFinding::Paused { .. } => FindingCode::ProbePaused,
            DiskFinding::IdleWriters { .. } => FindingCode::IdleWriters,
            DiskFinding::BackendContention { .. } => FindingCode::BackendContention,
            DiskFinding::LiveEtcd { .. } => FindingCode::LiveEtcd,
            DiskFinding::OtherProbe(..) => FindingCode::OtherProbe,
            DiskFinding::Neighbour { .. } => FindingCode::Neighbour,
            DiskFinding::OddMember { .. } => FindingCode::OddMember,
            DiskFinding::CpuSteal(_) => FindingCode::CpuSteal,
            DiskFinding::CpuBusy(_) => FindingCode::CpuBusy,
            DiskFinding::CpuQuota(_) => FindingCode::CpuQuota,
            DiskFinding::CpusCarryLess { .. } => FindingCode::CpusCarryLess,
            DiskFinding::CpusSlowSyncs { .. } => FindingCode::CpusSlowSyncs,
            DiskFinding::MappingNotConfirmed(_) => FindingCode::MappingNotConfirmed,
            DiskFinding::MemoryFilesystem(_) => FindingCode::MemoryFilesystem,
            DiskFinding::Overlay => FindingCode::Overlay,
            DiskFinding::RemoteFilesystem(_) => FindingCode::RemoteFilesystem,
            DiskFinding::UnsafeMount(_) => FindingCode::UnsafeMount,
            DiskFinding::Scheduler(..) => FindingCode::Scheduler,
            DiskFinding::IoLimits(_) => FindingCode::IoLimits,
            DiskFinding::JournalTax { .. } => FindingCode::JournalTax,
            DiskFinding::Gp2 { .. } | DiskFinding::AzureDisk(..) => FindingCode::BurstCredits,
            DiskFinding::Carries { .. } => FindingCode::Carries,
            DiskFinding::QuickRun { .. } => FindingCode::QuickRun,
        }
    }
}
