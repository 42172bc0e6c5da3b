//! The database: its quota, its growth, the holes in it.

use super::super::super::Names;
use super::super::{Words, capitalised};
use super::quota_reached;
use crate::result::QuotaReached;
use crate::units::{counted, format_bytes, format_duration};
use crate::verdict::DatabaseFinding;

impl Names<'_> {
    pub(super) fn database(&self, what: &DatabaseFinding) -> Words {
        match what {
            DatabaseFinding::NotRecovered(full) => {
                Words::message(format!("{}.", capitalised(&quota_reached(full)))).advise(
                    "Compact and defragment, then 'etcdctl alarm disarm'; or raise --quota-backend-bytes.",
                )
            }
            DatabaseFinding::QuotaRecovered {
                full,
                compacted_ns,
                defragmented,
                disarmed_ns,
                db_bytes,
                filled,
            } => recovered(full, *compacted_ns, defragmented, *disarmed_ns, *db_bytes, *filled),
            DatabaseFinding::Alarm(kind) => {
                Words::message(format!("etcd raised the alarm {kind}.")).advise(
                    "etcd's documentation on this alarm says what to do; 'etcdctl alarm list' shows it.",
                )
            }
            DatabaseFinding::NoSpace => Words::message(
                "The database has reached its quota: etcd refuses every write on every member.",
            )
            .advise("Compact and defragment, then 'etcdctl alarm disarm'; or raise --quota-backend-bytes."),
            DatabaseFinding::QuotaStop { again, db_bytes, quota_bytes } => {
                let again = match again {
                    true => "The database came near its quota again, and the load was ended",
                    false => "The load was ended before the database would reach its quota",
                };
                let (db, quota) = (format_bytes(*db_bytes), format_bytes(*quota_bytes));
                Words::message(format!("{again}: {db} of {quota}.")).advise(format!(
                    "To give the space back: {}. Next time a smaller key space, a shorter load, or a larger \
                     --quota-backend-bytes.",
                    self.give_back()
                ))
            }
            DatabaseFinding::QuotaNear { member, db_bytes, quota_bytes } => Words::message(format!(
                "The database of {} is near its quota: {} of {}.",
                self.member(*member),
                format_bytes(*db_bytes),
                format_bytes(*quota_bytes),
            ))
            .advise(format!(
                "Beyond it etcd takes no more writes: {}, or raise --quota-backend-bytes.",
                self.give_back()
            )),
            DatabaseFinding::Growth { bytes: grown, bytes_per_s, quota_bytes, left_s } => {
                Words::message(format!(
                    "The database grew by {} at {}/s: at this pace the quota of {} is full after another {}, unless the \
                     history is compacted.",
                    format_bytes(*grown),
                    format_bytes(*bytes_per_s as u64),
                    format_bytes(*quota_bytes),
                    format_duration((left_s * 1e9) as u64),
                ))
                .advise("Every write keeps the value before it until a compaction: set --auto-compaction-retention, as Kubernetes does every 5 min.")
            }
            DatabaseFinding::Defragmented { members } => self.defragmented(members),
            DatabaseFinding::Fragmented { member, in_use_bytes, db_bytes } => Words::message(format!(
                "Of the {} database of {} only {} are in use.",
                format_bytes(*db_bytes),
                self.member(*member),
                format_bytes(*in_use_bytes),
            ))
            .advise(self.defragment()),
        }
    }

    fn defragmented(&self, members: &[(u32, u64, u64)]) -> Words {
        let told = members.iter().map(|(member, times, total_ns)| {
            let (name, times) = (self.member(*member), counted(*times, "time"));
            format!("{name} defragmented {times}, for {} in all", format_duration(*total_ns))
        });
        let told = told.collect::<Vec<_>>().join("; ");
        Words::message(format!("{told}: a member answers nobody meanwhile.")).advise(
            "Defragment one member at a time, the leader last, when a pause of that length does no harm; without it, \
             this load tells what etcd does otherwise.",
        )
    }

    /// How holes are closed.
    fn defragment(&self) -> &'static str {
        match self.load_plan().is_some_and(|plan| plan.defrag) {
            // What is shown here was before the end.
            true => "--defrag gave the rest back at the end of this load.",
            false => {
                "'etcdctl defrag', one member at a time, gives the rest back, and so does --defrag at the end of a load; the \
                 member does not answer meanwhile."
            }
        }
    }

    /// How the space of old versions comes back, in the flags of a load where it did not do so itself.
    fn give_back(&self) -> &'static str {
        let asked = self.load_plan().map(|plan| (plan.compact, plan.defrag));
        match asked.unwrap_or_default() {
            (true, true) => {
                "it was compacted and defragmented at the end of this load; see what is left"
            }
            (true, false) => "defragment (a load does with --defrag, or 'etcdctl defrag')",
            _ => {
                "compact and defragment (a load does at its end with --compact --defrag, for everybody)"
            }
        }
    }
}

fn recovered(
    full: &QuotaReached,
    compacted_ns: Option<u64>,
    defragmented: &[(String, u64)],
    disarmed_ns: u64,
    (before, after): (u64, u64),
    filled: bool,
) -> Words {
    let mut steps: Vec<String> = Vec::new();
    steps.extend(compacted_ns.map(|ns| format!("compacted in {}", format_duration(ns))));
    let members = defragmented.iter();
    steps.extend(
        members.map(|(name, ns)| format!("{name} defragmented in {}", format_duration(*ns))),
    );
    let kept = if filled { " That is what the keys themselves take." } else { "" };
    Words::message(format!(
        "{}: {}, the alarm disarmed in {}. The database had {} then, and {} after.{kept}",
        capitalised(&quota_reached(full)),
        steps.join(", "),
        format_duration(disarmed_ns),
        format_bytes(before),
        format_bytes(after),
    ))
    .advise(
        "Elsewhere writes are refused until somebody notices and does the same: compact before \
         (--auto-compaction-retention, or as Kubernetes every 5 min), and alert on the size of the database.",
    )
}
