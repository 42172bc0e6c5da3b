//! The reference engine: write(2), pwrite(2) and fdatasync(2) from two threads per member, as etcd has a raft loop
//! and a backend loop.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::disk::arrivals::GroupCommit;
use crate::disk::backend::{Backend, Commit, PAGE_BYTES};
use crate::disk::engine::{BACKEND_COMMIT, Commits, Engine, Member, Task, wal_series};
use crate::disk::wal::Wal;
use crate::error::{Error, Result};
use crate::record::Recorder;

/// Even without anything to do the loops look up this often, for signals.
const LOOK_UP_NS: u64 = 100_000_000;

/// Issues plain system calls from dedicated threads.
#[derive(Debug, Default)]
pub struct SyncEngine;

impl Engine for SyncEngine {
    fn run(&mut self, members: &mut [Member], task: &Task) -> Result<()> {
        std::thread::scope(|scope| {
            let running: Vec<_> = members
                .iter_mut()
                .map(|member| scope.spawn(|| run_member(member, task)))
                .collect();
            let mut outcome = Ok(());
            for member in running {
                let ended = member.join().unwrap_or_else(|_| {
                    Err(Error::Refused("internal error in a writer thread".into()))
                });
                outcome = outcome.and(ended);
            }
            outcome
        })
    }
}

/// What the two threads of a member share.
struct Shared {
    state: Mutex<State>,
    /// Wakes the raft loop: a backend commit is over.
    unlocked: Condvar,
    /// Wakes the backend loop: a commit is due, or the task has ended.
    commit: Condvar,
}

struct State {
    puts: GroupCommit,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run_member(member: &mut Member, task: &Task) -> Result<()> {
    let from_ns = task.clock.now_ns();
    let seed = task.seed ^ u64::from(member.id.unwrap_or(0)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let shared = Shared {
        state: Mutex::new(State {
            puts: GroupCommit::new(task.load, task.costs, seed, from_ns, task.until_ns),
            ended: false,
        }),
        unlocked: Condvar::new(),
        commit: Condvar::new(),
    };
    let Member { id, wal, backend } = member;
    let id = *id;
    std::thread::scope(|scope| {
        let backend = task.commits.map(|commits| {
            let shared = &shared;
            scope.spawn(move || BackendLoop::new(task, commits, shared, id).run(backend))
        });
        let raft = RaftLoop::new(task, &shared, id).run(wal);
        shared.lock().ended = true;
        shared.commit.notify_one();
        let committed = backend.map_or(Ok(()), |thread| {
            thread.join().unwrap_or_else(|_| {
                Err(Error::Refused("internal error in a backend thread".into()))
            })
        });
        raft.and(committed)
    })
}

/// Takes what has arrived, saves it, and so on: etcd's raft loop.
struct RaftLoop<'a> {
    task: &'a Task,
    shared: &'a Shared,
    recorder: Recorder,
}

impl<'a> RaftLoop<'a> {
    fn new(task: &'a Task, shared: &'a Shared, member: Option<u32>) -> Self {
        let now_ns = task.clock.now_ns();
        RaftLoop {
            task,
            shared,
            recorder: Recorder::new(task.recorder.clone(), member, &wal_series::ALL, now_ns),
        }
    }

    fn run(mut self, wal: &mut Wal) -> Result<()> {
        fine_timers();
        let mut outcome = Ok(());
        while outcome.is_ok()
            && let Some(puts) = self.next_batch()
        {
            outcome = self.save(wal, puts);
        }
        self.recorder.finish(self.task.clock.now_ns());
        outcome
    }

