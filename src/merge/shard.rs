//! One machine's result as it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::pile::{Pile, SECOND, second};
use crate::error::Result;
use crate::plan::LoadPlan;
use crate::record::Distribution;
use crate::result::{Counters, Event, Header, Interval, Line, SHARD_START, ShardPart, StallLine};

/// What a machine says of itself, and is added up over all of them.
const OF_MACHINES: [&str; 3] = ["client", "cpu", "preload"];
/// An interval so much longer than a second was ended late: its machine stood still.
const STOOD_STILL_NS: u64 = SECOND / 2;
/// The longest time of which each second is marked as late.
const MOST_LATE_SECONDS: u64 = 3_600;

/// A phase and one of its seconds.
pub type PhaseSecond = (String, u64);

/// One machine's part.
#[derive(Debug)]
pub struct Shard {
    /// The file it was found in.
    pub path: PathBuf,
    /// Its first line.
    pub header: Header,
    /// Which part it is.
    pub part: ShardPart,
    /// The plan of all.
    pub plan: LoadPlan,
    /// The load's start on its clock, and as its wall time.
    pub start: Option<(u64, String)>,
    /// When its phases began on its clock.
    pub phases: BTreeMap<String, u64>,
    /// Its stalls.
    pub stalls: Vec<StallLine>,
    /// Its events.
    pub events: Vec<Event>,
    /// What it read of the server.
    pub server: Vec<Counters>,
    /// Its own CPU: threads' seconds and those there were, busy, stolen and all seconds of its machine.
    pub cpu: BTreeMap<&'static str, f64>,
    /// Whether it came to its end, and whether a signal ended it.
    pub ended: Option<(bool, bool)>,
    /// When it ended.
    pub ended_at: String,
    /// How long its operations waited.
    pub waits: Distribution,
    /// How late they were sent, all kinds together.
    pub lag: Distribution,
    /// Answered and failed operations by phase and series.
    pub counts: BTreeMap<(String, String), (u64, u64)>,
    /// Seconds with the 99th percentile of the lag in it, or for how long it stood still.
    pub lag_by_second: BTreeMap<PhaseSecond, u64>,
    /// How long each phase went on, as its intervals say.
    pub lasted: BTreeMap<String, u64>,
    waited: BTreeSet<String>,
}

/// Whether a phase is judged.
pub fn counts(phase: &str) -> bool {
    phase == "steady" || phase.starts_with("rate.")
}

impl Shard {
    /// Of this beginning.
    ///
    /// # Errors
    /// A message when it is no load's.
    pub fn new(path: PathBuf, header: Header) -> std::result::Result<Shard, String> {
        if header.kind != "load" {
            return Err(format!(
                "this is the result of a {}, and only loads are merged",
                header.kind
            ));
        }
        let plan: LoadPlan = serde_json::from_value(header.plan.clone())
            .map_err(|error| format!("its plan cannot be read: {error}"))?;
        let part = match &header.shard {
            Some(part) => part.clone(),
            None => ShardPart {
                index: 1,
                of: 1,
                plan_hash: plan.hash().map_err(|error| error.to_string())?,
                ..ShardPart::default()
            },
        };
        let waited = plan.own().strands().iter().map(crate::plan::OperationSeries::wait).collect();
        Ok(Shard {
            path,
            part,
            plan,
            start: None,
            phases: BTreeMap::new(),
            stalls: Vec::new(),
            events: Vec::new(),
            server: Vec::new(),
            cpu: BTreeMap::new(),
            ended: None,
            ended_at: header.started_at.clone(),
            waits: Distribution::default(),
            lag: Distribution::default(),
            counts: BTreeMap::new(),
            lag_by_second: BTreeMap::new(),
            lasted: BTreeMap::new(),
            waited,
            header,
        })
    }

    /// Whether it came to its end.
    pub fn is_complete(&self) -> bool {
        self.ended.is_some_and(|(complete, interrupted)| complete && !interrupted)
    }

    /// The load's start on its clock.
    pub fn start_ns(&self) -> u64 {
        self.start.as_ref().map_or(0, |(start_ns, _)| *start_ns)
    }

