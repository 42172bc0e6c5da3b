//! The control plane against real members: throwaway clusters, what the watcher sees of them, what is refused.

mod local;
mod members;
mod store;
mod watch;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::command::run;
use crate::support::grpc::{self, Grpc, txn_of_puts};
use etcdbench::cluster::Cluster;
use etcdbench::cluster::local::{LocalCluster, LocalPlan};
use etcdbench::etcd::Endpoint;
use etcdbench::etcd::Security;
use etcdbench::wire::Dialer;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Of throwaway members, unless a test is about it.
pub const QUOTA: u64 = 1 << 30;

/// The etcd to test with.
pub fn etcd() -> PathBuf {
    "etcd".into()
}

/// What tests start.
pub fn plan(members: u32, directory: &Path) -> LocalPlan {
    LocalPlan {
        members,
        etcd: etcd(),
        directory: directory.to_path_buf(),
        quota_bytes: QUOTA,
        arguments: Vec::new(),
        run_id: "test".to_owned(),
    }
}

/// A throwaway cluster in a directory that goes with it.
pub struct Local {
    pub(crate) members: LocalCluster,
    pub(crate) directory: tempfile::TempDir,
}

impl Local {
    pub(crate) fn start(members: u32) -> Self {
        Local::with_quota(members, QUOTA)
    }

    pub(crate) fn with_quota(members: u32, quota_bytes: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let plan = LocalPlan { quota_bytes, ..plan(members, directory.path()) };
        let members = LocalCluster::start(&plan).unwrap();
        Local { members, directory }
    }

    pub(crate) fn connect(&self) -> Cluster {
        connect(self.members.endpoints())
    }

    pub(crate) fn etcdctl(&self, arguments: &[&str]) {
        let endpoint = self.members.endpoints()[0].to_string();
        let mut all = vec!["--endpoints", &endpoint];
        all.extend(arguments);
        run("etcdctl", &all);
    }

    pub(crate) fn signal(&self, member: usize, signal: Signal) {
        kill_process(pid(self.members.pids()[member]), signal).unwrap();
    }
}

/// Without certificates.
pub fn dialer() -> Dialer {
    Dialer::new(&Security::default(), 2_000_000_000).unwrap()
}

/// Connects to members that are there.
pub fn connect(endpoints: &[Endpoint]) -> Cluster {
    Cluster::connect(endpoints, &dialer(), None).unwrap()
}

fn pid(raw: u32) -> Pid {
    Pid::from_raw(raw as i32).unwrap()
}

/// Whether there is such a process.
pub fn is_alive(raw: u32) -> bool {
    test_kill_process(pid(raw)).is_ok()
}

/// Waits until something is so.
pub fn within(limit: Duration, what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !so() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Puts so many keys below a prefix, in transactions of up to 128 (etcd's `--max-txn-ops`) and 64 KiB.
pub fn put(endpoint: &Endpoint, prefix: &str, keys: usize, value: &[u8]) {
    let at_once = (65_536 / value.len()).clamp(1, 128);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = Grpc::connect(&endpoint.authority()).await;
        let all: Vec<usize> = (0..keys).collect();
        for batch in all.chunks(at_once) {
            let puts = batch.iter().map(|i| grpc::put(format!("{prefix}{i:08}"), value));
            client.call("KV/Txn", &txn_of_puts(puts)).await.unwrap();
        }
    });
}
