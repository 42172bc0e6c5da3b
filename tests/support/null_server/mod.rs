//! A server that speaks etcd's API and does nothing: what is left is the client. It answers at once, or wrongly in a
//! way a test asks for.

pub mod answers;
mod socket;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};

use answers::Answers;
use socket::{Socket, Spoiled};

/// What happens to a write in place of an answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is answered so much later.
    Late(Duration),
    /// It is never answered.
    Never,
    /// It fails with this gRPC status.
    Status(u32, &'static str),
    /// It is answered by another kind of server: HTTP status 502 and a page.
    NotGrpc,
    /// The message is no protobuf.
    BadMessage,
    /// Its stream is reset with INTERNAL_ERROR.
    Reset,
    /// It is answered, and the connection takes no more after it (GOAWAY).
    GoAway,
    /// From its answer on, random bytes are sent in place of HTTP/2.
    Garbage,
    /// The connection is closed in the midst of its answer.
    CutOff,
    /// The whole server stands still for so long, as a stopped process does.
    StandStill(Duration),
}

/// How the server behaves. By default it is quick and correct.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// Writes that are answered well before it does.
    pub after: u64,
    /// Writes it hits; 0 is all from then on.
    pub times: u64,
    /// Streams a client may have open on one connection; the protocol's default is no limit.
    pub max_concurrent_streams: Option<u32>,
    /// Bytes of the values it answers reads with.
    pub val_size: usize,
    /// After the first write every list of keys holds one that nobody wrote, and says that there are more.
    pub endless: bool,
    /// Calls of this name are never answered.
    pub silent: Option<&'static str>,
    /// What it says its version is; `3.5.0` where nothing is said.
    pub version: Option<String>,
    /// Watches that are made are cancelled at once, for this reason.
    pub cancels: Option<&'static str>,
    /// With the fault it forgets all tokens it gave, as a member does that is started anew.
    pub forgets_tokens: bool,
}

/// What was asked of the server.
#[derive(Debug, Default)]
pub struct Seen {
    /// Puts, transactions and deletions that came.
    pub writes: AtomicU64,
    /// Reads that came.
    pub reads: AtomicU64,
    /// Connections that were made.
    pub connections: AtomicU64,
    /// Streams that were open at a time, at most.
    pub most_streams: AtomicU64,
    /// How long the server stood still, in all.
    pub stood_ns: AtomicU64,
}

/// A running server; stopped on drop.
pub struct NullServer {
    address: SocketAddr,
    seen: Arc<Seen>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl NullServer {
    /// Starts one on a free port, with a thread of its own.
    pub fn start(behaviour: Behaviour) -> Self {
        Self::listen(0, behaviour)
    }

    /// Starts one on this port.
    pub fn listen(port: u16, behaviour: Behaviour) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let address = listener.local_addr().expect("a bound address");
        let seen = Arc::new(Seen::default());
        let (stop, stopped) = oneshot::channel();
        let shared = seen.clone();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let server = Rc::new(Server::new(address, behaviour, shared));
            LocalSet::new().block_on(&runtime, async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = server.accept(listener) => {}
                    _ = stopped => {}
                }
            });
        });
        NullServer { address, seen, stop: Some(stop), thread: Some(thread) }
    }

    /// Where clients connect: `127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        self.address.to_string()
    }

    /// What was asked of it up to now.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Drop for NullServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Server {
    behaviour: Behaviour,
    seen: Arc<Seen>,
    answers: Answers,
    open_streams: Cell<u64>,
    /// Tokens up to this number are not believed any more.
    forgotten_tokens: Cell<u64>,
}

/// One connection, as the answers on it see it.
struct Connection {
    spoiled: Rc<Spoiled>,
    go_away: Cell<bool>,
    /// Streams that are never answered must not be dropped: that would reset them.
    forgotten: RefCell<Vec<SendResponse<Bytes>>>,
}

impl Server {
    fn new(address: SocketAddr, behaviour: Behaviour, seen: Arc<Seen>) -> Self {
        let answers = Answers::new(address, &behaviour);
        Server {
            behaviour,
            seen,
            answers,
            open_streams: Cell::new(0),
            forgotten_tokens: Cell::new(0),
        }
    }

