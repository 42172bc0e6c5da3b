//! A connection to one member that is made again when it is lost, for all the clients that share it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use serde_json::json;
use tokio::task::{JoinHandle, spawn_local};

use super::compactor::Compactor;
use super::freshness::Freshness;
use super::leases::SharedLease;
use super::recorder::WorkerRecorder;
use crate::clock::Clock;
use crate::etcd::{Endpoint, ErrorClass, Wire};
use crate::units::format_duration;
use crate::wire::message::{Empty, Method};
use crate::wire::{Auth, Caller, Dialer, Driver, Failure, Token, start};

/// The pause after the first and after every further attempt that failed in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Where a connection leads, and who tells its story.
pub struct ConnectionSettings {
    /// The run's clock.
    pub clock: Clock,
    /// The member's address.
    pub endpoint: Endpoint,
    /// The member, as an index into the result's members; `None` when there is only one.
    pub member: Option<u32>,
    /// Makes connections.
    pub dialer: Dialer,
    /// Who we are to the server.
    pub auth: Option<Arc<Auth>>,
    /// The client that drives it.
    pub wire: Wire,
    /// How long a connection may take to answer its first request.
    pub patience: Duration,
}

/// A connection that is kept.
pub struct Connection {
    settings: ConnectionSettings,
    state: RefCell<Option<Caller>>,
    /// Counts connections, so that a client knows when its own is of yesterday.
    generation: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
    /// Generation of the token in use; 0 is none.
    token: Cell<u64>,
    lease: SharedLease,
    compactor: Compactor,
    freshness: Freshness,
}

/// A client's own handle on the connection, with the number of that connection.
#[derive(Default)]
pub struct Handle(Option<(u64, Caller)>);

impl Connection {
    /// A connection, not yet made.
    pub fn new(settings: ConnectionSettings) -> Rc<Self> {
        Rc::new(Connection {
            settings,
            state: RefCell::new(None),
            generation: Cell::new(0),
            waiting: RefCell::default(),
            token: Cell::new(0),
            lease: SharedLease::default(),
            compactor: Compactor::default(),
            freshness: Freshness::default(),
        })
    }

    /// What the compactor at this end remembers.
    pub fn compactor(&self) -> &Compactor {
        &self.compactor
    }

    /// Who waits for the watch at this end.
    pub fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// The time now, on the run's clock.
    pub fn now_ns(&self) -> u64 {
        self.settings.clock.now_ns()
    }

    /// The lease that keys written over it share, where they do.
    pub fn lease(&self) -> &SharedLease {
        &self.lease
    }

    /// The member it leads to.
    pub fn member(&self) -> Option<u32> {
        self.settings.member
    }

    /// Its address.
    pub fn endpoint(&self) -> &Endpoint {
        &self.settings.endpoint
    }

    /// An answer was from this raft term.
    pub fn heard_of(&self, term: u64, now_ns: u64, recorder: &WorkerRecorder) {
        if let Some(before) = recorder.terms().heard(term) {
            let detail = json!({ "from": before, "to": term, "endpoint": self.settings.endpoint.to_string() });
            recorder.event(now_ns, "term", self.member(), detail);
        }
    }

