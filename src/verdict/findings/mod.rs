//! What is odd about this disk and what to do about it: a file per idea, each a pure function from the evidence.
//!
//! A finding fires only on what noise does not bring: a false alarm teaches people to skip the section.

mod capacity;
mod cloud;
mod contention;
mod cpu;
mod device;
mod durability;
mod idle;
mod journal;
mod length;
mod members;
mod periodic;
mod step;
#[cfg(test)]
mod tests;
mod throttle;
mod tuning;

use crate::record::Distribution;
use crate::result::{Capacity, Finding, Severity};

use super::evidence::Evidence;

/// Every finding, the gravest first; among equals in the order of this list.
pub(super) fn findings(evidence: &Evidence, capacity: Option<&Capacity>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    found.extend(durability::find(evidence));
    found.extend(tuning::find(evidence));
    found.extend(throttle::find(evidence));
    found.extend(step::find(evidence));
    found.extend(periodic::find(evidence));
    found.extend(idle::find(evidence));
    found.extend(contention::find(evidence));
    found.extend(members::find(evidence));
    found.extend(cpu::find(evidence));
    found.extend(device::find(evidence));
    found.extend(journal::find(evidence));
    found.extend(cloud::find(evidence));
    found.extend(capacity.and_then(capacity::find));
    found.extend(length::find(evidence));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// A finding without advice or numbers yet.
fn finding(code: &str, severity: Severity, message: String) -> Finding {
    Finding {
        code: code.to_owned(),
        severity,
        message,
        ..Finding::default()
    }
}

/// What a finding is completed with.
trait Complete {
    fn advise(self, advice: impl Into<String>) -> Self;
    fn number(self, name: &str, value: f64) -> Self;
}

impl Complete for Finding {
    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    fn number(mut self, name: &str, value: f64) -> Self {
        self.numbers.insert(name.to_owned(), value);
        self
    }
}

/// The median of numbers; `None` without any.
fn median(values: &[f64]) -> Option<f64> {
    part(values, 0.5)
}

/// The value at a share of the sorted numbers; `None` without any.
fn part(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

/// A quantile of a distribution, 0 without samples.
fn quantile(distribution: &Distribution, q: f64) -> u64 {
    distribution.quantile(q).unwrap_or_default()
}