    /// Waits until something has arrived and takes it; `None` at the end of the task.
    fn next_batch(&mut self) -> Option<usize> {
        let mut state = self.shared.lock();
        loop {
            let now_ns = self.task.clock.now_ns();
            state.puts.advance(now_ns);
            for put in state.puts.acknowledged() {
                let wait_ns = put.at_ns.saturating_sub(put.arrived_ns);
                self.recorder
                    .record(wal_series::PUT_COMMIT, put.arrived_ns, wait_ns);
            }
            self.recorder.tick(now_ns);
            if let Some(commits) = self.task.commits
                && state.puts.pending() >= commits.limit
            {
                self.shared.commit.notify_one();
            }
            if state.ended || self.task.control.halted().is_some() {
                return None;
            }
            // What arrived before the end is still saved, so that a stall at the end is charged to those behind it.
            let batch = state.puts.take(now_ns.min(self.task.until_ns));
            if batch > 0 {
                return Some(batch);
            }
            let over = now_ns >= self.task.until_ns;
            if over && state.puts.is_drained() {
                return None;
            }
            let arrival = state.puts.next_write().filter(|_| !over);
            let end = (!over).then_some(self.task.until_ns);
            let events = [arrival, state.puts.next_applied(), end];
            let wake_ns = events.into_iter().flatten().min().unwrap_or(u64::MAX);
            let wait_ns = wake_ns.saturating_sub(now_ns).min(LOOK_UP_NS);
            state = self
                .shared
                .unlocked
                .wait_timeout(state, Duration::from_nanos(wait_ns))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn save(&mut self, wal: &mut Wal, puts: usize) -> Result<()> {
        wal.stage(puts);
        let start_ns = self.task.clock.now_ns();
        if wal.is_full() {
            self.cut(wal, start_ns)?;
        } else {
            let end_ns = self.write_and_sync(wal, start_ns, true)?;
            self.recorder
                .record(wal_series::SYNC, start_ns, end_ns - start_ns);
        }
        let now_ns = self.task.clock.now_ns();
        self.shared.lock().puts.synced(now_ns);
        Ok(())
    }

    /// One save: its write(2) and its fdatasync(2). Gives the time of its end.
    fn write_and_sync(&mut self, wal: &mut Wal, start_ns: u64, labelled: bool) -> Result<u64> {
        let clock = self.task.clock;
        wal.write_staged()
            .map_err(Error::io("write to the WAL in", wal.dir()))?;
        let written_ns = clock.now_ns();
        rustix::fs::fdatasync(wal.tail()).map_err(Error::io("sync the WAL in", wal.dir()))?;
        let end_ns = clock.now_ns();
        let extent = wal.written();
        self.task.control.spend(extent.bytes);
        let sync_ns = end_ns - written_ns;
        let recorder = &mut self.recorder;
        recorder.record(wal_series::WRITE, start_ns, written_ns - start_ns);
        recorder.record(wal_series::FSYNC, written_ns, sync_ns);
        if labelled {
            let label = if extent.fresh_block {
                wal_series::FSYNC_FRESH
            } else {
                wal_series::FSYNC_SAME
            };
            recorder.record(label, written_ns, sync_ns);
        }
        Ok(end_ns)
    }

    /// A rotation in etcd's order: truncate, write, sync; head of the new segment, sync; rename, sync of the
    /// directory; reopen.
    fn cut(&mut self, wal: &mut Wal, start_ns: u64) -> Result<()> {
        let clock = self.task.clock;
        wal.truncate_tail()?;
        self.write_and_sync(wal, clock.now_ns(), false)?;
        let rotation = wal.begin_segment()?;
        self.write_and_sync(wal, clock.now_ns(), false)?;
        std::fs::rename(&rotation.from, &rotation.to)
            .map_err(Error::io("rename", &rotation.from))?;
        let sync_ns = clock.now_ns();
        rustix::fs::fsync(wal.dir_file()).map_err(Error::io("sync", wal.dir()))?;
        // etcd observes this sync in the same histogram.
        self.recorder
            .record(wal_series::FSYNC, sync_ns, clock.now_ns() - sync_ns);
        wal.reopen_tail(&rotation)?;
        let end_ns = clock.now_ns();
        self.recorder
            .record(wal_series::CUT, start_ns, end_ns - start_ns);
        let name = rotation.to.file_name().map(|name| name.to_string_lossy());
        self.recorder.event(
            end_ns,
            "wal.cut",
            json!({ "segment": name, "ns": end_ns - start_ns }),
        );
        Ok(())
    }
}

/// Commits when it is time: etcd's backend loop.
struct BackendLoop<'a> {
    task: &'a Task,
    commits: Commits,
    shared: &'a Shared,
    recorder: Recorder,
}

impl<'a> BackendLoop<'a> {
    fn new(task: &'a Task, commits: Commits, shared: &'a Shared, member: Option<u32>) -> Self {
        let now_ns = task.clock.now_ns();
        BackendLoop {
            task,
            commits,
            shared,
            recorder: Recorder::new(task.recorder.clone(), member, &[BACKEND_COMMIT], now_ns),
        }
    }

