//! What is typed, what becomes of it, and what is refused.

use super::testing::{plan, refusal};
use super::*;
use crate::plan::Arrival;

const S: u64 = 1_000_000_000;

#[test]
fn a_word_alone_is_a_modest_load_that_says_a_lot() {
    let plan = plan("etcdbench load put");
    assert_eq!(
        plan.target,
        Target::Endpoints(vec!["http://127.0.0.1:2379".to_owned()])
    );
    let LoadPace::Open {
        steps,
        arrival,
        max_in_flight,
        ..
    } = &plan.pace
    else {
        panic!("a closed loop by default would drive a live cluster as hard as it can");
    };
    assert_eq!(steps.len(), 1);
    assert_eq!((steps[0].from_per_s, steps[0].duration_ns), (500.0, 30 * S));
    assert_eq!((*arrival, *max_in_flight), (Arrival::Constant, 10_000));
    assert_eq!((plan.connections, plan.threads), (10, 2));
    assert_eq!((plan.warmup_ns, plan.duration_ns), (3 * S, Some(30 * S)));
    assert_eq!(
        (plan.keys.size, plan.keys.space, plan.preload),
        (64, 10_000, 0)
    );
    assert_eq!((plan.values.min_size, plan.values.max_size), (1024, 1024));
    assert!(plan.scrape && !plan.keep_keys);
    assert_eq!(plan.command(), "etcdbench load put");
}

#[test]
fn the_line_of_etcds_benchmark_means_the_same() {
    let plan = plan(
        "etcdbench load put --conns 100 --clients 1000 --total 100000 --key-size 40 --val-size 256 \
         --key-space-size 5000 --sequential-keys",
    );
    assert_eq!(plan.pace, LoadPace::Closed { clients: 1000 });
    assert_eq!((plan.connections, plan.total), (100, Some(100_000)));
    assert_eq!((plan.duration_ns, plan.length_ns()), (None, None));
    assert_eq!(plan.keys.distribution, KeyDistribution::Sequential);
}

#[test]
fn clients_beside_a_rate_bound_what_is_under_way() {
    let both = plan("etcdbench load put --rate 2000 --clients 100");
    assert_eq!(
        both,
        plan("etcdbench load put --rate 2000 --max-in-flight 100")
    );
}

#[test]
fn large_values_are_held_to_fewer_requests_under_way() {
    let plan = plan("etcdbench load put --val-size 1MiB --rate 10");
    let LoadPace::Open { max_in_flight, .. } = plan.pace else {
        panic!("not an open loop");
    };
    assert_eq!(max_in_flight, 1024);
}

#[test]
fn what_is_read_is_there_first() {
    assert_eq!(plan("etcdbench load range").preload, 10_000);
    assert_eq!(
        plan("etcdbench load mixed --key-space-size 500").preload,
        500
    );
    assert_eq!(plan("etcdbench load mixed --preload 0").preload, 0);
    assert_eq!(plan("etcdbench load put").preload, 0);
}

#[test]
fn deletes_alone_have_a_key_each() {
    let timed = plan("etcdbench load delete --rate 100 --duration 10s --warmup 1s");
    assert_eq!((timed.keys.space, timed.preload), (1100, 1100));
    assert_eq!(timed.keys.distribution, KeyDistribution::Sequential);
    let unbounded = plan("etcdbench load delete --clients 10");
    assert_eq!(unbounded.preload, 100_000);
    let beside_puts = plan("etcdbench load --mix put=1,delete=1");
    assert_eq!(beside_puts.keys.distribution, KeyDistribution::Uniform);
}

