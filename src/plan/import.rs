//! What is to be taken in, and what a foreign program told of its own plan.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cli::{Format, ImportArgs, ProgramArg};
use crate::error::{Result, usage};

/// The name that stands for stdin.
const STDIN: &str = "-";

/// What is to be taken in.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Whose output it is.
    pub program: Program,
    /// Where it lies.
    pub inputs: Vec<Input>,
    /// Of fio, the job that is wanted.
    pub job: Option<String>,
    /// Of benchmark, what it did.
    pub operation: String,
    /// A name for the result.
    pub name: Option<String>,
    /// Labels of the result.
    pub labels: BTreeMap<String, String>,
    /// Where the result goes; a fresh file in the default place when absent.
    pub result: Option<PathBuf>,
    /// What was asked for that can take one run only, as it was typed: `--result`.
    pub one_only: Option<&'static str>,
}

/// Where foreign output lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// On stdin.
    Stdin,
    /// In a file.
    File(PathBuf),
}

/// A program whose output can be taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// fio.
    #[default]
    Fio,
    /// etcd's tools/benchmark.
    Benchmark,
}

/// What is known of how a foreign program measured; the plan in the header of a result of kind `import`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportPlan {
    /// Whose output it is.
    pub program: Program,
    /// Its version, as far as it told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The file it was read from; `-` for stdin.
    pub file: String,
    /// Its options as it told them, of those that bear on what was measured.
    pub options: BTreeMap<String, String>,
    /// Whether `options` are all that were given: what is not among them is the program's default then.
    pub options_complete: bool,
    /// What came of its histograms.
    pub figures: Figures,
    /// How the file lay on the disk before.
    #[serde(default)]
    pub layout: Layout,
    /// Writes it made.
    pub writes: u64,
    /// Bytes it wrote; 0 where it is not told.
    #[serde(default)]
    pub written_bytes: u64,
    /// The size at least of the file that the program said it makes; absent where it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub laid_out_bytes: Option<u64>,
    /// Reads it made beside.
    #[serde(default)]
    pub reads: u64,
    /// It was stopped, or crashed, before its end: in which words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broke_off: Option<String>,
    /// What `etcdctl check perf` told, where the output is from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckPerf>,
    /// What the kernel counted on the devices below meanwhile, of everybody.
    #[serde(default)]
    pub devices: Vec<DeviceWrites>,
    /// Where the start of the run is from: `the program`, `the program's local time`, `the file's time`, `the import`.
    pub clock: String,
    /// The local time that the program told without its zone, as it told it; it was taken for UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_time: Option<String>,
    /// What reading it left to be said.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// What `etcdctl check perf` tells: a few figures of a minute of puts, held against limits of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckPerf {
    /// Puts per second, and whether that is over 90 % of what was asked for.
    pub throughput: Option<Checked>,
    /// The slowest put in seconds, and whether it took at most 0.5 s.
    pub slowest_s: Option<Checked>,
    /// The standard deviation in seconds, and whether it is at most 0.1 s.
    pub stddev_s: Option<Checked>,
    /// (text, count) of the errors it saw.
    #[serde(default)]
    pub errors: Vec<(String, u64)>,
    /// Whether it said of itself that all was well; absent where its last line is missing.
    pub passed: Option<bool>,
}

/// One figure of `etcdctl check perf` with what it said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// The figure.
    pub value: f64,
    /// Whether its limit held.
    pub held: bool,
}

/// How much of a foreign distribution is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Figures {
    /// All of it, to the resolution of the foreign histogram.
    Histogram,
    /// A few quantiles.
    #[default]
    Quantiles,
}

/// Whether writes met blocks that were never written before, as etcd's do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// A file that was made for this run.
    Fresh,
    /// A file, or a device, that was there before.
    Overwritten,
    /// It was not told.
    #[default]
    Unknown,
}

/// Writes that the kernel counted on one device while a foreign program ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceWrites {
    /// Kernel name.
    pub name: String,
    /// Requests that were completed.
    pub writes: u64,
}

