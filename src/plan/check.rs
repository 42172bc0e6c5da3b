//! `check`, resolved.

use crate::cli::CheckArgs;
use crate::error::{Result, usage};

use super::resolve::lasting;
use super::{Connect, FRESH_PREFIX, Timeouts};

/// What is looked at for this long tells a minute's worth of a cluster.
const DURATION_NS: u64 = 60_000_000_000;
const MIN_DURATION_NS: u64 = 2_000_000_000;
const MAX_DURATION_NS: u64 = 86_400_000_000_000;
/// Two writes a second at each of three members.
const RATE: f64 = 6.0;
/// How often a node's lease is renewed.
const LEASE_S: f64 = 10.0;
/// A look that is shorter tells nothing.
const MIN_EVERY_NS: u64 = 5_000_000_000;
/// More is a load.
const MAX_RATE: f64 = 100.0;

/// What is to be looked at, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckPlan {
    /// How the etcd is reached.
    pub connect: Connect,
    /// How long.
    pub duration_ns: u64,
    /// How long each look is, where it looks again and again; then the duration, where one is said, bounds them all.
    pub every_ns: Option<u64>,
    /// Whether somebody said how long.
    pub bounded: bool,
    /// After how long what depends on this etcd gives up.
    pub timeouts: Timeouts,
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
        let duration = args.duration.unwrap_or(DURATION_NS);
        let duration_ns = lasting("--duration", duration, MIN_DURATION_NS, MAX_DURATION_NS)?;
        let every = |ns| lasting("--every", ns, MIN_EVERY_NS, MAX_DURATION_NS);
        args.every.map(every).transpose()?;
        let of_nodes = args.kubernetes.as_deref().map(rate_for).transpose()?;
        let rate = of_nodes.or(args.rate).unwrap_or(RATE);
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
            every_ns: args.every,
            bounded: args.duration.is_some(),
            timeouts: timeouts(args),
            writes_per_s: (!args.passive).then_some(rate),
            prefix: args.prefix.clone(),
        })
    }

    /// One look of several.
    #[must_use]
    pub fn once(&self) -> CheckPlan {
        CheckPlan { duration_ns: self.every_ns.unwrap_or(self.duration_ns), ..self.clone() }
    }

    /// Writes that are sent at most.
    pub fn most_writes(&self) -> u64 {
        self.writes_per_s.map_or(0, |rate| (rate * self.duration_ns as f64 / 1e9).ceil() as u64)
    }
}

fn timeouts(args: &CheckArgs) -> Timeouts {
    let defaults = Timeouts::DEFAULT;
    Timeouts {
        readyz_ns: args.readyz.unwrap_or(defaults.readyz_ns),
        renew_deadline_ns: args.renew_deadline.unwrap_or(defaults.renew_deadline_ns),
        lease_ns: args.lease.unwrap_or(defaults.lease_ns),
        node_grace_ns: args.node_grace.unwrap_or(defaults.node_grace_ns),
    }
}

/// Writes a second of the leases of so many nodes, which are most of what an idle Kubernetes writes. A kubelet renews
/// every 10 s (`nodeLeaseDurationSeconds` of 40 s, a quarter of it).
fn rate_for(kubernetes: &str) -> Result<f64> {
    let nodes = kubernetes.strip_prefix("k8s-").and_then(|nodes| nodes.parse::<u32>().ok());
    let most = (MAX_RATE * LEASE_S) as u32;
    match nodes {
        Some(nodes) if (1..=most).contains(&nodes) => Ok(f64::from(nodes) / LEASE_S),
        Some(_) => Err(usage(
            &["--for"],
            format!(
                "--for {kubernetes}: a check writes {MAX_RATE} times a second at most, the leases of k8s-{most}; more is \
                 a load: 'etcdbench run {kubernetes}'"
            ),
        )),
        None => Err(usage(
            &["--for"],
            format!("--for {kubernetes}: give k8s- and the number of nodes, like k8s-100"),
        )),
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
        let nodes = CheckArgs { kubernetes: Some("k8s-300".to_owned()), ..CheckArgs::default() };
        assert_eq!(CheckPlan::resolve(&nodes).unwrap().writes_per_s, Some(30.0));
        let passive = CheckArgs { passive: true, ..CheckArgs::default() };
        assert_eq!(CheckPlan::resolve(&passive).unwrap().most_writes(), 0);
    }

    #[test]
    fn what_does_not_fit_names_its_flag() {
        assert!(refused(|args| args.duration = Some(1)).contains("--duration 1ns is outside"));
        assert!(refused(|args| args.rate = Some(0.0)).contains("--rate 0 is outside"));
        assert!(refused(|args| args.rate = Some(1e3)).contains("etcdbench load put"));
        assert!(refused(|args| args.every = Some(1)).contains("--every 1ns is outside 5s"));
        let kubernetes = |text: &str| refused(|args| args.kubernetes = Some(text.to_owned()));
        assert!(kubernetes("k8s-5000").contains("etcdbench run k8s-5000"));
        assert!(kubernetes("many").contains("like k8s-100"));
        for prefix in ["", "/", "abc"] {
            let told = refused(|args| args.prefix = Some(prefix.to_owned()));
            assert!(told.contains("ends in /"), "{told}");
        }
    }
}
