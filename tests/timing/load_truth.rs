//! The number can be believed: a stall costs every request that was due in it, requests leave when they are due, and
//! another client sees the same latencies.

use std::thread::sleep;
use std::time::{Duration, Instant};

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

/// How long etcd was stopped, at least and at most: whoever sends the signals may be kept waiting itself.
#[derive(Debug, Clone, Copy)]
struct Stalled {
    least: Duration,
    most: Duration,
}

/// Stops etcd for a second and a half in the midst of a load.
fn stall(etcd: &Etcd, driving: &load::Driving) -> Stalled {
    driving.until("steady");
    sleep(Duration::from_secs(1));
    let began = Instant::now();
    etcd.signal(Signal::STOP);
    let stopped = Instant::now();
    sleep(Duration::from_millis(1500));
    let least = stopped.elapsed();
    etcd.signal(Signal::CONT);
    Stalled { least, most: began.elapsed() }
}

/// The same under a load of so many puts a second, and how long etcd then took, by its own count, until it had written
/// all that were due.
fn stall_at(etcd: &Etcd, driving: &load::Driving, puts_per_s: f64) -> (Stalled, Duration) {
    driving.until("steady");
    let (began, before) = (Instant::now(), etcd.put_total());
    let stalled = stall(etcd, driving);
    let again = Instant::now();
    // A few are always under way.
    let due = || (began.elapsed() - UNDER_WAY).as_secs_f64() * puts_per_s;
    while etcd.put_total() - before < due() {
        assert!(again.elapsed() < 3 * stalled.most, "etcd does not catch up");
        sleep(Duration::from_millis(10));
    }
    (stalled, again.elapsed())
}

#[test]
fn a_stall_is_charged_to_every_request_due_in_it() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let etcd = Fresh::packaged();
    let more = format!("put --rate 500 --duration {LENGTH_S}s --warmup 1s --conns 2");
    let driving = load::start(&etcd.address(), &more);
    let stalled = stall_at(&etcd, &driving, 500.0);
    charged(&driving.wait().read(), stalled);
}

/// Length of the load that is stalled.
const LENGTH_S: u64 = 8;

/// That the puts due in a stall waited as long as it went on, and then until etcd had caught up.
fn charged(run: &Run, (stalled, catching_up): (Stalled, Duration)) {
    let length = LENGTH_S as f64;
    let response = &steady(run, "put.response").total;
    assert_eq!((response.count(), errors(run, "put.service")), (500 * LENGTH_S, 0));
    // Of the requests, this share was due while etcd stood still; their waits are spread evenly over its length. So the
    // wait that a share of all is behind ends that much before the stall does.
    let waited = |stalled: Duration, q: f64| stalled.as_secs_f64() - (1.0 - q) * length;
    for q in [0.85, 0.9, 0.95, 0.99, 0.995, 0.999] {
        let least = waited(stalled.least, q);
        // What had piled up is answered in turn, and none of it later than all of it.
        let most = waited(stalled.most, q) + (catching_up + READING).as_secs_f64();
        let told = quantile(run, "put.response", q).as_secs_f64();
        assert!(
            (0.95 * least..1.05 * most).contains(&told),
            "p{}: {told:.3} s, not {least:.3} s to {most:.3} s",
            q * 100.0
        );
    }
    // Nothing else waited: neither for etcd, nor in the generator.
    let calm = 1.0 - (stalled.most + catching_up + READING).as_secs_f64() / length - 0.03;
    assert!(quantile(run, "put.response", calm) < stalled.least / 10);
    assert!(quantile(run, "put.lag", 0.9) < stalled.least / 10);
}

#[test]
fn what_waits_for_a_free_client_counts_from_when_it_was_due() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let etcd = Fresh::packaged();
    // With four puts at a time, those due in the stall leave only after it: from their sending on they would be quick.
    let driving = load::start(
        &etcd.address(),
        "watch --streams 1 --watches-per-stream 1 --rate 100 --duration 5s --warmup 0s --conns 1 --max-in-flight 4 \
         --command-timeout 10s",
    );
    let stalled = stall(&etcd, &driving);
    let run = driving.wait().finished.read();
    assert_eq!(steady(&run, "watch.event").total.count(), 500);
    // Three tenths of all were due while etcd stood still: the wait that an eighth of all is behind ends as much of the
    // load's five seconds before the stall does.
    let behind = Duration::from_millis(625);
    let (least, most) = (stalled.least - behind, stalled.most - behind + most_late(&run));
    for series in ["watch.event", "put.response"] {
        let told = quantile(&run, series, 1.0 - 0.125);
        assert!(told > least.mul_f64(0.95) && told < most.mul_f64(1.05), "{series}: {told:?}");
        assert!(quantile(&run, series, 0.5) < stalled.least / 10, "{series}");
    }
    // Only the four under way saw the stall from their sending on.
    assert!(quantile(&run, "put.service", 0.9) < stalled.least / 10);
}

