//! What a member's two loops do next and what they record. The engines share it; they differ in how they wait, write
//! and sync.

use std::sync::Arc;

use serde_json::json;

use crate::disk::arrivals::{BatchShape, GroupCommit};
use crate::disk::backend::Commit;
use crate::disk::cpu_wait::CpuWaits;
use crate::disk::engine::{BACKEND_COMMIT, Commits, Task, wal_series};
use crate::disk::wal::{Extent, JOURNAL_BYTES, Rotation};
use crate::record::{Emission, Recorder};
use crate::result::{BATCHES, CPU_WAIT};

/// Even without anything to do the loops look up this often, for signals.
const LOOK_UP_NS: u64 = 100_000_000;

/// What the two loops of a member share.
pub struct State {
    /// The puts on their way.
    pub puts: GroupCommit,
    /// No more saves and commits.
    pub ended: bool,
}

impl State {
    /// A member at the start of its task.
    pub fn new(task: &Task, member: Option<u32>) -> Self {
        let seed = task.seed ^ u64::from(member.unwrap_or(0)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let from_ns = task.clock.now_ns();
        State {
            puts: GroupCommit::new(task.load, task.costs, seed, from_ns, task.until_ns),
            ended: false,
        }
    }

    /// True when so many puts wait for a backend commit that it must not wait for its time.
    pub fn is_commit_forced(&self, task: &Task) -> bool {
        task.commits.is_some_and(|commits| self.puts.pending() >= commits.limit)
    }
}

/// What a loop does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn<T> {
    /// Write this.
    Go(T),
    /// Nothing to do before this time, unless the other loop gives a sign.
    Wait(u64),
    /// The task is over.
    End,
}

/// When and how long one save of the log took.
#[derive(Debug, Clone, Copy)]
pub struct Save {
    /// Start of the write.
    pub start_ns: u64,
    /// End of the write.
    pub written_ns: u64,
    /// Start of the sync; of the write where it cannot be told apart: no sync may look faster than it was.
    pub sync_start_ns: u64,
    /// End of the sync.
    pub end_ns: u64,
}

/// etcd's raft loop: takes what has arrived, saves it, and so on.
pub struct RaftLoop<'a> {
    task: &'a Task,
    recorder: Recorder,
    cpu: CpuLedger,
}

impl<'a> RaftLoop<'a> {
    /// A loop that starts now.
    pub fn new(task: &'a Task, member: Option<u32>) -> Self {
        let now_ns = task.clock.now_ns();
        RaftLoop {
            task,
            recorder: Recorder::new(task.recorder.clone(), member, &wal_series::ALL, now_ns),
            cpu: CpuLedger::new(task, member),
        }
    }

    /// Takes the puts that have arrived, if any.
    pub fn turn(&mut self, state: &mut State) -> Turn<usize> {
        let now_ns = self.task.clock.now_ns();
        state.puts.advance(now_ns);
        for put in state.puts.acknowledged() {
            let wait_ns = put.at_ns.saturating_sub(put.arrived_ns);
            self.recorder.record(wal_series::PUT_COMMIT, put.arrived_ns, wait_ns);
        }
        if state.ended || self.task.control.halted().is_some() {
            return Turn::End;
        }
        // What arrived before the end is still saved, so that a stall at the end is charged to those behind it.
        let batch = state.puts.take(now_ns.min(self.task.until_ns));
        if batch > 0 {
            self.cpu.waits.begins();
            return Turn::Go(batch);
        }
        let over = now_ns >= self.task.until_ns;
        if over && state.puts.is_drained() {
            return Turn::End;
        }
        let arrival = state.puts.next_write().filter(|_| !over);
        let end = (!over).then_some(self.task.until_ns);
        let events = [arrival, state.puts.next_applied(), end];
        let wake_ns = events.into_iter().flatten().min().unwrap_or(u64::MAX);
        Turn::Wait(wake_ns.min(now_ns + LOOK_UP_NS))
    }

    /// Whether [`RaftLoop::tick`] has something to do.
    pub fn is_due(&self) -> bool {
        self.recorder.is_due(self.task.clock.now_ns())
    }

    /// Ends and hands over the intervals that are due; to be called often, and never with the member's state locked.
    pub fn tick(&mut self) {
        let now_ns = self.task.clock.now_ns();
        self.recorder.tick(now_ns);
        self.cpu.tick(self.task, now_ns);
    }

