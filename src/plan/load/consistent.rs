//! Whether the parts of a plan go together, each told with its flags.

use super::checks::{MAX_REMEMBERED, has};
use super::{LoadPlan, Operation, ReadShape, Target, Watch, keys, leases};
use crate::error::{Result, usage};

/// Whether there are as many keys and watches as are to be watched.
pub(super) fn watched(plan: &LoadPlan) -> Result<()> {
    let Some(watch) = &plan.watch else {
        return Ok(());
    };
    let watches = u64::from(watch.streams) * u64::from(watch.watches_per_stream);
    if watch.freshness {
        fresh(plan, watch)?;
    }
    if watch.keys > plan.keys.space {
        return Err(usage(
            &["--watched-keys", "--key-space-size"],
            format!(
                "--watched-keys {} is more than there are keys; raise --key-space-size from {}",
                watch.keys, plan.keys.space
            ),
        ));
    }
    if watch.keys > watches {
        return Err(usage(
            &["--watched-keys", "--streams", "--watches-per-stream"],
            format!(
                "--watched-keys {} is more than the {watches} watches there are; raise --streams or --watches-per-stream",
                watch.keys
            ),
        ));
    }
    Ok(())
}

/// A read waits for the watch of its own connection, which is to show whatever revision there is.
fn fresh(plan: &LoadPlan, watch: &Watch) -> Result<()> {
    let reads = has(&plan.operations, &[Operation::Range]);
    if !reads || plan.reads.shape != ReadShape::Revision {
        return Err(usage(
            &["--freshness", "--read"],
            "--freshness is about how long after a read of the revision the watch has shown it; have range, with --read \
             revision",
        ));
    }
    if watch.keys > 0 || watch.watches_per_stream != 1 || watch.streams != plan.connections {
        return Err(usage(
            &["--freshness", "--streams", "--watches-per-stream", "--watched-keys", "--conns"],
            format!(
                "--freshness takes one watch of the whole prefix on each connection; say --streams {} and \
                 --watches-per-stream 1, and no --watched-keys",
                plan.connections
            ),
        ));
    }
    Ok(())
}

/// Whether what is written together fits into a request, and keys of a transaction are there.
pub(super) fn sizes(plan: &LoadPlan) -> Result<()> {
    let pairs =
        if has(&plan.operations, &[Operation::Txn]) { plan.writes.txn_operations } else { 1 };
    let flag = if pairs > 1 { "--txn-ops" } else { "--val-size" };
    keys::fit(&plan.keys, &plan.values, pairs, flag)?;
    leases::fit(plan.writes.shared_leases, pairs, "--txn-ops")?;
    if has(&plan.operations, &[Operation::Stm]) {
        keys::fit(&plan.keys, &plan.values, plan.stm.keys, "--stm-keys")?;
        let written = plan.stm.written_keys();
        leases::fit(plan.writes.shared_leases, written, "--stm-keys")?;
        if u64::from(plan.stm.keys) > plan.keys.space {
            return Err(usage(
                &["--stm-keys", "--key-space-size"],
                format!(
                    "--stm-keys {} is more than there are keys; raise --key-space-size from {}",
                    plan.stm.keys, plan.keys.space
                ),
            ));
        }
    }
    Ok(())
}

/// Whether there is room for what is remembered of every key.
pub(super) fn remembered(plan: &LoadPlan) -> Result<()> {
    let why = if plan.verify {
        "--verify"
    } else if plan.writes.guarded {
        "--guarded"
    } else if has(&plan.operations, &[Operation::Stm]) {
        "a software transaction"
    } else {
        return Ok(());
    };
    if plan.keys.space <= MAX_REMEMBERED {
        return Ok(());
    }
    Err(usage(
        &["--key-space-size"],
        format!(
            "--key-space-size {} is too large for {why}, which remembers the revision of every key; it may be up to \
         {MAX_REMEMBERED}",
            plan.keys.space
        ),
    ))
}

/// Whether the history may be forgotten while the load runs.
pub(super) fn compacts(plan: &LoadPlan) -> Result<()> {
    let thrown_away = matches!(plan.target, Target::Local { .. });
    if has(&plan.operations, &[Operation::Compact]) && !plan.compact && !thrown_away {
        return Err(usage(
            &["--compact", "operation", "--mix"],
            "compact forgets the history of everybody in this etcd; say --compact (of a scenario: --set compact=true) if that may be, \
             or use --local",
        ));
    }
    Ok(())
}

/// Whether there is something that could be read back.
pub(super) fn verifiable(plan: &LoadPlan) -> Result<()> {
    if !plan.verify {
        return Ok(());
    }
    if !plan.operations.iter().any(|w| w.operation.writes()) {
        return Err(usage(
            &["--verify", "--mix"],
            "--verify reads back what was written, and this load writes nothing; drop it, or have put in the --mix",
        ));
    }
    let puts = [Operation::Put, Operation::Create, Operation::Txn];
    if plan.writes.lease_ttl_s > 0 && has(&plan.operations, &puts) {
        return Err(usage(
            &["--verify", "--lease-ttl"],
            "--verify and --lease-ttl contradict each other: keys that vanish with their lease would count as lost; \
             drop one of them",
        ));
    }
    Ok(())
}
