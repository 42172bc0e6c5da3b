//! Was the load what was asked for, and if not, whose doing was it? The heart of whether its figures may be believed.
//!
//! A client that is late measures itself. It shows: its threads are full, or it sends late although slots are free,
//! connections stand and etcd answers. An etcd that is late shows too: operations pile up unanswered to the bound, or
//! waits grow to seconds, while the client has CPU to spare.

use crate::plan::Target;
use crate::result::{Point, RuleOutcome, Verdict};
use crate::units;

use super::evidence::Evidence;
use super::tally::Tally;
use crate::verdict::machine::Cpus;

/// A thread that is busy for more than this part of the time sends and reads late.
const FULL_THREAD: f64 = 0.9;
/// Lag that shows in a p99 of milliseconds. The pacing itself is good for less than 1 ms.
const LATE_NS: u64 = 5_000_000;
/// etcd's own wait for an answer this long explains any lag: what cannot be written piles up in the client.
const STALLED_NS: u64 = 100_000_000;
/// The rate is reached within this: a pace can be held that well.
const TOLERANCE: f64 = 0.01;
/// As many unanswered operations as this saturate an etcd: its own performance page drives the highest rates with
/// 1,000 clients (etcd docs, op-guide/performance). Waits of a second do too.
const SATURATING: u32 = 1_000;
const SATURATING_S: f64 = 1.0;
/// CPUs this busy leave nobody what they need.
const FULL_MACHINE: f64 = 0.95;

/// What kept the load from being what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doubt {
    /// What was seen.
    pub reason: String,
    /// The way out.
    pub way_out: String,
    /// Whether service times cannot be believed either: then nothing that the client timed can.
    pub in_service: bool,
}

/// How well the load was delivered.
#[derive(Debug, Clone, Default)]
pub(super) struct Delivery {
    /// What was counted.
    pub tally: Option<Tally>,
    /// Part of a core that each of the client's threads used.
    pub thread_use: Option<f64>,
    /// 99th percentile of the lag of the operation that was most late.
    pub lag_p99_ns: Option<u64>,
    /// Why the client's figures are in doubt.
    pub doubts: Vec<Doubt>,
    /// Why a rate that was not reached is etcd's doing.
    pub blame: Option<String>,
}

impl Delivery {
    /// Of what is looked at.
    pub fn of(evidence: &Evidence) -> Delivery {
        let mut delivery = Delivery {
            tally: Tally::of(evidence),
            thread_use: thread_use(evidence),
            lag_p99_ns: worst_lag(evidence).map(|(_, p99_ns)| p99_ns),
            ..Delivery::default()
        };
        delivery
            .doubts
            .extend(full_threads(evidence, delivery.thread_use));
        delivery
            .doubts
            .extend(late(evidence, delivery.tally.as_ref()));
        if delivery.short() {
            delivery.explain(evidence);
        }
        delivery
    }

    /// Whether fewer operations came to an end than were due, by more than the tolerance and a few at the very end.
    pub fn short(&self) -> bool {
        self.tally.as_ref().is_some_and(|tally| {
            let missing = tally.due.saturating_sub(tally.answered + tally.failed);
            tally.wanted_per_s.is_some()
                && missing > 2
                && missing as f64 > TOLERANCE * tally.due as f64
        })
    }

    /// Finds out why the rate was not reached.
    fn explain(&mut self, evidence: &Evidence) {
        let (Some(tally), Some(bound)) = (&self.tally, evidence.max_in_flight()) else {
            return;
        };
        let at_bound = tally.in_flight_max >= u64::from(bound);
        let wait_s = f64::from(bound) / tally.reached_per_s().max(1e-9);
        if at_bound && bound < SATURATING && wait_s < SATURATING_S {
            self.doubts.push(Doubt {
                reason: format!(
                    "all {} operations that may be unanswered were, and etcd took {} for each",
                    units::format_count(u64::from(bound)),
                    units::format_duration((wait_s * 1e9) as u64)
                ),
                way_out: "raise --max-in-flight".to_owned(),
                in_service: false,
            });
        }
        if !self.doubts.is_empty() {
            return;
        }
        let longest_ns = evidence.waits().total.max_ns();
        self.blame = if at_bound {
            Some(format!(
                "{} operations waited for an answer at once",
                units::format_count(tally.in_flight_max)
            ))
        } else if evidence.events("connection.lost").next().is_some() {
            Some("connections were lost".to_owned())
        } else if longest_ns >= (SATURATING_S * 1e9) as u64 {
            Some(format!(
                "an answer took up to {}",
                units::format_duration(longest_ns)
            ))
        } else {
            None
        };
        if self.blame.is_none() {
            self.doubts.push(unexplained(evidence));
        }
    }

