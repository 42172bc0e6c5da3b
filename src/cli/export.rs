//! Machine formats; shared by `report`, `compare` and `trend`.

use clap::{Args, ValueEnum};

/// A format for another tool instead of a page.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "For other tools")]
pub struct ExportArgs {
    /// Write this for another tool instead of a page; docs/exports.md tells what is in each
    ///
    /// It goes to stdout, or where --output says: into a file, or with a name that ends in / into a directory, which what
    /// consists of several files needs.
    #[arg(long, value_enum, value_name = "KIND", conflicts_with = "format")]
    pub export: Option<Export>,
}

/// What other tools read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Export {
    /// HdrHistogram's interval log: every interval's histogram, for HistogramLogAnalyzer and its kin
    Hlog,
    /// HdrHistogram's percentile distribution, a file per series, for its plotter
    Hgrm,
    /// JUnit XML: a test case per rule, metric or series
    Junit,
    /// OpenMetrics text, for whatever serves or takes it
    Openmetrics,
    /// Prometheus' older text format, for node_exporter's textfile collector and the Pushgateway
    Textfile,
    /// Kubernetes' PerfData as `benchmark --report-perfdash` of etcd writes it, for perf-dash
    Perfdata,
    /// Two JSON files for github-action-benchmark: smaller and bigger is better
    GithubActionBenchmark,
    /// Bencher Metric Format, for `bencher run`
    Bmf,
}

impl Export {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Export::Hlog => "hlog",
            Export::Hgrm => "hgrm",
            Export::Junit => "junit",
            Export::Openmetrics => "openmetrics",
            Export::Textfile => "textfile",
            Export::Perfdata => "perfdata",
            Export::GithubActionBenchmark => "github-action-benchmark",
            Export::Bmf => "bmf",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_are_typed() {
        for kind in Export::value_variants() {
            let typed = kind.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(typed.as_deref(), Some(kind.name()));
        }
    }
}
