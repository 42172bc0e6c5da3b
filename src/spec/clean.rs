//! What is to be cleaned, as it was asked for.

use clap::Args;

use super::ConnectSpec;

/// What earlier loads left, and where.
#[derive(Debug, Clone, Default, Args)]
pub struct CleanSpec {
    /// A prefix, or the result of the load that left its keys [default: all fresh prefixes below /etcdbench/]
    #[arg(value_name = "PREFIX|RESULT")]
    pub what: Option<String>,

    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,

    /// How the etcd is reached [default: as the load of RESULT reached it].
    #[command(flatten)]
    pub connect: ConnectSpec,
}
