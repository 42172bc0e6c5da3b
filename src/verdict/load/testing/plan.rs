//! The plan of a synthetic load.

use super::{MS, S};
use crate::etcd::{Security, Wire};
use crate::plan::{
    Arrival, Faults, Isolation, KeyDistribution, Keys, LoadPace, LoadPlan, Operation, Placement,
    RateStep, ReadShape, Reads, SizeDistribution, Stm, Target, Values, Weighted, Writes,
};

/// An open loop of these rates.
pub(super) fn open(steps: Vec<RateStep>) -> LoadPace {
    LoadPace::Open { steps, arrival: Arrival::Constant, burst: 0, max_in_flight: 10_000 }
}

/// A rate held for so many seconds.
pub(super) fn step(per_s: f64, seconds: u64) -> RateStep {
    RateStep { from_per_s: per_s, to_per_s: per_s, burst: 0, duration_ns: seconds * S }
}

/// Puts at 500/s against one member.
pub(super) fn plan() -> LoadPlan {
    LoadPlan {
        target: Target::Endpoints(vec!["http://10.0.0.1:2379".to_owned()]),
        security: Security::default(),
        placement: Placement::Spread,
        connections: 4,
        threads: 2,
        pace: open(vec![step(500.0, 30)]),
        operations: vec![Weighted { operation: Operation::Put, weight: 1.0 }],
        keys: Keys {
            prefix: None,
            size: 64,
            space: 100_000,
            distribution: KeyDistribution::Uniform,
        },
        values: Values {
            min_size: 1024,
            max_size: 1024,
            compressible: 0.0,
            changing: 1.0,
            distribution: SizeDistribution::Even,
        },
        reads: Reads {
            serializable: false,
            shape: ReadShape::Single,
            limit: 0,
            count_only: false,
            keys_only: false,
            list_page: 0,
        },
        writes: Writes {
            lease_ttl_s: 0,
            prev_kv: false,
            txn_operations: 1,
            guarded: false,
            conflicts: 0.0,
            shared_leases: None,
        },
        watch: None,
        stm: Stm { keys: 2, write_share: 0.5, isolation: Isolation::SerializableSnapshot },
        warmup_ns: 5 * S,
        duration_ns: Some(30 * S),
        total: None,
        timeout_ns: 5 * S,
        wire: Wire::PREFERRED,
        dial_timeout_ns: 2 * S,
        preload: 0,
        verify: false,
        keep_keys: false,
        compact: false,
        defrag: false,
        allow_quota: false,
        allow_foreign: false,
        faults: Faults::default(),
        scrape: true,
        heartbeat_ns: 100 * MS,
        election_ns: 1_000 * MS,
        default_rules: true,
        rules: Vec::new(),
        seed: 1,
        classes: Vec::new(),
        scale: 1.0,
        shard: None,
        start: None,
        slice: None,
    }
}
