//! What one run of fio amounts to, in whichever form it told of it.

use super::job::{ALL_CLIENTS, Job, is_too_old, merged};
use super::moment::same_moment;
use crate::error::{Error, Result, usage};
use crate::import::foreign::Clock;
use crate::import::text::Source;
use crate::plan::DeviceWrites;

/// What one run amounts to, in whichever form fio told of it.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) version: Option<String>,
    pub(super) clock: Clock,
    /// What stands above it like the name of a machine.
    pub(super) place: Option<String>,
    pub(super) devices: Vec<DeviceWrites>,
    pub(super) jobs: Vec<Job>,
    /// Whether its first words are there: what it would say when it makes a file anew.
    pub(super) has_beginning: bool,
    pub(super) is_text: bool,
    pub(super) options_complete: bool,
    /// A signal ended it.
    pub(super) stopped: bool,
    pub(super) remarks: Vec<String>,
    /// Where it begins in the text, in bytes.
    pub(super) from: usize,
    /// The same as a line.
    pub(super) line: usize,
}

impl Output {
    /// Whether a job of this name or host is in it; of several runs those without it are left out.
    pub(super) fn has_job(&self, name: &str) -> bool {
        self.jobs.iter().any(|job| job.is_called(name))
    }

    /// Takes from the text what the JSON of the same run does not tell.
    pub(super) fn complete_with(&mut self, text: &Output) {
        self.has_beginning |= text.has_beginning;
        self.stopped |= text.stopped;
        for job in &mut self.jobs {
            let same = text.jobs.iter().find(|other| other.name == job.name);
            job.laid_out_bytes = job.laid_out_bytes.or_else(|| same?.laid_out_bytes);
        }
    }

    pub(super) fn is_same_run(&self, other: &Output) -> bool {
        let names = |output: &Output| -> Vec<String> {
            output.jobs.iter().map(|job| job.name.clone()).collect()
        };
        let same_time = match (&self.clock, &other.clock) {
            (Clock::Local { told: a, .. }, Clock::Local { told: b, .. }) => same_moment(a, b),
            (Clock::Utc(_), Clock::Local { told, .. }) => self
                .jobs
                .first()
                .and_then(|job| job.local_time.as_deref())
                .is_none_or(|at| same_moment(at, told)),
            _ => true,
        };
        let (ours, theirs) = (names(self), names(other));
        same_time && theirs.iter().all(|name| ours.contains(name))
    }
}

/// A percentage as a share, without what the division leaves in the last binary digit: 99.9 % is 0.999.
pub(super) fn share(percent: f64) -> f64 {
    (percent * 1e6).round() / 1e8
}

/// The error that a job must be named, or named otherwise.
pub(super) fn name_one(message: String) -> Error {
    usage(&[], message)
}

/// The job that is wanted, or else the only one that made syncs. Several of one name (`numjobs`) are added up.
pub(super) fn choose(source: &Source, output: &Output, wanted: Option<&str>) -> Result<Job> {
    let all: Vec<&Job> = output.jobs.iter().filter(|job| job.name != ALL_CLIENTS).collect();
    let asked: Vec<&Job> = match wanted {
        Some(name) => all.iter().copied().filter(|job| job.is_called(name)).collect(),
        None => all.clone(),
    };
    if let (Some(name), []) = (wanted, &asked[..]) {
        let path = source.path.display();
        return Err(name_one(format!(
            "--job '{name}': {path} has no such job; there are {}",
            names(&all)
        )));
    }
    if let Some(failed) = asked.iter().find(|job| job.error != 0) {
        let why = std::io::Error::from_raw_os_error(failed.error);
        return Err(source.damaged(
            failed.line,
            format!(
                "job '{}' ended with an error: {why}; its figures are those of a run that broke off",
                failed.shown()
            ),
        ));
    }
    let synced: Vec<&Job> = asked.iter().copied().filter(|job| job.syncs() > 0).collect();
    let Some(first) = synced.first() else {
        return Err(without_syncs(source, output, &asked));
    };
    if synced.iter().any(|job| job.shown() != first.shown()) {
        return Err(name_one(format!(
            "{}: several jobs made syncs, {}; choose one with --job NAME",
            source.path.display(),
            names(&synced)
        )));
    }
    merged(source, &synced)
}

pub(super) fn names(jobs: &[&Job]) -> String {
    let mut names: Vec<String> = jobs.iter().map(|job| job.shown()).collect();
    names.dedup();
    names.join(", ")
}

pub(super) fn without_syncs(
    source: &Source,
    output: &Output,
    jobs: &[&Job],
) -> crate::error::Error {
    let Some(job) = jobs.first() else {
        return source
            .damaged(output.line.max(1), "fio tells of no job: it ended before one began");
    };
    let name = job.shown();
    let version = output.version.as_deref().unwrap_or("this fio");
    let option = |key: &str| {
        let value = job.options.get(key).filter(|value| *value != "0" && *value != "none");
        value.map(|value| format!("{key}={value}"))
    };
    let asked = option("fdatasync").or_else(|| option("fsync")).or_else(|| option("sync"));
    let clock_off =
        ["gtod_reduce", "disable_lat", "disable_clat"].iter().find_map(|key| option(key));
    let writes = crate::units::format_count(job.writes);
    let why = if jobs.iter().all(|job| job.writes == 0 && job.reads == 0) {
        format!("job '{name}' wrote nothing")
    } else if jobs.iter().all(|job| job.writes == 0) {
        format!("job '{name}' only read: nothing was written or synced")
    } else if is_too_old(version) {
        format!(
            "{version} does not time syncs: it made {writes} writes, and what it tells of are those. fio 3.5 and newer \
             time syncs"
        )
    } else if let (Some(asked), Some(off)) = (&asked, &clock_off) {
        format!(
            "job '{name}' made {writes} writes and synced ({asked}), but {off} switched fio's clock off: no sync was \
             timed. Run it without"
        )
    } else if job.untimed_syncs > 0 {
        format!(
            "job '{name}' made {} syncs and timed none: gtod_reduce or disable_lat was on, or this fio is older than \
             3.5",
            crate::units::format_count(job.untimed_syncs)
        )
    } else if let Some(asked) = asked {
        format!(
            "job '{name}' made {writes} writes, and was to sync ({asked}), but no time of a sync is told"
        )
    } else if output.is_text {
        format!(
            "job '{name}' made {writes} writes, and no sync is told: fio syncs with --fdatasync=1, and its text does not \
             tell whether it opened its file with sync=1"
        )
    } else {
        format!("job '{name}' made {writes} writes and no sync: fio syncs with --fdatasync=1")
    };
    source.damaged(job.line, why)
}
