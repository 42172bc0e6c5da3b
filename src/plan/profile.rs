//! `profile`, resolved.

use std::path::PathBuf;

use crate::cli::ProfileArgs;
use crate::error::{Result, usage};

use super::keys::KeysPlan;
use super::resolve::lasting;
use super::{Connect, document};

/// A minute has all that comes every ten seconds six times.
const DURATION_NS: u64 = 60_000_000_000;
const MIN_DURATION_NS: u64 = 2_000_000_000;
const MAX_DURATION_NS: u64 = 3_600_000_000_000;
/// Where the scenario goes.
const OUTPUT: &str = "mine.toml";

/// What is to be looked at, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfilePlan {
    /// How the etcd is reached.
    pub connect: Connect,
    /// For how long writes are watched.
    pub duration_ns: u64,
    /// Which keys are looked at.
    pub keys: KeysPlan,
    /// Names are shown as hashes.
    pub hash_names: bool,
    /// Where the scenario is written.
    pub scenario: PathBuf,
}

impl ProfilePlan {
    /// Checks and completes what was typed.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) with the flag and the way out.
    pub fn resolve(args: &ProfileArgs) -> Result<ProfilePlan> {
        let duration = args.duration.unwrap_or(DURATION_NS);
        let duration_ns = lasting("--duration", duration, MIN_DURATION_NS, MAX_DURATION_NS)?;
        let scenario = args.output.clone().unwrap_or_else(|| PathBuf::from(OUTPUT));
        refuse_place(&scenario)?;
        Ok(ProfilePlan {
            connect: Connect::resolve(&args.connect)?,
            duration_ns,
            keys: KeysPlan::resolve(args.prefix.as_deref(), args.depth, args.requests)?,
            hash_names: args.hash_names,
            scenario,
        })
    }
}

/// A scenario is edited by whoever uses it, so none is overwritten.
fn refuse_place(path: &std::path::Path) -> Result<()> {
    let told = path.display();
    if path.extension().is_none_or(|ending| ending != "toml") {
        return Err(usage(
            &["--output"],
            format!("--output {told}: a scenario is a file that ends in .toml, as {OUTPUT}"),
        ));
    }
    document::place(Some(path), &[])?;
    if path.exists() {
        return Err(usage(
            &["--output"],
            format!(
                "--output {told}: the file is there already, and is not overwritten; name another one"
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut ProfileArgs)) -> String {
        let mut args =
            ProfileArgs { output: Some("/tmp/none.toml".into()), ..ProfileArgs::default() };
        change(&mut args);
        ProfilePlan::resolve(&args).unwrap_err().to_string()
    }

    #[test]
    fn what_does_not_fit_names_its_flag() {
        assert!(refused(|args| args.duration = Some(1)).contains("--duration 1ns is outside"));
        assert!(refused(|args| args.depth = Some(0)).contains("--depth 0 is outside"));
        assert!(refused(|args| args.requests = Some(1)).contains("--requests 1 is outside"));
        assert!(refused(|args| args.output = Some("x.html".into())).contains("ends in .toml"));
        let there = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        assert!(
            refused(|args| args.output = Some(there.path().into())).contains("is there already")
        );
    }
}
