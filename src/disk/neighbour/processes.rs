//! The neighbours of a run, from the probe's side: started before the first load, heard all the time, gone at its end.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;

use super::words::{Word, Work};
use crate::clock::Clock;
use crate::disk::control::{Control, Halt};
use crate::disk::watch::CurrentPhase;
use crate::error::{Error, Result};
use crate::host::device;
use crate::plan::{DiskPlan, Neighbour};
use crate::record::{Emission, Sink};
use crate::result::{DiskFacts, NEIGHBOUR};
use crate::system::environment;
use crate::workdir;

/// How often it is looked whether the run is to end while a neighbour prepares.
const LOOK: Duration = Duration::from_millis(50);
/// Length of a span of counters.
const SPAN_NS: u64 = 1_000_000_000;

/// What neighbours live among.
#[derive(Clone)]
pub struct RunContext {
    /// The run's clock.
    pub clock: Clock,
    /// Charged with what they write, and halted when one of them fails.
    pub control: Control,
    /// Where what they did goes.
    pub sink: Sink,
    /// The phase that is going on.
    pub phase: CurrentPhase,
}

/// Processes at work; dropping them ends them.
pub struct Neighbours {
    running: Vec<Running>,
    control: Control,
    /// Set when they are no longer wanted: an end is no failure then.
    dismissed: Arc<AtomicBool>,
    failure: Arc<Mutex<Option<String>>>,
}

struct Running {
    child: Child,
    reader: Option<JoinHandle<()>>,
    place: PathBuf,
}

impl Neighbours {
    /// Starts all that the plan has, and waits until each has prepared what it needs.
    ///
    /// # Errors
    /// When a process or a thread cannot be had. A neighbour that fails later halts the run.
    pub fn start(plan: &DiskPlan, facts: &DiskFacts, context: &RunContext) -> Result<Self> {
        let mut all = Neighbours {
            running: Vec::new(),
            control: context.control.clone(),
            dismissed: Arc::default(),
            failure: Arc::default(),
        };
        for place in plan.neighbours.iter().filter_map(|one| one.directory.as_ref()) {
            workdir::remove_leftovers(place);
        }
        let mut prepared = Vec::new();
        for (index, neighbour) in plan.neighbours.iter().enumerate() {
            // The place is absolute, and what is relative to nothing cannot be misunderstood.
            let whole = Neighbour {
                directory: Some(neighbour.place(&plan.directory).to_path_buf()),
                ..neighbour.clone()
            };
            let source = format!("{NEIGHBOUR}.{}", index + 1);
            announce(&whole, &source, facts, context);
            prepared.push(all.spawn(&whole, source, context)?);
        }
        for ready in prepared {
            all.wait_for(&ready);
        }
        Ok(all)
    }

    fn spawn(
        &mut self,
        neighbour: &Neighbour,
        source: String,
        context: &RunContext,
    ) -> Result<Receiver<()>> {
        let program = std::env::current_exe().map_err(Error::io("find", "this program"))?;
        let mut command = Command::new(&program);
        let mut child = environment::keep_what_is_needed(&mut command)
            .arg(NEIGHBOUR)
            .arg(neighbour.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C of the terminal is for the probe alone, which then dismisses it.
            .process_group(0)
            .spawn()
            .map_err(Error::io("run", &program))?;
        let heard = child.stdout.take();
        self.running.push(Running {
            child,
            reader: None,
            place: neighbour.place(Path::new(".")).to_path_buf(),
        });
        let heard = heard.ok_or_else(|| Error::Refused("a pipe is missing".to_owned()))?;
        let (ready, prepared) = sync_channel(1);
        let reader = OutputReader {
            told: neighbour.told(),
            place: neighbour.place(Path::new(".")).to_path_buf(),
            ready: Some(ready),
            counters: WorkCounters::open(source, context.clone()),
            dismissed: Arc::clone(&self.dismissed),
            failure: Arc::clone(&self.failure),
        };
        let thread = std::thread::Builder::new()
            .name(NEIGHBOUR.to_owned())
            .spawn(move || reader.listen(heard))
            .map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
        if let Some(last) = self.running.last_mut() {
            last.reader = Some(thread);
        }
        Ok(prepared)
    }

    /// Waits until it has prepared what it needs, has failed, or the run is to end.
    fn wait_for(&self, ready: &Receiver<()>) {
        while self.control.halted().is_none() {
            match ready.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return,
            }
        }
    }

    /// Dismisses all, and waits until they have removed their files.
    ///
    /// # Errors
    /// [`Error::Refused`] when one of them had failed: what was measured then is not what was asked for.
    pub fn end(mut self) -> Result<()> {
        self.dismiss();
        // Who was ended by the same signal as the run has not failed.
        if self.control.halted() == Some(Halt::Signal) {
            return Ok(());
        }
        let failure = self.failure.lock();
        match failure.unwrap_or_else(PoisonError::into_inner).take() {
            Some(why) => Err(Error::Refused(why)),
            None => Ok(()),
        }
    }

    fn dismiss(&mut self) {
        self.dismissed.store(true, Ordering::SeqCst);
        for running in &mut self.running {
            drop(running.child.stdin.take());
        }
        for mut running in self.running.drain(..) {
            let status = running.child.wait();
            if let Some(reader) = running.reader.take() {
                let _ = reader.join();
            }
            // Killed, by the kernel for memory it may be, it could not clean up itself.
            if status.is_ok_and(|status| status.code().is_none()) {
                workdir::remove_leftovers(&running.place);
            }
        }
    }
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        self.dismiss();
    }
}

