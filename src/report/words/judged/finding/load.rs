//! Findings of a load.

use super::super::Names;
use super::super::reason::quota_reached;
use super::{Words, capitalised};
use crate::plan::LoadPlan;
use crate::report::subject::Plan;
use crate::report::text::clean;
use crate::units::{format_count, format_duration, format_share, significant};
use crate::verdict::LoadFinding;

mod database;
mod faults;
mod member;

impl Names<'_> {
    pub(super) fn load_finding(&self, what: &LoadFinding) -> Words {
        match what {
            LoadFinding::LostWrites { checked, lost, phantom, examples } => {
                lost_writes(*checked, *lost, *phantom, examples)
            }
            LoadFinding::ClientLimit(doubt) => {
                let (told, way_out) = self.doubt(doubt);
                Words::message(format!("{}.", capitalised(&told)))
                    .advise(format!("To learn what etcd can do, {way_out}."))
            }
            LoadFinding::Held(by) => self.held(by),
            LoadFinding::SlowMember(slow) => self.slow_member(slow),
            LoadFinding::LeaderChanged(changed) => faults::leader_changed(changed),
            LoadFinding::Standstill { gap_ns } => standstill(*gap_ns),
            LoadFinding::LeaderKilled(killed) => faults::leader_killed(killed),
            LoadFinding::ConnectionsLost { count, endpoints, back_ns } => {
                faults::connections_lost(*count, endpoints, *back_ns)
            }
            LoadFinding::MemberDown { names, for_good } => Words::message(format!(
                "{} did not answer for a time{}.",
                names.join(", "),
                if *for_good { ", and not again before the end" } else { "" },
            )),
            LoadFinding::MemberNeverUp(members) => Words::message(format!(
                "{} {} down: no answer from the beginning to the end.",
                members.iter().map(|at| self.member(*at)).collect::<Vec<_>>().join(", "),
                if members.len() == 1 { "is" } else { "are" },
            ))
            .advise("Bring it back before another member fails: a cluster needs more than half of its members."),
            LoadFinding::Database(what) => self.database(what),
            LoadFinding::ProposalsFailed(count) => proposals_failed(*count),
            LoadFinding::ProposalsPending { member, most } => Words::message(format!(
                "Up to {} proposals waited at {} for consensus.",
                format_count(*most),
                self.member(*member)
            ))
            .advise("More is asked of it than it can commit: a lower --rate shows what it carries."),
            LoadFinding::EventsMissing { missing, expected, compacted, at_the_end, ended } => {
                let of = format!("{} of {}", format_count(*missing), format_count(*expected));
                events_missing(&of, *compacted, *at_the_end, ended.as_ref())
            }
            LoadFinding::FoundNothing { reads, deletions } => found_nothing(*reads, *deletions),
            LoadFinding::EventsRepeated(count) => events_repeated(*count),
            LoadFinding::SlowWatchers { member, most, pending } => Words::message(format!(
                "Up to {} watchers of {} fell behind, with {} events waiting for them.",
                format_count(*most),
                self.member(*member),
                format_count(*pending),
            ))
            .advise("Fewer watches per stream, or more streams and connections, let them keep up."),
            LoadFinding::OneKey => one_key(),
            LoadFinding::Conflicts { count, attempts } => conflicts(*count, *attempts),
            LoadFinding::CpuBusy(share) => self.busy(*share),
            LoadFinding::CpuSteal(share) => cpu_steal(*share),
            LoadFinding::CpuQuota(cpus) => cpu_quota(*cpus),
            LoadFinding::NoMetrics { members, why } => self.no_metrics(members, why.as_deref()),
            LoadFinding::Note(text) => {
                let end = if text.ends_with('.') { "" } else { "." };
                Words::message(format!("{}{end}", capitalised(text)))
            }
        }
    }

    fn load_plan(&self) -> Option<&LoadPlan> {
        match &self.plan {
            Plan::Load(plan) => Some(plan),
            Plan::Disk(_) | Plan::Import(_) | Plan::Unknown => None,
        }
    }

    /// Whether etcd ran on the machine that drove the load.
    fn is_local(&self) -> bool {
        self.load_plan().is_some_and(|plan| plan.target.shares_this_machine())
    }

    fn busy(&self, share: f64) -> Words {
        let busy = format_share(share);
        match self.is_local() {
            true => Words::message(format!(
                "Client and etcd shared this machine, and its CPUs were busy {busy} of the time."
            ))
            .advise(
                "They compete for CPU, which adds latency: an etcd on machines of its own does better.",
            ),
            false => Words::message(format!("The client's CPUs were busy {busy} of the time.")).advise(
                "Part of the latency may be the client's own: run it again when the machine is quiet.",
            ),
        }
    }

    fn no_metrics(&self, members: &[u32], why: Option<&str>) -> Words {
        let whose = if members.is_empty() {
            "No member's metrics could be read: their".to_owned()
        } else {
            let silent: Vec<String> = members.iter().map(|member| self.member(*member)).collect();
            format!("The metrics of {} could not be read: their", silent.join(", "))
        };
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        Words::message(format!("{whose} fsyncs, applies, heartbeats and memory are not known{why}."))
            .advise("etcd serves /metrics on its client URLs, or where --listen-metrics-urls says; let this machine reach it.")
    }
}

