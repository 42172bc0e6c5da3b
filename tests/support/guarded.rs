//! A real etcd with TLS, client certificates or authentication, on fresh ports.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::authority::Pair;
use super::command::run;
use super::etcd::free_ports;
use super::metrics::Scrape;

/// The password of `root` where authentication is enabled.
pub const PASSWORD: &str = "correct-horse";

/// A running etcd; killed on drop. Its data is in a directory of the caller's, who removes it.
pub struct Guarded {
    child: Child,
    tls: bool,
    client_port: u16,
    metrics_port: u16,
}

impl Guarded {
    /// A plain one.
    pub fn plain(directory: &Path) -> Self {
        Self::start(directory, None, None)
    }

    /// One with TLS, which asks for certificates signed by `clients` if there is one.
    pub fn tls(directory: &Path, pair: &Pair, clients: Option<&Path>) -> Self {
        Self::start(directory, Some(pair), clients)
    }

    /// A plain one with authentication: user `root`, [`PASSWORD`].
    pub fn authenticated(directory: &Path) -> Self {
        let etcd = Self::plain(directory);
        etcd.authenticate(&[]);
        etcd
    }

    /// Enables authentication; `flags` are those that `etcdctl` needs to get in.
    pub fn authenticate(&self, flags: &[&str]) {
        let root = format!("root:{PASSWORD}");
        self.etcdctl(flags, &["user", "add", &root]);
        self.etcdctl(flags, &["auth", "enable"]);
    }

    /// Sets the password of `root` to what it is: the members forget the tokens of `root`.
    pub fn forget_tokens(&self) {
        let root = format!("root:{PASSWORD}");
        let passwd = ["user", "passwd", "root", "--interactive=false"];
        let mut setting = Command::new("etcdctl")
            .args(["--endpoints", &self.at("127.0.0.1"), "--user", &root])
            .args(passwd)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("etcdctl can be started");
        let mut typed = setting.stdin.take().expect("a pipe");
        writeln!(typed, "{PASSWORD}").expect("etcdctl reads the password");
        drop(typed);
        assert!(setting.wait().expect("etcdctl ends").success());
    }

    /// Disables authentication and enables it again.
    pub fn toggle_authentication(&self) {
        let root = format!("root:{PASSWORD}");
        self.etcdctl(&["--user", &root], &["auth", "disable"]);
        self.etcdctl(&[], &["auth", "enable"]);
    }

    fn etcdctl(&self, flags: &[&str], command: &[&str]) {
        let endpoint = self.at("127.0.0.1");
        run("etcdctl", &[&["--endpoints", &endpoint], flags, command].concat());
    }

    fn start(directory: &Path, pair: Option<&Pair>, clients: Option<&Path>) -> Self {
        let data = tempfile::tempdir_in(directory).expect("a data directory").keep();
        let [client_port, peer_port, metrics_port] = free_ports();
        let scheme = if pair.is_some() { "https" } else { "http" };
        let client_url = format!("{scheme}://127.0.0.1:{client_port}");
        let peer_url = format!("http://127.0.0.1:{peer_port}");
        let log = File::create(data.join("log")).expect("a log file");
        let mut command = Command::new("etcd");
        command
            .args(["--name", "guarded", "--logger", "zap"])
            .arg("--data-dir")
            .arg(data.join("data"))
            .args(["--listen-client-urls", &client_url])
            .args(["--advertise-client-urls", &client_url])
            .args(["--listen-peer-urls", &peer_url])
            .args(["--initial-advertise-peer-urls", &peer_url])
            .args(["--initial-cluster", &format!("guarded={peer_url}")])
            .args(["--listen-metrics-urls", &format!("http://127.0.0.1:{metrics_port}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(pair) = pair {
            command.arg("--cert-file").arg(&pair.cert);
            command.arg("--key-file").arg(&pair.key);
        }
        if let Some(clients) = clients {
            command.arg("--client-cert-auth").arg("--trusted-ca-file").arg(clients);
        }
        let etcd = Guarded {
            child: command.spawn().expect("etcd can be started"),
            tls: pair.is_some(),
            client_port,
            metrics_port,
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !Scrape::take(metrics_port).is_ok_and(|s| s.has_leader()) {
            assert!(Instant::now() < deadline, "etcd has no leader after 60 s");
            sleep(Duration::from_millis(50));
        }
        etcd
    }

    /// Its client URL, with this host.
    pub fn at(&self, host: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{host}:{}", self.client_port)
    }

    /// Its client URL with the other scheme: a mistake.
    pub fn mixed_up(&self) -> String {
        let scheme = if self.tls { "http" } else { "https" };
        format!("{scheme}://127.0.0.1:{}", self.client_port)
    }

    /// The port for metrics.
    pub fn metrics_port(&self) -> u16 {
        self.metrics_port
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
