//! What fio's syncs say of a disk: the two limits that syncs alone can be held against, judged with what the missing
//! time costs.
//!
//! Without times nothing is known of how the slow syncs lay: all of them may be one bad moment. They count as one
//! occurrence, as those of a run of ours that is too short to tell.

use crate::plan::{Figures, ImportPlan};
use crate::result::{Finding, RuleOutcome, Run, SeriesData, Severity, Summary, Verdict};
use crate::units::{format_count, format_duration, format_share, significant};
use crate::verdict::finding::finding;
use crate::verdict::judge::{self, UNSEEN_SHARE};
use crate::verdict::pooled::{CONFIDENCE, Share};

use super::traits::{self, Bearing, Trait};

/// The limit of etcd's FAQ.
const LIMIT_NS: u64 = 10_000_000;
/// From here on followers start an election, with etcd's default.
const ELECTION_NS: u64 = 1_000_000_000;
/// A bin of fio's is told by its middle; values in it are off by up to this share.
const BIN_ERROR: f64 = 1.0 / 128.0;
/// What may be beyond a p99.
const BEYOND_P99: f64 = 0.01;

pub(super) fn judge(run: &Run, plan: &ImportPlan) -> Result<Summary, String> {
    let phase = run.phases.first();
    let series = phase.and_then(|phase| {
        let named = |name| phase.series(name);
        named("wal.fsync").or_else(|| named("wal.sync"))
    });
    let Some(syncs) = series else {
        return Err("this import holds no syncs; import the file again".to_owned());
    };
    let traits = traits::of_fio(plan, run);
    let rules = vec![with_traits(p99(syncs), &traits), with_traits(longest(syncs), &traits)];
    // What holds here still is not what etcd does.
    let worst = rules.iter().map(|rule| rule.verdict).max();
    let verdict = worst.unwrap_or_default().max(Verdict::Warn);
    let mut findings: Vec<Finding> = traits.iter().map(Trait::finding).collect();
    findings.push(resolution(plan));
    if !plan.options_complete {
        findings.push(options_unknown());
    }
    Ok(Summary {
        headline: headline(verdict, &rules, syncs),
        rules,
        findings,
        verdict,
        ..Summary::default()
    })
}

/// p99 below 10 ms: less than one sync in a hundred takes 10 ms or longer.
fn p99(syncs: &SeriesData) -> RuleOutcome {
    let (fewest, most) = at_or_above(syncs, LIMIT_NS);
    let count = syncs.count();
    let low = Share::in_batches(fewest, count, &[]);
    let high = Share::in_batches(most, count, &[]);
    let (broken, _) = judge::exceedance(&low, BEYOND_P99, 0, CONFIDENCE);
    let (kept, _) = judge::exceedance(&high, BEYOND_P99, 0, CONFIDENCE);
    let value = syncs.quantile(0.99).map(|found| found.value_ns);
    let (verdict, note) = match (broken, kept) {
        (Verdict::Fail, _) => (Verdict::Fail, None),
        (_, Verdict::Pass) => (Verdict::Pass, None),
        _ => (Verdict::Inconclusive, Some(undecided(fewest, most, count))),
    };
    let measured = value.map_or_else(|| "–".to_owned(), format_duration);
    outcome(syncs, "p99", LIMIT_NS, "etcd FAQ", value, measured, verdict, note)
}

fn undecided(fewest: u64, most: u64, count: u64) -> String {
    let many = |n: u64| format_count(n);
    let slow =
        if fewest == most { many(most) } else { format!("{} to {}", many(fewest), many(most)) };
    if most == 0 {
        return format!("{} syncs are too few to tell", many(count));
    }
    format!(
        "{slow} of {} syncs took 10 ms or longer, and fio does not tell whether in one bad moment",
        many(count)
    )
}

fn longest(syncs: &SeriesData) -> RuleOutcome {
    let max_ns = syncs.max_ns();
    let unseen = Share::in_batches(0, syncs.count(), &[]).below(CONFIDENCE);
    let (verdict, note) = if max_ns >= ELECTION_NS {
        (Verdict::Fail, None)
    } else if unseen < UNSEEN_SHARE {
        let note = format!("at most {} can be longer unseen", format_share(unseen));
        (Verdict::Pass, Some(note))
    } else {
        let note = format!("{} syncs are too few to tell", format_count(syncs.count()));
        (Verdict::Inconclusive, Some(note))
    };
    let measured = format_duration(max_ns);
    let source = "election timeout";
    outcome(syncs, "max", ELECTION_NS, source, Some(max_ns), measured, verdict, note)
}