    async fn accept(self: &Rc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            self.seen.connections.fetch_add(1, Ordering::Relaxed);
            spawn_local(self.clone().serve(stream));
        }
    }

    async fn serve(self: Rc<Self>, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let spoiled = Rc::new(Spoiled::default());
        let mut builder = server::Builder::new();
        // As etcd's server does, it lets clients take back as many requests as they like.
        builder
            .initial_connection_window_size(1 << 24)
            .max_pending_accept_reset_streams(1 << 20)
            .max_concurrent_reset_streams(1 << 20);
        if let Some(most) = self.behaviour.max_concurrent_streams {
            builder.max_concurrent_streams(most);
        }
        let socket = Socket::new(stream, spoiled.clone());
        let Ok(mut http) = builder.handshake(socket).await else {
            return;
        };
        let connection = Rc::new(Connection {
            spoiled,
            go_away: Cell::new(false),
            forgotten: RefCell::default(),
        });
        while let Some(Ok((request, respond))) = http.accept().await {
            let server = self.clone();
            spawn_local(server.answer(connection.clone(), request, respond));
            if connection.go_away.take() {
                http.graceful_shutdown();
            }
        }
    }

    async fn answer(
        self: Rc<Self>,
        connection: Rc<Connection>,
        request: Request<RecvStream>,
        mut respond: SendResponse<Bytes>,
    ) {
        self.open_streams.set(self.open_streams.get() + 1);
        let open = self.open_streams.get();
        self.seen.most_streams.fetch_max(open, Ordering::Relaxed);
        let (head, body) = request.into_parts();
        // A client that went away is no fault of the server.
        let _ = match head.uri.path() {
            path @ ("/etcdserverpb.Watch/Watch" | "/etcdserverpb.Lease/LeaseKeepAlive") => {
                self.converse(path, body, respond).await
            }
            path => {
                let token = head.headers.get("token");
                let token = token.and_then(|token| token.to_str().ok()?.parse().ok());
                if token.is_some_and(|token: u64| token <= self.forgotten_tokens.get()) {
                    fail(&mut respond, 16, "etcdserver: invalid auth token")
                } else {
                    self.unary(&connection, path, body, respond).await
                }
            }
        };
        self.open_streams.set(self.open_streams.get() - 1);
    }

    async fn converse(
        &self,
        path: &str,
        mut body: RecvStream,
        mut respond: SendResponse<Bytes>,
    ) -> Result<(), h2::Error> {
        let mut stream = respond.send_response(grpc_head(), false)?;
        let mut come = BytesMut::new();
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            come.extend_from_slice(&data);
            while let Some(message) = answers::unframe(&mut come) {
                if let Some(answer) = self.answers.to_message(path, &message) {
                    stream.send_data(answer, false)?;
                }
            }
        }
        stream.send_trailers(trailers(0, ""))
    }

    async fn unary(
        &self,
        connection: &Connection,
        path: &str,
        mut body: RecvStream,
        mut respond: SendResponse<Bytes>,
    ) -> Result<(), h2::Error> {
        let mut request = BytesMut::new();
        while let Some(data) = body.data().await {
            let data = data?;
            body.flow_control().release_capacity(data.len())?;
            request.extend_from_slice(&data);
        }
        let message = answers::unframe(&mut request).unwrap_or_default();
        let Some(answer) = self.answers.to_call(path, &message) else {
            return fail(&mut respond, 12, "unknown method");
        };
        if self.behaviour.silent.is_some_and(|name| path.ends_with(name)) {
            connection.forgotten.borrow_mut().push(respond);
            return Ok(());
        }
        match self.fault(path) {
            None => succeed(&mut respond, answer).map(drop),
            Some(fault) => self.misbehave(fault, connection, respond, answer).await,
        }
    }

    /// Counts the request, and tells what goes wrong with it.
    fn fault(&self, path: &str) -> Option<Fault> {
        let writes =
            ["/etcdserverpb.KV/Put", "/etcdserverpb.KV/Txn", "/etcdserverpb.KV/DeleteRange"];
        if !writes.contains(&path) {
            let read = u64::from(path == "/etcdserverpb.KV/Range");
            self.seen.reads.fetch_add(read, Ordering::Relaxed);
            return None;
        }
        let number = self.seen.writes.fetch_add(1, Ordering::Relaxed);
        let Behaviour { after, times, .. } = self.behaviour;
        let hit = number >= after && (times == 0 || number < after + times);
        if hit && self.behaviour.forgets_tokens {
            self.forgotten_tokens.set(self.answers.tokens());
        }
        hit.then(|| self.behaviour.fault.clone()).flatten()
    }

    async fn misbehave(
        &self,
        fault: Fault,
        connection: &Connection,
        mut respond: SendResponse<Bytes>,
        answer: Bytes,
    ) -> Result<(), h2::Error> {
        match fault {
            Fault::Late(by) => {
                tokio::time::sleep(by).await;
                succeed(&mut respond, answer)
            }
            Fault::Never => {
                connection.forgotten.borrow_mut().push(respond);
                Ok(())
            }
            Fault::Status(code, message) => fail(&mut respond, code, message),
            Fault::NotGrpc => {
                let mut head = Response::new(());
                *head.status_mut() = StatusCode::BAD_GATEWAY;
                let page = Bytes::from_static(b"<html>502 Bad Gateway</html>");
                respond.send_response(head, false)?.send_data(page, true)
            }
            Fault::BadMessage => succeed(&mut respond, answers::frame(&[0xff; 24])),
            Fault::Reset => {
                respond.send_reset(Reason::INTERNAL_ERROR);
                Ok(())
            }
            Fault::GoAway => {
                connection.go_away.set(true);
                succeed(&mut respond, answer)
            }
            Fault::Garbage => {
                connection.spoiled.with_garbage();
                succeed(&mut respond, answer)
            }
            Fault::CutOff => {
                connection.spoiled.by_closing();
                succeed(&mut respond, answer)
            }
            Fault::StandStill(length) => {
                // The thread itself: nothing else happens meanwhile, on no connection.
                let began = Instant::now();
                thread::sleep(length);
                let stood_ns = began.elapsed().as_nanos() as u64;
                self.seen.stood_ns.fetch_add(stood_ns, Ordering::Relaxed);
                succeed(&mut respond, answer)
            }
        }
    }
}

fn grpc_head() -> Response<()> {
    let mut head = Response::new(());
    let grpc = HeaderValue::from_static("application/grpc");
    head.headers_mut().insert("content-type", grpc);
    head
}

fn trailers(code: u32, message: &'static str) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(code));
    if !message.is_empty() {
        trailers.insert("grpc-message", HeaderValue::from_static(message));
    }
    trailers
}

fn succeed(respond: &mut SendResponse<Bytes>, answer: Bytes) -> Result<(), h2::Error> {
    let mut stream: SendStream<Bytes> = respond.send_response(grpc_head(), false)?;
    stream.send_data(answer, false)?;
    stream.send_trailers(trailers(0, ""))
}

/// As etcd's server does, without a message: the status is in the headers.
fn fail(
    respond: &mut SendResponse<Bytes>,
    code: u32,
    message: &'static str,
) -> Result<(), h2::Error> {
    let mut head = grpc_head();
    head.headers_mut().extend(trailers(code, message));
    respond.send_response(head, true).map(drop)
}
