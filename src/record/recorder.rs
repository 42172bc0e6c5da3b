//! A worker's recorder: samples in, one batch of histograms out per interval.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

use super::Samples;

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

/// A pool of cleared histograms, so that no worker allocates once the first intervals are through.
#[derive(Clone, Default)]
#[allow(clippy::vec_box)] // the boxes travel through the queue and back
pub struct Pool(Arc<Mutex<Vec<Box<Samples>>>>);

impl Pool {
    /// How many cleared histograms are kept; more are freed.
    const KEEP: usize = 64;

    fn take(&self) -> Box<Samples> {
        let kept = self.0.lock().ok().and_then(|mut pool| pool.pop());
        kept.unwrap_or_else(|| Box::new(Samples::new()))
    }

    /// Clears a histogram and keeps it for the next interval.
    pub fn give_back(&self, mut samples: Box<Samples>) {
        samples.clear();
        if let Ok(mut pool) = self.0.lock()
            && pool.len() < Self::KEEP
        {
            pool.push(samples);
        }
    }
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
    /// Where emissions go; bounded.
    pub sink: SyncSender<Emission>,
    /// Where cleared histograms come from.
    pub pool: Pool,
}

/// Records the samples of one worker in one phase and hands them over at each interval's end.
pub struct Recorder {
    settings: RecorderSettings,
    member: Option<u32>,
    series: Vec<(Series, Box<Samples>)>,
    start_ns: u64,
    due_ns: u64,
}

impl Recorder {
    /// A recorder for these series, whose first interval starts at `now_ns`.
    pub fn new(
        settings: RecorderSettings,
        member: Option<u32>,
        series: &[Series],
        now_ns: u64,
    ) -> Self {
        let series = series.iter().map(|&series| (series, settings.pool.take())).collect();
        Recorder {
            due_ns: now_ns.saturating_add(settings.interval_ns),
            settings,
            member,
            series,
            start_ns: now_ns,
        }
    }

    /// Records one sample of the series with this index. Where the series keeps stalls and the sample is one, it
    /// is also told on its own.
    pub fn record(&mut self, series: usize, start_ns: u64, duration_ns: u64) {
        let (series, samples) = &mut self.series[series];
        samples.record(duration_ns);
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
        self.series[series].1.error(class);
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

    /// To be called after each operation: hands the interval over once it is due. Due times keep their distance from
    /// the first interval's start, so that the intervals of all members of a phase stay abreast.
    pub fn tick(&mut self, now_ns: u64) {
        if now_ns < self.due_ns {
            return;
        }
        self.flush(now_ns);
        let interval_ns = self.settings.interval_ns.max(1);
        let passed = (now_ns - self.due_ns) / interval_ns + 1;
        self.due_ns = self.due_ns.saturating_add(passed.saturating_mul(interval_ns));
    }

    /// Hands over what is left; to be called when the worker ends.
    pub fn finish(mut self, now_ns: u64) {
        self.flush(now_ns);
        for (_, samples) in self.series.drain(..) {
            self.settings.pool.give_back(samples);
        }
    }

    fn flush(&mut self, now_ns: u64) {
        let length_ns = now_ns.saturating_sub(self.start_ns);
        for index in 0..self.series.len() {
            if self.series[index].1.is_empty() {
                continue;
            }
            let full = std::mem::replace(&mut self.series[index].1, self.settings.pool.take());
            self.send(Emission::Interval(IntervalSamples {
                phase: self.settings.phase.clone(),
                series: self.series[index].0.name,
                member: self.member,
                start_ns: self.start_ns,
                length_ns,
                samples: full,
            }));
        }
        self.start_ns = now_ns;
    }

    fn send(&self, emission: Emission) {
        // The collector outlives every worker; when it is gone the run is being torn down and nobody listens.
        let _ = self.settings.sink.send(emission);
    }
}
