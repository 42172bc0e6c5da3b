//! Each side's metrics, and the contrasts between them.

use jiff::Timestamp;

use crate::record::MIN_TAIL_SAMPLES;
use crate::result::{PhaseData, Run, SeriesData};
use crate::stats::{self, Moments};
use crate::verdict::Cpus;

use super::arm::{self, Arm};
use super::effect::{self, Beside, Doubt};
use super::judge::{self, Candidate, More, at_least_floor, floor_ns};
use super::subject::{self, Subject, subjects};
use super::{
    CONFIRMING_S, Contrast, Design, Group, Level, Metric, MetricVerdict, Outcome, Ranking,
    Settings, Side, Stat, Value, notes, rank, stolen, validity, words,
};

/// Fewer runs a side leave the spread between them unknown.
const FEWEST_RUNS: usize = 3;
/// Pairs cost a degree of freedom more, for what the order does.
const FEWEST_PAIRS: usize = 4;
/// With fewer samples beyond it in a single run, a quantile is hardly more than the largest sample.
const FEWEST_BEYOND: f64 = 5.0;

impl SideMetric {
    /// Whether anything can be said of this metric on this side.
    pub fn speaks(&self, stat: Stat) -> bool {
        let tail = || stat.quantile().and_then(|q| tail_problem("", self, q));
        self.invalid.is_none()
            && match &self.arms[..] {
                [only] => only.as_ref().is_some_and(|arm| arm.problem.is_none()),
                arms => arms.iter().all(Option::is_some) && tail().is_none(),
            }
    }
}

/// What came of the sides.
pub(super) struct Judged {
    pub contrasts: Vec<Contrast>,
    pub rankings: Vec<Ranking>,
    pub notes: Vec<String>,
}

/// A metric on one side.
#[derive(Debug, Clone)]
pub(super) struct SideMetric {
    pub value: Value,
    /// In each run; `None` where it has no samples.
    arms: Vec<Option<Arm>>,
    /// The share of the CPU time that the hypervisor gave to others meanwhile; `None` where nobody counted.
    pub stolen: Vec<Option<f64>>,
    invalid: Option<String>,
    /// The shortest phase it comes from.
    seconds: f64,
    /// Another program measured it.
    foreign: bool,
}

/// Compares every side with the first, and all with one another where there are more than two.
pub(super) fn contrasts(groups: &[Group], sides: &[Side], settings: &Settings) -> Judged {
    let runs: Vec<&Run> = groups.iter().flat_map(|g| g.runs.iter().map(|i| &i.run)).collect();
    let subjects = subjects(&runs);
    let measured: Vec<Vec<SideMetric>> = groups
        .iter()
        .map(|group| subjects.iter().map(|subject| side_metric(group, subject)).collect())
        .collect();
    let seconds = |side: &Vec<SideMetric>| {
        let deciding = subjects.iter().zip(side).filter(|(subject, _)| subject.primary);
        deciding.map(|(_, metric)| metric.seconds).fold(f64::INFINITY, f64::min)
    };
    let layouts: Vec<Layout> = (1..groups.len())
        .map(|other| {
            let shortest = seconds(&measured[0]).min(seconds(&measured[other]));
            Layout::of(&groups[0], &groups[other], shortest)
        })
        .collect();
    let candidates: Vec<Candidate> = layouts
        .iter()
        .zip(1..)
        .flat_map(|(layout, other)| {
            let pairs = subjects.iter().zip(measured[0].iter().zip(&measured[other]));
            pairs.map(|(subject, (a, b))| {
                candidate(subject, a, b, layout, &runs[0].header.kind, settings)
            })
        })
        .collect();
    let metrics = judge::judge(candidates);
    let contrasts = contrasts_of(metrics, &subjects, &layouts, sides, groups);
    Judged {
        rankings: rank::rankings(&subjects, &measured, sides),
        notes: notes::design_notes(&contrasts, sides, settings),
        contrasts,
    }
}