/// Says who begins to work where.
fn announce(neighbour: &Neighbour, source: &str, facts: &DiskFacts, context: &RunContext) {
    let place = neighbour.place(Path::new("."));
    let _ = context.sink.send(Emission::Event {
        phase: context.phase.get(),
        at_ns: context.clock.now_ns(),
        kind: NEIGHBOUR,
        member: None,
        detail: json!({
            "what": neighbour.told(),
            "directory": place,
            "on": relation(facts, device::describe(place).ok().as_ref()),
            "source": source,
        }),
    });
}

/// What a neighbour's directory has in common with the probe's: the journal, the device, or neither.
fn relation(probe: &DiskFacts, neighbour: Option<&DiskFacts>) -> &'static str {
    let top = |facts: &DiskFacts| facts.devices.first().map(|device| device.number.clone());
    let bottom = |facts: &DiskFacts| facts.devices.last().map(|device| device.number.clone());
    let Some(neighbour) = neighbour else {
        return "a file system that is not known";
    };
    let source = |facts: &DiskFacts| (facts.filesystem.clone(), facts.mount_source.clone());
    match (top(probe), top(neighbour)) {
        (Some(a), Some(b)) if a == b => "the same file system",
        (Some(_), Some(_)) if bottom(probe) == bottom(neighbour) => {
            "another file system of the same device"
        }
        (Some(_), Some(_)) => "another device",
        _ if source(probe) == source(neighbour) => "the same file system",
        _ => "another file system",
    }
}

/// Listens to one neighbour.
struct OutputReader {
    told: String,
    place: PathBuf,
    ready: Option<SyncSender<()>>,
    counters: WorkCounters,
    dismissed: Arc<AtomicBool>,
    failure: Arc<Mutex<Option<String>>>,
}

impl OutputReader {
    fn listen(mut self, heard: ChildStdout) {
        let mut why = "it has ended by itself".to_owned();
        for line in BufReader::new(heard).lines().map_while(|line| line.ok()) {
            match serde_json::from_str(&line) {
                Ok(Word::Ready) => {
                    self.counters.begin();
                    self.ready = None;
                }
                Ok(Word::Done(work)) => self.counters.note(work),
                Ok(Word::Failed(told)) => why = told,
                Err(_) => why = format!("it said '{line}'"),
            }
        }
        self.counters.close();
        if !self.dismissed.load(Ordering::SeqCst) {
            let why = format!(
                "the neighbour {} in {} could not go on: {why}; what was measured is kept",
                self.told,
                self.place.display()
            );
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(why);
            self.counters.context.control.halt(Halt::Neighbour);
        }
    }
}

/// What one neighbour did, span by span.
struct WorkCounters {
    source: String,
    context: RunContext,
    /// The span that is open, and what had been done when it began.
    phase: Arc<str>,
    start_ns: u64,
    before: Work,
    done: Work,
}

impl WorkCounters {
    fn open(source: String, context: RunContext) -> Self {
        WorkCounters {
            source,
            phase: context.phase.get(),
            start_ns: context.clock.now_ns(),
            before: Work::default(),
            done: Work::default(),
            context,
        }
    }

    /// What was done until now was preparation.
    fn begin(&mut self) {
        self.before = self.done;
        self.start_ns = self.context.clock.now_ns();
        self.phase = self.context.phase.get();
    }

    fn note(&mut self, work: Work) {
        let new = work.since(&self.done);
        self.context.control.spend(new.written_bytes);
        self.done = work;
        let now_ns = self.context.clock.now_ns();
        let phase = self.context.phase.get();
        if now_ns.saturating_sub(self.start_ns) >= SPAN_NS || phase != self.phase {
            self.tell(now_ns);
            self.phase = phase;
        }
    }

    fn tell(&mut self, now_ns: u64) {
        let _ = self.context.sink.send(Emission::Counters {
            phase: Arc::clone(&self.phase),
            start_ns: self.start_ns,
            length_ns: now_ns.saturating_sub(self.start_ns),
            source: self.source.clone(),
            member: None,
            values: self.done.since(&self.before).values(),
        });
        self.start_ns = now_ns;
        self.before = self.done;
    }

    fn close(&mut self) {
        let now_ns = self.context.clock.now_ns();
        if self.done != self.before {
            self.tell(now_ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::BlockDevice;

    fn on(numbers: &[&str]) -> DiskFacts {
        DiskFacts {
            devices: numbers
                .iter()
                .map(|number| BlockDevice {
                    number: (*number).to_owned(),
                    ..BlockDevice::default()
                })
                .collect(),
            ..DiskFacts::default()
        }
    }

    #[test]
    fn journals_and_devices_are_told_apart() {
        let probe = on(&["8:1", "8:0"]);
        let told = |neighbour: &DiskFacts| relation(&probe, Some(neighbour));
        assert_eq!(told(&probe), "the same file system");
        assert_eq!(told(&on(&["8:2", "8:0"])), "another file system of the same device");
        assert_eq!(told(&on(&["9:0"])), "another device");
        let tmpfs = DiskFacts { filesystem: Some("tmpfs".to_owned()), ..DiskFacts::default() };
        assert_eq!(told(&tmpfs), "another file system");
        assert_eq!(relation(&tmpfs, Some(&tmpfs)), "the same file system");
        assert_eq!(relation(&probe, None), "a file system that is not known");
    }
}
