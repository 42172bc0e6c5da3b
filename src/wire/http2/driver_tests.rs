use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::{Either, join_all, select};
use http::{HeaderMap, HeaderValue, Response};
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::task::{LocalSet, spawn_local};

use super::{Caller, Driver, start};
use crate::etcd::{Endpoint, ErrorClass};
use crate::wire::Failure;
use crate::wire::message::{LeaseId, Method, Put, Request};

/// Counts writes.
struct Counted {
    io: DuplexStream,
    writes: Rc<Cell<u32>>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.set(self.writes.get() + 1);
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let limit = std::time::Duration::from_secs(20);
    let within = async { tokio::time::timeout(limit, work).await.expect("it ends") };
    LocalSet::new().block_on(&runtime, within)
}

fn connect<T: AsyncRead + AsyncWrite + Unpin>(io: T, token: Option<&str>) -> (Caller, Driver<T>) {
    let endpoint = Endpoint::parse("127.0.0.1:2379").unwrap();
    let token = token.map(|token| HeaderValue::from_str(token).unwrap());
    start(io, &endpoint, token.as_ref())
}

/// What a request of the h2 crate's server was.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    path: String,
    token: Option<String>,
    body: Bytes,
}

/// How that server answers.
type Reply = Rc<dyn Fn(&Asked) -> (HeaderMap, HeaderMap)>;

fn good() -> Reply {
    Rc::new(|_| (HeaderMap::new(), trailers("0", "")))
}

fn trailers(code: &str, message: &str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_str(code).unwrap());
    trailers.insert("grpc-message", HeaderValue::from_str(message).unwrap());
    trailers
}

/// Serves until the connection ends, answers with what was asked, and tells all of it.
async fn serve(io: DuplexStream, builder: h2::server::Builder, reply: Reply) -> Vec<Asked> {
    let mut http = builder.handshake::<_, Bytes>(io).await.expect("it speaks HTTP/2");
    let mut replying = Vec::new();
    while let Some(Ok((request, respond))) = http.accept().await {
        replying.push(spawn_local(answer(request, respond, Rc::clone(&reply))));
    }
    join_all(replying).await.into_iter().map(|asked| asked.expect("no panic")).collect()
}

async fn answer(
    request: http::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    reply: Reply,
) -> Asked {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().authority().unwrap(), "127.0.0.1:2379");
    assert_eq!(text("te").as_deref(), Some("trailers"));
    assert_eq!(text("content-type").as_deref(), Some("application/grpc"));
    assert_eq!(text("user-agent").as_deref(), Some("etcdbench"));
    let mut asked =
        Asked { path: request.uri().path().to_owned(), token: text("token"), body: Bytes::new() };
    let mut body = request.into_body();
    let mut whole = Vec::new();
    while let Some(data) = body.data().await {
        let Ok(data) = data else { return asked };
        whole.extend_from_slice(&data);
        let _ = body.flow_control().release_capacity(data.len());
    }
    asked.body = whole.into();
    let (head, end) = reply(&asked);
    let mut response = Response::new(());
    *response.headers_mut() = head;
    // Whoever took it back in the meantime does not wait for it.
    let Ok(mut stream) = respond.send_response(response, false) else { return asked };
    let _ = stream.send_data(asked.body.clone(), false).and_then(|()| stream.send_trailers(end));
    asked
}

#[test]
fn all_that_is_asked_in_a_turn_leaves_in_one_write() {
    let writes = Rc::new(Cell::new(0));
    let counted = Rc::clone(&writes);
    run(async move {
        let (ours, theirs) = duplex(1 << 20);
        spawn_local(serve(theirs, h2::server::Builder::new(), good()));
        let (caller, driver) = connect(Counted { io: ours, writes: counted }, None);
        spawn_local(driver.run());
        for round in 1..=20 {
            let value = [7; 256];
            let puts = (0..100).map(|_| {
                let caller = caller.clone();
                spawn_local(async move {
                    let put = Put { key: b"key", value: &value, ..Put::default() };
                    let answer = caller.call(Method::Put, &put).await.unwrap();
                    assert_eq!(answer.len(), put.size());
                })
            });
            let before = writes.get();
            for put in join_all(puts).await {
                put.unwrap();
            }
            // The first brings the acknowledgement of settings, and its windows are those of the beginning.
            let most = if round == 1 { 6 } else { 2 };
            assert!(writes.get() - before <= most, "{} writes", writes.get() - before);
        }
    });
}

