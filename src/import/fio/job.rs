//! The one job that is taken: the one that made syncs.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::import::foreign::ForeignSeries;
use crate::import::text::Source;

use super::{Output, name_one};

/// The entry in which fio sums up all clients of a client/server run: machines are not merged here.
const ALL_CLIENTS: &str = "All clients";

/// One job, in whichever form fio told of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Job {
    pub name: String,
    pub host: Option<String>,
    /// An errno; 0 when all went well.
    pub error: i32,
    pub options: BTreeMap<String, String>,
    /// The syncs, or the synced writes of a job that opens its file so.
    pub sync: Option<ForeignSeries>,
    /// The writes beside them.
    pub write: Option<ForeignSeries>,
    pub writes: u64,
    /// 0 where it is not told.
    pub written_bytes: u64,
    /// The size at least of the file that fio said it makes; `None` where it said nothing.
    pub laid_out_bytes: Option<u64>,
    pub reads: u64,
    /// Syncs that were made and not timed.
    pub untimed_syncs: u64,
    /// The machine's own date, in the words of C.
    pub local_time: Option<String>,
    pub length_ns: u64,
    /// Where it is told of.
    pub line: usize,
}

impl Job {
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.host.as_deref() == Some(name) || self.shown() == name
    }

    /// `job`, or `job@host` where it ran on another machine.
    fn shown(&self) -> String {
        match &self.host {
            Some(host) => format!("{}@{host}", self.name),
            None => self.name.clone(),
        }
    }

    fn syncs(&self) -> u64 {
        self.sync.as_ref().map_or(0, |sync| sync.samples.count())
    }
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

fn names(jobs: &[&Job]) -> String {
    let mut names: Vec<String> = jobs.iter().map(|job| job.shown()).collect();
    names.dedup();
    names.join(", ")
}

fn without_syncs(source: &Source, output: &Output, jobs: &[&Job]) -> crate::error::Error {
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

/// Sync latencies came with fio 3.5.
fn is_too_old(version: &str) -> bool {
    let Some(number) = version.strip_prefix("fio-") else {
        return false;
    };
    let mut parts =
        number.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    (major, minor) < (3, 5) && major > 0
}

/// Processes of one job. Histograms are added up; quantiles cannot be.
fn merged(source: &Source, jobs: &[&Job]) -> Result<Job> {
    let mut sum = jobs[0].clone();
    for job in &jobs[1..] {
        let both = |a: &Option<ForeignSeries>, b: &Option<ForeignSeries>| match (a, b) {
            (Some(a), Some(b)) => a.has_histogram() && b.has_histogram(),
            _ => true,
        };
        if !both(&sum.sync, &job.sync) {
            return Err(source.damaged(
                job.line,
                format!(
                    "{} processes of job '{}' have percentiles only, which cannot be added up; run fio with \
                     --group_reporting or --output-format=json+",
                    jobs.len(),
                    sum.name
                ),
            ));
        }
        sum.writes = sum.writes.saturating_add(job.writes);
        sum.written_bytes = sum.written_bytes.saturating_add(job.written_bytes);
        sum.reads = sum.reads.saturating_add(job.reads);
        sum.length_ns = sum.length_ns.max(job.length_ns);
        sum.write = match (sum.write.take(), &job.write) {
            (Some(mut a), Some(b)) if a.has_histogram() && b.has_histogram() => {
                a.merge(b);
                Some(a)
            }
            _ => None,
        };
        if let (Some(a), Some(b)) = (&mut sum.sync, &job.sync) {
            a.merge(b);
        }
    }
    if jobs.len() > 1 {
        sum.options.insert("numjobs".to_owned(), jobs.len().to_string());
    }
    Ok(sum)
}