    fn run(mut self, backend: &mut Backend) -> Result<()> {
        fine_timers();
        let mut outcome = Ok(());
        while outcome.is_ok()
            && let Some(puts) = self.next_commit()
        {
            outcome = self.commit(backend, puts);
            let now_ns = self.task.clock.now_ns();
            let mut state = self.shared.lock();
            state.puts.unlock(now_ns);
            state.ended |= outcome.is_err();
            drop(state);
            self.shared.unlocked.notify_one();
            self.recorder.tick(now_ns);
        }
        self.recorder.finish(self.task.clock.now_ns());
        outcome
    }

    /// Waits for the next commit with something in it, takes the apply lock and gives the puts to write; `None` at
    /// the end of the task.
    fn next_commit(&mut self) -> Option<u64> {
        let mut due_ns = self.task.clock.now_ns() + self.commits.interval_ns;
        let mut state = self.shared.lock();
        loop {
            let now_ns = self.task.clock.now_ns();
            if state.ended || now_ns >= self.task.until_ns {
                return None;
            }
            state.puts.advance(now_ns);
            let full = state.puts.pending() >= self.commits.limit;
            if full || now_ns >= due_ns {
                if state.puts.pending() > 0 {
                    let puts = state.puts.lock();
                    return Some(self.commits.fixed_puts.unwrap_or(puts));
                }
                due_ns = now_ns + self.commits.interval_ns;
            }
            let wait_ns = due_ns.min(self.task.until_ns) - now_ns;
            state = self
                .shared
                .commit
                .wait_timeout(state, Duration::from_nanos(wait_ns))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// One commit: grow, pages, sync, meta page, sync.
    fn commit(&mut self, backend: &mut Backend, puts: u64) -> Result<()> {
        let plan = backend.plan_commit(puts as usize);
        let start_ns = self.task.clock.now_ns();
        write_commit(backend, &plan).map_err(Error::io("write", backend.path()))?;
        let end_ns = self.task.clock.now_ns();
        self.task.control.spend(plan.bytes());
        self.recorder.record(0, start_ns, end_ns - start_ns);
        if let Some(bytes) = plan.grow_to {
            self.recorder
                .event(end_ns, "db.grow", json!({ "bytes": bytes }));
        }
        Ok(())
    }
}

fn write_commit(backend: &Backend, plan: &Commit) -> io::Result<()> {
    let file = backend.file();
    if let Some(bytes) = plan.grow_to {
        rustix::fs::ftruncate(file, bytes)?;
        rustix::fs::fsync(file)?;
    }
    for &(offset, len) in &plan.writes {
        backend.write_at(offset, len)?;
    }
    rustix::fs::fdatasync(file)?;
    backend.write_at(plan.meta_offset, PAGE_BYTES)?;
    rustix::fs::fdatasync(file)?;
    Ok(())
}

/// Asks the kernel to wake this thread when it said, not up to 50 µs later.
fn fine_timers() {
    // Where it is refused the model is only a little less exact.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
}
