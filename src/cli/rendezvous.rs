//! `etcdbench rendezvous`.

use std::path::PathBuf;

use clap::Args;

use crate::units::parse_duration;

/// Have the machines of a load meet and begin at one moment.
///
/// Each 'etcdbench load --shard I/N --rendezvous URL' introduces itself here, compares its clock with this one and says
/// when it is ready. When all are, all are told when to begin, each by its own clock. Where one is missing at the deadline
/// nobody begins. Run it beside the machines, never on a member of the etcd under test.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct RendezvousArgs {
    /// How many machines make the load
    #[arg(long, value_name = "N")]
    pub shards: u32,

    /// Where it listens [default: 0.0.0.0:2390]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// How long the machines have to get ready; those that write keys beforehand need time for it [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub deadline: Option<u64>,

    /// A file with the token that keeps strangers out [default: what ETCDBENCH_RENDEZVOUS_TOKEN says]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Nothing on stderr but errors
    #[arg(long, short)]
    pub quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench rendezvous --shards 8
  etcdbench load put --endpoints 10.0.0.1:2379 --rate 80000 --conns 64 --shard 3/8 --rendezvous http://10.0.1.1:2390

The first line on stdout is the address. The exit code is 0 when all have begun, and 4 when nobody could.";
