//! A machine's side: it introduces itself, compares clocks, and asks until it knows what becomes of the load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use super::{EXCHANGES, Hello, Leave, MOST_BYTES, Outlook, Ready, Time, Welcome};
use crate::clock::Clock;
use crate::error::{Error, Result, usage};
use crate::etcd::Secret;
use crate::result::ClockOffset;

/// One request takes no longer.
const CALL: Duration = Duration::from_secs(3);
/// For so long it is tried to find the place: machines are seldom started in the right order.
const FIND: Duration = Duration::from_secs(120);
/// For so long it may be silent afterwards.
const SILENT: Duration = Duration::from_secs(5);
/// Between two attempts, and two questions.
const PAUSE: Duration = Duration::from_millis(100);

/// Who comes.
#[derive(Debug, Clone)]
pub struct Introduction {
    /// Which part it makes, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
    /// The same for all parts.
    pub plan_hash: String,
    /// Its host name.
    pub host: String,
}

/// A machine at the meeting point.
pub struct Guest {
    url: String,
    address: String,
    token: Option<Secret>,
    runtime: Runtime,
    connection: Option<SendRequest<Full<Bytes>>>,
    signalled: Arc<AtomicBool>,
    clock: Clock,
    who: Introduction,
    process: u64,
    run: u32,
    offset: ClockOffset,
    /// It waits for nobody any more.
    done: bool,
}

/// What came of a request.
enum Answered {
    Well(Bytes),
    /// Refused, in words.
    Refused(String),
}

/// Words that end the waiting.
fn interrupted() -> Error {
    Error::NotTogether("interrupted before the load began".to_owned())
}

