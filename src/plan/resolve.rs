//! From what was typed to a plan of a disk qualification, or an error that names the flag and the way out.

use std::collections::BTreeMap;

use super::budget::{default_max_bytes, least};
use super::{Arrival, DiskPlan, EngineKind, Load, Workload, neighbour, phases};
use crate::error::{Error, Result, usage};
use crate::rule::{DISK_SERIES, PROFILES, Rule};
use crate::spec::{ArrivalArg, DiskSpec, EngineArg, LabelArg};
use crate::suggest;
use crate::units::{exact_bytes, exact_duration, format_bytes, format_duration};

/// Default puts per second of a member: a busy but ordinary control plane.
pub(super) const RATE: f64 = 500.0;
/// Default bytes of a key: `/registry/…` keys of Kubernetes are about this long.
pub(super) const KEY_SIZE: u32 = 64;
/// Default bytes of a value.
pub(super) const VAL_SIZE: u32 = 1024;
/// etcd's default `--heartbeat-interval` (embed/config.go).
pub(super) const HEARTBEAT_NS: u64 = 100_000_000;
/// etcd's default `--election-timeout` (embed/config.go).
pub(super) const ELECTION_NS: u64 = 1_000_000_000;
/// etcd's default quota (server/storage/quota.go).
pub(super) const QUOTA: u64 = 2 << 30;
/// etcd's default `--backend-batch-interval` (storage/backend/backend.go).
pub(super) const BATCH_INTERVAL_NS: u64 = 100_000_000;
/// etcd's default `--backend-batch-limit` (storage/backend/backend.go).
pub(super) const BATCH_LIMIT: u64 = 10_000;
/// The profile that judges by etcd's own documents.
pub(super) const PROFILE: &str = "etcd";
/// Default seed: the same load every time.
pub(super) const SEED: u64 = 1;

/// etcd's default `--max-request-bytes`, which key and value and their framing must fit in (embed/config.go).
pub(super) const MAX_REQUEST_BYTES: u64 = 3 * (1 << 20) / 2;
/// What a put request needs beyond key and value.
pub(super) const REQUEST_OVERHEAD: u64 = 512;
/// etcd's recommended maximum quota (server/storage/quota.go warns above).
pub(super) const MAX_QUOTA: u64 = 8 << 30;
/// etcd's longest election timeout (embed/config.go `maxElectionMs`).
const MAX_ELECTION_NS: u64 = 50_000_000_000;
/// Heartbeats an election timeout must hold (embed/config.go `Validate`).
const HEARTBEATS_PER_ELECTION: u64 = 5;
const MAX_MEMBERS: u32 = 256;
/// Above this a generator measures itself: ten million puts per second.
const MAX_RATE: f64 = 1e7;
const MAX_CLIENTS: u32 = 100_000;
/// Time enough for a commit to be one: below it the backend does nothing else.
const MIN_BATCH_INTERVAL_NS: u64 = 1_000_000;
const MAX_BATCH_INTERVAL_NS: u64 = 60_000_000_000;
pub(super) const MS_NS: u64 = 1_000_000;

impl DiskPlan {
    /// Checks and completes what was typed. Pure, but for the directory, which is made absolute.
    ///
    /// # Errors
    /// [`Error::Usage`] with the flag and the way out; nothing has been touched.
    pub fn resolve(args: &DiskSpec) -> Result<Self> {
        let (heartbeat_ns, election_ns) = timing(args)?;
        let phases = phases::resolve(args)?;
        let mut plan = DiskPlan {
            directory: directory(args)?,
            extend_ns: args.extend.unwrap_or_else(|| phases::extend_ns(&phases)),
            phases,
            engine: match args.engine {
                None | Some(EngineArg::Sync) => EngineKind::Sync,
                Some(EngineArg::Uring) => EngineKind::Uring,
            },
            members: within("--members", args.members.unwrap_or(1), 1, MAX_MEMBERS)?,
            workload: workload(args)?,
            neighbours: neighbour::resolve(&args.neighbours)?,
            db_size_bytes: args.db_size.unwrap_or(0),
            quota_bytes: args.quota.unwrap_or(QUOTA),
            heartbeat_ns,
            election_ns,
            max_bytes: 0,
            profile: profile(args)?,
            rules: rules(args)?,
            beside_live: args.beside_live,
            seed: args.seed.unwrap_or(SEED),
        };
        sizes(&plan)?;
        have_a_phase(&plan)?;
        plan.max_bytes = max_bytes(args, &plan)?;
        Ok(plan)
    }

