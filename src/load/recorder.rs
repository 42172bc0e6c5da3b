//! What a worker writes down: samples per span and member, tallies, events.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::feed::ScheduledOp;
use super::gaps::Gaps;
use super::schedule::Span;
use crate::clock::Clock;
use crate::etcd::ErrorClass;
use crate::plan::{LOAD_SERIES, LoadPlan, Operation, events, freshness};
use crate::record::{Emission, Pool, Recorder, RecorderSettings, Series, Sink};
use crate::wire::Failure;

/// The phase of what happens before the load.
pub const SETUP: &str = "setup";
/// Length of an interval.
const INTERVAL_NS: u64 = 1_000_000_000;

/// What all workers of a load write into.
#[derive(Clone)]
pub struct RecordingContext {
    /// The run's clock.
    pub clock: Clock,
    /// The load's start on it, once it is known.
    pub start: Arc<OnceLock<u64>>,
    /// The phases.
    pub spans: Arc<[Span]>,
    /// Where emissions go.
    pub sink: Sink,
    /// Where histograms come from.
    pub pool: Pool,
    /// The longest times without an acknowledgement.
    pub gaps: Arc<Gaps>,
    /// The raft term last heard of.
    pub terms: Arc<Terms>,
    /// Whether an answered read is an acknowledgement: where nothing is written.
    pub reads_count: bool,
}

/// The raft term last heard of, by whichever connection.
#[derive(Debug, Default)]
pub struct Terms(AtomicU64);

impl Terms {
    /// An answer was from this term: the term before, if it is a new one.
    pub fn heard(&self, term: u64) -> Option<u64> {
        if term <= self.0.load(Ordering::Relaxed) {
            return None;
        }
        let before = self.0.fetch_max(term, Ordering::Relaxed);
        (before != 0 && before < term).then_some(before)
    }
}

impl RecordingContext {
    /// The load's start on the run's clock; 0 before it is known.
    pub fn start_ns(&self) -> u64 {
        self.start.get().copied().unwrap_or(0)
    }

    /// The span that a moment lies in; before the start none, after the end the last.
    pub fn span_at(&self, at_ns: u64) -> Option<usize> {
        let since_start_ns = at_ns.checked_sub(*self.start.get()?)?;
        let last = self.spans.len().checked_sub(1)?;
        let span = self.spans.iter().position(|span| since_start_ns < span.end_ns());
        Some(span.unwrap_or(last))
    }
}

/// How many operations a span had, and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sent.
    pub sent: u64,
    /// Answered.
    pub answered: u64,
    /// Failed, those never sent not among them.
    pub failed: u64,
    /// Due and never sent.
    pub unsent: u64,
    /// Transactions that found a key changed, and all attempts.
    pub conflicts: u64,
    /// Attempts of transactions that might.
    pub attempts: u64,
    /// Reads of keys that were answered, and those of them that found none.
    pub reads: u64,
    /// See `reads`.
    pub empty_reads: u64,
    /// Deletions that were answered, and those of them that removed nothing.
    pub deletions: u64,
    /// See `deletions`.
    pub empty_deletions: u64,
    /// The most under way at a time; of several workers the sum of theirs.
    pub most_in_flight: u64,
}

/// Indices of an operation's series.
const SERVICE: usize = 0;
const RESPONSE: usize = 1;
const LAG: usize = 2;
const FAILED: usize = 3;
const EACH: usize = 4;

/// The books of one worker.
pub struct WorkerRecorder {
    context: RecordingContext,
    series: Arc<[Series]>,
    open_loop: bool,
    watch: usize,
    /// The last of them, where freshness is asked for.
    freshness: usize,
    stall_ns: u64,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    recorders: BTreeMap<(usize, Option<u32>), Recorder>,
    tallies: Vec<Tally>,
}

