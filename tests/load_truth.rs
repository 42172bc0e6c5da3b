//! The number can be believed: a stall costs every request that was due in it, requests leave when they are due, and
//! another client sees the same latencies.

mod support;

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::clients::{self, ClosedLoop};
use support::etcd::Etcd;
use support::load::{self, errors, quantile, steady};
use support::needs::{Need, needs};
use support::null_server::{Behaviour, NullServer};
use support::probe;
use support::quiet::quiet;
use support::sides::median;

fn etcd(directory: &Path) -> Etcd {
    Etcd::start(Path::new("etcd"), directory, |program| {
        Command::new(program)
    })
}

/// What two cores need at most for a thousand puts at once, with an unoptimised client on the same two.
const CATCH_UP: Duration = Duration::from_millis(200);

/// Stops etcd for two seconds in the midst of a load; how long it really was.
fn stall(etcd: &Etcd, driving: &load::Driving) -> Duration {
    driving.until("steady");
    sleep(Duration::from_secs(3));
    let began = Instant::now();
    etcd.signal(Signal::STOP);
    sleep(Duration::from_secs(2));
    etcd.signal(Signal::CONT);
    began.elapsed()
}

#[test]
fn a_stall_is_charged_to_every_request_due_in_it() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let scratch = probe::scratch();
    let etcd = etcd(scratch.path());
    let driving = load::start(
        &etcd.address(),
        "put --rate 500 --duration 20s --warmup 1s --conns 2",
    );
    let stalled = stall(&etcd, &driving);
    let run = driving.wait().read();
    let response = &steady(&run, "put.response").total;
    assert_eq!((response.count(), errors(&run, "put.service")), (10_000, 0));
    // Of the requests, this share was due while etcd stood still; their waits are spread evenly over its length.
    let share = stalled.as_secs_f64() / 20.0;
    for q in [0.92, 0.95, 0.99, 0.995, 0.999] {
        let behind = (1.0 - q) / share;
        let expected = stalled.as_secs_f64() * (1.0 - behind);
        // What had piled up is answered in turn: the last of a thousand after as long as etcd takes for all of them.
        let catching_up = CATCH_UP.as_secs_f64() * behind;
        let told = quantile(&run, "put.response", q).as_secs_f64();
        assert!(
            (0.95 * expected..1.05 * (expected + catching_up)).contains(&told),
            "p{}: {told:.3} s, not {expected:.3} s",
            q * 100.0
        );
    }
    // Nothing else waited.
    assert!(quantile(&run, "put.response", 0.85) < Duration::from_millis(50));
    // The generator itself was on time throughout.
    assert!(quantile(&run, "put.lag", 0.99) < Duration::from_millis(20));
}

#[test]
fn what_waits_for_a_free_client_counts_from_when_it_was_due() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let scratch = probe::scratch();
    let etcd = etcd(scratch.path());
    // With four puts at a time, those due in the stall leave only after it: from their sending on they would be quick.
    let driving = load::start(
        &etcd.address(),
        "watch --streams 1 --watches-per-stream 1 --rate 100 --duration 10s --warmup 0s --conns 1 --max-in-flight 4 \
         --command-timeout 10s",
    );
    let stalled = stall(&etcd, &driving);
    let run = driving.wait().finished.read();
    assert_eq!(steady(&run, "watch.event").total.count(), 1_000);
    // A fifth of all was due while etcd stood still; half of those waited longer than half of it.
    let expected = stalled.as_secs_f64() / 2.0;
    for series in ["watch.event", "put.response"] {
        let half = quantile(&run, series, 0.9).as_secs_f64();
        assert!(
            (0.9 * expected..1.3 * expected).contains(&half),
            "{series}: {half:.3} s"
        );
        assert!(quantile(&run, series, 0.7) < Duration::from_millis(100));
    }
    assert!(quantile(&run, "put.service", 0.9) < Duration::from_millis(100));
}

