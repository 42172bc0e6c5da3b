//! A real etcd, one member, on a directory of the caller's choice.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::metrics::Scrape;

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
            .args(["--quota-backend-bytes", "8589934592", "--logger", "zap"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn().expect("etcd can be started");
        let etcd = Etcd {
            child,
            data_dir,
            client_port,
        };
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

    /// Its figures now.
    pub fn scrape(&self) -> Scrape {
        Scrape::take(self.client_port).expect("etcd serves /metrics")
    }

    /// Its data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
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

/// Ports nobody listens on. Held together, so that they differ.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let held = [(); N].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    held.each_ref()
        .map(|listener| listener.local_addr().expect("a bound address").port())
}