    /// The rows of the table: the rate, and the client.
    pub fn rules(&self, evidence: &Evidence) -> Vec<RuleOutcome> {
        [self.rate(evidence), self.client()]
            .into_iter()
            .flatten()
            .collect()
    }

    /// A rate that was wanted must be reached.
    fn rate(&self, evidence: &Evidence) -> Option<RuleOutcome> {
        evidence.max_in_flight()?;
        let Some((tally, wanted)) = self.tally.as_ref().and_then(|t| Some((t, t.wanted_per_s?)))
        else {
            return Some(RuleOutcome {
                rule: RATE.to_owned(),
                label: RATE.to_owned(),
                measured: "–".to_owned(),
                source: "--rate".to_owned(),
                note: Some("the phase did not end in good order".to_owned()),
                ..RuleOutcome::default()
            });
        };
        let reached = tally.reached_per_s();
        let (verdict, note) = match (self.short(), &self.blame) {
            (false, _) => (Verdict::Pass, None),
            (true, Some(blame)) => (Verdict::Fail, Some(blame.clone())),
            (true, None) => (
                Verdict::Inconclusive,
                self.doubts.first().map(|d| d.reason.clone()),
            ),
        };
        let limit = (1.0 - TOLERANCE) * wanted;
        Some(RuleOutcome {
            rule: RATE.to_owned(),
            label: RATE.to_owned(),
            measured: format!("{}/s", units::significant(reached)),
            limit: format!("≥ {}/s", units::significant(limit)),
            measured_value: Some(reached),
            limit_value: Some(limit),
            margin: None,
            samples: Some(tally.due),
            source: format!("--rate {}, within 1 %", units::significant(wanted)),
            verdict,
            note,
        })
    }

    /// The client must not have been what was measured.
    fn client(&self) -> Option<RuleOutcome> {
        if self.thread_use.is_none() && self.lag_p99_ns.is_none() {
            return None;
        }
        let lag = self
            .lag_p99_ns
            .map(|ns| format!("lag p99 {}", units::format_duration(ns)));
        let doubt = self.doubts.first();
        Some(RuleOutcome {
            rule: CLIENT.to_owned(),
            label: CLIENT.to_owned(),
            measured: match self.thread_use {
                Some(share) => format!("{} of a core", units::format_share(share)),
                None => "–".to_owned(),
            },
            limit: format!("< {}", units::format_share(FULL_THREAD)),
            measured_value: self.thread_use,
            limit_value: Some(FULL_THREAD),
            margin: None,
            samples: None,
            source: ["CPU per thread".to_owned()]
                .into_iter()
                .chain(lag)
                .collect::<Vec<_>>()
                .join("; "),
            verdict: if doubt.is_some() {
                Verdict::Inconclusive
            } else {
                Verdict::Pass
            },
            note: doubt.map(|doubt| doubt.reason.clone()),
        })
    }
}

/// Name of the rule that the rate was reached.
pub(super) const RATE: &str = "rate reached";
/// Name of the rule that the client kept up.
pub(super) const CLIENT: &str = "client keeps up";

fn thread_use(evidence: &Evidence) -> Option<f64> {
    let (mut used_s, mut length_s) = (0.0, 0.0);
    for counters in evidence.counters("client") {
        if let Some(cpu_s) = counters.values.get("cpu_s") {
            used_s += cpu_s;
            length_s += counters.length_ns as f64 / 1e9;
        }
    }
    let threads = f64::from(evidence.plan.threads.max(1));
    (length_s > 0.0).then(|| used_s / length_s / threads)
}

