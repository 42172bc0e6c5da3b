//! The load itself: workers are started, told to begin at the same moment, and their accounts added up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;

use super::books::{Archive, SETUP, Tally, Terms};
use super::feed::Stock;
use super::gaps::Gaps;
use super::halt::{Control, DIED, DeathWatch};
use super::operation::Work;
use super::preload::Preload;
use super::schedule::Span;
use super::watching::Watching;
use super::worker::{Berth, Left, Worker};
use crate::clock::Clock;
use crate::cluster::Watcher;
use crate::disk::counters::CounterSampler;
use crate::error::{Error, Result};
use crate::plan::{LoadPace, LoadPlan};
use crate::record::{Emission, Pool};
use crate::units::format_bytes;
use crate::wire::{Auth, Dialer, Endpoint, Failure};

/// Between the last worker's readiness and the start, so that none is late.
const LEAD: Duration = Duration::from_millis(30);
/// How often the coordinator looks up.
const LOOK: Duration = Duration::from_millis(10);
/// How often the generator's own use of the processor is told.
const CPU_EVERY_NS: u64 = 1_000_000_000;

/// Where one connection leads.
#[derive(Debug, Clone)]
pub struct Place {
    /// The address.
    pub endpoint: Endpoint,
    /// Whose it is; `None` when there is one member only.
    pub member: Option<u32>,
}

/// What a load needs beside its plan.
pub struct Drive<'a> {
    /// What all workers share.
    pub work: Arc<Work>,
    /// The run's clock.
    pub clock: Clock,
    /// What ends it.
    pub control: Control,
    /// Where emissions go.
    pub sink: SyncSender<Emission>,
    /// Where histograms come from.
    pub pool: Pool,
    /// Where connections lead, in turn.
    pub places: Vec<Place>,
    /// Number of members.
    pub members: usize,
    /// Makes connections.
    pub dialer: Dialer,
    /// Who we are.
    pub auth: Option<Arc<Auth>>,
    /// Looks at the members meanwhile.
    pub watcher: &'a Watcher,
    /// Reads this machine's counters.
    pub sampler: CounterSampler,
}

/// A thread of the generator, and what it shares with the coordinator.
struct Hand {
    thread: JoinHandle<Left>,
    start: Option<oneshot::Sender<u64>>,
    cpu_ns: Arc<AtomicU64>,
    in_flight: Arc<AtomicU64>,
}

