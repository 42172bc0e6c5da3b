//! `etcdbench logs`.

use std::path::PathBuf;

use clap::Args;

use super::AnswerArgs;

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

    /// The answer, and where it goes.
    #[command(flatten)]
    pub document: AnswerArgs,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench logs m1.log m2.log m3.log
  journalctl -u etcd --since -1h | etcdbench logs -
  kubectl -n kube-system logs etcd-cp1 | etcdbench logs -
  etcdbench logs /var/log/pods/kube-system_etcd-*/etcd/*.log*

Exit code 3: an outage and its cause were found, or a disk that stalls again and again; 4: harm was done, and the logs
do not tell by what. How it decides: docs/logs.md.";
