//! `etcdbench import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;
use crate::spec::LabelArg;

/// Take in what another program measured, so that it stands beside results of etcdbench.
///
/// Reads the output of fio (--output-format=json+ keeps most, json and the plain text are understood too) or of etcd's
/// tools/benchmark, writes a result file from it, says in which ways that program's work differs from etcd's, and holds
/// against etcd's limits what can be held against them. The result can be shown, compared and followed like any other.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct ImportArgs {
    /// Whose output it is
    #[arg(value_enum, value_name = "PROGRAM")]
    pub program: ProgramArg,

    /// Files with its output; - reads stdin. Each becomes a result of its own
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// fio: the job to take where several made syncs, by its name or its host
    #[arg(long, value_name = "NAME")]
    pub job: Option<String>,

    /// benchmark: what it did, which its output does not say: put, range, txn … [default: request]
    ///
    /// Names the series: --operation put gives put.service, which compares with that of `etcdbench load put`.
    #[arg(long, value_name = "OPERATION")]
    pub operation: Option<String>,

    /// A name for the result [default: the job's name, or the file's]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// A label to keep with the result: rack=b7; may be given several times
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub labels: Vec<LabelArg>,

    /// End with exit code 3 also where the verdict is warn
    #[arg(long)]
    pub strict: bool,

    /// What comes out, and where.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// A program whose output can be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgramArg {
    /// fio: JSON, JSON with bins (json+), or its plain text
    Fio,
    /// etcd's tools/benchmark: its printed report
    Benchmark,
}

const EXAMPLES: &str = "\
Examples:
  fio --name=wal --directory=/var/lib --rw=write --ioengine=sync --fdatasync=1 \\
      --size=22m --bs=2300 --unlink=1 --output-format=json+ | etcdbench import fio -
  etcdbench import fio fio-cp1.json fio-cp2.json
  etcdbench compare results/*-import-*.jsonl results/*-disk-cp1.jsonl
  benchmark put --precise --total 100000 2>&1 | etcdbench import benchmark - --operation put

The exit code is the verdict's; a foreign run alone never gives more than a warning.";
