//! What findings are called.

use super::named::{as_text, named};

named! {
    /// Stable code of a finding: `journal_tax`, `idle_writers`, `not_durable` …
    pub enum FindingCode {
        /// etcd raised an alarm that is not about space.
        Alarm = "alarm",
        /// Backend commits are in the WAL's way.
        BackendContention = "backend_contention",
        /// A closed loop leaves out what waits behind a stall.
        BenchmarkClosedLoop = "benchmark_closed_loop",
        /// Clients, sizes and keys are not told.
        BenchmarkOptionsUnknown = "benchmark_options_unknown",
        /// Quantiles are told and no samples.
        BenchmarkQuantiles = "benchmark_quantiles",
        /// A cloud volume that is slower once its credits are spent.
        BurstCredits = "burst_credits",
        /// The capacity in terms of a Kubernetes.
        Carries = "carries",
        /// The client, or the plan, was the limit.
        ClientLimit = "client_limit",
        /// Transactions find a key changed under them.
        Conflicts = "conflicts",
        /// Connections were lost.
        ConnectionsLost = "connections_lost",
        /// Somebody used the CPUs.
        CpuBusy = "cpu_busy",
        /// A CPU quota is in force.
        CpuQuota = "cpu_quota",
        /// The hypervisor gave CPU time to others.
        CpuSteal = "cpu_steal",
        /// etcd reaches less on these CPUs than was asked of the disk.
        CpusCarryLess = "cpus_carry_less",
        /// Waits for a CPU would lengthen etcd's fsyncs.
        CpusSlowSyncs = "cpus_slow_syncs",
        /// Members defragmented, and were blocked meanwhile.
        Defragmented = "defragmented",
        /// Nobody can vouch for the sync.
        DurabilityNotEstablished = "durability_not_established",
        /// Events of watches did not come.
        EventsMissing = "events_missing",
        /// Events of watches came twice.
        EventsRepeated = "events_repeated",
        /// fio wrote blocks of this size.
        FioBlockSize = "fio_block_size",
        /// fio's bins are kept.
        FioBins = "fio_bins",
        /// fio's disk counted so many writes.
        FioDeviceWrites = "fio_device_writes",
        /// fio wrote past the page cache.
        FioDirect = "fio_direct",
        /// fio wrote by calls that etcd does not use.
        FioEngine = "fio_engine",
        /// fio called fsync.
        FioFsync = "fio_fsync",
        /// fio's file grew.
        FioGrowingFile = "fio_growing_file",
        /// Whether fio's file was there before is not known.
        FioLayoutUnknown = "fio_layout_unknown",
        /// fio's options are not known.
        FioOptionsUnknown = "fio_options_unknown",
        /// fio overwrote a file.
        FioOverwrote = "fio_overwrote",
        /// fio was paced.
        FioPaced = "fio_paced",
        /// fio had several writes under way.
        FioParallel = "fio_parallel",
        /// fio did not write from front to back.
        FioPattern = "fio_pattern",
        /// fio told percentiles and no bins.
        FioQuantiles = "fio_quantiles",
        /// fio wrote to a raw device.
        FioRawDevice = "fio_raw_device",
        /// fio's run was short.
        FioShort = "fio_short",
        /// fio synced after several writes.
        FioSyncEvery = "fio_sync_every",
        /// Not every sync of fio's got to the disk.
        FioSyncsNotAtDevice = "fio_syncs_not_at_device",
        /// fio measured syncs and nothing else.
        FioSyncsOnly = "fio_syncs_only",
        /// fio wrote its file several times over.
        FioWrapped = "fio_wrapped",
        /// Reads found no key, or deletions none to remove.
        FoundNothing = "found_nothing",
        /// The database has holes.
        Fragmented = "fragmented",
        /// The database grows.
        Growth = "growth",
        /// The CPU holds etcd back.
        HeldByCpu = "held_by_cpu",
        /// The disk holds etcd back.
        HeldByDisk = "held_by_disk",
        /// The network holds etcd back.
        HeldByNetwork = "held_by_network",
        /// What holds etcd back is not sure.
        HeldByUnknown = "held_by_unknown",
        /// Others write to the disk.
        IdleWriters = "idle_writers",
        /// When a foreign run was is not from the program itself.
        ImportClock = "import_clock",
        /// What was seen when a foreign run was taken in.
        ImportRemark = "import_remark",
        /// Limits on writes are in force.
        IoLimits = "io_limits",
        /// What a sync into a fresh block costs.
        JournalTax = "journal_tax",
        /// A live etcd works on the same disk.
        LiveEtcd = "live_etcd",
        /// The leader changed.
        LeaderChanged = "leader_changed",
        /// The leader was killed by plan.
        LeaderKilled = "leader_killed",
        /// Acknowledged writes are not there any more.
        LostWrites = "lost_writes",
        /// The device found is not where the data went.
        MappingNotConfirmed = "mapping_not_confirmed",
        /// A member did not answer.
        MemberDown = "member_down",
        /// A file system in memory.
        MemoryFilesystem = "memory_filesystem",
        /// Somebody was at work on purpose.
        Neighbour = "neighbour",
        /// Members' metrics could not be read.
        NoMetrics = "no_metrics",
        /// The database has reached its quota.
        NoSpace = "no_space",
        /// A sync that is none.
        NotDurable = "not_durable",
        /// What was noted before the load.
        Note = "note",
        /// One of several members on a disk fares worse.
        OddMember = "odd_member",
        /// Every write went to one key.
        OneKey = "one_key",
        /// Another probe works on the same disk.
        OtherProbe = "other_probe",
        /// The writable layer of a container.
        Overlay = "overlay",
        /// Stalls come at a fixed interval.
        Periodic = "periodic",
        /// The probe itself stood still.
        ProbePaused = "probe_paused",
        /// Proposals failed.
        ProposalsFailed = "proposals_failed",
        /// Proposals wait for consensus.
        ProposalsPending = "proposals_pending",
        /// What a short run cannot see.
        QuickRun = "quick_run",
        /// The database is near its quota.
        QuotaNear = "quota_near",
        /// The database was brought back from its quota.
        QuotaRecovered = "quota_recovered",
        /// The load was ended before the quota.
        QuotaStop = "quota_stop",
        /// A file system in another machine or process.
        RemoteFilesystem = "remote_filesystem",
        /// An I/O scheduler that waits to be fair.
        Scheduler = "scheduler",
        /// One of several members is slower.
        SlowMember = "slow_member",
        /// Watchers fall behind.
        SlowWatchers = "slow_watchers",
        /// The disk became slower and stayed so.
        SlowerAfter = "slower_after",
        /// Nothing was acknowledged for a time.
        Standstill = "standstill",
        /// A limiter.
        Throttled = "throttled",
        /// Heartbeat and election timeout do not hold.
        Tuning = "tuning",
        /// A mount option that makes syncs unsafe.
        UnsafeMount = "unsafe_mount",
    }
}
