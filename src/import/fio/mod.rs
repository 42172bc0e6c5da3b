//! fio's output: JSON, JSON with bins (`json+`), or its plain text.

mod documents;
mod job;
mod json;
mod plain;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::import::foreign::Foreign;
use crate::import::source::Source;
use crate::plan::{DeviceWrites, Layout};

use job::Job;

/// fio tells of a file that it makes anew.
const LAID_OUT: &str = "Laying out IO file";

/// What any form of fio's output amounts to.
#[derive(Debug, Default)]
struct Output {
    version: Option<String>,
    ended_at: Option<Timestamp>,
    devices: Vec<DeviceWrites>,
    jobs: Vec<Job>,
    /// Whether its first words are there: what it would say when it makes a file anew.
    has_beginning: bool,
    options_complete: bool,
    remarks: Vec<String>,
}

/// Reads it.
///
/// # Errors
/// [`Error::Damaged`] naming the line of what makes no sense, measured nothing or failed, [`Error::Usage`] where a job
/// must be named or the named one is not there.
pub(super) fn read(source: &Source, wanted: Option<&str>) -> Result<Foreign> {
    let output = match documents::last(source)? {
        Some(document) => json::output(source, &document)?,
        None if plain::is_fio(&source.text) => plain::output(source),
        None => {
            return Err(source.damaged(
                1,
                "this is no output of fio, neither its JSON nor its text; run fio with \
                 --output-format=json+ --output=FILE",
            ));
        }
    };
    let job = job::choose(source, &output, wanted)?;
    let layout = layout(source, &output, &job);
    Ok(Foreign {
        name: Some(job.name),
        host: job.host,
        version: output.version,
        ended_at: output.ended_at,
        length_ns: job.length_ns,
        options: job.options,
        options_complete: output.options_complete,
        layout,
        writes: job.writes,
        devices: output.devices,
        series: job.sync.into_iter().chain(job.write).collect(),
        remarks: output.remarks,
    })
}

/// Whether the job wrote into blocks that had been written before.
fn layout(source: &Source, output: &Output, job: &Job) -> Layout {
    let option = |name: &str| job.options.get(name).map(String::as_str);
    let is_on = |name: &str| option(name).is_some_and(|value| value != "0");
    let device = option("filename").is_some_and(|name| name.starts_with("/dev/"));
    let laid_out = format!("{}: {LAID_OUT}", job.name);
    if device || is_on("overwrite") {
        Layout::Overwritten
    } else if source.text.contains(&laid_out) || is_on("unlink") {
        Layout::Fresh
    } else if output.has_beginning {
        Layout::Overwritten
    } else {
        Layout::Unknown
    }
}

/// The error that a job must be named, or named otherwise.
fn name_one(message: String) -> Error {
    Error::Usage(message)
}
