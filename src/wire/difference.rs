//! Both HTTP/2 clients against the same servers: what they make of an answer is the same.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use h2::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::{LocalSet, spawn_local};

use super::http2::testing::{
    PREFACE, answer, block, flag, frame, go_away, head, kind, message, reset, settings, trailers,
    whole_frames, window,
};
use super::message::{LeaseId, Method};
use super::{Caller, Failure, frame as framed, start};
use crate::etcd::{Endpoint, ErrorClass, Wire};

type Outcome = Result<Vec<u8>, Failure>;

/// What a server does with its requests.
struct Script {
    /// Requests at once.
    requests: usize,
    /// Said when all of them have come.
    says: Vec<u8>,
    /// Whether the connection ends then.
    hangs_up: bool,
}

/// One request.
fn says(says: impl Into<Vec<u8>>) -> Script {
    Script { requests: 1, says: says.into(), hangs_up: false }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let within = async {
        tokio::time::timeout(Duration::from_secs(20), work).await.expect("everything has an end")
    };
    LocalSet::new().block_on(&runtime, within)
}

/// Waits for so many requests, which are all short.
async fn requests(io: &mut DuplexStream, count: usize) {
    messages(io, count, flag::END_STREAM).await;
}

/// Waits for so many messages with these flags.
async fn messages(io: &mut DuplexStream, count: usize, flags: u8) {
    let mut come = Vec::new();
    let there = |come: &[u8]| {
        whole_frames(come.get(PREFACE.len()..).unwrap_or_default())
            .iter()
            .filter(|frame| frame.kind == kind::DATA && frame.flags & flags == flags)
            .count()
    };
    while there(&come) < count {
        let mut piece = [0; 4096];
        let read = io.read(&mut piece).await.expect("the client writes");
        assert!(read > 0, "the client hung up after {} of {count}", there(&come));
        come.extend_from_slice(&piece[..read]);
    }
}

/// The outcomes of a script.
fn outcomes(wire: Wire, script: &Script) -> Vec<Outcome> {
    run(async {
        let (ours, mut theirs) = duplex(1 << 20);
        let Script { requests: count, says, hangs_up } = script;
        let (says, hangs_up, count) = (says.clone(), *hangs_up, *count);
        let serving = spawn_local(async move {
            theirs.write_all(&settings(&[])).await.expect("the client reads");
            requests(&mut theirs, count).await;
            theirs.write_all(&says).await.expect("the client reads");
            (!hangs_up).then_some(theirs)
        });
        let endpoint = Endpoint::parse("127.0.0.1:2379").expect("an address");
        let (caller, driver) = start(wire, ours, &endpoint, None).await.expect("it begins");
        spawn_local(async move {
            if let (_, Some(rest)) = driver.run().await {
                rest.run().await;
            }
        });
        let calls = (0..count).map(|_| ask(caller.clone()));
        let outcomes = join_all(calls).await;
        drop(serving.await);
        outcomes
    })
}

async fn ask(mut caller: Caller) -> Outcome {
    caller.call(Method::LeaseKeepAlive, &LeaseId(300)).await.map(|answer| answer.to_vec())
}

/// Both, which agree.
#[track_caller]
fn both(script: &Script) -> Vec<Outcome> {
    let [own, h2] = [Wire::Own, Wire::H2].map(|wire| outcomes(wire, script));
    assert_eq!(own, h2);
    own
}

#[track_caller]
fn one(script: &Script) -> Outcome {
    both(script).pop().expect("there was a request")
}

fn failed(class: ErrorClass, message: &str) -> Outcome {
    Err(Failure::new(class, message))
}

const GOOD: &[(&str, &str)] = &[("grpc-status", "0"), ("grpc-message", "")];

#[test]
fn good_answers() {
    let told = trailers(1, GOOD);
    let whole = message(1, b"a message");
    let body = &whole[9..];
    let in_pieces = body.chunks(3).flat_map(|piece| frame(kind::DATA, 0, 1, piece));
    let padded = frame(kind::DATA, flag::PADDED, 1, &[&[4][..], body, &[0; 4]].concat());
    let head_in_pieces = [
        frame(kind::HEADERS, flag::PRIORITY | flag::PADDED, 1, b"\x02\0\0\0\0\x10\x88\0\0"),
        frame(kind::CONTINUATION, 0, 1, &block(&[("x-any", "thing")])),
        frame(kind::CONTINUATION, flag::END_HEADERS, 1, b""),
    ]
    .concat();
    let meanwhile = frame(kind::HEADERS, flag::END_HEADERS, 1, &block(&[(":status", "103")]));
    let beside = [
        frame(kind::PRIORITY, 0, 1, b"\0\0\0\0\x10"),
        frame(0xbb, 0xff, 0, b"unknown"),
        frame(kind::PING, 0, 0, b"12345678"),
        settings(&[(4, 100_000), (3, 7)]),
        window(0, 100),
        window(1, 100),
    ]
    .concat();
    let cases = [
        [head(1), whole.clone(), told.clone()].concat(),
        [head(1), in_pieces.collect(), told.clone()].concat(),
        [head(1), padded, told.clone()].concat(),
        [head_in_pieces, whole.clone(), told.clone()].concat(),
        [meanwhile.clone(), meanwhile, head(1), whole.clone(), told.clone()].concat(),
        [beside.clone(), head(1), beside.clone(), whole.clone(), beside, told.clone()].concat(),
        // What follows the one message is of no interest.
        [head(1), whole.clone(), message(1, b"another"), told.clone()].concat(),
        [head(1), whole.clone(), frame(kind::DATA, 0, 1, b"none"), told].concat(),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        assert_eq!(one(&says(case)), Ok(b"a message".to_vec()), "case {number}");
    }
}

