//! Clients in a closed loop over one connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::etcd::Etcd;
use super::grpc::{Grpc, put};
use super::metrics::Delta;

/// What is put, by how many, for how long.
#[derive(Debug, Clone, Copy)]
pub struct ClosedLoop {
    /// Concurrent clients, all on one HTTP/2 connection.
    pub clients: usize,
    /// Bytes of a key; keys are unique.
    pub key_size: usize,
    /// Bytes of a value.
    pub val_size: usize,
    /// Before figures are taken.
    pub warm_up: Duration,
    /// Between the two scrapes.
    pub duration: Duration,
}

/// What clients and etcd saw.
pub struct Observed {
    /// etcd's own figures.
    pub etcd: Delta,
    /// Latencies as the clients saw them, ascending.
    pub latencies: Vec<Duration>,
}

impl Observed {
    /// A quantile of the clients' latencies.
    pub fn latency(&self, quantile: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        let at = (quantile * last as f64).round() as usize;
        self.latencies.get(at).copied().unwrap_or_default()
    }
}

/// Drives a running etcd and takes its figures while the clients are at work.
pub fn drive(etcd: &Etcd, load: ClosedLoop) -> Observed {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(drive_async(etcd, load))
}

async fn drive_async(etcd: &Etcd, load: ClosedLoop) -> Observed {
    let client = Grpc::connect(&etcd.endpoint()).await;
    let next_key = Arc::new(AtomicU64::new(0));
    let latencies = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = (0..load.clients)
        .map(|_| {
            let (mut client, next_key) = (client.clone(), next_key.clone());
            let latencies = latencies.clone();
            tokio::spawn(async move {
                loop {
                    let key = unique_key(&next_key, load.key_size);
                    let began = Instant::now();
                    let put = put(key, &vec![b'v'; load.val_size]);
                    client.call("KV/Put", &put).await.expect("a put succeeds");
                    latencies.lock().expect("no client panicked").push(began.elapsed());
                }
            })
        })
        .collect();
    tokio::time::sleep(load.warm_up).await;
    let before = etcd.scrape();
    latencies.lock().expect("no client panicked").clear();
    tokio::time::sleep(load.duration).await;
    let mut seen = std::mem::take(&mut *latencies.lock().expect("no client panicked"));
    let after = etcd.scrape();
    for task in &tasks {
        assert!(!task.is_finished(), "a client ended early");
        task.abort();
    }
    seen.sort_unstable();
    Observed { etcd: after.since(&before), latencies: seen }
}

/// Keys of any size that never repeat while 36^size allows, in no sorted order.
fn unique_key(next: &AtomicU64, size: usize) -> Vec<u8> {
    let mut rest = next.fetch_add(1, Ordering::Relaxed);
    (0..size)
        .map(|_| {
            let digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
            rest /= 36;
            digit
        })
        .collect()
}
