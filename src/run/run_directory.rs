//! The directory of one execution of a scenario: what is there already, what is still to be measured.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files;
use crate::plan::ScenarioPlan;
use crate::plan::scenario::Turn;
use crate::result;
use crate::result::layout::INTERRUPTED;
use crate::result::layout::MANIFEST;
use crate::result::layout::RERUNS;

use crate::execution::Measured;

/// An interrupted night is resumed within this time; after that it is another night.
const NIGHT: SignedDuration = SignedDuration::from_hours(12);

/// What is run here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    /// The scenario's name.
    scenario: String,
    /// Each run: its result below the directory, and the command that makes it.
    runs: Vec<(PathBuf, String)>,
}

/// A directory, held by this process alone.
#[derive(Debug)]
pub(super) struct RunDirectory {
    pub directory: PathBuf,
    /// True when it was begun before.
    pub resumed: bool,
    _lock: File,
}

/// Where the result of a run goes, below the directory.
pub(super) fn result_of(turn: &Turn<'_>) -> PathBuf {
    let number = format!("{:03}.jsonl", turn.repeat);
    Path::new(&turn.cell.slug).join(&turn.step.name).join(number)
}

impl RunDirectory {
    /// The newest directory of this scenario in which something is left to be measured, otherwise a new one.
    pub(super) fn find(plan: &ScenarioPlan, fresh: bool) -> Result<RunDirectory> {
        let manifest = Manifest {
            scenario: plan.name.clone(),
            runs: plan.turns().iter().map(|turn| (result_of(turn), turn.step.command())).collect(),
        };
        if !fresh && let Some(run_directory) = unfinished(plan, &manifest)? {
            return Ok(run_directory);
        }
        Self::create(plan, &manifest)
    }

    fn create(plan: &ScenarioPlan, manifest: &Manifest) -> Result<RunDirectory> {
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let stem = format!("{now}-{}", ending(&plan.name));
        let mut directory = plan.output.join(&stem);
        let mut number = 2;
        while directory.exists() {
            directory = plan.output.join(format!("{stem}.{number}"));
            number += 1;
        }
        fs::create_dir_all(&directory).map_err(Error::io("create the directory", &directory))?;
        let path = directory.join(MANIFEST);
        let file = File::create_new(&path).map_err(Error::io("create", &path))?;
        lock(&file).map_err(Error::io("lock", &path))?;
        let mut text = serde_json::to_string_pretty(manifest).unwrap_or_default();
        text.push('\n');
        fs::write(&path, text).map_err(Error::io("write", &path))?;
        Ok(RunDirectory { directory, resumed: false, _lock: file })
    }

    /// A run that went through to its end.
    pub(super) fn done(&self, turn: &Turn<'_>) -> Option<Measured> {
        complete(&self.directory.join(result_of(turn)))
    }

    /// Where a re-run goes: the next free number.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be made.
    pub(super) fn rerun(&self, turn: &Turn<'_>) -> Result<PathBuf> {
        let folder = self.directory.join(RERUNS);
        fs::create_dir_all(&folder).map_err(Error::io("create the directory", &folder))?;
        let stem = format!("{}-{}", turn.cell.slug, turn.step.name);
        Ok(free(&folder, &stem))
    }

    /// Makes room for a run: what an interrupted one left is kept elsewhere.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be moved.
    pub(super) fn clear(&self, turn: &Turn<'_>) -> Result<PathBuf> {
        let path = self.directory.join(result_of(turn));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io("create the directory", parent))?;
        }
        if path.exists() {
            let aside = self.aside(turn);
            if let Some(parent) = aside.parent() {
                fs::create_dir_all(parent).map_err(Error::io("create the directory", parent))?;
            }
            fs::rename(&path, &aside).map_err(Error::io("move aside", &path))?;
        }
        Ok(path)
    }

    fn aside(&self, turn: &Turn<'_>) -> PathBuf {
        let stem = format!("{}-{}-{:03}", turn.cell.slug, turn.step.name, turn.repeat);
        free(&self.directory.join(INTERRUPTED), &stem)
    }
}

/// `None` for a run that did not go through to its end.
pub(super) fn complete(path: &Path) -> Option<Measured> {
    let (header, summary) = result::read_ends(path).ok()?;
    let summary = summary.filter(|summary| summary.complete)?;
    Some(Measured { run_id: header.run_id, summary })
}

fn free(folder: &Path, stem: &str) -> PathBuf {
    let mut number = 1;
    loop {
        let path = folder.join(format!("{stem}.{number:03}.jsonl"));
        if !path.exists() {
            return path;
        }
        number += 1;
    }
}

/// Directories of this scenario on this machine, oldest first.
fn all_of(plan: &ScenarioPlan) -> Vec<PathBuf> {
    let wanted = ending(&plan.name);
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let rest = name.split_once('-').map_or("", |(_, rest)| rest);
        rest == wanted || rest.starts_with(&format!("{wanted}."))
    };
    let entries = fs::read_dir(&plan.output).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(named).collect();
    found.sort();
    found
}

/// When an execution began, by its directory's name.
fn begun(directory: &Path) -> Option<Timestamp> {
    let name = directory.file_name()?.to_str()?;
    let (time, _) = name.split_once('-')?;
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn age(directory: &Path) -> Option<SignedDuration> {
    Some(Timestamp::now().duration_since(begun(directory)?))
}

/// Removes executions of this scenario that are older. Nothing but what an execution has made is removed.
///
/// # Errors
/// [`Error::Io`] for a directory that cannot be removed.
pub(super) fn tidy(plan: &ScenarioPlan, keep_ns: u64) -> Result<usize> {
    let keep = SignedDuration::from_nanos(i64::try_from(keep_ns).unwrap_or(i64::MAX));
    let is_old = |directory: &PathBuf| age(directory).is_some_and(|age| age > keep);
    let mut removed = 0;
    for directory in all_of(plan).into_iter().filter(is_old) {
        if directory.join(MANIFEST).exists() {
            fs::remove_dir_all(&directory).map_err(Error::io("remove", &directory))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// How the names of a scenario's directories end.
fn ending(name: &str) -> String {
    let host = rustix::system::uname();
    format!("run-{name}-{}", host.nodename().to_string_lossy())
}

fn unfinished(plan: &ScenarioPlan, manifest: &Manifest) -> Result<Option<RunDirectory>> {
    let Some(directory) = all_of(plan).pop() else {
        return Ok(None);
    };
    let another_night = plan.history.is_some() && age(&directory).is_none_or(|age| age > NIGHT);
    if another_night {
        return Ok(None);
    }
    let path = directory.join(MANIFEST);
    let Ok(text) = files::read_text(&path, MOST_BYTES) else {
        return Ok(None);
    };
    let same = serde_json::from_str::<Manifest>(&text).is_ok_and(|found| found == *manifest);
    let missing = || manifest.runs.iter().any(|(run, _)| complete(&directory.join(run)).is_none());
    if !same || !missing() {
        return Ok(None);
    }
    let file = File::open(&path).map_err(Error::io("open", &path))?;
    lock(&file).map_err(|_| {
        Error::Refused(format!(
            "{} is being run by another etcdbench; --fresh begins another one",
            directory.display()
        ))
    })?;
    Ok(Some(RunDirectory { directory, resumed: true, _lock: file }))
}

/// A manifest names a thousand runs with their commands.
const MOST_BYTES: u64 = 64 << 20;

/// Released by the kernel when this process ends, however it ends.
fn lock(file: &File) -> std::io::Result<()> {
    Ok(flock(file, FlockOperation::NonBlockingLockExclusive)?)
}
