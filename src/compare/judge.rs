//! From effects and their doubt to verdicts, one rule after the other: invalid, not resolvable, regressed or improved,
//! unchanged, inconclusive.

use crate::stats::{self, Family, Joint};
use crate::units::{format_share, significant};

use super::arm::{rounded_up, seconds};
use super::doubt::{MeasuredDifference, Steal};
use super::{Effect, Metric, MetricVerdict};
use crate::rule::comparison::Stat;

/// Family-wise error of all metrics that decide, of all looks together.
pub(super) const ALPHA: f64 = 0.05;
/// Probability of finding a true effect of the size that is called detectable.
pub(super) const POWER: f64 = 0.8;
/// More runs than this, or than so many times those there are, are no advice.
const MOST_MORE: f64 = 40.0;
/// All of an interval beyond this ratio shows a difference whatever the length of the only run a side, …
const FAR: f64 = 2.0;
/// … of shares beyond so many times what matters.
const FAR_SHARE: f64 = 10.0;

/// A metric before its verdict.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// All but effect, verdict, and what follows from them.
    pub metric: Metric,
    /// Which contrast it is of: metrics of one contrast come from the same runs.
    pub contrast: usize,
    /// The difference; `None` where there is too little for one.
    pub doubt: Option<MeasuredDifference>,
    /// Why it was not measured in a way that allows to judge.
    pub invalid: Option<String>,
    /// Why there are too few samples.
    pub unresolved: Option<String>,
    /// Why it cannot differ: both sides have what was asked of them. It is no test then.
    pub given: Option<String>,
    /// What is worth telling beside a verdict.
    pub remark: Option<String>,
    /// What more of would help.
    pub more: More,
    /// What one run a side is good for; `None` of several.
    pub single: Option<Single>,
}

/// What one run a side is good for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Single {
    /// Long enough that the doubt within the run is known.
    pub long: bool,
    /// How much runs differ is known from repeated ones.
    pub calibrated: bool,
    /// The hypervisor may have done all of it.
    pub explained: bool,
}

/// What more of would narrow an interval.
#[derive(Debug, Clone, Copy)]
pub(super) enum More {
    /// Runs as long as these, in seconds.
    Seconds(f64),
    /// Pairs of runs.
    Pairs(usize),
    /// Runs on each side.
    Runs(usize),
}

/// Judges all metrics of a comparison together. `nuisances` are those of each contrast's runs; `alpha` is the error of
/// this look.
pub(super) fn judge(
    candidates: Vec<Candidate>,
    nuisances: &[Vec<Vec<f64>>],
    alpha: f64,
) -> Vec<Metric> {
    let families = [true, false].map(|primary| Tests::of(&candidates, primary, nuisances, alpha));
    let judged = candidates.into_iter().enumerate().map(|(index, candidate)| {
        let tests = &families[usize::from(!candidate.metric.primary)];
        verdict(candidate, tests, tests.adjusted[index], alpha)
    });
    judged.collect()
}

/// The tests that share an error.
struct Tests {
    /// Of each candidate; 1 of those that are no tests here.
    adjusted: Vec<f64>,
    /// The level of each by itself.
    nominal: f64,
    count: usize,
}

impl Tests {
    /// Of those that decide, or of the others. What cannot be judged, or cannot differ, is no test.
    fn of(
        candidates: &[Candidate],
        primary: bool,
        nuisances: &[Vec<Vec<f64>>],
        alpha: f64,
    ) -> Tests {
        let mut joints: Vec<(Joint, Vec<usize>)> = Vec::new();
        let mut of_contrast: Vec<Option<usize>> = vec![None; nuisances.len()];
        let tested = candidates.iter().enumerate().filter(|(_, c)| {
            c.metric.primary == primary
                && c.invalid.is_none()
                && c.unresolved.is_none()
                && c.given.is_none()
        });
        for (index, candidate) in tested {
            let Some(doubt) = &candidate.doubt else { continue };
            let varies = |errors: &&Vec<f64>| errors.iter().any(|error| error.abs() > 0.0);
            let Some(errors) = doubt.errors.as_ref().filter(varies) else {
                joints.push((Joint::single(doubt.p), vec![index]));
                continue;
            };
            let place = *of_contrast[candidate.contrast].get_or_insert_with(|| {
                let nuisances = nuisances[candidate.contrast].clone();
                joints.push((Joint { nuisances, ..Joint::default() }, Vec::new()));
                joints.len() - 1
            });
            let (joint, members) = &mut joints[place];
            joint.p_values.push(doubt.p);
            joint.errors.push(errors.clone());
            members.push(index);
        }
        let (joints, members): (Vec<Joint>, Vec<Vec<usize>>) = joints.into_iter().unzip();
        let family = Family::new(joints);
        let mut adjusted = vec![1.0; candidates.len()];
        for (index, p) in members.iter().flatten().zip(family.adjusted().into_iter().flatten()) {
            adjusted[*index] = p;
        }
        let count = members.iter().map(Vec::len).sum();
        Tests { adjusted, nominal: family.nominal(alpha), count }
    }
}

