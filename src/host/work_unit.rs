//! How fast this CPU is at work of a program's kind, measured in a tenth of a second.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rustix::time::{ClockId, clock_gettime};

/// Bytes that are compressed for one unit.
const BYTES: usize = 16 << 10;
/// The middle one of so many counts: an interrupt or a migration falls on some.
const TRIES: usize = 21;
/// Between two counts: what disturbs one is over by the next.
const PAUSE: Duration = Duration::from_millis(3);

/// CPU time of one unit of work, in nanoseconds: a text of 16 KiB is compressed. It branches, copies, looks up tables
/// and misses caches as a server's own work does, and takes what the CPU's clock, its caches and a neighbour on the
/// same core leave it. Time in which others have the CPU is not in it.
pub fn work_unit_ns() -> f64 {
    let text = text();
    let mut counts: Vec<f64> = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        counts.push(once_ns(&text));
        std::thread::sleep(PAUSE);
    }
    counts.sort_by(f64::total_cmp);
    counts[TRIES / 2]
}

fn once_ns(text: &[u8]) -> f64 {
    let begun = cpu_time();
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(BYTES), Compression::default());
    // Writing to memory does not fail; were it to, the count would only be shorter.
    let _ = encoder.write_all(text);
    let _ = std::hint::black_box(encoder.finish());
    cpu_time().saturating_sub(begun).as_nanos() as f64
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Half of it repeats, as texts do.
fn text() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = Vec::with_capacity(BYTES + 16);
    while text.len() < BYTES {
        let word = next();
        if word % 2 == 0 || text.len() < 64 {
            text.extend_from_slice(&word.to_le_bytes());
        } else {
            let from = (word >> 8) as usize % (text.len() - 16);
            text.extend_from_within(from..from + 16);
        }
    }
    text.truncate(BYTES);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_takes_some_tenths_of_a_millisecond_and_the_same_again() {
        let counts: Vec<f64> = (0..5).map(|_| work_unit_ns()).collect();
        let least = counts.iter().copied().fold(f64::INFINITY, f64::min);
        let most = counts.iter().copied().fold(0.0, f64::max);
        assert!(least > 20_000.0 && most < 20_000_000.0, "{counts:?}");
        assert!(most < 3.0 * least, "{counts:?}");
    }
}
