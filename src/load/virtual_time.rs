//! A worker on a clock that is moved by hand, its connections within this process: when requests leave, what a server
//! that stands still costs, and when lost connections are made again, to the nanosecond and on any machine.

use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::DuplexStream;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::spawn_local;

use super::connection_spec::MemberAddress;
use super::gaps::Gaps;
use super::halt::Control;
use super::operation::Work;
use super::recorder::{RecordingContext, Terms};
use super::worker::{Worker, WorkerTotals};
use super::workload::{Workload, spans};
use crate::clock::Clock;
use crate::clock::driven::Driven;
use crate::cluster::Budget;
use crate::etcd::Endpoint;
use crate::plan::load::testing;
use crate::record::{Distribution, Emission, Pool};
use crate::wire::Dialer;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
/// When loads begin: connections are made before.
const BEGIN: u64 = S;
/// Timeouts are looked for this often.
const TICK: u64 = 20 * MS;

/// What becomes of a write that comes at this time of the load.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    /// Answered so much later.
    After(u64),
    /// Never answered.
    Never,
    /// The connection is closed.
    HangUp,
}

/// A server in this process.
struct Server {
    driven: &'static Driven,
    answer: fn(u64) -> Answer,
    /// When writes came, from the load's beginning.
    writes: Mutex<Vec<u64>>,
}

impl Server {
    /// The time since the load's beginning.
    fn now_ns(&self) -> u64 {
        self.driven.now_ns().saturating_sub(BEGIN)
    }

    async fn listen(self: Rc<Self>, mut accepted: mpsc::UnboundedReceiver<DuplexStream>) {
        while let Some(stream) = accepted.recv().await {
            spawn_local(Rc::clone(&self).serve(stream));
        }
    }

    async fn serve(self: Rc<Self>, stream: DuplexStream) {
        let mut http = h2::server::handshake(stream).await.expect("it speaks HTTP/2");
        let hang_up = Rc::new(Notify::new());
        loop {
            tokio::select! {
                () = hang_up.notified() => return,
                next = http.accept() => match next {
                    Some(Ok((request, respond))) => {
                        spawn_local(Rc::clone(&self).reply(request, respond, Rc::clone(&hang_up)));
                    }
                    _ => return,
                },
            }
        }
    }

    async fn reply(
        self: Rc<Self>,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
        hang_up: Rc<Notify>,
    ) {
        let is_write = request.uri().path() == "/etcdserverpb.KV/Put";
        let mut body = request.into_body();
        while let Some(data) = body.data().await {
            let data = data.expect("the request is whole");
            body.flow_control().release_capacity(data.len()).expect("it was received");
        }
        if is_write {
            let now_ns = self.now_ns();
            self.writes.lock().expect("nobody panicked").push(now_ns);
            match (self.answer)(now_ns) {
                Answer::After(0) => {}
                Answer::After(ns) => self.driven.reached(self.driven.now_ns() + ns).await,
                Answer::Never => std::future::pending().await,
                Answer::HangUp => return hang_up.notify_one(),
            }
        }
        // Whoever took back the request in the meantime does not wait for the answer.
        let _ = answered(&mut respond);
    }
}