impl ImportRequest {
    /// Checks flags against one another.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) naming the flag and the way out.
    pub fn resolve(args: &ImportArgs) -> Result<ImportRequest> {
        let several = args.files.len() > 1;
        let stdin = args.files.iter().filter(|file| is_stdin(file)).count();
        match args.program {
            ProgramArg::Fio if args.operation.is_some() => {
                return Err(usage(
                    &["--operation"],
                    "--operation is about benchmark; fio says itself what it did",
                ));
            }
            ProgramArg::Benchmark if args.job.is_some() => {
                return Err(usage(&["--job"], "--job is about fio; benchmark has no jobs"));
            }
            _ if stdin > 1 => return Err(usage(&[], "- was given twice; stdin can be read once")),
            _ if several && args.output.result.is_some() => {
                return Err(usage(
                    &["--result"],
                    "--result names one file; import several FILEs one by one",
                ));
            }
            _ if several && args.output.document.output.is_some() => {
                return Err(usage(
                    &["--output"],
                    "--output names one file; import several FILEs one by one",
                ));
            }
            _ if several && args.output.document.format == Some(Format::Csv) => {
                return Err(usage(
                    &["--format"],
                    "--format csv is one table; import several FILEs one by one, or take json",
                ));
            }
            _ => {}
        }
        let one_only = match &args.output {
            output if output.result.is_some() => Some("--result"),
            output if output.document.output.is_some() => Some("--output"),
            output if output.document.format == Some(Format::Csv) => Some("--format csv"),
            _ => None,
        };
        let operation = args.operation.as_deref().unwrap_or("request");
        if !is_name(operation) {
            return Err(usage(
                &["--operation"],
                format!(
                    "--operation '{operation}': small letters and dashes, like put or txn-range"
                ),
            ));
        }
        Ok(ImportRequest {
            program: match args.program {
                ProgramArg::Fio => Program::Fio,
                ProgramArg::Benchmark => Program::Benchmark,
            },
            inputs: args.files.iter().map(|file| input(file)).collect(),
            job: args.job.clone(),
            operation: operation.to_owned(),
            name: args.name.clone(),
            labels: super::labels(&args.labels)?,
            result: args.output.result.clone(),
            one_only,
        })
    }
}

impl Input {
    /// As it was typed.
    pub fn shown(&self) -> &Path {
        match self {
            Input::Stdin => Path::new(STDIN),
            Input::File(path) => path,
        }
    }
}

impl Program {
    /// What people call it; also the phase its series are in.
    pub fn name(self) -> &'static str {
        match self {
            Program::Fio => "fio",
            Program::Benchmark => "benchmark",
        }
    }
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new(STDIN)
}

fn input(file: &Path) -> Input {
    if is_stdin(file) { Input::Stdin } else { Input::File(file.to_path_buf()) }
}

fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c == '-';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn resolved(words: &[&str]) -> std::result::Result<ImportRequest, String> {
        let words = [&["etcdbench", "import"], words].concat();
        let parsed = Cli::try_parse_from(words).map_err(|error| error.to_string())?;
        let Command::Import(args) = parsed.command else {
            panic!("another subcommand was parsed");
        };
        ImportRequest::resolve(&args).map_err(|error| error.to_string())
    }

    #[test]
    fn nonsense_names_the_way_out() {
        for (words, said) in [
            (&["fio", "a", "b", "--result", "c"] as &[&str], "one by one"),
            (&["fio", "a", "b", "--format", "csv"], "one table"),
            (&["fio", "-", "-"], "stdin can be read once"),
            (&["fio", "a", "--operation", "put"], "is about benchmark"),
            (&["benchmark", "a", "--job", "x"], "is about fio"),
            (&["benchmark", "a", "--operation", "a.b"], "small letters"),
            (&["fio"], "required"),
            (&["dd", "a"], "invalid value 'dd'"),
        ] {
            let error = resolved(words).unwrap_err();
            assert!(error.contains(said), "{words:?}: {error}");
        }
        let request = resolved(&["benchmark", "a", "-", "--operation", "put"]).unwrap();
        assert_eq!(request.inputs, [Input::File("a".into()), Input::Stdin]);
    }
}
