//! What every measurement has around it, whatever it measures: a name, a result file, an end.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::result::{
    self, Collector, Conclude, Environment, Header, Line, Observer, Run, SCHEMA_VERSION, Summary,
    Writer,
};
use crate::tool::Tool;

/// Where results go when nobody says.
pub(crate) const RESULTS: &str = "results";

/// What is to be done, and who wants to see it.
pub struct Request<'a, P> {
    /// The plan.
    pub plan: &'a P,
    /// Started when the run was.
    pub clock: Clock,
    /// A name of the run; what it measures when absent.
    pub name: Option<String>,
    /// Labels of the run.
    pub labels: BTreeMap<String, String>,
    /// Where the result goes; a fresh file in `results/` when absent.
    pub result: Option<PathBuf>,
    /// Looks on.
    pub observer: Box<dyn Observer + Send>,
    /// Sums the run up at its end.
    pub conclude: Conclude,
    /// Set from outside when the run is to end.
    pub signalled: Arc<AtomicBool>,
}

/// What a measurement left.
pub struct Finished {
    /// The result file.
    pub path: PathBuf,
    /// The result, read back from it.
    pub run: Run,
    /// What it amounts to; also the file's last line.
    pub summary: Summary,
    /// What ended the run before its plan did, if anything but a signal.
    pub error: Option<Error>,
    /// What could not be put back as it was before; it changes nothing of what was measured.
    pub leftover: Option<Error>,
}

/// How a measurement ended.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// It went through to its end.
    pub complete: bool,
    /// A signal ended it.
    pub interrupted: bool,
}

/// A run's name for itself: its time, and a number drawn at random, for in containers many are the same process.
pub fn run_id(clock: &Clock) -> String {
    let time = clock.wall(0).strftime("%Y%m%dT%H%M%SZ");
    format!("{time}-{:08x}", random() as u32)
}

/// A number that nobody else has drawn: of the system's randomness, by which the standard library keys its maps.
pub fn random() -> u64 {
    RandomState::new().hash_one(0)
}

impl<P: Serialize> Request<'_, P> {
    /// The result's first line. `target` names a run that was given no name.
    ///
    /// # Errors
    /// When the plan cannot be written down.
    pub fn header(
        &self,
        kind: &str,
        target: &str,
        run_id: String,
        environment: Environment,
    ) -> Result<Header> {
        let plan = serde_json::to_value(self.plan)
            .map_err(|error| Error::Refused(format!("the plan cannot be written down: {error}")))?;
        Ok(Header {
            schema: SCHEMA_VERSION.to_owned(),
            tool: Tool::this(),
            run_id,
            kind: kind.to_owned(),
            name: self.name.clone().unwrap_or_else(|| target.to_owned()),
            labels: self.labels.clone(),
            prefix: None,
            started_at: self.clock.wall(0).to_string(),
            plan,
            environment,
            shard: None,
            merged: None,
        })
    }

    /// The result file: where it was asked to be, else a fresh one in the default place.
    ///
    /// # Errors
    /// When it cannot be made, with the way out.
    pub fn writer(&self, header: &Header) -> Result<Writer> {
        match &self.result {
            Some(path) => Writer::create(path, header),
            None => {
                let path = result::default_path(Path::new(RESULTS), header);
                Writer::create(&path, header).map_err(|error| {
                    Error::Refused(format!("{error}; name another place with --result PATH"))
                })
            }
        }
    }
}

/// Where the result of a run of this kind goes when nobody says, for who has to know it before the run begins.
pub fn result_path(kind: &str, clock: &Clock) -> PathBuf {
    let host = rustix::system::uname();
    let header = Header {
        kind: kind.to_owned(),
        started_at: clock.wall(0).to_string(),
        environment: Environment {
            host: host.nodename().to_string_lossy().into_owned(),
            ..Environment::default()
        },
        ..Header::default()
    };
    result::default_path(Path::new(RESULTS), &header)
}

/// Reads back what was written, judges it and adds the summary.
///
/// # Errors
/// When the result cannot be read back.
pub fn finish(
    path: PathBuf,
    collector: Collector,
    conclude: Conclude,
    clock: &Clock,
    ending: Ending,
    error: Option<Error>,
) -> Result<Finished> {
    let written = collector.finish();
    let run = result::read(&path)?;
    let ended_at = clock.wall(clock.now_ns()).to_string();
    let summary = conclude(&run, ending.complete, ending.interrupted, ended_at);
    let appended = written.and_then(|mut writer| {
        writer.write(&Line::Summary(summary.clone()))?;
        writer.finish()
    });
    Ok(Finished { path, run, summary, error: error.or(appended.err()), leftover: None })
}
