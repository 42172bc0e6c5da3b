//! What would decide, and what to do.

use crate::diagnosis::{Cause, Certainty, Diagnosis, Evidence, Missing};

/// What would decide.
pub(in crate::report) fn missing(missing: Missing) -> &'static str {
    match missing {
        Missing::Cpu => {
            "CPU of that host: use, limit, throttling, steal (a starved process syncs late too)"
        }
        Missing::Device => "the device's own waits (iostat -x, or 'etcdbench disk' there)",
        Missing::PeerLog => "the other member's log of the same minutes",
        Missing::LeaderLog => "the leader's log of the same minutes",
        Missing::Machine => "whether the machine was paused, migrated or had a snapshot taken",
        Missing::LogSink => "whether whatever reads etcd's stderr kept up",
        Missing::Network => "packet loss, retransmits and link errors (port 2380)",
        Missing::Active => "the same check with writes and reads of its own (without --passive)",
        Missing::Metrics => "its /metrics, read from where they can be (docs/check.md)",
        Missing::OtherClient => "the same check from another machine, near the members",
        Missing::Longer => "a longer check (--duration 5m)",
        Missing::MetricsTwice => "the /metrics of every member, twice, a minute apart",
        Missing::WholeLog => {
            "the whole log of every member, at level info, of the minutes it is about"
        }
        Missing::KernelLog => {
            "the kernel's log (out of memory, I/O errors) and that of whatever starts etcd"
        }
    }
}

/// What to do.
pub(in crate::report) fn advice(one: &Diagnosis) -> &'static str {
    let failed = one.evidence.iter().any(|told| matches!(told, Evidence::StorageFault { .. }));
    match one.cause {
        Cause::Quota => {
            "compact to the current revision ('etcdctl compact REVISION'), 'etcdctl defrag' member by member, the leader last, then 'etcdctl alarm disarm'; after that find what fills it, or raise --quota-backend-bytes"
        }
        Cause::QuotaNear => "compact and defragment before it is full, and find what grows",
        Cause::Corruption => {
            "stop writing; compare the members' hashes ('etcdctl endpoint hashkv --cluster'), and replace the one that differs"
        }
        Cause::Disk if failed => {
            "make room or replace the disk; a member with damaged files is removed and added anew"
        }
        Cause::Disk => {
            "if it leads, move the leader away ('etcdctl move-leader'); then find out what its disk can do: 'etcdbench disk' there"
        }
        Cause::Cpu => {
            "look at the CPU limit and throttling of etcd, and at what else runs on that host"
        }
        Cause::OwnNetwork => "look at that host's links, routes and firewall",
        Cause::PeerNetwork => {
            "look at the path between the two (port 2380), and read the peer's log of the same minutes"
        }
        Cause::PeerDown => "read that member's own log, and the kernel's: why did it end?",
        Cause::Certificates => {
            "look at the dates and names of both certificates (openssl x509 -noout -dates -ext subjectAltName)"
        }
        Cause::Paused => {
            "ask the hypervisor what it did to that machine; take backups from another one"
        }
        Cause::Defragmentation => {
            "defragment one member at a time, the leader last, when a pause of that length does no harm"
        }
        Cause::Compaction => {
            "compact more often, so that each has less to do; spread it (--compaction-batch-limit, --compaction-sleep-interval)"
        }
        Cause::LoopBlocked | Cause::SlowRequests => {
            "look at what would decide, in that order; 'etcdbench disk' on that host clears or blames its disk"
        }
        Cause::LargeReads => {
            "find who lists so much at once; page it (limit), or read it from a cache"
        }
        Cause::Restarted => {
            "look for 'Out of memory', a failed liveness probe or a panic just before each start"
        }
        Cause::LeaderLost => "give the logs of all members at once",
        Cause::Down => "start it; its own log and the kernel's say why it ended",
        Cause::Silent if super::cause::runs(one) => {
            "look whether whatever reads its stderr (journald, a pipe, a full /var/log) stands still, and whether its threads wait for its disk (state D)"
        }
        Cause::Silent => {
            "look at that process: is it stopped (state T), starved, or is its machine paused? Its own log ends where it began"
        }
        Cause::Unreachable => {
            "look at the path from here to it (port 2379), then whether the other members reach it (their logs; 'etcdbench logs')"
        }
        Cause::NoQuorum => {
            "bring members back until a majority runs; only where that cannot be done, restore from a snapshot"
        }
        Cause::SlowPaths => {
            "look at the network of the leader and between the members (port 2380): loss, retransmits, distance; heartbeat interval ≥ round trip, election timeout ≥ 10 times that"
        }
        Cause::ApplyBacklog => {
            "shed what asks most: clients that retry, lists, lease renewals; a backlog that grows under less load does not drain by itself"
        }
        Cause::LogSink => {
            "look whether whatever reads its stderr (journald, a pipe, a full /var/log) stands still"
        }
        Cause::NothingMeasured => {
            "take the /metrics of every member twice, a minute apart, and its log; or let 'etcdbench check' ask it"
        }
        Cause::Client if one.certainty > Certainty::NotSure => {
            "all figures beyond that way are the cluster's own; look at the way (routes, a proxy, a load balancer), or run the check near the members"
        }
        Cause::Client => "run the check from a machine that is idle and near the members",
        Cause::Clock => "let all members take their time from the same source (chrony, NTP)",
    }
}