/// The series of a part: [`EACH`] of every operation in the order of the plan, then that of its watches.
///
/// Their names live as long as the process: there is one load in it, and everything that tells of a series names it.
pub fn series(class: Option<&str>, plan: &LoadPlan) -> Arc<[Series]> {
    let open_loop = plan.is_open();
    let named = |name: String| -> &'static str {
        let known = LOAD_SERIES.iter().find(|known| **known == name);
        known.copied().unwrap_or_else(|| name.leak())
    };
    let mut series = Vec::new();
    for strand in plan.strands_of(class) {
        for (kind, keep_stalls) in [
            ("service", !strand.open),
            ("response", strand.open),
            ("lag", false),
            ("failed", false),
        ] {
            let name = named(format!("{}.{kind}", strand.name));
            series.push(Series { name, keep_stalls });
        }
    }
    debug_assert_eq!(series.len(), EACH * plan.operations.len());
    series.push(Series {
        name: named(events(class)),
        // Of several classes the waits themselves are told one by one; their events would tell them again.
        keep_stalls: class.is_none() || !open_loop,
    });
    if plan.watch.is_some_and(|watch| watch.freshness) {
        series.push(Series { name: named(freshness(class)), keep_stalls: false });
    }
    series.into()
}

impl WorkerRecorder {
    /// Empty books.
    pub fn new(context: RecordingContext, plan: &LoadPlan, series: Arc<[Series]>) -> Self {
        let tallies = vec![Tally::default(); context.spans.len()];
        WorkerRecorder {
            context,
            watch: EACH * plan.operations.len(),
            freshness: series.len() - 1,
            series,
            open_loop: plan.is_open(),
            stall_ns: plan.heartbeat_ns,
            state: RefCell::new(State { recorders: BTreeMap::new(), tallies }),
        }
    }

    /// Whether an answered read is an acknowledgement.
    pub fn reads_count(&self) -> bool {
        self.context.reads_count
    }

    /// The gaps that acknowledgements are told to.
    pub fn gaps(&self) -> &Gaps {
        &self.context.gaps
    }

    /// The raft terms that answers are from.
    pub fn terms(&self) -> &Terms {
        &self.context.terms
    }

    /// An operation has been answered. `which` is its place in the plan.
    pub fn answered(
        &self,
        which: usize,
        member: Option<u32>,
        scheduled: &ScheduledOp,
        sent_ns: u64,
        now_ns: u64,
    ) {
        let state = &mut *self.state.borrow_mut();
        let recorder = self.recorder(&mut state.recorders, scheduled.span, member, now_ns);
        recorder.record(EACH * which + SERVICE, sent_ns, now_ns.saturating_sub(sent_ns));
        if let Some(due_ns) = scheduled.due_ns {
            recorder.record(EACH * which + RESPONSE, due_ns, now_ns.saturating_sub(due_ns));
            recorder.record(EACH * which + LAG, due_ns, sent_ns.saturating_sub(due_ns));
        }
        let tally = &mut state.tallies[scheduled.span];
        tally.sent += 1;
        tally.answered += 1;
    }

    /// An operation has failed. How long it took to fail is kept apart from how long answers took; who waited for it
    /// waited from the moment it was due until it failed.
    pub fn failed(
        &self,
        which: usize,
        member: Option<u32>,
        scheduled: &ScheduledOp,
        (sent_ns, now_ns): (u64, u64),
        failure: &Failure,
    ) {
        let state = &mut *self.state.borrow_mut();
        let recorder = self.recorder(&mut state.recorders, scheduled.span, member, now_ns);
        recorder.error(EACH * which + SERVICE, failure.class.name());
        recorder.error_text(EACH * which + SERVICE, failure.class.name(), &failure.message);
        recorder.record(EACH * which + FAILED, sent_ns, now_ns.saturating_sub(sent_ns));
        if let Some(due_ns) = scheduled.due_ns {
            recorder.record(EACH * which + RESPONSE, due_ns, now_ns.saturating_sub(due_ns));
            recorder.record(EACH * which + LAG, due_ns, sent_ns.saturating_sub(due_ns));
        }
        let tally = &mut state.tallies[scheduled.span];
        tally.sent += 1;
        tally.failed += 1;
    }

    /// An operation was due and there was never a client free to send it.
    pub fn unsent(&self, which: usize, member: Option<u32>, scheduled: &ScheduledOp, now_ns: u64) {
        let state = &mut *self.state.borrow_mut();
        let recorder = self.recorder(&mut state.recorders, scheduled.span, member, now_ns);
        let class = ErrorClass::NotSent.name();
        recorder.error(EACH * which + SERVICE, class);
        recorder.error_text(
            EACH * which + SERVICE,
            class,
            "due, and no client was free to send it",
        );
        let due_ns = scheduled.due_ns.unwrap_or(now_ns);
        recorder.record(EACH * which + RESPONSE, due_ns, now_ns.saturating_sub(due_ns));
        state.tallies[scheduled.span].unsent += 1;
    }

