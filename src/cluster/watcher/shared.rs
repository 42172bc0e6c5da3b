//! What the watchers of all members share.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::cluster::Budget;
use crate::record::{Emission, Sink};

/// How often members were asked, and who wants them to be asked at once.
#[derive(Default)]
pub(super) struct Rounds {
    pub(super) asked: AtomicU64,
    pub(super) now: Notify,
}

/// Where everything that is seen goes.
pub(super) struct EventSink {
    pub(super) rounds: Arc<Rounds>,
    pub(super) clock: Clock,
    pub(super) phase: Arc<Mutex<Arc<str>>>,
    pub(super) sink: Sink,
    pub(super) budget: Arc<Budget>,
}

impl EventSink {
    pub(super) fn phase(&self) -> Arc<str> {
        Arc::clone(&self.phase.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn event(&self, kind: &'static str, member: Option<u32>, detail: serde_json::Value) {
        let _ = self.sink.send(Emission::Event {
            phase: self.phase(),
            at_ns: self.clock.now_ns(),
            kind,
            member,
            detail,
        });
    }
}
