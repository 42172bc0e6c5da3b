//! etcd's own figures, from its Prometheus endpoint.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One scrape of `/metrics`: samples by name, with their labels where they have some.
pub struct Scrape {
    at: Instant,
    samples: BTreeMap<String, f64>,
}

/// What happened between two scrapes.
#[derive(Debug, Clone, Copy)]
pub struct Delta {
    /// Seconds between them.
    pub seconds: f64,
    /// Puts applied.
    pub puts: f64,
    /// CPU seconds of the etcd process.
    pub cpu_seconds: f64,
    /// WAL fsyncs and their mean, seconds.
    pub wal_fsyncs: f64,
    /// Mean of `etcd_disk_wal_fsync_duration_seconds`.
    pub wal_fsync_mean: f64,
    /// Backend commits.
    pub commits: f64,
    /// Mean of `etcd_disk_backend_commit_duration_seconds`.
    pub commit_mean: f64,
}

/// The text of `/metrics`, with the head of the answer before it.
pub fn page(port: u16) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let host = "Host: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("GET /metrics HTTP/1.0\r\n{host}").as_bytes())?;
    let mut body = String::new();
    stream.read_to_string(&mut body)?;
    Ok(body)
}

impl Scrape {
    /// Reads the metrics of the member that serves clients on this port.
    pub fn take(port: u16) -> io::Result<Self> {
        let samples = page(port)?
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.rsplit_once(' '))
            .filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?)))
            .collect();
        Ok(Scrape { at: Instant::now(), samples })
    }

    /// A sample without labels; 0 if the version does not have it.
    pub fn value(&self, name: &str) -> f64 {
        self.samples.get(name).copied().unwrap_or(0.0)
    }

    /// How often a method of etcd's API was called.
    pub fn calls(&self, method: &str) -> f64 {
        let label = format!("grpc_method=\"{method}\"");
        let handled = self.samples.iter().filter(|(name, _)| {
            name.starts_with("grpc_server_handled_total{") && name.contains(&label)
        });
        handled.map(|(_, value)| value).sum()
    }

    /// What happened since an earlier scrape.
    pub fn since(&self, earlier: &Scrape) -> Delta {
        let grown = |name: &str| self.value(name) - earlier.value(name);
        let histogram = |name: &str| {
            let count = grown(&format!("{name}_count"));
            (count, grown(&format!("{name}_sum")) / count)
        };
        let (wal_fsyncs, wal_fsync_mean) = histogram("etcd_disk_wal_fsync_duration_seconds");
        let (commits, commit_mean) = histogram("etcd_disk_backend_commit_duration_seconds");
        Delta {
            seconds: (self.at - earlier.at).as_secs_f64(),
            // Renamed when it left the debugging namespace (3.4); both are kept up to 3.5.
            puts: grown("etcd_mvcc_put_total").max(grown("etcd_debugging_mvcc_put_total")),
            cpu_seconds: grown("process_cpu_seconds_total"),
            wal_fsyncs,
            wal_fsync_mean,
            commits,
            commit_mean,
        }
    }
}

impl Scrape {
    /// Whether the member sees a leader.
    pub fn has_leader(&self) -> bool {
        self.value("etcd_server_has_leader") == 1.0
    }
}
