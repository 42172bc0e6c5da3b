//! What is done to a throwaway etcd while the load goes on: its leader killed, or stopped for a while, its full database
//! brought back. Everything is told as an event at the moment it happens.

mod context;
mod loss;
mod quota;

pub use context::FaultContext;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use crate::cluster::local::LocalCluster;
use crate::error::Result;
use crate::plan::LoadPlan;
use crate::wire::Dialer;

use loss::Losses;
use quota::Recovery;

/// How often somebody looks who waits for a fault to be over.
const LOOK: Duration = Duration::from_millis(10);

/// The faults of a plan, as they come to pass. None at all for an etcd that is not ours.
pub struct Faults<'a> {
    context: FaultContext,
    warmup_ns: u64,
    losses: Option<Losses<'a>>,
    recovery: Option<Recovery>,
}

impl<'a> Faults<'a> {
    /// Those of a plan, on the etcd that was started for it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn of(
        plan: &LoadPlan,
        local: Option<&'a mut LocalCluster>,
        dialer: &Dialer,
        context: FaultContext,
    ) -> Result<Self> {
        let mut faults =
            Faults { context, warmup_ns: plan.warmup_ns, losses: None, recovery: None };
        let Some(local) = local else {
            return Ok(faults);
        };
        if plan.faults.recover_quota {
            let (endpoints, clock) = (local.endpoints(), faults.context.clock);
            faults.recovery = Some(Recovery::begin(endpoints, dialer, clock)?);
        }
        faults.losses = Losses::of(&plan.faults, local);
        Ok(faults)
    }

    /// Does what is due. The load, its warm-up first, has begun at this time; `phase` is where it has come to.
    pub fn look(&mut self, start_ns: u64, phase: &Arc<str>) {
        if self.context.control.is_halted() {
            return;
        }
        let measured_from_ns = start_ns + self.warmup_ns;
        if let Some(losses) = &mut self.losses {
            losses.look(&self.context, measured_from_ns, phase);
        }
        if let Some(recovery) = &mut self.recovery {
            recovery.look(&self.context, measured_from_ns, phase);
        }
    }

    /// Whether the database may grow up to its quota, for it is going to be brought back.
    pub fn may_fill(&self) -> bool {
        let recovery = self.recovery.as_ref();
        recovery.is_some_and(|recovery| recovery.may_fill(self.context.clock.now_ns()))
    }

    /// The load is over: what was begun comes to its end, unless the run is to end at once.
    pub fn end(&mut self, start_ns: u64, phase: &Arc<str>) {
        self.look(start_ns, phase);
        if let Some(losses) = &mut self.losses {
            losses.no_more(&self.context, phase);
        }
        if let Some(recovery) = &mut self.recovery {
            recovery.no_more(&self.context, phase);
        }
        while self.is_under_way() && !self.context.control.is_halted() {
            self.look(start_ns, phase);
            sleep(LOOK);
        }
    }

    fn is_under_way(&self) -> bool {
        let losses = self.losses.as_ref().is_some_and(Losses::is_under_way);
        losses || self.recovery.as_ref().is_some_and(Recovery::is_under_way)
    }
}
