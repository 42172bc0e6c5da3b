//! The sync that is none, or that nobody can vouch for.

use crate::result::{DurabilityOutcome, Finding, Severity};

use super::super::evidence::Evidence;
use super::super::facts;
use super::{Complete, finding};

pub(super) fn find(evidence: &Evidence) -> Option<Finding> {
    let durability = facts::durability(evidence.run)?;
    let shown = durability.evidence.join("; ");
    match durability.outcome {
        DurabilityOutcome::NotDisproved => None,
        DurabilityOutcome::Disproved => Some(
            finding("not_durable", Severity::Critical, with("A sync here does not reach stable storage", &shown))
                .advise("Put etcd on a disk whose sync is real. No speed makes up for it: a power cut takes acknowledged writes with it."),
        ),
        DurabilityOutcome::NotEstablished => Some(
            finding(
                "durability_not_established",
                Severity::Warning,
                with("Whether a sync reaches stable storage cannot be told from here", &shown),
            )
            .advise("Ask whoever runs the storage whether an acknowledged sync survives a power cut, or use a local disk."),
        ),
    }
}

fn with(what: &str, evidence: &str) -> String {
    if evidence.is_empty() { format!("{what}.") } else { format!("{what}: {evidence}.") }
}
