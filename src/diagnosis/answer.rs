//! Many causes, one answer: ranked, and as a verdict.

use schemars::JsonSchema;
use serde::Serialize;

use super::cause::{Cause, Certainty, Diagnosis, Evidence, Harm};
use crate::exit::Verdict;

/// Shares of the time within this factor of one another are told as two causes.
const ALIKE: f64 = 1.5;

/// What to say first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing held it back.
    Ok,
    /// This did, or these did.
    Causes(Vec<Cause>),
    /// Something did, and what it was is not known.
    NotSure,
}

/// The gravest first: by harm, then what is sure before what is not, then by how long it lasted.
pub(super) fn rank(found: &mut [Diagnosis]) {
    let sure = |one: &Diagnosis| one.certainty > Certainty::NotSure;
    let key = |one: &Diagnosis| (one.harm, sure(one), one.lasted_ns, one.certainty);
    found.sort_by(|a, b| {
        key(b).cmp(&key(a)).then(a.cause.cmp(&b.cause)).then(a.member.cmp(&b.member))
    });
}

/// What to say first of ranked causes.
pub fn answer(found: &[Diagnosis]) -> Answer {
    let Some(first) = found.first().filter(|first| first.harm > Harm::None) else {
        return Answer::Ok;
    };
    let same_harm = || found.iter().filter(|one| one.harm == first.harm);
    let outlasts = |one: &Diagnosis| {
        one.lasted_ns as f64 > ALIKE * first.lasted_ns as f64 && first.lasted_ns > 0
    };
    let open = same_harm().any(|one| one.certainty == Certainty::NotSure && outlasts(one));
    if first.certainty == Certainty::NotSure || open {
        return Answer::NotSure;
    }
    let sure = same_harm().filter(|one| one.certainty > Certainty::NotSure);
    let alike = sure.filter(|one| ALIKE * one.lasted_ns as f64 >= first.lasted_ns as f64);
    let mut causes: Vec<Cause> = Vec::new();
    for one in alike {
        if !causes.contains(&one.cause) {
            causes.push(one.cause);
        }
    }
    Answer::Causes(causes)
}

/// A database beyond this share of its quota is as good as full (etcd's alert `etcdDatabaseQuotaLowSpace`).
const NEARLY_FULL: f64 = 0.95;

fn nearly_full(one: &Diagnosis) -> bool {
    one.cause == Cause::QuotaNear
        && one.evidence.iter().any(|told| match told {
            Evidence::Database { bytes, quota_bytes: Some(quota), .. } => {
                *bytes as f64 >= NEARLY_FULL * *quota as f64
            }
            Evidence::FullSoon { .. } => true,
            _ => false,
        })
}

/// The verdict of an answer: an outage with a cause is a failure, and so is a disk whose syncs stall again and again;
/// waits and risks are a warning; harm whose cause is not sure is no verdict.
pub fn verdict(found: &[Diagnosis]) -> Verdict {
    let Some(first) = found.first() else {
        return Verdict::Pass;
    };
    let of = |one: &Diagnosis| match (one.certainty, one.harm) {
        (_, Harm::Outage) => Verdict::Fail,
        // A member that is missing now is no fault of the past: the next one that goes takes the quorum with it.
        // So is one whose confirmed reads stand still, whatever it is that holds them up.
        (_, Harm::Waits) if matches!(one.cause, Cause::Down | Cause::Silent | Cause::LogSink) => {
            Verdict::Fail
        }
        _ if nearly_full(one) => Verdict::Fail,
        // A defragmentation is over when it is over, and somebody asked for it.
        (_, Harm::Waits) if one.cause == Cause::Defragmentation => Verdict::Warn,
        (Certainty::Clear, Harm::Waits) if one.cause == Cause::Disk || one.is_live() => {
            Verdict::Fail
        }
        _ => Verdict::Warn,
    };
    match answer(found) {
        Answer::Ok => Verdict::Pass,
        Answer::NotSure if first.harm <= Harm::Risk => Verdict::Warn,
        Answer::NotSure => Verdict::Inconclusive,
        Answer::Causes(_) => {
            let sure = found
                .iter()
                .filter(|one| one.harm == first.harm && one.certainty > Certainty::NotSure);
            sure.map(of).max().unwrap_or(Verdict::Warn)
        }
    }
}
