//! OpenMetrics text (format 1.0), and the older text format for node_exporter's textfile collector: the same gauges.
//!
//! Quantiles are gauges with a label `q`, with both ends of their 95 % interval beside them; there are no time stamps,
//! which the collector refuses, but a metric that tells when the run ended.

mod comparison;
mod family;
mod run;
mod trend;

use family::{Family, Labels, label};
use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::figures::slug;
use super::{Document, ExportInput};
use crate::report::text::clean;

/// Which of the two text formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// With units and an end.
    OpenMetrics,
    /// As Prometheus had it before.
    Classic,
}

/// The metrics of a subject.
pub(super) fn document(subject: ExportInput<'_>, dialect: Dialect) -> Document {
    let (name, families) = match subject {
        ExportInput::Run { run, summary, .. } => {
            (slug(&super::figures::scenario(&run.header)), run::families(run, summary))
        }
        ExportInput::Comparison(found) => ("compare".to_owned(), comparison::families(found)),
        ExportInput::Trend(trend) => ("trend".to_owned(), trend::families(trend)),
    };
    let end = match dialect {
        Dialect::OpenMetrics => "txt",
        Dialect::Classic => "prom",
    };
    Document { file_name: format!("etcdbench-{name}.{end}"), text: text(&families, dialect) }
}

fn text(families: &[Family], dialect: Dialect) -> String {
    let mut out = String::new();
    for family in families {
        let samples: Vec<_> = family.samples.iter().filter(|(_, n)| n.is_finite()).collect();
        if samples.is_empty() {
            continue;
        }
        head(&mut out, family, dialect);
        let mut seen = BTreeSet::new();
        for (labels, value) in samples {
            let labels = labelled(labels);
            // A second sample of the same labels makes readers refuse the whole text.
            if seen.insert(labels.clone()) {
                // A String takes any amount.
                let _ = writeln!(out, "{}{labels} {value}", family.name);
            }
        }
    }
    if dialect == Dialect::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

fn head(out: &mut String, family: &Family, dialect: Dialect) {
    let Family { name, help, .. } = family;
    // OpenMetrics alone knows a type for what is always 1, and leaves its end out of the family's name.
    let (name, kind) = match (dialect, name.strip_suffix("_info")) {
        (Dialect::OpenMetrics, Some(bare)) => (bare, "info"),
        _ => (*name, "gauge"),
    };
    let _ = writeln!(out, "# TYPE {name} {kind}");
    if dialect == Dialect::OpenMetrics && name.ends_with("_seconds") {
        let _ = writeln!(out, "# UNIT {name} seconds");
    }
    let _ = writeln!(out, "# HELP {name} {help}");
}

fn labelled(labels: &Labels) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let escaped = |value: &str| clean(value).replace('\\', "\\\\").replace('"', "\\\"");
    let all: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", all.join(","))
}
