//! Was the load what was asked for, and if not, whose doing was it? The heart of whether its figures may be believed.
//!
//! A client that is late measures itself. It shows: its threads are full, or it sends late although slots are free,
//! connections stand and etcd answers. An etcd that is late shows too: operations pile up unanswered, or waits grow to
//! seconds, while the client has CPU to spare.

use crate::result::{RuleOutcome, Verdict};
use crate::units;
use crate::verdict::machine::Cpus;

use super::client;
use super::evidence::Evidence;
use super::planned;
use super::tally::Tally;

/// The rate is reached within this: a pace can be held that well.
const TOLERANCE: f64 = 0.01;
/// As many unanswered operations as this saturate an etcd: its own performance page drives the highest rates with
/// 1,000 clients (etcd docs, op-guide/performance). Waits of a second do too.
const SATURATING: u32 = 1_000;
const SATURATING_S: f64 = 1.0;
/// CPUs this busy leave nobody what they need.
const FULL_MACHINE: f64 = 0.95;
/// A wait this long, and this many times as long in the last third of a phase as in the first, is a queue that grows.
const QUEUE_NS: f64 = 100_000_000.0;
const QUEUE_GROWTH: f64 = 2.0;

/// Name of the rule that the rate was reached.
pub(super) const RATE: &str = "rate reached";

/// Whose doing it was that the load was not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Culprit {
    /// The client had not enough CPU, or was late by itself.
    Client,
    /// The plan allowed too few unanswered operations.
    Bound,
    /// Nobody that can be seen.
    Unknown,
}

/// What kept the load from being what was asked for, so that it says nothing about etcd.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doubt {
    /// Whose doing it was.
    pub culprit: Culprit,
    /// What was seen.
    pub reason: String,
    /// The way out.
    pub way_out: String,
    /// Whether service times cannot be believed either: then nothing that the client timed can.
    pub in_service: bool,
}

impl Doubt {
    /// In a sentence without its end.
    pub fn told(&self) -> String {
        match self.culprit {
            Culprit::Client => format!("the client was the limit, not etcd: {}", self.reason),
            Culprit::Bound => format!("the plan was the limit, not etcd: {}", self.reason),
            Culprit::Unknown => self.reason.clone(),
        }
    }
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
    /// Whether the rate was not reached.
    pub short: bool,
    /// Why that is etcd's doing.
    pub blame: Option<String>,
}

impl Delivery {
    /// Of what is looked at.
    pub fn of(evidence: &Evidence) -> Delivery {
        let tally = Tally::of(evidence);
        let mut delivery = Delivery {
            thread_use: client::thread_use(evidence),
            lag_p99_ns: client::lag_p99_ns(evidence),
            doubts: client::doubt(evidence, tally.as_ref()).into_iter().collect(),
            short: tally.as_ref().is_some_and(|tally| is_short(evidence, tally)),
            ..Delivery::default()
        };
        if let Some(tally) = tally.as_ref().filter(|_| delivery.short && delivery.doubts.is_empty())
        {
            match why_short(evidence, tally).map_err(|doubt| of_class(evidence, doubt)) {
                Ok(blame) => delivery.blame = Some(blame),
                Err(doubt) => delivery.doubts.push(doubt),
            }
        }
        Delivery { tally, ..delivery }
    }

    /// The rows of the table: the rate, and the client.
    pub fn rules(&self, evidence: &Evidence) -> Vec<RuleOutcome> {
        let client = client::rule(self.thread_use, self.lag_p99_ns, &self.doubts);
        [self.rate(evidence), client].into_iter().flatten().collect()
    }

    /// A rate that was wanted must be reached.
    fn rate(&self, evidence: &Evidence) -> Option<RuleOutcome> {
        evidence.max_in_flight()?;
        let base = RuleOutcome {
            rule: RATE.to_owned(),
            label: RATE.to_owned(),
            source: "--rate, within 1 %".to_owned(),
            ..RuleOutcome::default()
        };
        let counted = self.tally.as_ref().and_then(|tally| Some((tally, tally.wanted_per_s?)));
        let Some((tally, wanted)) = counted else {
            return Some(RuleOutcome {
                measured: "–".to_owned(),
                note: Some("the load did not come to its end".to_owned()),
                ..base
            });
        };
        let of_plan = |doubt: &&Doubt| doubt.culprit != Culprit::Client;
        let (verdict, note) = match (self.short, &self.blame) {
            (false, _) => (Verdict::Pass, None),
            (true, Some(blame)) => (Verdict::Fail, Some(blame.clone())),
            (true, None) => {
                let reason = self.doubts.iter().find(of_plan).map(|doubt| doubt.reason.clone());
                (Verdict::Inconclusive, reason)
            }
        };
        let price = planned::failed(evidence);
        let left = 1.0 - price as f64 / tally.due.max(1) as f64;
        let (reached, limit) = (tally.reached_per_s(), (1.0 - TOLERANCE) * wanted * left);
        let beside = (price > 0).then(|| {
            let price = units::format_count(price);
            format!("without {price} that failed while the leader that was killed was away")
        });
        Some(RuleOutcome {
            measured: format!("{}/s", units::significant(reached)),
            limit: format!("≥ {}/s", units::significant(limit)),
            measured_value: Some(reached),
            limit_value: Some(limit),
            samples: Some(tally.due),
            source: format!("--rate {}, within 1 %", units::significant(wanted)),
            verdict,
            note: note.or(beside),
            ..base
        })
    }
}

