//! When operations are started, for how long, and over which connections.

use super::rate::{self, Rate};
use super::{LoadPace, LoadPlan, RateStep, Target, Values};
use crate::error::{Result, usage};
use crate::plan::resolve::{RATE, within};
use crate::plan::{Arrival, PlannedPhase};
use crate::spec::{ArrivalArg, LoadSpec, WorkloadSpec};
use crate::units::exact_duration;

/// Default puts per second with watches: each is an event to every watch of it.
const WATCH_RATE: f64 = 100.0;
/// Default length of the measured load.
pub(super) const DURATION_NS: u64 = 30_000_000_000;
/// Default length of the load before it: connections, caches and the server's heap come up to temperature.
pub(super) const WARMUP_NS: u64 = 3_000_000_000;
/// Default operations under way: more than five seconds of the default rate, so that a stall is seen whole.
const MAX_IN_FLIGHT: u32 = 10_000;
/// What the requests under way may take up by default; large values are held to fewer.
const IN_FLIGHT_BYTES: u64 = 1 << 30;
/// Default connections: enough to reach all members of any cluster evenly, few enough to cost nobody anything.
const CONNECTIONS: u32 = 10;
/// Default threads: one carries more small requests than etcd answers puts; a second keeps the pace where the first
/// is held up.
const THREADS: u32 = 2;

const MAX_CLIENTS: u32 = 100_000;
/// An address has some 60,000 ports, and a process seldom may open more files.
const MAX_CONNECTIONS: u32 = 50_000;
const MAX_THREADS: u32 = 256;
/// Below this a load ends before it has said anything.
const SHORTEST_NS: u64 = 100_000_000;
const LONGEST_NS: u64 = 365 * 86_400 * 1_000_000_000;

/// What the flags of pace and length amount to.
pub(super) struct Pace {
    pub pace: LoadPace,
    pub connections: u32,
    pub threads: u32,
    pub warmup_ns: u64,
    pub duration_ns: Option<u64>,
    pub total: Option<u64>,
}

impl Pace {
    /// As [`LoadPlan::expected_operations`].
    pub(super) fn expected_operations(&self) -> Option<u64> {
        expected_operations(&self.pace, self.warmup_ns, self.duration_ns, self.total)
    }
}

pub(super) fn resolve(args: &LoadSpec, watches: bool, values: &Values) -> Result<Pace> {
    let rate = rate(&args.workload, watches)?;
    let duration_ns = duration(args, rate.as_ref())?;
    let pace = match rate {
        None => closed(args)?,
        Some(rate) => open(args, rate, duration_ns, values)?,
    };
    let connections = connections(&args.workload, &pace)?;
    let threads = args.threads.unwrap_or_else(|| default_threads(connections));
    check_threads(threads, connections)?;
    if args.total == Some(0) {
        return Err(usage(&["--total"], "--total 0 measures nothing; it must be at least 1"));
    }
    Ok(Pace {
        pace,
        connections,
        threads,
        warmup_ns: warmup(args)?,
        duration_ns,
        total: args.total,
    })
}

/// Whether each of so many threads has something to drive.
pub(super) fn check_threads(threads: u32, connections: u32) -> Result<()> {
    within("--threads", threads, 1, MAX_THREADS)?;
    if threads > connections {
        return Err(usage(
            &["--threads", "--conns"],
            format!(
                "--threads {threads} are more than the {connections} connections they would drive; raise --conns or use \
             fewer"
            ),
        ));
    }
    Ok(())
}

/// The rate when nothing is said.
pub(super) fn default_rate(watches: bool) -> f64 {
    if watches { WATCH_RATE } else { RATE }
}

/// Connections when nothing is said.
pub(super) fn default_connections(pace: &LoadPace) -> u32 {
    CONNECTIONS.min(at_a_time(pace))
}

/// Threads when nothing is said.
pub(super) fn default_threads(connections: u32) -> u32 {
    THREADS.min(connections)
}

/// Operations under way when nothing is said.
pub(super) fn default_in_flight(values: &Values) -> u32 {
    let fit = IN_FLIGHT_BYTES / u64::from(values.max_size).max(1);
    u32::try_from(fit).map_or(MAX_IN_FLIGHT, |fit| fit.min(MAX_IN_FLIGHT))
}

fn at_a_time(pace: &LoadPace) -> u32 {
    match *pace {
        LoadPace::Closed { clients } => clients,
        LoadPace::Open { max_in_flight, .. } => max_in_flight,
    }
}