#[test]
fn phases_are_those_there_are() {
    let names = |line: &str| -> Vec<String> {
        plan(line)
            .phases()
            .into_iter()
            .map(|phase| phase.name)
            .collect()
    };
    assert_eq!(names("etcdbench load put"), ["warmup", "steady", "cleanup"]);
    assert_eq!(
        names("etcdbench load put --warmup 0s --keep-keys"),
        ["steady"]
    );
    assert_eq!(
        names("etcdbench load mixed --rate 500..1500:+500/10s --verify"),
        [
            "preload", "warmup", "rate.1", "rate.2", "rate.3", "verify", "cleanup"
        ]
    );
    assert_eq!(
        names("etcdbench load put --rate 500..1500/10s --keep-keys --compact"),
        ["warmup", "steady", "cleanup"]
    );
}

#[test]
fn lengths_add_up() {
    let length = |line: &str| plan(line).length_ns();
    assert_eq!(length("etcdbench load put"), Some(33 * S));
    assert_eq!(length("etcdbench load put --clients 5"), Some(33 * S));
    assert_eq!(
        length("etcdbench load put --rate 100..300:+100/10s"),
        Some(33 * S)
    );
    assert_eq!(
        length("etcdbench load put --rate 100 --total 1000"),
        Some(13 * S)
    );
    assert_eq!(
        length("etcdbench load put --rate 100 --total 1000 --duration 5s"),
        Some(8 * S)
    );
    assert_eq!(length("etcdbench load put --clients 5 --total 1000"), None);
}

#[test]
fn writes_are_counted_before_they_are_made() {
    let writes = |line: &str| plan(line).expected_writes();
    assert_eq!(writes("etcdbench load put"), Some(33 * 500));
    assert_eq!(
        writes("etcdbench load put --burst 300 --warmup 0s"),
        Some(30 * 500 + 300)
    );
    assert_eq!(writes("etcdbench load mixed"), Some(10_000 + 33 * 250));
    assert_eq!(
        writes("etcdbench load txn --txn-ops 10 --rate 100 --warmup 0s"),
        Some(30_000)
    );
    assert_eq!(
        writes("etcdbench load stm --stm-keys 4 --warmup 0s --preload 0"),
        Some(30 * 500 * 2)
    );
    assert_eq!(
        writes("etcdbench load range --clients 10 --preload 0"),
        Some(0)
    );
    assert_eq!(writes("etcdbench load put --clients 10"), None);
    assert_eq!(
        writes("etcdbench load put --clients 10 --total 500 --warmup 0s"),
        Some(500)
    );
    assert_eq!(
        writes("etcdbench load put --rate 100..300/20s --warmup 0s"),
        Some(4000)
    );
}

#[test]
fn the_series_are_those_of_the_mix_and_the_pace() {
    assert_eq!(
        plan("etcdbench load --mix put=1,range=1").series(),
        [
            "put.service",
            "put.response",
            "put.lag",
            "range.service",
            "range.response",
            "range.lag"
        ]
    );
    assert_eq!(
        plan("etcdbench load txn --clients 3").series(),
        ["txn.service"]
    );
    assert_eq!(
        plan("etcdbench load watch --clients 3").series(),
        ["put.service", "watch.event"]
    );
}

