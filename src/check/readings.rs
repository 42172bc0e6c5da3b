//! What the metrics of the members grew by while they were looked at, and what this machine gave those that run here.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::target::Target;
use crate::cluster::metrics::{Reading, Sample, Values};
use crate::diagnosis::{Live, LocalCpu, MemberId, Timing};
use crate::host::process::{self, CpuTimes};

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
];
const ROUND_TRIP: &str = "etcd_network_peer_round_trip_time_seconds";
/// A bound of etcd's histograms of the disk, in seconds, beyond which a sync or commit is a stall.
const STALL_S: f64 = 0.128;

/// What was read before.
pub struct Before {
    pages: Vec<Option<String>>,
    cpu: Vec<Option<CpuTimes>>,
}

/// What was read of one member at both ends.
#[derive(Debug, Default)]
pub struct Growth {
    before: Option<Reading>,
    after: Option<Reading>,
    peers: BTreeMap<MemberId, Timing>,
    max_procs: Option<u64>,
    started_s: Option<f64>,
    cpu: Option<LocalCpu>,
}

impl Before {
    /// Reads the metrics of all members.
    pub async fn take(targets: &mut [Target], limit: Duration) -> Before {
        let pages = pages(targets, limit).await;
        Before { pages, cpu: cpu(targets) }
    }

    /// Reads them again.
    pub async fn and_after(self, targets: &mut [Target], limit: Duration) -> Vec<Growth> {
        let cpu = cpu(targets);
        let pages = pages(targets, limit).await;
        let both = self.pages.into_iter().zip(pages).zip(self.cpu.into_iter().zip(cpu));
        both.map(|((before, after), (cpu_before, cpu_after))| {
            let text = after.as_deref().unwrap_or_default();
            Growth {
                peers: peers(text),
                max_procs: value(text, "go_sched_gomaxprocs_threads").map(|n| n as u64),
                started_s: value(text, "process_start_time_seconds"),
                before: before.as_deref().map(Reading::of),
                after: after.as_deref().map(Reading::of),
                cpu: cpu_before.zip(cpu_after).map(|(before, after)| LocalCpu {
                    throttled_ns: after.throttled_ns.saturating_sub(before.throttled_ns),
                    waited_ns: after.waited_ns.saturating_sub(before.waited_ns),
                    ran_ns: after.ran_ns.saturating_sub(before.ran_ns),
                }),
            }
        })
        .collect()
    }
}

async fn pages(targets: &mut [Target], limit: Duration) -> Vec<Option<String>> {
    let all = targets.iter_mut().map(|target| async move {
        let page = target.prober.page("/metrics", limit).await;
        page.map(|page| page.text).map_err(|error| (target, error))
    });
    let pages = join_all(all).await;
    pages
        .into_iter()
        .map(|page| match page {
            Ok(text) => Some(text),
            Err((target, error)) => {
                if !target.notes.contains(&error.message) {
                    target.notes.push(error.message);
                }
                None
            }
        })
        .collect()
}

fn cpu(targets: &[Target]) -> Vec<Option<CpuTimes>> {
    targets.iter().map(|target| target.pid.and_then(process::cpu_times)).collect()
}

/// A single value.
fn value(text: &str, name: &str) -> Option<f64> {
    let mut lines = text.lines().filter(|line| line.starts_with(name)).filter_map(Sample::parse);
    lines.find(|sample| sample.name == name).map(|sample| sample.value)
}

/// The round trips that it took down to each peer since its start.
fn peers(text: &str) -> BTreeMap<MemberId, Timing> {
    let mut sums: BTreeMap<MemberId, (f64, f64)> = BTreeMap::new();
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
    let counted = sums.into_iter().filter(|(_, (_, count))| *count >= 1.0);
    counted
        .map(|(id, (sum_s, count))| {
            let mean_ns = (sum_s / count * 1e9) as u64;
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
    let mut bounds: Vec<(f64, f64)> = grew
        .iter()
        .filter_map(|(key, below)| Some((key.strip_prefix(&head)?.parse().ok()?, *below)))
        .collect();
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let reaches = bounds.iter().position(|(_, below)| *below >= 0.99 * count);
    let ns = |bound_s: f64| (bound_s * 1e9).round() as u64;
    let above = match reaches {
        Some(0) => 0.0,
        Some(at) => bounds[at - 1].0,
        None => bounds.last().map_or(0.0, |(bound, _)| *bound),
    };
    let quick = bounds.iter().find(|(bound, _)| (*bound - STALL_S).abs() < 1e-9);
    Some(Timing {
        count: count as u64,
        mean_ns: (sum_s / count * 1e9) as u64,
        p99_above_ns: ns(above),
        p99_at_most_ns: reaches.map(|at| ns(bounds[at].0)),
        stalls: quick.map_or(0, |(_, below)| (count - below).max(0.0) as u64),
    })
}

impl Growth {
    /// Puts it into what is known of a member.
    pub fn put_into(&self, live: &mut Live) {
        live.local_cpu = self.cpu;
        live.peer_rtt = self.peers.clone();
        live.max_procs = self.max_procs;
        live.uptime_s = self.started_s.map(|started_s| {
            let now_s = jiff::Timestamp::now().as_second() as f64;
            (now_s - started_s).max(0.0) as u64
        });
        let Some(after) = &self.after else { return };
        live.proposals_pending = after.state.get("proposals_pending").map(|n| *n as u64);
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
        let seconds = live.window_ns as f64 / 1e9;
        live.cpu_cores = grew.get("cpu_s").map(|s| s / seconds.max(1e-3));
        let told = COUNTERS.iter().filter_map(|name| Some(((*name).to_owned(), *grew.get(*name)?)));
        live.grew = told.collect();
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
        let growth = Growth {
            before: Some(Reading::of(&before)),
            after: Some(Reading::of(&after)),
            ..Growth::default()
        };
        let mut live = Live::default();
        growth.put_into(&mut live);
        let fsync = live.fsync.unwrap();
        assert_eq!((fsync.count, fsync.stalls, fsync.mean_ns / 1_000_000), (105, 10, 41));
        assert_eq!((fsync.p99_above_ns, fsync.p99_at_most_ns), (128_000_000, Some(256_000_000)));
        assert!(live.metrics && !live.restarted);
    }

    #[test]
    fn a_member_that_was_started_anew_has_no_growth() {
        let of = |started: f64| Reading::of(&format!("process_start_time_seconds {started}\n"));
        let growth = Growth { before: Some(of(1.0)), after: Some(of(2.0)), ..Growth::default() };
        let mut live = Live::default();
        growth.put_into(&mut live);
        assert!(live.restarted && !live.metrics);
    }

    #[test]
    fn round_trips_are_told_by_peer() {
        let text = "etcd_network_peer_round_trip_time_seconds_sum{To=\"1f\"} 0.4\n\
                    etcd_network_peer_round_trip_time_seconds_count{To=\"1f\"} 4\n\
                    etcd_network_peer_round_trip_time_seconds_count{To=\"2\"} 0\n";
        let found = peers(text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[&MemberId(0x1f)].mean_ns, 100_000_000);
    }
}
