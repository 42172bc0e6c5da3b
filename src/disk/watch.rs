//! A thread beside the load: counters of the device and the kernel every second, and the last free space.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Clock;
use crate::disk::control::{Control, Halt};
use crate::disk::preflight::Space;
use crate::error::{Error, Result};
use crate::host::counters::CounterSampler;
use crate::record::Sink;

const INTERVAL: Duration = Duration::from_secs(1);

/// What the thread works with.
pub struct Watched {
    /// The directory whose free space is watched.
    pub directory: PathBuf,
    /// The run's clock.
    pub clock: Clock,
    /// Halted when space runs out.
    pub control: Control,
    /// Reads the counters.
    pub sampler: CounterSampler,
    /// Where they go.
    pub sink: Sink,
}

/// The phase that is going on, for all who tell what happened in it.
#[derive(Debug, Clone)]
pub struct CurrentPhase(Arc<Mutex<Arc<str>>>);

impl CurrentPhase {
    fn new(phase: &str) -> Self {
        CurrentPhase(Arc::new(Mutex::new(Arc::from(phase))))
    }

    /// Its name.
    pub fn get(&self) -> Arc<str> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, phase: &Arc<str>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(phase);
    }
}

/// The running thread; dropping it ends it.
pub struct Watch {
    phase: CurrentPhase,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(watched: Watched) -> Result<Self> {
        let phase = CurrentPhase::new("setup");
        let (stop, stopped) = channel();
        let current = phase.clone();
        let thread = std::thread::Builder::new()
            .name("watch".into())
            .spawn(move || watched.run(&current, &stopped))
            .map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
        Ok(Watch { phase, stop: Some(stop), thread: Some(thread) })
    }

    /// The phase that counters belong to.
    pub fn phase(&self) -> CurrentPhase {
        self.phase.clone()
    }

    /// From now on counters belong to this phase.
    pub fn enter(&self, phase: &Arc<str>) {
        self.phase.set(phase);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Watched {
    fn run(mut self, phase: &CurrentPhase, stopped: &Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(INTERVAL) {
            let phase = phase.get();
            for span in self.sampler.sample(self.clock.now_ns()) {
                let _ = self.sink.send(span.into_emission(Arc::clone(&phase)));
            }
            if Space::of(&self.directory).is_ok_and(|space| space.available < space.floor) {
                self.control.halt(Halt::Space);
            }
        }
    }
}
