//! The collector: one thread between the workers and the result file.

use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use serde_json::json;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::record::{Emission, IntervalSamples, Pool, Sink, Stall};

use super::{Counters, Event, Interval, Line, StallLine, Writer};

/// How much less of a busy processor the collector gets than the load. What it does can wait, and encoding the
/// intervals of hundreds of series takes tens of milliseconds each second.
const NICE: i32 = 5;

/// Stalls kept one by one; further ones are counted in an event `stalls.dropped` at the end. All of them are in the
/// histograms anyhow.
pub const MAX_STALL_LINES: u64 = 10_000;

/// Looks on while a run goes on: the progress display.
pub trait Observer {
    /// Told everything in the order of the result file, before it is written. Called on the collector's thread: what
    /// takes long here holds up the result.
    fn observe(&mut self, emission: &Emission);
}

/// Looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn observe(&mut self, _: &Emission) {}
}

/// The running thread.
#[derive(Debug)]
pub struct Collector {
    thread: JoinHandle<Result<Writer>>,
}

impl Collector {
    /// Starts it. Workers send to the returned channel and take their histograms from the returned pool. The run goes
    /// on when the result cannot be written any more; [`Collector::finish`] tells.
    ///
    /// # Errors
    /// [`Error::Refused`] when the system gives no thread.
    pub fn spawn(
        writer: Writer,
        clock: Clock,
        observer: Box<dyn Observer + Send>,
    ) -> Result<(Sink, Pool, Collector)> {
        let (sender, receiver) = channel();
        let pool = Pool::default();
        let state = CollectorState {
            writer,
            clock,
            pool: pool.clone(),
            first_error: None,
            stalls: 0,
            dropped: 0,
            longest_dropped_ns: 0,
        };
        let thread = std::thread::Builder::new()
            .name("collector".to_owned())
            .spawn(move || {
                yield_to_the_load();
                state.run(&receiver, observer)
            })
            .map_err(|e| Error::Refused(format!("cannot start the collector thread: {e}")))?;
        Ok((sender, pool, Collector { thread }))
    }

    /// Waits until everything told is in the file; all senders must have been dropped before. The summary goes to the
    /// returned writer.
    ///
    /// # Errors
    /// The first error that the result file met; what was written before it can be read.
    pub fn finish(self) -> Result<Writer> {
        self.thread.join().unwrap_or_else(|_| {
            Err(Error::Refused(
                "the collector thread died; the result holds what was collected before".to_owned(),
            ))
        })
    }
}

/// Lets the load go first where the processors are busy.
fn yield_to_the_load() {
    // On Linux a thread has a niceness of its own. Where it is refused the collector is only a little less polite.
    let nice = rustix::process::nice(0).unwrap_or(0);
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice + NICE);
}

/// What the thread works with.
struct CollectorState {
    writer: Writer,
    clock: Clock,
    pool: Pool,
    first_error: Option<Error>,
    stalls: u64,
    dropped: u64,
    longest_dropped_ns: u64,
}

impl CollectorState {
    fn run(
        mut self,
        receiver: &Receiver<Emission>,
        mut observer: Box<dyn Observer + Send>,
    ) -> Result<Writer> {
        let mut phase = String::new();
        for emission in receiver {
            observer.observe(&emission);
            match &emission {
                Emission::PhaseStart { phase: begun, .. } => phase = begun.to_string(),
                // Who asked may have gone.
                Emission::Written(asked) => drop(asked.send(())),
                _ => {}
            }
            if let Some(line) = self.line(emission) {
                self.write(&line);
            }
        }
        if self.dropped > 0 {
            let at_ns = self.clock.now_ns();
            let detail = json!({ "count": self.dropped, "longest_ns": self.longest_dropped_ns });
            let event = self.event(&phase, at_ns, "stalls.dropped", None, detail);
            self.write(&event);
        }
        match self.first_error {
            None => Ok(self.writer),
            Some(error) => Err(error),
        }
    }

    /// Writes until the first error and is deaf from then on: a file with a hole would pass for a whole one.
    fn write(&mut self, line: &Line) {
        if self.first_error.is_none() {
            self.first_error = self.writer.write(line).err();
        }
    }

    fn line(&mut self, emission: Emission) -> Option<Line> {
        match emission {
            Emission::Interval(interval) => Some(self.interval(interval)),
            Emission::Stall(stall) => self.stall(&stall),
            Emission::Event { phase, at_ns, kind, member, detail } => {
                Some(self.event(&phase, at_ns, kind, member, detail))
            }
            Emission::Counters { phase, start_ns, length_ns, source, member, values } => {
                Some(Line::Counters(Counters {
                    phase: phase.to_string(),
                    start_ns,
                    length_ns,
                    source,
                    member,
                    values,
                }))
            }
            Emission::Written(_) => None,
            Emission::PhaseStart { phase, at_ns, planned_ns } => {
                let detail = json!({ "planned_ns": planned_ns });
                Some(self.event(&phase, at_ns, "phase", None, detail))
            }
        }
    }

