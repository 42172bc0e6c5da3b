//! Nonsense of every kind, and what is said about it.

use super::testing::refusal;

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
        "put --key-dist zipfan",
        &["--key-dist zipfan", "did you mean 'zipfian'?"],
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
    (
        "put --val-size normal=4KiB",
        &["'normal'", "lognormal=4KiB"],
    ),
    (
        "put --val-size lognormal=4KiB,10KiB",
        &["--val-size", "an end"],
    ),
    ("put --val-size lognormal=4KiB,1KiB,9KiB", &["not below it"]),
    (
        "put --val-size lognormal=4KiB,10KiB,30MiB",
        &["max-request-bytes"],
    ),
    (
        "watch --val-size lognormal=16,64,100",
        &["--val-size 16", "at least 32"],
    ),
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
    (
        "range --read revision --keys-only",
        &["--read revision", "drop --limit"],
    ),
    ("compact", &["everybody", "--compact", "--local"]),
    ("list-watch --limit 0", &["at least one key"]),
    ("list-watch --keys-only", &["--keys-only is about reads"]),
    ("txn-mixed --read paged", &["--read paged", "--read from"]),
    ("put --txn-ops 5", &["--txn-ops is about transactions"]),
    ("txn --txn-ops 129", &["--txn-ops 129", "1 to 128"]),
    (
        "txn --txn-ops 128 --val-size 64KiB",
        &["--txn-ops", "1.5 MiB"],
    ),
    (
        "put --guarded",
        &["--guarded", "txn or delete in the --mix"],
    ),
    ("txn --guarded --txn-ops 2", &["--guarded", "drop one"]),
    ("--mix create=1,put=1", &["txn in the --mix", "--guarded"]),
    ("--mix create=1,delete=1", &["add --guarded"]),
    ("create --key-dist latest", &["--key-dist", "drop"]),
    (
        "create --sequential-keys",
        &["--sequential-keys", "come and go"],
    ),
    (
        "create --rate 100 --duration 10s --warmup 0s --key-space-size 999",
        &["--key-space-size 999", "1,000 keys", "at least 1000"],
    ),
    (
        "--mix create=1,delete=3 --guarded --rate 4000 --duration 10s --warmup 0s",
        &["--preload 10000", "20,000 keys more", "at least 20800"],
    ),
    ("txn --conflicts 1%", &["--conflicts", "add --guarded"]),
    ("range --prev-kv", &["--prev-kv", "put or delete"]),
    ("range --lease-ttl 5", &["--lease-ttl"]),
    ("put --lease-ttl 0", &["--lease-ttl 0", "1 to"]),
    ("put --lease-keys 5", &["--lease-keys", "--lease-ttl"]),
    (
        "put --lease-ttl 5 --lease-keys 0",
        &["--lease-keys 0", "1 to"],
    ),
    ("range --lease-reuse 1s", &["--lease-reuse", "create"]),
    (
        "txn --txn-ops 5 --lease-ttl 5 --lease-keys 4",
        &["--lease-keys 4", "--txn-ops"],
    ),
    ("put --watched-keys 5", &["--watched-keys", "--streams"]),
    ("delete --streams 5", &["--streams", "put, create or txn"]),
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
    (
        "put --local --quota 33GiB",
        &["--quota 33GiB", "32GiB", "8GiB"],
    ),
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
    (
        "put --verify --key-space-size 20000000",
        &["--key-space-size 20000000", "--verify", "up to 10000000"],
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
