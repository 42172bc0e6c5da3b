//! Watches beside the writes: how long from the moment a write was due until its event has come.

use std::collections::HashMap;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

use super::connection::{Connection, Handle};
use super::operation::Work;
use super::outstanding::{Change, Outstanding};
use super::recorder::WorkerRecorder;
use crate::clock::Clock;
use crate::etcd::ErrorClass;
use crate::plan::Watch;
use crate::wire::message::{Method, Pair, WatchAnswer, WatchCreate, WatchProgress};
use crate::wire::{Failure, Messages, frame};

/// The pause before a watch that ended is made again.
const PAUSE: Duration = Duration::from_millis(50);

/// What all watches of a load share.
#[derive(Debug)]
pub struct Watching {
    /// The plan.
    pub plan: Watch,
    /// Events that acknowledged writes must bring.
    outstanding: Outstanding,
    /// Events that came.
    received: AtomicU64,
    /// Events that came again after a watch was made anew.
    duplicates: AtomicU64,
    /// Events of deletions among those that came.
    deletions: AtomicU64,
    /// Of each watch the revision up to which its events have come; 0 before it first stood.
    seen: Vec<AtomicI64>,
    /// Watches that stand.
    standing: AtomicU64,
    /// Workers that may still write.
    writers: AtomicU64,
    clock: Clock,
}

/// What all watches together should have brought, and did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reckoning {
    /// Events that had to come.
    pub expected: u64,
    /// Those of them that came.
    pub received: u64,
    /// Those that did not.
    pub missing: u64,
    /// Those of the missing that no end of the load explains: later ones came over all watches on the key, or none stood,
    /// or they had as long as anybody waits.
    pub lost: u64,
    /// Events that came of writes that nobody acknowledged.
    pub beside: u64,
    /// Events that came again after a watch was made anew.
    pub duplicates: u64,
    /// Events of deletions among those that came.
    pub deletions: u64,
    /// Events that were not judged, for too many were to come.
    pub unjudged: u64,
}

/// Held by a worker for as long as it may write.
#[derive(Debug)]
pub struct Writing(Arc<Watching>);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.writers.fetch_sub(1, Ordering::Release);
    }
}

impl Watching {
    /// Nothing seen yet.
    pub fn new(plan: Watch, clock: Clock) -> Self {
        let all = u64::from(plan.streams) * u64::from(plan.watches_per_stream);
        Watching {
            plan,
            outstanding: Outstanding::default(),
            received: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            deletions: AtomicU64::new(0),
            seen: (0..all).map(|_| AtomicI64::new(0)).collect(),
            standing: AtomicU64::new(0),
            writers: AtomicU64::new(0),
            clock,
        }
    }

    /// A worker more that writes.
    pub fn writing(self: &Arc<Self>) -> Writing {
        self.writers.fetch_add(1, Ordering::Relaxed);
        Writing(Arc::clone(self))
    }

    /// A write or a deletion of this key was acknowledged: each watch on it must bring an event.
    pub fn expect(&self, key: u64, revision: i64) {
        let change = Change { key, revision };
        self.outstanding.acknowledged(change, self.watches_on(key), self.clock.now_ns());
    }

    fn watches_on(&self, key: u64) -> u64 {
        let all = self.seen.len() as u64;
        match self.plan.keys {
            0 => all,
            keys if key >= keys => 0,
            // Watches go over the keys in turn.
            keys => all / keys + u64::from(key < all % keys),
        }
    }

    /// An event has come.
    fn came(&self, key: u64, revision: i64) {
        self.received.fetch_add(1, Ordering::Relaxed);
        self.outstanding.came(Change { key, revision }, self.clock.now_ns());
    }

    /// What has come of it all. Nobody waits for an event for longer than `patience_ns`.
    pub fn reckon(&self, patience_ns: u64) -> Reckoning {
        let now_ns = self.clock.now_ns();
        let (expected, beside, unjudged) = self.outstanding.counts();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut reckoned = Reckoning {
            expected,
            beside,
            unjudged,
            duplicates: read(&self.duplicates),
            deletions: read(&self.deletions),
            ..Reckoning::default()
        };
        let none_stands = read(&self.standing) == 0;
        let passed = self.passed();
        self.outstanding.each(|change, open| {
            let missing = open.wanted.saturating_sub(open.came);
            let place = if self.plan.keys == 0 { 0 } else { change.key as usize };
            let over = passed.get(place).is_some_and(|passed| *passed > change.revision);
            let long = now_ns.saturating_sub(open.at_ns) >= patience_ns;
            reckoned.missing += missing;
            reckoned.lost += if none_stands || over || long { missing } else { 0 };
        });
        reckoned.received = expected - reckoned.missing;
        reckoned
    }

