//! What several parts of the plan of a load are held against.

use super::{Operation, Weighted};
use crate::error::{Result, usage};

/// Whether any of these is in the mix.
pub(super) fn has(operations: &[Weighted], wanted: &[Operation]) -> bool {
    operations.iter().any(|weighted| wanted.contains(&weighted.operation))
}

/// Default number of keys: a small cluster's (an apiserver of a hundred nodes keeps some 5,000).
pub(super) const SPACE: u64 = 10_000;

/// Bytes of a whole fresh prefix.
pub(super) const FRESH_PREFIX_BYTES: usize = FRESH_PREFIX.len() + 9;

/// Keys whose revisions are kept in memory, at eight bytes each.
pub(super) const MAX_REMEMBERED: u64 = 10_000_000;

/// Refuses flags that this mix has no use for: whoever gives one believes that it changes something.
pub(super) fn only_with(
    operations: &[Weighted],
    wanted: &[Operation],
    flags: &[(bool, &'static str)],
    what: &str,
) -> Result<()> {
    if has(operations, wanted) {
        return Ok(());
    }
    match flags.iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some(&(_, flag)) => {
            let names: Vec<&str> = wanted.iter().map(|operation| operation.name()).collect();
            Err(usage(
                &[flag, "--mix"],
                format!(
                    "{flag} is about {what}, and this load makes none; drop it, or have {} in the --mix",
                    names.join(" or ")
                ),
            ))
        }
    }
}

/// What a fresh prefix begins with; eight hexadecimal digits and a slash follow.
pub const FRESH_PREFIX: &str = "/etcdbench/";
