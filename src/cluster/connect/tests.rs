//! Members that answer wrongly, late or not at all: told with their address, and asked again where that helps.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::io::DuplexStream;

use super::*;
use crate::etcd::Secret;
use crate::wire::message::Range;

/// What a member does with a request.
#[derive(Clone)]
enum Does {
    /// Answers with this message.
    Says(Vec<u8>),
    /// Refuses with this gRPC status.
    Refuses(u32, &'static str),
    /// Answers with another status of HTTP than 200.
    NoGrpc,
    /// Sends these bytes of an answer, and closes the connection.
    Breaks(Vec<u8>),
    /// Never answers.
    Nothing,
    /// Answers, and closes the connection when the answer is sent.
    Leaves(Vec<u8>),
}

/// A member within this process, and what was asked of it.
struct Member {
    does: Mutex<VecDeque<Does>>,
    /// Path and token of each request.
    asked: Mutex<Vec<(String, String)>>,
    connections: AtomicUsize,
}

impl Member {
    /// One that does these things, one after the other.
    fn that(does: impl IntoIterator<Item = Does>) -> Arc<Self> {
        Arc::new(Member {
            does: Mutex::new(does.into_iter().collect()),
            asked: Mutex::default(),
            connections: AtomicUsize::new(0),
        })
    }

    fn client(self: &Arc<Self>, credentials: Option<Credentials>) -> MemberClient {
        let member = Arc::clone(self);
        let dialer = Dialer::in_memory(Box::new(move || {
            member.connections.fetch_add(1, Ordering::Relaxed);
            let (ours, theirs) = tokio::io::duplex(1 << 16);
            tokio::spawn(Arc::clone(&member).serve(theirs));
            io::Result::Ok(ours)
        }));
        MemberClient::new(Endpoint::parse("10.0.0.1:2379").unwrap(), dialer, credentials)
    }

    async fn serve(self: Arc<Self>, stream: DuplexStream) {
        let mut http = h2::server::handshake(stream).await.unwrap();
        let mut kept = Vec::new();
        while let Some(Ok((request, mut respond))) = http.accept().await {
            let does = self.next(&request);
            let closes = matches!(does, Does::Breaks(_) | Does::Leaves(_));
            match does {
                Does::Says(message) | Does::Leaves(message) => {
                    answer(&mut respond, &framed(&message), true);
                }
                Does::Breaks(bytes) => answer(&mut respond, &bytes, false),
                Does::Refuses(code, text) => {
                    let mut head = head(200);
                    head.headers_mut().extend(outcome(code, text));
                    respond.send_response(head, true).unwrap();
                }
                Does::NoGrpc => {
                    respond.send_response(head(502), true).unwrap();
                }
                Does::Nothing => kept.push(respond),
            }
            if closes {
                // What was said leaves first.
                let _ = tokio::time::timeout(Duration::from_millis(20), http.accept()).await;
                return;
            }
        }
    }

    fn next(&self, request: &Request<h2::RecvStream>) -> Does {
        let path = request.uri().path().to_owned();
        let token = request.headers().get("token").map_or("", |token| token.to_str().unwrap());
        self.asked.lock().unwrap().push((path, token.to_owned()));
        self.does.lock().unwrap().pop_front().unwrap_or(Does::Nothing)
    }

