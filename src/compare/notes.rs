//! What stands in the way of a comparison, and what limits the trust in it, in words.

use jiff::{SignedDuration, Timestamp};

use crate::units::format_share;
use crate::verdict::{self, Cpus};

use super::phrases::listed;
use super::{Contrast, Difference, Group, Input, Level, Side};
use crate::rule::comparison::Settings;

/// Runs further apart than this may meet another machine.
const DRIFT: SignedDuration = SignedDuration::from_hours(24);
/// More of the CPU time than this, taken by the hypervisor for others, is worth telling.
const MOST_STOLEN: f64 = 0.005;

/// Why a difference forbids comparing: `val_size is 256 in A and 1024 in B`.
pub(super) fn obstacle(difference: &Difference, letters: &[String]) -> String {
    let name = difference.field.rsplit_once('.').map_or("", |(_, last)| last);
    let name = if name.parse::<u32>().is_ok() || name.is_empty() {
        difference.field.as_str()
    } else {
        name
    };
    let values =
        difference.values.iter().zip(letters).map(|(value, letter)| {
            format!("{} in {letter}", value.as_deref().unwrap_or("unknown"))
        });
    format!("{name} is {}", listed(&values.collect::<Vec<_>>()))
}

/// Why there is nothing to compare.
pub(super) fn nothing_in_common(groups: &[Group]) -> String {
    let of = |group: &Group| {
        let runs = group.runs.iter();
        let mut names: Vec<String> = runs
            .flat_map(|input| &input.run.phases)
            .flat_map(|phase| phase.series.iter().map(|s| format!("{}/{}", phase.name, s.series)))
            .collect();
        names.sort();
        names.dedup();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    let each: Vec<String> =
        groups.iter().map(|group| format!("{} has {}", group.name, of(group))).collect();
    format!("no series is measured on all sides: {}", each.join("; "))
}

/// What is known about the runs that limits the trust in what follows.
pub(super) fn notes(groups: &[Group]) -> Vec<String> {
    let inputs = || groups.iter().flat_map(|group| &group.runs);
    let mut notes: Vec<String> =
        inputs().flat_map(|input| [incomplete(input), foreign(input)]).flatten().collect();
    notes.extend(hypervisor(groups));
    let starts: Vec<Timestamp> =
        inputs().filter_map(|input| input.run.header.started_at.parse().ok()).collect();
    if let (Some(first), Some(last)) = (starts.iter().min(), starts.iter().max()) {
        let apart = last.duration_since(*first);
        if apart > DRIFT {
            notes.push(format!(
                "the runs are up to {} h apart: whatever changed meanwhile counts as a difference",
                apart.as_hours()
            ));
        }
    }
    notes
}

fn incomplete(input: &Input) -> Option<String> {
    let summary = input.run.summary.as_ref();
    if summary.is_some_and(|summary| summary.complete) {
        return None;
    }
    let why = input.run.halted().unwrap_or("it was killed or interrupted");
    Some(format!("{} is incomplete: {why}", input.path.display()))
}

/// In which ways another program's run differs from etcd's work.
fn foreign(input: &Input) -> Option<String> {
    let traits = verdict::foreign_traits(&input.run);
    (!traits.is_empty()).then(|| {
        let program = &input.run.header.plan["program"];
        format!(
            "{} is a run of {}: {}",
            input.path.display(),
            program.as_str().unwrap_or("another program"),
            traits.join(", ")
        )
    })
}

/// Time that the hypervisor gave to others, in one line for all runs.
fn hypervisor(groups: &[Group]) -> Option<String> {
    let mut most = 0.0_f64;
    let mut hit = Vec::new();
    for group in groups {
        let shares = group.runs.iter();
        let shares = shares.filter_map(|input| Some(Cpus::counted(&input.run, |_| true)?.stolen));
        let shares: Vec<f64> = shares.filter(|share| *share > MOST_STOLEN).collect();
        most = shares.iter().copied().fold(most, f64::max);
        if !shares.is_empty() {
            hit.push(format!("{} of {} runs of {}", shares.len(), group.runs.len(), group.name));
        }
    }
    (!hit.is_empty()).then(|| {
        format!(
            "the hypervisor gave up to {} of the CPU time to others, in {}",
            format_share(most),
            listed(&hit)
        )
    })
}

/// What the design of the comparison limits.
pub(super) fn design_notes(
    contrasts: &[Contrast],
    sides: &[Side],
    settings: &Settings,
) -> Vec<String> {
    let mut notes: Vec<String> =
        contrasts.iter().filter_map(|contrast| equal_shares(contrast, sides)).collect();
    let one_run = contrasts.iter().any(|c| c.design.level == Level::Batches);
    if one_run && settings.calibration.is_none() {
        notes.push(format!(
            "one run a side tells nothing of how much runs differ by themselves: the intervals allow for a standard \
             deviation of {} at p50 and more in the tails (--run-deviation); --calibrate learns this machine's, \
             --measure makes interleaved pairs",
            format_share(settings.run_deviation())
        ));
    }
    let looks = contrasts.iter().find_map(|contrast| contrast.design.alpha);
    notes.extend(looks.map(|alpha| {
        format!(
            "pairs were measured until something was decided: this look's error is {}, that of all looks 5 %",
            format_share(alpha)
        )
    }));
    let unpaired = contrasts.iter().any(|c| c.design.level == Level::Runs && !c.design.paired);
    if unpaired {
        notes.push(
            "the runs of a side were not interleaved with the other's: whatever drifted between them counts as a \
             difference"
                .to_owned(),
        );
    }
    notes
}

/// What the hypervisor took is no property of the sides: what the comparison did about it.
fn equal_shares(contrast: &Contrast, sides: &[Side]) -> Option<String> {
    let uneven = || contrast.metrics.iter().filter_map(|metric| metric.stolen);
    let taken = uneven().find(|stolen| stolen.taken_out).or_else(|| uneven().next())?;
    let name = |letter: &str| sides.iter().find(|side| side.letter == letter);
    let (a, b) = (name(&contrast.a)?, name(&contrast.b)?);
    let shares = format!(
        "the hypervisor took {} of the CPU time from {}, {} from {}",
        format_share(taken.a),
        a.name,
        format_share(taken.b),
        b.name
    );
    Some(if taken.taken_out {
        format!(
            "*{}/{} is corrected for CPU steal where these runs show what that does; the figure as measured stands \
             beside it: {shares}",
            contrast.b, contrast.a
        )
    } else {
        format!(
            "{shares}; these runs do not show what that does, so {}/{} is as measured, and a difference that steal may \
             explain is not confirmed",
            contrast.b, contrast.a
        )
    })
}
