//! `etcdbench logs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Read etcd's logs and tell what held the cluster back: disk, CPU, network, quota, maintenance, or not sure.
///
/// Takes the logs of etcd 3.2 to 3.8 as they are found: JSON, console and plain text, from journald, a container
/// runtime, docker, `kubectl logs` or syslog, mixed with lines of other programs, compressed with gzip. Give the files
/// of all members at once: one member's log often names another's fault.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct LogsArgs {
    /// Files with logs of etcd; - reads stdin
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Form of the document [default: by the ending of --output, otherwise text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<LogsFormat>,

    /// Write the document to a file instead of stdout; it is there whole or not at all
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long)]
    pub strict: bool,

    /// No colours, as with NO_COLOR in the environment
    #[arg(long)]
    pub no_color: bool,
}

/// How the answer is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogsFormat {
    /// The page for people
    #[default]
    Text,
    /// One JSON document, as docs/logs.schema.json has it
    Json,
    /// For an issue or a chat
    Markdown,
    /// A page in a single file
    Html,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench logs m1.log m2.log m3.log
  journalctl -u etcd --since -1h | etcdbench logs -
  kubectl -n kube-system logs etcd-cp1 | etcdbench logs -
  etcdbench logs /var/log/pods/kube-system_etcd-*/etcd/*.log*

Exit code 3: an outage and its cause were found, or a disk that stalls again and again; 4: harm was done, and the logs
do not tell by what. How it decides: docs/logs.md.";
