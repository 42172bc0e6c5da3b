//! From what was typed to a plan of a load, or an error that names the flag and the way out.

use super::checks::{has, only_with};
use super::consistent::{compacts, remembered, sizes, verifiable, watched};
use super::types::ELECTION_NS;
use super::{
    Class, Faults, Isolation, LOAD_SERIES, LoadPlan, Operation, OperationSeries, Stm, Target,
    Watch, Weighted, Writes, class, events, faults, freshness, mix, pace, population, reads, shard,
    target,
};
use super::{keys, leases};
use crate::error::{Result, usage};
use crate::etcd::{Security, Wire};
use crate::plan::Connect;
use crate::plan::resolve::{HEARTBEAT_NS, MS_NS, SEED, within};
use crate::rule::Rule;
use crate::spec::{IsolationArg, LoadSpec, OperationArg, WireArg, WorkloadSpec};
use crate::units::exact_duration;

/// etcd's default `--max-txn-ops` (embed/config.go).
const MAX_TXN_OPS: u32 = 128;
/// Seconds that the leases live which lease operations are about, when nothing is said.
pub(super) const LEASE_TTL_S: u64 = 60;
/// etcd's longest lease (lease/lessor.go, `MaxLeaseTTL`).
const MAX_LEASE_TTL_S: u64 = 9_000_000_000;
/// Streams and watches on each, as etcd's benchmark has them (tools/benchmark/cmd/watch_latency.go).
pub(super) const STREAMS: u32 = 10;
pub(super) const WATCHES_PER_STREAM: u32 = 10;
const MAX_STREAMS: u32 = 100_000;
const MAX_WATCHES: u64 = 1_000_000;

/// Keys of a software transaction: one to read and one to write, so that there is something to guard.
pub(super) const STM_KEYS: u32 = 2;
pub(super) const STM_WRITES: f64 = 0.5;

impl LoadPlan {
    /// Checks and completes what was typed. Pure, but for the directory of `--local`, which is made absolute.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) with the flag and the way out; nothing has been touched.
    pub fn resolve(args: &LoadSpec) -> Result<Self> {
        let (classes, scale) = class::resolve(args)?;
        let mut plan = if classes.is_empty() {
            Self::resolve_one(args)?
        } else {
            Self::resolve_classes(args, classes, scale)?
        };
        for (_, part) in plan.parts() {
            population::check(&part)?;
            compacts(&part)?;
        }
        plan.faults = faults::resolve(args, &plan)?;
        plan.rules = rules(args, &plan)?;
        shard::resolve(args, &mut plan)?;
        Ok(plan)
    }

    fn resolve_classes(args: &LoadSpec, classes: Vec<Class>, scale: f64) -> Result<Self> {
        if args.total.is_some() {
            return Err(usage(
                &["--total", "--duration"],
                "--total counts operations of one kind, and each --class goes at a rate of its own; say --duration",
            ));
        }
        // Whatever a class says is replaced by what the classes come to.
        let whole = LoadSpec {
            workload: WorkloadSpec {
                operation: Some(OperationArg::Put),
                ..WorkloadSpec::default()
            },
            classes: Vec::new(),
            typed_classes: Vec::new(),
            scale: None,
            threads: None,
            ..args.clone()
        };
        let mut plan = Self::resolve_one(&whole)?;
        plan.take_classes(args, classes, scale);
        pace::check_threads(plan.threads, plan.connections)?;
        if plan.verify
            && !plan.parts().iter().any(|(_, part)| {
                part.verify && part.operations.iter().any(|w| w.operation.writes())
            })
        {
            return Err(usage(
                &["--verify"],
                "--verify reads back what was written, and no class writes keys that stay; drop it",
            ));
        }
        Ok(plan)
    }

    /// A load without classes.
    pub(super) fn resolve_one(args: &LoadSpec) -> Result<Self> {
        let workload = &args.workload;
        let operations = mix::resolve(workload)?;
        let connect = Connect::resolve(&args.connect)?;
        let watch = watch(workload, &operations)?;
        let values = keys::values(workload, stamped(args, watch.is_some()))?;
        let pace = pace::resolve(args, watch.is_some(), &values)?;
        let keys = keys::resolve(args, &operations, pace.expected_operations())?;
        let target = target::target(args, &connect.endpoints)?;
        let plan = LoadPlan {
            placement: target::placement(args, &target)?,
            // A throwaway etcd is plain, and knows nobody.
            security: match &target {
                Target::Local { .. } => Security::default(),
                Target::Endpoints(_) => connect.security,
            },
            target,
            connections: pace.connections,
            threads: pace.threads,
            wire: match args.wire {
                Some(WireArg::Own) => Wire::Own,
                Some(WireArg::H2) => Wire::H2,
                None => Wire::PREFERRED,
            },
            pace: pace.pace,
            preload: keys::preload(workload, &operations, keys.space)?,
            keys,
            values,
            reads: reads::reads(workload, &operations)?,
            writes: writes(workload, &operations)?,
            watch,
            stm: stm(workload, &operations)?,
            warmup_ns: pace.warmup_ns,
            duration_ns: pace.duration_ns,
            total: pace.total,
            timeout_ns: connect.command_timeout_ns,
            dial_timeout_ns: connect.dial_timeout_ns,
            verify: args.verify,
            keep_keys: args.keep_keys,
            compact: args.compact,
            defrag: args.defrag,
            allow_quota: args.allow_quota,
            allow_foreign: args.allow_foreign,
            faults: Faults::default(),
            scrape: !args.no_scrape,
            heartbeat_ns: heartbeat(args)?,
            election_ns: election(args)?,
            default_rules: !args.no_default_rules,
            rules: Vec::new(),
            seed: args.seed.unwrap_or(SEED),
            operations,
            classes: Vec::new(),
            scale: 1.0,
            shard: None,
            start: None,
            slice: None,
        };
        sizes(&plan)?;
        remembered(&plan)?;
        watched(&plan)?;
        verifiable(&plan)?;
        Ok(plan)
    }