/// The last data of a request's answer.
fn last_data(bytes: &[u8]) -> Vec<u8> {
    frame(kind::DATA, flag::END_STREAM, 1, bytes)
}

/// Both clients make this of each answer.
#[track_caller]
fn agree(cases: &[(Vec<u8>, Outcome)]) {
    for (number, (case, wanted)) in cases.iter().enumerate() {
        assert_eq!(one(&says(case.clone())), *wanted, "case {number}");
    }
}

#[test]
fn bad_answers() {
    let whole = message(1, b"a message");
    let last = last_data;
    let only = |fields: &[(&str, &str)]| {
        let block = [b"\x88".to_vec(), block(fields)].concat();
        frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, &block)
    };
    let no_leader = [("grpc-status", "14"), ("grpc-message", "etcdserver%3A no%20leader%2")];
    let cut_short = failed(ErrorClass::Transport, "the answer ended without an outcome");
    agree(&[
        (only(&no_leader), failed(ErrorClass::NoLeader, "etcdserver: no leader%2")),
        (
            [head(1), trailers(1, &no_leader)].concat(),
            failed(ErrorClass::NoLeader, "etcdserver: no leader%2"),
        ),
        (
            [head(1), whole.clone(), trailers(1, &[("grpc-status", "13")])].concat(),
            failed(ErrorClass::Other, ""),
        ),
        (
            [head(1), trailers(1, GOOD)].concat(),
            failed(ErrorClass::Other, "the answer holds no message"),
        ),
        (
            [head(1), frame(kind::DATA, 0, 1, &whole[9..15]), trailers(1, GOOD)].concat(),
            failed(ErrorClass::Other, "the answer holds no message"),
        ),
        (only(GOOD), cut_short.clone()),
        (only(&[]), cut_short.clone()),
        ([head(1), last(&whole[9..])].concat(), cut_short.clone()),
        ([head(1), whole.clone(), trailers(1, &[])].concat(), cut_short.clone()),
        ([head(1), whole.clone(), trailers(1, &[("grpc-status", "good")])].concat(), cut_short),
    ]);
}

#[test]
fn answers_that_are_no_grpc_and_streams_that_are_reset() {
    let whole = message(1, b"a message");
    let last = last_data;
    let status = |told: &str| {
        let flags = flag::END_HEADERS | flag::END_STREAM;
        frame(kind::HEADERS, flags, 1, &block(&[(":status", told)]))
    };
    agree(&[
        (
            status("404"),
            failed(ErrorClass::Other, "the server answered 404 Not Found, which is no gRPC"),
        ),
        (
            status("299"),
            failed(
                ErrorClass::Other,
                "the server answered 299 <unknown status code>, which is no gRPC",
            ),
        ),
        (
            [head(1), last(b"HTTP/1.1 400 Bad Request")].concat(),
            failed(ErrorClass::Other, "the answer is no gRPC"),
        ),
        (
            [head(1), last(b"\x01\0\0\0\0")].concat(),
            failed(ErrorClass::Other, "the answer is no gRPC"),
        ),
        (
            reset(1, Reason::REFUSED_STREAM),
            failed(
                ErrorClass::NotSent,
                "stream error received: refused stream before processing any application logic",
            ),
        ),
        (
            reset(1, Reason::CANCEL),
            failed(ErrorClass::Transport, "stream error received: stream no longer needed"),
        ),
        (
            [head(1), whole, reset(1, Reason::INTERNAL_ERROR)].concat(),
            failed(
                ErrorClass::Transport,
                "stream error received: unexpected internal error encountered",
            ),
        ),
    ]);
}

#[test]
fn a_connection_that_ends() {
    let broken = failed(ErrorClass::Transport, "stream closed because of a broken pipe");
    let whole = message(1, b"a message");
    let cases = [Vec::new(), head(1), [head(1), whole.clone()].concat()];
    for says in cases {
        let script = Script { requests: 1, says, hangs_up: true };
        assert_eq!(one(&script), broken);
    }
    let script = Script { requests: 1, says: whole[..4].to_vec(), hangs_up: true };
    assert_eq!(one(&script), failed(ErrorClass::Transport, "bytes remaining on stream"));
    // Some have their answers, and only the others are lost.
    let says = [answer(5, b"c"), answer(1, b"a")].concat();
    let script = Script { requests: 3, says, hangs_up: true };
    assert_eq!(both(&script), [Ok(b"a".to_vec()), broken, Ok(b"c".to_vec())]);
}