impl Drive<'_> {
    /// Prepares and carries out the load.
    ///
    /// # Errors
    /// Before the load begins: no connection, or keys that could not be written beforehand. After it: a thread died, so
    /// that what the others did is not all that was to be done.
    pub fn run(mut self) -> Result<()> {
        let spans: Arc<[Span]> = spans(&self.work.plan).into();
        let archive = Archive {
            clock: self.clock,
            start: Arc::new(OnceLock::new()),
            gaps: Arc::new(Gaps::new(spans.len(), self.members)),
            spans,
            sink: self.sink.clone(),
            pool: self.pool.clone(),
            terms: Arc::new(Terms::default()),
        };
        let watching = self
            .work
            .plan
            .watch
            .map(|watch| Arc::new(Watching::new(watch, self.clock)));
        let preload = Arc::new(Preload::new(self.work.plan.preload));
        let (ready, readiness) = sync_channel(1);
        let mut hands = self.hire(&archive, &preload, watching.as_ref(), &ready)?;
        drop(ready);
        let prepared = self.prepare(&preload, &readiness, hands.len());
        if let Err(error) = &prepared {
            // The others would go on connecting and writing keys, and be waited for.
            self.control.halt(error.to_string());
        }
        if prepared.is_err() || self.control.is_halted() {
            hands.iter_mut().for_each(|hand| hand.start = None);
            hands.into_iter().for_each(|hand| drop(hand.thread.join()));
            return prepared;
        }
        self.begin(&archive, &mut hands);
        self.oversee(&archive, &hands);
        let joined: Vec<_> = hands.into_iter().map(|hand| hand.thread.join()).collect();
        let died = joined.iter().any(std::result::Result::is_err);
        let left: Vec<Left> = joined.into_iter().flatten().collect();
        self.account(&archive, watching.as_deref(), &left);
        if died {
            return Err(Error::Refused(DIED.to_owned()));
        }
        Ok(())
    }

    fn hire(
        &self,
        archive: &Archive,
        preload: &Arc<Preload>,
        watching: Option<&Arc<Watching>>,
        ready: &SyncSender<std::result::Result<(), Failure>>,
    ) -> Result<Vec<Hand>> {
        let plan = &self.work.plan;
        let stock = matches!(plan.pace, LoadPace::Closed { .. }).then(|| {
            Arc::new(Stock::new(
                Arc::clone(&archive.spans),
                plan.total.unwrap_or(u64::MAX),
            ))
        });
        let berths = berths(plan, &self.places);
        let mut hands = Vec::new();
        for (number, berths) in berths.into_iter().enumerate() {
            let (cpu_ns, in_flight) = (Arc::default(), Arc::default());
            let (start, started) = oneshot::channel();
            let worker = Worker {
                berths,
                lanes: plan.connections.into(),
                work: Arc::clone(&self.work),
                archive: archive.clone(),
                control: self.control.clone(),
                dialer: self.dialer.clone(),
                auth: self.auth.clone(),
                stock: stock.clone(),
                preload: Arc::clone(preload),
                watching: watching.cloned(),
                writing: watching.map(Watching::writing),
                cpu_ns: Arc::clone(&cpu_ns),
                in_flight: Arc::clone(&in_flight),
                grants_lease: number == 0,
            };
            let ready = ready.clone();
            let watch = DeathWatch::new(self.control.clone());
            let thread = std::thread::Builder::new()
                .name(format!("load-{number}"))
                .spawn(move || {
                    let _watch = watch;
                    worker.run(&ready, started)
                })
                .map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
            hands.push(Hand {
                thread,
                start: Some(start),
                cpu_ns,
                in_flight,
            });
        }
        Ok(hands)
    }

    /// Waits until all workers are ready, and tells how the preload comes along.
    fn prepare(
        &self,
        preload: &Preload,
        readiness: &Receiver<std::result::Result<(), Failure>>,
        workers: usize,
    ) -> Result<()> {
        let begun_ns = self.clock.now_ns();
        let phase: Arc<str> = if preload.keys() > 0 {
            "preload".into()
        } else {
            SETUP.into()
        };
        self.enter(&phase, begun_ns, 0);
        let (mut waiting, mut told_ns, mut told) = (workers, begun_ns, 0);
        while waiting > 0 {
            match readiness.recv_timeout(LOOK) {
                Ok(Ok(())) => waiting -= 1,
                Ok(Err(failure)) => return Err(Error::Refused(failure.message)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Error::Refused(DIED.to_owned())),
            }
            // A thread that died is never ready; the others wait for the start.
            if let Some(why) = self.control.why() {
                return Err(Error::Refused(why));
            }
            let now_ns = self.clock.now_ns();
            if preload.keys() > 0 && (now_ns - told_ns >= CPU_EVERY_NS || waiting == 0) {
                let written = preload.written();
                self.tell(Emission::Counters {
                    phase: Arc::clone(&phase),
                    start_ns: told_ns,
                    length_ns: now_ns - told_ns,
                    source: "preload".to_owned(),
                    member: None,
                    values: [("keys".to_owned(), (written - told) as f64)].into(),
                });
                (told_ns, told) = (now_ns, written);
            }
        }
        if preload.keys() > 0 {
            let detail =
                json!({ "keys": preload.written(), "length_ns": self.clock.now_ns() - begun_ns });
            self.event(&phase, "preload", None, detail);
        }
        Ok(())
    }

    /// All workers begin at one moment.
    fn begin(&self, archive: &Archive, hands: &mut [Hand]) {
        let start_ns = self.clock.now_ns() + LEAD.as_nanos() as u64;
        archive.start.get_or_init(|| start_ns);
        archive
            .gaps
            .begin(archive.spans.iter().map(|span| start_ns + span.start_ns));
        for hand in hands {
            if let Some(start) = hand.start.take() {
                // A worker that died is missed when it is joined.
                let _ = start.send(start_ns);
            }
        }
    }

    /// Tells each phase as it begins, and how busy the generator is, until all workers are done.
    fn oversee(&mut self, archive: &Archive, hands: &[Hand]) {
        let start_ns = archive.start_ns();
        let mut ahead = archive.spans.iter().peekable();
        let mut phase: Arc<str> = SETUP.into();
        let (mut told_ns, mut told_cpu_ns) = (start_ns, cpu_ns(hands));
        // What it read before is not of the load.
        self.sampler.sample(start_ns);
        while hands.iter().any(|hand| !hand.thread.is_finished()) {
            let now_ns = self.clock.now_ns();
            if let Some(span) = ahead.next_if(|span| now_ns >= start_ns + span.start_ns)
                && !self.control.is_halted()
            {
                phase = Arc::clone(&span.phase);
                self.enter(&phase, start_ns + span.start_ns, span.length_ns);
            }
            if now_ns >= told_ns + CPU_EVERY_NS {
                let cpu = cpu_ns(hands);
                let used = cpu.saturating_sub(told_cpu_ns);
                self.tell_counters(&phase, (told_ns, now_ns), hands, used);
                (told_ns, told_cpu_ns) = (now_ns, cpu);
            }
            self.keep_off_the_quota(&phase);
            sleep(LOOK);
        }
    }

    fn enter(&self, phase: &Arc<str>, at_ns: u64, length_ns: u64) {
        self.watcher.enter(phase);
        self.tell(Emission::PhaseStart {
            phase: Arc::clone(phase),
            at_ns,
            planned_ns: if length_ns == u64::MAX { 0 } else { length_ns },
        });
    }

    fn tell_counters(
        &mut self,
        phase: &Arc<str>,
        (from_ns, to_ns): (u64, u64),
        hands: &[Hand],
        cpu_ns: u64,
    ) {
        let in_flight: u64 = hands
            .iter()
            .map(|hand| hand.in_flight.load(Ordering::Relaxed))
            .sum();
        self.tell(Emission::Counters {
            phase: Arc::clone(phase),
            start_ns: from_ns,
            length_ns: to_ns - from_ns,
            source: "client".to_owned(),
            member: None,
            values: [
                ("threads".to_owned(), hands.len() as f64),
                ("cpu_s".to_owned(), cpu_ns as f64 / 1e9),
                ("in_flight".to_owned(), in_flight as f64),
            ]
            .into(),
        });
        for span in self.sampler.sample(to_ns) {
            self.tell(span.into_emission(Arc::clone(phase)));
        }
    }

    /// Ends the load before the database reaches its quota: then it would refuse the writes of everybody.
    fn keep_off_the_quota(&self, phase: &Arc<str>) {
        let live = self.watcher.live();
        if self.control.is_halted() || !live.must_stop() {
            return;
        }
        let (db_bytes, quota_bytes) = (live.db_bytes(), live.quota().limit());
        self.event(
            phase,
            "quota.stop",
            None,
            json!({ "db_bytes": db_bytes, "quota_bytes": quota_bytes }),
        );
        self.control.halt(format!(
            "the database has grown to {}, near its quota of {}",
            format_bytes(db_bytes),
            quota_bytes.map_or_else(|| "?".to_owned(), format_bytes)
        ));
    }

    /// What each phase amounted to.
    fn account(&self, archive: &Archive, watching: Option<&Watching>, left: &[Left]) {
        let start_ns = archive.start_ns();
        let now_ns = self.clock.now_ns();
        for (index, span) in archive.spans.iter().enumerate() {
            let begins_ns = start_ns + span.start_ns;
            if begins_ns >= now_ns {
                break;
            }
            let mut tally = Tally::default();
            left.iter()
                .filter_map(|left| left.tallies.get(index))
                .for_each(|part| tally += *part);
            let ends_ns = start_ns.saturating_add(span.end_ns()).min(now_ns);
            let length_ns = ends_ns - begins_ns;
            let wanted = (span.from_per_s > 0.0).then_some((span.from_per_s + span.to_per_s) / 2.0);
            let detail = json!({
                "due": tally.sent + tally.unsent,
                "sent": tally.sent,
                "answered": tally.answered,
                "failed": tally.failed,
                "unsent": tally.unsent,
                "wanted_per_s": wanted,
                "length_ns": length_ns,
                "in_flight_max": tally.most_in_flight,
                "connections": self.work.plan.connections,
            });
            self.event(&span.phase, "load.phase", None, detail);
            if tally.attempts > 0 {
                let detail = json!({ "count": tally.conflicts, "attempts": tally.attempts });
                self.event(&span.phase, "txn.conflicts", None, detail);
            }
            for (member, gap) in archive.gaps.longest(index, ends_ns) {
                let detail = json!({ "start_ns": gap.start_ns, "length_ns": gap.length_ns });
                self.event(&span.phase, "ack.gap", member, detail);
            }
        }
        if let (Some(_), Some(last)) = (self.work.plan.writes.shared_leases, archive.spans.last()) {
            let (count, keys) = self.work.leases.shared();
            let detail = json!({ "count": count, "keys": keys });
            self.event(&last.phase, "lease.grants", None, detail);
        }
        if let (Some(watching), Some(last)) = (watching, archive.spans.last()) {
            let (expected, received, duplicates) = watching.counts();
            let detail = json!({
                "expected": expected,
                "received": received,
                "missing": expected.saturating_sub(received),
                "duplicates": duplicates,
                "deletions": watching.deletions(),
                "streams": watching.plan.streams,
                "watches": u64::from(watching.plan.streams) * u64::from(watching.plan.watches_per_stream),
            });
            self.event(&last.phase, "watch.total", None, detail);
        }
    }

    fn event(
        &self,
        phase: &Arc<str>,
        kind: &'static str,
        member: Option<u32>,
        detail: serde_json::Value,
    ) {
        self.tell(Emission::Event {
            phase: Arc::clone(phase),
            at_ns: self.clock.now_ns(),
            kind,
            member,
            detail,
        });
    }

    fn tell(&self, emission: Emission) {
        // The collector outlives the load.
        let _ = self.sink.send(emission);
    }
}

