//! `check quota`, resolved.

use std::path::PathBuf;

use crate::cli::QuotaArgs;
use crate::error::{Result, usage};

use super::Connect;
use super::keys::KeysPlan;
use super::resolve::lasting;

/// Looks that are nearer to one another tell nothing.
const MIN_OVER_NS: u64 = 1_000_000_000;
const MAX_OVER_NS: u64 = 7 * 86_400_000_000_000;
/// Time enough to compact, to defragment one member after the other, and to find what grows.
const LEAST_DAYS: u32 = 7;

/// How full the databases are: what of it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaPlan {
    /// How the etcd is reached.
    pub connect: Connect,
    /// Which keys are looked at, where any are.
    pub keys: Option<KeysPlan>,
    /// An earlier answer.
    pub since: Option<PathBuf>,
    /// Looks twice, so far apart.
    pub over_ns: Option<u64>,
    /// Fewer days until a quota is reached are a failure.
    pub least_days: u32,
}

impl QuotaPlan {
    /// Checks and completes what was typed.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) with the flag and the way out.
    pub fn resolve(args: &QuotaArgs) -> Result<QuotaPlan> {
        let over = |ns| lasting("--over", ns, MIN_OVER_NS, MAX_OVER_NS);
        let least_days = args.days.unwrap_or(LEAST_DAYS);
        if args.days.is_some() && args.since.is_none() && args.over.is_none() {
            return Err(usage(
                &["--days"],
                "--days is about growth, for which two looks are needed: add --over 1h, or --since and an earlier answer",
            ));
        }
        let keys = KeysPlan::resolve(args.prefix.as_deref(), args.depth, args.requests)?;
        Ok(QuotaPlan {
            connect: Connect::resolve(&args.connect)?,
            keys: args.by_prefix.then_some(keys),
            since: args.since.clone(),
            over_ns: args.over.map(over).transpose()?,
            least_days,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut QuotaArgs)) -> String {
        let mut args = QuotaArgs::default();
        change(&mut args);
        QuotaPlan::resolve(&args).unwrap_err().to_string()
    }

    #[test]
    fn what_does_not_fit_names_its_flag() {
        assert!(refused(|args| args.over = Some(1)).contains("--over 1ns is outside"));
        assert!(refused(|args| args.days = Some(3)).contains("add --over 1h"));
        assert!(refused(|args| args.depth = Some(0)).contains("--depth 0 is outside"));
    }
}