#[test]
fn a_goaway_ends_only_what_the_server_has_not_looked_at() {
    let says = [go_away(3, Reason::NO_ERROR, b""), answer(3, b"b"), answer(1, b"a")].concat();
    let script = Script { requests: 4, says, hangs_up: false };
    let [own, h2] = [Wire::Own, Wire::H2].map(|wire| outcomes(wire, &script));
    let text = "connection error received: not a result of an error";
    for (outcomes, class) in [(own, ErrorClass::NotSent), (h2, ErrorClass::Transport)] {
        assert_eq!(outcomes[..2], [Ok(b"a".to_vec()), Ok(b"b".to_vec())]);
        // The h2 crate does not say that these were never looked at; ours does.
        assert!(outcomes[2..].iter().all(|outcome| *outcome == failed(class, text)));
    }
}

#[test]
fn a_server_that_breaks_the_rules() {
    let cases: [&[u8]; 6] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &frame(kind::HEADERS, flag::END_HEADERS, 1, b"\x80"),
        &frame(kind::CONTINUATION, flag::END_HEADERS, 1, b"\x88"),
        &frame(kind::SETTINGS, 0, 0, b"abc"),
        &window(0, 0x7fff_ffff),
        &head(9),
    ];
    for says in cases {
        let script = Script { requests: 1, says: says.to_vec(), hangs_up: false };
        let [own, h2] = [Wire::Own, Wire::H2].map(|wire| {
            outcomes(wire, &script).pop().expect("a request").expect_err("it has failed")
        });
        assert_eq!((own.class, h2.class), (ErrorClass::Transport, ErrorClass::Transport));
        // Ours says what it saw as well, and what is wrong with a header block is a reason of its own.
        let detected = "connection error detected: ";
        let told = own.message.starts_with(detected) && own.message.ends_with(')');
        assert!(told && h2.message.starts_with(detected), "{own}, and not {h2}");
    }
}

/// A stream of messages: what has come before its end is read first.
fn watched(wire: Wire, says: Vec<u8>, hangs_up: bool) -> (Vec<Bytes>, Failure) {
    run(async {
        let (ours, mut theirs) = duplex(1 << 20);
        spawn_local(async move {
            theirs.write_all(&settings(&[])).await.expect("the client reads");
            // Before it has opened the stream, an answer on it breaks the rules.
            messages(&mut theirs, 1, 0).await;
            theirs.write_all(&says).await.expect("the client reads");
            if !hangs_up {
                std::future::pending::<()>().await;
            }
        });
        let endpoint = Endpoint::parse("127.0.0.1:2379").expect("an address");
        let (mut caller, driver) = start(wire, ours, &endpoint, None).await.expect("it begins");
        spawn_local(driver.run());
        let mut come = Vec::new();
        let mut messages = match caller.open(Method::Watch, framed(&LeaseId(1))).await {
            Ok(messages) => messages,
            Err(failure) => return (come, failure),
        };
        // It may have ended by now: then what follows tells why.
        let _ = messages.send(framed(&LeaseId(2)));
        loop {
            match messages.next().await {
                Ok(message) => come.push(message),
                Err(failure) => {
                    return (come, failure);
                }
            }
        }
    })
}

#[test]
fn streams_of_messages() {
    let two = [head(1), message(1, b"one"), message(1, b"two")].concat();
    let no_leader = [("grpc-status", "14"), ("grpc-message", "etcdserver: no leader")];
    let cases = [
        ([two.clone(), trailers(1, &no_leader)].concat(), false, 2, ErrorClass::NoLeader),
        ([two.clone(), trailers(1, GOOD)].concat(), false, 2, ErrorClass::Transport),
        ([two.clone(), reset(1, Reason::CANCEL)].concat(), false, 2, ErrorClass::Transport),
        (
            [two, frame(kind::DATA, flag::END_STREAM, 1, b"\0\0\0\0\x09no")].concat(),
            false,
            2,
            ErrorClass::Transport,
        ),
        ([head(1), message(1, b"one")].concat(), true, 1, ErrorClass::Transport),
        (
            trailers(1, &[(":status", "200"), no_leader[0], no_leader[1]]),
            false,
            0,
            ErrorClass::NoLeader,
        ),
        (trailers(1, &[(":status", "503")]), false, 0, ErrorClass::Other),
    ];
    for (number, (says, hangs_up, count, class)) in cases.into_iter().enumerate() {
        let [own, h2] = [Wire::Own, Wire::H2].map(|wire| watched(wire, says.clone(), hangs_up));
        assert_eq!((own.0.len(), own.1.class), (count, class), "case {number}: {}", own.1);
        assert_eq!(own, h2, "case {number}");
    }
}
