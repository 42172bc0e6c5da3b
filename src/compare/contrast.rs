//! Each side's metrics, and the contrasts between them.

use super::phrases::AS_OFFERED;
use super::side_metric::{SideMetric, tail_problem};
use jiff::Timestamp;

use crate::result::{PhaseData, Run, SeriesData};
use crate::stats::{self, Moments};
use crate::verdict::Cpus;

use super::arm::{self, Arm};
use super::doubt::MeasuredDifference;
use super::effect::{self, Between, Covariates};
use super::judge::{self, ALPHA, Candidate, More, Single, at_least_floor, floor_ns};
use super::subject::{self, ComparedMetric, subjects};
use super::{
    CONFIRMING_S, Contrast, Design, Group, Level, Metric, Ranking, Side, Value, looks, notes,
    outcome, rank, stolen, validity, words,
};
use crate::rule::comparison::{FailOn, Settings, Stat};

/// Fewer runs a side leave the spread between them unknown.
const FEWEST_RUNS: usize = 3;
/// Pairs cost a degree of freedom more, for what the order does.
const FEWEST_PAIRS: usize = 4;
/// Of the variance within a run, so much is that between runs at least: below this lies one estimate in a hundred of six.
const LEAST_OF_WITHIN: f64 = 0.1;
/// Runs never agree more closely than a histogram tells: half a bucket, as a standard deviation of a logarithm.
const RESOLUTION: f64 = 0.002;

/// What came of the sides.
pub(super) struct Judged {
    pub contrasts: Vec<Contrast>,
    pub rankings: Vec<Ranking>,
    pub notes: Vec<String>,
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
            Layout::of(&groups[0], &groups[other], shortest, settings)
        })
        .collect();
    let kind = runs[0].header.kind.as_str();
    let candidates: Vec<Candidate> = layouts
        .iter()
        .zip(1..)
        .flat_map(|(layout, other)| {
            let pairs = subjects.iter().zip(measured[0].iter().zip(&measured[other]));
            pairs.map(move |(subject, (a, b))| Candidate {
                contrast: other - 1,
                ..candidate(subject, a, b, layout, kind, settings)
            })
        })
        .collect();
    let alpha = layouts.iter().filter_map(|layout| layout.design.alpha).fold(ALPHA, f64::min);
    let nuisances: Vec<Vec<Vec<f64>>> = layouts.iter().map(Layout::nuisances).collect();
    let metrics = judge::judge(candidates, &nuisances, alpha);
    let missing = subject::missing(&runs);
    let contrasts = contrasts_of(metrics, &subjects, &layouts, (sides, groups), |contrast| {
        contrast.missing.clone_from(&missing);
        let indications_count = settings.fail_on.contains(&FailOn::Indicative);
        contrast.outcome = outcome::of_contrast(contrast, indications_count);
    });
    Judged {
        rankings: rank::rankings(&subjects, &measured, sides),
        notes: notes::design_notes(&contrasts, sides, settings),
        contrasts,
    }
}

fn contrasts_of(
    metrics: Vec<Metric>,
    subjects: &[ComparedMetric],
    layouts: &[Layout],
    (sides, groups): (&[Side], &[Group]),
    conclude: impl Fn(&mut Contrast),
) -> Vec<Contrast> {
    let mut metrics = metrics.into_iter();
    let with_words = |(index, layout): (usize, &Layout)| {
        let mut contrast = Contrast {
            a: sides[0].letter.clone(),
            b: sides[index + 1].letter.clone(),
            design: layout.design.clone(),
            metrics: metrics.by_ref().take(subjects.len()).collect(),
            ..Contrast::default()
        };
        conclude(&mut contrast);
        contrast.headline = words::contrast(&contrast, &groups[0], &groups[index + 1]);
        contrast
    };
    layouts.iter().enumerate().map(with_words).collect()
}

fn side_metric(group: &Group, subject: &ComparedMetric) -> SideMetric {
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
        offered: subject.stat == Stat::Rate
            && runs().all(|run| {
                place(run).is_some_and(|(phase, _)| validity::has_offered_rate(run, phase))
            }),
    }
}