    /// An event of a watch has come.
    pub fn event_came(&self, member: Option<u32>, due_ns: u64, now_ns: u64) {
        let Some(span) = self.context.span_at(due_ns) else {
            return;
        };
        let state = &mut *self.state.borrow_mut();
        let recorder = self.recorder(&mut state.recorders, span, member, now_ns);
        recorder.record(self.watch, due_ns, now_ns.saturating_sub(due_ns));
    }

    /// A watch has shown a revision that was read at `since_ns`.
    pub fn shown(&self, member: Option<u32>, since_ns: u64, now_ns: u64) {
        let Some(span) = self.context.span_at(since_ns) else {
            return;
        };
        let state = &mut *self.state.borrow_mut();
        let recorder = self.recorder(&mut state.recorders, span, member, now_ns);
        recorder.record(self.freshness, since_ns, now_ns.saturating_sub(since_ns));
    }

    /// A transaction was tried so many times, and so many of them in vain.
    pub fn attempts(&self, span: usize, attempts: u64, conflicts: u64) {
        let tally = &mut self.state.borrow_mut().tallies[span];
        tally.attempts += attempts;
        tally.conflicts += conflicts;
    }

    /// A read found a key or none, or a deletion one to remove or none.
    pub fn found(&self, span: usize, operation: Operation, found: bool) {
        let tally = &mut self.state.borrow_mut().tallies[span];
        let (all, empty) = match operation {
            Operation::Delete => (&mut tally.deletions, &mut tally.empty_deletions),
            _ => (&mut tally.reads, &mut tally.empty_reads),
        };
        *all += 1;
        *empty += u64::from(!found);
    }

    fn recorder<'a>(
        &self,
        recorders: &'a mut BTreeMap<(usize, Option<u32>), Recorder>,
        span: usize,
        member: Option<u32>,
        now_ns: u64,
    ) -> &'a mut Recorder {
        recorders.entry((span, member)).or_insert_with(|| {
            let settings = RecorderSettings {
                phase: self.context.spans[span].phase.clone(),
                interval_ns: INTERVAL_NS,
                stall_ns: self.stall_ns,
                sink: self.context.sink.clone(),
                pool: self.context.pool.clone(),
            };
            // Intervals of all workers begin together.
            let start_ns = self.context.start_ns() + self.context.spans[span].start_ns;
            Recorder::new(settings, member, &self.series, start_ns.min(now_ns))
        })
    }

    /// Something that happened at one moment.
    pub fn event(
        &self,
        at_ns: u64,
        kind: &'static str,
        member: Option<u32>,
        detail: serde_json::Value,
    ) {
        let span = self.context.span_at(at_ns);
        let phase =
            span.map_or_else(|| Arc::from(SETUP), |span| self.context.spans[span].phase.clone());
        // The collector outlives every worker.
        let _ = self.context.sink.send(Emission::Event { phase, at_ns, kind, member, detail });
    }

    /// Hands over the intervals that are due; to be called several times an interval.
    pub fn tick(&self, now_ns: u64) {
        for recorder in self.state.borrow_mut().recorders.values_mut() {
            recorder.tick(now_ns);
        }
    }

    /// Hands over what is left, and the tallies of each span.
    pub fn close(&self, now_ns: u64) -> Vec<Tally> {
        let state = std::mem::take(&mut *self.state.borrow_mut());
        for recorder in state.recorders.into_values() {
            recorder.finish(now_ns);
        }
        state.tallies
    }

    /// Whether operations are due at times of their own.
    pub fn open_loop(&self) -> bool {
        self.open_loop
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.failed += other.failed;
        self.unsent += other.unsent;
        self.conflicts += other.conflicts;
        self.attempts += other.attempts;
        self.reads += other.reads;
        self.empty_reads += other.empty_reads;
        self.deletions += other.deletions;
        self.empty_deletions += other.empty_deletions;
        self.most_in_flight += other.most_in_flight;
    }
}