/// An empty message and a good end.
fn answered(respond: &mut SendResponse<Bytes>) -> Result<(), h2::Error> {
    let mut head = Response::new(());
    head.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let mut stream: SendStream<Bytes> = respond.send_response(head, false)?;
    stream.send_data(Bytes::from_static(&[0; 5]), false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    stream.send_trailers(trailers)
}

/// What was seen of a load.
struct Seen {
    emissions: Vec<Emission>,
    /// When writes came to the server, from the load's beginning.
    writes: Vec<u64>,
    /// When connections were tried, from the load's beginning.
    dials: Vec<u64>,
    totals: WorkerTotals,
}

impl Seen {
    /// All samples of a series.
    fn series(&self, name: &str) -> Distribution {
        let mut all = Distribution::default();
        for emission in &self.emissions {
            if let Emission::Interval(interval) = emission
                && interval.series == name
            {
                all.merge(&Distribution::from_samples(&interval.samples));
            }
        }
        all
    }

    /// A quantile of a series.
    fn quantile(&self, name: &str, q: f64) -> u64 {
        self.series(name).quantile(q).expect("it has samples")
    }

    /// The number of the one event of a kind.
    fn number(&self, wanted: &str, name: &str) -> u64 {
        let mut found = self.emissions.iter().filter_map(|emission| match emission {
            Emission::Event { kind, detail, .. } if *kind == wanted => detail[name].as_u64(),
            _ => None,
        });
        let first = found.next().expect("it is told");
        assert_eq!(found.next(), None);
        first
    }

    /// Sent, answered, failed and never sent in a phase.
    fn tally(&self, span: usize) -> (u64, u64, u64, u64) {
        let tally = self.totals.tallies[span];
        (tally.sent, tally.answered, tally.failed, tally.unsent)
    }
}

/// Runs `etcdbench load put` with these flags against a server that answers so; no connection can be made while
/// `refuses`. Both HTTP/2 clients do, to the same nanosecond.
fn load(flags: &str, answer: fn(u64) -> Answer, refuses: fn(u64) -> bool) -> Seen {
    let [own, h2] =
        ["own", "h2"].map(|wire| load_by(&format!("--wire {wire} {flags}"), answer, refuses));
    assert_eq!(own.writes, h2.writes);
    assert_eq!(own.dials, h2.dials);
    assert_eq!(own.totals.tallies, h2.totals.tallies);
    for series in ["put.lag", "put.response", "put.service"] {
        assert_eq!(own.series(series), h2.series(series), "{series}");
    }
    own
}

fn load_by(flags: &str, answer: fn(u64) -> Answer, refuses: fn(u64) -> bool) -> Seen {
    let plan = Arc::new(testing::plan(&format!("etcdbench load put --warmup 0s {flags}")));
    let (clock, driven) = Clock::driven();
    let dials = Arc::new(Mutex::new(Vec::new()));
    let (dialled, accepted) = mpsc::unbounded_channel();
    let dialer = Dialer::in_memory({
        let dials = Arc::clone(&dials);
        Box::new(move || {
            let now_ns = driven.now_ns().saturating_sub(BEGIN);
            dials.lock().expect("nobody panicked").push(now_ns);
            if refuses(now_ns) {
                return Err(std::io::ErrorKind::ConnectionRefused.into());
            }
            let (ours, theirs) = tokio::io::duplex(1 << 20);
            dialled.send(theirs).expect("the server listens");
            Ok(ours)
        })
    });
    let (sink, emissions) = channel();
    let spans = spans(&plan);
    let context = RecordingContext {
        clock,
        start: Arc::new(OnceLock::from(BEGIN)),
        gaps: Arc::new(Gaps::new(spans.len(), 0)),
        spans,
        sink,
        pool: Pool::default(),
        terms: Arc::new(Terms::default()),
        reads_count: false,
    };
    let connections = plan.connections.into();
    let budget = Arc::new(Budget::unlimited());
    let work = Arc::new(Work::new(plan, "/t/", 1, budget, true));
    let workload = Arc::new(Workload::new(0, None, work, &context));
    let endpoint = Endpoint::parse("127.0.0.1:2379").expect("an address");
    let addresses = [MemberAddress { endpoint, member: None }];
    let worker = Worker {
        number: 0,
        specs: workload.specs(&addresses, 1, 0).swap_remove(0),
        connections,
        workload,
        control: Control::new(Arc::default()),
        dialer,
        auth: None,
        writing: None,
        cpu_ns: Arc::default(),
        in_flight: Arc::default(),
        grants_lease: true,
    };
    drop(context);
    let server = Rc::new(Server { driven, answer, writes: Mutex::default() });
    let totals = driven.run(worked(worker, Rc::clone(&server), accepted));
    let writes = std::mem::take(&mut *server.writes.lock().expect("nobody panicked"));
    let dials = std::mem::take(&mut *dials.lock().expect("nobody panicked"));
    Seen { emissions: told(&emissions), writes, dials, totals }
}

async fn worked(
    worker: Worker,
    server: Rc<Server>,
    accepted: mpsc::UnboundedReceiver<DuplexStream>,
) -> WorkerTotals {
    spawn_local(Rc::clone(&server).listen(accepted));
    let (ready, _readiness) = sync_channel(1);
    let (start, started) = oneshot::channel();
    let driven = server.driven;
    spawn_local(async move {
        driven.reached(BEGIN).await;
        start.send(BEGIN).expect("the worker is there");
    });
    worker.work(&ready, started).await
}

fn told(emissions: &Receiver<Emission>) -> Vec<Emission> {
    emissions.try_iter().collect()
}

fn at_once(_: u64) -> Answer {
    Answer::After(0)
}

fn never(_: u64) -> bool {
    false
}

/// Within the thousandth that a histogram is exact to.
#[track_caller]
fn about(got: u64, wanted: u64) {
    assert!(got.abs_diff(wanted) <= wanted / 1_000, "{got} and not {wanted}");
}

/// Whether these are multiples of a step in turn, but for what rounding takes.
fn evenly(times_ns: &[u64], step_ns: u64) -> bool {
    (0..).zip(times_ns).all(|(number, at_ns): (u64, _)| at_ns.abs_diff(number * step_ns) <= 1)
}

#[test]
fn requests_leave_when_they_are_due_and_not_a_nanosecond_later() {
    let seen = load("--rate 1000 --duration 2s --conns 3", at_once, never);
    assert_eq!(seen.tally(0), (2000, 2000, 0, 0));
    assert!(evenly(&seen.writes, MS));
    for series in ["put.lag", "put.response", "put.service"] {
        assert_eq!(seen.series(series).count(), 2000, "{series}");
        assert!(seen.series(series).max_ns() <= 1, "{series}");
    }
    assert_eq!(seen.dials.len(), 3);
}

#[test]
fn a_ramp_and_a_stair_have_the_rates_that_were_asked_for() {
    let seen = load("--rate 1..1000/10s,200/2s --conns 2", at_once, never);
    assert_eq!((seen.tally(0), seen.tally(1)), ((5005, 5005, 0, 0), (400, 400, 0, 0)));
    // The rate grows by 99.9/s a second: t + 49.95 t² have been due after t seconds.
    for (until_s, due) in [(2, 202), (5, 1254), (7, 2455)] {
        let sent = seen.writes.iter().filter(|&&at_ns| at_ns < until_s * S).count() as i32;
        assert!((sent - due).abs() <= 1, "{sent} and not {due} in {until_s} s");
    }
    let stair: Vec<u64> = seen.writes[5005..].iter().map(|at_ns| at_ns - 10 * S).collect();
    assert!(evenly(&stair, 5 * MS));
}

/// Stands still from the first to the third second.
fn stands_still(now_ns: u64) -> Answer {
    match now_ns {
        S..3_000_000_000 => Answer::After(3 * S - now_ns),
        _ => Answer::After(MS),
    }
}

#[test]
fn a_stall_is_charged_to_every_request_due_in_it() {
    let seen = load("--rate 1000 --duration 8s --conns 2", stands_still, never);
    assert_eq!(seen.tally(0), (8000, 8000, 0, 0));
    // A quarter of all was due in it; their waits are spread evenly from the two seconds of the first down to nothing.
    let response = seen.series("put.response");
    assert_eq!(response.max_ns(), 2 * S);
    assert_eq!(response.count_at_or_above(10 * MS), 1991);
    about(seen.quantile("put.response", 1.0 - 0.25 / 2.0), S);
    about(seen.quantile("put.response", 1.0 - 0.25 / 4.0), 3 * S / 2);
    about(seen.quantile("put.response", 0.74), MS);
    assert!(seen.series("put.lag").max_ns() <= 1, "all totals when they were due");
}

#[test]
fn what_waits_for_a_free_client_counts_from_when_it_was_due() {
    let flags = "--rate 1000 --duration 8s --conns 1 --max-in-flight 10";
    let seen = load(flags, stands_still, never);
    assert_eq!(seen.tally(0), (8000, 8000, 0, 0));
    // Ten were under way; the others left only when those were answered, and then ten every millisecond.
    let service = seen.series("put.service");
    assert_eq!(service.count_at_or_above(10 * MS), 10);
    let response = seen.series("put.response");
    assert_eq!(response.max_ns(), 2 * S);
    // Had they been timed from their sending on, half of the wait of half of them would be gone.
    about(seen.quantile("put.response", 1.0 - 0.25 / 4.0), 3 * S / 2 + 51 * MS);
    let lag = seen.series("put.lag");
    assert!(lag.count_at_or_above(S) >= 1000, "{}", lag.count_at_or_above(S));
}

#[test]
fn what_is_never_answered_waits_for_as_long_as_anybody_would() {
    let silent = |now_ns| if now_ns < S { Answer::After(0) } else { Answer::Never };
    let seen = load("--rate 100 --duration 2s --conns 1 --command-timeout 500ms", silent, never);
    assert_eq!(seen.tally(0), (200, 100, 100, 0));
    let response = seen.series("put.response");
    assert_eq!(response.count(), 200);
    assert_eq!(response.count_at_or_above(500 * MS), 100);
    assert!(response.max_ns() <= 500 * MS + TICK, "{}", response.max_ns());
}

#[test]
fn a_lost_connection_is_tried_again_ever_more_slowly() {
    let hangs_up = |now_ns| if now_ns == S { Answer::HangUp } else { Answer::After(0) };
    let away = |now_ns| (S..5_000_000_000).contains(&now_ns);
    let flags = "--rate 100 --duration 8s --conns 1 --command-timeout 10s";
    let seen = load(flags, hangs_up, away);
    let (_first, again) = seen.dials.split_first().expect("it connected");
    let gaps: Vec<u64> = again.windows(2).map(|pair| (pair[1] - pair[0]) / MS).collect();
    assert_eq!(again[0], S, "at once");
    assert_eq!(gaps, [10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000]);
    // It is back at the first attempt after the server is.
    let back_ns = S + gaps.iter().sum::<u64>() * MS;
    assert!((5 * S..6 * S).contains(&back_ns));
    assert_eq!(seen.number("connection.back", "gap_ns"), back_ns - S);
    // The one that was under way is lost; what was due meanwhile waits, and is charged with it.
    assert_eq!(seen.tally(0), (800, 799, 1, 0));
    let waited = (back_ns - S) / (10 * MS);
    let response = seen.series("put.response");
    assert!(response.count_at_or_above(10 * MS).abs_diff(waited) <= 2);
    let half = seen.quantile("put.response", 1.0 - waited as f64 / 800.0 / 2.0);
    assert!(half.abs_diff((back_ns - S) / 2) <= 10 * MS, "{half}");
}

#[test]
fn a_closed_loop_is_as_quick_as_its_answers() {
    let slow = |_| Answer::After(5 * MS);
    let seen = load("--clients 4 --conns 2 --duration 2s", slow, never);
    // Four clients, each of which begins one every 5 ms.
    assert_eq!(seen.tally(0), (1600, 1600, 0, 0));
    about(seen.quantile("put.service", 0.5), 5 * MS);
    assert_eq!(seen.series("put.response").count(), 0, "nothing was due");
}
