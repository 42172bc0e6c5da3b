//! fio's plain text, in whatever state it was published: whole, cut, quoted, joined, several runs in one.
//!
//! Units stand in the heading of each block (`nsec`, `usec`, `msec`). Percentiles are rounded **up** to whole units,
//! minimum, maximum and mean are cut. Options are told in part.

mod figures;
mod runs;

use crate::import::foreign::{Clock, ForeignSeries, Samples};
use crate::import::text::Source;

use super::Output;
use super::job::Job;

use figures::JobText;
use runs::RunText;

/// All runs that the text tells of, in their order.
pub(super) fn outputs(source: &Source) -> Vec<Output> {
    runs::of(&source.text).into_iter().map(|run| output(source, run)).collect()
}

fn output(source: &Source, run: RunText) -> Output {
    let jobs = run.jobs.iter().map(|job| told(source, &run, job)).collect();
    let mut remarks = Vec::new();
    if run.dumps > 0 {
        remarks.push(format!(
            "the text holds {} reports of this run, each of all there was till then; the last one counts",
            run.dumps + 1
        ));
    }
    let first = run.jobs.first();
    Output {
        version: run.version,
        clock: first
            .and_then(|job| job.ended_at())
            .map_or(Clock::Unknown, |(at, told)| Clock::Local { at, told }),
        place: run.place,
        devices: run.devices,
        jobs,
        has_beginning: run.has_beginning,
        is_text: true,
        options_complete: false,
        stopped: run.stopped,
        remarks,
        line: source.line_of(run.from),
        from: run.from,
    }
}

fn told(source: &Source, run: &RunText, job: &JobText) -> Job {
    let (host, name) = match job.name.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((host, name)) => (Some(host.to_owned()), name.trim().to_owned()),
        None => (None, job.name.clone()),
    };
    let options = run.options_of(&job.name, job.processes);
    let writes = job.writes(&options);
    let syncs = job.syncs();
    let named = |series: &ForeignSeries, name: &str, samples: Samples| {
        let mut series = ForeignSeries { name: name.to_owned(), ..series.clone() };
        series.samples = match samples {
            Samples::AtLeast(n) => Samples::AtLeast(n.max(series.fewest_samples())),
            told => told,
        };
        series.is_told().then_some(series)
    };
    Job {
        name,
        host,
        error: job.error,
        sync: named(&job.sync, "wal.fsync", syncs),
        write: named(&job.write, "wal.write", writes.unwrap_or(Samples::AtLeast(1))),
        writes: writes.map_or(0, Samples::count),
        written_bytes: job.written_bytes(&options),
        laid_out_bytes: run.laid_out_of(&job.name, job.processes),
        reads: job.reads(),
        untimed_syncs: job.untimed_syncs(),
        length_ns: job.length_ns,
        line: source.line_of(job.at),
        options,
        ..Job::default()
    }
}
