//! Watches beside the writes: how long from the moment a write was due until its event has come.

use std::collections::HashMap;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_local};

use super::books::Books;
use super::lane::{Handle, Lane};
use super::operation::Work;
use crate::clock::Clock;
use crate::etcd::ErrorClass;
use crate::plan::Watch;
use crate::wire::message::{Method, Pair, WatchAnswer, WatchCreate};
use crate::wire::{Failure, frame};

/// The pause before a watch that ended is made again.
const PAUSE: Duration = Duration::from_millis(50);

/// What all watches of a load share.
#[derive(Debug)]
pub struct Watching {
    /// The plan.
    pub plan: Watch,
    /// Events that acknowledged writes must bring.
    expected: AtomicU64,
    /// Events that came.
    received: AtomicU64,
    /// Events that came again after a watch was made anew.
    duplicates: AtomicU64,
    /// Events of deletions among those that came.
    deletions: AtomicU64,
    /// Workers that may still write.
    writers: AtomicU64,
    clock: Clock,
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
        Watching {
            plan,
            expected: AtomicU64::new(0),
            received: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            deletions: AtomicU64::new(0),
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
    pub fn expect(&self, key: u64) {
        let all = u64::from(self.plan.streams) * u64::from(self.plan.watches_per_stream);
        let watches = match self.plan.keys {
            0 => all,
            keys if key >= keys => 0,
            // Watches go over the keys in turn.
            keys => all / keys + u64::from(key < all % keys),
        };
        self.expected.fetch_add(watches, Ordering::Relaxed);
    }

    /// (expected, received, duplicates) so far.
    pub fn counts(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.expected), read(&self.received), read(&self.duplicates))
    }

    /// How many of those received were of deletions.
    pub fn deletions(&self) -> u64 {
        self.deletions.load(Ordering::Relaxed)
    }
}

/// The streams of one worker.
#[derive(Default)]
pub struct Streams(Vec<JoinHandle<()>>);

impl Streams {
    /// Waits until no worker writes any more and all expected events have come, but no longer than so long after the
    /// last one.
    pub async fn last_events(&self, watching: &Watching, clock: &Clock, longest_ns: u64) {
        let (mut seen, mut since_ns) = (watching.counts().1, clock.now_ns());
        loop {
            // Looked at first: what the last writer expects is then among what is expected.
            let over = watching.writers.load(Ordering::Acquire) == 0;
            let (expected, received, _) = watching.counts();
            if over && (received >= expected || clock.now_ns() - since_ns > longest_ns) {
                break;
            }
            if received > seen || !over {
                (seen, since_ns) = (received, clock.now_ns());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Opens the streams that fall to these lanes (each with its number among all) and waits until their watches stand.
pub async fn open(
    watching: &Arc<Watching>,
    work: &Arc<Work>,
    books: &Rc<Books>,
    lanes: impl Iterator<Item = (Rc<Lane>, u64)>,
    all_lanes: u64,
) -> Streams {
    let mut streams = Vec::new();
    let mut standing = Vec::new();
    for (lane, number) in lanes {
        let of_lane =
            (0..u64::from(watching.plan.streams)).filter(|stream| stream % all_lanes == number);
        for stream in of_lane {
            let (stands, ready) = oneshot::channel();
            standing.push(ready);
            let watch = Stream {
                watching: Arc::clone(watching),
                work: Arc::clone(work),
                books: Rc::clone(books),
                lane: Rc::clone(&lane),
                number: stream,
                seen: vec![0; watching.plan.watches_per_stream as usize],
            };
            streams.push(spawn_local(watch.run(stands)));
        }
    }
    for ready in standing {
        // One that cannot be made is missed when its events are counted.
        let _ = tokio::time::timeout(Duration::from_nanos(work.plan.timeout_ns), ready).await;
    }
    Streams(streams)
}

/// One stream with its watches.
struct Stream {
    watching: Arc<Watching>,
    work: Arc<Work>,
    books: Rc<Books>,
    lane: Rc<Lane>,
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
            let failure = match self.follow(&mut stands).await {
                Ok(never) => match never {},
                Err(failure) => failure,
            };
            let detail = json!({ "stream": self.number, "class": failure.class.name(), "message": failure.message });
            let now_ns = self.watching.clock.now_ns();
            self.books.event(now_ns, "watch.lost", self.lane.member(), detail);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Makes the watches and takes their events until the stream ends.
    async fn follow(&mut self, stands: &mut Stands) -> Result<Infallible, Failure> {
        let mut handle = Handle::default();
        let caller = self.lane.caller(&mut handle).await;
        let mut messages = caller.open(Method::Watch, self.create(0)).await?;
        for watch in 1..self.seen.len() {
            messages.send(self.create(watch))?;
        }
        // The server numbers watches in the order it makes them, which is that of our requests.
        let mut ids: HashMap<i64, usize> = HashMap::new();
        loop {
            let message = messages.next().await?;
            let answer = WatchAnswer::read(&message)?;
            if answer.canceled {
                if let Some(&watch) = ids.get(&answer.watch_id) {
                    // What is forgotten is missing; but it would be asked for again and again.
                    self.seen[watch] = self.seen[watch].max(answer.compact_revision - 1);
                }
                return Err(canceled(&answer));
            }
            if answer.created {
                let watch = ids.len();
                ids.insert(answer.watch_id, watch);
                if let Some(seen) = self.seen.get_mut(watch).filter(|seen| **seen == 0) {
                    *seen = answer.head.revision;
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

    fn take(&mut self, watch: usize, answer: &WatchAnswer<'_>) {
        let now_ns = self.watching.clock.now_ns();
        let before = self.seen[watch];
        for pair in &answer.puts {
            if !self.is_new(watch, before, pair) {
                continue;
            }
            if let Some(stamp) = self.work.values.read(pair.value) {
                self.watching.received.fetch_add(1, Ordering::Relaxed);
                self.books.event_came(self.lane.member(), stamp.due_ns, now_ns);
            }
        }
        if !self.work.tells_deletions() {
            return;
        }
        for pair in &answer.deletes {
            // When it was due it does not say.
            if self.is_new(watch, before, pair) && self.work.keys.number(pair.key).is_some() {
                self.watching.received.fetch_add(1, Ordering::Relaxed);
                self.watching.deletions.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether an event did not come before the watch was made anew.
    fn is_new(&mut self, watch: usize, before: i64, pair: &Pair<'_>) -> bool {
        self.seen[watch] = self.seen[watch].max(pair.mod_revision);
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
