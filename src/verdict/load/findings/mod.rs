//! What is odd about this load and what to do about it: a file per idea, each a pure function from the evidence.
//!
//! A finding fires only on what noise does not bring: a false alarm teaches people to skip the section.

mod cause;
mod client;
mod connections;
mod database;
mod keys;
mod leader;
mod machine;
mod member;
mod metrics;
mod proposals;
mod verify;
mod watch;

use crate::result::{Finding, RuleOutcome};
use crate::verdict::finding::{Complete, finding, median};

use super::delivery::Delivery;
use super::evidence::Evidence;

/// Every finding, the gravest first; among equals in the order of this list.
pub(super) fn findings(
    evidence: &Evidence,
    delivery: &Delivery,
    rules: &[RuleOutcome],
) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    found.extend(verify::find(evidence));
    found.extend(client::find(delivery));
    found.extend(cause::find(evidence, rules));
    found.extend(member::find(evidence));
    found.extend(leader::find(evidence));
    found.extend(connections::find(evidence));
    found.extend(database::find(evidence));
    found.extend(proposals::find(evidence));
    found.extend(watch::find(evidence));
    found.extend(keys::find(evidence));
    found.extend(machine::find(evidence));
    found.extend(metrics::find(evidence));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}