    /// Records a save. The segments' heads and last saves carry no label: their blocks say nothing of a usual save.
    pub fn saved(&mut self, save: Save, extent: Extent, labelled: bool) {
        self.task.control.spend(extent.at_device);
        let sync_ns = save.end_ns - save.sync_start_ns;
        let recorder = &mut self.recorder;
        recorder.record(wal_series::WRITE, save.start_ns, save.written_ns - save.start_ns);
        recorder.record(wal_series::FSYNC, save.sync_start_ns, sync_ns);
        self.cpu.waits.ended("wal.fsync", save.sync_start_ns, save.end_ns);
        if labelled {
            let label =
                if extent.fresh_block { wal_series::FSYNC_FRESH } else { wal_series::FSYNC_SAME };
            recorder.record(label, save.sync_start_ns, sync_ns);
        }
    }

    /// Records how long the raft loop stood still for a save.
    pub fn stood_still(&mut self, start_ns: u64, end_ns: u64) {
        self.recorder.record(wal_series::SYNC, start_ns, end_ns - start_ns);
        self.cpu.waits.ended("wal.sync", start_ns, end_ns);
    }

    /// Records the sync of the directory, which etcd observes in the same histogram as those of the segment.
    pub fn directory_synced(&mut self, start_ns: u64, end_ns: u64) {
        self.recorder.record(wal_series::FSYNC, start_ns, end_ns - start_ns);
        self.cpu.waits.ended("wal.fsync", start_ns, end_ns);
    }

    /// Records a save that ended in a rotation.
    pub fn cut(&mut self, rotation: &Rotation, start_ns: u64, end_ns: u64) {
        let ns = end_ns - start_ns;
        // A file reserved, renamed and cut to its length, and a directory.
        self.task.control.spend(4 * JOURNAL_BYTES);
        self.recorder.record(wal_series::CUT, start_ns, ns);
        self.cpu.waits.ended("wal.cut", start_ns, end_ns);
        let name = rotation.to.file_name().map(|name| name.to_string_lossy());
        self.recorder.event(end_ns, "wal.cut", json!({ "segment": name, "ns": ns }));
    }

    /// Tells what the batches looked like, and hands over what is left.
    pub fn finish(mut self, shape: Option<BatchShape>) {
        let now_ns = self.task.clock.now_ns();
        // Commits of a size that was asked for say nothing of the load's own batches.
        let own = self.task.commits.is_none_or(|commits| commits.fixed_puts.is_none());
        if let Some(shape) = shape.filter(|_| own) {
            let detail = json!({
                "writes": shape.writes,
                "single": shape.single,
                "puts": shape.puts,
                "waited_ns": shape.waited_ns,
            });
            self.recorder.event(now_ns, BATCHES, detail);
        }
        self.recorder.finish(now_ns);
        self.cpu.tell(self.task, now_ns);
    }
}

/// What a loop waited for a CPU, told every second.
struct CpuLedger {
    waits: CpuWaits,
    member: Option<u32>,
    since_ns: u64,
}

impl CpuLedger {
    fn new(task: &Task, member: Option<u32>) -> Self {
        CpuLedger { waits: task.control.cpu_waits(), member, since_ns: task.clock.now_ns() }
    }

    fn tick(&mut self, task: &Task, now_ns: u64) {
        if now_ns.saturating_sub(self.since_ns) >= task.recorder.interval_ns {
            self.tell(task, now_ns);
        }
    }

    fn tell(&mut self, task: &Task, now_ns: u64) {
        let start_ns = std::mem::replace(&mut self.since_ns, now_ns);
        let values = self.waits.take();
        if !values.is_empty() {
            // The collector outlives the loop.
            let _ = task.recorder.sink.send(Emission::Counters {
                phase: Arc::clone(&task.recorder.phase),
                start_ns,
                length_ns: now_ns.saturating_sub(start_ns),
                source: CPU_WAIT.to_owned(),
                member: self.member,
                values,
            });
        }
    }
}

/// etcd's backend loop: commits when it is time.
pub struct BackendLoop<'a> {
    task: &'a Task,
    commits: Commits,
    due_ns: u64,
    /// The commit under way: when it began and, until its pages are laid out, when they will be and its puts.
    start_ns: u64,
    laying_out: Option<(u64, u64)>,
    recorder: Recorder,
    cpu: CpuLedger,
}

impl<'a> BackendLoop<'a> {
    /// A loop that starts now.
    pub fn new(task: &'a Task, commits: Commits, member: Option<u32>) -> Self {
        let now_ns = task.clock.now_ns();
        BackendLoop {
            task,
            commits,
            due_ns: now_ns + commits.interval_ns,
            start_ns: now_ns,
            laying_out: None,
            recorder: Recorder::new(task.recorder.clone(), member, &[BACKEND_COMMIT], now_ns),
            cpu: CpuLedger::new(task, member),
        }
    }

