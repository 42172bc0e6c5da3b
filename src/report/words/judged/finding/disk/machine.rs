//! The machine that the probe ran on: its CPUs.

use crate::report::words::judged::finding::Words;
use crate::units::{counted, format_count, format_duration, format_share, significant};
use crate::verdict::EtcdHere;

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
    here: &EtcdHere,
    most_per_s: f64,
    wanted_per_s: f64,
    disk_alone: bool,
) -> Words {
    let (wanted, most) = (about(wanted_per_s), about(most_per_s));
    let carry = format!(
        "etcd {} and its clients carry about {most} puts/s on {}",
        here.version,
        cpus(here)
    );
    if disk_alone {
        return Words::message(format!(
            "{carry} like this machine's. The load of {wanted} puts/s is more than that, so only the disk was tested \
             with it."
        ))
        .advise("The figures are the disk's: an etcd on these CPUs would not send it so many puts.");
    }
    Words::message(format!(
        "The load reached {wanted} puts/s. {carry} like this machine's, however fast the disk is."
    ))
    .advise("More or faster CPUs raise that; a faster disk does not.")
}

pub(super) fn cpus_slow_syncs(here: &EtcdHere, disk_ns: u64, etcd_ns: u64) -> Words {
    Words::message(format!(
        "At this load etcd {} would report a mean WAL fsync of about {} if it shared {} like this machine's with its \
         clients: {} of it for the disk, the rest waiting for a CPU.",
        here.version,
        format_duration(etcd_ns),
        cpus(here),
        format_duration(disk_ns),
    ))
    .advise("The rules judge the disk's own time. With more CPUs, etcd reports less.")
}

fn cpus(here: &EtcdHere) -> String {
    counted(here.cpus, "CPU")
}

/// Two digits are as much as the estimate is good for.
fn about(per_s: f64) -> String {
    let digits = 10f64.powf(per_s.max(1.0).log10().floor() - 1.0).max(1.0);
    format_count(((per_s / digits).round() * digits) as u64)
}
