//! Watches that lag, lose or repeat.

use crate::result::Severity;

use super::super::evidence::Evidence;
use super::super::whole::{Watched, compacted, last};
use super::{Found, LoadFinding};

/// For so many seconds: every new watcher is slow for a moment.
const FOR_S: usize = 3;

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let total: Option<Watched> = last(evidence.run, "watch.total");
    let total = total.as_ref();
    [total.and_then(|total| missing(evidence, total)), total.and_then(duplicates), slow(evidence)]
        .into_iter()
        .flatten()
        .collect()
}

fn missing(evidence: &Evidence, total: &Watched) -> Option<Found> {
    if total.missing == 0 {
        return None;
    }
    let compacted = compacted(evidence.run);
    let what = LoadFinding::EventsMissing {
        missing: total.missing,
        expected: total.expected,
        compacted: compacted > 0,
        at_the_end: total.lost == 0,
        ended: ended(evidence),
    };
    Some(
        Found::new(what, Severity::Warning)
            .number("missing", total.missing as f64)
            .number("compacted", compacted as f64),
    )
}

/// Why watches ended before the load did, in the words of whoever ended the last one.
fn ended(evidence: &Evidence) -> Option<(u64, String)> {
    let ended = || evidence.run.events.iter().filter(|event| event.kind == "watch.lost");
    let why = ended().next_back()?.detail.get("message")?.as_str()?;
    Some((ended().count() as u64, why.to_owned()))
}

fn duplicates(total: &Watched) -> Option<Found> {
    (total.duplicates > 0).then(|| {
        Found::new(LoadFinding::EventsRepeated(total.duplicates), Severity::Info)
            .number("duplicates", total.duplicates as f64)
    })
}

fn slow(evidence: &Evidence) -> Option<Found> {
    let members = evidence.scraped().into_iter().filter_map(|member| {
        let seconds = evidence.shown(member, "slow_watchers").filter(|slow| *slow >= 1.0).count();
        (seconds >= FOR_S)
            .then(|| (member, evidence.most_shown(member, "slow_watchers").unwrap_or_default()))
    });
    let (member, most) = members.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let pending = evidence.most_shown(member, "pending_events").unwrap_or_default();
    let what = LoadFinding::SlowWatchers { member, most: most as u64, pending: pending as u64 };
    Some(Found::new(what, Severity::Warning).number("slow_watchers", most))
}
