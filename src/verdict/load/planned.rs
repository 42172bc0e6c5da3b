//! What was done to the etcd by plan: leaders killed and started again, a full database brought back. It is told as
//! what it is, and what it cost is held against what it explains.

use serde::Deserialize;

use crate::exit::Verdict;
use crate::result::{Counters, Event, QuotaReached, Reason, RuleName, Run};
use crate::rule::Op;
use crate::verdict::judge::RuleInput;
use crate::verdict::outcome::{Limit, Measured, Outcome, Quantity, Source};

use super::evidence::Evidence;

/// etcd's default `--election-timeout`, which a throwaway etcd has.
const ELECTION_NS: u64 = 1_000_000_000;
/// A follower stands for election one to two timeouts after the last heartbeat (raft, `randomizedElectionTimeout`).
pub const ELECTION_WITHIN_NS: u64 = 2 * ELECTION_NS;
/// When votes are split, all wait again.
const SECOND_VOTE_WITHIN_NS: u64 = 2 * ELECTION_WITHIN_NS;
/// A lost connection is tried again at least so often.
const RECONNECT_NS: u64 = 1_000_000_000;

const KILL: &str = "fault.kill";
const PAUSE: &str = "fault.pause";

/// A leader that was lost by plan: killed, or stopped for a while.
#[derive(Debug, Clone)]
pub(super) struct Kill<'a> {
    /// Which member.
    pub member: Option<u32>,
    /// Its name.
    pub name: &'a str,
    /// When.
    pub event: &'a Event,
    /// Whether it was only stopped.
    pub paused: bool,
    /// For how long it was away when it was started again; absent when it was not.
    pub away_ns: Option<u64>,
    /// How long it then took until it served; absent when it did not.
    pub took_ns: Option<u64>,
    /// From then on what fails is not its doing.
    until_ns: u64,
}

impl Kill<'_> {
    /// Whether what happened to this member, or to anybody, at this moment may come of it.
    pub fn explains(&self, member: Option<u32>, at_ns: u64) -> bool {
        member == self.member && self.covers(at_ns, at_ns)
    }

    pub fn covers(&self, from_ns: u64, to_ns: u64) -> bool {
        self.event.at_ns <= to_ns && from_ns <= self.until_ns
    }
}

fn number(event: &Event, name: &str) -> Option<u64> {
    event.detail.get(name)?.as_u64()
}

fn text<'a>(event: &'a Event, name: &str) -> &'a str {
    let text = event.detail.get(name).and_then(serde_json::Value::as_str);
    text.unwrap_or("?")
}

/// All of the run, in order.
pub(super) fn all_kills<'a>(evidence: &Evidence<'a>) -> Vec<Kill<'a>> {
    let events = &evidence.run.events;
    let lost = events.iter().filter(|event| [KILL, PAUSE].contains(&event.kind.as_str()));
    lost.map(|event| {
        let next = |kind: &str| {
            let of_it = |e: &&Event| e.kind == kind && e.member == event.member;
            events.iter().filter(of_it).find(|e| e.at_ns >= event.at_ns)
        };
        let back = next("fault.back");
        let paused = event.kind == PAUSE;
        let returns = next(if paused { "fault.resume" } else { "fault.restart" });
        // Who waited for it to the last moment ran into the timeout later.
        let tail_ns = RECONNECT_NS + evidence.plan.timeout_ns;
        Kill {
            member: event.member,
            name: text(event, "name"),
            event,
            paused,
            away_ns: returns.and_then(|e| number(e, "away_ns")),
            took_ns: back.and_then(|e| number(e, "took_ns")),
            until_ns: back.map_or(u64::MAX, |back| back.at_ns.saturating_add(tail_ns)),
        }
    })
    .collect()
}

/// Those in what is looked at.
pub(super) fn kills<'a>(evidence: &Evidence<'a>) -> Vec<Kill<'a>> {
    let mut kills = all_kills(evidence);
    kills.retain(|kill| evidence.covers(&kill.event.phase));
    kills
}

/// Operations that failed while a member that was killed was away: the price of the fault.
pub(super) fn failed(evidence: &Evidence) -> u64 {
    failed_of(evidence, "")
}

/// Of these those of one class.
pub(super) fn failed_of_class(evidence: &Evidence, class: &str) -> u64 {
    failed_of(evidence, &format!("{class}."))
}

fn failed_of(evidence: &Evidence, prefix: &str) -> u64 {
    let kills = all_kills(evidence);
    if kills.is_empty() {
        return 0;
    }
    let series = evidence.phases.iter().flat_map(|phase| &phase.series);
    let counted = series.filter(|s| s.member.is_none() && s.series.ends_with(".service"));
    let counted = counted.filter(|s| s.series.starts_with(prefix));
    let points = counted.flat_map(|series| &series.timeline);
    let explained = points.filter(|point| {
        let end_ns = point.start_ns.saturating_add(point.length_ns);
        kills.iter().any(|kill| kill.covers(point.start_ns, end_ns))
    });
    explained.map(|point| point.failed).sum()
}

/// The longest time without an acknowledgement, of all members together: (start, length).
fn longest(evidence: &Evidence) -> Option<(u64, u64)> {
    let gaps = evidence.events("ack.gap").filter(|e| e.member.is_none());
    let gaps = gaps.filter_map(|e| Some((number(e, "start_ns")?, number(e, "length_ns")?)));
    gaps.max_by_key(|(_, length_ns)| *length_ns)
}

/// The longest time without an acknowledgement, if it is that after a kill.
pub(super) fn gap(evidence: &Evidence) -> Option<u64> {
    let (start_ns, length_ns) = longest(evidence)?;
    spans(start_ns, length_ns, &kills(evidence)).then_some(length_ns)
}

