//! JUnit XML, as Jenkins' xunit plugin checks it (`junit-10.xsd`) and its junit plugin, GitLab and Surefire's readers
//! take it.
//!
//! | becomes | when |
//! |---|---|
//! | passed | a rule passes or warns; a metric is improved, unchanged, or worse without being among those that decide; a series is where it was, or better |
//! | `failure` | a rule fails, and the command for it; a metric that decides, or a series, is regressed |
//! | `error` | what was measured is invalid or cannot be compared; a run was cut short |
//! | `skipped` | too few samples or nights, inconclusive, or worse but not confirmed |
//!
//! Beside a case per rule a run has one named `verdict`, for what no single rule says: a finding that decides, or a run
//! that was cut short.

mod comparison;
mod suite;
mod trend;

use std::time::Duration;
use suite::{Case, Outcome, attribute, document, suite, xml};

use super::Document;
use super::figures::{scenario, slug};
use crate::exit::Verdict;
use crate::result::{RuleOutcome, Run, Summary};

pub(super) use comparison::comparison;
pub(super) use trend::trend;

/// The rules of a run.
pub(super) fn run(run: &Run, summary: &Summary) -> Document {
    let header = &run.header;
    let mut cases: Vec<Case> = summary.rules.iter().map(rule).collect();
    cases.push(whole(summary));
    let mut suite = suite(&scenario(header), &cases);
    suite.set_time(Duration::from_nanos(run.length_ns()));
    attribute(&mut suite, "timestamp", &header.started_at);
    attribute(&mut suite, "hostname", &header.environment.host);
    let tool = format!("{} {}", header.tool.name, header.tool.version);
    suite.add_property(("run_id", xml(&header.run_id).as_str()));
    suite.add_property(("tool", xml(&tool).as_str()));
    for (name, value) in &header.labels {
        suite.add_property((xml(&format!("label.{name}")), xml(value)));
    }
    document(&slug(&scenario(header)), vec![suite])
}

fn rule(rule: &RuleOutcome) -> Case {
    let samples = rule.samples;
    let samples = samples.map_or_else(String::new, |n| format!(", {n} samples"));
    let note = rule.note.as_ref();
    let note = note.map_or_else(String::new, |note| format!("; {note}"));
    let wanted = match rule.limit.as_str() {
        "" => String::new(),
        limit => format!(", wanted {limit}"),
    };
    let told =
        format!("{}: {}{wanted} ({}){samples}{note}", rule.label, rule.measured, rule.source);
    let outcome = match rule.verdict {
        Verdict::Pass | Verdict::Warn => Outcome::Passed,
        Verdict::Inconclusive => Outcome::Skipped(told.clone()),
        Verdict::Fail => Outcome::Failure { kind: "rule", why: told.clone() },
    };
    let warning = match rule.verdict {
        Verdict::Warn => "warning: ",
        _ => "",
    };
    Case { name: rule.rule.to_string(), outcome, told: vec![format!("{warning}{told}")] }
}

/// The answer of the whole run.
fn whole(summary: &Summary) -> Case {
    let why = summary.headline.clone();
    let outcome = match summary.verdict {
        Verdict::Pass | Verdict::Warn => Outcome::Passed,
        Verdict::Fail => Outcome::Failure { kind: "verdict", why },
        Verdict::Inconclusive if !summary.complete => Outcome::Error { kind: "incomplete", why },
        Verdict::Inconclusive => Outcome::Skipped(why),
    };
    let findings = summary.findings.iter();
    let told: Vec<String> = std::iter::once(summary.headline.clone())
        .chain(findings.map(|finding| finding.message.clone()))
        .collect();
    Case { name: "verdict".to_owned(), outcome, told }
}