fn verdict(candidate: Candidate, tests: &Tests, p_adjusted: f64, alpha: f64) -> Metric {
    let Candidate { mut metric, doubt, invalid, unresolved, given, remark, more, single, .. } =
        candidate;
    let share = metric.stat.is_share();
    let margin = to_scale(metric.min_difference, share);
    metric.effect = doubt.as_ref().map(|doubt| effect(doubt, share, p_adjusted));
    metric.given = given.is_some();
    let detectable = doubt.as_ref().filter(|_| given.is_none()).map(|doubt| {
        let critical = stats::t_quantile(1.0 - tests.nominal / 2.0, doubt.degrees_of_freedom);
        let (error, freedom) = (doubt.standard_error, doubt.degrees_of_freedom);
        stats::detectable(POWER, error, freedom, critical, margin)
    });
    metric.detectable =
        detectable.map(|found| from_scale(found, share)).filter(|found| found.is_finite());
    if let (Some(stolen), Some(steal)) =
        (&mut metric.stolen, doubt.as_ref().and_then(|doubt| doubt.steal))
    {
        let show = |x: f64| if share { x } else { x.exp() };
        stolen.measured = Some(show(steal.measured));
        stolen.corrected = Some(show(steal.corrected.value));
        stolen.taken_out = steal.shown;
    }
    if let Some(why) = invalid {
        metric.verdict = MetricVerdict::Invalid;
        metric.reason = Some(why);
        return metric;
    }
    let (Some(doubt), None) = (doubt, &unresolved) else {
        metric.verdict = MetricVerdict::NotResolvable;
        metric.reason = unresolved;
        return metric;
    };
    let value = doubt.ci95.value;
    let within = doubt.ci90.low > -margin && doubt.ci90.high < margin;
    let hidden = doubt.steal.filter(|steal| !steal.shown && steal.p >= alpha);
    let found = given.is_none() && p_adjusted < alpha && value.abs() >= margin;
    metric.reason = remark;
    if found && hidden.is_none() {
        let better = (value > 0.0) == metric.stat.more_is_better();
        metric.verdict = if better { MetricVerdict::Improved } else { MetricVerdict::Regressed };
        metric.beyond_doubt = doubt.ci95.low >= margin || doubt.ci95.high <= -margin;
        metric.indicative =
            single.is_some_and(|single| !single.confirms(&doubt, margin, share, &metric));
        metric.reason = metric.reason.or_else(|| both_figures(doubt.steal, share));
    } else if within || (given.is_some() && metric.stat == Stat::Rate) {
        metric.verdict = MetricVerdict::Unchanged;
        let small = doubt.ci95.low > 0.0 || doubt.ci95.high < 0.0;
        metric.reason = given.or_else(|| {
            small.then(|| {
                format!("changed, below the {} threshold", format_share(metric.min_difference))
            })
        });
    } else {
        metric.verdict = MetricVerdict::Inconclusive;
        let open = Open { doubt: &doubt, margin, more, tests, p_adjusted, alpha };
        metric.reason = Some(match hidden.filter(|_| found) {
            Some(steal) => explained_by_steal(&steal, share),
            None => match given {
                Some(why) => format!("{why}; too few operations to exclude more"),
                None => open.why(&metric),
            },
        });
    }
    metric
}

impl Single {
    /// Whether one run a side is enough: its interval allows for runs that differ by themselves. It must lie beyond
    /// what matters, where that allowance is assumed and not learnt; in short runs far beyond.
    fn confirms(
        self,
        doubt: &MeasuredDifference,
        margin: f64,
        share: bool,
        metric: &Metric,
    ) -> bool {
        let far = if share { FAR_SHARE * margin } else { FAR.ln() };
        let beyond = doubt.ci95.low >= far || doubt.ci95.high <= -far;
        !self.explained && (beyond || (self.long && (self.calibrated || metric.beyond_doubt)))
    }
}

/// With the correction for CPU steal the other figure is worth a word.
fn both_figures(steal: Option<Steal>, share: bool) -> Option<String> {
    let steal = steal?;
    let show = |x: f64| shown(x, share);
    Some(if steal.shown {
        format!("corrected for CPU steal; {} as measured", show(steal.measured))
    } else {
        format!("{} if corrected for CPU steal", show(steal.corrected.value))
    })
}

