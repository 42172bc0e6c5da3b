//! Several loads in one, each with a name and a workload of its own.

use super::checks::FRESH_PREFIX_BYTES;
use super::rate::{self, Rate};
use super::{Class, FRESH_PREFIX, Keys, LoadPace, LoadPlan, Operation, RateStep, ReadShape, pace};
use crate::error::{Result, usage};
use crate::plan::Arrival;
use crate::plan::resolve::within;
use crate::spec::{ClassSpec, LoadSpec};
use crate::units::exact_duration;

/// Classes of one load; each has series of its own.
const MAX_CLASSES: usize = 100;
const MIN_SCALE: f64 = 0.001;
const MAX_SCALE: f64 = 1000.0;

/// How long the phases of all classes are.
#[derive(Debug, Clone, PartialEq)]
enum Lengths {
    /// One phase, as long as the load.
    One,
    /// Those of the steps of a rate.
    Steps(Vec<u64>),
}

/// The classes that were asked for, and what their numbers are multiplied with.
pub(super) fn resolve(args: &LoadSpec) -> Result<(Vec<Class>, f64)> {
    let asked = asked(args)?;
    if args.unscaled {
        return Err(usage(
            &["--unscaled"],
            "--unscaled is about a class; write it into one, as --class 'health: range --unscaled'",
        ));
    }
    if args.scale.is_some() && asked.is_empty() {
        return Err(usage(
            &["--scale"],
            "--scale multiplies rates and keys of classes, and this load has none; say --rate and --key-space-size",
        ));
    }
    let scale = within("--scale", args.scale.unwrap_or(1.0), MIN_SCALE, MAX_SCALE)?;
    let lengths = lengths(args, &asked)?;
    let classes = asked
        .iter()
        .map(|class| of(class, args, &lengths).map_err(|error| error.of_class(&class.name)));
    Ok((classes.collect::<Result<_>>()?, scale))
}

/// Those of a file and those that were typed, each name once.
fn asked(args: &LoadSpec) -> Result<Vec<ClassSpec>> {
    let mut asked: Vec<ClassSpec> = Vec::new();
    let typed = args.typed_classes.iter().map(|text| ClassSpec::parse(text));
    for class in args.classes.iter().cloned().map(Ok).chain(typed) {
        let class = class?;
        if Operation::ALL.iter().any(|operation| operation.name() == class.name)
            || class.name == "watch"
        {
            return Err(usage(
                &[],
                "this is the name of an operation, and its series' names would be taken for it; say what it stands for",
            )
            .of_class(&class.name));
        }
        if asked.iter().any(|other| other.name == class.name) {
            return Err(usage(&["--class"], format!("--class {} is there twice", class.name)));
        }
        asked.push(class);
    }
    if asked.len() > MAX_CLASSES {
        return Err(usage(&["--class"], format!("there may be {MAX_CLASSES} --class at most")));
    }
    Ok(asked)
}

/// Classes whose rate changes must change it at the same moments: these are the phases of all.
fn lengths(args: &LoadSpec, asked: &[ClassSpec]) -> Result<Lengths> {
    let mut first: Option<(&str, Vec<u64>)> = None;
    for ClassSpec { name, workload, .. } in asked {
        let Some(text) = &workload.rate else { continue };
        let parsed = rate::parse(text)
            .map_err(|why| usage(&["--rate"], format!("--rate {text}: {why}")).of_class(name))?;
        let Rate::Steps(steps) = parsed else { continue };
        let lengths: Vec<u64> = steps.iter().map(|step| step.duration_ns).collect();
        match &first {
            None => first = Some((name, lengths)),
            Some((other, others)) if *others != lengths => {
                return Err(usage(
                    &["--rate"],
                    format!(
                        "the steps of its --rate last {}, those of {other} {}; give both the same lengths",
                        said(&lengths),
                        said(others)
                    ),
                )
                .of_class(name));
            }
            Some(_) => {}
        }
    }
    match first {
        Some((name, _)) if args.duration.is_some() => Err(usage(
            &["--duration"],
            format!(
                "--duration and the steps of the --rate of class {name} both say how long; drop one of them"
            ),
        )),
        Some((_, lengths)) => Ok(Lengths::Steps(lengths)),
        None => Ok(Lengths::One),
    }
}

fn said(lengths: &[u64]) -> String {
    let each = lengths.iter().map(|ns| exact_duration(*ns));
    each.collect::<Vec<_>>().join(", ")
}

