//! A worker's recorder: samples in, one batch of histograms out per interval.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::{Pool, Samples};

/// Where emissions go. Sending never waits, whatever the collector does: what can be large, the intervals, is bounded
/// by the [`Pool`] that their histograms come from.
pub type Sink = Sender<Emission>;

/// Between the moments at which two recorders hand their intervals over. All intervals end together; if all were also
/// handed over together, the collector would take the processor from the load for as long as it needs for all.
const STAGGER_NS: u64 = 20_000_000;

/// A named stream of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    /// The name a rule uses: `wal.fsync`.
    pub name: &'static str,
    /// Whether samples at or above the stall threshold are kept one by one. Only one of several series that
    /// contain the same wait may say so, or a stall would be counted twice.
    pub keep_stalls: bool,
}

/// One interval of one series, on its way to the result.
#[derive(Debug)]
pub struct IntervalSamples {
    /// The phase it belongs to.
    pub phase: Arc<str>,
    /// The series' name.
    pub series: &'static str,
    /// Which of several members it belongs to.
    pub member: Option<u32>,
    /// Start on the run's clock.
    pub start_ns: u64,
    /// Length of the interval.
    pub length_ns: u64,
    /// What was recorded.
    pub samples: Box<Samples>,
}

/// One sample at or above the stall threshold.
#[derive(Debug, Clone)]
pub struct Stall {
    /// The phase it happened in.
    pub phase: Arc<str>,
    /// The series it was recorded in.
    pub series: &'static str,
    /// Which of several members suffered it.
    pub member: Option<u32>,
    /// Its start on the run's clock.
    pub start_ns: u64,
    /// How long it lasted.
    pub duration_ns: u64,
}

/// What workers tell the collector.
#[derive(Debug)]
pub enum Emission {
    /// A finished interval.
    Interval(IntervalSamples),
    /// A stall, as it happened.
    Stall(Stall),
    /// Something that happened at one moment, as data.
    Event {
        /// The phase it happened in.
        phase: Arc<str>,
        /// When, on the run's clock.
        at_ns: u64,
        /// What: `wal.cut`, `db.grow`, `capacity.step` …
        kind: &'static str,
        /// Which of several members.
        member: Option<u32>,
        /// The numbers.
        detail: serde_json::Value,
    },
    /// Deltas of counters kept by somebody else (the device, the kernel) over a span of time.
    Counters {
        /// The phase they were read in.
        phase: Arc<str>,
        /// Start of the span on the run's clock.
        start_ns: u64,
        /// Length of the span.
        length_ns: u64,
        /// Whose counters: `device`, `cpu`, `psi.io`, `etcd`.
        source: String,
        /// Which of several members'.
        member: Option<u32>,
        /// Name → how much it grew.
        values: std::collections::BTreeMap<String, f64>,
    },
    /// Somebody wants to know when everything sent before is in the result.
    Written(std::sync::mpsc::Sender<()>),
    /// A phase begins; for the progress display.
    PhaseStart {
        /// Its name.
        phase: Arc<str>,
        /// When, on the run's clock.
        at_ns: u64,
        /// How long it is planned to last.
        planned_ns: u64,
    },
}

/// What every recorder of a phase has in common.
#[derive(Clone)]
pub struct RecorderSettings {
    /// The phase.
    pub phase: Arc<str>,
    /// Length of an interval.
    pub interval_ns: u64,
    /// A sample this long or longer is a stall.
    pub stall_ns: u64,
    /// Where emissions go.
    pub sink: Sink,
    /// Where cleared histograms come from.
    pub pool: Pool,
}

/// Records the samples of one worker in one phase and hands them over after each interval's end. None of its calls
/// waits for anything.
#[allow(clippy::vec_box)] // the boxes travel through the queue and back
pub struct Recorder {
    settings: RecorderSettings,
    member: Option<u32>,
    series: Vec<Series>,
    samples: Vec<Box<Samples>>,
    start_ns: u64,
    due_ns: u64,
    /// How long after an interval's end it is handed over.
    stagger_ns: u64,
    /// Ended intervals, to be handed over from then on.
    ended: Vec<IntervalSamples>,
    hand_over_ns: u64,
}

