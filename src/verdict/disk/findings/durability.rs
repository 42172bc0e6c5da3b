//! The sync that is none, or that nobody can vouch for.

use crate::result::{DurabilityOutcome, Severity};

use super::super::evidence::Evidence;
use super::super::facts;
use super::{DiskFinding, Found};

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    let durability = facts::durability(evidence.run)?;
    let evidence = durability.evidence;
    match durability.outcome {
        DurabilityOutcome::NotDisproved => None,
        DurabilityOutcome::Disproved => {
            Some(Found::new(DiskFinding::NotDurable(evidence), Severity::Critical))
        }
        DurabilityOutcome::NotEstablished => {
            let what = DiskFinding::DurabilityNotEstablished(evidence);
            Some(Found::new(what, Severity::Warning))
        }
    }
}