/// What makes the test before this one worth its time.
#[test]
fn a_closed_loop_would_not_see_it() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let scratch = probe::scratch();
    let etcd = etcd(scratch.path());
    let driving = load::start(
        &etcd.address(),
        "put --clients 2 --conns 2 --duration 10s --warmup 1s",
    );
    stall(&etcd, &driving);
    let run = driving.wait().read();
    assert!(quantile(&run, "put.service", 0.99) < Duration::from_millis(100));
    let worst = Duration::from_nanos(steady(&run, "put.service").total.max_ns());
    assert!(worst > Duration::from_millis(1900), "{worst:?}");
    let series = &run.phase("steady").expect("it ran").series;
    assert!(
        series.iter().all(|s| s.series != "put.response"),
        "nothing was due"
    );
}

#[test]
fn etcd_client_sees_the_same_latencies() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let scratch = probe::scratch();
    let etcd = etcd(scratch.path());
    for clients in [1, 10] {
        let ratios = |q: f64| {
            let pair = |_| {
                let theirs = clients::drive(&etcd, as_many(clients)).latency(q);
                let more = format!(
                    "put --clients {clients} --conns 1 --key-size 32 --val-size 256 --duration 2s --warmup 500ms"
                );
                let run = load::run(&etcd.address(), &more).read();
                quantile(&run, "put.service", q).as_secs_f64() / theirs.as_secs_f64()
            };
            median((0..3).map(pair).collect())
        };
        let ratio = ratios(0.5);
        // Ours has less to do itself, with ten clients on shared processors even more so; it must not see more.
        assert!(
            (0.6..1.15).contains(&ratio),
            "{clients} clients: {ratio:.2}"
        );
    }
}

fn as_many(clients: usize) -> ClosedLoop {
    ClosedLoop {
        clients,
        key_size: 32,
        val_size: 256,
        warm_up: Duration::from_millis(500),
        duration: Duration::from_secs(2),
    }
}

/// An unoptimised build takes longer from the timer to the socket.
const UNOPTIMISED: u32 = if cfg!(debug_assertions) { 2 } else { 1 };

/// Of a few attempts, for others may use this machine for a moment: the median and the 99th percentile of the lag of the
/// best.
fn least_lag(endpoint: &str, load: &str) -> (Duration, Duration) {
    const ATTEMPTS: usize = 3;
    let attempts = (0..ATTEMPTS).map(|_| {
        let run = load::run(endpoint, load).read();
        (
            quantile(&run, "put.lag", 0.5),
            quantile(&run, "put.lag", 0.99),
        )
    });
    attempts
        .min_by_key(|(_, p99)| *p99)
        .expect("there were attempts")
}

#[test]
fn requests_leave_when_they_are_due() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let scratch = probe::scratch();
    let etcd = etcd(scratch.path());
    let (p50, p99) = least_lag(&etcd.address(), "put --rate 2000 --duration 4s --warmup 1s");
    assert!(p50 < Duration::from_micros(50) * UNOPTIMISED, "p50 {p50:?}");
    assert!(
        p99 < Duration::from_micros(500) * UNOPTIMISED,
        "p99 {p99:?}"
    );
}

#[test]
fn a_rate_is_held() {
    let _quiet = quiet();
    let server = NullServer::start(Behaviour::default());
    let run = load::run(
        &server.endpoint(),
        "put --rate 10000 --duration 4s --warmup 1s",
    )
    .read();
    let steady = run.phase("steady").expect("it ran");
    let answered = steady
        .series("put.response")
        .expect("there were puts")
        .total
        .count();
    let reached = answered as f64 / 4.0;
    assert!((reached / 10_000.0 - 1.0).abs() < 0.01, "{reached}");
    let (_, p99) = least_lag(
        &server.endpoint(),
        "put --rate 2000 --duration 3s --warmup 1s",
    );
    assert!(
        p99 < Duration::from_micros(200) * UNOPTIMISED,
        "lag p99 {p99:?}"
    );
}