/// Whether the longest gap holds this kill.
pub(super) fn gap_of(evidence: &Evidence, kill: &Kill) -> Option<u64> {
    let (start_ns, length_ns) = longest(evidence)?;
    spans(start_ns, length_ns, std::slice::from_ref(kill)).then_some(length_ns)
}

fn spans(start_ns: u64, length_ns: u64, kills: &[Kill]) -> bool {
    let within = start_ns..=start_ns.saturating_add(length_ns);
    kills.iter().any(|kill| within.contains(&kill.event.at_ns))
}

/// How a gap after a kill is to be seen, by what an election explains.
pub(super) fn explained(gap_ns: u64) -> Verdict {
    if gap_ns <= ELECTION_WITHIN_NS {
        Verdict::Pass
    } else if gap_ns <= SECOND_VOTE_WITHIN_NS {
        Verdict::Warn
    } else {
        Verdict::Fail
    }
}

/// How long nobody could write after the leader was killed.
pub(super) fn rules(evidence: &Evidence) -> Option<Outcome> {
    if kills(evidence).is_empty() {
        return None;
    }
    let base = Outcome {
        rule: RuleName::GapAfterKill.into(),
        limit: Some(Limit::To(Op::AtMost, Quantity::Duration(ELECTION_WITHIN_NS))),
        source: Source::RaftElection,
        ..Outcome::default()
    };
    let Some((start_ns, length_ns)) = longest(evidence) else {
        return Some(Outcome {
            verdict: Verdict::Inconclusive,
            reasons: vec![Reason::LoadNotToTheEnd],
            ..base
        });
    };
    // Another one was longer: this one is not known, but shorter.
    let is_it = spans(start_ns, length_ns, &kills(evidence));
    let verdict = if is_it { explained(length_ns) } else { Verdict::Pass };
    Some(Outcome {
        measured: Some(match is_it {
            true => Measured::Duration(length_ns as f64),
            false => Measured::Below(length_ns),
        }),
        margin: (length_ns > 0).then(|| ELECTION_WITHIN_NS as f64 / length_ns as f64),
        verdict,
        reasons: (verdict == Verdict::Warn).then_some(Reason::SplitVote).into_iter().collect(),
        ..base
    })
}

/// What is said of so many things that a rule leaves out, for they came of a loss by plan.
pub(super) fn left_out(count: u64) -> Option<Reason> {
    (count > 0).then_some(Reason::WithoutPlanned { count })
}

/// How much a counter grew at the members that were lost by plan, while they were away or came back.
pub(super) fn grown(evidence: &Evidence, counter: &str) -> f64 {
    let kills = all_kills(evidence);
    let of_loss = |counters: &&Counters| {
        let end_ns = counters.start_ns.saturating_add(counters.length_ns);
        let of =
            |kill: &Kill| kill.member == counters.member && kill.covers(counters.start_ns, end_ns);
        kills.iter().any(of)
    };
    let told = evidence.counters("etcd").filter(of_loss);
    told.filter_map(|counters| counters.values.get(counter)).sum()
}

/// A rule on errors without those that are the price of a kill.
pub(super) fn beside(outcome: &mut Outcome, evidence: &Evidence) {
    let price = failed(evidence);
    let attempts = evidence.attempts(None);
    if price == 0 || attempts.count() + attempts.errors == 0 {
        return;
    }
    let others = attempts.errors.saturating_sub(price);
    let share = others as f64 / (attempts.count() + attempts.errors) as f64;
    outcome.measured = Some(Measured::Share(share));
    outcome.reasons = vec![Reason::WithoutPrice { count: price }];
    outcome.verdict = match others {
        0 => Verdict::Pass,
        _ => Verdict::Fail,
    };
}

/// A database that was brought back from its quota.
#[derive(Debug, Clone, Default)]
pub(super) struct Recovered<'a> {
    /// When the quota was reached.
    pub reached: Reached,
    /// How long the compaction took; absent when it did not come to that.
    pub compacted_ns: Option<u64>,
    /// Each member's name, and how long it took.
    pub defragmented: Vec<(&'a str, u64)>,
    /// The end of it; absent when it did not come to that.
    pub disarmed: Option<Disarmed>,
}

/// Detail of `quota.reached`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reached {
    pub db_bytes: u64,
    pub quota_bytes: Option<u64>,
    /// Since the beginning of the measured load.
    pub after_ns: u64,
}

/// Detail of `quota.disarmed`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Disarmed {
    pub took_ns: u64,
    /// For how long writes were refused.
    pub refused_ns: u64,
    pub db_bytes: u64,
}

/// What became of the quota that was to be reached; nothing when it was not, or that was not the plan.
pub(super) fn recovered(run: &Run) -> Option<Recovered<'_>> {
    let of = |kind: &'static str| run.events.iter().filter(move |event| event.kind == kind);
    let reached = of("quota.reached").next()?;
    let defragmented = of("quota.defragmented");
    let disarmed = of("quota.disarmed").next();
    Some(Recovered {
        reached: serde_json::from_value(reached.detail.clone()).unwrap_or_default(),
        compacted_ns: of("quota.compacted").next().and_then(|e| number(e, "took_ns")),
        defragmented: defragmented
            .filter_map(|e| Some((text(e, "name"), number(e, "took_ns")?)))
            .collect(),
        disarmed: disarmed.and_then(|e| serde_json::from_value(e.detail.clone()).ok()),
    })
}

impl Recovered<'_> {
    /// What it says of the quota.
    pub fn quota(&self) -> QuotaReached {
        QuotaReached {
            quota_bytes: self.reached.quota_bytes,
            after_ns: self.reached.after_ns,
            refused_ns: self.disarmed.as_ref().map(|disarmed| disarmed.refused_ns),
        }
    }
}