fn contrasts_of(
    metrics: Vec<Metric>,
    subjects: &[Subject],
    layouts: &[Layout],
    sides: &[Side],
    groups: &[Group],
) -> Vec<Contrast> {
    let mut metrics = metrics.into_iter();
    let with_words = |(index, layout): (usize, &Layout)| {
        let metrics: Vec<Metric> = metrics.by_ref().take(subjects.len()).collect();
        let mut contrast = Contrast {
            a: sides[0].letter.clone(),
            b: sides[index + 1].letter.clone(),
            design: layout.design.clone(),
            outcome: outcome(&metrics),
            headline: String::new(),
            metrics,
        };
        contrast.headline = words::contrast(&contrast, &groups[0], &groups[index + 1]);
        contrast
    };
    layouts.iter().enumerate().map(with_words).collect()
}

fn outcome(metrics: &[Metric]) -> Outcome {
    let judged = || {
        let primary = metrics.iter().filter(|metric| metric.primary);
        primary.map(|metric| metric.verdict).filter(|verdict| verdict.is_judged())
    };
    let has = |verdict| judged().any(|found| found == verdict);
    if has(MetricVerdict::Regressed) {
        Outcome::Regressed
    } else if has(MetricVerdict::Improved) {
        Outcome::Improved
    } else if has(MetricVerdict::Inconclusive) {
        Outcome::Inconclusive
    } else if has(MetricVerdict::Unchanged) {
        Outcome::Unchanged
    } else {
        Outcome::NoVerdict
    }
}

fn side_metric(group: &Group, subject: &Subject) -> SideMetric {
    let runs = || group.runs.iter().map(|input| &input.run);
    let arms: Vec<Option<Arm>> = runs().map(|run| arm_of(run, subject)).collect();
    let place = |run| place(run, subject);
    let seconds = |phase: &PhaseData| phase.length_ns as f64 / 1e9;
    SideMetric {
        value: value(&arms, subject.stat),
        arms,
        stolen: runs()
            .map(|run| {
                let (phase, _) = place(run)?;
                Some(Cpus::counted(run, |name| name == phase.name)?.stolen)
            })
            .collect(),
        invalid: runs().find_map(|run| {
            let (phase, series) = place(run)?;
            subject.stat.quantile()?;
            validity::problem(run, phase, series)
        }),
        seconds: runs()
            .filter_map(|run| Some(seconds(place(run)?.0)))
            .fold(f64::INFINITY, f64::min),
        foreign: runs().any(Run::is_foreign),
    }
}

/// A metric in each run on the scale of differences, and the variance each has by itself; `None` unless all have it.
pub(super) fn centres(runs: &[&Run], subject: &Subject) -> Option<(Vec<f64>, Vec<f64>)> {
    let arms: Option<Vec<Arm>> = runs.iter().map(|run| arm_of(run, subject)).collect();
    Some(arms?.iter().map(|arm| (arm.ci95.value, arm.variance())).unzip())
}

fn place<'a>(run: &'a Run, subject: &Subject) -> Option<(&'a PhaseData, &'a SeriesData)> {
    let phase = subject::phase_of(run, &subject.phase)?;
    Some((phase, phase.series(&subject.series)?))
}

fn arm_of(run: &Run, subject: &Subject) -> Option<Arm> {
    if subject.stat == Stat::Capacity {
        return subject::capacity(run).map(Arm::single);
    }
    let (phase, series) = place(run, subject)?;
    let seconds = phase.length_ns as f64 / 1e9;
    if run.is_foreign() {
        return arm::foreign(run, phase, series, subject.stat);
    }
    match subject.stat {
        Stat::Rate => arm::rate(phase, series),
        Stat::Errors => arm::errors(series, seconds),
        Stat::Stalls => arm::stalls(series, subject::stall_ns(run), seconds),
        stat => arm::quantile(series, stat.quantile()?, seconds),
    }
}

/// One run: its estimate. Several: their mean on the scale of differences, with the doubt from their spread.
fn value(arms: &[Option<Arm>], stat: Stat) -> Value {
    let found: Vec<&Arm> = arms.iter().flatten().collect();
    let samples = found.iter().map(|arm| arm.samples).sum();
    let show = |x: f64| match stat.quantile() {
        _ if stat.is_share() => x,
        Some(_) => x.exp().round(),
        None => x.exp(),
    };
    let end = |x: f64| x.is_finite().then(|| show(x));
    let tails: Option<Vec<f64>> = found.iter().map(|arm| arm.tail).collect();
    let common = Value {
        samples,
        tail_samples: tails.filter(|t| !t.is_empty()).map(|t| t.iter().sum()),
        design_effect: found.iter().filter_map(|arm| arm.deff).reduce(f64::max),
        ..Value::default()
    };
    if let [arm] = found[..] {
        return Value {
            value: Some(arm.value),
            low: end(arm.ci95.low),
            high: end(arm.ci95.high),
            ..common
        };
    }
    let centres: Vec<f64> = found.iter().map(|arm| arm.ci95.value).collect();
    let Some(moments) = Moments::of(&centres) else {
        return common;
    };
    let half = stats::t_quantile(0.975, moments.n - 1.0) * moments.deviation() / moments.n.sqrt();
    Value {
        value: Some(show(moments.mean)),
        low: end(moments.mean - half),
        high: end(moments.mean + half),
        runs: found.iter().map(|arm| arm.value).collect(),
        ..common
    }
}

