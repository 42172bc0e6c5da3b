//! Watches that lag, lose or repeat.

use crate::result::{Finding, Severity};
use crate::units;
use crate::verdict::judge::Ground;

use super::super::evidence::Evidence;
use super::super::whole::{Watched, last};
use super::{Complete, finding};

/// For so many seconds: every new watcher is slow for a moment.
const FOR_S: usize = 3;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let total: Option<Watched> = last(evidence.run, "watch.total");
    let total = total.as_ref();
    [total.and_then(|total| missing(evidence, total)), total.and_then(duplicates), slow(evidence)]
        .into_iter()
        .flatten()
        .collect()
}

fn missing(evidence: &Evidence, total: &Watched) -> Option<Finding> {
    if total.missing == 0 {
        return None;
    }
    let lost = evidence.run.events.iter().filter(|e| e.kind == "watch.lost");
    let compacted = lost.filter(|lost| lost.detail["class"] == "compacted").count();
    let mut message = format!(
        "{} of {} watch events did not come",
        units::format_count(total.missing),
        units::format_count(total.expected)
    );
    let advice = if compacted > 0 {
        message.push_str(
            ": while a watch was away, the history that it was to go on from was compacted",
        );
        "Whoever keeps a cache by watching has to list everything again then, as an apiserver does. Compact later than \
         the longest absence."
    } else {
        "Whoever keeps a cache by watching is out of date now. Run it again: etcd promises that none is lost."
    };
    message.push('.');
    Some(
        finding("events_missing", Severity::Warning, message)
            .advise(advice)
            .number("missing", total.missing as f64)
            .number("compacted", compacted as f64),
    )
}

fn duplicates(total: &Watched) -> Option<Finding> {
    (total.duplicates > 0).then(|| {
        let message =
            format!("{} watch events came more than once.", units::format_count(total.duplicates));
        finding("events_repeated", Severity::Info, message)
            .advise("A watch that is resumed after a lost connection may do that.")
            .number("duplicates", total.duplicates as f64)
    })
}

fn slow(evidence: &Evidence) -> Option<Finding> {
    let members = evidence.scraped().into_iter().filter_map(|member| {
        let seconds = evidence.shown(member, "slow_watchers").filter(|slow| *slow >= 1.0).count();
        (seconds >= FOR_S)
            .then(|| (member, evidence.most_shown(member, "slow_watchers").unwrap_or_default()))
    });
    let (member, most) = members.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let pending = evidence.most_shown(member, "pending_events").unwrap_or_default();
    let message = format!(
        "Up to {} watchers of {} fell behind, with {} events waiting for them.",
        units::format_count(most as u64),
        evidence.member(member),
        units::format_count(pending as u64),
    );
    Some(
        finding("slow_watchers", Severity::Warning, message)
            .advise("Fewer watches per stream, or more streams and connections, let them keep up.")
            .number("slow_watchers", most),
    )
}