fn explained_by_steal(steal: &Steal, share: bool) -> String {
    format!(
        "CPU steal may explain it: {} if corrected for it, {} as measured",
        shown(steal.corrected.value, share),
        shown(steal.measured, share)
    )
}

/// On the scale of the effect, as text.
fn shown(x: f64, share: bool) -> String {
    if share { format_share(x) } else { format!("{}×", significant(x.exp())) }
}

/// A metric of which nothing is shown.
struct Open<'a> {
    doubt: &'a MeasuredDifference,
    margin: f64,
    more: More,
    tests: &'a Tests,
    p_adjusted: f64,
    alpha: f64,
}

impl Open<'_> {
    /// Why that is, and what would decide it.
    fn why(&self, metric: &Metric) -> String {
        let among = self.doubt.p < self.alpha && self.p_adjusted >= self.alpha;
        let one_of = || {
            format!(
                "p is {} by itself, {} among {} tests",
                significant(self.doubt.p),
                significant(self.p_adjusted),
                self.tests.count
            )
        };
        match (self.needs(), among) {
            (Some(needs), true) => format!("{}; {needs}", one_of()),
            (Some(needs), false) => needs,
            (None, true) => one_of(),
            (None, false) => format!(
                "a difference of {} is not excluded",
                format_share(from_scale(self.margin, metric.stat.is_share()))
            ),
        }
    }

    /// How much more would decide it: the doubt shrinks with the square root of what is measured, but longer runs leave
    /// alone by how much runs differ.
    fn needs(&self) -> Option<String> {
        let value = self.doubt.ci95.value.abs();
        let times = if value >= self.margin {
            // To be found with the usual power.
            let t = |p| stats::t_quantile(p, self.doubt.degrees_of_freedom);
            let critical = t(1.0 - self.tests.nominal / 2.0) + t(POWER);
            (critical * self.doubt.standard_error / value).powi(2)
        } else {
            // To be shown to be less than matters.
            let half = (self.doubt.ci90.high - self.doubt.ci90.low) / 2.0;
            (half / (self.margin - value)).powi(2)
        };
        if !times.is_finite() || times <= 1.0 {
            return None;
        }
        let repeats = "runs of one thing differ by that much: repeat them (--measure), longer ones do not help";
        Some(match self.more {
            More::Seconds(have) => {
                let between = self.doubt.between;
                if times * between >= 1.0 {
                    return Some(repeats.to_owned());
                }
                let longer = (1.0 - between) / (1.0 / times - between) - 1.0;
                format!("needs about {} more", seconds(have * longer))
            }
            More::Pairs(have) => more_of(times, have, "pairs"),
            More::Runs(have) => more_of(times, have, "runs a side"),
        })
    }
}

fn more_of(times: f64, have: usize, what: &str) -> String {
    let count = rounded_up((times - 1.0) * have as f64).max(1.0);
    if count > MOST_MORE {
        return format!("the {what} differ too much among themselves for more of them to help");
    }
    match (count as u64, what) {
        (1, "pairs") => "needs about 1 more pair".to_owned(),
        (1, _) => "needs about 1 more run a side".to_owned(),
        (count, what) => format!("needs about {count} more {what}"),
    }
}

fn effect(doubt: &MeasuredDifference, share: bool, p_adjusted: f64) -> Effect {
    let show = |x: f64| if share { x } else { x.exp() };
    let end = |x: f64| x.is_finite().then(|| show(x));
    Effect {
        value: show(doubt.ci95.value),
        low: end(doubt.ci95.low),
        high: end(doubt.ci95.high),
        p: doubt.p,
        p_adjusted,
    }
}

/// A relative change as a difference of logarithms.
fn to_scale(change: f64, share: bool) -> f64 {
    if share { change } else { change.ln_1p() }
}

pub(super) fn from_scale(difference: f64, share: bool) -> f64 {
    if share { difference } else { difference.exp_m1() }
}

/// The smallest effect that matters where durations are so short that a fixed difference in time matters more than a
/// relative one. The same both ways round.
pub(super) fn at_least_floor(min: f64, a_ns: f64, b_ns: f64, floor_ns: f64) -> f64 {
    let middle = (a_ns * b_ns).sqrt();
    if middle > 0.0 { min.max(floor_ns / middle) } else { min }
}

/// A difference below this is nothing anybody waits for: a fraction of a request's way through etcd, and of a sync.
pub(super) fn floor_ns(kind: &str, stat: Stat) -> f64 {
    match (stat.quantile(), kind) {
        (None, _) => 0.0,
        (Some(_), "load") => 20_000.0,
        (Some(_), _) => 5_000.0,
    }
}
