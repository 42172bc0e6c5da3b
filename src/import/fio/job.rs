//! The one job that is taken: the one that made syncs.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::import::foreign::ForeignSeries;
use crate::import::text::Source;

/// The entry in which fio sums up all clients of a client/server run: machines are not merged here.
pub(super) const ALL_CLIENTS: &str = "All clients";

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
    pub(super) fn shown(&self) -> String {
        match &self.host {
            Some(host) => format!("{}@{host}", self.name),
            None => self.name.clone(),
        }
    }

    pub(super) fn syncs(&self) -> u64 {
        self.sync.as_ref().map_or(0, |sync| sync.samples.count())
    }
}

/// Sync latencies came with fio 3.5.
pub(super) fn is_too_old(version: &str) -> bool {
    let Some(number) = version.strip_prefix("fio-") else {
        return false;
    };
    let mut parts =
        number.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    (major, minor) < (3, 5) && major > 0
}

/// Processes of one job. Histograms are added up; quantiles cannot be.
pub(super) fn merged(source: &Source, jobs: &[&Job]) -> Result<Job> {
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
