//! The leader lost by plan: killed and started again, or stopped for a while.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::json;

use super::FaultContext;
use crate::cluster::local::{LocalCluster, Return};
use crate::error::Result;
use crate::plan::{self, Loss};
use crate::units::format_duration;

/// Losses to come, and who is away.
pub struct Losses<'a> {
    local: &'a mut LocalCluster,
    how: Loss,
    /// Since the beginning of the measured load.
    ahead: VecDeque<u64>,
    away_ns: u64,
    away: Option<Away>,
}

/// A member that was killed or stopped.
struct Away {
    member: usize,
    lost_ns: u64,
    /// Since when it has been started again, or goes on, and what becomes of it.
    returns: Option<(u64, Return)>,
}

impl<'a> Losses<'a> {
    /// Those of a plan, if it has any.
    pub fn of(faults: &plan::Faults, local: &'a mut LocalCluster) -> Option<Self> {
        let planned = faults.losses()?;
        Some(Losses {
            local,
            how: planned.how,
            ahead: planned.at_ns.iter().copied().collect(),
            away_ns: planned.away_ns,
            away: None,
        })
    }

    /// Loses who is to be lost by now, brings back who has been away for long enough, tells who is back.
    pub fn look(&mut self, context: &FaultContext, measured_from_ns: u64, phase: &Arc<str>) {
        let done = match self.away.take() {
            None => self.lose(context, measured_from_ns, phase),
            Some(away) => self.attend(away, context, phase),
        };
        if let Err(error) = done {
            context.control.halt(format!("the fault could not be carried out: {error}"));
        }
    }

    /// No more are lost; who is away comes back.
    pub fn no_more(&mut self, context: &FaultContext, phase: &Arc<str>) {
        if context.control.is_halted() {
            return;
        }
        for at_ns in self.ahead.drain(..) {
            let at = format_duration(at_ns);
            let lost = match self.how {
                Loss::Kill => "killed",
                Loss::Pause => "stopped",
            };
            context.note(
                phase,
                format!(
                    "the leader was not {lost} after {at}: the load was over, or nobody led, or the one {lost} before was \
                     not back"
                ),
            );
        }
        self.away_ns = 0;
    }

    /// Whether somebody is away.
    pub fn is_under_way(&self) -> bool {
        self.away.is_some()
    }

    /// While nobody leads there is nobody to lose: that waits.
    fn lose(
        &mut self,
        context: &FaultContext,
        measured_from_ns: u64,
        phase: &Arc<str>,
    ) -> Result<()> {
        let due = self.ahead.front().map(|at_ns| measured_from_ns + at_ns);
        if due.is_none_or(|due_ns| context.clock.now_ns() < due_ns) {
            return Ok(());
        }
        let Some(member) = context.live.leader() else {
            return Ok(());
        };
        let planned_ns = self.ahead.pop_front();
        let lost_ns = context.clock.now_ns();
        let (kind, signal) = match self.how {
            Loss::Kill => {
                self.local.kill(member)?;
                ("fault.kill", "SIGKILL")
            }
            Loss::Pause => {
                self.local.pause(member)?;
                ("fault.pause", "SIGSTOP")
            }
        };
        let detail = json!({
            "name": self.local.name(member),
            "signal": signal,
            "planned_ns": planned_ns,
            "away_ns": self.away_ns,
        });
        context.event((lost_ns, phase), kind, Some(member as u32), detail);
        self.away = Some(Away { member, lost_ns, returns: None });
        Ok(())
    }

    /// Starts it again, or lets it go on.
    fn bring_back(&mut self, member: usize) -> Result<(&'static str, Return)> {
        match self.how {
            Loss::Kill => Ok(("fault.restart", self.local.start_again(member)?)),
            Loss::Pause => Ok(("fault.resume", self.local.resume(member)?)),
        }
    }

    fn attend(&mut self, mut away: Away, context: &FaultContext, phase: &Arc<str>) -> Result<()> {
        let now_ns = context.clock.now_ns();
        let gone_ns = now_ns.saturating_sub(away.lost_ns);
        let (name, member) = (self.local.name(away.member).to_owned(), Some(away.member as u32));
        match &away.returns {
            None if gone_ns >= self.away_ns => {
                let detail = json!({ "name": name, "away_ns": gone_ns });
                let (kind, coming) = self.bring_back(away.member)?;
                context.event((now_ns, phase), kind, member, detail);
                away.returns = Some((now_ns, coming));
            }
            None => {}
            Some((since_ns, coming)) => {
                if let Some(outcome) = coming.look() {
                    outcome?;
                    let took_ns = now_ns - since_ns;
                    let detail = json!({ "name": name, "away_ns": gone_ns, "took_ns": took_ns });
                    context.event((now_ns, phase), "fault.back", member, detail);
                    return Ok(());
                }
            }
        }
        self.away = Some(away);
        Ok(())
    }
}
