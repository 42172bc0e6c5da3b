//! A full database brought back while the load goes on, as an operator does it: compacted, defragmented, the alarm
//! disarmed. Once; a thread of its own does it, for each step takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::FaultContext;
use crate::clock::Clock;
use crate::cluster::{Cluster, Defragmented};
use crate::error::{Error, Result};
use crate::etcd::Endpoint;
use crate::wire::Dialer;

/// How often it is looked whether an alarm is raised: writes are refused at most that much longer than it is told.
const ASK: Duration = Duration::from_millis(50);
/// What is known of the size of the database is up to two seconds old: so long after the end it may be that of before.
const STALE_NS: u64 = 3_000_000_000;

/// The operator.
pub struct Recovery {
    told: Receiver<Step>,
    too_late: Arc<AtomicBool>,
    state: State,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The quota is not reached yet.
    Waiting,
    /// Writes are refused.
    Full,
    /// Writes are taken again, since then.
    Done(u64),
    /// There is nobody any more to do anything.
    Over,
}

/// What was done.
enum Step {
    Done { at_ns: u64, kind: &'static str, member: Option<u32>, detail: Value },
    Failed(Error),
}

impl Recovery {
    /// Waits for the alarm from now on.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn begin(endpoints: &[Endpoint], dialer: &Dialer, clock: Clock) -> Result<Self> {
        let (tell, told) = channel();
        let too_late = Arc::new(AtomicBool::new(false));
        let operator = Operator { clock, tell: tell.clone(), too_late: Arc::clone(&too_late) };
        let (endpoints, dialer) = (endpoints.to_vec(), dialer.clone());
        std::thread::Builder::new()
            .name("operator".to_owned())
            .spawn(move || {
                if let Err(error) = operator.work(&endpoints, &dialer) {
                    // Nobody hears it when the run has ended meanwhile.
                    let _ = tell.send(Step::Failed(error));
                }
            })
            .map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
        Ok(Recovery { told, too_late, state: State::Waiting })
    }

    /// Passes on what was done.
    pub fn look(&mut self, context: &FaultContext, measured_from_ns: u64, phase: &Arc<str>) {
        loop {
            match self.told.try_recv() {
                Ok(Step::Done { at_ns, kind, member, mut detail }) => {
                    match kind {
                        REACHED => {
                            self.state = State::Full;
                            detail["after_ns"] = at_ns.saturating_sub(measured_from_ns).into();
                        }
                        DISARMED => self.state = State::Done(at_ns),
                        _ => {}
                    }
                    context.event((at_ns, phase), kind, member, detail);
                }
                Ok(Step::Failed(error)) => {
                    let why = format!("the etcd could not be brought back from its quota: {error}");
                    context.control.halt(why);
                }
                Err(TryRecvError::Disconnected) => {
                    if !matches!(self.state, State::Done(_)) {
                        self.state = State::Over;
                    }
                    return;
                }
                Err(TryRecvError::Empty) => return,
            }
        }
    }

    /// Whether it is still to be brought back, or that is not known everywhere yet.
    pub fn may_fill(&self, now_ns: u64) -> bool {
        match self.state {
            State::Waiting | State::Full => true,
            State::Done(since_ns) => now_ns < since_ns + STALE_NS,
            State::Over => false,
        }
    }

    /// What has not begun by now does not begin any more.
    pub fn no_more(&mut self, context: &FaultContext, phase: &Arc<str>) {
        self.too_late.store(true, Ordering::Relaxed);
        if self.state == State::Waiting && !context.control.is_halted() {
            let text = "the database did not reach its quota, so that --recover-quota had nothing to do: a smaller \
                        --quota, larger values, a higher rate or more time fill it";
            context.note(phase, text.to_owned());
        }
    }

    /// Whether it is at work.
    pub fn is_under_way(&self) -> bool {
        self.state == State::Full
    }
}

impl Drop for Recovery {
    fn drop(&mut self) {
        self.too_late.store(true, Ordering::Relaxed);
    }
}

const REACHED: &str = "quota.reached";
const DISARMED: &str = "quota.disarmed";

/// Who does it, with connections of its own.
struct Operator {
    clock: Clock,
    tell: Sender<Step>,
    too_late: Arc<AtomicBool>,
}

impl Operator {
    fn work(&self, endpoints: &[Endpoint], dialer: &Dialer) -> Result<()> {
        let mut cluster = Cluster::connect(endpoints, dialer, None)?;
        let Some(member) = self.wait_until_full(&mut cluster) else {
            return Ok(());
        };
        let reached_ns = self.clock.now_ns();
        cluster.refresh();
        let (db_bytes, quota_bytes) = (cluster.db_bytes(), cluster.quota().limit());
        let detail = json!({ "name": member, "db_bytes": db_bytes, "quota_bytes": quota_bytes });
        self.done(reached_ns, REACHED, None, detail);
        self.bring_back(&mut cluster, reached_ns)
    }

    /// The name of the member that has raised the alarm; none when it is too late for everything.
    fn wait_until_full(&self, cluster: &mut Cluster) -> Option<String> {
        while !self.too_late.load(Ordering::Relaxed) {
            // Whoever does not answer now does so later, or else the load ends.
            let raised = cluster.alarms().unwrap_or_default();
            if let Some((member, _)) = raised.iter().find(|(_, alarm)| alarm.is_no_space()) {
                return Some(member.clone());
            }
            sleep(ASK);
        }
        None
    }

    fn bring_back(&self, cluster: &mut Cluster, reached_ns: u64) -> Result<()> {
        let several = cluster.members().len() > 1;
        let begun_ns = self.clock.now_ns();
        let revision = cluster.compact()?;
        let now_ns = self.clock.now_ns();
        let detail = json!({ "revision": revision, "took_ns": now_ns - begun_ns });
        self.done(now_ns, "quota.compacted", None, detail);

        let names: Vec<String> = cluster.members().iter().map(|m| m.facts.name.clone()).collect();
        cluster.defragment(|member: Defragmented| {
            let detail = json!({
                "name": names[member.index],
                "took_ns": member.took.as_nanos() as u64,
                "before_bytes": member.before_bytes,
                "after_bytes": member.after_bytes,
            });
            let index = several.then_some(member.index as u32);
            self.done(self.clock.now_ns(), "quota.defragmented", index, detail);
        })?;

        let begun_ns = self.clock.now_ns();
        cluster.disarm_no_space()?;
        let now_ns = self.clock.now_ns();
        let detail = json!({
            "took_ns": now_ns - begun_ns,
            "refused_ns": now_ns - reached_ns,
            "db_bytes": cluster.db_bytes(),
        });
        self.done(now_ns, DISARMED, None, detail);
        Ok(())
    }

    fn done(&self, at_ns: u64, kind: &'static str, member: Option<u32>, detail: Value) {
        // Nobody hears it when the run has ended meanwhile.
        let _ = self.tell.send(Step::Done { at_ns, kind, member, detail });
    }
}
