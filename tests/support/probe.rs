//! The program under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use etcdbench::result::{self, Run, SeriesData};

/// The built program.
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_etcdbench"))
}

/// A directory that goes away with its owner, on the disk the build is on: a temporary directory may be a tmpfs.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a scratch directory")
}

/// A run that is over.
#[derive(Debug)]
pub struct Finished {
    /// Exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said beside that.
    pub stderr: String,
    /// Where its result was to go.
    pub result: PathBuf,
}

/// `etcdbench disk DIRECTORY --result RESULT` and more arguments, separated by spaces, started by `command`, which
/// is the program itself or something that runs it.
pub fn disk(mut command: Command, directory: &Path, result: &Path, more: &str) -> Command {
    command
        .arg("disk")
        .arg(directory)
        .arg("--result")
        .arg(result)
        .args(more.split_whitespace())
        // Tests run beside one another.
        .env("ETCDBENCH_ASSUME_ALONE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub fn run(directory: &Path, result: &Path, more: &str) -> Finished {
    finish(disk(Command::new(program()), directory, result, more), result)
}

/// Runs a command made by [`disk`] to its end.
pub fn finish(mut command: Command, result: &Path) -> Finished {
    finished(command.output().expect("etcdbench can be started"), result)
}

/// What a process that has ended left.
pub fn finished(output: Output, result: &Path) -> Finished {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    Finished {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        result: result.to_path_buf(),
    }
}

impl Finished {
    /// The result, read back.
    ///
    /// # Panics
    /// With what the program said, when there is none.
    pub fn read(&self) -> Run {
        result::read(&self.result).unwrap_or_else(|e| {
            panic!("{e}\nexit {:?}\n{}\n{}", self.code, self.stderr, self.stdout)
        })
    }
}

/// A series of a phase.
///
/// # Panics
/// When the run has none of that name.
pub fn series<'a>(run: &'a Run, phase: &str, name: &str) -> &'a SeriesData {
    run.phase(phase)
        .and_then(|phase| phase.series(name))
        .unwrap_or_else(|| panic!("no series {name} in phase {phase}"))
}

/// Mean of a series in seconds.
pub fn mean(run: &Run, phase: &str, name: &str) -> f64 {
    let mean = series(run, phase, name).total.mean_ns();
    mean.expect("the series has samples") / 1e9
}

/// What a sync of an etcd would have waited for a CPU on top of the disk, seconds.
pub fn waited_for_a_cpu(run: &Run) -> f64 {
    let batches = run.events.iter().filter(|event| event.kind == result::BATCHES);
    let sum = |name: &str| batches.clone().filter_map(|event| event.detail[name].as_f64()).sum();
    let (waited_ns, writes): (f64, f64) = (sum("waited_ns"), sum("writes"));
    waited_ns / writes.max(1.0) / 1e9
}

/// Samples of a series per second of its phase.
pub fn rate(run: &Run, phase: &str, name: &str) -> f64 {
    let length_ns = run.phase(phase).expect("the phase ran").length_ns;
    series(run, phase, name).total.count() as f64 / (length_ns as f64 / 1e9)
}
