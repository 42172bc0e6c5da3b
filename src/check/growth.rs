//! What the metrics of a member grew by between two readings, as a diagnosis takes it.

use std::collections::BTreeMap;

use crate::cluster::metrics::{Reading, Sample, Values};
use crate::diagnosis::{Live, LocalCpu, MemberId, Timing};
use crate::record::Buckets;

/// Counters that are told by their growth.
const COUNTERS: &[&str] = &[
    "proposals_failed",
    "proposals_committed",
    "heartbeat_send_failures",
    "leader_changes",
    "slow_apply",
    "slow_read_indexes",
    "puts",
    "ranges",
    "txns",
    "client_received_bytes",
    "client_sent_bytes",
    "defragmentations",
    "defragmentation_s",
    "compactions",
    "compaction_ms",
];
const ROUND_TRIP: &str = "etcd_network_peer_round_trip_time_seconds";

/// What was read of one member at both ends.
#[derive(Debug, Default)]
pub struct Growth {
    /// What the kernel told of its CPU, where the member runs on this machine.
    cpu: Option<LocalCpu>,
    before: Option<Reading>,
    after: Option<Reading>,
    /// Round trips to each peer: their sums and counts, before and after.
    peers: [Peers; 2],
    max_procs: Option<u64>,
    started_s: Option<f64>,
    collected_s: Option<f64>,
}

type Peers = BTreeMap<MemberId, (f64, f64)>;

/// When Go's runtime collected garbage last, in seconds since 1970.
const LAST_COLLECTION: &str = "go_memstats_last_gc_time_seconds";

/// A single value.
pub(super) fn value(text: &str, name: &str) -> Option<f64> {
    let mut lines = text.lines().filter(|line| line.starts_with(name)).filter_map(Sample::parse);
    lines.find(|sample| sample.name == name).map(|sample| sample.value)
}

/// The round trips that it took down to each peer since its start: their sum in seconds and their number.
fn peers(text: &str) -> Peers {
    let mut sums = Peers::new();
    let lines = text.lines().filter(|line| line.starts_with(ROUND_TRIP));
    for sample in lines.filter_map(Sample::parse) {
        let peer = sample.labels().find(|(name, _)| *name == "To");
        let id = peer.and_then(|(_, id)| u64::from_str_radix(&id, 16).ok()).map(MemberId);
        let Some(id) = id else { continue };
        let entry = sums.entry(id).or_default();
        match sample.name.strip_prefix(ROUND_TRIP) {
            Some("_sum") => entry.0 = sample.value,
            Some("_count") => entry.1 = sample.value,
            _ => {}
        }
    }
    sums
}

/// Means of what was taken down beyond what had been before.
fn round_trips(before: &Peers, after: &Peers) -> BTreeMap<MemberId, Timing> {
    let grew = after.iter().map(|(id, (sum, count))| {
        let (sum_before, count_before) = before.get(id).copied().unwrap_or_default();
        (*id, sum - sum_before, count - count_before)
    });
    let counted = grew.filter(|(_, sum, count)| *count >= 1.0 && *sum >= 0.0);
    counted
        .map(|(id, sum_s, count)| {
            let mean_ns = (sum_s / count * 1e9).round() as u64;
            (id, Timing { count: count as u64, mean_ns, ..Timing::default() })
        })
        .collect()
}

/// A histogram that grew.
fn timing(grew: &Values, name: &str) -> Option<Timing> {
    let count = *grew.get(&format!("{name}.count"))?;
    if count < 1.0 {
        return Some(Timing::default());
    }
    let sum_s = *grew.get(&format!("{name}.sum_s"))?;
    let head = format!("{name}.le.");
    let bounds = grew
        .iter()
        .filter_map(|(key, below)| Some((key.strip_prefix(&head)?.parse().ok()?, *below)));
    Buckets::new(bounds, count, sum_s).as_ref().map(Timing::of)
}

impl Growth {
    /// Of two texts of `/metrics`; either may be missing.
    pub fn between(before: Option<&str>, after: Option<&str>) -> Growth {
        let both = [before, after].map(Option::unwrap_or_default);
        Growth {
            cpu: None,
            before: before.map(Reading::of),
            after: after.map(Reading::of),
            peers: both.map(peers),
            max_procs: value(both[1], "go_sched_gomaxprocs_threads").map(|n| n as u64),
            started_s: value(both[1], "process_start_time_seconds"),
            collected_s: value(both[1], LAST_COLLECTION),
        }
    }

    /// The same, with what the kernel told of a member's CPU.
    pub fn with_cpu(self, cpu: Option<LocalCpu>) -> Growth {
        Growth { cpu, ..self }
    }

