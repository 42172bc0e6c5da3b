//! The machine that the probe ran on: its CPUs.

use crate::report::words::judged::finding::Words;
use crate::units::{format_duration, format_share, significant};

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