    /// The last part of each path, and the token that came with it.
    fn asked(&self) -> Vec<(String, String)> {
        let asked = self.asked.lock().unwrap();
        let method = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        asked.iter().map(|(path, token)| (method(path), token.clone())).collect()
    }
}

fn head(status: u16) -> Response<()> {
    Response::builder().status(status).body(()).unwrap()
}

fn outcome(code: u32, text: &'static str) -> HeaderMap {
    let mut fields = HeaderMap::new();
    fields.insert("grpc-status", HeaderValue::from(code));
    fields.insert("grpc-message", HeaderValue::from_static(text));
    fields
}

/// Sends these bytes, and a good end behind them where it `ends`.
fn answer(respond: &mut SendResponse<Bytes>, bytes: &[u8], ends: bool) {
    let mut stream = respond.send_response(head(200), false).unwrap();
    stream.send_data(Bytes::copy_from_slice(bytes), false).unwrap();
    if ends {
        stream.send_trailers(outcome(0, "")).unwrap();
    } else {
        // Otherwise the stream would be reset.
        std::mem::forget(stream);
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat()
}

/// A header of the member 7.
const HEADER: &[u8] = &[0x0a, 2, 0x10, 7];

/// A field of type message, string or bytes, all short.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()][..], bytes].concat()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(20), work).await.expect("everything has an end")
    })
}

/// What a status comes to, of a member that does this.
fn status_of(does: Does) -> Called<MemberStatus> {
    let member = Member::that([does]);
    run(async { member.client(None).status(Duration::from_millis(500)).await })
}

#[track_caller]
fn told(does: Does, words: &str, unreachable: bool) {
    let error = status_of(does).unwrap_err();
    assert_eq!(error.to_string(), words);
    assert_eq!(error.is_unreachable(), unreachable, "{words}");
}

#[test]
fn what_is_no_answer_is_told_with_the_address() {
    let at = |words: &str| format!("http://10.0.0.1:2379: {words}");
    let whole = framed(HEADER);
    let broken = at("stream closed because of a broken pipe");
    told(Does::Breaks(whole[..7].to_vec()), &broken, true);
    told(Does::Breaks(whole), &broken, true);
    told(Does::NoGrpc, &at("the server answered 502 Bad Gateway, which is no gRPC"), true);
    told(Does::Nothing, &at("no answer within 500 ms"), true);
    let garbage = at("the answer is no valid protobuf message");
    told(Does::Says(vec![0xff; 24]), &garbage, false);
    told(Does::Says(HEADER[..3].to_vec()), &garbage, false);
    let long = [&[0][..], &((64_u32 << 20) + 1).to_be_bytes()].concat();
    let too_long = at("the answer has 67108865 bytes; no more than 67108864 are taken");
    told(Does::Breaks(long), &too_long, false);
    told(Does::Breaks(b"HTTP/1.1 400".to_vec()), &at("the answer is no gRPC"), false);
}

#[test]
fn what_a_member_says_is_told_as_its_words() {
    let says = |words: &str| format!("http://10.0.0.1:2379 answers: {words}");
    let error = status_of(Does::Refuses(14, "etcdserver: no leader")).unwrap_err();
    assert_eq!(error.to_string(), says("etcdserver: no leader"));
    assert!(error.is_passing() && !error.is_unreachable());
    told(
        Does::Refuses(14, "etcdserver: server stopped"),
        &says("etcdserver: server stopped"),
        true,
    );
    told(Does::Refuses(2, "what etcd thinks"), &says("what etcd thinks"), false);
    let nobody = status_of(Does::Refuses(3, "etcdserver: user name is empty")).unwrap_err();
    assert!(nobody.to_string().contains("pass --user"), "{nobody}");
}

#[test]
fn unknown_fields_are_skipped() {
    let status = [HEADER, &field(2, b"3.9.0"), &field(99 % 16, b"new"), &[0xf8, 7, 1]].concat();
    let status = status_of(Does::Says(status)).unwrap();
    assert_eq!((status.id, &*status.version), (7, "3.9.0"));
}

#[test]
fn more_keys_than_were_asked_for_are_not_taken() {
    let two = [field(2, &field(1, b"a")), field(2, &field(1, b"b"))].concat();
    let member = Member::that([Does::Says(two.clone()), Does::Says(two)]);
    let mut client = member.client(None);
    let mut read = async |limit| {
        let range = Range { key: b"a", end: b"c", limit, ..Range::default() };
        let ask = async |client: &Client| client.range(&range).await;
        client.call(Need::Read(b"a"), CALL, ask).await.map(|answer| answer.pairs.len())
    };
    run(async {
        assert_eq!(read(2).await.unwrap(), 2);
        let error = read(1).await.unwrap_err().to_string();
        assert!(error.contains("more keys than were asked for"), "{error}");
    });
}

