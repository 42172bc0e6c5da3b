//! Keys written before the load, many in a transaction.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::connection::Connection;
use super::draw::Draw;
use super::halt::Control;
use super::operation::{Client, Work};
use super::values::Stamp;
use crate::etcd::ErrorClass;
use crate::wire::Failure;
use crate::wire::message::{Method, Op, Put, Txn, head};

/// Operations of one transaction: etcd's default `--max-txn-ops` (embed/config.go).
const MOST_KEYS: u64 = 128;
/// Bytes of one transaction, well below etcd's default `--max-request-bytes` of 1.5 MiB.
const MOST_BYTES: u64 = 256 << 10;
/// Transactions under way per connection.
const AT_A_TIME: usize = 4;
/// How often one connection looks whether the others are done.
const LOOK: Duration = Duration::from_millis(5);
/// Operations of the preload are numbered from here on, so that no operation of the load has the same number.
const NUMBERS: u64 = 1 << 63;

/// The keys that are still to be written, shared by all connections.
#[derive(Debug)]
pub struct Preload {
    keys: u64,
    begun: AtomicU64,
    written: AtomicU64,
    failed: AtomicBool,
}

impl Preload {
    /// The first so many keys of the key space.
    pub fn new(keys: u64) -> Self {
        Preload {
            keys,
            begun: AtomicU64::new(0),
            written: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        }
    }

    /// Keys to be written.
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// Keys written so far.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Writes over one connection until all keys are there.
    ///
    /// # Errors
    /// The first write that failed: a load on half a key space would measure something else.
    pub async fn write(
        &self,
        work: &Work,
        connection: &Connection,
        control: &Control,
    ) -> Result<(), Failure> {
        let writers = (0..AT_A_TIME).map(|_| self.batches(work, connection, control));
        join_all(writers).await.into_iter().collect()
    }

    /// Waits until all connections have written what they had to, or one has failed.
    pub async fn over(&self, control: &Control) {
        while self.written() < self.keys
            && !self.failed.load(Ordering::Relaxed)
            && !control.is_halted()
        {
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn batches(
        &self,
        work: &Work,
        connection: &Connection,
        control: &Control,
    ) -> Result<(), Failure> {
        let none = Cell::new(0);
        let mut client = Client::new(work, connection, &none);
        let pair_bytes = u64::from(work.plan.keys.size + work.plan.values.max_size);
        let batch = (MOST_BYTES / pair_bytes.max(1)).clamp(1, MOST_KEYS);
        // One failure ends it for all: nothing is gained by the rest.
        while !control.is_halted() && !self.failed.load(Ordering::Relaxed) {
            let first = self.begun.fetch_add(batch, Ordering::Relaxed);
            if first >= self.keys {
                break;
            }
            let count = batch.min(self.keys - first);
            if let Err(failure) = self.batch(&mut client, first, count).await {
                self.failed.store(true, Ordering::Relaxed);
                return Err(failure);
            }
            self.written.fetch_add(count, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn batch(&self, client: &mut Client<'_>, first: u64, count: u64) -> Result<(), Failure> {
        let work = client.work;
        let index = NUMBERS + first;
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = (first..first + count)
            .map(|number| {
                let (mut key, mut value) = (Vec::new(), Vec::new());
                work.keys.write(number, &mut key);
                let stamp = Stamp { key: work.keys.among_all(number), index, due_ns: 0 };
                work.values.write(
                    stamp,
                    &mut Draw::of(work.plan.seed, NUMBERS + number),
                    &mut value,
                );
                (key, value)
            })
            .collect();
        let puts: Vec<Op> = pairs
            .iter()
            .map(|(key, value)| Op::Put(Put { key, value, ..Put::default() }))
            .collect();
        let request = Txn { success: &puts, ..Txn::default() };
        let answer = client.call(Method::Txn, &request).await.map_err(|failure| {
            let message = format!("could not write the keys to begin with: {}", failure.message);
            Failure::new(failure.class, message)
        })?;
        let head = head(&answer).map_err(|e| Failure::new(ErrorClass::Other, e.to_string()))?;
        for number in first..first + count {
            work.acknowledged(number, head.revision, false);
        }
        Ok(())
    }
}