fn cpu_ns(hands: &[Hand]) -> u64 {
    hands
        .iter()
        .map(|hand| hand.cpu_ns.load(Ordering::Relaxed))
        .sum()
}

/// The phases of a load on its own clock.
fn spans(plan: &LoadPlan) -> Vec<Span> {
    let steps = plan.steps();
    let burst = match plan.pace {
        LoadPace::Open { burst, .. } => burst,
        LoadPace::Closed { .. } => 0,
    };
    let first_per_s = steps.first().map_or(0.0, |step| step.from_per_s);
    let mut spans = Vec::new();
    if plan.warmup_ns > 0 {
        spans.push(Span {
            phase: "warmup".into(),
            start_ns: 0,
            length_ns: plan.warmup_ns,
            from_per_s: first_per_s,
            to_per_s: first_per_s,
            burst: 0,
            measured: false,
        });
    }
    let mut start_ns = plan.warmup_ns;
    let mut measured =
        |name: String, length_ns: u64, from_per_s: f64, to_per_s: f64, burst: u32| {
            spans.push(Span {
                phase: name.into(),
                start_ns,
                length_ns,
                from_per_s,
                to_per_s,
                burst,
                measured: true,
            });
            start_ns = start_ns.saturating_add(length_ns);
        };
    match steps {
        [_, _, ..] => {
            for (index, step) in steps.iter().enumerate() {
                let burst = if index == 0 { burst } else { 0 };
                let name = format!("rate.{}", index + 1);
                measured(
                    name,
                    step.duration_ns,
                    step.from_per_s,
                    step.to_per_s,
                    burst,
                );
            }
        }
        _ => {
            let (from, to) = steps
                .first()
                .map_or((0.0, 0.0), |step| (step.from_per_s, step.to_per_s));
            measured(
                "steady".to_owned(),
                plan.duration_ns.unwrap_or(u64::MAX),
                from,
                to,
                burst,
            );
        }
    }
    spans
}

/// Which worker has which connections, and how many clients each of them has.
fn berths(plan: &LoadPlan, places: &[Place]) -> Vec<Vec<Berth>> {
    let connections = plan.connections.max(1);
    let clients = match plan.pace {
        LoadPace::Closed { clients } => clients,
        LoadPace::Open { max_in_flight, .. } => max_in_flight,
    };
    let threads = plan.threads.clamp(1, connections);
    let mut workers = vec![Vec::new(); threads as usize];
    for number in 0..connections {
        let place = &places[number as usize % places.len().max(1)];
        let extra = u32::from(number < clients % connections);
        let worker: &mut Vec<Berth> = &mut workers[(number % threads) as usize];
        worker.push(Berth {
            number: number.into(),
            endpoint: place.endpoint.clone(),
            member: place.member,
            clients: clients / connections + extra,
        });
    }
    workers.retain(|berths| !berths.is_empty());
    workers
}
