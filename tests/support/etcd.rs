//! A real etcd, one member, on a directory of the caller's choice.

use std::fs::{self, File};
use std::net::TcpListener;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::cluster::etcdctl;
use super::metrics::Scrape;
use super::probe;

/// A running etcd; killed and its data directory removed on drop.
pub struct Etcd {
    child: Child,
    data_dir: PathBuf,
    client_port: u16,
}

impl Etcd {
    /// Starts a member with its data in a fresh directory below `directory` and waits until it leads.
    ///
    /// `wrapped` turns the program into the command that starts it: inside a cgroup, under strace, or as it is.
    pub fn start(program: &Path, directory: &Path, wrapped: impl FnOnce(&Path) -> Command) -> Self {
        Self::start_with(program, directory, wrapped, 8 << 30)
    }

    /// The same, with a quota in bytes.
    pub fn start_with(
        program: &Path,
        directory: &Path,
        wrapped: impl FnOnce(&Path) -> Command,
        quota_bytes: u64,
    ) -> Self {
        let data_dir = directory.join("etcd-under-test");
        let [client_port, peer_port] = free_ports();
        let client_url = format!("http://127.0.0.1:{client_port}");
        let peer_url = format!("http://127.0.0.1:{peer_port}");
        let log = File::create(directory.join("etcd-under-test.log")).expect("a log file");
        let mut command = wrapped(program);
        command
            .args(["--name", "calibrate"])
            .arg("--data-dir")
            .arg(&data_dir)
            .args(["--listen-client-urls", &client_url])
            .args(["--advertise-client-urls", &client_url])
            .args(["--listen-peer-urls", &peer_url])
            .args(["--initial-advertise-peer-urls", &peer_url])
            .args(["--initial-cluster", &format!("calibrate={peer_url}")])
            .args(["--quota-backend-bytes", &quota_bytes.to_string()])
            .args(["--logger", "zap"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn().expect("etcd can be started");
        let etcd = Etcd { child, data_dir, client_port };
        etcd.wait_for_leader();
        etcd
    }

    fn wait_for_leader(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !Scrape::take(self.client_port).is_ok_and(|s| s.has_leader()) {
            assert!(Instant::now() < deadline, "etcd has no leader after 60 s");
            sleep(Duration::from_millis(100));
        }
    }

    /// Where clients connect.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.client_port)
    }

    /// Where clients connect, without a scheme.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.client_port)
    }

    /// What etcdctl prints.
    pub fn etcdctl(&self, arguments: &[&str]) -> String {
        etcdctl(&self.address(), arguments)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("etcd is there");
    }

    /// Its figures now.
    pub fn scrape(&self) -> Scrape {
        Scrape::take(self.client_port).expect("etcd serves /metrics")
    }

    /// All its keys.
    pub fn keys(&self) -> Vec<String> {
        let all = self.etcdctl(&["get", "", "--from-key", "--keys-only"]);
        all.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Keys it has put since it was started.
    pub fn put_total(&self) -> f64 {
        let scrape = self.scrape();
        // Renamed in 3.4; both are kept up to 3.5.
        scrape.value("etcd_mvcc_put_total").max(scrape.value("etcd_debugging_mvcc_put_total"))
    }

    /// Its data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }
}

/// A running etcd in a directory of its own, both gone on drop.
pub struct Fresh {
    etcd: Etcd,
    _scratch: tempfile::TempDir,
}

impl Fresh {
    /// The etcd in PATH.
    pub fn packaged() -> Self {
        let scratch = probe::scratch();
        Fresh {
            etcd: Etcd::start(Path::new("etcd"), scratch.path(), |program| Command::new(program)),
            _scratch: scratch,
        }
    }

    /// The etcd in PATH, with a quota in bytes.
    pub fn with_quota(quota_bytes: u64) -> Self {
        let scratch = probe::scratch();
        let plain = |program: &Path| Command::new(program);
        Fresh {
            etcd: Etcd::start_with(Path::new("etcd"), scratch.path(), plain, quota_bytes),
            _scratch: scratch,
        }
    }
}

impl Deref for Fresh {
    type Target = Etcd;

    fn deref(&self) -> &Etcd {
        &self.etcd
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data_dir);
        let _ = fs::remove_file(self.data_dir.with_extension("log"));
    }
}

/// Ports nobody listens on, and none of which this process is given twice. They lie below those that the kernel gives to
/// connections, so that none is taken between this and the moment a server listens.
pub fn free_ports<const N: usize>() -> [u16; N] {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Processes that test side by side begin at places of their own.
    let begin = std::process::id().wrapping_mul(2_654_435_761) >> 8;
    [(); N].map(|()| {
        loop {
            let at = begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
            let port = (FIRST + at) as u16;
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return port;
            }
        }
    })
}