#[test]
fn a_server_with_small_windows_frames_and_tables_gets_every_request_whole() {
    // Each method by both who ask.
    let method = |number: usize| Method::ALL[number / 3 % Method::ALL.len()];
    for (streams, window, table) in [(1, 10, 0), (3, 1000, 100), (100, 65_535, 4096)] {
        run(async move {
            let mut builder = h2::server::Builder::new();
            builder.max_concurrent_streams(streams).initial_window_size(window);
            builder.header_table_size(table).max_header_list_size(1 << 20);
            let (ours, theirs) = duplex(4000);
            let served = spawn_local(serve(theirs, builder, good()));
            let (caller, driver) = connect(ours, Some("first"));
            let driven = spawn_local(driver.run());
            let other = caller.with_token(&HeaderValue::from_static("second"));
            // As a load does: after the first answer it is known what the server takes.
            caller.call(Method::Status, &LeaseId(1)).await.unwrap();
            let calls = (0..120_usize).map(|number| {
                let caller = if number % 3 == 0 { &caller } else { &other };
                let value = vec![number as u8; number * number % 3000];
                async move {
                    let put = Put { key: &value, lease: number as i64 + 1, ..Put::default() };
                    let mut whole = Vec::new();
                    put.write(&mut whole);
                    assert_eq!(&*caller.call(method(number), &put).await.unwrap(), whole);
                }
            });
            join_all(calls).await;
            drop((caller, other));
            let (why, rest) = driven.await.unwrap();
            assert!(rest.is_none());
            assert_eq!(why.class, ErrorClass::Transport);
            let asked = served.await.unwrap();
            assert_eq!(asked.len(), 121);
            let with =
                |token| asked.iter().filter(|asked| asked.token.as_deref() == Some(token)).count();
            assert_eq!((with("first"), with("second")), (41, 80));
            let put = asked.iter().filter(|asked| asked.path == Method::Put.path()).count();
            assert_eq!(put, (0..120).filter(|number| method(*number) == Method::Put).count());
        });
    }
}

#[test]
fn what_is_given_up_leaves_nothing_and_harms_nobody() {
    run(async {
        let (ours, theirs) = duplex(1 << 16);
        spawn_local(serve(theirs, h2::server::Builder::new(), good()));
        let (caller, driver) = connect(ours, None);
        spawn_local(driver.run());
        for round in 0..50 {
            let value = vec![1; 100_000];
            let put = Put { key: b"key", value: &value, ..Put::default() };
            let given_up = Box::pin(caller.call(Method::Put, &put));
            let other = caller.clone();
            let kept =
                Box::pin(async move { other.call(Method::Range, &LeaseId(round + 1)).await });
            // The large one is given up in the middle of its windows.
            match select(given_up, kept).await {
                Either::Left((large, _)) => assert!(large.is_ok()),
                Either::Right((small, _)) => assert!(small.is_ok()),
            }
        }
        let value = vec![2; 200_000];
        let put = Put { key: b"key", value: &value, ..Put::default() };
        assert_eq!(caller.call(Method::Put, &put).await.unwrap().len(), put.size());
        assert_eq!(caller.under_way(), 0);
    });
}

#[test]
fn whoever_waits_is_told_when_the_driver_is_gone() {
    run(async {
        let (ours, _theirs) = duplex(1 << 16);
        let (caller, driver) = connect(ours, None);
        let driven = spawn_local(driver.run());
        let asked =
            spawn_local(async move { caller.call(Method::Status, &LeaseId(1)).await.map(|_| ()) });
        tokio::task::yield_now().await;
        driven.abort();
        let failure = Failure::new(ErrorClass::Transport, "the connection ended");
        assert_eq!(asked.await.unwrap(), Err(failure));
    });
}

/// Fields of any kind, some of them again and again.
fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let name =
        prop_oneof![Just("content-type".to_owned()), Just("x-a".to_owned()), "x-[a-z0-9-]{1,30}"];
    let value =
        prop_oneof![Just(String::new()), Just("application/grpc".to_owned()), "[ -~]{0,300}"];
    prop::collection::vec((name, value), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    /// The h2 crate writes the headers: with Huffman codes and a table from which the oldest must go.
    #[test]
    fn headers_of_any_kind_tell_the_outcome(
        answers in prop::collection::vec((fields(), fields(), 0_u32..17, "[ -$&-~]{0,80}"), 1..30),
    ) {
        run(async move {
            let (ours, theirs) = duplex(1 << 16);
            let planned = answers.clone();
            let number = Cell::new(0);
            let reply: Reply = Rc::new(move |_| {
                let (head, end, code, message) = &planned[number.replace(number.get() + 1)];
                let mut told = trailers(&code.to_string(), message.trim());
                told.extend(map(end));
                (map(head), told)
            });
            spawn_local(serve(theirs, h2::server::Builder::new(), reply));
            let (caller, driver) = connect(ours, None);
            spawn_local(driver.run());
            for (_, _, code, message) in answers {
                let outcome = caller.call(Method::Put, &LeaseId(1)).await;
                match code {
                    0 => assert!(outcome.is_ok()),
                    code => {
                        let message = message.trim().to_owned();
                        let class = ErrorClass::of_status(code, &message);
                        assert_eq!(outcome.unwrap_err(), Failure { class, message });
                    }
                }
            }
        });
    }
}

fn map(fields: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_str(value.trim()).unwrap());
    }
    map
}