fn full_threads(evidence: &Evidence, thread_use: Option<f64>) -> Option<Doubt> {
    let share = thread_use.filter(|share| *share >= FULL_THREAD)?;
    let cpus = evidence.run.header.environment.cpus.unwrap_or(u32::MAX);
    let elsewhere = match evidence.plan.target {
        Target::Local { .. } => "a machine with more cores",
        Target::Endpoints(_) => "another machine, or several",
    };
    let way_out = if evidence.plan.threads < cpus {
        format!("use more --threads, or {elsewhere}")
    } else {
        format!("drive it from {elsewhere}")
    };
    Some(Doubt {
        reason: format!(
            "its threads used {} of a core each",
            units::format_share(share)
        ),
        way_out,
        in_service: true,
    })
}

/// The operation that was most late: its name, and the 99th percentile of its lag.
fn worst_lag(evidence: &Evidence) -> Option<(&'static str, u64)> {
    use crate::verdict::judge::Ground;
    evidence
        .operations()
        .filter_map(|op| {
            let lag = evidence.judged(&format!("{}.lag", op.name()));
            Some((op.name(), lag.total.quantile(0.99)?))
        })
        .max_by_key(|&(_, p99_ns)| p99_ns)
}

/// Sent late although slots were free and etcd answered.
fn late(evidence: &Evidence, tally: Option<&Tally>) -> Option<Doubt> {
    let (operation, p99_ns) = worst_lag(evidence)?;
    let bound = u64::from(evidence.max_in_flight()?);
    let slots_free = tally.is_none_or(|tally| tally.in_flight_max < bound);
    let lost = evidence.events("connection.lost").next().is_some();
    if p99_ns < LATE_NS || !slots_free || lost || !by_itself(evidence, operation) {
        return None;
    }
    Some(Doubt {
        reason: format!(
            "it sent late by itself: lag p99 {} while slots were free and etcd answered",
            units::format_duration(p99_ns)
        ),
        way_out: "use more --threads or --conns, or a machine with less to do".to_owned(),
        in_service: false,
    })
}

/// Whether most of the late seconds were seconds in which etcd itself was not slow.
fn by_itself(evidence: &Evidence, operation: &str) -> bool {
    let (mut late, mut alone) = (0, 0);
    for phase in &evidence.phases {
        let lag = phase.series(&format!("{operation}.lag"));
        let service = phase.series(&format!("{operation}.service"));
        let service = service.map_or(&[] as &[Point], |s| s.timeline.as_slice());
        for second in lag.into_iter().flat_map(|s| &s.timeline) {
            if second.p99_ns < LATE_NS {
                continue;
            }
            late += 1;
            let answered = at(service, second);
            let slow = answered
                .is_none_or(|s| s.max_ns >= STALLED_NS || s.p50_ns >= second.p50_ns.max(LATE_NS));
            alone += usize::from(!slow);
        }
    }
    2 * alone >= late.max(1)
}

/// The point of a timeline that covers the same second as another one's.
fn at<'a>(points: &'a [Point], second: &Point) -> Option<&'a Point> {
    let middle = second.start_ns + second.length_ns / 2;
    let after = points.partition_point(|point| point.start_ns <= middle);
    points.get(after.checked_sub(1)?)
}

fn unexplained(evidence: &Evidence) -> Doubt {
    let names: Vec<&str> = evidence
        .phases
        .iter()
        .map(|phase| phase.name.as_str())
        .collect();
    let busy = Cpus::of(evidence.run, &names).busy;
    if busy >= FULL_MACHINE {
        return Doubt {
            reason: format!(
                "the CPUs of its machine were busy {} of the time",
                units::format_share(busy)
            ),
            way_out: "drive it from a machine of its own".to_owned(),
            in_service: true,
        };
    }
    Doubt {
        reason: "the rate was not reached, and neither the client nor etcd shows why".to_owned(),
        way_out: "run it again, longer".to_owned(),
        in_service: false,
    }
}
