//! The meeting point's side: a small HTTP server, bounded in everything, that ends by itself.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request as HttpRequest, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::hall::{Hall, LEAD_NS, Refusal, State};
use super::{Hello, Leave, MOST_BYTES, Ready, Time, Welcome};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::etcd::Secret;
use crate::session;

/// A request takes no longer to come.
const COMING: Duration = Duration::from_secs(5);
/// A connection by which no machine has said who it is by then is closed.
const NAMELESS: Duration = Duration::from_secs(10);
/// How often it is looked what time has brought.
const LOOK: Duration = Duration::from_millis(50);
/// For so long all may ask why nothing comes of it.
const FAREWELL: Duration = Duration::from_secs(3);
/// Connections beside two of each machine: probes, and whoever else looks.
const MORE_CONNECTIONS: usize = 16;
/// Bytes of a request's head.
const MOST_HEAD: usize = 16 << 10;

/// What is to be hosted.
pub struct Request {
    /// Machines that are awaited.
    pub shards: u32,
    /// Where it listens.
    pub listen: String,
    /// They have so long to get ready.
    pub deadline_ns: u64,
    /// What keeps strangers out.
    pub token: Option<Secret>,
    /// Set from outside when it is to end.
    pub signalled: Arc<AtomicBool>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// All begin at this time, RFC 3339.
    Begun(String),
    /// Nobody does.
    Over(String),
    /// A signal ended it.
    Interrupted,
}

/// What all connections share.
struct Shared {
    hall: Mutex<Hall>,
    token: Option<Secret>,
    clock: Clock,
    run: u32,
}

/// Waits for the machines of a load. `listening` is told where, `news` what happens.
///
/// # Errors
/// [`Error::Refused`] where it cannot listen there.
pub fn run(
    request: Request,
    listening: impl FnOnce(SocketAddr) -> Result<()>,
    news: &dyn Fn(&str),
) -> Result<Met> {
    let runtime =
        tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Error::Refused(format!("this machine gives no more: {error}")))?;
    runtime.block_on(host(request, listening, news))
}

async fn host(
    request: Request,
    listening: impl FnOnce(SocketAddr) -> Result<()>,
    news: &dyn Fn(&str),
) -> Result<Met> {
    let refused =
        |error: std::io::Error| Error::Refused(format!("--listen {}: {error}", request.listen));
    let listener = TcpListener::bind(&request.listen).await.map_err(refused)?;
    listening(listener.local_addr().map_err(refused)?)?;
    let clock = Clock::start();
    let shared = Arc::new(Shared {
        hall: Mutex::new(Hall::new(request.shards, request.deadline_ns)),
        token: request.token,
        clock,
        run: session::random() as u32,
    });
    let places = Arc::new(Semaphore::new(2 * request.shards as usize + MORE_CONNECTIONS));
    let mut tick = tokio::time::interval(LOOK);
    let mut over_since = None;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Who finds no place comes again.
                if let (Ok((stream, _)), Ok(place)) = (accepted, Arc::clone(&places).try_acquire_owned()) {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        serve(stream, &shared).await;
                        drop(place);
                    });
                }
            }
            _ = tick.tick() => {
                if request.signalled.load(Ordering::Relaxed) {
                    shared.hall().end("the meeting point was interrupted; nobody begins");
                    tokio::time::sleep(10 * LOOK).await;
                    return Ok(Met::Interrupted);
                }
                let (state, told) = shared.look(news);
                if state == State::Gathering {
                    continue;
                }
                let since_ns = *over_since.get_or_insert(clock.now_ns());
                let passed = Duration::from_nanos(clock.now_ns() - since_ns);
                if told || passed > FAREWELL.max(Duration::from_nanos(LEAD_NS)) {
                    return Ok(outcome(&state));
                }
            }
        }
    }
}

fn outcome(state: &State) -> Met {
    match state {
        State::Begins(at_ns) => {
            let at = Timestamp::from_nanosecond(i128::from(*at_ns)).unwrap_or_default();
            Met::Begun(at.to_string())
        }
        State::Over(why) => Met::Over(why.clone()),
        State::Gathering => Met::Interrupted,
    }
}

