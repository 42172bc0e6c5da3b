//! What a person types: clap types and help text, nothing else. Whatever depends on more than one flag is checked
//! in [`crate::plan`], so that a scenario file and flags obey the same rules.

mod check;
mod compare;
mod disk;
mod export;
mod import;
mod load;
mod logs;
mod merge;
mod output;
mod pod;
mod profile;
mod rendezvous;
mod report;
mod run;
mod shell;
mod short;
mod trend;

use clap::builder::styling::{AnsiColor, Effects, Styles};
use clap::{Parser, Subcommand};

pub use check::{BesideCheck, CheckArgs, QuotaArgs};
pub use compare::{CompareArgs, CompareFormat};
pub use disk::{DiskArgs, WorkArgs};
pub use export::{Export, ExportArgs};
pub use import::{ImportArgs, ProgramArg};
pub use load::{BesideLoad, LoadArgs};
pub use logs::LogsArgs;
pub use merge::MergeArgs;
pub use output::{
    AnswerArgs, ChartArgs, DocumentArgs, Format, LiveArgs, LogsFormat, OutputArgs, Table,
};
pub use pod::{PodArgs, PodGoodArgs, PodPart, PodRunArgs, PodTurnArgs};
pub use profile::ProfileArgs;
pub use rendezvous::RendezvousArgs;
pub use report::{RedactArg, ReportArgs};
pub use run::RunArgs;
pub use shell::{CompletionsArgs, ManArgs, Page, completions, man, man_of, man_pages};
pub use short::parse;
pub use trend::{TrendArgs, TrendFormat};

use crate::tool::LONG_VERSION;

/// Is this disk good enough for etcd? Evidence, not guesses.
#[derive(Debug, Parser)]
#[command(
    name = "etcdbench",
    version,
    long_version = LONG_VERSION,
    propagate_version = false,
    styles = STYLES,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = EXIT_CODES,
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What etcdbench can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell whether a disk may carry etcd, before etcd is installed
    Disk(Box<DiskArgs>),
    /// Drive a live etcd and measure every request, from the moment it was due
    Load(Box<LoadArgs>),
    /// Tell which of two or more results is better, by how much, and how sure that is
    Compare(Box<CompareArgs>),
    /// Make one result of those that several machines left of one load
    Merge(Box<MergeArgs>),
    /// Have the machines of a load meet and begin at one moment
    Rendezvous(RendezvousArgs),
    /// Show a stored result again, also that of a run that was killed
    Report(ReportArgs),
    /// Take in what fio or etcd's own benchmark measured, to show it and hold it against results of etcdbench
    Import(Box<ImportArgs>),
    /// Tell whether tonight's run is worse than those before it, and where the level changed for good
    Trend(Box<TrendArgs>),
    /// Tell what is holding a running cluster back: disk, CPU, network, quota, or not sure, and at which member
    Check(Box<CheckArgs>),
    /// Write your cluster down as a scenario: what it holds, what is written to it, what its clients ask for
    Profile(Box<ProfileArgs>),
    /// Tell from etcd's logs what held a cluster back: disk, CPU, network, quota, maintenance, or not sure
    Logs(LogsArgs),
    /// Run a scenario: what is measured, written down once and for all
    Run(Box<RunArgs>),
    /// Do what pods need beside a measurement: wait for a turn, leave an answer where Kubernetes shows it
    Pod(PodArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all subcommands
    Man(ManArgs),
    /// Make one run as it stands on stdin, resolved: what `run` and `compare --measure` start
    #[command(hide = true)]
    Planned,
    /// Work as a neighbour until stdin is closed: what `disk --neighbour` starts
    #[command(hide = true)]
    Neighbour(WorkArgs),
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes:
  0    done: the verdict is pass, or warn without --strict
  1    could not measure: I/O, permission, internal error
  2    wrong usage; nothing was touched
  3    measured, and the answer is bad
  4    measured, but no verdict can honestly be given
  130  interrupted; what was measured is kept";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn negative_numbers_reach_the_plan_and_its_better_message() {
        let cli = Cli::try_parse_from(["etcdbench", "disk", ".", "--rate", "-5"]).unwrap();
        let Command::Disk(args) = cli.command else {
            panic!("another subcommand was parsed");
        };
        assert_eq!(args.spec.rate, Some(-5.0));
    }
}