fn rate(args: &WorkloadSpec, watches: bool) -> Result<Option<Rate>> {
    match (&args.rate, args.clients) {
        (Some(text), _) => {
            let parsed = rate::parse(text);
            parsed.map(Some).map_err(|why| usage(&["--rate"], format!("--rate {text}: {why}")))
        }
        (None, Some(_)) => Ok(None),
        (None, None) => Ok(Some(Rate::Steady(default_rate(watches)))),
    }
}

fn closed(args: &LoadSpec) -> Result<LoadPace> {
    for (given, flag) in [
        (args.workload.arrival.is_some(), "--arrival"),
        (args.workload.burst.is_some(), "--burst"),
        (args.max_in_flight.is_some(), "--max-in-flight"),
    ] {
        if given {
            return Err(usage(
                &[flag, "--clients", "--rate"],
                format!(
                    "{flag} is about open loop, and --clients without --rate is a closed loop; add --rate or drop {flag}"
                ),
            ));
        }
    }
    let clients = args.workload.clients.unwrap_or(1);
    Ok(LoadPace::Closed { clients: within("--clients", clients, 1, MAX_CLIENTS)? })
}

fn open(
    args: &LoadSpec,
    rate: Rate,
    duration_ns: Option<u64>,
    values: &Values,
) -> Result<LoadPace> {
    let steps = match rate {
        Rate::Steps(steps) => steps,
        Rate::Steady(rate) => vec![RateStep {
            from_per_s: rate,
            to_per_s: rate,
            duration_ns: duration_ns.unwrap_or(0),
            burst: 0,
        }],
    };
    let max_in_flight = match (args.max_in_flight, args.workload.clients) {
        (Some(_), Some(_)) => {
            return Err(usage(
                &["--clients", "--rate", "--max-in-flight"],
                "--clients beside --rate says how many operations may be under way, as --max-in-flight does; drop one \
                 of them",
            ));
        }
        (Some(n), None) => within("--max-in-flight", n, 1, MAX_CLIENTS)?,
        (None, Some(n)) => within("--clients", n, 1, MAX_CLIENTS)?,
        (None, None) => default_in_flight(values),
    };
    Ok(LoadPace::Open {
        steps,
        arrival: match args.workload.arrival {
            None | Some(ArrivalArg::Constant) => Arrival::Constant,
            Some(ArrivalArg::Poisson) => Arrival::Poisson,
        },
        burst: within("--burst", args.workload.burst.unwrap_or(0), 0, MAX_CLIENTS)?,
        max_in_flight,
    })
}

fn connections(args: &WorkloadSpec, pace: &LoadPace) -> Result<u32> {
    let connections = args.conns.unwrap_or_else(|| default_connections(pace));
    within("--conns", connections, 1, MAX_CONNECTIONS)?;
    let most = at_a_time(pace);
    if connections <= most {
        return Ok(connections);
    }
    let flag = match (pace, args.clients) {
        (LoadPace::Open { .. }, None) => "--max-in-flight",
        _ => "--clients",
    };
    Err(usage(
        &["--conns", flag],
        format!(
            "--conns {connections} are more than the {most} operations that {flag} lets be under way, so some would idle; \
         raise {flag} or use fewer"
        ),
    ))
}

fn warmup(args: &LoadSpec) -> Result<u64> {
    let warmup_ns = args.warmup.unwrap_or(WARMUP_NS);
    if warmup_ns > LONGEST_NS {
        return Err(too_long("--warmup", warmup_ns));
    }
    Ok(warmup_ns)
}

fn duration(args: &LoadSpec, rate: Option<&Rate>) -> Result<Option<u64>> {
    let (flag, duration_ns) = match (rate, args.duration, args.total) {
        (Some(Rate::Steps(_)), Some(_), _) => {
            return Err(usage(
                &["--duration", "--rate"],
                "--duration and the steps of --rate both say how long; drop --duration, or give the last step the rest",
            ));
        }
        (Some(Rate::Steps(steps)), None, _) => {
            let lengths = steps.iter().map(|step| step.duration_ns);
            ("--rate", lengths.fold(0, u64::saturating_add))
        }
        (_, Some(duration_ns), _) => ("--duration", duration_ns),
        (_, None, Some(_)) => return Ok(None),
        (_, None, None) => ("--duration", DURATION_NS),
    };
    if duration_ns < SHORTEST_NS {
        return Err(usage(
            &[flag],
            format!("{flag} must be at least {}", exact_duration(SHORTEST_NS)),
        ));
    }
    if duration_ns > LONGEST_NS {
        return Err(too_long(flag, duration_ns));
    }
    Ok(Some(duration_ns))
}