/// A class, checked as the load that it would be alone.
fn of(asked: &ClassSpec, whole: &LoadSpec, lengths: &Lengths) -> Result<Class> {
    let below = asked.beside.prefix.clone().unwrap_or_else(|| format!("{}/", asked.name));
    let before = whole.prefix.clone().unwrap_or_else(fresh);
    let steps = asked.workload.rate.as_deref().is_some_and(|text| text.contains('/'));
    let duration = match lengths {
        Lengths::One => whole.duration,
        Lengths::Steps(_) if steps => None,
        Lengths::Steps(lengths) => {
            Some(lengths.iter().fold(0, |sum: u64, ns| sum.saturating_add(*ns)))
        }
    };
    let alone = LoadSpec {
        workload: asked.workload.clone(),
        prefix: Some(before + &below),
        duration,
        warmup: whole.warmup,
        // A throwaway etcd has nobody whose history it is.
        compact: whole.compact || whole.local.is_some(),
        ..LoadSpec::default()
    };
    let mut plan = LoadPlan::resolve_one(&alone)?;
    plan.split(lengths);
    Ok(Class {
        name: asked.name.clone(),
        unscaled: asked.beside.unscaled,
        connections: plan.connections,
        pace: plan.pace,
        operations: plan.operations,
        keys: Keys { prefix: Some(below), ..plan.keys },
        values: plan.values,
        reads: plan.reads,
        writes: plan.writes,
        watch: plan.watch,
        stm: plan.stm,
        preload: plan.preload,
    })
}

/// As long as a fresh prefix will be.
fn fresh() -> String {
    let digits = FRESH_PREFIX_BYTES - FRESH_PREFIX.len();
    FRESH_PREFIX.to_owned() + &"/".repeat(digits)
}

impl LoadPlan {
    /// The loads that go on side by side, whoever makes them; see [`LoadPlan::parts`].
    pub fn whole_parts(&self) -> Vec<(Option<&str>, LoadPlan)> {
        if self.classes.is_empty() {
            return vec![(None, self.clone())];
        }
        let parts = self.classes.iter().enumerate();
        let part = |(index, class): (usize, _)| self.part(index as u64, class);
        let names = self.classes.iter().map(|class| Some(class.name.as_str()));
        names.zip(parts.map(part)).collect()
    }

    fn part(&self, index: u64, class: &Class) -> LoadPlan {
        let factor = if class.unscaled { 1.0 } else { self.scale };
        let class = class.clone();
        LoadPlan {
            connections: class.connections,
            pace: class.pace.times(factor),
            operations: class.operations,
            keys: Keys { space: times(class.keys.space, factor).max(1), ..class.keys },
            values: class.values,
            reads: class.reads,
            writes: class.writes,
            watch: class.watch,
            stm: class.stm,
            preload: times(class.preload, factor),
            classes: Vec::new(),
            shard: None,
            start: None,
            // Or all classes would draw the same.
            seed: self.seed.wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            // What binds keys to a lease loses them by design.
            verify: self.verify && class.writes.lease_ttl_s == 0,
            ..self.clone()
        }
    }

    /// What each row of figures is about, in the order of the plan.
    pub fn strands(&self) -> Vec<OperationSeries> {
        let parts = self.parts();
        parts.iter().flat_map(|(class, part)| strands(*class, part)).collect()
    }

    /// Those of a load without classes, as the part of this class.
    pub fn strands_of(&self, class: Option<&str>) -> Vec<OperationSeries> {
        strands(class, self)
    }

    /// What the load amounts to with its classes: sums, where there are any.
    pub(super) fn take_classes(&mut self, args: &LoadSpec, classes: Vec<Class>, scale: f64) {
        if classes.is_empty() {
            return;
        }
        (self.classes, self.scale) = (classes, scale);
        self.operations.clear();
        let parts: Vec<LoadPlan> = self.parts().into_iter().map(|(_, part)| part).collect();
        let budget = args.max_in_flight.unwrap_or_else(|| self.default_budget());
        self.share_out(budget, &parts);
        self.connections = parts.iter().map(|part| part.connections).sum();
        self.threads = args.threads.unwrap_or_else(|| pace::default_threads(self.connections));
        self.preload = parts.iter().map(|part| part.preload).sum();
        self.keys.space = parts.iter().map(|part| part.keys.space).sum();
        self.keys.size = parts.iter().map(|part| part.keys.size).max().unwrap_or(0);
        self.pace = sum(self.parts().iter().map(|(_, part)| &part.pace), budget);
        if let [_, _, ..] = self.steps() {
            let lengths = self.steps().iter().map(|step| step.duration_ns);
            self.duration_ns = Some(lengths.fold(0, u64::saturating_add));
        }
    }

    /// Operations under way of all classes when nothing is said: as many as fit with the largest values.
    pub(super) fn default_budget(&self) -> u32 {
        let values = self.classes.iter().map(|class| &class.values);
        let largest = values.max_by_key(|values| values.max_size);
        largest.map_or(0, pace::default_in_flight)
    }

    /// Operations under way are shared out by rates: where the server stands still, all classes last equally long.
    fn share_out(&mut self, budget: u32, parts: &[LoadPlan]) {
        let peaks: Vec<f64> = parts.iter().map(|part| part.pace.peak_per_s()).collect();
        let all: f64 = peaks.iter().sum();
        for (class, peak) in self.classes.iter_mut().zip(peaks) {
            let least = class.connections * LEAST_PER_CONNECTION;
            if let LoadPace::Open { max_in_flight, burst, .. } = &mut class.pace {
                let share = f64::from(budget) * peak / all.max(f64::MIN_POSITIVE);
                *max_in_flight = (share as u32).max(least).saturating_add(*burst);
            }
        }
    }