/// A metric in each run on the scale of differences, and the variance each has by itself; `None` unless all have it.
pub(super) fn centres(runs: &[&Run], subject: &ComparedMetric) -> Option<(Vec<f64>, Vec<f64>)> {
    let arms: Option<Vec<Arm>> = runs.iter().map(|run| arm_of(run, subject)).collect();
    Some(arms?.iter().map(|arm| (arm.ci95.value, arm.variance())).unzip())
}

fn place<'a>(run: &'a Run, subject: &ComparedMetric) -> Option<(&'a PhaseData, &'a SeriesData)> {
    let phase = subject::phase_of(run, &subject.phase)?;
    Some((phase, phase.series(&subject.series)?))
}

fn arm_of(run: &Run, subject: &ComparedMetric) -> Option<Arm> {
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
    /// All runs are of one machine.
    one_machine: bool,
}

impl Layout {
    /// `seconds` is the shortest phase that decides.
    fn of(a: &Group, b: &Group, seconds: f64, settings: &Settings) -> Layout {
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
            run_deviation: (!several).then_some(settings.run_deviation()),
            alpha: orders.as_ref().and_then(|_| looks::told(a, b)),
        };
        Layout { design, orders, one_machine }
    }

    fn alpha(&self) -> f64 {
        self.design.alpha.unwrap_or(ALPHA)
    }

    /// What is estimated beside the effects.
    fn nuisances(&self) -> Vec<Vec<f64>> {
        let Design { runs_a, runs_b, paired, .. } = self.design;
        let covariates = Covariates { orders: self.orders.clone(), stolen: None };
        effect::nuisances(&covariates, if paired { runs_a } else { runs_a + runs_b })
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
    subject: &ComparedMetric,
    a: &SideMetric,
    b: &SideMetric,
    layout: &Layout,
    kind: &str,
    settings: &Settings,
) -> Candidate {
    let design = &layout.design;
    let given = given(subject.stat, a, b);
    // A rate that was asked for, and failures, are not what a busy hypervisor makes longer.
    let transform = subject.stat != Stat::Errors && !a.offered && !b.offered && given.is_none();
    // What is taken from two machines is theirs.
    let felt_by_runs = design.level == Level::Runs && layout.one_machine && transform;
    let shares = || stolen::shares(a, b, design.paired);
    let covariates =
        Covariates { orders: layout.orders.clone(), stolen: felt_by_runs.then(shares).flatten() };
    let (doubt, unresolved) = match design.level {
        Level::Batches => one_run_each(subject, (a, b), given.is_some(), settings),
        Level::Runs => several_runs(subject, a, b, &covariates, layout.alpha()),
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
        .filter(|_| one_run_each && transform)
        .and_then(|doubt| stolen::explained(subject.stat, doubt, a, b));
    let calibrated = settings.noise(&subject.phase, &subject.series, subject.stat).is_some();
    let single = one_run_each.then(|| Single {
        long: !design.indicative,
        calibrated,
        explained: explained.is_some(),
    });
    Candidate {
        metric: Metric {
            phase: subject.phase.clone(),
            series: subject.series.clone(),
            stat: subject.stat,
            primary: subject.primary,
            a: a.value.clone(),
            b: b.value.clone(),
            min_difference,
            stolen: covariates.stolen.as_ref().map(stolen::taken),
            ..Metric::default()
        },
        contrast: 0,
        doubt,
        invalid: invalid(a, b).or_else(|| mixed(a, b, design.level)),
        unresolved,
        given,
        single,
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

/// Why a side's latencies cannot be judged, and which side's.
fn invalid(a: &SideMetric, b: &SideMetric) -> Option<String> {
    match (&a.invalid, &b.invalid) {
        (Some(a), Some(b)) if a == b => Some(format!("A and B: {a}")),
        (Some(a), Some(b)) => Some(format!("A and B: {a}; {b}")),
        _ => named("A", &a.invalid).or_else(|| named("B", &b.invalid)),
    }
}

/// Why a metric cannot differ: an open loop that kept the offered rate on both sides, or nothing that ever failed.
fn given(stat: Stat, a: &SideMetric, b: &SideMetric) -> Option<String> {
    let none = |side: &SideMetric| {
        let arms = side.arms.iter();
        arms.flatten().count() > 0 && side.arms.iter().flatten().all(|arm| arm.value == 0.0)
    };
    let first = a.arms.iter().flatten().next().map_or(f64::NAN, |arm| arm.value);
    let same = |side: &SideMetric| {
        side.arms.iter().flatten().all(|arm| (arm.value - first).abs() <= 1e-6 * first.abs())
    };
    if a.foreign || b.foreign {
        None
    } else if stat == Stat::Rate && a.offered && b.offered {
        Some(AS_OFFERED.to_owned())
    } else if stat.is_share() && none(a) && none(b) {
        Some("none on either side".to_owned())
    } else if stat == Stat::Rate && same(a) && same(b) {
        Some("the same in every run".to_owned())
    } else {
        None
    }
}

fn named(side: &str, why: &Option<String>) -> Option<String> {
    why.as_ref().map(|why| format!("{side}: {why}"))
}

type Found = (Option<MeasuredDifference>, Option<String>);

fn one_run_each(
    subject: &ComparedMetric,
    (a, b): (&SideMetric, &SideMetric),
    given: bool,
    settings: &Settings,
) -> Found {
    let (Some(Some(a)), Some(Some(b))) = (a.arms.first(), b.arms.first()) else {
        return (None, Some("no samples".to_owned()));
    };
    let noise = settings.noise(&subject.phase, &subject.series, subject.stat);
    let between = match noise {
        // What is as it was asked for does not differ from run to run.
        _ if given => Between { deviation: 0.0, degrees_of_freedom: f64::INFINITY },
        Some(noise) => Between {
            deviation: noise.between,
            degrees_of_freedom: (noise.runs as f64 - 1.0).max(1.0),
        },
        None => Between {
            deviation: assumed_deviation(subject.stat, settings.run_deviation(), a, b),
            degrees_of_freedom: f64::INFINITY,
        },
    };
    let problem = named("A", &a.problem).or_else(|| named("B", &b.problem));
    (Some(effect::of_batches(a, b, between)), problem)
}

/// How much runs of the same thing are taken to differ where nobody measured it; of a share, a part of what it is.
fn assumed_deviation(stat: Stat, of_p50: f64, a: &Arm, b: &Arm) -> f64 {
    let deviation = stat.run_deviation(of_p50);
    if stat.is_share() { deviation * f64::midpoint(a.value, b.value) } else { deviation }
}

/// The least variance between the runs of a side that is believed: that there is none, in a few runs, is no certainty.
fn floor(stat: Stat, side: &SideMetric) -> f64 {
    let arms = || side.arms.iter().flatten();
    let within = arms().map(Arm::variance).sum::<f64>() / arms().count().max(1) as f64;
    if stat.is_share() { within } else { (LEAST_OF_WITHIN * within).max(RESOLUTION.powi(2)) }
}

fn several_runs(
    subject: &ComparedMetric,
    a: &SideMetric,
    b: &SideMetric,
    covariates: &Covariates,
    alpha: f64,
) -> Found {
    let centres = |side: &SideMetric| -> Option<Vec<f64>> {
        let arms = side.arms.iter().map(|arm| Some(arm.as_ref()?.ci95.value));
        arms.collect()
    };
    let (Some(at), Some(bt)) = (centres(a), centres(b)) else {
        return (None, Some("no samples in some of the runs".to_owned()));
    };
    let floors = (floor(subject.stat, a), floor(subject.stat, b));
    let doubt = effect::of_runs(subject.stat, (&at, &bt), covariates, floors, alpha);
    let fewest = at.len().min(bt.len());
    let too_few = match covariates.orders {
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