/// Whether the rate was not reached: operations were never sent, or failed, or were answered ever later, so that etcd
/// caught up only when no more came.
fn is_short(evidence: &Evidence, tally: &Tally) -> bool {
    let allowed = ((TOLERANCE * tally.due as f64) as u64).max(2);
    let missing = tally.due.saturating_sub(tally.answered + planned::failed(evidence));
    let behind = tally.late > allowed && queue_grows(evidence);
    tally.wanted_per_s.is_some() && (missing > allowed || behind || short_class(evidence).is_some())
}

/// The first class that lacks more of its own operations than is allowed: among all it may be few.
fn short_class(evidence: &Evidence) -> Option<Tally> {
    Tally::classes(evidence).into_iter().find(|tally| {
        let allowed = ((TOLERANCE * tally.due as f64) as u64).max(2);
        let class = tally.class.as_deref().unwrap_or_default();
        let price = planned::failed_of_class(evidence, class);
        tally.wanted_per_s.is_some() && tally.due.saturating_sub(tally.answered + price) > allowed
    })
}

/// Names the class that something is in doubt about.
fn of_class(evidence: &Evidence, doubt: Doubt) -> Doubt {
    match short_class(evidence).and_then(|tally| tally.class) {
        Some(class) => Doubt { reason: format!("class {class}: {}", doubt.reason), ..doubt },
        None => doubt,
    }
}

/// Whether the waits grew over a phase as those in a queue do to which more comes than goes.
fn queue_grows(evidence: &Evidence) -> bool {
    let series = evidence.wait_series();
    let all = evidence.phases.iter().flat_map(|phase| phase.series.iter());
    let waits = all.filter(|s| s.member.is_none() && series.contains(&s.series));
    waits.into_iter().any(|waits| {
        let points = &waits.timeline;
        let third = points.len().div_ceil(3);
        let mean = |points: &[crate::result::Point]| {
            points.iter().map(|point| point.p50_ns as f64).sum::<f64>() / points.len().max(1) as f64
        };
        let (first, last) = (mean(&points[..third]), mean(&points[points.len() - third..]));
        points.len() > 2 && last >= QUEUE_NS && last >= QUEUE_GROWTH * first
    })
}

/// Why etcd is to blame for a rate that was not reached, or else what leaves that in doubt.
fn why_short(evidence: &Evidence, tally: &Tally) -> Result<String, Doubt> {
    let bound = evidence.max_in_flight().unwrap_or(u32::MAX);
    let full = |class: &Tally| class.max_in_flight.is_some_and(|max| class.in_flight_max >= max);
    let at_bound =
        tally.in_flight_max >= u64::from(bound) || Tally::classes(evidence).iter().any(full);
    let wait_s = f64::from(bound) / tally.reached_per_s().max(1e-9);
    let longest_ns = evidence.waits().total.max_ns();
    if 2 * tally.failed >= tally.due.saturating_sub(tally.answered).max(1) {
        let failed = units::format_count(tally.failed);
        return Ok(format!("{failed} operations failed"));
    }
    if at_bound && bound < SATURATING && wait_s < SATURATING_S {
        return Err(Doubt {
            culprit: Culprit::Bound,
            reason: format!(
                "all {} operations that may be unanswered at a time were",
                units::format_count(u64::from(bound))
            ),
            way_out: "raise --max-in-flight".to_owned(),
            in_service: false,
        });
    }
    if at_bound || tally.in_flight_max >= u64::from(SATURATING) {
        let waiting = units::format_count(tally.in_flight_max);
        return Ok(format!("up to {waiting} operations waited for an answer"));
    }
    if evidence.events("connection.lost").next().is_some() {
        return Ok("connections were lost".to_owned());
    }
    if longest_ns >= (SATURATING_S * 1e9) as u64 {
        return Ok(format!("an answer took up to {}", units::format_duration(longest_ns)));
    }
    Err(unexplained(evidence))
}

fn unexplained(evidence: &Evidence) -> Doubt {
    let busy = Cpus::of(evidence.run, &evidence.phase_names()).busy;
    if busy >= FULL_MACHINE {
        return Doubt {
            culprit: Culprit::Client,
            reason: format!(
                "the CPUs of its machine were busy {} of the time",
                units::format_share(busy)
            ),
            way_out: "use a machine of its own".to_owned(),
            in_service: true,
        };
    }
    Doubt {
        culprit: Culprit::Unknown,
        reason: "the rate was not reached, and neither the client nor etcd shows why".to_owned(),
        way_out: "run it again, longer".to_owned(),
        in_service: false,
    }
}
