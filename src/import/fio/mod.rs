//! fio's output: JSON, JSON with bins (`json+`), or its plain text, each alone, or several in one file.

mod collector;
mod documents;
mod job;
mod json;
mod moment;
mod output;
mod plain;

use crate::error::{Error, Result};
use crate::import::foreign::Foreign;
use crate::import::text::Source;
use crate::plan::Layout;
use output::{Output, choose};

use job::Job;

/// fio tells of a file that it makes anew.
const LAID_OUT: &str = "Laying out IO file";

/// Reads it: a run for each that is in it.
///
/// # Errors
/// [`Error::Damaged`] naming the line of what makes no sense, measured nothing or failed, [`Error::Usage`] where a job
/// must be named or the named one is not there.
pub(super) fn read(source: &Source, wanted: Option<&str>) -> Result<Vec<Foreign>> {
    let mut having = outputs(source)?;
    if let Some(name) = wanted
        && having.iter().any(|output| output.has_job(name))
    {
        having.retain(|output| output.has_job(name));
    }
    let several = having.len() > 1;
    having.into_iter().map(|output| foreign(source, output, wanted, several)).collect()
}

fn outputs(source: &Source) -> Result<Vec<Output>> {
    let found = documents::all(source)?;
    let mut outputs = json::outputs(source, &found)?;
    let mut texts = plain::outputs(&source.with(found.rest));
    for inner in &found.texts {
        texts.extend(plain::outputs(&source.inner(inner)));
    }
    // With --output-format=normal,json the same run is told of twice, and its JSON is the finer.
    texts.retain(|text| match outputs.iter_mut().find(|json| json.is_same_run(text)) {
        Some(json) => {
            json.complete_with(text);
            false
        }
        None => true,
    });
    outputs.extend(texts);
    outputs.sort_by_key(|output| output.from);
    if outputs.is_empty() { Err(nothing(source)) } else { Ok(outputs) }
}

/// What this is in place of a report of fio's.
fn nothing(source: &Source) -> Error {
    let text = source.text.as_str();
    let has = |part: &str| text.contains(part);
    let is_terse = |line: &str| {
        let mut fields = line.trim().split(';');
        fields.next().is_some_and(|version| matches!(version, "2" | "3" | "4" | "5"))
            && fields.count() > 40
    };
    if let Some(at) = text.lines().position(is_terse) {
        return source.damaged(
            at + 1,
            "this is fio's terse output (--minimal), which has no times of syncs; run fio with \
             --output-format=json+ --output=FILE",
        );
    }
    if has("Latency distribution:") || has("Response time histogram:") {
        let line = source.line_with(0, "Summary:");
        return source.damaged(line, "this is a report of etcd's benchmark: import benchmark FILE");
    }
    let why = if has("fio: ") || has("Starting 1 process") || has("[eta ") {
        "fio tells of no job here: it was killed, or ended before one began. Run it again, with \
         --output-format=json+ --output=FILE"
    } else {
        "this is no output of fio, neither its JSON nor its text; run fio with \
         --output-format=json+ --output=FILE"
    };
    source.damaged(1, why)
}

fn foreign(
    source: &Source,
    output: Output,
    wanted: Option<&str>,
    several: bool,
) -> Result<Foreign> {
    let job = choose(source, &output, wanted)?;
    let layout = layout(source, &output, &job);
    let place = output.place.filter(|_| several);
    Ok(Foreign {
        name: Some(job.name).filter(|name| !name.is_empty()),
        host: job.host.or(place),
        version: output.version,
        clock: output.clock,
        length_ns: job.length_ns,
        options: job.options,
        options_complete: output.options_complete,
        layout,
        writes: job.writes,
        written_bytes: job.written_bytes,
        laid_out_bytes: job.laid_out_bytes,
        reads: job.reads,
        broke_off: output.stopped.then(|| "fio was stopped by a signal".to_owned()),
        devices: output.devices,
        series: job.sync.into_iter().chain(job.write).collect(),
        check: None,
        remarks: output.remarks,
        from: output.from,
        line: output.line,
    })
}

/// Whether the job wrote into blocks that had been written before.
fn layout(source: &Source, output: &Output, job: &Job) -> Layout {
    let option = |name: &str| job.options.get(name).map(String::as_str);
    let is_on = |name: &str| option(name).is_some_and(|value| value != "0");
    let device = option("filename").is_some_and(|name| name.starts_with("/dev/"));
    let laid_out = || source.text.contains(&format!("{}: {LAID_OUT}", job.name));
    if device || is_on("overwrite") {
        Layout::Overwritten
    } else if job.laid_out_bytes.is_some() || is_on("unlink") || (!output.is_text && laid_out()) {
        Layout::Fresh
    } else if output.has_beginning {
        Layout::Overwritten
    } else {
        Layout::Unknown
    }
}
