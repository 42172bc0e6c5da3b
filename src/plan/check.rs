//! `check`, resolved.

use crate::cli::CheckArgs;
use crate::error::{Result, usage};
use crate::units::exact_duration;

use super::{Connect, FRESH_PREFIX};

/// What is looked at for this long tells a minute's worth of a cluster.
const DURATION_NS: u64 = 60_000_000_000;
const MIN_DURATION_NS: u64 = 2_000_000_000;
const MAX_DURATION_NS: u64 = 86_400_000_000_000;
/// Two writes a second at each of three members.
const RATE: f64 = 6.0;
/// More is a load.
const MAX_RATE: f64 = 100.0;

/// What is to be looked at, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckPlan {
    /// How the etcd is reached.
    pub connect: Connect,
    /// How long.
    pub duration_ns: u64,
    /// Guarded writes a second over all members; absent where only looked at.
    pub writes_per_s: Option<f64>,
    /// What keys begin with, where that was said.
    pub prefix: Option<String>,
}

impl CheckPlan {
    /// Checks and completes what was typed.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) with the flag and the way out.
    pub fn resolve(args: &CheckArgs) -> Result<CheckPlan> {
        let duration_ns = args.duration.unwrap_or(DURATION_NS);
        if !(MIN_DURATION_NS..=MAX_DURATION_NS).contains(&duration_ns) {
            return Err(usage(
                &["--duration"],
                format!(
                    "--duration {} is outside {} to {}",
                    exact_duration(duration_ns),
                    exact_duration(MIN_DURATION_NS),
                    exact_duration(MAX_DURATION_NS)
                ),
            ));
        }
        let rate = args.rate.unwrap_or(RATE);
        if !(rate > 0.0 && rate <= MAX_RATE) {
            return Err(usage(
                &["--rate"],
                format!(
                    "--rate {rate} is outside 0 to {MAX_RATE} writes a second; more is a load: 'etcdbench load put'"
                ),
            ));
        }
        if let Some(prefix) = args.prefix.as_deref() {
            let inside = prefix.len() > 1 && prefix.ends_with('/');
            if !inside {
                return Err(usage(
                    &["--prefix"],
                    format!(
                        "--prefix {prefix}: give a prefix that ends in /, like {FRESH_PREFIX}check/"
                    ),
                ));
            }
        }
        Ok(CheckPlan {
            connect: Connect::resolve(&args.connect)?,
            duration_ns,
            writes_per_s: (!args.passive).then_some(rate),
            prefix: args.prefix.clone(),
        })
    }

    /// Writes that are sent at most.
    pub fn most_writes(&self) -> u64 {
        self.writes_per_s.map_or(0, |rate| (rate * self.duration_ns as f64 / 1e9).ceil() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut CheckArgs)) -> String {
        let mut args = CheckArgs::default();
        change(&mut args);
        CheckPlan::resolve(&args).unwrap_err().to_string()
    }

    #[test]
    fn a_minute_of_six_writes_a_second_unless_something_else_is_said() {
        let plan = CheckPlan::resolve(&CheckArgs::default()).unwrap();
        assert_eq!((plan.duration_ns, plan.writes_per_s), (60_000_000_000, Some(6.0)));
        assert_eq!(plan.most_writes(), 360);
        let passive = CheckArgs { passive: true, ..CheckArgs::default() };
        assert_eq!(CheckPlan::resolve(&passive).unwrap().most_writes(), 0);
    }

    #[test]
    fn what_does_not_fit_names_its_flag() {
        assert!(refused(|args| args.duration = Some(1)).contains("--duration 1ns is outside"));
        assert!(refused(|args| args.rate = Some(0.0)).contains("--rate 0 is outside"));
        assert!(refused(|args| args.rate = Some(1e3)).contains("etcdbench load put"));
        for prefix in ["", "/", "abc"] {
            let told = refused(|args| args.prefix = Some(prefix.to_owned()));
            assert!(told.contains("ends in /"), "{told}");
        }
    }
}