fn standstill(gap_ns: u64) -> Words {
    Words::message(format!(
        "For {} nothing was acknowledged although the leader did not change: etcd stopped answering.",
        format_duration(gap_ns)
    ))
    .advise("A stalled disk, a paused machine or CPUs that were not free do that: look at what that machine did then.")
}

fn proposals_failed(count: u64) -> Words {
    Words::message(format!(
        "{} proposals failed in etcd: it lost its leader or gave up waiting.",
        format_count(count)
    ))
}

fn events_repeated(count: u64) -> Words {
    Words::message(format!("{} watch events came more than once.", format_count(count)))
        .advise("A watch that is resumed after a lost connection may do that.")
}

fn one_key() -> Words {
    Words::message("Every write went to the same key.")
        .advise("No real load does that: --key-space-size tells how many different keys there are.")
}

fn cpu_steal(share: f64) -> Words {
    Words::message(format!(
        "The hypervisor gave {} of the client machine's CPU time to others.",
        format_share(share)
    ))
    .advise("Part of what looks like a slow etcd may be a CPU that was not there: run again on a quieter host.")
}

fn cpu_quota(cpus: f64) -> Words {
    Words::message(format!("A CPU quota of {} CPUs is in force on the client.", significant(cpus)))
        .advise(
            "Part of what looks like a slow etcd may be this quota: run it with at least one CPU.",
        )
}

fn lost_writes(checked: u64, lost: u64, phantom: u64, examples: &[String]) -> Words {
    let told = if examples.is_empty() {
        String::new()
    } else {
        format!(" For example: {}.", examples.join("; "))
    };
    Words::message(format!(
        "Of {} keys with an acknowledged write, {} had lost it and {} held what was never acknowledged nor left open.{told}",
        format_count(checked),
        format_count(lost),
        format_count(phantom),
    ))
    .advise("Do not trust this etcd with data: compare its members with 'etcdctl endpoint hashkv', qualify their disks with 'etcdbench disk', and keep this result.")
}

fn events_missing(
    of: &str,
    compacted: bool,
    at_the_end: bool,
    ended: Option<&(u64, String)>,
) -> Words {
    if compacted {
        return Words::message(format!(
            "{of} watch events did not come: while a watch was away, the history that it was to go on from was \
             compacted."
        ))
        .advise(
            "Whoever keeps a cache by watching has to list everything again then, as an apiserver does. Compact later \
             than the longest absence.",
        );
    }
    if at_the_end {
        return Words::message(format!(
            "{of} watch events had not come at the end, 2 s after the last that did."
        ))
        .advise("A longer run tells whether they are late or lost.");
    }
    let ended = match ended {
        None => String::new(),
        Some((1, why)) => format!(" A watch was ended: {}.", clean(why)),
        Some((times, why)) => {
            format!(" Watches were ended {} times, the last: {}.", format_count(*times), clean(why))
        }
    };
    Words::message(format!("{of} watch events did not come.{ended}")).advise(
        "Whoever keeps a cache by watching is out of date now. Run it again: etcd promises that none is lost.",
    )
}

fn found_nothing((reads, empty): (u64, u64), (deletions, in_vain): (u64, u64)) -> Words {
    let told = |part: u64, all: u64, what: &str| {
        let share = format_share(part as f64 / all.max(1) as f64);
        (part > 0)
            .then(|| format!("{} of {} {what} ({share})", format_count(part), format_count(all)))
    };
    let told = [
        told(empty, reads, "reads found no key"),
        told(in_vain, deletions, "deletions removed nothing"),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    Words::message(format!("{}.", told.join(", and "))).advise(
        "They are answered faster than those that find something. --preload writes keys beforehand; create in the --mix \
         replaces what is deleted.",
    )
}

fn conflicts(count: u64, attempts: u64) -> Words {
    let share = count as f64 / attempts.max(1) as f64;
    Words::message(format!(
        "{} of {} transactions found a key changed under them ({}).",
        format_count(count),
        format_count(attempts),
        format_share(share)
    ))
    .advise("A larger key space or a more even --key-distribution spreads them, if that is what the real load does.")
}
