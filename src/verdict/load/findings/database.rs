//! The database: its quota, its growth, the holes in it.

use crate::plan::Operation;
use crate::result::{MemberSummary, Severity};

use super::super::evidence::Evidence;
use super::super::planned;
use super::super::server;
use super::{DatabaseFinding, Found};

/// From this part of the quota on somebody should act.
const NEAR: f64 = 0.8;
/// A load that fills this part of the quota is worth a word on how long the rest lasts.
const GROWTH: f64 = 0.1;
/// Official alert etcdDatabaseHighFragmentationRatio: less than half in use, of more than 100 MiB in use.
const FRAGMENTED: f64 = 0.5;
const MIN_IN_USE_BYTES: u64 = 100 << 20;

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let members = server::members(evidence);
    let quota = alarm(evidence).or_else(|| stopped(evidence)).or_else(|| near(evidence, &members));
    let growth = growth(evidence, &members).filter(|_| !server::no_space(evidence));
    quota.into_iter().chain(growth).chain(fragmented(&members)).collect()
}

fn alarm(evidence: &Evidence) -> Option<Found> {
    let told = |event: &&crate::result::Event| event.kind == "alarm";
    let event = evidence.run.events.iter().find(told);
    let kind = event.and_then(|event| event.detail.get("alarm")?.as_str());
    match kind {
        Some(kind) if !kind.eq_ignore_ascii_case("nospace") => {
            Some(Found::new(DatabaseFinding::Alarm(kind.to_owned()), Severity::Critical))
        }
        // Told with what was done about it.
        _ if planned::recovered(evidence.run).is_some() => None,
        _ if server::no_space(evidence) => {
            Some(Found::new(DatabaseFinding::NoSpace, Severity::Critical))
        }
        _ => None,
    }
}

fn stopped(evidence: &Evidence) -> Option<Found> {
    let event = evidence.run.events.iter().find(|event| event.kind == "quota.stop")?;
    let bytes =
        |key: &str| event.detail.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let what = DatabaseFinding::QuotaStop {
        again: planned::recovered(evidence.run).is_some(),
        db_bytes: bytes("db_bytes"),
        quota_bytes: bytes("quota_bytes"),
    };
    Some(Found::new(what, Severity::Warning))
}

fn near(evidence: &Evidence, members: &[MemberSummary]) -> Option<Found> {
    let (member, db_bytes, quota_bytes) = fullest(members)?;
    let share = db_bytes as f64 / quota_bytes as f64;
    (share >= NEAR && planned::recovered(evidence.run).is_none()).then(|| {
        let what = DatabaseFinding::QuotaNear { member, db_bytes, quota_bytes };
        Found::new(what, Severity::Warning).number("share", share)
    })
}

fn fullest(members: &[MemberSummary]) -> Option<(u32, u64, u64)> {
    let known = members
        .iter()
        .filter_map(|m| Some((m.member, m.db_bytes?, m.quota_bytes.filter(|q| *q > 0)?)));
    known.max_by(|a, b| (a.1 as f64 / a.2 as f64).total_cmp(&(b.1 as f64 / b.2 as f64)))
}

fn growth(evidence: &Evidence, members: &[MemberSummary]) -> Option<Found> {
    // A load that compacts by itself does not grow on and on at its first pace.
    if evidence.operations().any(|done| done == Operation::Compact) {
        return None;
    }
    let (member, db, quota_bytes) = fullest(members)?;
    let first = evidence.shown(member, "db_bytes").next()? as u64;
    let grown = db.saturating_sub(first);
    let seconds = evidence.length_ns() as f64 / 1e9;
    if (grown as f64) < GROWTH * quota_bytes as f64 || seconds <= 0.0 {
        return None;
    }
    let bytes_per_s = grown as f64 / seconds;
    let left_s = quota_bytes.saturating_sub(db) as f64 / bytes_per_s;
    let what = DatabaseFinding::Growth { bytes: grown, bytes_per_s, quota_bytes, left_s };
    Some(
        Found::new(what, Severity::Info)
            .number("bytes_per_s", bytes_per_s)
            .number("seconds_left", left_s),
    )
}

fn fragmented(members: &[MemberSummary]) -> Option<Found> {
    let holes = members.iter().filter_map(|m| Some((m.member, m.db_in_use_bytes?, m.db_bytes?)));
    let (member, in_use_bytes, db_bytes) = holes
        .filter(|(_, in_use, total)| {
            *in_use > MIN_IN_USE_BYTES && (*in_use as f64) < FRAGMENTED * *total as f64
        })
        .min_by_key(|(_, in_use, _)| *in_use)?;
    let what = DatabaseFinding::Fragmented { member, in_use_bytes, db_bytes };
    let share = in_use_bytes as f64 / db_bytes as f64;
    Some(Found::new(what, Severity::Info).number("in_use_share", share))
}