#[test]
fn another_connection_is_made_after_one_that_was_lost() {
    let good = || HEADER.to_vec();
    let member = Member::that([
        Does::Says(good()),
        Does::Says(good()),
        Does::Says(good()),
        Does::Says(good()),
        Does::Nothing,
        Does::Says(good()),
    ]);
    let mut client = member.client(None);
    let limit = Duration::from_millis(500);
    run(async {
        for _ in 0..3 {
            client.status(limit).await.unwrap();
        }
        assert_eq!(member.connections.load(Ordering::Relaxed), 1);
    });
    let mut client = member.client(None);
    run(async {
        client.status(limit).await.unwrap();
        assert!(client.status(limit).await.is_err(), "it is not answered");
        client.status(limit).await.unwrap();
        assert_eq!(member.connections.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn a_connection_that_ended_meanwhile_is_not_used_again() {
    let member = Member::that([Does::Leaves(HEADER.to_vec()), Does::Says(HEADER.to_vec())]);
    let mut client = member.client(None);
    run(async {
        client.status(CALL).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.status(CALL).await.unwrap();
        assert_eq!(member.connections.load(Ordering::Relaxed), 2);
    });
}

fn root() -> Option<Credentials> {
    Some(Credentials { user: "root".to_owned(), password: Secret::new("hunter2") })
}

#[test]
fn a_token_that_is_not_believed_any_more_is_asked_for_again_once_for_all() {
    let token = |token: &[u8]| Does::Says(field(2, token));
    let stale = || Does::Refuses(16, "etcdserver: invalid auth token");
    let good = || Does::Says(HEADER.to_vec());
    let member = Member::that([
        token(b"first"),
        good(),
        stale(),
        stale(),
        stale(),
        token(b"second"),
        good(),
        good(),
        good(),
        stale(),
        token(b"third"),
        stale(),
    ]);
    let mut client = member.client(root());
    run(async {
        client.status(CALL).await.unwrap();
        let revoke = async |client: &Client| {
            let all = (1..=3).map(|lease| client.lease_revoke(lease));
            join_all(all).await.into_iter().collect::<Answer<Vec<()>>>()
        };
        client.call(Need::Nothing, CALL, revoke).await.unwrap();
        let error = client.status(CALL).await.unwrap_err().to_string();
        assert!(error.ends_with("answers: etcdserver: invalid auth token"), "{error}");
    });
    let asked = |method: &str, token: &str| (method.to_owned(), token.to_owned());
    let revoked = |token| [(); 3].map(|()| asked("LeaseRevoke", token));
    let wanted = [
        [asked("Authenticate", ""), asked("Status", "first")].to_vec(),
        revoked("first").to_vec(),
        [asked("Authenticate", "")].to_vec(),
        revoked("second").to_vec(),
        [asked("Status", "second"), asked("Authenticate", ""), asked("Status", "third")].to_vec(),
    ];
    assert_eq!(member.asked(), wanted.concat());
}

#[test]
fn a_user_whom_the_member_does_not_know_is_told() {
    let wrong = "etcdserver: authentication failed, invalid user ID or password";
    let member = Member::that([Does::Refuses(3, wrong)]);
    let error = run(async { member.client(root()).status(CALL).await.unwrap_err() });
    let told = error.to_string();
    assert!(told.starts_with("http://10.0.0.1:2379 refuses the user 'root'"), "{told}");
    let member = Member::that([Does::Says(HEADER.to_vec())]);
    let error = run(async { member.client(root()).status(CALL).await.unwrap_err() });
    assert_eq!(error.to_string(), "http://10.0.0.1:2379: the answer holds no token");
}
