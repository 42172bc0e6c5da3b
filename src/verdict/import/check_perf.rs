//! What `etcdctl check perf` said of a cluster: its own limits, as it held them.

use crate::exit::Verdict;
use crate::plan::{CheckPerf, Checked};
use crate::result::{RuleOutcome, Severity, Summary};
use crate::units::{format_count, format_duration};
use crate::verdict::import::finding::{Complete, finding};

use super::of_many;

const SOURCE: &str = "etcdctl check perf";

pub(super) fn judge(check: &CheckPerf) -> Summary {
    let rules = rules(check);
    let broken: Vec<String> = rules
        .iter()
        .filter(|rule| rule.verdict == Verdict::Fail)
        .map(|rule| format!("{} {} (limit {})", rule.label, rule.measured, rule.limit))
        .collect();
    let all: Vec<String> =
        rules.iter().map(|rule| format!("{} {}", rule.label, rule.measured)).collect();
    let (verdict, headline) = if !broken.is_empty() || check.passed == Some(false) {
        let why = if broken.is_empty() { all.join(", ") } else { broken.join(", ") };
        (Verdict::Fail, format!("FAILED  etcdctl check perf: {why}"))
    } else if check.passed == Some(true) {
        let told = all.join(", ");
        (
            Verdict::Warn,
            format!(
                "PASSED BY ITS OWN LIMITS  etcdctl check perf: {told}; a minute of puts is no qualification"
            ),
        )
    } else {
        let told = all.join(", ");
        (
            Verdict::Inconclusive,
            format!("INCONCLUSIVE  etcdctl check perf has no last line, PASS or FAIL: {told}"),
        )
    };
    let limits = finding(
        "check_perf",
        Severity::Info,
        "etcdctl check perf puts for a minute at a rate that is low for today's clusters (150/s by default), and tells the \
         rate, the slowest put and the deviation; of percentiles it tells nothing, nor which of its loads it ran."
            .to_owned(),
    )
    .advise("etcdbench load put --rate 1000 --endpoints … tells the whole distribution, and what held it up.");
    Summary { headline, rules, findings: vec![limits], verdict, ..Summary::default() }
}

fn rules(check: &CheckPerf) -> Vec<RuleOutcome> {
    let mut rules = Vec::new();
    if !check.errors.is_empty() {
        let count = check.errors.iter().fold(0u64, |sum, (_, count)| sum.saturating_add(*count));
        rules.push(RuleOutcome {
            rule: "errors <= 0".into(),
            label: "errors".to_owned(),
            measured: of_many(count, "put"),
            limit: "none".to_owned(),
            measured_value: Some(count as f64),
            limit_value: Some(0.0),
            source: SOURCE.to_owned(),
            verdict: Verdict::Fail,
            ..RuleOutcome::default()
        });
    }
    let rate = |value: f64| format!("{}/s", format_count(value as u64));
    let time = |value: f64| format_duration((value.clamp(0.0, 1e9) * 1e9) as u64);
    let of = |found: Option<Checked>,
              label: &str,
              limit: &str,
              limit_value,
              shown: &dyn Fn(f64) -> String| {
        found.map(|found| RuleOutcome {
            rule: format!("check perf {label}").into(),
            label: label.to_owned(),
            measured: shown(found.value),
            limit: limit.to_owned(),
            measured_value: Some(found.value),
            limit_value,
            source: SOURCE.to_owned(),
            verdict: if found.held { Verdict::Pass } else { Verdict::Fail },
            ..RuleOutcome::default()
        })
    };
    rules.extend(of(check.throughput, "throughput", "> 90 % of its load", None, &rate));
    rules.extend(of(check.slowest_s, "slowest", "≤ 500 ms", Some(0.5), &time));
    rules.extend(of(check.stddev_s, "deviation", "≤ 100 ms", Some(0.1), &time));
    rules
}
