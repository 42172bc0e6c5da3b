//! Whether a large answer costs more per MiB than a small one: reads of one key from a server that does nothing.
//!
//! `cargo bench --bench large_answers` prints, per size of the answer, the time and the client's processor time per
//! MiB, and fails when the latter grows with the size.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use etcdbench::etcd::Endpoint;
use etcdbench::etcd::{Security, Wire};
use etcdbench::wire::message::{Method, Range};
use etcdbench::wire::{Dialer, start};
use rustix::time::{ClockId, clock_gettime};
use support::null_server::{Behaviour, NullServer};
use tokio::task::{LocalSet, spawn_local};

const MIB: usize = 1 << 20;
const SIZES: [usize; 7] = [64 << 10, 256 << 10, MIB, 4 * MIB, 16 * MIB, 64 * MIB, 128 * MIB];
/// Read of each size, so that even of the largest there are several.
const READ_BYTES: usize = 512 * MIB;
/// Above this many times the least processor time per MiB of any size something grows with the size. Caches that the
/// answer does not fit into any more explain up to about twice.
const MOST: f64 = 3.0;

/// What reading answers of one size took per MiB.
struct Cost {
    elapsed: Duration,
    cpu: Duration,
}

fn main() {
    println!("| answer | time per MiB | client CPU per MiB |");
    println!("|---|---|---|");
    let mut costs = Vec::new();
    for size in SIZES {
        let cost = read(size);
        let micros = |length: Duration| length.as_nanos() as f64 / 1e3;
        println!(
            "| {} KiB | {:.0} µs | {:.0} µs |",
            size >> 10,
            micros(cost.elapsed),
            micros(cost.cpu)
        );
        costs.push(cost.cpu.as_secs_f64());
    }
    let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let most = costs.iter().copied().fold(0.0, f64::max);
    println!("\nmost per MiB: {:.2} times the least", most / least);
    if most > MOST * least {
        eprintln!(
            "error: more than {MOST} times: the time to read an answer is not linear in its size"
        );
        std::process::exit(1);
    }
}

/// Reads answers of this size, one after the other.
fn read(size: usize) -> Cost {
    let server = NullServer::start(Behaviour { val_size: size, ..Behaviour::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    LocalSet::new().block_on(&runtime.expect("a runtime"), async {
        let endpoint = Endpoint::parse(&server.endpoint()).expect("an endpoint");
        let dialer = Dialer::new(&Security::default(), 5_000_000_000).expect("a dialer");
        let stream = dialer.dial(&endpoint).await.expect("a connection");
        let started = start(Wire::PREFERRED, stream, &endpoint, None).await;
        let (mut caller, driver) = started.expect("HTTP/2");
        spawn_local(driver.run());
        let request = Range {
            key: b"k",
            end: b"",
            limit: 0,
            revision: 0,
            serializable: false,
            keys_only: false,
            count_only: false,
        };
        let mut read = 0;
        let (mut begun, mut cpu) = (Instant::now(), thread_cpu());
        while read < READ_BYTES {
            let answer = caller.call(Method::Range, &request).await.expect("an answer");
            assert!(answer.len() >= size);
            if read == 0 {
                // The first one fetches the memory.
                (begun, cpu) = (Instant::now(), thread_cpu());
            }
            read += answer.len();
        }
        let mebibytes = (read - size) as f64 / MIB as f64;
        Cost {
            elapsed: begun.elapsed().div_f64(mebibytes),
            cpu: (thread_cpu() - cpu).div_f64(mebibytes),
        }
    })
}

/// Processor time of this thread, which is the client's.
fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
