//! A client that measured itself.

use crate::result::Severity;

use super::super::delivery::Delivery;
use super::{Found, LoadFinding};

pub(super) fn find(delivery: &Delivery) -> Vec<Found> {
    let numbers = [
        ("thread_use", delivery.thread_use),
        ("lag_p99_ns", delivery.lag_p99_ns.map(|ns| ns as f64)),
    ];
    let found = |what| {
        let numbers = numbers.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let bare = Found::new(LoadFinding::ClientLimit(what), Severity::Warning);
        numbers.fold(bare, |found, (name, value)| found.number(name, value))
    };
    delivery.doubts.iter().cloned().map(found).collect()
}
