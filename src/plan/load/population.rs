//! Objects that come and go: how many there are at first, and whether there are numbers for all.

use super::checks::{MAX_REMEMBERED, SPACE, has};
use super::{KeyDistribution, LoadPlan, Operation, Weighted};
use crate::error::{Result, usage};
use crate::units::format_count;

/// Different keys where nobody knows how many will be created.
const CREATE_SPACE: u64 = 1_000_000;
/// Which operation is next is chance: the number of one differs from what is expected by more than so many standard
/// deviations of a Poisson process in one of tens of thousands of runs.
const DEVIATIONS: f64 = 4.0;

/// Whether objects come and go.
pub(super) fn comes_and_goes(operations: &[Weighted]) -> bool {
    has(operations, &[Operation::Create])
}

/// Different keys when nothing is said: twice as many as are there at first or created, so that there is room also where
/// only a part of both is asked for and chance weighs more.
pub(super) fn default_space(
    operations: &[Weighted],
    expected_operations: Option<u64>,
    preload: Option<u64>,
) -> u64 {
    let preload = preload.unwrap_or(if expects_objects(operations) { SPACE } else { 0 });
    let created = expected_operations.map_or(CREATE_SPACE, |all| {
        let created = count(operations, Operation::Create, all);
        let removed = count(operations, Operation::Delete, all);
        (created + spread(created + removed)).ceil() as u64 + 1
    });
    preload.saturating_add(created).saturating_mul(2).clamp(2 * SPACE, MAX_REMEMBERED)
}

/// Keys written beforehand when nothing is said: as many as usual, but half of the key space is for those to come.
pub(super) fn default_preload(operations: &[Weighted], space: u64) -> u64 {
    if expects_objects(operations) { SPACE.min(space / 2) } else { 0 }
}

fn expects_objects(operations: &[Weighted]) -> bool {
    operations.iter().any(|weighted| {
        !matches!(weighted.operation, Operation::Create | Operation::Compact | Operation::Status)
    })
}

/// Whether everything beside `create` minds that objects come and go, and there is a number for each.
pub(super) fn check(plan: &LoadPlan) -> Result<()> {
    if !comes_and_goes(&plan.operations) {
        return Ok(());
    }
    if has(&plan.operations, &[Operation::Put, Operation::Stm]) {
        return Err(usage(
            &["--mix", "--guarded"],
            "put and stm write whether or not the object is still there, which create keeps count of; beside create \
             have txn in the --mix, with --guarded",
        ));
    }
    if has(&plan.operations, &[Operation::Txn, Operation::Delete]) && !plan.writes.guarded {
        return Err(usage(
            &["--guarded"],
            "txn and delete beside create are about objects that may be gone; add --guarded",
        ));
    }
    if plan.keys.distribution != KeyDistribution::Uniform {
        return Err(usage(
            &["--key-dist", "--sequential-keys"],
            "--key-dist and --sequential-keys say which of the same keys is next, but with create they come and go; \
             drop them",
        ));
    }
    match plan.expected_operations() {
        Some(all) => room(plan, all),
        None => Ok(()),
    }
}

fn room(plan: &LoadPlan, all: u64) -> Result<()> {
    let created = count(&plan.operations, Operation::Create, all);
    let removed = count(&plan.operations, Operation::Delete, all);
    let (more, fewer) = (created - removed, removed - created);
    // A single operation is no chance.
    let chance = plan.operations.len() > 1;
    let spread = if chance { spread(created + removed) } else { 0.0 };
    let preload = plan.preload;
    let needed = preload.saturating_add((more.max(0.0) + spread).ceil() as u64);
    if needed > plan.keys.space {
        return Err(usage(
            &["--key-space-size", "--preload"],
            format!(
                "--key-space-size {} has no number for each of the {} keys that there may be at a time; make it at least \
             {needed}, or lower --preload from {preload}",
                plan.keys.space,
                format_count(needed),
            ),
        ));
    }
    if fewer > 0.0 && fewer + spread > preload as f64 {
        return Err(usage(
            &["--preload", "--mix"],
            format!(
                "--preload {preload} is too few for a --mix that deletes some {} keys more than it creates; make it at \
             least {}, or have more create in the --mix",
                format_count(fewer.ceil() as u64),
                (fewer + spread).ceil() as u64
            ),
        ));
    }
    Ok(())
}

/// How many operations of a kind are expected among all.
fn count(operations: &[Weighted], wanted: Operation, all: u64) -> f64 {
    let sum: f64 = operations.iter().map(|w| w.weight).sum();
    let of_kind = operations.iter().filter(|w| w.operation == wanted);
    all as f64 * of_kind.map(|w| w.weight).sum::<f64>() / sum
}

/// By how much a number that is left to chance may differ from what is expected.
fn spread(expected: f64) -> f64 {
    DEVIATIONS * expected.sqrt()
}
