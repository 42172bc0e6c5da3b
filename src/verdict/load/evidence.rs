//! What a load brings before the judge: its plan, and the phases that count, all of them or one rate alone.

use crate::plan::{LoadPace, LoadPlan, Operation, OperationSeries};
use crate::record::Buckets;
use crate::result::{Counters, Event, MemberFacts, PhaseData, Run, SeriesData};
use crate::verdict::judge::RuleInput;
use crate::verdict::pooled::Pooled;

/// The phase of a load with one rate.
const STEADY: &str = "steady";
/// What the phases of a load with several rates begin with.
const STEP: &str = "rate.";

/// A run with its plan, and the part of it that is looked at.
#[derive(Clone)]
pub(super) struct Evidence<'a> {
    /// The result as read.
    pub run: &'a Run,
    /// Its plan.
    pub plan: &'a LoadPlan,
    /// Whether it went through to its end.
    pub complete: bool,
    /// The phases looked at.
    pub phases: Vec<&'a PhaseData>,
    /// What is done.
    pub strands: Vec<OperationSeries>,
}

impl<'a> Evidence<'a> {
    /// Everything that counts.
    pub fn new(run: &'a Run, plan: &'a LoadPlan, complete: bool) -> Self {
        let counts = |phase: &&PhaseData| phase.name == STEADY || phase.name.starts_with(STEP);
        Evidence {
            run,
            plan,
            complete,
            phases: run.phases.iter().filter(counts).collect(),
            strands: plan.strands(),
        }
    }