    /// Takes in a line.
    ///
    /// # Errors
    /// A message for what makes no sense.
    pub fn add(&mut self, line: Line, pile: &mut Pile) -> std::result::Result<(), String> {
        match line {
            Line::Header(_) | Line::Told(_) => {}
            Line::Interval(interval) => self.interval(&interval, pile)?,
            Line::Stall(stall) => self.stalls.push(stall),
            Line::Event(event) => self.event(event),
            Line::Counters(counters) => self.count(counters, pile),
            Line::Summary(summary) => {
                self.ended = Some((summary.complete, summary.interrupted));
                self.ended_at = summary.ended_at;
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event) {
        if event.kind == "phase" {
            self.phases.entry(event.phase.clone()).or_insert(event.at_ns);
        }
        if event.kind == SHARD_START {
            let start = event.detail.get("start").and_then(|start| start.as_str());
            let start_ns = event.detail.get("start_ns").and_then(serde_json::Value::as_u64);
            self.start = start_ns.zip(start.map(str::to_owned));
        }
        self.events.push(event);
    }

    /// How long after its phase something began.
    fn since(&mut self, phase: &str, at_ns: u64) -> u64 {
        if !self.phases.contains_key(phase) {
            self.phases.insert(phase.to_owned(), at_ns);
        }
        let begun_ns = self.phases.get(phase).copied().unwrap_or(at_ns);
        at_ns.saturating_sub(begun_ns)
    }

    fn count(&mut self, counters: Counters, pile: &mut Pile) {
        let since_ns = self.since(&counters.phase, counters.start_ns);
        if OF_MACHINES.contains(&counters.source.as_str()) {
            let place = (counters.phase.as_str(), counters.source.as_str());
            pile.count(place, second(since_ns, counters.length_ns), &counters.values);
            self.own_cpu(&counters);
        } else if self.part.index == 1 {
            self.server.push(counters);
        }
    }

    fn own_cpu(&mut self, counters: &Counters) {
        if !counts(&counters.phase) {
            return;
        }
        let value = |name: &str| counters.values.get(name).copied().unwrap_or(0.0);
        let seconds = counters.length_ns as f64 / 1e9;
        let told: &[(&'static str, f64)] = match counters.source.as_str() {
            "client" => &[("used", value("cpu_s")), ("had", value("threads") * seconds)],
            "cpu" => &[
                ("busy", value("busy_s")),
                ("stolen", value("steal_s")),
                ("all", value("total_s")),
            ],
            _ => &[],
        };
        for (name, value) in told {
            *self.cpu.entry(name).or_default() += value;
        }
    }

    fn interval(
        &mut self,
        interval: &Interval,
        pile: &mut Pile,
    ) -> std::result::Result<(), String> {
        let samples = Distribution::decode(
            &interval.histogram,
            interval.count,
            interval.min_ns,
            interval.max_ns,
            interval.sum_ns,
        )?;
        let since_ns = self.since(&interval.phase, interval.start_ns);
        let end_ns = since_ns.saturating_add(interval.length_ns);
        let lasted = self.lasted.entry(interval.phase.clone()).or_default();
        *lasted = end_ns.max(*lasted);
        if counts(&interval.phase) {
            self.measured(interval, since_ns, &samples);
        }
        pile.add(interval, since_ns, samples).map_err(|error| error.to_string())
    }

    fn measured(&mut self, interval: &Interval, since_ns: u64, samples: &Distribution) {
        let mut late_ns = interval.length_ns.saturating_sub(SECOND);
        if late_ns < STOOD_STILL_NS {
            late_ns = 0;
        }
        if interval.series.ends_with(".lag") {
            self.lag.merge(samples);
            late_ns = late_ns.max(samples.quantile(0.99).unwrap_or(0));
        }
        if self.waited.contains(&interval.series) {
            self.waits.merge(samples);
        }
        if interval.series.ends_with(".service") {
            let place = (interval.phase.clone(), interval.series.clone());
            let sum = self.counts.entry(place).or_default();
            sum.0 += interval.count;
            sum.1 += interval.errors.values().sum::<u64>();
        }
        let first = second(since_ns, interval.length_ns);
        let last = since_ns.saturating_add(interval.length_ns).saturating_sub(SECOND / 4) / SECOND;
        for at in first..=last.clamp(first, first.saturating_add(MOST_LATE_SECONDS)) {
            let known = self.lag_by_second.entry((interval.phase.clone(), at)).or_default();
            *known = late_ns.max(*known);
        }
    }
}

/// Reads a line of a result.
///
/// # Errors
/// A message when it is none.
pub fn parse(line: &[u8]) -> std::result::Result<Option<Line>, String> {
    // Nearly all lines are intervals, and told apart by their beginning they are read in a third of the time.
    if line.starts_with(b"{\"type\":\"interval\"") {
        let interval = serde_json::from_slice::<Interval>(line);
        return interval.map(|interval| Some(Line::Interval(interval))).map_err(|e| e.to_string());
    }
    match serde_json::from_slice::<Line>(line) {
        Ok(line) => Ok(Some(line)),
        // Of a newer minor version.
        Err(error) if error.to_string().starts_with("unknown variant") => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// What reading came to.
pub type Read = Result<(Vec<Shard>, Pile)>;