/// How two sides are compared.
struct Layout {
    design: Design,
    /// Which of each pair came first (+1: A).
    orders: Option<Vec<f64>>,
}

impl Layout {
    /// `seconds` is the shortest phase that decides.
    fn of(a: &Group, b: &Group, seconds: f64) -> Layout {
        let seconds = if seconds.is_finite() { seconds } else { 0.0 };
        let several = a.runs.len() > 1 || b.runs.len() > 1;
        let one_machine = host(a).is_some_and(|of_a| host(b) == Some(of_a));
        let orders = (several && one_machine).then(|| interleaved(a, b)).flatten();
        let design = Design {
            level: if several { Level::Runs } else { Level::Batches },
            runs_a: a.runs.len(),
            runs_b: b.runs.len(),
            paired: orders.is_some(),
            seconds,
            indicative: !several && seconds < CONFIRMING_S,
        };
        Layout { design, orders }
    }
}

/// The machine all runs of a side are of, where it is known.
fn host(group: &Group) -> Option<&str> {
    let mut hosts = group.runs.iter().map(|i| i.run.header.environment.host.as_str());
    let first = hosts.next().filter(|host| !host.is_empty())?;
    hosts.all(|host| host == first).then_some(first)
}

/// Which of each pair came first (+1: A), where the runs alternate in time; they are in the order of time already.
fn interleaved(a: &Group, b: &Group) -> Option<Vec<f64>> {
    if a.runs.len() != b.runs.len() {
        return None;
    }
    let starts = |group: &Group| -> Option<Vec<Timestamp>> {
        let parsed = group.runs.iter().map(|i| i.run.header.started_at.parse().ok());
        parsed.collect()
    };
    let (a, b) = (starts(a)?, starts(b)?);
    let pairs: Vec<_> = a.into_iter().zip(b).collect();
    let apart = pairs.windows(2).all(|two| {
        let (before, after) = (two[0], two[1]);
        before.0.max(before.1) < after.0.min(after.1)
    });
    let order = |&(a, b): &(Timestamp, Timestamp)| if a < b { 1.0 } else { -1.0 };
    (apart && pairs.iter().all(|(a, b)| a != b)).then(|| pairs.iter().map(order).collect())
}

fn candidate(
    subject: &Subject,
    a: &SideMetric,
    b: &SideMetric,
    layout: &Layout,
    kind: &str,
    settings: &Settings,
) -> Candidate {
    let design = &layout.design;
    let shares = || stolen::shares(a, b, design.paired);
    let beside = Beside {
        orders: layout.orders.clone(),
        stolen: (design.level == Level::Runs).then(shares).flatten(),
    };
    let (doubt, unresolved) = match design.level {
        Level::Batches => one_run_each(subject, a, b, settings),
        Level::Runs => several_runs(subject, a, b, &beside),
    };
    let mut min_difference = settings.min_difference(&subject.series, subject.stat);
    if let (Some(a), Some(b)) = (a.value.value, b.value.value)
        && !settings.is_asked(&subject.series, subject.stat)
    {
        min_difference = at_least_floor(min_difference, a, b, floor_ns(kind, subject.stat));
    }
    let alike = [a, b].iter().any(|side| {
        let mut arms = side.arms.iter().flatten();
        arms.any(|arm| arm.alike)
    });
    let alike = alike
        .then(|| "neighbouring stretches of time are alike: the interval was widened".to_owned());
    let one_run_each = design.level == Level::Batches;
    let explained = doubt
        .as_ref()
        .filter(|_| one_run_each)
        .and_then(|doubt| stolen::explained(subject.stat, doubt, a, b));
    Candidate {
        metric: Metric {
            phase: subject.phase.clone(),
            series: subject.series.clone(),
            stat: subject.stat,
            primary: subject.primary,
            a: a.value.clone(),
            b: b.value.clone(),
            min_difference,
            indicative: design.indicative || explained.is_some(),
            stolen: beside.stolen.as_ref().map(stolen::taken),
            ..Metric::default()
        },
        doubt,
        invalid: named("A", &a.invalid)
            .or_else(|| named("B", &b.invalid))
            .or_else(|| mixed(a, b, design.level)),
        unresolved,
        remark: explained.or(alike.filter(|_| one_run_each)),
        more: match (design.level, design.paired) {
            (Level::Batches, _) => More::Seconds(a.seconds.min(b.seconds)),
            (Level::Runs, true) => More::Pairs(design.runs_a),
            (Level::Runs, false) => More::Runs(design.runs_a.min(design.runs_b)),
        },
    }
}

