//! The rounds of a check: in each, every member is asked for what it has in memory, for a read by itself, for a read that
//! a majority confirms, and then one after the other for a write, so that no request of ours waits for another.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::sleep;

use super::target::Target;
use super::told::Told;
use crate::cluster::uneven;

/// How often members are looked at where nothing is written.
const LOOK: Duration = Duration::from_millis(500);
/// How often it is looked whether this program itself is on time, and from when on it is late.
const TICK: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_millis(10);
/// A stop is seen within this.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Whether keys are read.
    pub reads: bool,
    /// Whether keys are written.
    pub writes: bool,
    /// Writes a second over all members.
    pub rate: Option<f64>,
    /// What keys are bound to.
    pub lease: i64,
    /// A request not answered after this long has failed.
    pub limit: Duration,
    /// How long.
    pub duration: Duration,
}

/// What came of all rounds, beside the answers.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// How long they took.
    pub window_ns: u64,
    /// The share of moments at which this program was late.
    pub own_late_share: f64,
    /// The most by which it was late at any of them.
    pub own_longest_late_ns: u64,
}

impl Rounds {
    /// Asks until the time is over or a stop is asked for.
    pub async fn run(
        targets: &mut [Target],
        asked: &Asked,
        stop: &AtomicBool,
        tell: &dyn Fn(Told<'_>),
    ) -> Rounds {
        let begun = Instant::now();
        let over = Cell::new(false);
        let rounds = async {
            let mut number = 0_u32;
            while begun.elapsed() < asked.duration && !stop.load(Ordering::Relaxed) {
                let round = Instant::now();
                once(targets, asked).await;
                tell(Told::Done { elapsed_ns: begun.elapsed().as_nanos() as u64 });
                number = number.wrapping_add(1);
                let pause = pause(targets.len(), asked, number);
                let rest = asked.duration.saturating_sub(begun.elapsed());
                wait(pause.saturating_sub(round.elapsed()).min(rest), stop).await;
            }
            over.set(true);
        };
        let ((), own) = tokio::join!(rounds, Lateness::until(&over));
        Rounds {
            window_ns: begun.elapsed().as_nanos() as u64,
            own_late_share: own.share(),
            own_longest_late_ns: u64::try_from(own.longest.as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

async fn once(targets: &mut [Target], asked: &Asked) {
    let limit = asked.limit;
    join_all(targets.iter_mut().map(|target| target.ping(limit))).await;
    if asked.reads {
        for alone in [true, false] {
            join_all(targets.iter_mut().map(|target| target.read(alone, limit))).await;
        }
    }
    if asked.writes {
        for target in targets.iter_mut() {
            target.write(asked.lease, limit).await;
        }
    }
}

/// How long a round and the pause after it take together.
fn pause(members: usize, asked: &Asked, number: u32) -> Duration {
    let mean = match asked.rate {
        Some(rate) => Duration::from_secs_f64((members.max(1) as f64 / rate).min(3_600.0)),
        None => LOOK,
    };
    uneven(mean, number)
}

async fn wait(pause: Duration, stop: &AtomicBool) {
    let until = Instant::now() + pause;
    while !stop.load(Ordering::Relaxed) {
        let rest = until.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            break;
        }
        sleep(rest.min(PATIENCE)).await;
    }
}

/// How often this program itself was late.
#[derive(Debug, Default)]
struct Lateness {
    ticks: u64,
    late: u64,
    longest: Duration,
}

impl Lateness {
    /// Looks until it is over.
    async fn until(over: &Cell<bool>) -> Lateness {
        let mut own = Lateness::default();
        while !over.get() {
            let begun = Instant::now();
            sleep(TICK).await;
            let late = begun.elapsed().saturating_sub(TICK);
            own.ticks += 1;
            own.late += u64::from(late >= LATE);
            own.longest = own.longest.max(late);
        }
        own
    }

    fn share(&self) -> f64 {
        if self.ticks == 0 { 0.0 } else { self.late as f64 / self.ticks as f64 }
    }
}
