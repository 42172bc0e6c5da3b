//! `etcdbench pod`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What pods need beside a measurement, in an image that holds nothing but this program.
///
/// The manifests in deploy/kubernetes/ use it; nobody else has to.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct PodArgs {
    /// What is to be done.
    #[command(subcommand)]
    pub part: PodPart,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench pod turn 120 3
  etcdbench pod run --accept 4 etcdbench disk /scratch --result /results/result.jsonl
  etcdbench pod stay
  etcdbench pod good /results/exit-code";

/// The parts of a pod.
#[derive(Debug, Clone, Subcommand)]
pub enum PodPart {
    /// Run a measurement, and leave its answer where Kubernetes shows it
    ///
    /// With --result among its arguments, the result's headline becomes the container's termination message, which one
    /// `kubectl get pods` lists for all nodes, and the result itself follows the page in the log: its lines, and no others,
    /// begin with '{'. Without an answer the message is left empty, and Kubernetes fills in the end of the log
    /// (terminationMessagePolicy: FallbackToLogsOnError). A signal is handed on, and what is then kept and said is waited for.
    Run(PodRunArgs),
    /// Wait until it is this pod's turn, by the clock
    ///
    /// The pods of an Indexed Job take turns of SECONDS each, TURNS of them in a round, so that no two members of an etcd have
    /// their disks measured at the same time: a majority is always undisturbed. Nothing but clocks that agree within a few
    /// seconds is needed for that, no coordinator and no access to the API.
    Turn(PodTurnArgs),
    /// Do nothing until a signal comes, so that a pod, its answer and its log stay
    Stay,
    /// Tell by the exit code whether `run --once` found its answer good: for a readiness probe
    Good(PodGoodArgs),
}

/// Run a measurement, and leave its answer where Kubernetes shows it.
#[derive(Debug, Clone, Args)]
pub struct PodRunArgs {
    /// End with 0 where the measurement ends with this code: for pods that go on whatever the answer is
    #[arg(long, value_name = "CODE")]
    pub accept: Vec<u8>,

    /// Keep the exit code of an answer in this file, and measure no second time where it is there already: a container
    /// that is started again tells the same once more
    #[arg(long, value_name = "FILE")]
    pub once: Option<PathBuf>,

    /// Where Kubernetes reads the termination message
    #[arg(
        long,
        value_name = "FILE",
        env = "TERMINATION_MESSAGE",
        default_value = "/dev/termination-log"
    )]
    pub message: PathBuf,

    /// Make one of N parts of a load, in a pod of an Indexed Job: its index says which, and the first pod is where all meet
    #[arg(long, value_name = "N")]
    pub shards: Option<u32>,

    /// The headless Service that gives the pods of the Job their names
    #[arg(long, value_name = "NAME", default_value = "load-shards", requires = "shards")]
    pub service: String,

    /// Where the pods meet [default: the first pod of this Job, by the Service's name]
    #[arg(long, value_name = "HOST:PORT", env = "RENDEZVOUS", requires = "shards")]
    pub rendezvous: Option<String>,

    /// The file with the token that keeps strangers from the meeting point
    #[arg(
        long,
        value_name = "FILE",
        env = "TOKEN_FILE",
        default_value = "/etc/rendezvous/token",
        requires = "shards"
    )]
    pub token_file: PathBuf,

    /// The pod's index among those of its Job
    #[arg(long, value_name = "INDEX", env = "JOB_COMPLETION_INDEX")]
    pub index: Option<u32>,

    /// What is run, with its arguments
    #[arg(
        value_name = "PROGRAM",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true
    )]
    pub command: Vec<String>,
}

/// Wait until it is this pod's turn, by the clock.
#[derive(Debug, Clone, Args)]
pub struct PodTurnArgs {
    /// How long a turn is
    #[arg(value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,

    /// How many turns a round has: the completions of the Job
    #[arg(value_name = "TURNS", value_parser = clap::value_parser!(u32).range(1..))]
    pub turns: u32,

    /// The pod's index among those of its Job
    #[arg(long, value_name = "INDEX", env = "JOB_COMPLETION_INDEX")]
    pub index: u32,
}

/// Tell by the exit code whether `run --once` found its answer good: 0 where it did, 3 where not, 1 without an answer.
#[derive(Debug, Clone, Args)]
pub struct PodGoodArgs {
    /// The file that `run --once` keeps
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