    /// The series this load records.
    pub fn series(&self) -> Vec<String> {
        let mut series: Vec<String> =
            self.strands().iter().flat_map(OperationSeries::series).collect();
        let parts = self.parts();
        let watched = parts.iter().filter_map(|(class, part)| Some((*class, part.watch?)));
        for (class, watch) in watched {
            series.push(events(class));
            series.extend(watch.freshness.then(|| freshness(class)));
        }
        series
    }

    /// The series that a rule on this load may name: what it records, and what another load without classes would, so
    /// that it can be told what is missing.
    pub fn known_series(&self) -> Vec<String> {
        let mut known = self.series();
        let others = LOAD_SERIES.iter().map(|series| (*series).to_owned());
        known.extend(others.filter(|_| self.classes.is_empty()));
        known
    }
}

/// Who needs values to begin with a stamp.
fn stamped(args: &LoadSpec, watches: bool) -> Option<&'static str> {
    match (args.verify, watches) {
        (true, _) => Some("--verify"),
        (false, true) => Some("watches"),
        (false, false) => None,
    }
}

fn writes(args: &WorkloadSpec, operations: &[Weighted]) -> Result<Writes> {
    use Operation::{Create, Delete, LeaseGrant, LeaseKeepalive, Put, Stm, Txn, TxnRange};
    let (txn_ops, prev_kv) = ((args.txn_ops.is_some(), "--txn-ops"), args.prev_kv);
    only_with(operations, &[Txn, TxnRange], &[txn_ops], "transactions")?;
    let guarded = (args.guarded, "--guarded");
    only_with(operations, &[Txn, Delete], &[guarded], "transactions that write or delete")?;
    only_with(operations, &[Put, Delete], &[(prev_kv, "--prev-kv")], "puts and deletes")?;
    only_with(
        operations,
        &[Put, Create, Txn, Stm, LeaseKeepalive, LeaseGrant],
        &[(args.lease_ttl.is_some(), "--lease-ttl")],
        "writes and leases",
    )?;
    if args.conflicts.is_some() && !args.guarded {
        return Err(usage(
            &["--conflicts", "--guarded"],
            "--conflicts is about transactions that find a key changed; add --guarded",
        ));
    }
    let txn_operations = within("--txn-ops", args.txn_ops.unwrap_or(1), 1, MAX_TXN_OPS)?;
    if args.guarded && txn_operations > 1 {
        return Err(usage(
            &["--guarded", "--txn-ops"],
            "--guarded and --txn-ops contradict each other: an apiserver writes one key per transaction; drop one of \
             them",
        ));
    }
    if let Some(ttl_s) = args.lease_ttl {
        within("--lease-ttl", ttl_s, 1, MAX_LEASE_TTL_S)?;
    }
    let lease_ttl_s = args.lease_ttl.unwrap_or_else(|| default_lease_ttl(operations));
    Ok(Writes {
        lease_ttl_s,
        prev_kv,
        txn_operations,
        guarded: args.guarded,
        conflicts: args.conflicts.unwrap_or(0.0),
        shared_leases: leases::shared(args, operations, lease_ttl_s)?,
    })
}

/// Seconds that leases live when nothing is said; none without lease operations.
pub(super) fn default_lease_ttl(operations: &[Weighted]) -> u64 {
    if has(operations, &[Operation::LeaseKeepalive, Operation::LeaseGrant]) {
        LEASE_TTL_S
    } else {
        0
    }
}