impl Shared {
    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, news: &dyn Fn(&str)) -> (State, bool) {
        let mut hall = self.hall();
        hall.look(self.clock.now_ns(), wall_ns());
        hall.news().iter().for_each(|line| news(line));
        (hall.state().clone(), hall.all_told())
    }

    /// Whether somebody has the token. How long it takes does not tell how much of it was right.
    fn knows(&self, request: &HttpRequest<Incoming>) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        let given = request.headers().get(header::AUTHORIZATION).map_or(&b""[..], |v| v.as_bytes());
        let given = given.strip_prefix(b"Bearer ").unwrap_or_default();
        let wanted = token.expose().as_bytes();
        let differ =
            wanted.iter().enumerate().fold(given.len() ^ wanted.len(), |differ, (at, byte)| {
                differ | usize::from(byte ^ given.get(at).unwrap_or(&0))
            });
        differ == 0
    }
}

fn wall_ns() -> i64 {
    i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

/// One connection, to its end.
async fn serve(stream: TcpStream, shared: &Arc<Shared>) {
    // Where it cannot be set, answers come a little later.
    let _ = stream.set_nodelay(true);
    let guest: Arc<Mutex<Option<(u32, u64)>>> = Arc::default();
    let service = service_fn(|request| {
        let (shared, guest) = (Arc::clone(shared), Arc::clone(&guest));
        async move { Ok::<_, Infallible>(answer(request, &shared, &guest).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    // How it ends makes no difference: who is still expected comes again.
    tokio::select! {
        _ = served => {}
        () = nameless(&guest) => {}
    }
    let guest = guest.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((index, process)) = guest {
        shared.hall().hung_up(index, process, shared.clock.now_ns());
    }
}

/// Ends when a connection should: machines wait on theirs for one another, strangers have nothing to wait for.
async fn nameless(guest: &Mutex<Option<(u32, u64)>>) {
    tokio::time::sleep(NAMELESS).await;
    if guest.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
        std::future::pending::<()>().await;
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(
    request: HttpRequest<Incoming>,
    shared: &Shared,
    guest: &Mutex<Option<(u32, u64)>>,
) -> Answer {
    let received_ns = wall_ns();
    if !shared.knows(&request) {
        let why = "it asks for a token, and this is not the one; give all machines and the meeting point the same with \
                   --rendezvous-token-file or ETCDBENCH_RENDEZVOUS_TOKEN";
        return plain(StatusCode::UNAUTHORIZED, why);
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let body = Limited::new(request.into_body(), MOST_BYTES).collect();
    let body = match tokio::time::timeout(COMING, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        _ => return plain(StatusCode::BAD_REQUEST, "the request is too large, or too slow"),
    };
    let now_ns = shared.clock.now_ns();
    match (method, path.as_str()) {
        (Method::GET, "/v1/time") => json(&Time { received_ns, sent_ns: wall_ns() }),
        (Method::POST, "/v1/hello") => read(&body, |hello: Hello| {
            let who = (hello.index, hello.process);
            shared.hall().hello(hello, now_ns)?;
            *guest.lock().unwrap_or_else(PoisonError::into_inner) = Some(who);
            Ok(json(&Welcome { run: shared.run }))
        }),
        (Method::POST, "/v1/ready") => read(&body, |ready: Ready| {
            let outlook = shared.hall().ready(&ready, now_ns, wall_ns())?;
            *guest.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((ready.index, ready.process));
            Ok(json(&outlook))
        }),
        (Method::POST, "/v1/leave") => read(&body, |leave: Leave| {
            shared.hall().leave(&leave);
            Ok(json(&()))
        }),
        _ => plain(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

fn read<T: serde::de::DeserializeOwned>(
    body: &[u8],
    then: impl FnOnce(T) -> std::result::Result<Answer, Refusal>,
) -> Answer {
    match serde_json::from_slice(body) {
        Ok(asked) => then(asked).unwrap_or_else(|Refusal(why)| plain(StatusCode::CONFLICT, &why)),
        Err(error) => plain(StatusCode::BAD_REQUEST, &format!("this is no request: {error}")),
    }
}

fn json(answer: &impl Serialize) -> Answer {
    Response::new(Full::new(Bytes::from(serde_json::to_vec(answer).unwrap_or_default())))
}

fn plain(status: StatusCode, why: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(why.to_owned())));
    *answer.status_mut() = status;
    answer
}