    /// One rate that others change beside is one that is held in all their phases.
    fn split(&mut self, lengths: &Lengths) {
        let (Lengths::Steps(lengths), LoadPace::Open { steps, .. }) = (lengths, &mut self.pace)
        else {
            return;
        };
        if let [only] = steps[..] {
            let each = |duration_ns: &u64| RateStep { duration_ns: *duration_ns, ..only };
            *steps = lengths.iter().map(each).collect();
        }
    }
}

/// Operations under way that each connection of a class may have at least.
const LEAST_PER_CONNECTION: u32 = 8;

/// A number scaled; what there was some of does not vanish.
fn times(number: u64, factor: f64) -> u64 {
    (number as f64 * factor).ceil() as u64
}

impl LoadPace {
    fn times(&self, factor: f64) -> LoadPace {
        match self {
            LoadPace::Closed { clients } => {
                LoadPace::Closed { clients: times((*clients).into(), factor).max(1) as u32 }
            }
            LoadPace::Open { steps, arrival, burst, max_in_flight } => LoadPace::Open {
                steps: steps.iter().map(|step| step.times(factor)).collect(),
                arrival: *arrival,
                burst: times((*burst).into(), factor) as u32,
                max_in_flight: *max_in_flight,
            },
        }
    }

    /// The most operations per second that are wanted at any time, bursts among them; 0 of a closed loop.
    fn peak_per_s(&self) -> f64 {
        let LoadPace::Open { steps, .. } = self else {
            return 0.0;
        };
        let peaks =
            steps.iter().map(|step| step.from_per_s.max(step.to_per_s) + f64::from(step.burst));
        peaks.fold(0.0, f64::max)
    }
}

impl RateStep {
    fn times(&self, factor: f64) -> RateStep {
        RateStep {
            from_per_s: self.from_per_s * factor,
            to_per_s: self.to_per_s * factor,
            duration_ns: self.duration_ns,
            burst: times(self.burst.into(), factor) as u32,
        }
    }
}

/// What all rates come to; of closed loops alone, their clients.
pub(super) fn sum<'a>(paces: impl Iterator<Item = &'a LoadPace>, max_in_flight: u32) -> LoadPace {
    let (mut all, mut clients): (Vec<RateStep>, u32) = (Vec::new(), 0);
    for pace in paces {
        match pace {
            LoadPace::Closed { clients: some } => clients += some,
            LoadPace::Open { steps, .. } if all.is_empty() => all.clone_from(steps),
            LoadPace::Open { steps, .. } => {
                for (sum, step) in all.iter_mut().zip(steps) {
                    sum.from_per_s += step.from_per_s;
                    sum.to_per_s += step.to_per_s;
                    sum.burst += step.burst;
                }
            }
        }
    }
    if all.is_empty() {
        return LoadPace::Closed { clients };
    }
    LoadPace::Open { steps: all, arrival: Arrival::Constant, burst: 0, max_in_flight }
}

/// What a row of figures is about: an operation, or that of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationSeries {
    /// What its series' names begin with.
    pub name: String,
    /// What is done.
    pub operation: Operation,
    /// Whether its operations are due at times of their own.
    pub open: bool,
    /// Whether each reads many keys in one request.
    pub lists: bool,
    /// Requests that each takes: pages of a list, one of everything else.
    pub requests: u64,
}

impl OperationSeries {
    /// What it is called how long somebody waited who wanted something done.
    pub fn wait(&self) -> String {
        format!("{}.{}", self.name, if self.open { "response" } else { "service" })
    }

    /// The names of its series.
    pub fn series(&self) -> Vec<String> {
        let kinds: &[&str] = if self.open { &["response", "service", "lag"] } else { &["service"] };
        kinds.iter().map(|kind| format!("{}.{kind}", self.name)).collect()
    }
}

fn strands(class: Option<&str>, part: &LoadPlan) -> Vec<OperationSeries> {
    let done: Vec<Operation> = part
        .operations
        .iter()
        .filter(|weighted| weighted.weight > 0.0)
        .map(|weighted| weighted.operation)
        .collect();
    let name = |operation: Operation| match class {
        None => operation.name().to_owned(),
        Some(class) if done.len() == 1 => class.to_owned(),
        Some(class) => format!("{class}.{}", operation.name()),
    };
    let each = done.iter().map(|&operation| OperationSeries {
        name: name(operation),
        operation,
        open: part.is_open(),
        lists: operation == Operation::Range
            && matches!(part.reads.shape, ReadShape::Prefix | ReadShape::From | ReadShape::Paged),
        requests: match (operation, part.reads.shape, part.reads.limit) {
            (Operation::Range, ReadShape::Paged, page @ 1..) => {
                part.keys.space.div_ceil(page.into()).max(1)
            }
            _ => 1,
        },
    });
    each.collect()
}

/// The series of a part's watches.
pub fn events(class: Option<&str>) -> String {
    format!("{}.event", class.unwrap_or("watch"))
}

/// How long after a read of the revision a part's watch has shown it.
pub fn freshness(class: Option<&str>) -> String {
    format!("{}.freshness", class.unwrap_or("watch"))
}