    /// Puts it into what is known of a member.
    pub fn put_into(&self, live: &mut Live) {
        live.local_cpu = self.cpu;
        live.peer_rtt = round_trips(&Peers::new(), &self.peers[1]);
        live.max_procs = self.max_procs;
        let Some(after) = &self.after else { return };
        live.proposals_pending = after.state.get("proposals_pending").map(|n| *n as u64);
        live.defragmenting = after.state.get("defragmenting").is_some_and(|n| *n > 0.0);
        let committed = after.totals.get("proposals_committed");
        live.apply_backlog = committed
            .zip(after.totals.get("proposals_applied"))
            .map(|(committed, applied)| (committed - applied).max(0.0) as u64);
        let Some(before) = &self.before else { return };
        let Some(grew) = after.growth_since(before) else {
            live.restarted = true;
            return;
        };
        live.metrics = true;
        live.fsync = timing(&grew, "wal_fsync");
        live.commit = timing(&grew, "backend_commit");
        live.apply = timing(&grew, "apply");
        live.peer_rtt_within = round_trips(&self.peers[0], &self.peers[1]);
        let seconds = live.window_ns as f64 / 1e9;
        live.cpu_cores = grew.get("cpu_s").filter(|_| seconds > 0.0).map(|s| s / seconds);
        let told = COUNTERS.iter().filter_map(|name| Some(((*name).to_owned(), *grew.get(*name)?)));
        live.grew = told.collect();
    }

    /// How long it had run when the second text was taken, as far as that is known: it tells when it was started, and
    /// it collects garbage every two minutes at least (Go's `forcegcperiod`).
    pub fn uptime_s(&self, now_s: Option<f64>) -> Option<u64> {
        let now_s = now_s.or(self.collected_s)?;
        Some((now_s - self.started_s?).max(0.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(name: &str, counts: &[(&str, u32)], sum: f64) -> String {
        let all: u32 = counts.iter().map(|(_, n)| n).sum();
        let mut below = 0;
        let mut text = String::new();
        for (bound, n) in counts {
            below += n;
            text += &format!("{name}_bucket{{le=\"{bound}\"}} {below}\n");
        }
        text + &format!(
            "{name}_bucket{{le=\"+Inf\"}} {all}\n{name}_sum {sum}\n{name}_count {all}\n"
        )
    }

    #[test]
    fn a_histogram_gives_a_mean_a_bracket_and_its_stalls() {
        let name = "etcd_disk_wal_fsync_duration_seconds";
        let before = histogram(name, &[("0.064", 5), ("0.128", 0), ("0.256", 0)], 0.1);
        let after = histogram(name, &[("0.064", 95), ("0.128", 5), ("0.256", 10)], 4.5);
        let growth = Growth::between(Some(&before), Some(&after));
        let mut live = Live::default();
        growth.put_into(&mut live);
        let fsync = live.fsync.unwrap();
        assert_eq!((fsync.count, fsync.stalls, fsync.mean_ns / 1_000_000), (105, 10, 41));
        assert_eq!((fsync.p99_above_ns, fsync.p99_at_most_ns), (128_000_000, Some(256_000_000)));
        assert_eq!((fsync.p50_above_ns, fsync.p50_at_most_ns), (0, Some(64_000_000)));
        assert!(live.metrics && !live.restarted);
    }

    #[test]
    fn a_member_that_was_started_anew_has_no_growth() {
        let of = |started: f64| format!("process_start_time_seconds {started}\n");
        let growth = Growth::between(Some(&of(1.0)), Some(&of(2.0)));
        let mut live = Live::default();
        growth.put_into(&mut live);
        assert!(live.restarted && !live.metrics);
    }

    #[test]
    fn round_trips_are_told_by_peer() {
        let text = "etcd_network_peer_round_trip_time_seconds_sum{To=\"1f\"} 0.4\n\
                    etcd_network_peer_round_trip_time_seconds_count{To=\"1f\"} 4\n\
                    etcd_network_peer_round_trip_time_seconds_count{To=\"2\"} 0\n";
        let found = round_trips(&Peers::new(), &peers(text));
        assert_eq!(found.len(), 1);
        assert_eq!(found[&MemberId(0x1f)].mean_ns, 100_000_000);
        let later = text.replace("0.4", "1.4").replace("} 4", "} 6");
        let within = round_trips(&peers(text), &peers(&later));
        assert_eq!(
            (within[&MemberId(0x1f)].count, within[&MemberId(0x1f)].mean_ns),
            (2, 500_000_000)
        );
    }
}