    /// How long the phases are planned to last together.
    pub fn duration_ns(&self) -> u64 {
        self.phases.iter().map(|phase| phase.duration_ns).sum()
    }
}

/// The load when nothing is said.
pub(super) fn default_load() -> Load {
    Load::Open { rate: RATE, arrival: Arrival::Poisson }
}

fn directory(args: &DiskSpec) -> Result<std::path::PathBuf> {
    if args.directory.as_os_str().is_empty() {
        return Err(usage(
            &["directory"],
            "DIR is empty; name a directory on the disk that is to carry etcd",
        ));
    }
    if args.directory.to_str().is_none() {
        return Err(usage(
            &["directory"],
            format!(
                "{}: the name is not UTF-8, which a result file cannot hold; name the directory by another path",
                args.directory.display()
            ),
        ));
    }
    std::path::absolute(&args.directory).map_err(Error::io("resolve", &args.directory))
}

fn workload(args: &DiskSpec) -> Result<Workload> {
    let key_size = args.key_size.unwrap_or(u64::from(KEY_SIZE));
    let val_size = args.val_size.unwrap_or(u64::from(VAL_SIZE));
    if key_size == 0 {
        return Err(usage(
            &["--key-size"],
            "--key-size must be at least 1: etcd refuses an empty key",
        ));
    }
    let room = MAX_REQUEST_BYTES - REQUEST_OVERHEAD;
    if key_size.saturating_add(val_size) > room {
        let name = if key_size > val_size { "--key-size" } else { "--val-size" };
        return Err(usage(
            &[name],
            format!(
                "{name}: {} of key and {} of value do not fit into etcd's --max-request-bytes of 1.5 MiB; \
             together they may have {room} bytes",
                format_bytes(key_size),
                format_bytes(val_size),
            ),
        ));
    }
    let batch_interval_ns = lasting(
        "--backend-batch-interval",
        args.backend_batch_interval.unwrap_or(BATCH_INTERVAL_NS),
        MIN_BATCH_INTERVAL_NS,
        MAX_BATCH_INTERVAL_NS,
    )?;
    Ok(Workload {
        load: load(args)?,
        // Both are below `MAX_REQUEST_BYTES`.
        key_size: key_size as u32,
        val_size: val_size as u32,
        batch_interval_ns,
        batch_limit: within(
            "--backend-batch-limit",
            args.backend_batch_limit.unwrap_or(BATCH_LIMIT),
            1,
            u64::from(u32::MAX),
        )?,
    })
}

fn load(args: &DiskSpec) -> Result<Load> {
    let Some(clients) = args.clients else {
        let rate = args.rate.unwrap_or(RATE);
        if !(rate > 0.0 && rate <= MAX_RATE) {
            return Err(usage(
                &["--rate"],
                format!(
                    "--rate {rate} is not a rate; it must be above 0 and at most {MAX_RATE} puts per second"
                ),
            ));
        }
        let arrival = match args.arrival {
            None | Some(ArrivalArg::Poisson) => Arrival::Poisson,
            Some(ArrivalArg::Constant) => Arrival::Constant,
        };
        return Ok(Load::Open { rate, arrival });
    };
    if args.rate.is_some() {
        return Err(usage(
            &["--rate", "--clients"],
            "--rate (open loop) and --clients (closed loop) contradict each other; drop one of them",
        ));
    }
    if args.arrival.is_some() {
        return Err(usage(
            &["--arrival", "--clients"],
            "--arrival is about open loop, and --clients asks for closed loop; drop one of them",
        ));
    }
    Ok(Load::Closed { clients: within("--clients", clients, 1, MAX_CLIENTS)? })
}

/// Heartbeat interval and election timeout as etcd's `Config.Validate` wants them.
fn timing(args: &DiskSpec) -> Result<(u64, u64)> {
    let heartbeat_ns = args.heartbeat_interval.unwrap_or(HEARTBEAT_NS);
    let election_ns = args.election_timeout.unwrap_or(ELECTION_NS);
    for (flag, value) in
        [("--heartbeat-interval", heartbeat_ns), ("--election-timeout", election_ns)]
    {
        if value == 0 || !value.is_multiple_of(MS_NS) {
            return Err(usage(
                &[flag],
                format!(
                    "{flag} {} is not a whole number of milliseconds above 0; etcd takes nothing finer",
                    exact_duration(value)
                ),
            ));
        }
    }
    if election_ns > MAX_ELECTION_NS {
        return Err(usage(
            &["--election-timeout"],
            format!(
                "--election-timeout {} is too long; etcd takes at most {}",
                exact_duration(election_ns),
                exact_duration(MAX_ELECTION_NS)
            ),
        ));
    }
    let wanted_ns = heartbeat_ns.saturating_mul(HEARTBEATS_PER_ELECTION);
    if election_ns < wanted_ns {
        return Err(usage(
            &["--election-timeout", "--heartbeat-interval"],
            format!(
                "--election-timeout {} is less than {HEARTBEATS_PER_ELECTION} times --heartbeat-interval {}, and etcd \
             would not start; make it at least {}, or the heartbeat shorter",
                exact_duration(election_ns),
                exact_duration(heartbeat_ns),
                exact_duration(wanted_ns)
            ),
        ));
    }
    Ok((heartbeat_ns, election_ns))
}

