//! What is typed, what becomes of it, and what is refused.

use proptest::prelude::*;

use super::testing::{plan, tried};
use super::*;
use crate::etcd::Security;
use crate::plan::Arrival;

const S: u64 = 1_000_000_000;

#[test]
fn a_word_alone_is_a_modest_load_that_says_a_lot() {
    let plan = plan("etcdbench load put");
    assert_eq!(plan.target, Target::Endpoints(vec!["http://127.0.0.1:2379".to_owned()]));
    let LoadPace::Open { steps, arrival, max_in_flight, .. } = &plan.pace else {
        panic!("a closed loop by default would drive a live cluster as hard as it can");
    };
    assert_eq!(steps.len(), 1);
    assert_eq!((steps[0].from_per_s, steps[0].duration_ns), (500.0, 30 * S));
    assert_eq!((*arrival, *max_in_flight), (Arrival::Constant, 10_000));
    assert_eq!((plan.connections, plan.threads), (10, 2));
    assert_eq!((plan.warmup_ns, plan.duration_ns), (3 * S, Some(30 * S)));
    assert_eq!((plan.keys.size, plan.keys.space, plan.preload), (64, 10_000, 0));
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
    assert_eq!(both, plan("etcdbench load put --rate 2000 --max-in-flight 100"));
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
    assert_eq!(plan("etcdbench load mixed --key-space-size 500").preload, 500);
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
fn there_is_a_number_for_each_object_that_is_created() {
    let alone = plan("etcdbench load create --rate 1000 --duration 60s --warmup 0s");
    assert_eq!((alone.preload, alone.keys.space), (0, 121_962));
    let mixed = plan("etcdbench load --mix create=1,txn=6,delete=1 --guarded --rate 800");
    assert_eq!((mixed.preload, mixed.keys.space), (10_000, 27_252));
    assert_eq!(mixed.keys.distribution, KeyDistribution::Uniform);
    let long = plan("etcdbench load --mix create=1,delete=1 --guarded --duration 100h");
    assert_eq!(long.keys.space, 10_000_000, "numbers are used again");
    let endless = plan("etcdbench load create --clients 10");
    assert_eq!((endless.preload, endless.keys.space), (0, 2_000_000));
    let small = plan("etcdbench load --mix create=1,delete=1 --guarded --key-space-size 9000");
    assert_eq!(small.preload, 4500);
}

#[test]
fn phases_are_those_there_are() {
    let names = |line: &str| -> Vec<String> {
        plan(line).phases().into_iter().map(|phase| phase.name).collect()
    };
    assert_eq!(names("etcdbench load put"), ["warmup", "steady", "cleanup"]);
    assert_eq!(names("etcdbench load put --warmup 0s --keep-keys"), ["steady"]);
    assert_eq!(
        names("etcdbench load mixed --rate 500..1500:+500/10s --verify"),
        ["preload", "warmup", "rate.1", "rate.2", "rate.3", "verify", "cleanup"]
    );
    assert_eq!(names("etcdbench load put --local"), ["warmup", "steady"]);
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
    assert_eq!(length("etcdbench load put --rate 100..300:+100/10s"), Some(33 * S));
    assert_eq!(length("etcdbench load put --rate 100 --total 1000"), Some(13 * S));
    assert_eq!(length("etcdbench load put --rate 100 --total 1000 --duration 5s"), Some(8 * S));
    assert_eq!(length("etcdbench load put --clients 5 --total 1000"), None);
}

#[test]
fn writes_are_counted_before_they_are_made() {
    let writes = |line: &str| plan(line).expected_writes();
    assert_eq!(writes("etcdbench load put"), Some(33 * 500));
    assert_eq!(writes("etcdbench load put --burst 300 --warmup 0s"), Some(30 * 500 + 300));
    assert_eq!(writes("etcdbench load mixed"), Some(10_000 + 33 * 250));
    assert_eq!(writes("etcdbench load txn --txn-ops 10 --rate 100 --warmup 0s"), Some(30_000));
    assert_eq!(
        writes("etcdbench load stm --stm-keys 4 --warmup 0s --preload 0"),
        Some(30 * 500 * 2)
    );
    assert_eq!(writes("etcdbench load range --clients 10 --preload 0"), Some(0));
    assert_eq!(writes("etcdbench load put --clients 10"), None);
    assert_eq!(writes("etcdbench load put --clients 10 --total 500 --warmup 0s"), Some(500));
    assert_eq!(writes("etcdbench load put --rate 100..300/20s --warmup 0s"), Some(4000));
}

#[test]
fn what_is_written_first_is_the_least_that_is_known_of_a_closed_loop() {
    let closed = plan("etcdbench load mixed --clients 10");
    assert_eq!(closed.expected_growth_bytes(), None);
    assert_eq!(closed.least_growth_bytes(), 10_000 * closed.bytes_per_write());
    let open = plan("etcdbench load put");
    assert_eq!(Some(open.least_growth_bytes()), open.expected_growth_bytes());
}

/// Against the `dbSize` of etcd 3.4.23 after 4,000 puts.
#[test]
fn growth_is_as_measured() {
    for (size, measured) in [("100", 1_011_712.0), ("3000", 16_498_688.0), ("10000", 41_127_936.0)]
    {
        let plan = plan(&format!("etcdbench load put --total 4000 --warmup 0s --val-size {size}"));
        let expected = plan.expected_growth_bytes().unwrap() as f64;
        assert!((expected / measured - 1.0).abs() < 0.04, "{size}: {expected}");
    }
}

#[test]
fn the_series_are_those_of_the_mix_and_the_pace() {
    assert_eq!(
        plan("etcdbench load --mix put=1,range=1").series(),
        ["put.response", "put.service", "put.lag", "range.response", "range.service", "range.lag"]
    );
    assert_eq!(plan("etcdbench load txn --clients 3").series(), ["txn.service"]);
    assert_eq!(plan("etcdbench load watch --clients 3").series(), ["put.service", "watch.event"]);
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
        "create --rate 100",
        "create --clients 5 --lease-ttl 3600",
        "--mix create=1,txn=6,delete=1 --guarded --rate 2000",
        "--mix create=1,txn=6,delete=1,range=4 --guarded --key-space-size 12000 --rate 100",
        "--mix create=1,delete=1 --guarded --preload 70000 --duration 1h",
        "create --lease-ttl 3600 --lease-keys 1000",
        "create --lease-ttl 15 --lease-keys 1 --lease-reuse 0s",
        "txn --lease-ttl 100 --lease-reuse 5s",
        "list-watch --rate 1",
        "list-watch --rate 1 --limit 500",
        "--mix range=1,list-watch=1 --read paged",
        "--mix range=1,list-watch=1 --read paged --limit 500",
        "--mix range=1,list-watch=1 --read revision --limit 7",
        "compact --rate 0.1 --compact",
        "--mix status=1,compact=2,create=30 --local --local-dir /srv",
        "--mix create=2,txn=6,delete=2 --guarded --streams 3 --watch-prev-kv",
        "txn --guarded --conflicts 2.5%",
        "stm --isolation ss --stm-keys 9 --stm-writes 30%",
        "put --rate 500..8000:+500/10s --burst 325 --arrival poisson",
        "put --rate 500..8000/60s --total 1000",
        "put --rate 500/30s",
        "put --rate 10/1s,20/1s,90/5s --warmup 0s",
        "put --rate 10 --total 100",
        "put --total 100 --duration 30s",
        "put --clients 10 --total 100 --duration 1h",
        "put --val-size lognormal=10KiB,30KiB,75KiB --changing 10%",
        "put --val-size 1..64KiB --compressible 0.35 --changing 12.5% --seed 9 --max-in-flight 77",
        "put --key-dist hotspot=10%:99% --key-space-size 1000000",
        "range --key-space-size 1000000 --preload 1000000",
        "range --preload 5 --keys-only",
        "range --read revision --consistency s",
        "put --local=3 --etcd /opt/etcd --local-dir /srv/x --quota 1GiB --etcd-arg=--pre-vote=true --connect leader",
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
    assert!(stored.contains("root") && !stored.contains("hunter2"), "{stored}");
}

#[test]
fn a_throwaway_etcd_needs_no_certificates() {
    let plan = plan("etcdbench load put --local --cacert ca.pem --user root:x --local-dir /srv");
    assert_eq!(plan.security, Security::default());
}

/// What may be driven.
const WORDS: &[&str] = &[
    "put",
    "range",
    "mixed",
    "txn",
    "txn-mixed",
    "delete",
    "watch",
    "lease",
    "stm",
    "--mix put=3,range=0.5",
    "--mix txn=1,txn-range=2,lease-grant=1",
    "--mix delete=5,put=5",
    "create",
    "list-watch",
    "--mix list-watch=1,range=1,status=1",
    "--mix create=1,txn=6,delete=1,range=2 --guarded",
    "--mix create=3,range=1",
];
/// With a number for N.
const FLAGS: &[&str] = &[
    "--rate N",
    "--rate N.5",
    "--rate 10..N:+7/3s",
    "--rate N..20/90s",
    "--rate N/1s,5/250ms",
    "--clients N",
    "--max-in-flight N",
    "--conns N",
    "--threads N",
    "--wire own",
    "--wire h2",
    "--burst N",
    "--arrival poisson",
    "--duration Ns",
    "--duration N50ms",
    "--total N",
    "--warmup Nms",
    "--prefix /p/",
    "--key-size N0",
    "--key-space-size N",
    "--key-dist zipfian=0.N",
    "--key-dist latest",
    "--key-dist hotspot=0.N:0.9",
    "--sequential-keys",
    "--val-size N",
    "--val-size 40..N00",
    "--compressible 0.N",
    "--changing N%",
    "--preload N",
    "--seed N",
    "--read prefix",
    "--read from",
    "--limit N",
    "--consistency s",
    "--keys-only",
    "--txn-ops N",
    "--guarded",
    "--prev-kv",
    "--lease-ttl N",
    "--streams N",
    "--watched-keys N",
    "--watch-prev-kv",
    "--rw-ratio N",
    "--isolation s",
    "--stm-keys N",
    "--stm-writes N%",
    "--verify",
    "--keep-keys",
    "--no-scrape",
    "--local=3 --local-dir /srv",
    "--connect leader",
    "--command-timeout Nms",
    "--read revision",
    "--lease-keys N",
    "--lease-reuse Ns",
    "--conflicts N%",
    "--val-size lognormal=N,N00,N000",
];

/// An operation and a handful of flags, as a restless person types them.
fn some_flags() -> impl Strategy<Value = String> {
    let flag = (prop::sample::select(FLAGS), 1u32..100);
    let flag = flag.prop_map(|(flag, n)| flag.replace('N', &n.to_string()));
    let flags = prop::collection::vec(flag, 0..5);
    (prop::sample::select(WORDS), flags)
        .prop_map(|(word, flags)| format!("{word} {}", flags.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_planned_can_be_asked_for_again(flags in some_flags()) {
        let typed = format!("etcdbench load {flags}");
        // Flags may be there twice, or contradict each other: then there is nothing to ask for again.
        if let Some(asked) = tried(&typed) {
            let again = tried(&asked.command());
            prop_assert_eq!(again.as_ref(), Some(&asked), "{} became {}", flags, asked.command());
        }
    }
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