    fn interval(&self, interval: IntervalSamples) -> Line {
        let samples = &interval.samples;
        let line = Line::Interval(Interval {
            phase: interval.phase.to_string(),
            series: interval.series.to_owned(),
            member: interval.member,
            start_ns: interval.start_ns,
            length_ns: interval.length_ns,
            count: samples.count(),
            errors: samples.errors().clone(),
            error_texts: samples.error_texts().clone(),
            min_ns: samples.min_ns(),
            max_ns: samples.max_ns(),
            sum_ns: samples.sum_ns(),
            over_top: samples.over_top(),
            histogram: samples.encode(),
        });
        self.pool.give_back(interval.samples);
        line
    }

    fn stall(&mut self, stall: &Stall) -> Option<Line> {
        if self.stalls == MAX_STALL_LINES {
            self.dropped += 1;
            self.longest_dropped_ns = self.longest_dropped_ns.max(stall.duration_ns);
            return None;
        }
        self.stalls += 1;
        Some(Line::Stall(StallLine {
            phase: stall.phase.to_string(),
            series: stall.series.to_owned(),
            member: stall.member,
            start_ns: stall.start_ns,
            at: self.wall(stall.start_ns),
            duration_ns: stall.duration_ns,
        }))
    }

    fn event(
        &self,
        phase: &str,
        at_ns: u64,
        kind: &str,
        member: Option<u32>,
        detail: serde_json::Value,
    ) -> Line {
        Line::Event(Event {
            phase: phase.to_owned(),
            at_ns,
            at: self.wall(at_ns),
            kind: kind.to_owned(),
            member,
            detail,
        })
    }

    fn wall(&self, at_ns: u64) -> String {
        format!("{:.6}", self.clock.wall(at_ns))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::path::Path;
    use std::sync::Arc;

    use super::{Collector, Silent};
    use crate::clock::Clock;
    use crate::error::Error;
    use crate::record::{Emission, Recorder, RecorderSettings, Series};
    use crate::result::{Header, Line, SCHEMA_VERSION, Writer};

    const S: u64 = 1_000_000_000;

    /// The result lies where nothing can be written for a while: a disk that stands still, a pipe that nobody reads.
    #[test]
    fn a_result_that_cannot_be_written_never_makes_the_load_wait() {
        let (mut reader, pipe) = std::io::pipe().unwrap();
        let file = std::fs::File::from(std::os::fd::OwnedFd::from(pipe));
        let mut writer = Writer::new(file, Path::new("pipe"));
        let header = Header { schema: SCHEMA_VERSION.to_owned(), ..Header::default() };
        writer.write(&Line::Header(header)).unwrap();
        let (sink, pool, collector) =
            Collector::spawn(writer, Clock::start(), Box::new(Silent)).unwrap();
        let settings = RecorderSettings {
            phase: "wal".into(),
            interval_ns: S,
            stall_ns: u64::MAX,
            sink,
            pool,
        };
        let (done, measured) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let series = [Series { name: "wal.fsync", keep_stalls: true }];
            let recorder = |member| Recorder::new(settings.clone(), Some(member), &series, 0);
            let mut recorders: Vec<Recorder> = (0..20).map(recorder).collect();
            for tick in 0..1_000 {
                for recorder in &mut recorders {
                    recorder.record(0, tick * S / 10, 1_000 + tick);
                    recorder.tick((tick + 1) * S / 10);
                }
            }
            recorders.into_iter().for_each(|recorder| recorder.finish(100 * S));
            done.send(()).unwrap();
        });
        let waited = measured.recv_timeout(std::time::Duration::from_secs(60));
        assert!(waited.is_ok(), "the recorders wait for the collector");
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("run.jsonl");
        let mut copy = std::fs::File::create(&path).unwrap();
        let copied = std::thread::spawn(move || std::io::copy(&mut reader, &mut copy).unwrap());
        drop(collector.finish().unwrap());
        copied.join().unwrap();
        let run = crate::result::read(&path).unwrap();
        let merged = run.phase("wal").unwrap().series("wal.fsync").unwrap();
        assert_eq!(merged.total.count(), 20 * 1_000);
    }

    #[test]
    fn a_full_disk_neither_stops_nor_blocks_the_workers() {
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let writer = Writer::new(full, Path::new("/dev/full"));
        let (sink, _, collector) =
            Collector::spawn(writer, Clock::start(), Box::new(Silent)).unwrap();
        let phase: Arc<str> = "wal".into();
        for at_ns in 0..10_000 {
            let told =
                sink.send(Emission::PhaseStart { phase: phase.clone(), at_ns, planned_ns: 1 });
            assert!(told.is_ok(), "the collector must go on listening");
        }
        drop(sink);
        let error = collector.finish().unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
    }
}