fn profile(args: &DiskSpec) -> Result<String> {
    let name = args.profile.as_deref().unwrap_or(PROFILE);
    let known: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
    if known.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(usage(
            &["--profile"],
            format!("--profile: {}", suggest::unknown("profile", name, &known)),
        ))
    }
}

fn rules(args: &DiskSpec) -> Result<Vec<Rule>> {
    let checked = args.rules.iter().map(|rule| {
        let parsed = Rule::parse(rule, DISK_SERIES);
        parsed.map_err(|why| usage(&["--rule"], format!("--rule '{rule}': {why}")))
    });
    checked.collect()
}

/// The labels of a run, each key once.
///
/// # Errors
/// [`Error::Usage`] naming the key that was given twice.
pub fn labels(given: &[LabelArg]) -> Result<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    for LabelArg { key, value } in given {
        if labels.insert(key.clone(), value.clone()).is_some() {
            return Err(usage(
                &["--label"],
                format!("--label {key} is given twice; a key has one value"),
            ));
        }
    }
    Ok(labels)
}

fn sizes(plan: &DiskPlan) -> Result<()> {
    if plan.quota_bytes == 0 || plan.quota_bytes > MAX_QUOTA {
        return Err(usage(
            &["--quota"],
            format!(
                "--quota {} is outside what etcd recommends; it may be up to {}",
                exact_bytes(plan.quota_bytes),
                exact_bytes(MAX_QUOTA)
            ),
        ));
    }
    if plan.db_size_bytes > plan.quota_bytes {
        return Err(usage(
            &["--db-size", "--quota"],
            format!(
                "--db-size {} is more than --quota {}, and etcd would refuse to write; raise --quota or build less",
                exact_bytes(plan.db_size_bytes),
                exact_bytes(plan.quota_bytes)
            ),
        ));
    }
    Ok(())
}

fn max_bytes(args: &DiskSpec, plan: &DiskPlan) -> Result<u64> {
    let Some(max_bytes) = args.max_bytes else {
        return Ok(default_max_bytes(plan));
    };
    let least = least(plan).max(1 << 20);
    if max_bytes < least {
        return Err(usage(
            &["--max-bytes", "--rate", "--db-size", "--neighbour"],
            format!(
                "--max-bytes {} is too little: this plan writes at least {} in {}; raise it, or plan a shorter run, a \
             lower --rate, a smaller --db-size or a slower --neighbour",
                exact_bytes(max_bytes),
                format_bytes(least),
                format_duration(plan.duration_ns())
            ),
        ));
    }
    Ok(max_bytes)
}

/// A length of time between two others.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) with the flag and both.
pub(super) fn lasting(flag: &'static str, ns: u64, low_ns: u64, high_ns: u64) -> Result<u64> {
    if (low_ns..=high_ns).contains(&ns) {
        return Ok(ns);
    }
    let [ns, low, high] = [ns, low_ns, high_ns].map(exact_duration);
    Err(usage(&[flag], format!("{flag} {ns} is outside {low} to {high}")))
}

pub(super) fn within<T: PartialOrd + std::fmt::Display>(
    flag: &'static str,
    value: T,
    low: T,
    high: T,
) -> Result<T> {
    if (&low..=&high).contains(&&value) {
        Ok(value)
    } else {
        Err(usage(&[flag], format!("{flag} {value} is out of range; it must be {low} to {high}")))
    }
}

/// A neighbour that nothing is measured beside is a mistake.
pub(super) fn have_a_phase(plan: &DiskPlan) -> Result<()> {
    let beside = |name: &str| neighbour::PHASES_BESIDE.contains(&name);
    if plan.neighbours.is_empty() || plan.phases.iter().any(|phase| beside(&phase.name)) {
        return Ok(());
    }
    Err(usage(
        &["--neighbour", "--phases"],
        format!(
            "--neighbour works beside the phases {}, and --phases leaves them all out; add one, or drop --neighbour",
            neighbour::PHASES_BESIDE.join(", ")
        ),
    ))
}
