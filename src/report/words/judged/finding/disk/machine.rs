//! The machine that the probe ran on: its CPUs.

use crate::report::words::judged::finding::Words;
use crate::units::{format_count, format_duration, format_share, significant};

/// The line of releases whose costs the model has.
const ETCD_LINE: &str = "3.5";

pub(super) fn paused(times: usize, longest_ns: u64) -> Words {
    Words::message(format!(
        "The probe itself stood still for {}{}: no thread of it ran, whatever the disk did.",
        format_duration(longest_ns),
        if times == 1 { String::new() } else { format!(", the longest of {times} times") },
    ))
    .advise(
        "A signal, a frozen control group or a suspended machine does that; waits of that time say nothing about the \
         disk. Run it again.",
    )
}

pub(super) fn cpu_steal(share: f64) -> Words {
    Words::message(format!(
        "The hypervisor gave {} of this machine's CPU time to others.",
        format_share(share)
    ))
    .advise("Part of what looks like a slow disk may be a CPU that was not there: run again on a quieter host.")
}

pub(super) fn cpu_busy(share: f64) -> Words {
    Words::message(format!(
        "The CPUs were busy {} of the time, nearly all of it with something else.",
        format_share(share)
    ))
    .advise(
        "A sync that waits for a CPU looks like a slow disk: run again when the machine is quiet.",
    )
}

pub(super) fn cpu_quota(cpus: f64) -> Words {
    Words::message(format!("A CPU quota of {} CPUs is in force.", significant(cpus))).advise(
        "Part of what looks like a slow disk may be this quota: run it with at least one CPU.",
    )
}

pub(super) fn cpus_carry_less(
    cpus: f64,
    most_per_s: f64,
    wanted_per_s: f64,
    closed: bool,
) -> Words {
    let most = about(most_per_s);
    let here = format!("etcd {ETCD_LINE} and its clients on {} CPUs like these", significant(cpus));
    if closed {
        return Words::message(format!(
            "The clients reached {} puts/s here; {here} carry about {most}, however fast the disk is.",
            about(wanted_per_s)
        ))
        .advise("More or faster CPUs raise that, not a faster disk.");
    }
    Words::message(format!(
        "{here} carry about {most} puts/s; what was asked of the disk, {}/s, is more, so it was asked of the disk alone.",
        about(wanted_per_s)
    ))
    .advise("The figures are the disk's; an etcd would not send it so much.")
}

pub(super) fn cpus_slow_syncs(cpus: f64, disk_ns: u64, etcd_ns: u64) -> Words {
    Words::message(format!(
        "At this load an etcd {ETCD_LINE} that shares {} CPUs like these with its clients would tell a mean wal_fsync of \
         about {}: the disk needs {}, the rest is waiting for a CPU.",
        significant(cpus),
        format_duration(etcd_ns),
        format_duration(disk_ns),
    ))
    .advise("The rules judge the disk's own time. If etcd's figure matters, give it more CPUs of its own.")
}

fn about(per_s: f64) -> String {
    format_count(significant_count(per_s))
}

/// Two digits are as much as the estimate is good for.
fn significant_count(per_s: f64) -> u64 {
    let digits = 10f64.powf(per_s.max(1.0).log10().floor() - 1.0).max(1.0);
    ((per_s / digits).round() * digits) as u64
}