    /// If a commit is due and has something in it, takes the apply lock and, once the pages are laid out, gives the
    /// puts to write.
    pub fn turn(&mut self, state: &mut State) -> Turn<u64> {
        let now_ns = self.task.clock.now_ns();
        if let Some((ready_ns, puts)) = self.laying_out {
            if now_ns < ready_ns {
                return Turn::Wait(ready_ns);
            }
            self.laying_out = None;
            return Turn::Go(puts);
        }
        if state.ended || now_ns >= self.task.until_ns {
            return Turn::End;
        }
        state.puts.advance(now_ns);
        if now_ns >= self.due_ns || state.is_commit_forced(self.task) {
            if state.puts.pending() > 0 {
                let applied = state.puts.lock();
                let puts = self.commits.fixed_puts.unwrap_or(applied);
                let layout_ns = state.puts.layout_ns(puts);
                self.start_ns = now_ns;
                self.cpu.waits.begins();
                if layout_ns == 0 {
                    return Turn::Go(puts);
                }
                self.laying_out = Some((now_ns + layout_ns, puts));
                return Turn::Wait(now_ns + layout_ns);
            }
            self.due_ns = now_ns + self.commits.interval_ns;
        }
        Turn::Wait(self.due_ns.min(self.task.until_ns))
    }

    /// Records a commit, from taking the lock to the end of its second sync.
    pub fn committed(&mut self, plan: &Commit, end_ns: u64) {
        let growth = if plan.grow_to.is_some() { JOURNAL_BYTES } else { 0 };
        self.task.control.spend(plan.bytes() + growth);
        self.recorder.record(0, self.start_ns, end_ns - self.start_ns);
        self.cpu.waits.ended("backend.commit", self.start_ns, end_ns);
        if let Some(bytes) = plan.grow_to {
            self.recorder.event(end_ns, "db.grow", json!({ "bytes": bytes }));
        }
    }

    /// Gives the apply lock back; the next commit is due an interval from now.
    pub fn unlock(&mut self, state: &mut State) {
        let now_ns = self.task.clock.now_ns();
        state.puts.unlock(now_ns);
        self.due_ns = now_ns + self.commits.interval_ns;
    }

    /// Whether [`BackendLoop::tick`] has something to do.
    pub fn is_due(&self) -> bool {
        self.recorder.is_due(self.task.clock.now_ns())
    }

    /// Ends and hands over the intervals that are due; to be called often, and never with the member's state locked.
    pub fn tick(&mut self) {
        let now_ns = self.task.clock.now_ns();
        self.recorder.tick(now_ns);
        self.cpu.tick(self.task, now_ns);
    }

    /// Hands over what is left.
    pub fn finish(mut self) {
        let now_ns = self.task.clock.now_ns();
        self.recorder.finish(now_ns);
        self.cpu.tell(self.task, now_ns);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::clock::Clock;
    use crate::disk::control::Control;
    use crate::disk::costs::Costs;
    use crate::plan::Load;
    use crate::record::{Pool, RecorderSettings};

    #[test]
    fn a_commit_writes_when_the_pages_of_all_its_puts_are_laid_out() {
        let (sink, _emissions) = channel();
        let clock = Clock::start();
        let commits = Commits { interval_ns: 0, limit: 10_000, fixed_puts: None };
        let task = Task {
            clock,
            control: Control::new(Arc::new(AtomicBool::new(false)), u64::MAX),
            recorder: RecorderSettings {
                phase: Arc::from("test"),
                interval_ns: 1_000_000_000,
                stall_ns: 100_000_000,
                sink,
                pool: Pool::default(),
            },
            load: Load::Closed { clients: 10 },
            costs: Costs { layout_put_ns: 1e9, ..Costs::NONE },
            seed: 1,
            until_ns: u64::MAX,
            commits: Some(commits),
        };
        let mut state = State::new(&task, None);
        let mut backend = BackendLoop::new(&task, commits, None);
        let now_ns = clock.now_ns();
        assert_eq!(state.puts.take(now_ns), 10);
        state.puts.synced(now_ns);
        let turn = backend.turn(&mut state);
        assert!(matches!(turn, Turn::Wait(until) if until >= now_ns + 10_000_000_000), "{turn:?}");
        assert_eq!(state.puts.next_applied(), None, "the lock is held meanwhile");
    }
}