    /// Each of several rates alone, in the order they were tried; nothing where there was one.
    pub fn steps(&self) -> Vec<Evidence<'a>> {
        let names = self.phase_names();
        let steps = names.into_iter().filter(|name| name.starts_with(STEP));
        steps.map(|name| self.only(&[name])).collect()
    }

    /// Whether something happened in what is looked at.
    pub fn covers(&self, phase: &str) -> bool {
        self.phases.iter().any(|looked_at| looked_at.name == phase)
    }

    /// The names of the phases.
    pub fn phase_names(&self) -> Vec<&'a str> {
        self.phases.iter().map(|phase| phase.name.as_str()).collect()
    }

    /// How long it took, with the answers that came after its end.
    pub fn length_ns(&self) -> u64 {
        self.phases.iter().fold(0, |sum, phase| sum.saturating_add(phase.length_ns))
    }

    /// Events of this kind in what is looked at.
    pub fn events<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'a Event> + 'b {
        let run = self.run;
        run.events.iter().filter(move |event| event.kind == kind && self.covers(&event.phase))
    }

    /// Counters of this source in what is looked at.
    pub fn counters<'b>(&'b self, source: &'b str) -> impl Iterator<Item = &'a Counters> + 'b {
        let run = self.run;
        run.counters.iter().filter(move |c| c.source == source && self.covers(&c.phase))
    }

    /// The members whose metrics were read, ascending.
    pub fn scraped(&self) -> Vec<u32> {
        let told = |source| self.counters(source).filter_map(|c| c.member);
        let mut members: Vec<u32> = told("etcd").chain(told("etcd.state")).collect();
        members.sort_unstable();
        members.dedup();
        members
    }

    /// How much a member's counter grew; `None` where it does not have it.
    pub fn grown(&self, member: u32, name: &str) -> Option<f64> {
        self.counters("etcd")
            .filter(|c| c.member == Some(member))
            .filter_map(|c| c.values.get(name).copied())
            .reduce(|sum, value| sum + value)
    }

    /// How much a counter grew in all members together; `None` where none has it.
    pub fn grown_in_all(&self, name: &str) -> Option<f64> {
        self.scraped()
            .into_iter()
            .filter_map(|member| self.grown(member, name))
            .reduce(|sum, value| sum + value)
    }

    /// What a member showed, second by second.
    pub fn shown<'b>(&'b self, member: u32, name: &'b str) -> impl Iterator<Item = f64> + 'b {
        self.counters("etcd.state")
            .filter(move |c| c.member == Some(member))
            .filter_map(move |c| c.values.get(name).copied())
    }

    /// The most that a member showed; `None` where it does not have it.
    pub fn most_shown(&self, member: u32, name: &str) -> Option<f64> {
        self.shown(member, name).reduce(f64::max)
    }

    /// One of a member's histograms; `None` where it does not have it, or nothing was in it.
    pub fn buckets(&self, member: u32, name: &str) -> Option<Buckets> {
        let prefix = format!("{name}.le.");
        let mut bounds: Vec<(String, f64)> = Vec::new();
        for counters in self.counters("etcd").filter(|c| c.member == Some(member)) {
            for (key, grown) in &counters.values {
                let Some(bound) = key.strip_prefix(&prefix) else {
                    continue;
                };
                match bounds.iter_mut().find(|(known, _)| known == bound) {
                    Some((_, sum)) => *sum += grown,
                    None => bounds.push((bound.to_owned(), *grown)),
                }
            }
        }
        let bounds = bounds
            .into_iter()
            .filter_map(|(bound, grown)| Some((bound.parse::<f64>().ok()?, grown)));
        let count = self.grown(member, &format!("{name}.count"))?;
        let sum_s = self.grown(member, &format!("{name}.sum_s")).unwrap_or(0.0);
        Buckets::new(bounds, count, sum_s)
    }

    /// The members as the header has them.
    pub fn members(&self) -> &'a [MemberFacts] {
        &self.run.header.environment.members
    }

    /// Members that were named and did not answer when the run began.
    pub fn never_answered(&self) -> impl Iterator<Item = u32> + 'a {
        let members = self.members().iter().enumerate();
        members.filter(|(_, facts)| facts.version.is_empty()).map(|(at, _)| at as u32)
    }

    /// What is done.
    pub fn operations(&self) -> impl Iterator<Item = Operation> {
        self.strands.iter().map(|strand| strand.operation)
    }

    /// Unanswered operations that the plan allows, of an open loop.
    pub fn max_in_flight(&self) -> Option<u32> {
        match self.plan.pace {
            LoadPace::Open { max_in_flight, .. } => Some(max_in_flight),
            LoadPace::Closed { .. } => None,
        }
    }

    /// What it is called how long somebody waited who wanted something done.
    pub fn wait(&self) -> &'static str {
        if self.plan.is_open() { "response" } else { "service" }
    }

    /// The series of these waits, of everything that is done.
    pub fn wait_series(&self) -> Vec<String> {
        self.strands.iter().map(OperationSeries::wait).collect()
    }

    /// All waits of all operations.
    pub fn waits(&self) -> Pooled {
        let series = self.wait_series();
        Pooled::of(&self.phases, |s| s.member.is_none() && series.contains(&s.series))
    }

    /// Only these phases of it.
    pub fn only(&self, phases: &[&str]) -> Evidence<'a> {
        let mut part = self.clone();
        part.phases.retain(|phase| phases.contains(&phase.name.as_str()));
        part
    }

    /// For how many seconds a member's counters were read; `None` when they never were.
    pub fn counted_s(&self, member: u32) -> Option<f64> {
        let spans = self.counters("etcd").filter(|c| c.member == Some(member));
        let seconds: f64 = spans.map(|c| c.length_ns as f64 / 1e9).sum();
        (seconds > 0.0).then_some(seconds)
    }

    /// Operations that failed.
    pub fn failed(&self) -> u64 {
        self.attempts(None).errors
    }

    /// (start, end) of the waits at least this long that were told one by one, ascending.
    pub fn stall_spans(&self, at_least_ns: u64) -> Vec<(u64, u64)> {
        self.spans_of(&self.wait_series(), at_least_ns)
    }

    /// The same, of these series alone.
    pub fn spans_of(&self, series: &[String], at_least_ns: u64) -> Vec<(u64, u64)> {
        let mut spans: Vec<(u64, u64)> = self
            .run
            .stalls
            .iter()
            .filter(|stall| stall.duration_ns >= at_least_ns && self.covers(&stall.phase))
            .filter(|stall| series.contains(&stall.series))
            .map(|stall| (stall.start_ns, stall.start_ns.saturating_add(stall.duration_ns)))
            .collect();
        spans.sort_unstable();
        spans
    }
}

impl RuleInput for Evidence<'_> {
    fn phases(&self, _: Option<&str>) -> Vec<&PhaseData> {
        self.phases.clone()
    }

    fn complete(&self) -> bool {
        self.complete
    }

    /// What failed is counted where the service is: response and lag look at the same operations again.
    fn attempts(&self, series: Option<&str>) -> Pooled {
        let counted = |s: &SeriesData| match series {
            Some(series) => match series.rsplit_once('.') {
                Some((operation, "response" | "lag")) => {
                    s.series.strip_prefix(operation) == Some(".service")
                }
                _ => s.series == series,
            },
            None => s.series.ends_with(".service"),
        };
        Pooled::of(&self.phases, |s| s.member.is_none() && counted(s))
    }
}
