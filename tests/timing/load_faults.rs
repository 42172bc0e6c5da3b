//! A server that is wrong in every way gives errors by class, never a hang; and a large load is no large process.

use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::load::{self, errors, events, number, quantile, steady};
use crate::support::null_server::{Behaviour, Fault, NullServer};
use crate::support::probe;
use crate::support::quiet::quiet;
use etcdbench::result::Run;

/// Hits the 200th put and the `times - 1` after it; 0 is all.
fn faulty(fault: Fault, times: u64) -> NullServer {
    NullServer::start(Behaviour { fault: Some(fault), after: 200, times, ..Behaviour::default() })
}

/// Two seconds at 200/s against it, on one connection: the run, and how long it took.
fn driven(server: &NullServer) -> (Run, Duration) {
    let began = Instant::now();
    let more = "put --rate 200 --duration 2s --warmup 0s --conns 1 --threads 1 --command-timeout 500ms \
                --dial-timeout 1s --heartbeat-interval 100ms";
    let run = load::run(&server.endpoint(), more).read();
    (run, began.elapsed())
}

fn classes(run: &Run) -> Vec<&str> {
    let errors = &steady(run, "put.service").errors;
    errors.keys().map(String::as_str).collect()
}

/// All that were due are accounted for.
fn whole(run: &Run) {
    let service = steady(run, "put.service");
    let (answered, failed) = (service.total.count(), errors(run, "put.service"));
    assert_eq!(answered + failed, 400, "{failed} failed");
    assert_eq!(steady(run, "put.response").total.count(), 400, "response");
}

#[test]
fn an_error_status_is_told_by_its_class() {
    let _quiet = quiet();
    let told = [
        (14, "etcdserver: no leader", "no-leader"),
        (14, "etcdserver: request timed out", "server-timeout"),
        (14, "etcdserver: leader changed", "leader-changed"),
        (8, "etcdserver: mvcc: database space exceeded", "no-space"),
        // As 3.4 and 3.5 send it, and as later ones do.
        (2, "etcdserver: too many requests", "overload"),
        (8, "etcdserver: too many requests", "overload"),
        (2, "raft proposal dropped", "no-leader"),
    ];
    let check = |(code, message, class): (u32, &'static str, &str)| {
        let (run, took) = driven(&faulty(Fault::Status(code, message), 7));
        assert_eq!(classes(&run), [class], "{message}");
        assert_eq!(errors(&run, "put.service"), 7, "{message}");
        let texts = &steady(&run, "put.service").error_texts;
        assert_eq!(texts[class], [(message.to_owned(), 7)].into(), "{message}");
        whole(&run);
        assert!(took < Duration::from_secs(6), "{took:?}");
    };
    // What is told of them does not depend on time, so that they go side by side.
    std::thread::scope(|scope| {
        for one in told {
            scope.spawn(move || check(one));
        }
    });
}

#[test]
fn a_refusal_that_would_meet_every_request_ends_the_run() {
    let _quiet = quiet();
    let server = faulty(Fault::Status(7, "etcdserver: permission denied"), 0);
    let began = Instant::now();
    let driven = load::run(&server.endpoint(), "put --rate 200 --duration 30s --warmup 0s");
    assert!(began.elapsed() < Duration::from_secs(10));
    let told = format!("{}{}", driven.finished.stdout, driven.finished.stderr);
    assert!(told.contains("permission denied"), "{told}");
    let run = driven.finished.read();
    let why = run.halted().expect("it was halted");
    let endpoint = server.endpoint();
    let address = endpoint.trim_start_matches("http://");
    assert_eq!(why.matches(address).count(), 1, "{why}");
}

#[test]
fn keys_that_cannot_be_written_beforehand_are_told_at_once() {
    let _quiet = quiet();
    // The second batch of keys fails; eight thousand more would follow.
    let server = NullServer::start(Behaviour {
        fault: Some(Fault::Status(13, "etcdserver: out of sorts")),
        after: 1,
        times: 1,
        ..Behaviour::default()
    });
    let driven = load::run(
        &server.endpoint(),
        "put --rate 200 --duration 30s --conns 4 --threads 2 --key-space-size 1000000 --preload 1000000",
    );
    driven.refused(1, "could not write the keys to begin with");
    let written = server.seen().writes.load(Ordering::Relaxed);
    assert!(written < 400, "{written} batches were written all the same");
}

