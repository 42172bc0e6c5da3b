//! The database: its quota, its growth, the holes in it.

use crate::plan::Operation;
use crate::result::{Finding, MemberSummary, Severity};
use crate::units;
use crate::verdict::judge::Ground;

use super::super::evidence::Evidence;
use super::super::planned;
use super::super::server;
use super::{Complete, finding};

/// From this part of the quota on somebody should act.
const NEAR: f64 = 0.8;
/// A load that fills this part of the quota is worth a word on how long the rest lasts.
const GROWTH: f64 = 0.1;
/// Official alert etcdDatabaseHighFragmentationRatio: less than half in use, of more than 100 MiB in use.
const FRAGMENTED: f64 = 0.5;
const MIN_IN_USE_BYTES: u64 = 100 << 20;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let members = server::members(evidence);
    let quota = alarm(evidence).or_else(|| stopped(evidence)).or_else(|| near(evidence, &members));
    let growth = growth(evidence, &members).filter(|_| !server::no_space(evidence));
    quota.into_iter().chain(growth).chain(fragmented(evidence, &members)).collect()
}

fn alarm(evidence: &Evidence) -> Option<Finding> {
    let told = |event: &&crate::result::Event| event.kind == "alarm";
    let event = evidence.run.events.iter().find(told);
    let kind = event.and_then(|event| event.detail.get("alarm")?.as_str());
    match kind {
        Some(kind) if !kind.eq_ignore_ascii_case("nospace") => Some(
            finding("alarm", Severity::Critical, format!("etcd raised the alarm {kind}."))
                .advise("etcd's documentation on this alarm says what to do; 'etcdctl alarm list' shows it."),
        ),
        // Told with what was done about it.
        _ if planned::recovered(evidence.run).is_some() => None,
        _ if server::no_space(evidence) => Some(
            finding(
                "no_space",
                Severity::Critical,
                "The database has reached its quota: etcd refuses every write on every member.".to_owned(),
            )
            .advise("Compact and defragment, then 'etcdctl alarm disarm'; or raise --quota-backend-bytes."),
        ),
        _ => None,
    }
}

fn stopped(evidence: &Evidence) -> Option<Finding> {
    let event = evidence.run.events.iter().find(|event| event.kind == "quota.stop")?;
    let bytes =
        |key: &str| event.detail.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let again = match planned::recovered(evidence.run) {
        Some(_) => "The database came near its quota again, and the load was ended",
        None => "The load was ended before the database would reach its quota",
    };
    let message = format!(
        "{again}: {} of {}.",
        units::format_bytes(bytes("db_bytes")),
        units::format_bytes(bytes("quota_bytes")),
    );
    Some(
        finding("quota_stop", Severity::Warning, message)
            .advise(format!(
                "To give the space back: {}. Next time a smaller key space, a shorter load, or a larger --quota-backend-bytes.",
                give_back(evidence)
            )),
    )
}

fn near(evidence: &Evidence, members: &[MemberSummary]) -> Option<Finding> {
    let (member, db, quota) = fullest(members)?;
    let share = db as f64 / quota as f64;
    (share >= NEAR && planned::recovered(evidence.run).is_none()).then(|| {
        let message = format!(
            "The database of {} is near its quota: {} of {}.",
            evidence.member(member),
            units::format_bytes(db),
            units::format_bytes(quota),
        );
        finding("quota_near", Severity::Warning, message)
            .advise(format!(
                "Beyond it etcd takes no more writes: {}, or raise --quota-backend-bytes.",
                give_back(evidence)
            ))
            .number("share", share)
    })
}

/// How the space of old versions comes back, in the flags of a load where it did not do so itself.
fn give_back(evidence: &Evidence) -> &'static str {
    match (evidence.plan.compact, evidence.plan.defrag) {
        (true, true) => {
            "it was compacted and defragmented at the end of this load; see what is left"
        }
        (true, false) => "defragment (a load does with --defrag, or 'etcdctl defrag')",
        _ => {
            "compact and defragment (a load does at its end with --compact --defrag, for everybody)"
        }
    }
}

fn fullest(members: &[MemberSummary]) -> Option<(u32, u64, u64)> {
    let known = members
        .iter()
        .filter_map(|m| Some((m.member, m.db_bytes?, m.quota_bytes.filter(|q| *q > 0)?)));
    known.max_by(|a, b| (a.1 as f64 / a.2 as f64).total_cmp(&(b.1 as f64 / b.2 as f64)))
}

fn growth(evidence: &Evidence, members: &[MemberSummary]) -> Option<Finding> {
    // A load that compacts by itself does not grow on and on at its first pace.
    if evidence.operations().any(|done| done == Operation::Compact) {
        return None;
    }
    let (member, db, quota) = fullest(members)?;
    let first = evidence.shown(member, "db_bytes").next()? as u64;
    let grown = db.saturating_sub(first);
    let seconds = evidence.length_ns() as f64 / 1e9;
    if (grown as f64) < GROWTH * quota as f64 || seconds <= 0.0 {
        return None;
    }
    let per_s = grown as f64 / seconds;
    let left_s = quota.saturating_sub(db) as f64 / per_s;
    let message = format!(
        "The database grew by {} at {}/s: at this pace the quota of {} is full after another {}, unless the history is compacted.",
        units::format_bytes(grown),
        units::format_bytes(per_s as u64),
        units::format_bytes(quota),
        units::format_duration((left_s * 1e9) as u64),
    );
    Some(
        finding("growth", Severity::Info, message)
            .advise("Every write keeps the value before it until a compaction: set --auto-compaction-retention, as Kubernetes does every 5 min.")
            .number("bytes_per_s", per_s)
            .number("seconds_left", left_s),
    )
}

fn fragmented(evidence: &Evidence, members: &[MemberSummary]) -> Option<Finding> {
    let holes = members.iter().filter_map(|m| Some((m.member, m.db_in_use_bytes?, m.db_bytes?)));
    let (member, in_use, total) = holes
        .filter(|(_, in_use, total)| {
            *in_use > MIN_IN_USE_BYTES && (*in_use as f64) < FRAGMENTED * *total as f64
        })
        .min_by_key(|(_, in_use, _)| *in_use)?;
    let message = format!(
        "Of the {} database of {} only {} are in use.",
        units::format_bytes(total),
        evidence.member(member),
        units::format_bytes(in_use),
    );
    Some(
        finding("fragmented", Severity::Info, message)
            .advise(match evidence.plan.defrag {
                // What is shown here was before the end.
                true => "--defrag gave the rest back at the end of this load.",
                false => {
                    "'etcdctl defrag', one member at a time, gives the rest back, and so does --defrag at the end of a load; \
                     the member does not answer meanwhile."
                }
            })
            .number("in_use_share", in_use as f64 / total as f64),
    )
}
