//! The reference engine: write(2), pwrite(2) and fdatasync(2) from two threads per member, as etcd has a raft loop
//! and a backend loop.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::disk::backend::{Backend, Commit, PAGE_BYTES};
use crate::disk::engine::turn::{BackendLoop, RaftLoop, Save, State, Turn};
use crate::disk::engine::{Commits, Engine, Member, Task};
use crate::disk::timers::fine_timers;
use crate::disk::wal::Wal;
use crate::error::{Error, Result};

/// Issues plain system calls from dedicated threads.
#[derive(Debug, Default)]
pub struct SyncEngine;

impl Engine for SyncEngine {
    fn run(&mut self, members: &mut [Member], task: &Task) -> Result<()> {
        std::thread::scope(|scope| {
            let running: Vec<_> =
                members.iter_mut().map(|member| scope.spawn(|| run_member(member, task))).collect();
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

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run_member(member: &mut Member, task: &Task) -> Result<()> {
    let shared = Shared {
        state: Mutex::new(State::new(task, member.id)),
        unlocked: Condvar::new(),
        commit: Condvar::new(),
    };
    let Member { id, wal, backend } = member;
    let id = *id;
    std::thread::scope(|scope| {
        let backend = task.commits.map(|commits| {
            let shared = &shared;
            scope.spawn(move || commit_all(backend, task, commits, shared, id))
        });
        let raft = save_all(wal, task, &shared, id);
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

fn save_all(wal: &mut Wal, task: &Task, shared: &Shared, id: Option<u32>) -> Result<()> {
    fine_timers();
    let mut raft = RaftLoop::new(task, id);
    let mut outcome = Ok(());
    while outcome.is_ok()
        && let Some(puts) = next_batch(&mut raft, task, shared)
    {
        outcome = save(&mut raft, wal, task, puts);
        if outcome.is_ok() {
            shared.lock().puts.synced(task.clock.now_ns());
        }
    }
    let shape = shared.lock().puts.shape();
    raft.finish(shape);
    outcome
}

/// Waits until something has arrived and takes it; `None` at the end of the task.
fn next_batch(raft: &mut RaftLoop, task: &Task, shared: &Shared) -> Option<usize> {
    let mut state = shared.lock();
    loop {
        if raft.is_due() {
            drop(state);
            raft.tick();
            state = shared.lock();
        }
        let turn = raft.turn(&mut state);
        if state.is_commit_forced(task) {
            shared.commit.notify_one();
        }
        match turn {
            Turn::Go(puts) => return Some(puts),
            Turn::End => return None,
            Turn::Wait(until_ns) => state = wait(&shared.unlocked, state, task, until_ns),
        }
    }
}

fn save(raft: &mut RaftLoop, wal: &mut Wal, task: &Task, puts: usize) -> Result<()> {
    wal.stage(puts);
    let start_ns = task.clock.now_ns();
    if wal.is_full() {
        return cut(raft, wal, task, start_ns);
    }
    let end_ns = write_and_sync(raft, wal, task, start_ns, true)?;
    raft.stood_still(start_ns, end_ns);
    Ok(())
}

/// One save: its write(2) and its fdatasync(2). Gives the time of its end.
fn write_and_sync(
    raft: &mut RaftLoop,
    wal: &mut Wal,
    task: &Task,
    start_ns: u64,
    labelled: bool,
) -> Result<u64> {
    wal.write_staged().map_err(Error::io("write to the WAL in", wal.dir()))?;
    let written_ns = task.clock.now_ns();
    rustix::fs::fdatasync(wal.tail()).map_err(Error::io("sync the WAL in", wal.dir()))?;
    let end_ns = task.clock.now_ns();
    let save = Save { start_ns, written_ns, sync_start_ns: written_ns, end_ns };
    raft.saved(save, wal.written(), labelled);
    Ok(end_ns)
}

/// A rotation in etcd's order: truncate, write, sync; head of the new segment, sync; rename, sync of the directory;
/// reopen.
fn cut(raft: &mut RaftLoop, wal: &mut Wal, task: &Task, start_ns: u64) -> Result<()> {
    let clock = task.clock;
    wal.truncate_tail()?;
    write_and_sync(raft, wal, task, clock.now_ns(), false)?;
    let rotation = wal.begin_segment()?;
    write_and_sync(raft, wal, task, clock.now_ns(), false)?;
    std::fs::rename(&rotation.from, &rotation.to).map_err(Error::io("rename", &rotation.from))?;
    let sync_ns = clock.now_ns();
    rustix::fs::fsync(wal.dir_file()).map_err(Error::io("sync", wal.dir()))?;
    raft.directory_synced(sync_ns, clock.now_ns());
    wal.reopen_tail(&rotation)?;
    raft.cut(&rotation, start_ns, clock.now_ns());
    Ok(())
}

fn commit_all(
    backend: &mut Backend,
    task: &Task,
    commits: Commits,
    shared: &Shared,
    id: Option<u32>,
) -> Result<()> {
    fine_timers();
    let mut backend_loop = BackendLoop::new(task, commits, id);
    let mut outcome = Ok(());
    while outcome.is_ok()
        && let Some(puts) = next_commit(&mut backend_loop, task, shared)
    {
        outcome = commit(&mut backend_loop, backend, task, puts);
        let mut state = shared.lock();
        backend_loop.unlock(&mut state);
        state.ended |= outcome.is_err();
        drop(state);
        shared.unlocked.notify_one();
        backend_loop.tick();
    }
    backend_loop.finish();
    outcome
}

/// Waits for the next commit with something in it, takes the apply lock and gives the puts to write; `None` at the
/// end of the task.
fn next_commit(backend_loop: &mut BackendLoop, task: &Task, shared: &Shared) -> Option<u64> {
    let mut state = shared.lock();
    loop {
        if backend_loop.is_due() {
            drop(state);
            backend_loop.tick();
            state = shared.lock();
        }
        match backend_loop.turn(&mut state) {
            Turn::Go(puts) => return Some(puts),
            Turn::End => return None,
            Turn::Wait(until_ns) => state = wait(&shared.commit, state, task, until_ns),
        }
    }
}

/// One commit: grow, pages, sync, meta page, sync.
fn commit(
    backend_loop: &mut BackendLoop,
    backend: &mut Backend,
    task: &Task,
    puts: u64,
) -> Result<()> {
    let plan = backend.plan_commit(puts as usize);
    write_commit(backend, &plan).map_err(Error::io("write", backend.path()))?;
    backend_loop.committed(&plan, task.clock.now_ns());
    Ok(())
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

fn wait<'a>(
    sign: &Condvar,
    state: MutexGuard<'a, State>,
    task: &Task,
    until_ns: u64,
) -> MutexGuard<'a, State> {
    let wait_ns = until_ns.saturating_sub(task.clock.now_ns());
    sign.wait_timeout(state, Duration::from_nanos(wait_ns))
        .unwrap_or_else(PoisonError::into_inner)
        .0
}
