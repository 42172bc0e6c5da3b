//! The io_uring engine: every member's log and database from one thread, each save one linked row of writes and an
//! fdatasync.
//!
//! The end of a write is known when this thread sees its completion, while a kernel worker has already gone on to the
//! sync. So `wal.write` holds the hand-over to the worker and back, and on a busy CPU the beginning of the sync is
//! charged to it: where the two engines are compared, `wal.sync` is the series that means the same in both. What this
//! engine is good for is many members on one disk without two threads for each.
//!
//! Writes and syncs go through the ring. What has no place there on older kernels and does not wait for the disk
//! (ftruncate, rename, open) is a plain call.

mod reactor;
mod refusal;
mod ring;
mod row;

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::disk::backend::{Backend, Commit, PAGE_BYTES};
use crate::disk::engine::turn::{BackendLoop, RaftLoop, Save, State, Turn};
use crate::disk::engine::{Commits, Engine, Member, Task};
use crate::disk::timers::fine_timers;
use crate::disk::wal::Wal;
use crate::error::{Error, Result};
use crate::files;

use reactor::{Loop, Reactor};
use refusal::{cannot_set_up, does_not_work};
use ring::Ring;
use row::Row;

/// How often a rotation looks whether the spare segment has been reserved, in the rare case that it was not yet.
const SPARE_POLL_NS: u64 = 500_000;

/// Issues linked operations through one io_uring, from one thread.
#[derive(Debug)]
pub struct UringEngine(());

impl UringEngine {
    /// Makes sure that this many members can be driven.
    ///
    /// # Errors
    /// Where the kernel does not let us: what forbids it, and the way out. There is no fallback.
    pub fn new(members: usize) -> Result<Self> {
        open(2 * members, Clock::start())?;
        Ok(UringEngine(()))
    }

    /// Writes and syncs a file in this directory once, and removes it: not every file system takes what the kernel
    /// offers.
    pub fn smoke_test(&self, dir: &Path) -> Result<()> {
        let path = dir.join(format!(".etcdbench-uring-{}", std::process::id()));
        let file = files::create_new(&path).map_err(Error::io("create", &path))?;
        let tried = try_out(&file, &path);
        std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        tried.map_err(|error| does_not_work(&error))
    }
}

fn open(lanes: usize, clock: Clock) -> Result<Ring> {
    Ring::open(lanes, clock).map_err(|error| cannot_set_up(&error))
}

fn try_out(file: &File, path: &Path) -> Result<()> {
    let clock = Clock::start();
    let bytes = Arc::new(vec![0; PAGE_BYTES]);
    let mut row = Row::default();
    row.write(file.as_fd(), 0, &bytes, 0..PAGE_BYTES);
    row.fdatasync(file.as_fd());
    let reactor = Reactor::new(open(1, clock)?, 1, clock);
    let trial = async {
        let end = reactor.run(0, row).await;
        end.map(drop).map_err(|failure| failure.into_error("write", "sync", path))
    };
    reactor.drive(&mut [Some(Box::pin(trial))], || ())
}

impl Engine for UringEngine {
    fn run(&mut self, members: &mut [Member], task: &Task) -> Result<()> {
        // A thread of its own, whose timers and kernel workers are this task's alone.
        std::thread::scope(|scope| {
            let driver = scope.spawn(|| run_members(members, task));
            driver.join().unwrap_or_else(|_| {
                Err(Error::Refused("internal error in the io_uring thread".into()))
            })
        })
    }
}

fn run_members(members: &mut [Member], task: &Task) -> Result<()> {
    fine_timers();
    let lanes = 2 * members.len();
    let reactor = Reactor::new(open(lanes, task.clock)?, lanes, task.clock);
    let states: Vec<RefCell<State>> =
        members.iter().map(|member| RefCell::new(State::new(task, member.id))).collect();
    let mut loops: Vec<Option<Loop>> = Vec::with_capacity(lanes);
    for (member, state) in members.iter_mut().zip(&states) {
        let raft_desk = MemberLoop {
            reactor: &reactor,
            task,
            state,
            lane: loops.len(),
            other_lane: loops.len() + 1,
        };
        let backend_desk =
            MemberLoop { lane: raft_desk.other_lane, other_lane: raft_desk.lane, ..raft_desk };
        let Member { id, wal, backend } = member;
        loops.push(Some(Box::pin(raft_desk.save_all(wal, *id))));
        let committing = task
            .commits
            .map(|commits| -> Loop { Box::pin(backend_desk.commit_all(backend, commits, *id)) });
        loops.push(committing);
    }
    reactor.drive(&mut loops, || {
        for state in &states {
            state.borrow_mut().ended = true;
        }
    })
}