#[allow(clippy::too_many_arguments)] // the columns of one row
fn outcome(
    syncs: &SeriesData,
    stat: &str,
    limit_ns: u64,
    source: &str,
    value: Option<u64>,
    measured: String,
    verdict: Verdict,
    note: Option<String>,
) -> RuleOutcome {
    let margin = value.filter(|value| *value > 0);
    RuleOutcome {
        rule: format!("{}.{stat} < {}", syncs.series, crate::units::exact_duration(limit_ns)),
        label: format!("{} {stat}", syncs.series),
        measured,
        limit: format!("< {}", format_duration(limit_ns)),
        measured_value: value.map(|value| value as f64),
        limit_value: Some(limit_ns as f64),
        margin: margin.map(|value| limit_ns as f64 / value as f64),
        samples: Some(syncs.count()),
        source: source.to_owned(),
        verdict,
        note,
    }
}

/// The fewest and the most syncs that took as long as a limit, as far as bins or quantiles tell.
fn at_or_above(syncs: &SeriesData, limit_ns: u64) -> (u64, u64) {
    if let Some(told) = &syncs.told {
        return told.at_or_above(limit_ns);
    }
    if syncs.max_ns() < limit_ns {
        return (0, 0);
    }
    let from = |share: f64| (limit_ns as f64 * share) as u64;
    (
        syncs.total.count_at_or_above(from(1.0 + BIN_ERROR)),
        syncs.total.count_at_or_above(from(1.0 - BIN_ERROR)),
    )
}

/// A limit that held under less than etcd asks for, or broke under more, decides nothing.
fn with_traits(mut rule: RuleOutcome, traits: &[Trait]) -> RuleOutcome {
    let (against, asked) = match rule.verdict {
        Verdict::Pass => (Bearing::Easier, "fio asked for less than etcd does"),
        Verdict::Fail => (Bearing::Harder, "fio asked for more than etcd does"),
        _ => return rule,
    };
    let found: Vec<&str> = traits
        .iter()
        .filter(|found| found.bearing == against || found.bearing == Bearing::Other)
        .map(|found| found.brief.as_str())
        .collect();
    if found.is_empty() {
        return rule;
    }
    let other = traits.iter().all(|found| found.bearing != against);
    let asked = if other { "fio asked for something else" } else { asked };
    rule.verdict = Verdict::Inconclusive;
    rule.note = Some(format!("{asked}: {}", found.join(", ")));
    rule
}

fn headline(verdict: Verdict, rules: &[RuleOutcome], syncs: &SeriesData) -> String {
    let first = |verdict| rules.iter().find(move |rule| rule.verdict == verdict);
    let told = |rule: &RuleOutcome| format!("{} is {}", rule.label, rule.measured);
    match (verdict, first(Verdict::Fail), first(Verdict::Inconclusive)) {
        (Verdict::Fail, Some(rule), _) => {
            let times = rule.margin.map_or(0.0, |margin| 1.0 / margin);
            format!(
                "NOT QUALIFIED  {} in fio's run, {} times the limit",
                told(rule),
                significant(times)
            )
        }
        (Verdict::Inconclusive, _, Some(rule)) => {
            let note = rule.note.as_deref().unwrap_or("too few samples");
            format!("INCONCLUSIVE  {}; {note}", told(rule))
        }
        _ => {
            let p99 = syncs.quantile(0.99).map(|found| found.value_ns);
            format!(
                "NOT DISQUALIFIED  fio's syncs stay below the limits ({} p99 {}), but syncs of one file are not all that \
                 etcd asks of a disk",
                syncs.series,
                p99.map_or_else(|| "–".to_owned(), format_duration)
            )
        }
    }
}

fn resolution(plan: &ImportPlan) -> Finding {
    match plan.figures {
        Figures::Histogram => finding(
            "fio_bins",
            Severity::Info,
            "fio's bins are kept: times are known to within 1/128, and of no sync is it known when it was.".to_owned(),
        ),
        Figures::Quantiles => finding(
            "fio_quantiles",
            Severity::Info,
            "This output of fio holds percentiles and no bins: what lies between them, and how sure they are, is not \
             known. --output-format=json+ keeps the bins."
                .to_owned(),
        ),
    }
}

fn options_unknown() -> Finding {
    finding(
        "fio_options_unknown",
        Severity::Info,
        "fio's text does not tell how often it synced, by which call, and how large the file was: whether this was like \
         etcd's log is not known."
            .to_owned(),
    )
}