impl Guest {
    /// Introduces itself and compares clocks.
    ///
    /// # Errors
    /// [`Error::Usage`] when it does not belong there, [`Error::NotTogether`] when nobody answers.
    pub fn arrive(
        (url, address): (&str, String),
        token: Option<Secret>,
        who: Introduction,
        (clock, process): (Clock, u64),
        signalled: Arc<AtomicBool>,
    ) -> Result<Guest> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| Error::Refused(format!("this machine gives no more: {error}")))?;
        let mut guest = Guest {
            url: url.to_owned(),
            address,
            token,
            runtime,
            connection: None,
            signalled,
            clock,
            who,
            process,
            run: 0,
            offset: ClockOffset::default(),
            done: true,
        };
        guest.run = guest.introduce()?;
        guest.done = false;
        guest.offset = guest.compare_clocks()?;
        Ok(guest)
    }

    /// The same number on all machines.
    pub fn run(&self) -> u32 {
        self.run
    }

    /// How this machine's clock goes beside that of the meeting point.
    pub fn offset(&self) -> ClockOffset {
        self.offset
    }

    /// Waits until all are ready, and gives the time of the own clock at which they begin, in nanoseconds since 1970.
    ///
    /// # Errors
    /// [`Error::NotTogether`] when somebody is missing, or the meeting point does not answer any more.
    pub fn begin(&mut self) -> Result<i64> {
        let ready = Ready {
            index: self.who.index,
            process: self.process,
            offset_ns: self.offset.offset_ns,
            error_ns: self.offset.error_ns,
        };
        let mut heard = Instant::now();
        loop {
            if self.signalled.load(Ordering::Relaxed) {
                return Err(interrupted());
            }
            match self.call(Method::POST, "/v1/ready", &ready) {
                Ok(Answered::Well(answer)) => {
                    heard = Instant::now();
                    match self.read(&answer)? {
                        Outlook::Wait => {}
                        Outlook::Begin { at_ns } => {
                            self.done = true;
                            return Ok(at_ns);
                        }
                        Outlook::Over { why } => {
                            self.done = true;
                            return Err(Error::NotTogether(format!(
                                "the load does not begin: {why}"
                            )));
                        }
                    }
                }
                Ok(Answered::Refused(why)) => return Err(self.sent_away(&why)),
                Err(why) if heard.elapsed() > SILENT => {
                    self.done = true;
                    return Err(Error::NotTogether(format!(
                        "--rendezvous {}: it does not answer any more ({why}), so nobody can say when to begin; start it \
                         and all machines again",
                        self.url
                    )));
                }
                Err(_) => {}
            }
            sleep(PAUSE);
        }
    }

    fn introduce(&mut self) -> Result<u32> {
        let hello = Hello {
            index: self.who.index,
            of: self.who.of,
            plan_hash: self.who.plan_hash.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: self.who.host.clone(),
            process: self.process,
        };
        let begun = Instant::now();
        loop {
            if self.signalled.load(Ordering::Relaxed) {
                return Err(interrupted());
            }
            match self.call(Method::POST, "/v1/hello", &hello) {
                Ok(Answered::Well(answer)) => return Ok(self.read::<Welcome>(&answer)?.run),
                Ok(Answered::Refused(why)) => return Err(self.sent_away(&why)),
                Err(why) if begun.elapsed() > FIND => {
                    return Err(Error::NotTogether(format!(
                        "--rendezvous {}: nobody answers there ({why}); start 'etcdbench rendezvous --shards {}' where all \
                         machines reach it",
                        self.url, self.who.of
                    )));
                }
                Err(_) => sleep(PAUSE),
            }
        }
    }

    fn sent_away(&mut self, why: &str) -> Error {
        self.done = true;
        usage(&["--rendezvous", "--shard"], format!("--rendezvous {}: {why}", self.url))
    }

    /// As NTP does it: the quickest exchange says most, and its way there and back is the doubt.
    fn compare_clocks(&mut self) -> Result<ClockOffset> {
        let mut best: Option<ClockOffset> = None;
        for _ in 0..EXCHANGES {
            let sent_ns = self.now_ns();
            let answer = match self.call(Method::GET, "/v1/time", &()) {
                Ok(Answered::Well(answer)) => answer,
                Ok(Answered::Refused(why)) => return Err(self.sent_away(&why)),
                Err(_) => continue,
            };
            let back_ns = self.now_ns();
            let time: Time = self.read(&answer)?;
            let there = time.received_ns - sent_ns;
            let offset_ns = (there + (time.sent_ns - back_ns)) / 2;
            let way_ns = (back_ns - sent_ns) - (time.sent_ns - time.received_ns);
            let found = ClockOffset { offset_ns, error_ns: way_ns.unsigned_abs().div_ceil(2) };
            if best.is_none_or(|best| found.error_ns < best.error_ns) {
                best = Some(found);
            }
        }
        best.ok_or_else(|| {
            Error::NotTogether(format!("--rendezvous {}: clocks could not be compared", self.url))
        })
    }

    fn now_ns(&self) -> i64 {
        let now = self.clock.wall(self.clock.now_ns()).as_nanosecond();
        i64::try_from(now).unwrap_or(i64::MAX)
    }

    fn read<T: DeserializeOwned>(&self, answer: &[u8]) -> Result<T> {
        serde_json::from_slice(answer).map_err(|error| {
            Error::NotTogether(format!(
                "--rendezvous {}: what answers there is no 'etcdbench rendezvous': {error}",
                self.url
            ))
        })
    }

    fn call(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> std::result::Result<Answered, String> {
        let connection = self.connection.take();
        let request = self.request(method, path, body)?;
        let address = self.address.clone();
        let exchange = async {
            let mut connection = match connection.filter(|connection| !connection.is_closed()) {
                Some(connection) => connection,
                None => connect(&address).await?,
            };
            connection.ready().await.map_err(|error| error.to_string())?;
            let answer =
                connection.send_request(request).await.map_err(|error| error.to_string())?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            Ok::<_, String>((connection, status, body))
        };
        let done = self.runtime.block_on(async {
            let limited = tokio::time::timeout(CALL, exchange).await;
            limited.unwrap_or_else(|_| Err(format!("no answer within {} s", CALL.as_secs())))
        });
        let (connection, status, body) = done?;
        self.connection = Some(connection);
        Ok(match status.is_success() {
            true => Answered::Well(body),
            false => Answered::Refused(String::from_utf8_lossy(&body).into_owned()),
        })
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> std::result::Result<Request<Full<Bytes>>, String> {
        let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.address)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            let mut value = header::HeaderValue::from_str(&format!("Bearer {}", token.expose()))
                .map_err(|_| "the token cannot be sent".to_owned())?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())
    }
}

async fn connect(address: &str) -> std::result::Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    // Small questions are not to wait for one another.
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Drop for Guest {
    /// Whoever does not begin says so, so that the others need not wait.
    fn drop(&mut self) {
        if !self.done {
            let why = match self.signalled.load(Ordering::Relaxed) {
                true => "was interrupted",
                false => "could not get ready, and says itself why",
            };
            let leave = Leave { index: self.who.index, process: self.process, why: why.to_owned() };
            // Where it cannot be told, the silence will tell.
            let _ = self.call(Method::POST, "/v1/leave", &leave);
        }
    }
}
