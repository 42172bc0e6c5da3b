//! The metrics of a run.

use jiff::Timestamp;

use super::{Family, Labels, label};
use crate::exit::Verdict;
use crate::report::export::figures::{member, resolvable, seconds};
use crate::result::{QuantileSummary, Run, SeriesSummary, Summary};

pub(super) const VERDICTS: [&str; 4] = ["pass", "warn", "inconclusive", "fail"];

/// All of them; those without samples are left out later.
pub(super) fn families(run: &Run, summary: &Summary) -> Vec<Family> {
    let whole = whole(run);
    let series = every_series(run, summary);
    let mut all = vec![
        Family::new("etcdbench_run_info", "What ran, where.").with([(info(run), 1.0)]),
        Family::new(
            "etcdbench_run_completion_timestamp_seconds",
            "When the run ended, since the epoch.",
        )
        .with(ended(summary).map(|at| (whole.clone(), at))),
        Family::new("etcdbench_run_complete", "Whether the run went through to its end.")
            .with([(whole.clone(), f64::from(u8::from(summary.complete)))]),
        Family::new("etcdbench_verdict", "The answer.").one_of(
            &whole,
            "verdict",
            VERDICTS,
            word(summary.verdict),
        ),
    ];
    all.extend(rules(&whole, summary));
    all.extend(latencies(&series));
    all.extend(counts(&series));
    all.extend(stalls(&whole, summary));
    all.push(capacity(&whole, summary));
    all
}

/// What every sample of a run carries: what was run. Where is told by the scrape.
fn whole(run: &Run) -> Labels {
    vec![label("kind", run.header.kind.as_str()), label("name", run.header.name.as_str())]
}

fn info(run: &Run) -> Labels {
    let header = &run.header;
    let mut labels = whole(run);
    labels.extend([
        label("run_id", header.run_id.as_str()),
        label("host", header.environment.host.as_str()),
        label("tool_version", header.tool.version.as_str()),
    ]);
    if let Some(version) = header.environment.members.iter().map(|m| &m.version).max() {
        labels.push(label("etcd_version", version.as_str()));
    }
    for (name, value) in &header.labels {
        let letters = |c: char| !c.is_ascii_alphanumeric();
        let name = format!("label_{}", name.replace(letters, "_"));
        // Two names that differ in signs alone would be one.
        if labels.iter().all(|(known, _)| *known != name) {
            labels.push(label(&name, value.as_str()));
        }
    }
    labels
}

fn ended(summary: &Summary) -> Option<f64> {
    let at = summary.ended_at.parse::<Timestamp>().ok()?;
    Some(at.as_millisecond() as f64 / 1e3)
}

/// Every series with samples or errors, and the labels that name it.
fn every_series<'a>(run: &Run, summary: &'a Summary) -> Vec<(Labels, &'a SeriesSummary)> {
    let mut all = Vec::new();
    for phase in &summary.phases {
        for series in &phase.series {
            let mut labels = whole(run);
            labels.push(label("phase", phase.phase.as_str()));
            labels.push(label("series", series.series.as_str()));
            // An empty label is none: all members together.
            labels.extend(member(run, series.member).map(|name| label("member", name)));
            all.push((labels, series));
        }
    }
    all
}

fn latencies(all: &[(Labels, &SeriesSummary)]) -> Vec<Family> {
    let quantiles = |value: fn(&QuantileSummary) -> Option<u64>| {
        let of = move |(labels, series): &(Labels, &SeriesSummary)| -> Vec<(Labels, f64)> {
            let labels = labels.clone();
            let sample = |found: &QuantileSummary| {
                let mut labels = labels.clone();
                labels.push(label("q", found.q.to_string()));
                Some((labels, seconds(value(found)?)))
            };
            resolvable(series).filter_map(sample).collect()
        };
        all.iter().flat_map(of).collect::<Vec<_>>()
    };
    let exact = |value: fn(&SeriesSummary) -> f64| {
        let sampled = all.iter().filter(|(_, series)| series.count > 0);
        sampled.map(|(labels, series)| (labels.clone(), value(series))).collect::<Vec<_>>()
    };
    vec![
        Family::new("etcdbench_latency_seconds", "A quantile q of a series' durations.")
            .with(quantiles(|found| Some(found.value_ns))),
        Family::new("etcdbench_latency_low_seconds", "Lower end of the quantile's 95 % interval.")
            .with(quantiles(|found| found.low_ns)),
        Family::new("etcdbench_latency_high_seconds", "Upper end of the quantile's 95 % interval.")
            .with(quantiles(|found| found.high_ns)),
        Family::new("etcdbench_latency_mean_seconds", "Arithmetic mean of a series.")
            .with(exact(|series| series.mean_ns / 1e9)),
        Family::new("etcdbench_latency_min_seconds", "Smallest sample of a series.")
            .with(exact(|series| seconds(series.min_ns))),
        Family::new("etcdbench_latency_max_seconds", "Largest sample of a series.")
            .with(exact(|series| seconds(series.max_ns))),
    ]
}

fn counts(all: &[(Labels, &SeriesSummary)]) -> Vec<Family> {
    let each = |value: fn(&SeriesSummary) -> f64| {
        all.iter().map(move |(labels, series)| (labels.clone(), value(series)))
    };
    let errors = all.iter().flat_map(|(labels, series)| {
        series.errors.iter().map(move |(class, count)| {
            let mut labels = labels.clone();
            labels.push(label("class", class.as_str()));
            (labels, *count as f64)
        })
    });
    vec![
        Family::new("etcdbench_samples", "Samples of a series.")
            .with(each(|series| series.count as f64)),
        Family::new("etcdbench_rate_per_second", "Samples per second of the phase.")
            .with(each(|series| series.rate_per_s)),
        Family::new("etcdbench_errors", "Failed operations by class.").with(errors),
    ]
}

fn rules(whole: &Labels, summary: &Summary) -> Vec<Family> {
    let mut verdicts = Family::new("etcdbench_rule_verdict", "How a rule came out.");
    let mut margins = Family::new(
        "etcdbench_rule_margin",
        "How many times better than its limit a rule was kept; below 1 it was broken.",
    );
    for rule in &summary.rules {
        let mut labels = whole.clone();
        labels.push(label("rule", rule.rule.to_string()));
        verdicts = verdicts.one_of(&labels, "verdict", VERDICTS, word(rule.verdict));
        margins.samples.extend(rule.margin.map(|margin| (labels, margin)));
    }
    vec![verdicts, margins]
}

fn stalls(whole: &Labels, summary: &Summary) -> Vec<Family> {
    let steps = summary.ladder.iter().map(|step| {
        let mut labels = whole.clone();
        labels.push(label("at_least", seconds(step.at_least_ns).to_string()));
        (labels, step.count as f64)
    });
    vec![
        Family::new(
            "etcdbench_stalls",
            "Operations of at least so many seconds, under the planned load.",
        )
        .with(steps),
    ]
}

fn capacity(whole: &Labels, summary: &Summary) -> Family {
    let found = summary.capacity.as_ref();
    let sample = found.and_then(|found| {
        let mut labels = whole.clone();
        labels.push(label("at_least", found.at_least.to_string()));
        Some((labels, found.puts_per_s?))
    });
    Family::new(
        "etcdbench_capacity_per_second",
        "The highest rate that kept every rule; at_least where no higher one was tried.",
    )
    .with(sample)
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Fail => "fail",
    }
}