impl Recorder {
    /// A recorder for these series, whose first interval starts at `now_ns`.
    pub fn new(
        settings: RecorderSettings,
        member: Option<u32>,
        series: &[Series],
        now_ns: u64,
    ) -> Self {
        let (samples, place) = settings.pool.enter(series.len());
        // Within half an interval, so that a run that is killed loses little more than the last one.
        let stagger_ns = (u64::from(place) * STAGGER_NS).min(settings.interval_ns / 2);
        Recorder {
            due_ns: now_ns.saturating_add(settings.interval_ns),
            settings,
            member,
            series: series.to_vec(),
            samples,
            start_ns: now_ns,
            stagger_ns,
            ended: Vec::new(),
            hand_over_ns: 0,
        }
    }

    /// Records one sample of the series with this index. Where the series keeps stalls and the sample is one, it
    /// is also told on its own.
    pub fn record(&mut self, series: usize, start_ns: u64, duration_ns: u64) {
        self.samples[series].record(duration_ns);
        let series = self.series[series];
        if series.keep_stalls && duration_ns >= self.settings.stall_ns {
            let stall = Stall {
                phase: self.settings.phase.clone(),
                series: series.name,
                member: self.member,
                start_ns,
                duration_ns,
            };
            self.send(Emission::Stall(stall));
        }
    }

    /// Counts a failed operation of the series with this index.
    pub fn error(&mut self, series: usize, class: &str) {
        self.samples[series].error(class);
    }

    /// Counts what a failed operation of the series with this index was told.
    pub fn error_text(&mut self, series: usize, class: &str, text: &str) {
        self.samples[series].error_text(class, text);
    }

    /// Tells an event.
    pub fn event(&self, at_ns: u64, kind: &'static str, detail: serde_json::Value) {
        self.send(Emission::Event {
            phase: self.settings.phase.clone(),
            at_ns,
            kind,
            member: self.member,
            detail,
        });
    }

    /// Whether [`Recorder::tick`] would do anything.
    pub fn is_due(&self, now_ns: u64) -> bool {
        now_ns >= self.due_ns || (!self.ended.is_empty() && now_ns >= self.hand_over_ns)
    }

    /// To be called after each operation, outside of any lock: ends the interval once it is due, and hands it over a
    /// moment later. Due times keep their distance from the first interval's start, so that the intervals of all
    /// members of a phase stay abreast.
    pub fn tick(&mut self, now_ns: u64) {
        if now_ns >= self.due_ns {
            // What ended before and was not handed over yet must not be overtaken.
            self.hand_over();
            self.end_interval(now_ns);
            self.hand_over_ns = self.due_ns.saturating_add(self.stagger_ns);
            let interval_ns = self.settings.interval_ns.max(1);
            let passed = (now_ns - self.due_ns) / interval_ns + 1;
            self.due_ns = self.due_ns.saturating_add(passed.saturating_mul(interval_ns));
        }
        if now_ns >= self.hand_over_ns {
            self.hand_over();
        }
    }

    /// Hands over what is left; to be called when the worker ends.
    pub fn finish(mut self, now_ns: u64) {
        self.hand_over();
        let samples = std::mem::take(&mut self.samples);
        let (empty, full): (Vec<_>, Vec<_>) =
            samples.into_iter().enumerate().partition(|(_, samples)| samples.is_empty());
        self.settings.pool.leave(self.series.len(), full.len());
        self.add(full, now_ns);
        self.hand_over();
        for (_, samples) in empty {
            self.settings.pool.put_back(samples);
        }
    }

    /// Ends the interval, unless too many wait for the collector: then it goes on.
    fn end_interval(&mut self, now_ns: u64) {
        if let Some(full) = self.settings.pool.exchange(self.samples.iter_mut()) {
            self.add(full, now_ns);
            self.start_ns = now_ns;
        }
    }

    fn add(&mut self, full: Vec<(usize, Box<Samples>)>, now_ns: u64) {
        let length_ns = now_ns.saturating_sub(self.start_ns);
        let intervals = full.into_iter().map(|(at, samples)| IntervalSamples {
            phase: self.settings.phase.clone(),
            series: self.series[at].name,
            member: self.member,
            start_ns: self.start_ns,
            length_ns,
            samples,
        });
        self.ended.extend(intervals);
    }

    fn hand_over(&mut self) {
        for interval in std::mem::take(&mut self.ended) {
            self.send(Emission::Interval(interval));
        }
    }

    fn send(&self, emission: Emission) {
        // The collector outlives every worker; when it is gone the run is being torn down and nobody listens.
        let _ = self.settings.sink.send(emission);
    }
}