fn watch(args: &WorkloadSpec, operations: &[Weighted]) -> Result<Option<Watch>> {
    let word = args.operation == Some(OperationArg::Watch);
    if !word && args.streams.is_none() {
        for (given, flag) in [
            (args.watches_per_stream.is_some(), "--watches-per-stream"),
            (args.watched_keys.is_some(), "--watched-keys"),
            (args.watch_prev_kv, "--watch-prev-kv"),
            (args.freshness, "--freshness"),
        ] {
            if given {
                return Err(usage(
                    &[flag, "--streams"],
                    format!(
                        "{flag} is about watches, and this load has none; use the operation watch, or say --streams"
                    ),
                ));
            }
        }
        return Ok(None);
    }
    let seen = [Operation::Put, Operation::Create, Operation::Txn];
    // Beside reads alone watches are idle, as most of an apiserver's are.
    if operations.iter().any(|w| w.operation.writes()) && !has(operations, &seen) {
        return Err(usage(
            &["--streams", "--mix"],
            "--streams: nothing is put that a watch could see; have put, create or txn in the --mix",
        ));
    }
    let streams = within("--streams", args.streams.unwrap_or(STREAMS), 1, MAX_STREAMS)?;
    let each = args.watches_per_stream.unwrap_or(WATCHES_PER_STREAM);
    let each = within("--watches-per-stream", each, 1, MAX_STREAMS)?;
    let all = u64::from(streams) * u64::from(each);
    if all > MAX_WATCHES {
        return Err(usage(
            &["--streams", "--watches-per-stream"],
            format!(
                "--streams {streams} with --watches-per-stream {each} are {all} watches; there may be {MAX_WATCHES}"
            ),
        ));
    }
    if args.watched_keys == Some(0) {
        return Err(usage(
            &["--watched-keys"],
            "--watched-keys 0 watches nothing; leave it out to watch the whole prefix",
        ));
    }
    Ok(Some(Watch {
        streams,
        watches_per_stream: each,
        keys: args.watched_keys.unwrap_or(0),
        prev_kv: args.watch_prev_kv,
        freshness: args.freshness,
    }))
}

fn stm(args: &WorkloadSpec, operations: &[Weighted]) -> Result<Stm> {
    only_with(
        operations,
        &[Operation::Stm],
        &[
            (args.isolation.is_some(), "--isolation"),
            (args.stm_keys.is_some(), "--stm-keys"),
            (args.stm_writes.is_some(), "--stm-writes"),
        ],
        "software transactions",
    )?;
    Ok(Stm {
        keys: within("--stm-keys", args.stm_keys.unwrap_or(STM_KEYS), 1, MAX_TXN_OPS)?,
        write_share: args.stm_writes.unwrap_or(STM_WRITES),
        isolation: match args.isolation {
            Some(IsolationArg::ReadCommitted) => Isolation::ReadCommitted,
            None | Some(IsolationArg::RepeatableReads) => Isolation::RepeatableReads,
            Some(IsolationArg::Serializable) => Isolation::Serializable,
            Some(IsolationArg::SerializableSnapshot) => Isolation::SerializableSnapshot,
        },
    })
}

fn heartbeat(args: &LoadSpec) -> Result<u64> {
    let ns = args.heartbeat_interval.unwrap_or(HEARTBEAT_NS);
    if ns == 0 || !ns.is_multiple_of(MS_NS) {
        return Err(usage(
            &["--heartbeat-interval"],
            format!(
                "--heartbeat-interval {} is not a whole number of milliseconds above 0; etcd takes nothing finer",
                exact_duration(ns)
            ),
        ));
    }
    Ok(ns)
}

/// etcd refuses one of less than five heartbeat intervals (embed/config.go, `Validate`).
fn election(args: &LoadSpec) -> Result<u64> {
    let heartbeat_ns = args.heartbeat_interval.unwrap_or(HEARTBEAT_NS);
    let least_ns = heartbeat_ns.saturating_mul(5);
    let ns = args.election_timeout.unwrap_or_else(|| ELECTION_NS.max(least_ns));
    if args.election_timeout.is_some() && ns < least_ns {
        return Err(usage(
            &["--election-timeout", "--heartbeat-interval"],
            format!(
                "--election-timeout {} is less than 5 times --heartbeat-interval {}, and etcd refuses that; {} is the \
                 least",
                exact_duration(ns),
                exact_duration(heartbeat_ns),
                exact_duration(least_ns)
            ),
        ));
    }
    Ok(ns)
}

fn rules(args: &LoadSpec, plan: &LoadPlan) -> Result<Vec<Rule>> {
    let known = plan.known_series();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let checked = args.rules.iter().map(|text| {
        let rule = Rule::parse(text, &known).and_then(|rule| {
            recorded(plan, rule.series.as_deref())?;
            Ok(rule)
        });
        rule.map_err(|why| usage(&["--rule"], format!("--rule '{text}': {why}")))
    });
    checked.collect()
}

/// Whether there will be a series to judge.
fn recorded(plan: &LoadPlan, series: Option<&str>) -> std::result::Result<(), String> {
    let Some(series) = series else {
        return Ok(());
    };
    let recorded = plan.series();
    if recorded.iter().any(|known| known == series) {
        return Ok(());
    }
    let does = |name: &str| plan.strands().iter().any(|strand| strand.name == name);
    match series.rsplit_once('.') {
        Some((name, "response" | "lag")) if does(name) => Err(format!(
            "clients that wait for each answer (closed loop) have no {series}, for nothing is due before its client \
             is free; judge {name}.service, or give --rate"
        )),
        _ => Err(format!("this load has no series '{series}'; it has {}", recorded.join(", "))),
    }
}
