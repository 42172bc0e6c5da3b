//! A client that measured itself.

use crate::result::{Finding, Severity};

use super::super::delivery::Delivery;
use super::{Complete, finding};
use crate::verdict::finding::capitalised;

pub(super) fn find(delivery: &Delivery) -> Vec<Finding> {
    delivery
        .doubts
        .iter()
        .map(|doubt| {
            let message = format!("{}.", capitalised(&doubt.told()));
            let found = finding("client_limit", Severity::Warning, message)
                .advise(format!("To learn what etcd can do, {}.", doubt.way_out));
            [
                ("thread_use", delivery.thread_use),
                ("lag_p99_ns", delivery.lag_p99_ns.map(|ns| ns as f64)),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .fold(found, |found, (name, value)| found.number(name, value))
        })
        .collect()
}
