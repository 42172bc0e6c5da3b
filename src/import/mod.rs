//! Results of other programs become results of ours: what fio and etcd's own benchmark print is read, written down as
//! a result of kind `import`, and judged by what it can tell.
//!
//! Where a program gives a histogram, that is what the result holds; where it gives a few quantiles, the result holds
//! these and nothing is made up in between.

mod benchmark;
mod fio;
mod foreign;
mod text;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use crate::error::{Error, Result, usage};
use crate::plan::{Figures, ImportPlan, ImportRequest, Program};
use crate::result::{self, Conclude, Environment, Header, Line, SCHEMA_VERSION, Writer};
use crate::session::{Finished, RESULTS};
use crate::tool::Tool;

use foreign::{Clock, Foreign};
use text::Source;

/// A foreign run that was read and is not written yet.
struct Imported {
    header: Header,
    lines: Vec<Line>,
    ended_at: Timestamp,
}

/// Reads all inputs, and when all of them make sense writes a result for each run that is in them. `now` is the wall
/// time of the import, `conclude` sums each up.
///
/// # Errors
/// [`Error::Damaged`] naming file and line of what cannot be read, [`Error::Usage`] where a job must be named, or where
/// several runs were to become one result, [`Error::Refused`] for a run that measured nothing or failed; nothing is
/// written then. [`Error::Io`] when a result cannot be written.
pub fn run(request: &ImportRequest, conclude: Conclude, now: Timestamp) -> Result<Vec<Finished>> {
    let mut all: Vec<Imported> = Vec::new();
    for input in &request.inputs {
        let source = Source::read(input)?;
        let found = match request.program {
            Program::Fio => fio::read(&source, request.job.as_deref())?,
            Program::Benchmark => benchmark::read(&source, &request.operation)?,
        };
        one_or_allowed(request, &source, &found)?;
        let several = found.len();
        for mut foreign in found {
            if several > 1 {
                foreign.remarks.push(format!(
                    "the file holds {several} runs, each a result of its own; this one begins on line {}",
                    foreign.line.max(1)
                ));
            }
            all.push(imported(request, &source, foreign, now)?);
        }
    }
    all.into_iter().map(|imported| write(request, conclude, imported)).collect()
}

/// Several runs cannot become one result: they are never blended.
fn one_or_allowed(request: &ImportRequest, source: &Source, found: &[Foreign]) -> Result<()> {
    let Some(flag) = request.one_only.filter(|_| found.len() > 1) else {
        return Ok(());
    };
    let lines: Vec<String> = found.iter().map(|run| run.line.max(1).to_string()).collect();
    Err(usage(
        &[],
        format!(
            "{}: it holds {} runs, which begin on the lines {}, and {flag} takes one; leave it out, or cut the file in parts",
            source.path.display(),
            found.len(),
            lines.join(", ")
        ),
    ))
}

fn imported(
    request: &ImportRequest,
    source: &Source,
    foreign: Foreign,
    now: Timestamp,
) -> Result<Imported> {
    if let Some(problem) = foreign.series.iter().find_map(|series| series.problem()) {
        return Err(source.damaged(foreign.line.max(1), problem));
    }
    let (ended_at, clock) = match (&foreign.clock, source.written_at) {
        (Clock::Utc(end), _) => (*end, "the program"),
        (Clock::Local { at, .. }, _) => (*at, "the program's local time"),
        (Clock::Unknown, Some(end)) => (end, "the file's time"),
        (Clock::Unknown, None) => (now, "the import"),
    };
    let length = i64::try_from(foreign.length_ns).unwrap_or(i64::MAX);
    let started_at = ended_at.checked_sub(SignedDuration::from_nanos(length)).unwrap_or(ended_at);
    let phase = request.program.name();
    let lines = foreign.series.iter().map(|series| series.line(phase, foreign.length_ns)).collect();
    Ok(Imported { header: header(request, source, foreign, started_at, clock)?, lines, ended_at })
}

fn header(
    request: &ImportRequest,
    source: &Source,
    foreign: Foreign,
    started_at: Timestamp,
    clock: &str,
) -> Result<Header> {
    let file_name = source.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let of_file = file_name.filter(|_| source.path != Path::new("-"));
    let program = request.program.name();
    let histogram = foreign.series.iter().all(|series| series.has_histogram());
    let plan = ImportPlan {
        program: request.program,
        version: foreign.version,
        file: source.path.display().to_string(),
        options: foreign.options,
        options_complete: foreign.options_complete,
        figures: if histogram { Figures::Histogram } else { Figures::Quantiles },
        layout: foreign.layout,
        writes: foreign.writes,
        written_bytes: foreign.written_bytes,
        laid_out_bytes: foreign.laid_out_bytes,
        reads: foreign.reads,
        broke_off: foreign.broke_off,
        check: foreign.check,
        devices: foreign.devices,
        clock: clock.to_owned(),
        local_time: match foreign.clock {
            Clock::Local { told, .. } => Some(told),
            _ => None,
        },
        remarks: foreign.remarks,
    };
    let plan = serde_json::to_value(plan)
        .map_err(|error| Error::Refused(format!("the plan cannot be written down: {error}")))?;
    Ok(Header {
        prefix: None,
        schema: SCHEMA_VERSION.to_owned(),
        tool: Tool::this(),
        run_id: format!("{program}-{:016x}", source.fingerprint() ^ foreign.from as u64),
        kind: result::IMPORT.to_owned(),
        name: [request.name.clone(), foreign.name, of_file]
            .into_iter()
            .flatten()
            .next()
            .unwrap_or_else(|| program.to_owned()),
        labels: request.labels.clone(),
        started_at: started_at.to_string(),
        plan,
        environment: Environment {
            host: foreign.host.unwrap_or_default(),
            ..Environment::default()
        },
        shard: None,
        merged: None,
    })
}

fn write(request: &ImportRequest, conclude: Conclude, imported: Imported) -> Result<Finished> {
    let Imported { header, lines, ended_at } = imported;
    let path = match &request.result {
        Some(path) => path.clone(),
        None => result::default_path(Path::new(RESULTS), &header),
    };
    let mut writer = Writer::create(&path, &header)?;
    for line in &lines {
        writer.write(line)?;
    }
    let run = result::read(&path)?;
    let summary = conclude(&run, true, false, ended_at.to_string());
    writer.write(&Line::Summary(summary.clone()))?;
    writer.finish()?;
    Ok(Finished { path, run, summary, error: None, leftover: None })
}
