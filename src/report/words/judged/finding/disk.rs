//! Findings of a disk.

mod device;
mod machine;
mod neighbours;

use super::super::Names;
use super::{Words, capitalised};
use crate::report::subject::Plan;
use crate::units::{format_bytes, format_count, format_duration, format_share, significant};
use crate::verdict::{DiskFinding, NeighbourSays, NeighbourWork, Pace, Timer};

const MS: u64 = 1_000_000;

impl Names<'_> {
    pub(super) fn disk_finding(&self, what: &DiskFinding) -> Words {
        match what {
            DiskFinding::NotDurable(evidence) => {
                shown("A sync here does not reach stable storage", evidence).advise(
                    "Put etcd on a disk whose sync is real. No speed makes up for it: a power cut takes acknowledged writes with it.",
                )
            }
            DiskFinding::DurabilityNotEstablished(evidence) => {
                shown("Whether a sync reaches stable storage cannot be told from here", evidence).advise(
                    "Ask whoever runs the storage whether an acknowledged sync survives a power cut, or use a local disk.",
                )
            }
            DiskFinding::Tuning(needed) => self.tuning(*needed),
            DiskFinding::Throttled { fast_ns, wait_ns, pace, own_limit } => {
                throttled(*fast_ns, *wait_ns, *pace, *own_limit)
            }
            DiskFinding::SlowerAfter { after_ns, phase, p50_ns, even_per_s, soaked } => {
                slower(*after_ns, phase, *p50_ns, *even_per_s, *soaked)
            }
            DiskFinding::Periodic { stalls_ns, times, period_s, cause } => {
                periodic(*stalls_ns, *times, *period_s, *cause)
            }
            DiskFinding::IdleWriters { bytes_per_s, flushes_per_s } => neighbours::idle_writers(*bytes_per_s, *flushes_per_s),
            DiskFinding::BackendContention { beside_ns, alone_ns } => neighbours::backend_contention(*beside_ns, *alone_ns),
            DiskFinding::LiveEtcd { pid, path, spared } => neighbours::live_etcd(*pid, path.as_deref(), *spared),
            DiskFinding::OtherProbe(pid, path) => neighbours::other_probe(*pid, path.as_deref()),
            DiskFinding::Neighbour { index, done, says } => {
                self.neighbour(*index, done.as_ref(), *says)
            }
            DiskFinding::OddMember { member, p99_ns, usual_ns } => neighbours::odd_member(*member, *p99_ns, *usual_ns),
            DiskFinding::Paused { times, longest_ns } => machine::paused(*times, *longest_ns),
            DiskFinding::CpuSteal(share) => machine::cpu_steal(*share),
            DiskFinding::CpuBusy(share) => machine::cpu_busy(*share),
            DiskFinding::CpuQuota(cpus) => machine::cpu_quota(*cpus),
            DiskFinding::CpusCarryLess { here, most_per_s, wanted_per_s, disk_alone } => {
                machine::cpus_carry_less(here, *most_per_s, *wanted_per_s, *disk_alone)
            }
            DiskFinding::CpusSlowSyncs { here, disk_ns, etcd_ns } => {
                machine::cpus_slow_syncs(here, *disk_ns, *etcd_ns)
            }
            DiskFinding::MappingNotConfirmed(devices) => device::mapping_not_confirmed(devices),
            DiskFinding::MemoryFilesystem(filesystem) => device::memory_filesystem(filesystem),
            DiskFinding::Overlay => device::overlay(),
            DiskFinding::RemoteFilesystem(filesystem) => device::remote_filesystem(filesystem),
            DiskFinding::UnsafeMount(option) => device::unsafe_mount(option),
            DiskFinding::Scheduler(device, scheduler) => device::scheduler(device, scheduler),
            DiskFinding::IoLimits(in_force) => device::io_limits(in_force),
            DiskFinding::JournalTax { block_bytes, fresh_ns, same_ns, filesystem } => device::journal_tax(*block_bytes, *fresh_ns, *same_ns, filesystem.as_deref()),
            DiskFinding::Gp2 { device, bytes, baseline_iops, syncs_per_s } => device::gp2(device, *bytes, *baseline_iops, *syncs_per_s),
            DiskFinding::AzureDisk(device, bytes) => device::azure_disk(device, *bytes),
            DiskFinding::Carries { puts_per_s, at_least, nodes, clusters } => {
                carries(*puts_per_s, *at_least, *nodes, *clusters)
            }
            DiskFinding::QuickRun { samples, unseen } => Words::message(format!(
                "A quick run: with {} samples, stalls rarer than {} of all waits go unseen.",
                format_count(*samples),
                format_share(*unseen),
            ))
            .advise("A full run takes about a minute; --soak 30m finds burst credits and rare stalls."),
        }
    }

    fn tuning(&self, needed: Option<(u64, u64)>) -> Words {
        let (heartbeat_ns, election_ns) = match &self.plan {
            Plan::Disk(plan) => (plan.heartbeat_ns, plan.election_ns),
            Plan::Load(_) | Plan::Import(_) | Plan::Unknown => (0, 0),
        };
        let start = format!(
            "A {} ms heartbeat and a {} ms election timeout do not hold on this disk",
            heartbeat_ns / MS,
            election_ns / MS
        );
        match needed {
            None => Words::message(format!(
                "{start}, and etcd accepts none that would (at most 50 s)."
            ))
            .advise("Use another disk: a local SSD."),
            Some((heartbeat_ms, election_ms)) => Words::message(format!("{start}.")).advise(format!(
                "It would need at least --heartbeat-interval={heartbeat_ms} --election-timeout={election_ms} on every \
                 member, at the price of slower failover; better: a local SSD."
            )),
        }
    }

    fn neighbour(
        &self,
        index: usize,
        done: Option<&NeighbourWork>,
        says: Option<NeighbourSays>,
    ) -> Words {
        let neighbour = match &self.plan {
            Plan::Disk(plan) => plan.neighbours.get(index),
            Plan::Load(_) | Plan::Import(_) | Plan::Unknown => None,
        };
        let Some(neighbour) = neighbour else {
            return Words::message(
                "These figures are with a neighbour that the plan does not name.",
            );
        };
        let name = neighbour.kind.name();
        let asked = neighbour.kind.rate(neighbour.per_second as f64);
        let message = match done {
            None => format!("The neighbour {name} was to do {asked} and did not begin to work."),
            Some(done) => {
                let reached = neighbour.kind.rate(done.per_s);
                let wrote = match neighbour.kind.counter() {
                    "written_bytes" | "read_bytes" => String::new(),
                    _ => format!(" ({}/s)", format_bytes(done.written_per_s.round() as u64)),
                };
                let place = done.place.as_deref().unwrap_or("a file system that is not known");
                format!(
                    "These figures are with a neighbour: {name} did {reached}{wrote} of the {asked} asked for, on {place}."
                )
            }
        };
        let words = Words::message(message);
        match says {
            None => words,
            Some(NeighbourSays::Beside) => words.advise(
                "How much worse than alone that is: etcdbench compare ALONE.jsonl BESIDE.jsonl, or etcdbench run neighbours \
                 for all kinds in turn.",
            ),
            Some(NeighbourSays::Alone) => words.advise(
                "What it does to etcd was not seen: these figures are as good as those of the disk alone.",
            ),
        }
    }
}

