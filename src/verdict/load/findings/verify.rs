//! Acknowledged writes that are not there any more.

use crate::result::{Finding, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::super::whole::{Verified, last};
use super::{Complete, finding};

/// Examples told.
const EXAMPLES: usize = 3;

pub(super) fn find(evidence: &Evidence) -> Option<Finding> {
    let found: Verified = last(evidence.run, "verify")?;
    if found.lost + found.phantom == 0 {
        return None;
    }
    let examples: Vec<&str> = found.examples.iter().take(EXAMPLES).map(String::as_str).collect();
    let told = if examples.is_empty() {
        String::new()
    } else {
        format!(" For example: {}.", examples.join("; "))
    };
    let message = format!(
        "Of {} keys with an acknowledged write, {} had lost it and {} held what was never acknowledged nor left open.{told}",
        units::format_count(found.checked),
        units::format_count(found.lost),
        units::format_count(found.phantom),
    );
    Some(
        finding("lost_writes", Severity::Critical, message)
            .advise("Do not trust this etcd with data: compare its members with 'etcdctl endpoint hashkv', qualify their disks with 'etcdbench disk', and keep this result.")
            .number("lost", found.lost as f64)
            .number("phantom", found.phantom as f64)
            .number("checked", found.checked as f64),
    )
}
