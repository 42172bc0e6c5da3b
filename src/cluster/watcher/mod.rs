//! A thread beside the load that asks every member each second: its counters, its state, who leads.

mod live;
mod member;
mod pings;
mod shared;
mod view;

use shared::{EventSink, Rounds};
use std::cell::RefCell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::record::Sink;

use super::{Budget, Cluster};
use member::Watched;
use view::ClusterView;

pub use live::Live;

/// How long a last look may take.
const LOOK: Duration = Duration::from_secs(1);

/// The running thread; dropping it ends it.
pub struct Watcher {
    phase: Arc<Mutex<Arc<str>>>,
    live: Arc<Live>,
    rounds: Arc<Rounds>,
    members: u64,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts to watch the members of a cluster. Without `scrape`, only what gRPC tells is watched. `budget` is told
    /// the sizes of their databases.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        cluster: &Cluster,
        clock: Clock,
        sink: Sink,
        scrape: bool,
        budget: Arc<Budget>,
    ) -> Result<Self> {
        let refused = |error| Error::Refused(format!("cannot start a thread: {error}"));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
        let phase = Arc::new(Mutex::new(Arc::from("setup")));
        let live = Arc::new(Live::new(cluster.db_bytes(), cluster.leader(), cluster.quota()));
        let rounds: Arc<Rounds> = Arc::default();
        let events = EventSink {
            rounds: Arc::clone(&rounds),
            clock,
            phase: Arc::clone(&phase),
            sink,
            budget,
        };
        let view = ClusterView::new(cluster, Arc::clone(&live));
        let members = cluster.members().iter().enumerate();
        let watched: Vec<_> = members.map(|(i, m)| Watched::new(i, m, scrape)).collect();
        let mark = cluster.mark;
        let clients = cluster.members().iter().map(|m| m.client.to(m.endpoint.clone())).collect();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("watcher".to_owned())
            .spawn(move || {
                let view = RefCell::new(view);
                // One task for each, so that a member that hangs holds up nobody else.
                let all = join_all(watched.into_iter().map(|w| w.run(&events, &view)));
                let kept = async {
                    match mark {
                        Some(mark) => mark.keep(clients).await,
                        None => std::future::pending().await,
                    }
                };
                runtime.block_on(async {
                    tokio::select! {
                        _ = all => {}
                        () = kept => {}
                        _ = stopped => {}
                    }
                });
            })
            .map_err(refused)?;
        let members = cluster.members().len() as u64;
        Ok(Watcher { phase, live, rounds, members, stop: Some(stop), thread: Some(thread) })
    }

    /// Asks every member once more, and waits for that, but not for long: how far counters grew is known from the second
    /// time on, and the last part of a load would go unseen.
    pub fn look(&self) {
        let asked = || self.rounds.asked.load(Ordering::Relaxed);
        let (before, begun) = (asked(), Instant::now());
        self.rounds.now.notify_waiters();
        while asked() < before + self.members && begun.elapsed() < LOOK {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// From now on what is seen belongs to this phase.
    pub fn enter(&self, phase: &Arc<str>) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(phase);
    }

    /// What is so at the moment, for whoever wants to look.
    pub fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
