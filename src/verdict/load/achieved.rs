//! Was the load what was asked for, and if not, whose doing was it? The heart of whether its figures may be believed.
//!
//! A client that is late measures itself. It shows: its threads are full, or it sends late although slots are free,
//! connections stand and etcd answers. An etcd that is late shows too: operations pile up unanswered, or waits grow to
//! seconds, while the client has CPU to spare.

use crate::exit::Verdict;
use crate::result::{InvalidCause, InvalidReason, LimitedBy, Reason, RuleName};
use crate::rule::Op;
use crate::verdict::machine::Cpus;
use crate::verdict::outcome::{Limit, Measured, Outcome, Quantity, Source};

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

/// How well the load was delivered.
#[derive(Debug, Clone, Default)]
pub(super) struct AchievedLoad {
    /// What was counted.
    pub tally: Option<Tally>,
    /// Part of a core that each of the client's threads used.
    pub thread_use: Option<f64>,
    /// 99th percentile of the lag of the operation that was most late.
    pub lag_p99_ns: Option<u64>,
    /// Why the client's figures are in doubt.
    pub invalid_reasons: Vec<InvalidReason>,
    /// Whether the rate was not reached.
    pub short: bool,
    /// Why that is etcd's doing.
    pub blame: Option<Reason>,
}

impl AchievedLoad {
    /// Of what is looked at.
    pub fn of(evidence: &Evidence) -> AchievedLoad {
        let tally = Tally::of(evidence);
        let mut achieved = AchievedLoad {
            thread_use: client::thread_use(evidence),
            lag_p99_ns: client::lag_p99_ns(evidence),
            invalid_reasons: client::invalid_reason(evidence, tally.as_ref()).into_iter().collect(),
            short: tally.as_ref().is_some_and(|tally| is_short(evidence, tally)),
            ..AchievedLoad::default()
        };
        if let Some(tally) =
            tally.as_ref().filter(|_| achieved.short && achieved.invalid_reasons.is_empty())
        {
            match why_short(evidence, tally)
                .map_err(|invalid_reason| of_class(evidence, invalid_reason))
            {
                Ok(blame) => achieved.blame = Some(blame),
                Err(invalid_reason) => achieved.invalid_reasons.push(invalid_reason),
            }
        }
        AchievedLoad { tally, ..achieved }
    }

    /// The rows of the table: the rate, and the client.
    pub fn rules(&self, evidence: &Evidence) -> Vec<Outcome> {
        let conservative = evidence.plan.is_open() && !self.short;
        let client =
            client::rule(self.thread_use, self.lag_p99_ns, &self.invalid_reasons, conservative);
        [self.rate(evidence), client].into_iter().flatten().collect()
    }

    /// A rate that was wanted must be reached.
    fn rate(&self, evidence: &Evidence) -> Option<Outcome> {
        evidence.max_in_flight()?;
        let rule = RuleName::RateReached.into();
        let counted = self.tally.as_ref().and_then(|tally| Some((tally, tally.wanted_per_s?)));
        let Some((tally, wanted)) = counted else {
            return Some(Outcome {
                rule,
                source: Source::WantedRate(None),
                reasons: vec![Reason::LoadNotToTheEnd],
                ..Outcome::default()
            });
        };
        let of_plan =
            |invalid_reason: &&InvalidReason| invalid_reason.limited_by() != LimitedBy::Client;
        let (verdict, reason) = match (self.short, &self.blame) {
            (false, _) => (Verdict::Pass, None),
            (true, Some(blame)) => (Verdict::Fail, Some(blame.clone())),
            (true, None) => {
                let invalid_reason = self.invalid_reasons.iter().find(of_plan).cloned();
                (
                    Verdict::Inconclusive,
                    invalid_reason.map(|invalid_reason| Reason::Doubt { doubt: invalid_reason }),
                )
            }
        };
        let price = planned::failed(evidence);
        // What is told is what is judged: so many of those that were due, in the time that they took.
        let needed = tally.due.saturating_sub(price + allowed(tally.due));
        let limit =
            (needed as f64 * wanted / tally.due.max(1) as f64).min((1.0 - TOLERANCE) * wanted);
        let beside = (price > 0).then_some(Reason::WithoutPrice { count: price });
        Some(Outcome {
            rule,
            measured: Some(Measured::Rate(tally.reached_per_s())),
            limit: Some(Limit::To(Op::AtLeast, Quantity::Rate(limit))),
            samples: Some(tally.due),
            source: Source::WantedRate(Some(wanted)),
            verdict,
            reasons: reason.or(beside).into_iter().collect(),
            ..Outcome::default()
        })
    }
}

/// Operations that may be missing: a hundredth, and two of few.
fn allowed(due: u64) -> u64 {
    ((TOLERANCE * due as f64) as u64).max(2)
}

/// Whether the rate was not reached: operations were never sent, or failed, or were answered ever later, so that etcd
/// caught up only when no more came.
fn is_short(evidence: &Evidence, tally: &Tally) -> bool {
    let allowed = allowed(tally.due);
    let missing = tally.due.saturating_sub(tally.answered + planned::failed(evidence));
    let behind = tally.late > allowed && queue_grows(evidence);
    tally.wanted_per_s.is_some() && (missing > allowed || behind || short_class(evidence).is_some())
}

/// The first class that lacks more of its own operations than is allowed: among all it may be few.
fn short_class(evidence: &Evidence) -> Option<Tally> {
    Tally::classes(evidence).into_iter().find(|tally| {
        let allowed = allowed(tally.due);
        let class = tally.class.as_deref().unwrap_or_default();
        let price = planned::failed_of_class(evidence, class);
        tally.wanted_per_s.is_some() && tally.due.saturating_sub(tally.answered + price) > allowed
    })
}

/// Names the class that something is in doubt about.
fn of_class(evidence: &Evidence, invalid_reason: InvalidReason) -> InvalidReason {
    match short_class(evidence).and_then(|tally| tally.class) {
        Some(class) => InvalidReason { class: Some(class), ..invalid_reason },
        None => invalid_reason,
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
fn why_short(evidence: &Evidence, tally: &Tally) -> Result<Reason, InvalidReason> {
    let bound = evidence.max_in_flight().unwrap_or(u32::MAX);
    let full = |class: &Tally| class.max_in_flight.is_some_and(|max| class.in_flight_max >= max);
    let at_bound =
        tally.in_flight_max >= u64::from(bound) || Tally::classes(evidence).iter().any(full);
    let wait_s = f64::from(bound) / tally.reached_per_s().max(1e-9);
    let longest_ns = evidence.waits().total.max_ns();
    if 2 * tally.failed >= tally.due.saturating_sub(tally.answered).max(1) {
        return Ok(Reason::OperationsFailed { count: tally.failed });
    }
    if at_bound && bound < SATURATING && wait_s < SATURATING_S {
        return Err(InvalidCause::InFlight { bound }.into());
    }
    if at_bound || tally.in_flight_max >= u64::from(SATURATING) {
        return Ok(Reason::OperationsWaited { count: tally.in_flight_max });
    }
    if evidence.events("connection.lost").next().is_some() {
        return Ok(Reason::ConnectionsLost);
    }
    if longest_ns >= (SATURATING_S * 1e9) as u64 {
        return Ok(Reason::LongAnswer { longest_ns });
    }
    Err(unexplained(evidence).into())
}

fn unexplained(evidence: &Evidence) -> InvalidCause {
    let share = Cpus::of(evidence.run, &evidence.phase_names()).busy;
    if share >= FULL_MACHINE {
        InvalidCause::BusyMachine { share }
    } else {
        InvalidCause::Unexplained
    }
}
