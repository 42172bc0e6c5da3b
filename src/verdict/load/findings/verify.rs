//! Acknowledged writes that are not there any more.

use crate::result::Severity;

use super::super::evidence::Evidence;
use super::super::whole::{Verified, last};
use super::{Found, LoadFinding};

/// Examples told.
const EXAMPLES: usize = 3;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let found: Verified = last(evidence.run, "verify")?;
    if found.lost + found.phantom == 0 {
        return None;
    }
    let what = LoadFinding::LostWrites {
        checked: found.checked,
        lost: found.lost,
        phantom: found.phantom,
        examples: found.examples.iter().take(EXAMPLES).cloned().collect(),
    };
    Some(
        Found::new(what, Severity::Critical)
            .number("lost", found.lost as f64)
            .number("phantom", found.phantom as f64)
            .number("checked", found.checked as f64),
    )
}