/// Nonsense, and what the message must say: the flag and the way out.
const NONSENSE: &[(&str, &[&str])] = &[
    ("", &["name an operation", "--mix"]),
    ("put --mix put=1", &["--mix", "drop one"]),
    ("--mix put", &["--mix 'put'", "no weight"]),
    ("--mix put=0", &["'0' is not a weight of put"]),
    ("--mix put=-1", &["not a weight"]),
    ("--mix put=nan", &["not a weight"]),
    ("--mix put=1,put=2", &["'put' is there twice"]),
    ("--mix putt=1", &["did you mean 'put'?"]),
    ("--mix put=1,watch=1", &["--streams"]),
    ("--mix lease=1", &["lease-keepalive"]),
    ("put --rw-ratio 2", &["--rw-ratio is for mixed"]),
    ("mixed --rw-ratio 0", &["--rw-ratio 0", "above 0"]),
    ("mixed --rw-ratio -1", &["--rw-ratio -1", "above 0"]),
    ("put --rate 0", &["--rate 0", "above 0"]),
    ("put --rate -5", &["--rate -5", "above 0"]),
    ("put --rate fast", &["--rate fast", "500..8000"]),
    ("put --rate 2e6", &["--rate 2e6", "at most 1000000"]),
    (
        "put --rate 1..2/10s --duration 5s",
        &["--duration", "--rate", "drop"],
    ),
    ("put --clients 0", &["--clients 0", "1 to"]),
    (
        "put --clients 1000000",
        &["--clients 1000000", "1 to 100000"],
    ),
    ("put --clients 5 --burst 5", &["--burst", "add --rate"]),
    (
        "put --clients 5 --arrival poisson",
        &["--arrival", "add --rate"],
    ),
    (
        "put --clients 5 --max-in-flight 5",
        &["--max-in-flight", "add --rate"],
    ),
    (
        "put --rate 5 --clients 5 --max-in-flight 5",
        &["--clients", "--max-in-flight", "drop one"],
    ),
    ("put --conns 0", &["--conns 0", "1 to"]),
    ("put --conns 1000000", &["--conns 1000000", "1 to 50000"]),
    (
        "put --clients 5 --conns 10",
        &["--conns 10", "5", "raise --clients"],
    ),
    (
        "put --max-in-flight 5 --conns 10",
        &["raise --max-in-flight"],
    ),
    ("put --threads 0", &["--threads 0", "1 to"]),
    (
        "put --threads 11",
        &["--threads 11", "10 connections", "--conns"],
    ),
    ("put --total 0", &["--total 0", "at least 1"]),
    ("put --duration 1ms", &["--duration", "at least 100ms"]),
    ("put --duration 9000d", &["--duration", "up to 8760h"]),
    ("put --warmup 9000d", &["--warmup", "up to"]),
    ("put --prefix ''", &["--prefix ''", "everybody"]),
    ("put --key-size 0", &["--key-size 0", "1 to"]),
    (
        "put --key-size 23",
        &["--key-size 23", "20 bytes", "4 digits", "at least 24"],
    ),
    (
        "put --prefix abcdef --key-size 9",
        &["at least 10", "--prefix"],
    ),
    ("put --key-size 1MiB", &["--key-size", "65536"]),
    ("put --key-space-size 0", &["--key-space-size 0", "1 to"]),
    (
        "put --key-dist zipf",
        &["--key-dist zipf", "did you mean 'zipfian'?"],
    ),
    (
        "put --key-dist zipfian=1",
        &["'1' is no exponent", "below 1"],
    ),
    ("put --key-dist hotspot=20", &["20%:80%"]),
    ("put --key-dist hotspot=0%:80%", &["no hot spot"]),
    ("put --key-dist uniform=3", &["no parameter"]),
    (
        "put --sequential-keys --key-dist uniform",
        &["--sequential-keys", "drop one"],
    ),
    (
        "put --val-size 1.5MiB",
        &["--val-size", "max-request-bytes"],
    ),
    ("put --val-size 2GiB", &["--val-size", "max-request-bytes"]),
    ("put --val-size 4KiB..1KiB", &["turn them round"]),
    ("put --val-size large", &["--val-size large", "4096"]),
    (
        "put --val-size 16 --verify",
        &["--val-size 16", "--verify", "at least 32"],
    ),
    (
        "watch --val-size 8..64",
        &["--val-size 8", "watches", "at least 32"],
    ),
    ("put --changing 0%", &["--changing", "above 0%"]),
    (
        "put --preload 10001",
        &["--preload 10001", "--key-space-size"],
    ),
    (
        "range --key-space-size 1000000",
        &["--preload 1000000", "--preload 0"],
    ),
    ("put --limit 5", &["--limit is about reads", "--mix"]),
    ("put --read prefix", &["--read is about reads"]),
    ("range --limit 5", &["--limit", "--read prefix"]),
    (
        "range --count-only --keys-only",
        &["--count-only", "drop one"],
    ),
    (
        "range --read paged --count-only",
        &["--count-only", "--read prefix"],
    ),
    ("range --read paged --limit 0", &["at least one key"]),
    ("txn-mixed --read paged", &["--read paged", "--read from"]),
    ("put --txn-ops 5", &["--txn-ops is about transactions"]),
    ("txn --txn-ops 129", &["--txn-ops 129", "1 to 128"]),
    (
        "txn --txn-ops 128 --val-size 64KiB",
        &["--txn-ops", "1.5 MiB"],
    ),
    ("put --guarded", &["--guarded", "txn in the --mix"]),
    ("txn --guarded --txn-ops 2", &["--guarded", "drop one"]),
    ("range --prev-kv", &["--prev-kv", "put or delete"]),
    ("range --lease-ttl 5", &["--lease-ttl"]),
    ("put --lease-ttl 0", &["--lease-ttl 0", "1 to"]),
    ("put --watched-keys 5", &["--watched-keys", "--streams"]),
    ("range --streams 5", &["--streams", "put or txn"]),
    ("--mix put=1,delete=1 --streams 5", &["delete", "--mix"]),
    ("watch --streams 0", &["--streams 0", "1 to"]),
    (
        "watch --streams 10000 --watches-per-stream 1000",
        &["10000000 watches"],
    ),
    (
        "watch --watched-keys 0",
        &["--watched-keys 0", "whole prefix"],
    ),
    ("watch --watched-keys 101", &["100 watches"]),
    (
        "watch --watched-keys 50 --key-space-size 20",
        &["--key-space-size from 20"],
    ),
    ("put --stm-keys 5", &["--stm-keys", "stm in the --mix"]),
    ("stm --stm-keys 0", &["--stm-keys 0", "1 to 128"]),
    (
        "stm --stm-keys 9 --key-space-size 5",
        &["--stm-keys 9", "--key-space-size"],
    ),
    ("put --etcd /bin/etcd", &["--etcd", "add --local"]),
    ("put --quota 4GiB", &["--quota", "add --local"]),
    ("put --local --quota 9GiB", &["--quota 9GiB", "8GiB"]),
    ("put --local=0", &["--local 0", "1 to 7"]),
    (
        "put --local --connect followers",
        &["--connect followers", "--local=3"],
    ),
    (
        "put --local --connect 10.0.0.1:2379",
        &["--connect 10.0.0.1:2379", "leader"],
    ),
    (
        "put --connect leeder",
        &["--connect leeder", "leader", "127.0.0.1:2379"],
    ),
    (
        "put --heartbeat-interval 0",
        &["--heartbeat-interval", "above 0"],
    ),
    ("range --verify", &["--verify", "writes nothing"]),
    ("put --verify --lease-ttl 60", &["--lease-ttl", "drop one"]),
    (
        "put --rule 'put.respnse.p99 < 5ms'",
        &["did you mean 'put.response'?"],
    ),
    ("put --rule 'put.response.p99 < 5'", &["--rule", "unit"]),
    (
        "put --clients 5 --rule 'put.response.p99 < 5ms'",
        &["--rule 'put.response.p99 < 5ms'", "put.service", "--rate"],
    ),
    (
        "put --rule 'range.response.p99 < 5ms'",
        &["no series 'range.response'", "put.response"],
    ),
    (
        "put --rule 'watch.event.p99 < 5ms'",
        &["no series 'watch.event'"],
    ),
];

