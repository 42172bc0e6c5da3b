//! How fast a member answers what it has in memory (`GET /version`: no disk, no backend, no consensus): what its process
//! waits for a CPU, and the way there. And, where it runs on this machine, what the kernel says it got of the CPUs.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::cluster::Member;
use crate::cluster::metrics::Values;
use crate::cluster::pace::uneven;
use crate::cluster::scrape::Scraper;
use crate::host::process::{self, CpuTimes};

/// How often it is asked on the average.
const EVERY: Duration = Duration::from_millis(200);
/// An answer that takes longer counts as one that took so long.
const WITHIN: Duration = Duration::from_millis(800);
/// Whoever wakes up so late from a pause is late by itself.
const LATE: Duration = Duration::from_millis(10);
/// Upper bounds of the histogram, in seconds: two an octave, and what the diagnosis asks for.
const BOUNDS_S: [f64; 22] = [
    0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.011, 0.012, 0.014, 0.016, 0.02,
    0.025, 0.033, 0.05, 0.075, 0.1, 0.15, 0.25, 0.4, 0.6,
];

/// What came of the pings since they were told last.
#[derive(Debug, Default)]
struct Tally {
    count: u64,
    sum_s: f64,
    own_late: u64,
    below: [u64; BOUNDS_S.len()],
}

impl Tally {
    fn add(&mut self, took: Duration) {
        let took_s = took.as_secs_f64();
        self.count += 1;
        self.sum_s += took_s;
        for (below, bound_s) in self.below.iter_mut().zip(BOUNDS_S) {
            *below += u64::from(took_s <= bound_s);
        }
    }

    fn values(&self) -> Values {
        let mut values = Values::from([
            ("ping.count".to_owned(), self.count as f64),
            ("ping.sum_s".to_owned(), self.sum_s),
            ("ping.own_late".to_owned(), self.own_late as f64),
        ]);
        let bounds = BOUNDS_S.iter().zip(self.below);
        values.extend(bounds.map(|(s, below)| (format!("ping.le.{s}"), below as f64)));
        values
    }
}

/// Pings of one member.
pub(super) struct Pings {
    pages: RefCell<Option<Scraper>>,
    tally: RefCell<Tally>,
    process: Option<u32>,
    cpu: RefCell<Option<CpuTimes>>,
}

impl Pings {
    /// Over a connection of their own: `/metrics` takes its time on the other.
    pub fn of(member: &Member) -> Pings {
        let client = member.client.to(member.endpoint.clone());
        let pages = Scraper::new(client.endpoint().clone(), client.dialer().clone());
        let process = process::listener(member.endpoint.host(), member.endpoint.port());
        Pings {
            pages: RefCell::new(Some(pages)),
            tally: RefCell::default(),
            process,
            cpu: RefCell::default(),
        }
    }

    /// Asks until it is dropped, or until the member turns out to serve no pages here.
    pub async fn run(&self) {
        let Some(mut pages) = self.pages.take() else { return };
        let mut asked = 0_u32;
        loop {
            asked = asked.wrapping_add(1);
            let pause = uneven(EVERY, asked);
            let begun = Instant::now();
            sleep(pause).await;
            let late = begun.elapsed() >= pause + LATE;
            let sent = Instant::now();
            let answer = timeout(WITHIN, pages.get("/version")).await;
            // Pages may be served elsewhere (--listen-client-http-urls): that is no fault of the member.
            if matches!(answer, Ok(Err(_))) {
                match self.tally.borrow().count {
                    0 => return,
                    _ => continue,
                }
            }
            // The first one makes the connection.
            if asked > 1 {
                let mut tally = self.tally.borrow_mut();
                tally.own_late += u64::from(late);
                tally.add(sent.elapsed());
            }
        }
    }

    /// What came since the last time, and begins anew.
    pub fn take(&self) -> Values {
        let mut values = self.tally.take().values();
        if let Some(now) = self.process.and_then(process::cpu_times)
            && let Some(before) = self.cpu.replace(Some(now))
        {
            let s = |now_ns: u64, before_ns: u64| now_ns.saturating_sub(before_ns) as f64 / 1e9;
            values.extend([
                ("own_cpu.ran_s".to_owned(), s(now.ran_ns, before.ran_ns)),
                ("own_cpu.waited_s".to_owned(), s(now.waited_ns, before.waited_ns)),
                ("own_cpu.throttled_s".to_owned(), s(now.throttled_ns, before.throttled_ns)),
            ]);
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_below_every_bound_that_they_reach() {
        let mut tally = Tally::default();
        for ms in [1, 2, 30, 800] {
            tally.add(Duration::from_millis(ms));
        }
        let values = tally.values();
        let value = |name: &str| values[name];
        assert_eq!(value("ping.count"), 4.0);
        assert_eq!(
            (value("ping.le.0.001"), value("ping.le.0.002"), value("ping.le.0.6")),
            (1.0, 2.0, 3.0)
        );
        assert!((value("ping.sum_s") - 0.833).abs() < 1e-9);
    }
}