    /// The connection, as soon as there is one.
    pub async fn caller<'a>(&self, handle: &'a mut Handle) -> &'a mut Caller {
        let own = handle.0.as_ref().map(|(generation, _)| *generation);
        let fresh = poll_fn(|cx| match &*self.state.borrow() {
            // Another is made at once where it takes no more requests.
            Some(caller) if !caller.is_closed() => {
                let now = self.generation.get();
                Poll::Ready((own != Some(now)).then(|| (now, caller.clone())))
            }
            _ => {
                self.waiting.borrow_mut().push(cx.waker().clone());
                Poll::Pending
            }
        })
        .await;
        if fresh.is_some() {
            handle.0 = fresh;
        }
        let (_, caller) =
            handle.0.as_mut().expect("a handle holds a connection from its first use on");
        caller
    }

    /// Connects for the first time.
    ///
    /// # Errors
    /// What keeps the connection from being made.
    pub async fn connect(self: &Rc<Self>, recorder: &Rc<WorkerRecorder>) -> Result<(), Failure> {
        let (caller, driving) = self.dial().await?;
        self.up(caller);
        spawn_local(Rc::clone(self).keep(driving, Rc::clone(recorder)));
        Ok(())
    }

    /// Waits for the connection's end and makes another, for as long as the worker lives.
    async fn keep(self: Rc<Self>, mut driving: Driving, recorder: Rc<WorkerRecorder>) {
        let (clock, endpoint) = (self.settings.clock, self.settings.endpoint.to_string());
        loop {
            let why = driving
                .await
                .unwrap_or_else(|_| Failure::new(ErrorClass::Transport, "the connection ended"));
            let lost_ns = clock.now_ns();
            self.state.borrow_mut().take();
            let detail =
                json!({ "endpoint": endpoint, "class": why.class.name(), "message": why.message });
            recorder.event(lost_ns, "connection.lost", self.member(), detail);
            let (caller, again) = self.redial().await;
            self.up(caller);
            driving = again;
            let gap_ns = clock.now_ns() - lost_ns;
            let detail = json!({ "endpoint": endpoint, "gap_ns": gap_ns });
            recorder.event(clock.now_ns(), "connection.back", self.member(), detail);
        }
    }

    async fn redial(&self) -> (Caller, Driving) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.dial().await {
                Ok(connected) => return connected,
                Err(_) => self.settings.clock.sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A connection that has answered a first request: only then is it known to be one, and how many requests the
    /// server takes at a time. A token that serves no more is got anew once; one got from a connection that was lost,
    /// or by another connection, may be of yesterday.
    async fn dial(&self) -> Result<(Caller, Driving), Failure> {
        let Some(auth) = &self.settings.auth else {
            return self.dial_with(None).await;
        };
        let known = match auth.token() {
            Some(token) => token,
            None => self.token_after(auth, 0).await?,
        };
        let generation = known.generation;
        match self.dial_with(Some(known)).await {
            Err(failure) if failure.class == ErrorClass::StaleToken => {
                let fresh = self.token_after(auth, generation).await?;
                self.dial_with(Some(fresh)).await
            }
            dialled => dialled,
        }
    }

    async fn token_after(&self, auth: &Auth, stale: u64) -> Result<Token, Failure> {
        let ConnectionSettings { endpoint, dialer, .. } = &self.settings;
        let asked = auth.renew(dialer, endpoint, stale).await;
        asked.map_err(|error| Failure::new(ErrorClass::NotSent, error.to_string()))
    }

    async fn dial_with(&self, token: Option<Token>) -> Result<(Caller, Driving), Failure> {
        let ConnectionSettings { endpoint, dialer, wire, patience, .. } = &self.settings;
        let not_sent = |message: String| Failure::new(ErrorClass::NotSent, message);
        if let Some(token) = &token {
            self.token.set(token.generation);
        }
        let token = token.map(|token| token.value);
        let stream = dialer.dial(endpoint).await.map_err(|error| not_sent(error.to_string()))?;
        let answered = async {
            let (mut caller, driver) = start(*wire, stream, endpoint, token).await?;
            let driving = spawn_local(drive(driver));
            caller.call(Method::Status, &Empty).await?;
            Ok((caller, driving))
        };
        match self.settings.clock.within(*patience, answered).await {
            Some(Ok(connected)) => Ok(connected),
            // Whoever knows what answers there instead of an etcd can say what to do.
            Some(Err(Failure { class: ErrorClass::Transport | ErrorClass::Other, message })) => {
                Err(not_sent(dialer.diagnose(endpoint, &message).await.to_string()))
            }
            Some(Err(failure)) => Err(failure),
            None => {
                let waited = format_duration(patience.as_nanos() as u64);
                Err(not_sent(format!(
                    "{endpoint} takes connections, but does not answer within {waited}"
                )))
            }
        }
    }

    fn up(&self, caller: Caller) {
        *self.state.borrow_mut() = Some(caller);
        self.generation.set(self.generation.get() + 1);
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Gets another token after the server has refused the one that a client used.
    ///
    /// # Errors
    /// [`ErrorClass::Denied`] when there is none to be had.
    pub async fn renew(&self, handle: &Handle) -> Result<(), Failure> {
        let ConnectionSettings { endpoint, dialer, auth: Some(auth), .. } = &self.settings else {
            return Err(Failure::new(ErrorClass::Denied, "the server wants a token; give --user"));
        };
        let used = handle.0.as_ref().map(|(generation, _)| *generation);
        if used != Some(self.generation.get()) {
            return Ok(());
        }
        let token = auth.renew(dialer, endpoint, self.token.get()).await;
        let token = token.map_err(|error| Failure::new(ErrorClass::Denied, error.to_string()))?;
        if used == Some(self.generation.get()) {
            self.token.set(token.generation);
            self.generation.set(self.generation.get() + 1);
            let mut state = self.state.borrow_mut();
            *state = state.take().map(|caller| caller.with_token(token.value));
        }
        Ok(())
    }
}

type Driving = JoinHandle<Failure>;

/// Drives a connection until it takes no more requests, and what is under way on it then to its end.
async fn drive(driver: Driver) -> Failure {
    let (why, rest) = driver.run().await;
    if let Some(rest) = rest {
        spawn_local(rest.run());
    }
    why
}
