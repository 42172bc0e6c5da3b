//! The leader killed by plan, and started again.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::json;

use super::FaultContext;
use crate::cluster::local::{LocalCluster, Return};
use crate::error::Result;
use crate::plan;
use crate::units::format_duration;

/// Deaths to come, and who is away.
pub struct Kills<'a> {
    local: &'a mut LocalCluster,
    /// Since the beginning of the measured load.
    ahead: VecDeque<u64>,
    restart_after_ns: u64,
    away: Option<Away>,
}

/// A member that was killed.
struct Away {
    member: usize,
    killed_ns: u64,
    /// Since when it has been started again, and what becomes of it.
    started: Option<(u64, Return)>,
}

impl<'a> Kills<'a> {
    /// Those of a plan.
    pub fn new(faults: &plan::Faults, local: &'a mut LocalCluster) -> Self {
        Kills {
            local,
            ahead: faults.kill_leader_ns.iter().copied().collect(),
            restart_after_ns: faults.restart_after_ns,
            away: None,
        }
    }

    /// Kills who is to be killed by now, starts who has been away for long enough, tells who is back.
    pub fn look(&mut self, context: &FaultContext, measured_from_ns: u64, phase: &Arc<str>) {
        let done = match self.away.take() {
            None => self.kill(context, measured_from_ns, phase),
            Some(away) => self.attend(away, context, phase),
        };
        if let Err(error) = done {
            context.control.halt(format!("the fault could not be carried out: {error}"));
        }
    }

    /// No more are killed; who is away comes back.
    pub fn no_more(&mut self, context: &FaultContext, phase: &Arc<str>) {
        if context.control.is_halted() {
            return;
        }
        for at_ns in self.ahead.drain(..) {
            let at = format_duration(at_ns);
            context.note(
                phase,
                format!(
                    "the leader was not killed after {at}: the load was over, or nobody led, or the one killed before \
                     was not back"
                ),
            );
        }
        self.restart_after_ns = 0;
    }

    /// Whether somebody is away.
    pub fn is_under_way(&self) -> bool {
        self.away.is_some()
    }

    /// While nobody leads there is nobody to kill: that waits.
    fn kill(
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
        let killed_ns = context.clock.now_ns();
        self.local.kill(member)?;
        let detail = json!({
            "name": self.local.name(member),
            "signal": "SIGKILL",
            "planned_ns": planned_ns,
            "away_ns": self.restart_after_ns,
        });
        context.event((killed_ns, phase), "fault.kill", Some(member as u32), detail);
        self.away = Some(Away { member, killed_ns, started: None });
        Ok(())
    }

    fn attend(&mut self, mut away: Away, context: &FaultContext, phase: &Arc<str>) -> Result<()> {
        let now_ns = context.clock.now_ns();
        let gone_ns = now_ns.saturating_sub(away.killed_ns);
        let (name, member) = (self.local.name(away.member), Some(away.member as u32));
        match &away.started {
            None if gone_ns >= self.restart_after_ns => {
                let detail = json!({ "name": name, "away_ns": gone_ns });
                let coming = self.local.start_again(away.member)?;
                context.event((now_ns, phase), "fault.restart", member, detail);
                away.started = Some((now_ns, coming));
            }
            None => {}
            Some((started_ns, coming)) => {
                if let Some(outcome) = coming.look() {
                    outcome?;
                    let took_ns = now_ns - started_ns;
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
