//! How reads are made: which keys, how many at a time, and how up to date.

use super::checks::{has, only_with};
use super::{Operation, ReadShape, Reads, Weighted};
use crate::error::{Result, usage};
use crate::spec::{ConsistencyArg, ReadArg, WorkloadSpec};

/// Keys of a page or list when nothing is said: what Kubernetes' clients ask for at a time (client-go, tools/pager).
pub(super) const PAGE: u32 = 500;
/// Keys of a page when an apiserver fills its cache (kubernetes/apiserver, storage/cacher).
pub(super) const LIST_PAGE: u32 = 10_000;

pub(super) fn reads(args: &WorkloadSpec, operations: &[Weighted]) -> Result<Reads> {
    about_reads(args, operations)?;
    let lists = has(operations, &[Operation::ListWatch]);
    let shape = match args.read {
        None | Some(ReadArg::Single) => ReadShape::Single,
        Some(ReadArg::Prefix) => ReadShape::Prefix,
        Some(ReadArg::From) => ReadShape::From,
        Some(ReadArg::Paged) => ReadShape::Paged,
        Some(ReadArg::Revision) => ReadShape::Revision,
    };
    what_comes_back(args, shape)?;
    limits(args, shape, lists)?;
    if shape == ReadShape::Paged && has(operations, &[Operation::TxnRange]) {
        return Err(usage(
            &["--read"],
            "--read paged takes several requests, which one transaction cannot hold; use --read from or prefix",
        ));
    }
    let of_reads = args.limit.filter(|_| has_limit(shape));
    Ok(Reads {
        serializable: args.consistency == Some(ConsistencyArg::Serializable),
        shape,
        limit: of_reads.unwrap_or_else(|| default_limit(shape)),
        count_only: args.count_only,
        keys_only: args.keys_only,
        list_page: if lists { args.limit.unwrap_or(LIST_PAGE) } else { 0 },
    })
}

/// Refuses flags about reads where there are none.
fn about_reads(args: &WorkloadSpec, operations: &[Weighted]) -> Result<()> {
    use Operation::{ListWatch, Range, TxnRange};
    only_with(
        operations,
        &[Range, TxnRange],
        &[
            (args.read.is_some(), "--read"),
            (args.consistency.is_some(), "--consistency"),
            (args.count_only, "--count-only"),
            (args.keys_only, "--keys-only"),
        ],
        "reads",
    )?;
    let limit = (args.limit.is_some(), "--limit");
    only_with(operations, &[Range, TxnRange, ListWatch], &[limit], "reads")
}

fn what_comes_back(args: &WorkloadSpec, shape: ReadShape) -> Result<()> {
    if args.count_only && args.keys_only {
        return Err(usage(
            &["--count-only", "--keys-only"],
            "--count-only and --keys-only contradict each other; drop one of them",
        ));
    }
    if args.count_only && matches!(shape, ReadShape::From | ReadShape::Paged) {
        return Err(usage(
            &["--count-only", "--limit", "--read"],
            "--count-only: etcd counts without regard to --limit; use it with --read prefix or single",
        ));
    }
    if shape == ReadShape::Revision && (args.count_only || args.keys_only) {
        return Err(usage(
            &["--read", "--limit", "--count-only", "--keys-only"],
            "--read revision reads no key at all; drop --limit, --count-only and --keys-only",
        ));
    }
    Ok(())
}

/// `lists`: it is also about the pages of `list-watch`.
fn limits(args: &WorkloadSpec, shape: ReadShape, lists: bool) -> Result<()> {
    if args.limit.is_some() && !has_limit(shape) && !lists {
        return Err(usage(
            &["--limit", "--read"],
            "--limit has no effect on reads of a single key or of none; say what else to read with --read prefix, \
             from or paged",
        ));
    }
    if (shape == ReadShape::Paged || lists) && args.limit == Some(0) {
        return Err(usage(&["--limit"], "--limit 0: a page holds at least one key"));
    }
    Ok(())
}

fn has_limit(shape: ReadShape) -> bool {
    !matches!(shape, ReadShape::Single | ReadShape::Revision)
}

/// Keys of an answer when nothing is said.
pub(super) fn default_limit(shape: ReadShape) -> u32 {
    match shape {
        ReadShape::Single | ReadShape::Prefix | ReadShape::Revision => 0,
        ReadShape::From | ReadShape::Paged => PAGE,
    }
}
