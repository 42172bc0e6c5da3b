//! Leases that written keys share, as an apiserver's events do.

use super::checks::has;
use super::{Operation, SharedLeases, Weighted};
use crate::error::{Result, usage};
use crate::plan::resolve::within;
use crate::spec::WorkloadSpec;

/// Keys bound to one lease, when nothing is said (kubernetes/apiserver, storage/etcd3/lease_manager.go,
/// `defaultLeaseMaxObjectCount`).
pub(super) const LEASE_KEYS: u64 = 1000;
/// The longest time that one is shared, and the share of its life (the same, `defaultLeaseReuseDurationSeconds` and
/// `leaseReuseDurationPercent`).
const LONGEST_REUSE_NS: u64 = 60_000_000_000;
const REUSE: u64 = 20;
const MAX_LEASE_KEYS: u64 = 1_000_000_000;
const S_NS: u64 = 1_000_000_000;

/// For how long a lease is shared when nothing is said.
pub(super) fn default_reuse_ns(ttl_s: u64) -> u64 {
    (ttl_s.saturating_mul(S_NS) / REUSE).min(LONGEST_REUSE_NS)
}

/// How leases that live so long are shared; absent when there is one for all.
pub(super) fn shared(
    args: &WorkloadSpec,
    operations: &[Weighted],
    ttl_s: u64,
) -> Result<Option<SharedLeases>> {
    let flag = match (args.lease_keys, args.lease_reuse) {
        (Some(_), _) => "--lease-keys",
        (None, Some(_)) => "--lease-reuse",
        (None, None) => return Ok(None),
    };
    let binds = [Operation::Put, Operation::Create, Operation::Txn, Operation::Stm];
    if !has(operations, &binds) {
        return Err(usage(
            &[flag, "--mix"],
            format!(
                "{flag} is about keys that are bound to leases, and this load writes none; drop it, or have create in the \
             --mix"
            ),
        ));
    }
    if ttl_s == 0 {
        return Err(usage(
            &[flag, "--lease-ttl"],
            format!(
                "{flag} is about leases, and this load has none; say how long they live with --lease-ttl"
            ),
        ));
    }
    let keys = args.lease_keys.unwrap_or(LEASE_KEYS);
    within("--lease-keys", keys, 1, MAX_LEASE_KEYS)?;
    Ok(Some(SharedLeases {
        keys,
        reuse_ns: args.lease_reuse.unwrap_or_else(|| default_reuse_ns(ttl_s)),
    }))
}

/// Whether the keys of one operation fit.
pub(super) fn fit(sharing: Option<SharedLeases>, at_once: u32, flag: &'static str) -> Result<()> {
    match sharing {
        Some(sharing) if u64::from(at_once) > sharing.keys => Err(usage(
            &["--lease-keys", flag],
            format!(
                "--lease-keys {} is fewer than one transaction writes; raise it to {at_once}, or lower {flag}",
                sharing.keys
            ),
        )),
        _ => Ok(()),
    }
}
