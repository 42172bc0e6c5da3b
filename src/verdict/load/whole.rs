//! Rules on the run as a whole: nothing acknowledged may be lost, and every event must come.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::exit::Verdict;
use crate::result::{Reason, RuleName, Run};
use crate::verdict::outcome::{Limit, Measured, Outcome, Source};

/// What came of reading back. Detail of the event `verify`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Verified {
    /// Keys with an acknowledged write.
    pub acked_keys: u64,
    /// Keys read back.
    pub checked: u64,
    /// Keys whose acknowledged write is not there.
    pub lost: u64,
    /// Keys that hold what was never written, or what had certainly failed.
    pub phantom: u64,
    /// Some of both, in words.
    pub examples: Vec<String>,
    /// Why they could not be read back.
    pub error: Option<String>,
}

/// Events of all watches. Detail of the event `watch.total`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Watched {
    /// Events that had to come.
    pub expected: u64,
    /// Events that came.
    pub received: u64,
    /// Events that did not come.
    pub missing: u64,
    /// Those of them that the end of the load does not explain; older results do not tell.
    pub lost: u64,
    /// Events that were not judged, for too many were to come.
    pub unjudged: u64,
    /// Events that came more than once.
    pub duplicates: u64,
}

/// The last event of a kind, read.
pub(super) fn last<Detail: DeserializeOwned>(run: &Run, kind: &str) -> Option<Detail> {
    let event = run.events.iter().rev().find(|event| event.kind == kind)?;
    serde_json::from_value(event.detail.clone()).ok()
}

/// The rules that apply to this run.
pub(super) fn rules(run: &Run, verify: bool) -> Vec<Outcome> {
    [verified(run, verify), watched(run)].into_iter().flatten().collect()
}

fn verified(run: &Run, wanted: bool) -> Option<Outcome> {
    let found = last::<Verified>(run, "verify");
    if found.is_none() && !wanted {
        return None;
    }
    let base = Outcome {
        rule: RuleName::AcknowledgedWrites.into(),
        limit: Some(Limit::None),
        source: Source::Verify,
        ..Outcome::default()
    };
    let unread = match &found {
        None => Some(Reason::NotReadBack),
        Some(found) => found.error.clone().map(|error| Reason::CouldNotReadBack { error }),
    };
    if let Some(reason) = unread {
        return Some(Outcome { reasons: vec![reason], ..base });
    }
    let found = found.unwrap_or_default();
    let (checked, acked) = (found.checked, found.acked_keys);
    let (verdict, reason) = if found.lost + found.phantom > 0 {
        (Verdict::Fail, None)
    } else if checked < acked {
        (Verdict::Inconclusive, Some(Reason::PartlyReadBack { checked, acked }))
    } else {
        (Verdict::Pass, None)
    };
    Some(Outcome {
        measured: Some(Measured::Writes(found.lost, found.phantom)),
        samples: Some(checked),
        verdict,
        reasons: reason.into_iter().collect(),
        ..base
    })
}

/// An event that is missing at the end may have come after the client had stopped to listen: that warns. One that the end
/// does not explain is lost; where its history was compacted while a watch was away, etcd never promised it.
fn watched(run: &Run) -> Option<Outcome> {
    let found = last::<Watched>(run, "watch.total")?;
    let verdict = match (found.missing, found.lost) {
        (0, _) if found.unjudged > 0 => Verdict::Inconclusive,
        (0, _) => Verdict::Pass,
        (_, 0) => Verdict::Warn,
        _ if compacted(run) > 0 => Verdict::Warn,
        _ => Verdict::Fail,
    };
    Some(Outcome {
        rule: RuleName::WatchEvents.into(),
        measured: Some(Measured::Missing(found.missing)),
        limit: Some(Limit::None),
        samples: Some(found.expected),
        source: Source::WatchGuarantee,
        verdict,
        ..Outcome::default()
    })
}

/// How often the history was gone that a watch was to go on from.
pub(super) fn compacted(run: &Run) -> usize {
    let lost = run.events.iter().filter(|event| event.kind == "watch.lost");
    lost.filter(|lost| lost.detail["class"] == "compacted").count()
}