#[test]
fn an_answer_that_is_none_is_an_error_and_the_load_goes_on() {
    let _quiet = quiet();
    for fault in [Fault::BadMessage, Fault::NotGrpc, Fault::Reset] {
        let (run, _) = driven(&faulty(fault.clone(), 3));
        assert_eq!(errors(&run, "put.service"), 3, "{fault:?}: {:?}", classes(&run));
        whole(&run);
    }
}

#[test]
fn a_broken_connection_is_made_again() {
    let _quiet = quiet();
    for fault in [Fault::Garbage, Fault::CutOff] {
        let server = faulty(fault.clone(), 1);
        let (run, took) = driven(&server);
        let failed = errors(&run, "put.service");
        // Those under way, and those due until it was there again.
        assert!((1..60).contains(&failed), "{fault:?}: {failed} failed");
        whole(&run);
        assert!(!events(&run, "connection.lost").is_empty(), "{fault:?}");
        assert!(!events(&run, "connection.back").is_empty(), "{fault:?}");
        assert!(took < Duration::from_secs(6), "{took:?}");
    }
}

#[test]
fn a_connection_comes_back_although_its_token_is_of_yesterday() {
    let _quiet = quiet();
    let server = NullServer::start(Behaviour {
        fault: Some(Fault::CutOff),
        after: 200,
        times: 1,
        forgets_tokens: true,
        ..Behaviour::default()
    });
    let more = "put --rate 200 --duration 3s --warmup 0s --conns 1 --threads 1 --command-timeout 500ms \
                --user root:secret --no-scrape";
    let run = load::run(&server.endpoint(), more).finished.read();
    assert!(!events(&run, "connection.back").is_empty());
    let failed = errors(&run, "put.service");
    assert!(failed < 60, "{failed} failed: {:?}", classes(&run));
}

#[test]
fn a_server_that_says_goodbye_loses_no_request() {
    let _quiet = quiet();
    let server = faulty(Fault::GoAway, 1);
    let (run, _) = driven(&server);
    whole(&run);
    let failed = errors(&run, "put.service");
    assert!(failed < 20, "{failed} failed: {:?}", classes(&run));
}

