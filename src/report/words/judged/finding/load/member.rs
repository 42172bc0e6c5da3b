//! What holds etcd back, and members that are slower than the others.

use super::super::super::Names;
use super::super::Words;
use crate::units::{format_between, format_duration, format_share, significant};
use crate::verdict::{HeldBy, SlowMember, SlowWork};

impl Names<'_> {
    /// What holds etcd back.
    pub(super) fn held(&self, by: &HeldBy) -> Words {
        match by {
            HeldBy::Disk { member, usage, fsync_ns, had_cpu } => {
                let seen = format!(
                    "the WAL of {} was in fsync {} of the time, {} each on average",
                    self.member(*member),
                    format_share(*usage),
                    format_duration(*fsync_ns),
                );
                match self.is_local() || *had_cpu {
                    true => Words::message(format!("The disk holds it back: {seen}.")),
                    // How busy the CPUs of another machine were is not known here, and a starved etcd syncs late too.
                    false => Words::message(format!(
                        "Writes wait for syncs: {seen}. That is its disk, or too little CPU for etcd there."
                    )),
                }
                .advise("'etcdbench disk' on that machine tells what its disk can do and why.")
            }
            HeldBy::Cpu { busy } => Words::message(format!(
                "The CPU holds it back: this machine's CPUs were busy {} of the time.",
                format_share(*busy)
            ))
            .advise("Give etcd more cores, or drive it from another machine."),
            HeldBy::Starved { member, pings, late, delay_ns, throttled } => {
                let name = self.member(*member);
                let throttled = match *throttled > 0.0 {
                    true => format!(", and its CPU quota held it back {} of the time", format_share(*throttled)),
                    false => String::new(),
                };
                Words::message(format!(
                    "{name} gets too little CPU: {}{throttled}. Its own figures of syncs and commits are as late and say \
                     nothing of its disk.",
                    late_answers(*pings, *late, *delay_ns),
                ))
                .advise(format!("Give {name} more CPU, or take away what shares it: its limit, its neighbours."))
            }
            HeldBy::Network { rtt_ns, mean_ns } => Words::message(format!(
                "The network between the members holds it back: a round trip takes {} on average, an operation {}.",
                format_duration(*rtt_ns),
                format_duration(*mean_ns),
            ))
            .advise("Bring the members nearer to each other, and set --heartbeat-interval to the round trip, --election-timeout to ten of them."),
            HeldBy::Way { ns, median_ns } => Words::message(format!(
                "Most of it is the way from this machine to the members: no answer from memory took less than {}, and an \
                 operation takes {} at the median.",
                format_duration(*ns),
                format_duration(*median_ns),
            ))
            .advise("Drive the load from a machine near the members; look at the way (routes, a proxy, a load balancer)."),
            HeldBy::Unknown { fsync_ns, cores, rtt_ns } => {
                self.not_sure(*fsync_ns, *cores, *rtt_ns)
            }
        }
    }

    fn not_sure(&self, fsync_ns: Option<u64>, cores: Option<f64>, rtt_ns: Option<u64>) -> Words {
        let mut seen = Vec::new();
        seen.extend(
            fsync_ns.map(|ns| format!("an fsync takes {} on average", format_duration(ns))),
        );
        seen.extend(
            cores.map(|cores| format!("the busiest member uses {} cores", significant(cores))),
        );
        seen.extend(
            rtt_ns.map(|ns| format!("a round trip between members takes {}", format_duration(ns))),
        );
        let advice = match self.is_local() {
            true => "Look at what else this machine does.",
            false => "Compare the cores used with those the members have.",
        };
        let seen = match seen.is_empty() {
            true => "neither its metrics nor anything else that was measured tells".to_owned(),
            false => seen.join(", "),
        };
        Words::message(format!("What holds it back is not sure: {seen}.")).advise(advice)
    }

    /// One of several members that is slower than the others.
    pub(super) fn slow_member(&self, slow: &SlowMember) -> Words {
        match slow {
            SlowMember::Work { member, work, mean_ns, p99_ns, usual_ns, leads, spare } => {
                let name = self.member(*member);
                let work = match work {
                    SlowWork::WalFsyncs => "WAL fsyncs",
                    SlowWork::BackendCommits => "backend commits",
                };
                let then = match (leads, spare) {
                    (true, _) => " It leads, so every write waits for it.",
                    (false, true) => {
                        " What is sent to it waits for it; what is sent to the others does not, while these stand."
                    }
                    (false, false) => "",
                };
                let until = match leads {
                    true => "; lead from another member until then (etcdctl move-leader)",
                    false => "",
                };
                Words::message(format!(
                    "{name} is slower than the others: its {work} take {} on average (p99 {}), theirs {}.{then}",
                    format_duration(*mean_ns),
                    format_between(p99_ns.0, p99_ns.1),
                    format_duration(*usual_ns),
                ))
                .advise(format!("Qualify the disk of {name} with 'etcdbench disk', or move it{until}."))
            }
            SlowMember::Late { member, pings, late, delay_ns } => {
                let name = self.member(*member);
                Words::message(format!(
                    "{name} is late, and the others are not: {}. Its process stands still or gets too little CPU, or the \
                     way to it is slow; its disk has no part in that.",
                    late_answers(*pings, *late, *delay_ns),
                ))
                .advise(format!("Look at the CPU of {name} and at the network to it: 'etcdbench check' on its machine tells them apart."))
            }
            SlowMember::Answers { member, operation, quantile, value_ns, usual_ns } => {
                let name = self.member(*member);
                Words::message(format!(
                    "{name} answers its clients slower than the others: {operation} p{} {}, theirs {}; its disk does not \
                     show why.",
                    (quantile * 100.0).round(),
                    format_duration(*value_ns),
                    format_duration(*usual_ns),
                ))
                .advise(format!("Look at the CPU of {name} and at the network to it."))
            }
        }
    }
}

/// What was asked for, and how late it came.
fn late_answers(pings: u64, late: u64, delay_ns: u64) -> String {
    format!(
        "{late} of {pings} answers from memory came late, all by {} on average",
        format_duration(delay_ns)
    )
}
