//! Carries out a plan: gathers or measures the runs, compares or calibrates.

mod gather;
mod measure;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::error::{Error, Result, usage};
use crate::exit::Exit;
use crate::files;
use crate::plan::{ComparePlan, Source};
use crate::result::Run;

use crate::compare::{
    Answer, Comparison, FEWEST_CALIBRATING, Finished, Group, Input, LeftOut, Metric, MetricVerdict,
    Outcome, compare, unknown_allowance,
};
use crate::rule::comparison::{Calibration, Intent, Settings};
use gather::Gathered;
use measure::Measured;

/// Carries out a plan. `say` tells on what it is and how far.
///
/// # Errors
/// Files that cannot be read, or are no results; a measurement that could not be made.
pub fn carry_out(
    plan: &ComparePlan,
    signalled: &AtomicBool,
    say: &dyn Fn(&str),
) -> Result<Finished> {
    let mut settings = plan.settings.clone();
    let mut interrupted = false;
    let gathered = match &plan.source {
        Source::Stored(sides) => gather::stored(sides)?,
        Source::Each(place) => gather::each(place)?,
        Source::Calibrate(texts) => {
            let gathered = gather::stored(std::slice::from_ref(texts))?;
            return calibrate(gathered, plan.calibration.clone());
        }
        Source::Measured(asked) => {
            // Whatever the two texts ask for is meant to differ.
            settings.allow.push("plan".to_owned());
            let decided = |measured: &Measured| {
                let groups = of_pairs(measured)?.groups;
                Ok(is_decided(&compare(&groups, &settings, Vec::new())))
            };
            let measured = measure::measure(asked, &decided, signalled, say)?;
            interrupted = measured.interrupted;
            of_pairs(&measured)?
        }
    };
    if let Some(wrong) = unknown_allowance(&gathered.groups, &plan.settings.allow) {
        return Err(usage(&["--allow"], wrong));
    }
    settings.calibration = noise(plan.calibration.as_deref(), &gathered.groups)?;
    let Gathered { groups, left_out } = gathered;
    let comparison = compare(&groups, &settings, left_out);
    Ok(Finished {
        exit: if interrupted { Exit::Interrupted } else { comparison.exit(&settings.fail_on) },
        answer: Answer::Comparison(Box::new(comparison)),
        sides: groups.into_iter().map(runs).collect(),
    })
}

/// Whether more pairs would change nothing: something is worse, all is decided, or nothing ever can be.
fn is_decided(found: &Comparison) -> bool {
    let primary = || {
        let metrics = found.contrasts.iter().flat_map(|contrast| &contrast.metrics);
        metrics.filter(|metric| metric.primary && !metric.given)
    };
    let open = |metric: &Metric| {
        matches!(metric.verdict, MetricVerdict::Inconclusive | MetricVerdict::NotResolvable)
    };
    matches!(found.outcome, Outcome::Regressed | Outcome::NotComparable) || !primary().any(open)
}

fn runs(group: Group) -> Vec<Run> {
    group.runs.into_iter().map(|input| input.run).collect()
}

/// The runs of complete pairs.
fn of_pairs(measured: &Measured) -> Result<Gathered> {
    if measured.pairs.is_empty() {
        return Err(Error::Refused(format!(
            "interrupted before the first pair was complete; what was measured is in {}",
            measured.directory.display()
        )));
    }
    let side = |index: usize| -> Vec<String> {
        let paths = measured.pairs.iter().map(|pair| &pair[index]);
        paths.map(|path| path.display().to_string()).collect()
    };
    let mut gathered = gather::stored(&[side(0), side(1)])?;
    for (group, name) in gathered.groups.iter_mut().zip(["a", "b"]) {
        group.name = measured.directory.join(name).display().to_string();
    }
    Ok(gathered)
}

/// Where the noise of a machine is kept unless told otherwise.
fn default_place(host: &str, kind: &str) -> PathBuf {
    let plain = |c: char| {
        if c.is_alphanumeric() || "-._".contains(c) { c } else { '_' }
    };
    let host: String = host.chars().map(plain).collect();
    PathBuf::from(format!("results/calibration-{host}-{kind}.json"))
}

fn calibrate(gathered: Gathered, place: Option<PathBuf>) -> Result<Finished> {
    let group = &gathered.groups[0];
    if group.runs.len() < FEWEST_CALIBRATING {
        return Err(usage(
            &["--calibrate"],
            format!(
                "--calibrate: {} runs say nothing of the spread between runs; give {FEWEST_CALIBRATING} at least, better 10",
                group.runs.len()
            ),
        ));
    }
    refuse_unequal(group)?;
    let calibration = crate::compare::calibration(group);
    if calibration.noise.is_empty() {
        return Err(Error::Refused("--calibrate: the runs have no series in common".to_owned()));
    }
    let place = place.unwrap_or_else(|| default_place(&calibration.host, &calibration.kind));
    if let Some(parent) = place.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(Error::io("create the directory", parent))?;
    }
    let text = serde_json::to_string_pretty(&calibration).unwrap_or_default();
    fs::write(&place, text + "\n").map_err(Error::io("write", &place))?;
    Ok(Finished {
        answer: Answer::Calibration(Box::new(calibration), place),
        sides: Vec::new(),
        exit: Exit::Ok,
    })
}

/// The noise is that of doing the same thing again: nothing may differ.
fn refuse_unequal(group: &Group) -> Result<()> {
    let alone =
        |input: &Input| Group { name: input.path.display().to_string(), runs: vec![input.clone()] };
    let each: Vec<Group> = group.runs.iter().map(alone).collect();
    let strict = Settings { intent: Some(Intent::Regression), ..Settings::default() };
    let compared = compare(&each, &strict, Vec::<LeftOut>::new());
    if compared.outcome == Outcome::NotComparable {
        let which = compared.obstacles.first().cloned().unwrap_or_default();
        return Err(Error::Refused(format!(
            "--calibrate wants runs of the same thing on the same machine, but {which}"
        )));
    }
    Ok(())
}

/// The noise of the machine: from the file that was named, or from the usual place if it is there.
fn noise(named: Option<&Path>, groups: &[Group]) -> Result<Option<Calibration>> {
    let mut headers = groups.iter().flat_map(|g| g.runs.iter().map(|i| &i.run.header));
    let Some(first) = headers.next() else {
        return Ok(None);
    };
    let (host, kind) = (&first.environment.host, &first.kind);
    let fits = |calibration: &Calibration| {
        let mut headers = groups.iter().flat_map(|g| g.runs.iter().map(|i| &i.run.header));
        headers.all(|h| h.environment.host == calibration.host && h.kind == calibration.kind)
    };
    let Some(path) = named else {
        let place = default_place(host, kind);
        if !place.exists() {
            return Ok(None);
        }
        return Ok(Some(read_noise(&place)?).filter(fits));
    };
    let calibration = read_noise(path)?;
    if !fits(&calibration) {
        return Err(usage(
            &["--calibration"],
            format!(
                "--calibration {}: it is the noise of {} runs on {}, which not all of these are",
                path.display(),
                calibration.kind,
                calibration.host
            ),
        ));
    }
    Ok(Some(calibration))
}

/// The noise of a hundred series is some ten kilobytes.
const MOST_BYTES: u64 = 16 << 20;

fn read_noise(path: &Path) -> Result<Calibration> {
    let text = files::read_text(path, MOST_BYTES).map_err(Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|error| Error::Damaged {
        path: path.to_path_buf(),
        line: error.line(),
        message: format!("this is no calibration: {error}"),
    })
}
