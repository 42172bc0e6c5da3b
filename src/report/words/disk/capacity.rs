//! What the disk can carry.

use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::result::{Capacity, CapacityStep, FindingCode, Limiter, RuleId};
use crate::units::{format_bytes, format_count};

/// The finding that puts the capacity into terms of a Kubernetes; it is told here, not among the oddities.
pub const IN_NODES: FindingCode = FindingCode::Carries;

/// The rate that keeps every rule, and what that means in terms of a Kubernetes; a paragraph each.
pub fn capacity(page: &RunAndPlan<'_>) -> Vec<String> {
    let Some(capacity) = &page.summary.capacity else {
        return Vec::new();
    };
    let mut findings = page.summary.findings.iter();
    let in_nodes = findings.find(|finding| finding.code == IN_NODES);
    let in_nodes = in_nodes.map(|finding| clean(&finding.message));
    std::iter::once(rate(page, capacity)).chain(in_nodes).collect()
}

fn rate(page: &RunAndPlan<'_>, capacity: &Capacity) -> String {
    let size = match page.disk() {
        Some(plan) => format!(" of {}", format_bytes(u64::from(plan.workload.val_size))),
        None => String::new(),
    };
    let members = match page.disk() {
        Some(plan) if plan.members > 1 => format!(" by {} members together", plan.members),
        _ => String::new(),
    };
    let Some(puts_per_s) = capacity.puts_per_s else {
        let Some(step) = lowest(capacity) else {
            return "not found: no rate could be tried".to_owned();
        };
        let rule = capacity.limited_by.as_ref().or(step.broke.as_ref());
        let why = rule.map_or_else(String::new, |rule| format!(": {}", breaks(page, rule)));
        return format!(
            "none: even {} puts/s{size}{members} are too many{why}",
            count(step.wanted_per_s)
        );
    };
    let puts = format!("{} puts/s{size}{members}", count(puts_per_s));
    match &capacity.limited_by {
        _ if capacity.at_least => {
            format!("at least {puts}: the highest rate tried kept every rule")
        }
        Some(rule) => format!("about {puts} before {}", breaks(page, rule)),
        None => format!("about {puts}"),
    }
}

/// What ends the capacity, in the words of the table: `wal.fsync p99 breaks 10 ms`.
fn breaks(page: &RunAndPlan<'_>, broken: &Limiter) -> String {
    match broken {
        Limiter::Rate => return "the disk falls behind".to_owned(),
        Limiter::Stalls => return "a wait reaches the election timeout".to_owned(),
        Limiter::Subject { .. } | Limiter::Rule(_) => {}
    }
    match page.summary.rules.iter().find(|outcome| broken.is(&outcome.rule)) {
        Some(outcome) => {
            let limit = match &outcome.rule {
                RuleId::Typed(rule) => rule.limit_value(),
                RuleId::Stalls { .. } | RuleId::Named(_) => outcome.limit.clone(),
            };
            clean(&format!("{} breaks {limit}", outcome.label))
        }
        None => format!("{} breaks its limit", clean(&broken.to_string())),
    }
}

fn lowest(capacity: &Capacity) -> Option<&CapacityStep> {
    capacity.curve.iter().min_by(|a, b| a.wanted_per_s.total_cmp(&b.wanted_per_s))
}

/// A number for orientation: two digits, rounded down, are all it is worth.
fn count(value: f64) -> String {
    let whole = value.max(0.0) as u64;
    let step = 10_u64.pow(whole.max(1).ilog10().saturating_sub(1));
    format_count(whole / step * step)
}