fn shown(what: &str, evidence: &[String]) -> Words {
    match evidence {
        [] => Words::message(format!("{what}.")),
        evidence => Words::message(format!("{what}: {}.", evidence.join("; "))),
    }
}

fn throttled(fast_ns: u64, wait_ns: u64, pace: Pace, own_limit: bool) -> Words {
    let pace = match pace {
        Pace::Writes(per_s) => format!("{} writes/s", significant(per_s)),
        Pace::Syncs(per_s) => format!("{} WAL syncs/s", significant(per_s)),
    };
    Words::message(format!(
        "Fast ({}) until something is spent, then waits of up to {}, in every second alike: a limiter holds this volume to \
         about {pace}.",
        format_duration(fast_ns),
        format_duration(wait_ns),
    ))
    .advise(match own_limit {
        true => "Lift the limit of this control group, or give etcd one of its own.",
        false => {
            "Look for a limit on the volume (its provisioned IOPS), on the virtual machine or on a control group above this one."
        }
    })
}

fn slower(
    after_ns: u64,
    phase: &str,
    (before_ns, then_ns): (u64, u64),
    even_per_s: Option<f64>,
    soaked: bool,
) -> Words {
    let pace = even_per_s.map_or_else(String::new, |per_s| {
        format!(", as even as a limiter makes it: about {} syncs/s", significant(per_s))
    });
    Words::message(format!(
        "After {} of phase '{phase}' a WAL fsync took {} instead of {} (medians) and stayed there{pace}.",
        format_duration(after_ns),
        format_duration(then_ns),
        format_duration(before_ns),
    ))
    .advise(match soaked {
        true => "Judge this disk by the slower speed: burst credits or a cache carried the start.",
        false => {
            "Judge this disk by the slower speed: burst credits or a cache carried the start. --soak 30m shows where it ends."
        }
    })
}