#[test]
fn a_server_that_falls_silent_runs_into_the_timeout() {
    let _quiet = quiet();
    let (run, took) = driven(&faulty(Fault::Never, 0));
    assert_eq!(classes(&run), ["client-deadline"]);
    assert_eq!(errors(&run, "put.service"), 200);
    whole(&run);
    // Not answered: a wait of at least the timeout for half of all.
    assert!(quantile(&run, "put.response", 0.6) >= Duration::from_millis(499));
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn a_server_that_never_was_is_told_at_once() {
    let began = Instant::now();
    let driven = load::run("127.0.0.1:1", "put --duration 1s --dial-timeout 1s");
    driven.refused(1, "127.0.0.1:1");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_late_answer_is_late_in_full() {
    let _quiet = quiet();
    let by = Duration::from_millis(300);
    let (run, _) = driven(&faulty(Fault::Late(by), 100));
    whole(&run);
    // A quarter of all are late, the 200th to the 299th: the median of them is later by as much than that of the others.
    let (calm, late) =
        (quantile(&run, "put.response", 0.375), quantile(&run, "put.response", 0.875));
    let slack = Duration::from_millis(25);
    assert!(late + slack / 25 > calm + by && late < calm + by + slack, "{calm:?}, {late:?}");
    // No more than those are, and no fewer.
    let (last_calm, first_late) =
        (quantile(&run, "put.response", 0.7), quantile(&run, "put.response", 0.8));
    assert!(last_calm < by / 2 && first_late + slack / 25 > by, "{last_calm:?}, {first_late:?}");
}

#[test]
fn a_stopped_process_costs_what_was_due_meanwhile() {
    let _quiet = quiet();
    let server = faulty(Fault::StandStill(Duration::from_secs(1)), 1);
    let (run, _) = driven(&server);
    whole(&run);
    // The timeout is half a second: the requests due in the stall but for its last half second run into it, the others
    // wait evenly. A response of one that failed counts as its wait, which is the timeout at least.
    let stood = Duration::from_nanos(server.seen().stood_ns.load(Ordering::Relaxed));
    let expected = 200.0 * (stood.as_secs_f64() - 0.5);
    // Timeouts are looked for every 20 ms, and whoever looks and sends may be late itself.
    let late = 0.05 + quantile(&run, "put.lag", 1.0).as_secs_f64();
    let failed = errors(&run, "put.service");
    let off = (failed as f64 - expected).abs();
    assert!(off <= 200.0 * late, "{failed} failed in {stood:?}: {:?}", classes(&run));
    let calm = quantile(&run, "put.response", 0.4);
    assert!(calm < stood / 10, "{calm:?}");
}

#[test]
fn what_is_under_way_is_told_of_each_rate_and_of_the_moment() {
    let _quiet = quiet();
    // Quick at first; from the 150th put on, in the second step, half a second late.
    let server = NullServer::start(Behaviour {
        fault: Some(Fault::Late(Duration::from_millis(500))),
        after: 150,
        ..Behaviour::default()
    });
    let run =
        load::run(&server.endpoint(), "put --rate 50/2s,200/3s --warmup 0s --conns 1 --threads 1")
            .read();
    // 200/s for half a second are a hundred under way; more only by what is due while the longest of them waits.
    let longest_ns = probe::series(&run, "rate.2", "put.response").total.max_ns();
    let most: Vec<u64> = events(&run, "load.phase")
        .iter()
        .map(|event| load::detail(event, "in_flight_max"))
        .collect();
    let limit = 200.0 * (longest_ns as f64 / 1e9 + 0.02);
    assert!(most[0] < most[1] / 2, "{most:?}");
    assert!(most[1] >= 95 && most[1] as f64 <= limit, "{most:?}, at most {limit:.0}");
    let told: Vec<f64> = run
        .counters
        .iter()
        .filter(|line| line.source == "client")
        .filter_map(|line| line.values.get("in_flight").copied())
        .collect();
    let highest = told.iter().copied().fold(0.0, f64::max);
    assert!((50.0..=limit).contains(&highest), "{told:?}");
}

#[test]
fn a_limit_of_streams_makes_requests_wait() {
    let _quiet = quiet();
    let server = NullServer::start(Behaviour {
        fault: Some(Fault::Late(Duration::from_millis(100))),
        max_concurrent_streams: Some(10),
        ..Behaviour::default()
    });
    // Ten streams of 100 ms carry 100/s.
    let more = "put --clients 50 --conns 1 --threads 1 --duration 3s --warmup 0s";
    let run = load::run(&server.endpoint(), more).read();
    assert_eq!(errors(&run, "put.service"), 0);
    let answered = steady(&run, "put.service").total.count();
    assert!((200..=350).contains(&answered), "{answered} answered");
    assert!(server.seen().most_streams.load(Ordering::Relaxed) <= 12);
}

#[test]
fn a_thousand_connections_work() {
    let _quiet = quiet();
    let server = NullServer::start(Behaviour::default());
    let more = "put --clients 1000 --conns 1000 --duration 3s --warmup 1s";
    let run = load::run(&server.endpoint(), more).read();
    assert_eq!(errors(&run, "put.service"), 0);
    assert!(steady(&run, "put.service").total.count() > 3000);
    assert!(server.seen().connections.load(Ordering::Relaxed) >= 1000);
}

#[test]
fn ten_thousand_requests_in_flight_work() {
    let _quiet = quiet();
    let server = NullServer::start(Behaviour {
        fault: Some(Fault::Late(Duration::from_secs(2))),
        ..Behaviour::default()
    });
    let more = "put --rate 6000 --max-in-flight 10000 --conns 20 --duration 5s --warmup 0s";
    let run = load::run(&server.endpoint(), more).read();
    assert_eq!(errors(&run, "put.service"), 0);
    assert_eq!(number(&run, "load.phase", "in_flight_max"), 10_000);
    // 10,000 in flight for 2 s each are 5,000/s: what is due beyond waits before it is sent, and that counts.
    assert!(quantile(&run, "put.lag", 0.99) > Duration::from_millis(100));
}

#[test]
fn memory_does_not_grow_with_the_length_of_the_run() {
    let _quiet = quiet();
    let server = NullServer::start(Behaviour::default());
    let driving =
        load::start(&server.endpoint(), "put --clients 100 --conns 10 --duration 8s --warmup 0s");
    driving.until("steady");
    sleep(Duration::from_secs(2));
    let early = driving.resident_kib();
    sleep(Duration::from_secs(5));
    let late = driving.resident_kib();
    let run = driving.wait().read();
    // Hundreds of thousands of samples, unless the machine is busy. etcd's benchmark keeps 8 bytes of each.
    let puts = steady(&run, "put.service").total.count();
    assert!(puts > 20_000, "{puts} puts");
    assert!(late < early + 1024, "{early} KiB after 2 s, {late} KiB after 7 s");
}
