//! A client that measured itself.

use crate::result::Severity;

use super::super::achieved::AchievedLoad;
use super::{Found, LoadFinding};

pub(super) fn find(achieved: &AchievedLoad) -> Vec<Found> {
    let numbers = [
        ("thread_use", achieved.thread_use),
        ("lag_p99_ns", achieved.lag_p99_ns.map(|ns| ns as f64)),
    ];
    let found = |what| {
        let numbers = numbers.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let bare = Found::new(LoadFinding::ClientLimit(what), Severity::Warning);
        numbers.fold(bare, |found, (name, value)| found.number(name, value))
    };
    achieved.invalid_reasons.iter().cloned().map(found).collect()
}
