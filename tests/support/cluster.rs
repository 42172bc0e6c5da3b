//! Three real etcd members on this machine, to be killed, stopped and asked.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::command::run;
use super::etcd::free_ports;
use super::loopdisk::LoopDisk;
use super::metrics::Scrape;

/// Members of one cluster, at most.
const MOST: usize = 3;

/// A running cluster; killed and removed on drop.
pub struct Cluster {
    members: Vec<Member>,
    _directory: tempfile::TempDir,
}

/// Members that are not like the others.
#[derive(Default)]
pub struct Special<'a> {
    /// One on a disk of its own.
    pub disk: Option<(usize, &'a LoopDisk)>,
    /// One whose peers reach it after so long.
    pub delay: Option<(usize, Duration)>,
    /// One whose clock clients see so far ahead.
    pub ahead: Option<(usize, jiff::SignedDuration)>,
    /// One that tells very much in its log, which somebody reads until [`Cluster::stop_reading`].
    pub talks: Option<usize>,
}

struct Member {
    child: Child,
    port: u16,
    read: Arc<AtomicBool>,
}

/// Reads what a child writes for as long as it is to be read; then leaves it unread, and its pipe open.
fn read_for_now(mut log: ChildStderr, read: Arc<AtomicBool>) {
    spawn(move || {
        let mut buffer = [0; 4096];
        while read.load(Ordering::Relaxed) && matches!(log.read(&mut buffer), Ok(1..)) {}
        while !read.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(50));
        }
    });
}

impl Cluster {
    /// Starts so many members of `program`, up to three, and waits for their leader.
    pub fn start(program: &Path, members: usize) -> Self {
        Self::start_with(program, members, &Special::default())
    }

    /// The same, with members that are special.
    pub fn start_with(program: &Path, members: usize, special: &Special<'_>) -> Self {
        let directory = super::probe::scratch();
        let ports = free_ports::<{ 2 * MOST }>();
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let delays: Vec<_> = (0..members)
            .map(|at| special.delay.filter(|(of, _)| *of == at).map(|(_, by)| by))
            .map(|by| by.map(|by| (free_ports::<1>()[0], by)))
            .collect();
        let reached = |at: usize| url(delays[at].map_or(ports[members + at], |(port, _)| port));
        let all: Vec<_> = (0..members).map(|at| format!("m{at}={}", reached(at))).collect();
        for (at, delay) in delays.iter().enumerate() {
            if let Some((port, by)) = delay {
                super::delay::pass_on(*port, ports[members + at], *by);
            }
        }
        let asked_at = |at: usize| match special.ahead {
            Some((of, ahead)) if of == at => {
                let port = free_ports::<1>()[0];
                super::dated::pass_on(port, ports[at], ahead);
                port
            }
            _ => ports[at],
        };
        let start = |at: usize| {
            let seen = asked_at(at);
            let (client, peer) = (url(ports[at]), url(ports[members + at]));
            let disk = special.disk.filter(|(of, _)| *of == at).map(|(_, disk)| disk);
            let mut command = match disk {
                Some(disk) => disk.command(program),
                None => Command::new(program),
            };
            let data = disk.map_or_else(|| directory.path(), |disk| disk.path());
            let talks = special.talks == Some(at);
            let level = if talks { "debug" } else { "info" };
            let log = if talks { Stdio::piped() } else { Stdio::null() };
            let mut child = command
                .args(["--log-level", level])
                .args(["--name", &format!("m{at}")])
                .arg("--data-dir")
                .arg(data.join(format!("m{at}")))
                .args(["--listen-client-urls", &client])
                .args(["--advertise-client-urls", &url(seen)])
                .args(["--listen-peer-urls", &peer])
                .args(["--initial-advertise-peer-urls", &reached(at)])
                .args(["--initial-cluster", &all.join(",")])
                .args(["--logger", "zap"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .expect("etcd can be started");
            let read = Arc::new(AtomicBool::new(true));
            if let Some(log) = child.stderr.take() {
                read_for_now(log, Arc::clone(&read));
            }
            Member { child, port: seen, read }
        };
        let cluster = Cluster { members: (0..members).map(start).collect(), _directory: directory };
        cluster.wait_for_leader(&[]);
        cluster
    }

    /// Waits until a member other than these leads; which one.
    pub fn wait_for_leader(&self, but: &[usize]) -> usize {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let leads = |&at: &usize| {
                let scrape = Scrape::take(self.members[at].port);
                scrape.is_ok_and(|scrape| scrape.value("etcd_server_is_leader") == 1.0)
            };
            let mut others = (0..self.members.len()).filter(|at| !but.contains(at));
            if let Some(leader) = others.find(leads) {
                return leader;
            }
            assert!(Instant::now() < deadline, "no leader after 60 s");
            sleep(Duration::from_millis(50));
        }
    }

    /// Where clients connect, separated by commas.
    pub fn endpoints(&self) -> String {
        let all: Vec<_> = (0..self.members.len()).map(|at| self.endpoint(at)).collect();
        all.join(",")
    }

    /// Where clients of this member connect.
    pub fn endpoint(&self, at: usize) -> String {
        format!("127.0.0.1:{}", self.members[at].port)
    }

    /// What etcdctl prints, asked of this member.
    pub fn etcdctl(&self, at: usize, arguments: &[&str]) -> String {
        etcdctl(&self.endpoint(at), arguments)
    }

    /// Nobody reads the log of a member any more: its pipe fills.
    pub fn stop_reading(&self, at: usize) {
        self.members[at].read.store(false, Ordering::Relaxed);
    }

    /// Sends a member a signal.
    pub fn signal(&self, at: usize, signal: Signal) {
        let pid = Pid::from_child(&self.members[at].child);
        kill_process(pid, signal).expect("the member is there");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in &mut self.members {
            let _ = member.child.kill();
            let _ = member.child.wait();
        }
    }
}

/// What etcdctl prints.
///
/// # Panics
/// With its words when it fails.
pub fn etcdctl(endpoint: &str, arguments: &[&str]) -> String {
    let script = "ETCDCTL_API=3 exec etcdctl --endpoints \"$@\"";
    let mut all = vec!["-c", script, "sh", endpoint];
    all.extend(arguments);
    run("sh", &all)
}

/// The etcd in PATH.
pub fn packaged() -> PathBuf {
    PathBuf::from("etcd")
}
