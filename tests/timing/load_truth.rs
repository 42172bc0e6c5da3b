//! The number can be believed: a stall costs every request that was due in it, requests leave when they are due, and
//! another client sees the same latencies.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::attempts::once_of_a_few;
use crate::support::clients::{self, ClosedLoop};
use crate::support::etcd::{Etcd, Fresh};
use crate::support::lateness::Chores;
use crate::support::load::{self, errors, quantile, steady};
use crate::support::needs::{self, Need, needs};
use crate::support::null_server::{Behaviour, NullServer};
use crate::support::quiet::quiet;
use crate::support::sides::median;
use etcdbench::result::Run;
use rustix::process::Signal;

/// Between the moment a put is due and that at which etcd counts it as written.
const UNDER_WAY: Duration = Duration::from_millis(50);
/// What an unoptimised client takes to read the answers of a thousand puts, after etcd has written them.
const READING: Duration = Duration::from_millis(200);

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

/// The same under a load of so many puts a second, and how long etcd then took, by its own count, until it had written
/// all that were due.
fn stall_at(etcd: &Etcd, driving: &load::Driving, puts_per_s: f64) -> (Duration, Duration) {
    driving.until("steady");
    let (began, before) = (Instant::now(), etcd.put_total());
    let stalled = stall(etcd, driving);
    let again = Instant::now();
    // A few are always under way.
    let due = || (began.elapsed() - UNDER_WAY).as_secs_f64() * puts_per_s;
    while etcd.put_total() - before < due() {
        assert!(again.elapsed() < stalled, "etcd does not catch up");
        sleep(Duration::from_millis(10));
    }
    (stalled, again.elapsed())
}

#[test]
fn a_stall_is_charged_to_every_request_due_in_it() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    once_of_a_few(|| {
        let etcd = Fresh::packaged();
        let more = "put --rate 500 --duration 20s --warmup 1s --conns 2";
        let driving = load::start(&etcd.address(), more);
        let stalled = stall_at(&etcd, &driving, 500.0);
        charged(&driving.wait().read(), stalled);
    });
}

/// That the puts due in a stall waited as long as it went on, and then until etcd had caught up.
fn charged(run: &Run, (stalled, catching_up): (Duration, Duration)) {
    let response = &steady(run, "put.response").total;
    assert_eq!((response.count(), errors(run, "put.service")), (10_000, 0));
    // Of the requests, this share was due while etcd stood still; their waits are spread evenly over its length.
    let share = stalled.as_secs_f64() / 20.0;
    for q in [0.92, 0.95, 0.99, 0.995, 0.999] {
        let behind = (1.0 - q) / share;
        let expected = stalled.as_secs_f64() * (1.0 - behind);
        // What had piled up is answered in turn, and none of it later than all of it.
        let most = expected + catching_up.as_secs_f64() + READING.as_secs_f64() * behind;
        let told = quantile(run, "put.response", q).as_secs_f64();
        assert!(
            (0.95 * expected..1.05 * most).contains(&told),
            "p{}: {told:.3} s, not {expected:.3} s to {most:.3} s",
            q * 100.0
        );
    }
    // Nothing else waited: neither for etcd, nor in the generator.
    let calm = 1.0 - share - catching_up.as_secs_f64() / 20.0 - 0.03;
    assert!(quantile(run, "put.response", calm) < stalled / 10);
    assert!(quantile(run, "put.lag", 0.99) < stalled / 10);
}

#[test]
fn what_waits_for_a_free_client_counts_from_when_it_was_due() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    once_of_a_few(|| {
        let etcd = Fresh::packaged();
        // With four puts at a time, those due in the stall leave only after it: from their sending on they would be
        // quick.
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
            assert!((0.9 * expected..1.3 * expected).contains(&half), "{series}: {half:.3} s");
            assert!(quantile(&run, series, 0.7) < Duration::from_millis(100));
        }
        assert!(quantile(&run, "put.service", 0.9) < Duration::from_millis(100));
    });
}

