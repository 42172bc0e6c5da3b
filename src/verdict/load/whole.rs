//! Rules on the run as a whole: nothing acknowledged may be lost, and every event must come.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::result::{RuleOutcome, Run, Verdict};
use crate::units;

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
    /// Events that came more than once.
    pub duplicates: u64,
}

/// The last event of a kind, read.
pub(super) fn last<Detail: DeserializeOwned>(run: &Run, kind: &str) -> Option<Detail> {
    let event = run.events.iter().rev().find(|event| event.kind == kind)?;
    serde_json::from_value(event.detail.clone()).ok()
}

/// The rules that apply to this run.
pub(super) fn rules(run: &Run, verify: bool) -> Vec<RuleOutcome> {
    [verified(run, verify), watched(run)].into_iter().flatten().collect()
}

/// Name of the rule that no acknowledged write is lost.
pub(super) const ACKNOWLEDGED: &str = "acknowledged writes";

fn verified(run: &Run, wanted: bool) -> Option<RuleOutcome> {
    let found = last::<Verified>(run, "verify");
    if found.is_none() && !wanted {
        return None;
    }
    let base = RuleOutcome {
        rule: "acknowledged writes lost".to_owned(),
        label: ACKNOWLEDGED.to_owned(),
        limit: "none lost".to_owned(),
        limit_value: Some(0.0),
        source: "--verify".to_owned(),
        ..RuleOutcome::default()
    };
    let unread = match &found {
        None => Some("not read back".to_owned()),
        Some(found) => found.error.as_ref().map(|error| format!("could not be read back: {error}")),
    };
    if unread.is_some() {
        return Some(RuleOutcome { measured: "–".to_owned(), note: unread, ..base });
    }
    let found = found.unwrap_or_default();
    let wrong = found.lost + found.phantom;
    let (verdict, note) = if wrong > 0 {
        (Verdict::Fail, None)
    } else if found.checked < found.acked_keys {
        let note = format!(
            "only {} of {} keys could be read back",
            units::format_count(found.checked),
            units::format_count(found.acked_keys)
        );
        (Verdict::Inconclusive, Some(note))
    } else {
        (Verdict::Pass, None)
    };
    Some(RuleOutcome {
        measured: match (found.lost, found.phantom) {
            (0, 0) => "all there".to_owned(),
            (lost, 0) => format!("{} lost", units::format_count(lost)),
            (0, phantom) => format!("{} wrong", units::format_count(phantom)),
            (lost, phantom) => format!(
                "{} lost, {} wrong",
                units::format_count(lost),
                units::format_count(phantom)
            ),
        },
        measured_value: Some(wrong as f64),
        samples: Some(found.checked),
        verdict,
        note,
        ..base
    })
}

/// A missing event warns: it may also have come after the client had stopped to listen.
fn watched(run: &Run) -> Option<RuleOutcome> {
    let found = last::<Watched>(run, "watch.total")?;
    Some(RuleOutcome {
        rule: "watch events missing".to_owned(),
        label: "watch events".to_owned(),
        measured: format!("{} missing", units::format_count(found.missing)),
        limit: "none missing".to_owned(),
        measured_value: Some(found.missing as f64),
        limit_value: Some(0.0),
        samples: Some(found.expected),
        source: "etcd's guarantee for watches".to_owned(),
        verdict: if found.missing > 0 { Verdict::Warn } else { Verdict::Pass },
        ..RuleOutcome::default()
    })
}
