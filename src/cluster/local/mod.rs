//! A throwaway cluster of real etcd members on this machine: gone when it is dropped, and when we are killed.

mod binary;
mod plan;
mod ports;
mod ready;
mod start;
mod supervisor;

pub use plan::LocalPlan;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::error::Result;
use crate::etcd::Endpoint;
use crate::workdir::{self, Workdir};

use ports::Ports;
use ready::Awaited;
use start::Started;
use supervisor::Supervisor;

pub use ready::Return;

/// A running cluster. Dropping it kills the members and removes what they wrote.
pub struct LocalCluster {
    // Dropped in this order: nothing is removed before nobody writes to it any more.
    supervisor: Supervisor,
    workdir: Workdir,
    members: Vec<Awaited>,
    _ports: Vec<Ports>,
    endpoints: Vec<Endpoint>,
    version: String,
    leftovers: Vec<PathBuf>,
}

impl LocalCluster {
    /// Starts the members and returns when every one of them serves clients. What killed runs left below the directory
    /// is removed before.
    ///
    /// # Errors
    /// When the program is missing or is no etcd, the directory cannot be written to, or a member dies or does not get
    /// ready: with the last lines of its log.
    pub fn start(plan: &LocalPlan) -> Result<Self> {
        let version = binary::version(&plan.etcd)?;
        workdir::check(&plan.directory)?;
        let leftovers = workdir::remove_leftovers(&plan.directory);
        let workdir = Workdir::create(&plan.directory, &plan.run_id)?;
        let Started { supervisor, members, ports } = start::start(plan, workdir.path())?;
        Ok(LocalCluster {
            supervisor,
            workdir,
            endpoints: members.iter().map(|m| m.endpoint.clone()).collect(),
            members,
            _ports: ports,
            version,
            leftovers,
        })
    }

    /// Where the members serve clients, in the order of their names `m1`, `m2` …
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// What a member is called.
    pub fn name(&self, index: usize) -> &str {
        &self.members[index].name
    }

    /// The members' process ids, in the same order.
    pub fn pids(&self) -> &[u32] {
        self.supervisor.pids()
    }

    /// Kills a member as a crash does: with SIGKILL, without a word.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn kill(&mut self, index: usize) -> Result<()> {
        self.supervisor.kill(index)
    }

    /// Stops a member where it is, as a machine that freezes: with SIGSTOP.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn pause(&mut self, index: usize) -> Result<()> {
        self.supervisor.signal(index, Signal::STOP)
    }

    /// Lets a member go on that was stopped. It serves when the [`Return`] says so.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn resume(&mut self, index: usize) -> Result<Return> {
        self.supervisor.signal(index, Signal::CONT)?;
        Return::of(self.members[index].clone())
    }

    /// Starts a member that was killed as it was before: with its data, its name, its ports. It serves when the
    /// [`Return`] says so.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_again(&mut self, index: usize) -> Result<Return> {
        let pid = self.supervisor.start_again(index)?;
        let member = &mut self.members[index];
        member.pid = pid;
        Return::of(member.clone())
    }

    /// What `etcd --version` says: `3.5.17`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where the members write: `m1`, `m1.log` …
    pub fn directory(&self) -> &std::path::Path {
        self.workdir.path()
    }

    /// What was found of killed runs and removed.
    pub fn leftovers(&self) -> &[PathBuf] {
        &self.leftovers
    }
}