/// What makes the test before this one worth its time.
#[test]
fn a_closed_loop_would_not_see_it() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    once_of_a_few(|| {
        let etcd = Fresh::packaged();
        let driving =
            load::start(&etcd.address(), "put --clients 2 --conns 2 --duration 10s --warmup 1s");
        stall(&etcd, &driving);
        let run = driving.wait().read();
        assert!(quantile(&run, "put.service", 0.99) < Duration::from_millis(100));
        let worst = Duration::from_nanos(steady(&run, "put.service").total.max_ns());
        assert!(worst > Duration::from_millis(1900), "{worst:?}");
        let series = &run.phase("steady").expect("it ran").series;
        assert!(series.iter().all(|s| s.series != "put.response"), "nothing was due");
    });
}

#[test]
fn etcd_client_sees_the_same_latencies() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    once_of_a_few(|| {
        let etcd = Fresh::packaged();
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
            assert!((0.6..1.15).contains(&ratio), "{clients} clients: {ratio:.2}");
        }
    });
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
/// How often it is tried, for others may use this machine for a while.
const ATTEMPTS: usize = 6;
/// Where the machine lets nobody begin in time: so many times as late as others beside the load.
const AS_LATE: u32 = 3;
/// Where even others are as late as this more often than not, nothing can be told of the load: a timer of tokio, whose
/// tick is a millisecond, is not to be excused by a neighbour.
const TELLING: Duration = Duration::from_micros(250);

/// How late requests left, and others beside them: the median and the 99th percentile.
#[derive(Debug)]
struct Departure {
    lag: [Duration; 2],
    others: [Duration; 2],
}

impl Departure {
    /// Of a load on this server, beside others.
    fn of(endpoint: &str, chores: Chores) -> Self {
        let driving = load::start(endpoint, DEPARTURES);
        driving.until("steady");
        let others = chores.done_for(Duration::from_secs(3));
        let run = driving.wait().read();
        Departure {
            lag: [0.5, 0.99].map(|q| quantile(&run, "put.lag", q)),
            others: [0.5, 0.99].map(|q| others.quantile(q)),
        }
    }

    /// Whether the load is no later than the limits, or than others explain.
    fn in_time(&self, limits: [Duration; 2]) -> bool {
        let late = self.lag.iter().zip(self.others).zip(limits);
        late.into_iter()
            .all(|((&lag, others), limit)| lag < (limit * UNOPTIMISED).max(others * AS_LATE))
    }

    fn tells(&self) -> bool {
        self.others[0] < TELLING
    }
}

const DEPARTURES: &str = "put --rate 2000 --duration 4s --warmup 1s";

/// That requests leave in time, at the median and the 99th percentile, once in a few attempts that tell anything.
fn leave_in_time(endpoint: &str, limits: [Duration; 2]) {
    let chores = Chores::of(&load::run(endpoint, DEPARTURES).read(), 2000);
    let mut attempts = Vec::new();
    for _ in 0..ATTEMPTS {
        let departure = Departure::of(endpoint, chores);
        if departure.tells() && departure.in_time(limits) {
            return;
        }
        attempts.push(departure);
    }
    let silent = attempts.iter().all(|departure| !departure.tells());
    assert!(silent, "beside {chores:?}: {attempts:#?}");
    needs::skipped("this machine is too busy to tell who is late");
}

#[test]
fn requests_leave_when_they_are_due() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let etcd = Fresh::packaged();
    leave_in_time(&etcd.address(), [50, 500].map(Duration::from_micros));
}

#[test]
fn nothing_is_late_where_nothing_else_runs() {
    let _quiet = quiet();
    let server = NullServer::start(Behaviour::default());
    leave_in_time(&server.endpoint(), [50, 200].map(Duration::from_micros));
}

#[test]
fn a_rate_is_held() {
    let _quiet = quiet();
    let server = NullServer::start(Behaviour::default());
    let more = "put --rate 10000 --duration 4s --warmup 1s";
    once_of_a_few(|| {
        let run = load::run(&server.endpoint(), more).read();
        let reached = steady(&run, "put.response").total.count() as f64 / 4.0;
        assert!((reached / 10_000.0 - 1.0).abs() < 0.01, "{reached}");
    });
}