/// What a request took at most once it was sent, those apart that were under way when etcd was stopped.
fn most_late(run: &Run) -> Duration {
    READING + quantile(run, "put.service", 0.985)
}

/// What makes the test before this one worth its time.
#[test]
fn a_closed_loop_would_not_see_it() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let etcd = Fresh::packaged();
    let driving =
        load::start(&etcd.address(), "put --clients 2 --conns 2 --duration 4s --warmup 500ms");
    let stalled = stall(&etcd, &driving);
    let run = driving.wait().read();
    assert!(quantile(&run, "put.service", 0.9) < stalled.least / 10);
    let worst = Duration::from_nanos(steady(&run, "put.service").total.max_ns());
    assert!(worst > stalled.least.mul_f64(0.95), "{worst:?}");
    let series = &run.phase("steady").expect("it ran").series;
    assert!(series.iter().all(|s| s.series != "put.response"), "nothing was due");
}

#[test]
#[ignore = "long: ./scripts/test --all"]
fn another_client_sees_the_same_latencies() {
    needs!(Need::Program("etcd"));
    let _quiet = quiet();
    let etcd = Fresh::packaged();
    for clients in [1, 10] {
        let more = format!(
            "put --clients {clients} --conns 1 --key-size 32 --val-size 256 --duration 1s --warmup 300ms"
        );
        let theirs = || clients::drive(&etcd, as_many(clients)).latency(0.5).as_secs_f64();
        let ours = || {
            let run = load::run(&etcd.address(), &more).read();
            quantile(&run, "put.service", 0.5).as_secs_f64()
        };
        // In turn, so that what grows meanwhile is shared.
        let pair = |at: i32| {
            let (a, b) = if at % 2 == 0 { (ours(), theirs()) } else { (theirs(), ours()) };
            if at % 2 == 0 { a / b } else { b / a }
        };
        let ratios: Vec<f64> = (0..5).map(pair).collect();
        let ratio = median(ratios.clone());
        // Ours has less to do itself, with ten clients on shared processors even more so; it must not see more.
        assert!((0.55..1.15).contains(&ratio), "{clients} clients: {ratio:.2} of {ratios:.2?}");
    }
}

fn as_many(clients: usize) -> ClosedLoop {
    ClosedLoop {
        clients,
        key_size: 32,
        val_size: 256,
        warm_up: Duration::from_millis(300),
        duration: Duration::from_secs(1),
    }
}

/// An unoptimised build takes longer from the timer to the socket.
const UNOPTIMISED: u32 = if cfg!(debug_assertions) { 2 } else { 1 };
/// Loads, each with others beside it; the middle one counts.
const DEPARTED: usize = 5;
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
        let others = chores.done_for(Duration::from_millis(1500));
        let run = driving.wait().read();
        Departure {
            lag: [0.5, 0.99].map(|q| quantile(&run, "put.lag", q)),
            others: [0.5, 0.99].map(|q| others.quantile(q)),
        }
    }

    /// How late the load is as a share of its limit, or of what others explain: one at the median, one at the 99th
    /// percentile.
    fn shares(&self, limits: [Duration; 2]) -> [f64; 2] {
        [0, 1].map(|at| {
            let allowed = (limits[at] * UNOPTIMISED).max(self.others[at] * AS_LATE);
            self.lag[at].as_secs_f64() / allowed.as_secs_f64()
        })
    }

    fn tells(&self) -> bool {
        self.others[0] < TELLING
    }
}

const DEPARTURES: &str = "put --rate 2000 --duration 2s --warmup 300ms";

/// That requests leave in time: of a few loads that tell anything the middle one, at the median and the 99th percentile.
fn leave_in_time(endpoint: &str, limits: [Duration; 2]) {
    let chores = Chores::of(&load::run(endpoint, DEPARTURES).read(), 2000);
    let departed = [(); DEPARTED].map(|()| Departure::of(endpoint, chores));
    let telling: Vec<_> = departed.iter().filter(|departure| departure.tells()).collect();
    if telling.len() <= DEPARTED / 2 {
        needs::skipped("this machine is too busy to tell who is late");
        return;
    }
    for at in [0, 1] {
        let share = median(telling.iter().map(|one| one.shares(limits)[at]).collect());
        assert!(share < 1.0, "{share:.2} of what is allowed, beside {chores:?}: {departed:#?}");
    }
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
    // What is not optimised holds as much as this; `cargo bench --bench null_server` tells what a release build does.
    let more = "put --rate 4000 --duration 4s --warmup 500ms";
    let run = load::run(&server.endpoint(), more).read();
    let response = steady(&run, "put.response");
    // Each that was due, once; and as many are answered in a second as are due in it.
    assert_eq!((response.total.count(), errors(&run, "put.service")), (16_000, 0));
    let seconds: Vec<f64> = response.timeline.iter().map(|second| second.count as f64).collect();
    let reached = median(seconds.clone());
    assert!((reached / 4_000.0 - 1.0).abs() < 0.02, "{reached} of {seconds:?}");
}