/// What another program measured is told beside ours, but whatever differs may come from how it was measured.
fn mixed(a: &SideMetric, b: &SideMetric, level: Level) -> Option<String> {
    (a.foreign != b.foreign).then(|| match level {
        Level::Batches => format!("not measured alike; {}", arm::NO_INTERVAL),
        Level::Runs => "not measured alike".to_owned(),
    })
}

fn named(side: &str, why: &Option<String>) -> Option<String> {
    why.as_ref().map(|why| format!("{side}: {why}"))
}

type Found = (Option<Doubt>, Option<String>);

fn one_run_each(subject: &Subject, a: &SideMetric, b: &SideMetric, settings: &Settings) -> Found {
    let (Some(Some(a)), Some(Some(b))) = (a.arms.first(), b.arms.first()) else {
        return (None, Some("no samples".to_owned()));
    };
    let noise = settings.calibration.as_ref();
    let noise = noise.and_then(|c| c.noise(&subject.phase, &subject.series, subject.stat));
    let between = noise.map(|noise| (noise.between, noise.runs as f64 - 1.0));
    let problem = named("A", &a.problem).or_else(|| named("B", &b.problem));
    (Some(effect::of_batches(a, b, between)), problem)
}

fn several_runs(subject: &Subject, a: &SideMetric, b: &SideMetric, beside: &Beside) -> Found {
    let centres = |side: &SideMetric| -> Option<Vec<f64>> {
        let arms = side.arms.iter().map(|arm| Some(arm.as_ref()?.ci95.value));
        arms.collect()
    };
    let (Some(at), Some(bt)) = (centres(a), centres(b)) else {
        return (None, Some("no samples in some of the runs".to_owned()));
    };
    let doubt = effect::of_runs(subject.stat, &at, &bt, beside);
    let fewest = at.len().min(bt.len());
    let too_few = match beside.orders {
        Some(_) if fewest < FEWEST_PAIRS => {
            Some(format!("{fewest} pairs of runs, {FEWEST_PAIRS} are the fewest"))
        }
        None if fewest < FEWEST_RUNS => {
            Some(format!("{} and {} runs, {FEWEST_RUNS} a side are the fewest", at.len(), bt.len()))
        }
        _ => None,
    };
    let tail = || {
        let q = subject.stat.quantile()?;
        tail_problem("A", a, q).or_else(|| tail_problem("B", b, q))
    };
    (doubt, too_few.or_else(tail))
}

/// A quantile needs its effective samples, together in all runs, and in each a few beyond it.
fn tail_problem(name: &str, side: &SideMetric, q: f64) -> Option<String> {
    let arms = || side.arms.iter().flatten();
    let fewest = arms().map(|arm| arm.samples as f64 * (1.0 - q)).fold(f64::INFINITY, f64::min);
    if fewest < FEWEST_BEYOND {
        let wanted = (FEWEST_BEYOND / (1.0 - q)).ceil() as u64;
        return Some(format!(
            "{name}: too few of a run's samples lie beyond it ({}), needs runs of about {} samples",
            fewest.floor(),
            crate::units::format_count(wanted)
        ));
    }
    let tail = side.value.tail_samples.unwrap_or(0.0);
    (tail < MIN_TAIL_SAMPLES * (1.0 - 1e-9)).then(|| {
        format!("{name}: {tail:.1} of {MIN_TAIL_SAMPLES} effective samples beyond it in all runs")
    })
}