    /// Of each watched key the revision that all watches on it have passed; of a watched prefix one for all.
    fn passed(&self) -> Vec<i64> {
        let keys = self.plan.keys.clamp(1, self.seen.len().max(1) as u64) as usize;
        let mut passed = vec![i64::MAX; keys];
        for (number, seen) in self.seen.iter().enumerate() {
            let of_key = &mut passed[number % keys];
            *of_key = (*of_key).min(seen.load(Ordering::Relaxed));
        }
        passed
    }
}

/// The streams of one worker.
#[derive(Default)]
pub struct Streams {
    tasks: Vec<JoinHandle<()>>,
    /// Connections at which reads wait for their watch, and who writes down for how long.
    waits: Vec<(Rc<Connection>, Rc<WorkerRecorder>)>,
}

impl Streams {
    /// Waits until no worker writes any more and all expected events have come, but no longer than so long after the
    /// last one.
    pub async fn last_events(&self, watching: &Watching, clock: &Clock, longest_ns: u64) {
        let received = || watching.received.load(Ordering::Relaxed);
        let (mut seen, mut since_ns) = (received(), clock.now_ns());
        loop {
            // Looked at first: what the last writer expects is then among what is expected.
            let over = watching.writers.load(Ordering::Acquire) == 0;
            let waits = self.waits.iter().any(|(connection, _)| connection.freshness().is_waited());
            let complete = watching.outstanding.is_complete() && !waits;
            let received = received();
            if over && (complete || clock.now_ns() - since_ns > longest_ns) {
                break;
            }
            if received > seen || !over {
                (seen, since_ns) = (received, clock.now_ns());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.tasks.iter().for_each(JoinHandle::abort);
        // Who waits still has waited so long at least.
        let now_ns = clock.now_ns();
        for (connection, recorder) in &self.waits {
            for since_ns in connection.freshness().shown(i64::MAX) {
                recorder.shown(connection.member(), since_ns, now_ns);
            }
        }
    }
}

/// Opens the streams that fall to these connections (each with its number among all) and waits until their watches stand.
pub async fn open(
    watching: &Arc<Watching>,
    work: &Arc<Work>,
    recorder: &Rc<WorkerRecorder>,
    connections: impl Iterator<Item = (Rc<Connection>, u64)>,
    all_lanes: u64,
) -> Streams {
    let mut streams = Streams::default();
    let mut standing = Vec::new();
    for (connection, number) in connections {
        if watching.plan.freshness {
            streams.waits.push((Rc::clone(&connection), Rc::clone(recorder)));
        }
        let of_lane =
            (0..u64::from(watching.plan.streams)).filter(|stream| stream % all_lanes == number);
        for stream in of_lane {
            let (stands, ready) = oneshot::channel();
            standing.push(ready);
            let watch = Stream {
                watching: Arc::clone(watching),
                work: Arc::clone(work),
                recorder: Rc::clone(recorder),
                connection: Rc::clone(&connection),
                number: stream,
                seen: vec![0; watching.plan.watches_per_stream as usize],
            };
            streams.tasks.push(spawn_local(watch.run(stands)));
        }
    }
    for ready in standing {
        // One that cannot be made is missed when its events are counted.
        let _ = tokio::time::timeout(Duration::from_nanos(work.plan.timeout_ns), ready).await;
    }
    streams
}

/// One stream with its watches.
struct Stream {
    watching: Arc<Watching>,
    work: Arc<Work>,
    recorder: Rc<WorkerRecorder>,
    connection: Rc<Connection>,
    number: u64,
    /// Of each watch the revision up to which its events have come; 0 before it first stood.
    seen: Vec<i64>,
}

type Stands = Option<oneshot::Sender<()>>;

impl Stream {
    /// Makes the watches again whenever the stream ends, each from where it had come to.
    async fn run(mut self, stands: oneshot::Sender<()>) {
        let mut stands = Some(stands);
        loop {
            let mut standing = 0;
            let failure = match self.follow(&mut stands, &mut standing).await {
                Ok(never) => match never {},
                Err(failure) => failure,
            };
            self.watching.standing.fetch_sub(standing, Ordering::Relaxed);
            let detail = json!({ "stream": self.number, "class": failure.class.name(), "message": failure.message });
            let now_ns = self.watching.clock.now_ns();
            self.recorder.event(now_ns, "watch.lost", self.connection.member(), detail);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Makes the watches and takes their events until the stream ends.
    async fn follow(
        &mut self,
        stands: &mut Stands,
        standing: &mut u64,
    ) -> Result<Infallible, Failure> {
        let mut handle = Handle::default();
        let caller = self.connection.caller(&mut handle).await;
        let mut messages = caller.open(Method::Watch, self.create(0)).await?;
        for watch in 1..self.seen.len() {
            messages.send(self.create(watch))?;
        }
        // The server numbers watches in the order it makes them, which is that of our requests.
        let mut ids: HashMap<i64, usize> = HashMap::new();
        loop {
            let message = self.next(&mut messages).await?;
            let answer = WatchAnswer::read(&message)?;
            self.show(&answer);
            if answer.canceled {
                if let Some(&watch) = ids.get(&answer.watch_id) {
                    // What is forgotten is missing; but it would be asked for again and again.
                    self.saw(watch, answer.compact_revision - 1);
                }
                return Err(canceled(&answer));
            }
            if answer.created {
                let watch = ids.len();
                ids.insert(answer.watch_id, watch);
                *standing += 1;
                self.watching.standing.fetch_add(1, Ordering::Relaxed);
                if self.seen.get(watch) == Some(&0) {
                    self.saw(watch, answer.head.revision);
                }
                if ids.len() == self.seen.len()
                    && let Some(stands) = stands.take()
                {
                    let _ = stands.send(());
                }
            }
            if let Some(&watch) = ids.get(&answer.watch_id) {
                self.take(watch, &answer);
            }
        }
    }

    /// The next message; while somebody waits to see how far the watch has come, it is asked for that meanwhile.
    async fn next(&self, messages: &mut Messages) -> Result<Bytes, Failure> {
        if !self.watching.plan.freshness {
            return messages.next().await;
        }
        let freshness = self.connection.freshness();
        loop {
            tokio::select! {
                message = messages.next() => return message,
                () = freshness.until_due(&self.watching.clock) => messages.send(frame(&WatchProgress))?,
            }
        }
    }

    /// What this answer shows of the store's revision: that of its last event, or what it tells without one.
    fn show(&self, answer: &WatchAnswer<'_>) {
        if !self.watching.plan.freshness || answer.canceled {
            return;
        }
        // A watch that is made again has yet to bring what came meanwhile.
        if answer.created && self.seen.iter().any(|seen| *seen > 0) {
            return;
        }
        let events = answer.puts.iter().chain(&answer.deletes).map(|pair| pair.mod_revision);
        let revision = events.max().unwrap_or(answer.head.revision);
        let now_ns = self.watching.clock.now_ns();
        for since_ns in self.connection.freshness().shown(revision) {
            self.recorder.shown(self.connection.member(), since_ns, now_ns);
        }
    }

    fn create(&self, watch: usize) -> Bytes {
        let plan = &self.watching.plan;
        let keys = &self.work.keys;
        let (mut key, mut end) = (keys.prefix().to_vec(), keys.end());
        if plan.keys > 0 {
            let number = self.number * u64::from(plan.watches_per_stream) + watch as u64;
            keys.write(number % plan.keys, &mut key);
            end.clear();
        }
        let seen = self.seen[watch];
        frame(&WatchCreate {
            key: &key,
            end: &end,
            start_revision: if seen > 0 { seen + 1 } else { 0 },
            prev_kv: plan.prev_kv,
            // An apiserver asks for both.
            progress_notify: plan.prev_kv,
        })
    }

    /// The events of a watch have come up to this revision.
    fn saw(&mut self, watch: usize, revision: i64) {
        let number = self.number as usize * self.seen.len() + watch;
        if let Some(seen) = self.seen.get_mut(watch) {
            *seen = revision.max(*seen);
            if let Some(shared) = self.watching.seen.get(number) {
                shared.store(*seen, Ordering::Relaxed);
            }
        }
    }

    fn take(&mut self, watch: usize, answer: &WatchAnswer<'_>) {
        let now_ns = self.watching.clock.now_ns();
        let before = self.seen[watch];
        for pair in &answer.puts {
            if !self.is_new(watch, before, pair) {
                continue;
            }
            if let (Some(stamp), Some(key)) =
                (self.work.values.read(pair.value), self.work.keys.number(pair.key))
            {
                self.watching.came(key, pair.mod_revision);
                self.recorder.event_came(self.connection.member(), stamp.due_ns, now_ns);
            }
        }
        if !self.work.tells_deletions() {
            return;
        }
        for pair in &answer.deletes {
            // When it was due it does not say.
            if self.is_new(watch, before, pair)
                && let Some(key) = self.work.keys.number(pair.key)
            {
                self.watching.came(key, pair.mod_revision);
                self.watching.deletions.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether an event did not come before the watch was made anew.
    fn is_new(&mut self, watch: usize, before: i64, pair: &Pair<'_>) -> bool {
        self.saw(watch, pair.mod_revision);
        let new = pair.mod_revision > before;
        if !new {
            self.watching.duplicates.fetch_add(1, Ordering::Relaxed);
        }
        new
    }
}

/// Why the server ended a watch.
fn canceled(answer: &WatchAnswer<'_>) -> Failure {
    match answer.compact_revision {
        0 => {
            let reason = String::from_utf8_lossy(answer.cancel_reason).into_owned();
            Failure::new(ErrorClass::Other, reason)
        }
        revision => Failure::new(
            ErrorClass::Compacted,
            format!(
                "the history before revision {revision}, which it was to go on from, is compacted away"
            ),
        ),
    }
}