fn too_long(flag: &'static str, ns: u64) -> crate::error::Error {
    usage(
        &[flag],
        format!(
            "{flag} {} is too long; it may be up to {}",
            exact_duration(ns),
            exact_duration(LONGEST_NS)
        ),
    )
}

impl LoadPlan {
    /// The phases in order, each with its planned length; 0 where nobody knows how long it takes.
    ///
    /// `preload`, `warmup`, `steady` or one `rate.N` per step of the rate, `verify`, `cleanup`: those there are.
    pub fn phases(&self) -> Vec<PlannedPhase> {
        let phase = |name: &str, duration_ns| PlannedPhase { name: name.to_owned(), duration_ns };
        let mut phases = Vec::new();
        if self.preload > 0 {
            phases.push(phase("preload", 0));
        }
        if self.warmup_ns > 0 {
            phases.push(phase("warmup", self.warmup_ns));
        }
        match self.steps() {
            steps @ [_, _, ..] => {
                for (index, step) in steps.iter().enumerate() {
                    phases.push(phase(&format!("rate.{}", index + 1), step.duration_ns));
                }
            }
            _ => phases.push(phase("steady", self.measured_ns().unwrap_or(0))),
        }
        if self.verify {
            phases.push(phase("verify", 0));
        }
        // A throwaway etcd takes its keys along.
        let keeps = self.keep_keys || matches!(self.target, Target::Local { .. });
        if !keeps || self.compact || self.defrag {
            phases.push(phase("cleanup", 0));
        }
        phases
    }

    /// How long warm-up and measured load are planned to last together, without what goes before and comes after;
    /// nothing where only a number of operations ends a closed loop.
    pub fn length_ns(&self) -> Option<u64> {
        Some(self.warmup_ns.saturating_add(self.measured_ns()?))
    }

    /// Operations that the load is planned to do, warm-up among them; nothing for a closed loop, which does as many as
    /// are answered, unless a number ends it and nothing goes before.
    pub fn expected_operations(&self) -> Option<u64> {
        expected_operations(&self.pace, self.warmup_ns, self.duration_ns, self.total)
    }

    /// The steps of the rate; none in a closed loop.
    pub fn steps(&self) -> &[RateStep] {
        match &self.pace {
            LoadPace::Open { steps, .. } => steps,
            LoadPace::Closed { .. } => &[],
        }
    }

    /// Whether operations are due at times fixed beforehand.
    pub fn is_open(&self) -> bool {
        matches!(self.pace, LoadPace::Open { .. })
    }

    /// How long the measured load is planned to last; nothing where only a count ends a closed loop.
    pub(super) fn measured_ns(&self) -> Option<u64> {
        let LoadPace::Open { steps, burst, .. } = &self.pace else {
            return self.duration_ns;
        };
        let Some(total) = self.total else {
            return self.duration_ns;
        };
        // Several steps are not cut short here: which one the count ends in shows when it does.
        let [step] = steps.as_slice() else {
            return self.duration_ns;
        };
        let left = total.saturating_sub(u64::from(*burst)) as f64;
        let mean_per_s = (step.from_per_s + step.to_per_s) / 2.0;
        let by_count_ns = (left / mean_per_s * 1e9) as u64;
        Some(by_count_ns.min(self.duration_ns.unwrap_or(u64::MAX)))
    }
}

fn expected_operations(
    pace: &LoadPace,
    warmup_ns: u64,
    duration_ns: Option<u64>,
    total: Option<u64>,
) -> Option<u64> {
    let LoadPace::Open { steps, burst, .. } = pace else {
        return total.filter(|_| warmup_ns == 0);
    };
    let warmup = steps.first()?.from_per_s * warmup_ns as f64 / 1e9;
    let by_time = duration_ns.map(|_| due(steps) + f64::from(*burst));
    let measured = match (by_time, total.map(|total| total as f64)) {
        (Some(by_time), Some(total)) => by_time.min(total),
        (Some(measured), None) | (None, Some(measured)) => measured,
        (None, None) => return None,
    };
    // Saturates, which is what a count wants.
    Some((warmup + measured).ceil() as u64)
}

/// Operations due in all steps.
fn due(steps: &[RateStep]) -> f64 {
    let each = steps.iter().map(|step| {
        (step.from_per_s + step.to_per_s) / 2.0 * step.duration_ns as f64 / 1e9
            + f64::from(step.burst)
    });
    each.sum()
}