/// What one loop of a member works with.
#[derive(Clone, Copy)]
struct MemberLoop<'a> {
    reactor: &'a Reactor,
    task: &'a Task,
    state: &'a RefCell<State>,
    lane: usize,
    /// That of the member's other loop.
    other_lane: usize,
}

/// The raft loop.
impl MemberLoop<'_> {
    async fn save_all(self, wal: &mut Wal, id: Option<u32>) -> Result<()> {
        let mut raft = RaftLoop::new(self.task, id);
        let mut outcome = Ok(());
        while outcome.is_ok()
            && let Some(puts) = self.next_batch(&mut raft).await
        {
            outcome = self.save(&mut raft, wal, puts).await;
            if outcome.is_ok() {
                let now_ns = self.task.clock.now_ns();
                self.state.borrow_mut().puts.synced(now_ns);
            }
        }
        let shape = self.state.borrow().puts.shape();
        raft.finish(shape);
        self.state.borrow_mut().ended = true;
        self.reactor.wake(self.other_lane);
        outcome.and(wal.seek_tail())
    }

    /// Waits until something has arrived and takes it; `None` at the end of the task.
    async fn next_batch(&self, raft: &mut RaftLoop<'_>) -> Option<usize> {
        loop {
            raft.tick();
            let turn = raft.turn(&mut self.state.borrow_mut());
            if self.state.borrow().is_commit_forced(self.task) {
                self.reactor.wake(self.other_lane);
            }
            match turn {
                Turn::Go(puts) => return Some(puts),
                Turn::End => return None,
                Turn::Wait(until_ns) => self.reactor.sleep(self.lane, until_ns).await,
            }
        }
    }

    async fn save(&self, raft: &mut RaftLoop<'_>, wal: &mut Wal, puts: usize) -> Result<()> {
        wal.stage(puts);
        let start_ns = self.task.clock.now_ns();
        if wal.is_full() {
            return self.cut(raft, wal, start_ns).await;
        }
        let end_ns = self.write_and_sync(raft, wal, start_ns, true).await?;
        raft.stood_still(start_ns, end_ns);
        Ok(())
    }

    /// One save: its writes and its fdatasync in a row. Gives the time of its end.
    async fn write_and_sync(
        &self,
        raft: &mut RaftLoop<'_>,
        wal: &mut Wal,
        start_ns: u64,
        labelled: bool,
    ) -> Result<u64> {
        let row = row_of_save(wal);
        let done = self.reactor.run(self.lane, row).await.map_err(|failure| {
            failure.into_error("write to the WAL in", "sync the WAL in", wal.dir())
        })?;
        let save = Save {
            start_ns,
            written_ns: done.written_ns,
            // The kernel begins the sync when the write is done, which this thread may see much later.
            sync_start_ns: start_ns,
            end_ns: done.synced_ns,
        };
        raft.saved(save, wal.written(), labelled);
        Ok(save.end_ns)
    }

    /// A rotation in etcd's order: truncate, write, sync; head of the new segment, sync; rename, sync of the
    /// directory; reopen.
    async fn cut(&self, raft: &mut RaftLoop<'_>, wal: &mut Wal, start_ns: u64) -> Result<()> {
        let clock = self.task.clock;
        wal.truncate_tail()?;
        self.write_and_sync(raft, wal, clock.now_ns(), false).await?;
        let rotation = loop {
            if let Some(rotation) = wal.try_begin_segment()? {
                break rotation;
            }
            let again_ns = clock.now_ns() + SPARE_POLL_NS;
            self.reactor.sleep(self.lane, again_ns).await;
        };
        self.write_and_sync(raft, wal, clock.now_ns(), false).await?;
        std::fs::rename(&rotation.from, &rotation.to)
            .map_err(Error::io("rename", &rotation.from))?;
        let mut row = Row::default();
        row.fsync(wal.dir_file());
        let sync_ns = clock.now_ns();
        let done = self.reactor.run(self.lane, row).await;
        let done = done.map_err(|failure| failure.into_error("write", "sync", wal.dir()))?;
        raft.directory_synced(sync_ns, done.synced_ns);
        wal.reopen_tail(&rotation)?;
        raft.cut(&rotation, start_ns, clock.now_ns());
        Ok(())
    }
}