#[test]
fn nonsense_is_refused_with_the_flag_and_the_way_out() {
    let mut silent = Vec::new();
    for (flags, said) in NONSENSE {
        let message = refusal(&format!("etcdbench load {flags}"));
        for part in said.iter().filter(|part| !message.contains(**part)) {
            silent.push(format!("{flags} should say '{part}': {message}"));
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn the_command_asks_for_the_same_plan() {
    for flags in [
        "put",
        "range --consistency s --read paged --limit 100",
        "mixed --rw-ratio 3 --clients 50 --duration 2m",
        "mixed --mix put=60,range=35,delete=5 --key-dist zipfian",
        "txn --guarded --prefix '/my own/' --key-size 100",
        "txn-mixed --rw-ratio 0.125 --txn-ops 4 --read from --limit 7",
        "delete --rate 100 --duration 10s",
        "delete --clients 7",
        "watch",
        "watch --streams 3 --watches-per-stream 2 --watched-keys 6 --watch-prev-kv --rate 100",
        "--mix txn=1,range=2 --streams 10",
        "lease --lease-ttl 5 --clients 100 --conns 100 --threads 8",
        "stm --isolation ss --stm-keys 9 --stm-writes 30%",
        "put --rate 500..8000:+500/10s --burst 325 --arrival poisson",
        "put --rate 500..8000/60s --total 1000",
        "put --rate 500/30s",
        "put --rate 10/1s,20/1s,90/5s --warmup 0s",
        "put --rate 10 --total 100",
        "put --total 100 --duration 30s",
        "put --clients 10 --total 100 --duration 1h",
        "put --val-size 1..64KiB --compressible 0.35 --changing 12.5% --seed 9 --max-in-flight 77",
        "put --key-dist hotspot=10%:99% --key-space-size 1000000",
        "range --key-space-size 1000000 --preload 1000000",
        "range --preload 5 --keys-only",
        "put --local=3 --etcd /opt/etcd --local-dir /srv/x --quota 1GiB --connect leader",
        "put --local --local-dir /srv/x",
        "put --connect 127.0.0.1:2379",
        "put --endpoints a:1,b:2,[::1]:3 --connect b:2 --command-timeout 500ms --dial-timeout 7s",
        "put --endpoints https://a:1 --cacert '/etc/my ca.pem' --cert c.pem --key k.pem --connect https://a:1",
        "put --endpoints a:1 --insecure-skip-tls-verify --user root --connect a:1",
        "put --prev-kv --lease-ttl 30 --keep-keys --compact --defrag --allow-quota --allow-foreign",
        "put --verify --no-scrape --heartbeat-interval 250",
        "put --rule 'put.response.p99.9 < 50ms' --rule 'errors < 0.1%'",
    ] {
        let asked = plan(&format!("etcdbench load {flags}"));
        let again = plan(&asked.command());
        assert_eq!(again, asked, "{flags} became {}", asked.command());
    }
}

#[test]
fn a_password_is_in_no_plan_and_no_command() {
    let plan = plan("etcdbench load put --user root:hunter2 --password hunter2");
    assert_eq!(plan.command(), "etcdbench load put --user root");
    let stored = serde_json::to_string(&plan).unwrap();
    assert!(
        stored.contains("root") && !stored.contains("hunter2"),
        "{stored}"
    );
}

#[test]
fn a_throwaway_etcd_needs_no_certificates() {
    let plan = plan("etcdbench load put --local --cacert ca.pem --user root:x --local-dir /srv");
    assert_eq!(plan.security, Security::default());
}

#[test]
fn defaults_are_left_out() {
    for (typed, shown) in [
        ("put --rate 500 --conns 10 --threads 2 --seed 1", "put"),
        ("put --arrival constant --duration 30s --warmup 3s", "put"),
        ("mixed --rw-ratio 1 --preload 10000", "mixed"),
        ("watch --streams 10 --rate 100", "watch"),
        ("put --clients 3 --conns 3", "put --clients 3"),
        ("put --duration 1m", "put --duration 1m"),
        ("range --read paged --limit 500", "range --read paged"),
    ] {
        let command = plan(&format!("etcdbench load {typed}")).command();
        assert_eq!(command, format!("etcdbench load {shown}"));
    }
}
