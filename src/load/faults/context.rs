//! What the faults of a load share.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::Clock;
use crate::cluster::Live;
use crate::load::halt::Control;
use crate::record::{Emission, Sink};

/// What faults have to do with.
pub struct FaultContext {
    /// The run's clock.
    pub clock: Clock,
    /// What ends the load.
    pub control: Control,
    /// Where events go.
    pub sink: Sink,
    /// Who leads, and how full the database is.
    pub live: Arc<Live>,
}

impl FaultContext {
    pub(super) fn event(
        &self,
        (at_ns, phase): (u64, &Arc<str>),
        kind: &'static str,
        member: Option<u32>,
        detail: Value,
    ) {
        // The collector outlives the load.
        let _ = self.sink.send(Emission::Event {
            phase: Arc::clone(phase),
            at_ns,
            kind,
            member,
            detail,
        });
    }

    pub(super) fn note(&self, phase: &Arc<str>, text: String) {
        let now_ns = self.clock.now_ns();
        self.event((now_ns, phase), "note", None, json!({ "text": text }));
    }
}