/// The backend loop.
impl MemberLoop<'_> {
    async fn commit_all(
        self,
        backend: &mut Backend,
        commits: Commits,
        id: Option<u32>,
    ) -> Result<()> {
        let mut backend_loop = BackendLoop::new(self.task, commits, id);
        let mut outcome = Ok(());
        while outcome.is_ok()
            && let Some(puts) = self.next_commit(&mut backend_loop).await
        {
            outcome = self.commit(&mut backend_loop, backend, puts).await;
            let mut state = self.state.borrow_mut();
            backend_loop.unlock(&mut state);
            state.ended |= outcome.is_err();
            drop(state);
            self.reactor.wake(self.other_lane);
        }
        backend_loop.finish();
        outcome
    }

    /// Waits for the next commit with something in it, takes the apply lock and gives the puts to write; `None` at
    /// the end of the task.
    async fn next_commit(&self, backend_loop: &mut BackendLoop<'_>) -> Option<u64> {
        loop {
            backend_loop.tick();
            let turn = backend_loop.turn(&mut self.state.borrow_mut());
            match turn {
                Turn::Go(puts) => return Some(puts),
                Turn::End => return None,
                Turn::Wait(until_ns) => self.reactor.sleep(self.lane, until_ns).await,
            }
        }
    }

    /// One commit: grow, pages, sync, meta page, sync.
    async fn commit(
        &self,
        backend_loop: &mut BackendLoop<'_>,
        backend: &mut Backend,
        puts: u64,
    ) -> Result<()> {
        let plan = backend.plan_commit(puts as usize);
        if let Some(bytes) = plan.grow_to {
            rustix::fs::ftruncate(backend.file(), bytes)
                .map_err(Error::io("grow", backend.path()))?;
        }
        let row = row_of_commit(backend, &plan);
        let done = self.reactor.run(self.lane, row).await;
        let done = done.map_err(|failure| failure.into_error("write", "sync", backend.path()))?;
        backend_loop.committed(&plan, done.synced_ns);
        Ok(())
    }
}

fn row_of_save(wal: &mut Wal) -> Row {
    let start = wal.offset();
    let mut row = Row::default();
    let (bytes, ranges) = wal.staged();
    let (bytes, ranges) = (Arc::clone(bytes), ranges.collect::<Vec<_>>());
    for range in ranges {
        row.write(wal.tail(), start + range.start as u64, &bytes, range);
    }
    row.fdatasync(wal.tail());
    row
}

/// Each sync covers all that stands before it: the new length, the pages, the meta page that points to them.
fn row_of_commit(backend: &Backend, plan: &Commit) -> Row {
    let (file, filler) = (backend.file(), backend.filler());
    let mut row = Row::default();
    if plan.grow_to.is_some() {
        row.fsync(file);
    }
    for &(offset, len) in &plan.writes {
        row.write(file, offset, filler, 0..len);
    }
    row.fdatasync(file);
    row.write(file, plan.meta_offset, filler, 0..PAGE_BYTES);
    row.fdatasync(file);
    row
}

#[cfg(test)]
mod tests {
    use super::row::Step;
    use super::*;

    #[test]
    fn a_commit_syncs_the_length_then_the_pages_then_the_meta_page() {
        let dir = tempfile::tempdir().unwrap();
        let mut backend = Backend::create(dir.path(), 64, 1024, 0, 7, |_| true).unwrap();
        let plan = backend.plan_commit(10);
        assert!(plan.grow_to.is_some());
        let steps: Vec<Option<u64>> = row_of_commit(&backend, &plan)
            .0
            .iter()
            .map(|step| match step {
                Step::Write { offset, .. } => Some(*offset),
                Step::Sync { .. } => None,
            })
            .collect();
        let pages = plan.writes.iter().map(|&(offset, _)| Some(offset));
        let expected: Vec<Option<u64>> = std::iter::once(None)
            .chain(pages)
            .chain([None, Some(plan.meta_offset), None])
            .collect();
        assert_eq!(steps, expected);
    }
}