fn periodic(stalls_ns: Option<u64>, times: usize, period_s: f64, cause: Timer) -> Words {
    let what = match stalls_ns {
        Some(ns) => format!("Stalls of {} and more", format_duration(ns)),
        None => "Slow syncs".to_owned(),
    };
    let cause = match cause {
        Timer::JournalOrWriteback => {
            "the journal's commit interval, or the kernel's write-back timer"
        }
        Timer::MonitoringAgent => "a monitoring agent",
        Timer::ExpiredPages => "write-back of dirty pages that expire after 30 s",
        Timer::EveryMinute => "a job that runs every minute",
        Timer::EveryTwoMinutes => "a job that runs every two minutes",
        Timer::EveryFiveMinutes => "a job that runs every five minutes, such as a compaction",
        Timer::Snapshots => "snapshots or backups",
    };
    let period = format_duration((period_s * 1e9) as u64);
    Words::message(format!("{what} come every {period} ({times} times): {cause} would do that."))
        .advise("Find what runs at that interval on this machine or its host, and move it to another disk.")
}

fn carries(puts_per_s: f64, at_least: bool, nodes: f64, clusters: f64) -> Words {
    let least = if at_least { "at least " } else { "" };
    let steady = if clusters >= 1.5 {
        format!("about {} times the steady writes of a 1,000-node Kubernetes", clusters.floor())
    } else if clusters >= 1.0 {
        "about as many as the steady writes of a 1,000-node Kubernetes".to_owned()
    } else {
        let nodes = format_count(round_down(clusters * 1000.0));
        format!("about as many as the steady writes of a {nodes}-node Kubernetes")
    };
    Words::message(capitalised(&format!(
        "{least}{} puts/s are {steady}, or the node leases of about {} nodes.",
        format_count(puts_per_s as u64),
        format_count(round_down(nodes)),
    )))
}

/// Two digits, rounded down: nothing here is known better.
fn round_down(value: f64) -> u64 {
    if value < 10.0 {
        return value as u64;
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    ((value / unit).floor() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::{carries, round_down};

    #[test]
    fn a_capacity_in_clusters_and_nodes() {
        assert_eq!(
            carries(11_400.0, false, 114_000.0, 11_400.0 / 167.0).message,
            "11,400 puts/s are about 68 times the steady writes of a 1,000-node Kubernetes, or the node leases of \
             about 110,000 nodes."
        );
        assert!(carries(60.0, true, 600.0, 60.0 / 167.0).message.starts_with(
            "At least 60 puts/s are about as many as the steady writes of a 350-node Kubernetes"
        ));
        assert!(carries(190.0, false, 1_900.0, 190.0 / 167.0).message.starts_with(
            "190 puts/s are about as many as the steady writes of a 1,000-node Kubernetes"
        ));
        assert_eq!((round_down(359.0), round_down(7.9), round_down(0.0)), (350, 7, 0));
    }
}
