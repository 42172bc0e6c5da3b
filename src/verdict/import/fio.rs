//! What fio's syncs say of a disk: the two limits that syncs alone can be held against, judged with what the missing
//! time costs.
//!
//! Without times nothing is known of how the slow syncs lay: all of them may be one bad moment. They count as one
//! occurrence, as those of a run of ours that is too short to tell.

use crate::exit::Verdict;
use crate::plan::{Figures, ImportPlan};
use crate::result::{CountKnown, Finding, RuleOutcome, Run, SeriesData, Severity, Summary};
use crate::units::{format_between, format_count, format_duration, format_share, significant};
use crate::verdict::import::finding::finding;
use crate::verdict::judge::{UNSEEN_SHARE, exceedance};
use crate::verdict::pooled::{CONFIDENCE, Share};

use super::of_many;
use super::traits::{self, Bearing, FEWEST_FOR_P99, Trait};

/// The limit of etcd's FAQ.
const LIMIT_NS: u64 = 10_000_000;
/// From here on followers start an election, with etcd's default.
const ELECTION_NS: u64 = 1_000_000_000;
/// A bin of fio's is told by its middle; values in it are off by up to this share.
const BIN_ERROR: f64 = 1.0 / 128.0;
/// What may be beyond a p99.
const BEYOND_P99: f64 = 0.01;
/// Slow syncs that took longer than this together are more than one bad moment: leaders' heartbeats would have come late
/// twice in it.
const MOMENT_NS: u64 = 250_000_000;
/// Fewer bad moments than this may be one that was long.
const FEWEST_MOMENTS: u64 = 2;
/// Where values were rounded by more than this share of them, they are told as intervals.
const COARSE: f64 = 0.01;

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
    let at_a_time = traits::at_a_time(plan);
    let rules =
        vec![with_traits(p99(syncs, at_a_time), &traits), with_traits(longest(syncs), &traits)];
    // What holds here still is not what etcd does.
    let worst = rules.iter().map(|rule| rule.verdict).max();
    let verdict = worst.unwrap_or_default().max(Verdict::Warn);
    let mut findings: Vec<Finding> = traits.iter().map(Trait::finding).collect();
    findings.push(resolution(plan, syncs));
    if !plan.options_complete {
        findings.push(options_unknown(plan));
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
fn p99(syncs: &SeriesData, at_a_time: u64) -> RuleOutcome {
    let (fewest, most) = at_or_above(syncs, LIMIT_NS);
    let count = syncs.count();
    let low = lasting(syncs, fewest, at_a_time);
    let high = Share::in_batches(most, count, &[]);
    let (broken, _) = exceedance(&low, BEYOND_P99, 0, CONFIDENCE);
    let (kept, _) = exceedance(&high, BEYOND_P99, 0, CONFIDENCE);
    let exists = count >= FEWEST_FOR_P99;
    let (value, measured) = match quantile(syncs, 0.99) {
        Some((value, shown)) if exists => (Some(value), shown),
        _ => (None, "–".to_owned()),
    };
    let (verdict, note) = match (broken, kept) {
        (Verdict::Fail, _) => (Verdict::Fail, None),
        (_, Verdict::Pass) => (Verdict::Pass, by_a_hair(syncs, value)),
        _ => (Verdict::Inconclusive, Some(undecided(syncs, fewest, most))),
    };
    outcome(syncs, "p99", LIMIT_NS, "etcd FAQ", value, measured, verdict, note)
}

/// The share of slow syncs, with as many occurrences as bad moments are needed for the time that these took.
fn lasting(syncs: &SeriesData, slow: u64, at_a_time: u64) -> Share {
    let count = syncs.count();
    if slow == 0 || slow >= count {
        return Share::in_batches(slow, count, &[]);
    }
    let time_ns = match &syncs.told {
        Some(told) => told.least_time_above(LIMIT_NS, MOMENT_NS),
        None => time_above(syncs),
    };
    let moments = time_ns / at_a_time.max(1) / MOMENT_NS;
    // What one moment brought proves nothing, in however few syncs.
    let proven = if moments >= FEWEST_MOMENTS { slow } else { 0 };
    Share::in_occurrences(proven, count, moments.max(1))
}

/// At least so long the syncs above the limit took together, each counted for a moment at most.
fn time_above(syncs: &SeriesData) -> u64 {
    let above = |ns: u64| syncs.total.count_at_or_above(ns) as f64;
    let grid: Vec<u64> = (0u32..)
        .map(|step| (LIMIT_NS as f64 * 1.05f64.powi(step as i32)) as u64)
        .take_while(|ns| *ns < MOMENT_NS)
        .chain([MOMENT_NS])
        .collect();
    let first = (LIMIT_NS as f64 * (1.0 + BIN_ERROR)) as u64;
    let steps = grid.windows(2).map(|pair| (pair[1] - pair[0]) as f64 * above(pair[1]));
    (LIMIT_NS as f64 * above(first) + steps.sum::<f64>()) as u64
}

/// A quantile, and as it is shown: an interval where its program rounded it.
fn quantile(syncs: &SeriesData, q: f64) -> Option<(u64, String)> {
    let found = syncs.quantile(q).map(|found| found.value_ns);
    let Some(told) = &syncs.told else {
        return found.map(|value| (value, format_duration(value)));
    };
    let Some(value) = found else {
        let beyond = told.quantiles.iter().find(|told| told.q > q).map(|told| told.value_ns);
        let most = beyond.unwrap_or(told.max_ns);
        return (most > 0).then(|| (most, format!("≤ {}", format_duration(most))));
    };
    let is_coarse = told.rounded_up_ns as f64 > value as f64 * COARSE;
    let shown = match is_coarse {
        true => format_between(value.saturating_sub(told.rounded_up_ns), Some(value)),
        false => format_duration(value),
    };
    Some((value, shown))
}

/// A limit that rounding alone reaches holds, and only just.
fn by_a_hair(syncs: &SeriesData, value: Option<u64>) -> Option<String> {
    let told = syncs.told.as_ref().filter(|told| told.rounded_up_ns > 0)?;
    let close = value? == LIMIT_NS && value? > told.rounded_up_ns;
    close.then(|| "by a hair: fio's text rounds up, so it was at most that".to_owned())
}

fn undecided(syncs: &SeriesData, fewest: u64, most: u64) -> String {
    let count = syncs.count();
    let is_exact = syncs.told.as_ref().is_none_or(|told| told.count_known == CountKnown::Exactly);
    if count < FEWEST_FOR_P99 {
        return match (is_exact, count) {
            (true, 1) => "1 sync has no p99".to_owned(),
            (true, _) => format!("{} have no p99", of_many(count, "sync")),
            (false, _) => "how many syncs there were is not told, and it may be too few".to_owned(),
        };
    }
    if most == 0 {
        return format!("{} are too few to tell", of_many(count, "sync"));
    }
    let slow = match is_exact {
        true if fewest == most => format!("{} of {}", format_count(most), of_many(count, "sync")),
        true => {
            format!(
                "{} to {} of {}",
                format_count(fewest),
                format_count(most),
                of_many(count, "sync")
            )
        }
        false => {
            let share = |n: u64| significant(n as f64 / count as f64 * 100.0);
            format!("{} to {} % of the syncs", share(fewest), share(most))
        }
    };
    format!("{slow} took 10 ms or longer, and fio does not tell whether in one bad moment")
}

/// Whether the number of samples is more than a lower bound.
fn is_count_known(syncs: &SeriesData) -> bool {
    syncs.told.as_ref().is_none_or(|told| told.count_known != CountKnown::AtLeast)
}

fn longest(syncs: &SeriesData) -> RuleOutcome {
    let max_ns = syncs.max_ns();
    let cut_ns = syncs.told.as_ref().map_or(0, |told| told.cut_ns);
    let unseen = Share::in_batches(0, syncs.count(), &[]).below(CONFIDENCE);
    let (verdict, note) = if max_ns >= ELECTION_NS {
        (Verdict::Fail, None)
    } else if max_ns.saturating_add(cut_ns.saturating_sub(1)) >= ELECTION_NS {
        (Verdict::Inconclusive, Some("it was rounded at the limit".to_owned()))
    } else if unseen < UNSEEN_SHARE {
        let note = format!("true share of longer ones below {} (95 %)", format_share(unseen));
        (Verdict::Pass, Some(note).filter(|_| is_count_known(syncs)))
    } else {
        let is_one = syncs.count() == 1;
        let note = format!(
            "{} {} too few to tell",
            of_many(syncs.count(), "sync"),
            if is_one { "is" } else { "are" }
        );
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
        rule: format!("{}.{stat} < {}", syncs.series, crate::units::exact_duration(limit_ns))
            .into(),
        label: format!("{} {stat}", syncs.series),
        measured,
        limit: format!("< {}", format_duration(limit_ns)),
        measured_value: value.map(|value| value as f64),
        limit_value: Some(limit_ns as f64),
        margin: margin.map(|value| limit_ns as f64 / value as f64),
        samples: Some(syncs.count()).filter(|_| is_count_known(syncs)),
        source: source.to_owned(),
        verdict,
        note,
        ..RuleOutcome::default()
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
    let without_device = traits.iter().find(|found| found.code == "fio_no_device");
    if let Some(found) = without_device.filter(|_| rule.verdict != Verdict::Fail) {
        rule.verdict = Verdict::Inconclusive;
        rule.note = Some(format!("no device was measured: {}", found.brief));
        rule.margin = None;
        return rule;
    }
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
            match rule.measured_value {
                Some(_) => format!("INCONCLUSIVE  {}; {note}", told(rule)),
                None => format!("INCONCLUSIVE  {} is not known: {note}", rule.label),
            }
        }
        _ => {
            let p99 = quantile(syncs, 0.99).map(|found| found.1);
            format!(
                "NOT DISQUALIFIED  fio's syncs stay below the limits ({} p99 {}), but syncs of one file are not all that \
                 etcd asks of a disk",
                syncs.series,
                p99.as_deref().unwrap_or("–")
            )
        }
    }
}

fn resolution(plan: &ImportPlan, syncs: &SeriesData) -> Finding {
    let info = |code: &str, message: String| finding(code, Severity::Info, message);
    let Some(told) = syncs.told.as_ref().filter(|_| plan.figures == Figures::Quantiles) else {
        return info(
            "fio_bins",
            "fio's bins are kept: times are known to within 1/128, and of no sync is it known when it was.".to_owned(),
        );
    };
    let mut message = "This output of fio holds percentiles and no bins: what lies between them, and how sure they are, \
         is not known."
        .to_owned();
    if told.rounded_up_ns > 0 {
        let unit = format_duration(told.rounded_up_ns);
        message.push_str(&format!(
            " Its text rounds percentiles up to the next {unit}, and cuts minimum and maximum: each is known as an \
             interval."
        ));
    }
    let count = format_count(told.count);
    match told.count_known {
        CountKnown::Exactly => {}
        CountKnown::About => message.push_str(&format!(" There were about {count} syncs, by rounded figures.")),
        CountKnown::AtLeast => message.push_str(&format!(
            " How many syncs there were is not told; that its percentiles differ takes at least {count}."
        )),
    }
    message.push_str(" --output-format=json+ keeps all of it.");
    info("fio_quantiles", message)
}

fn options_unknown(plan: &ImportPlan) -> Finding {
    let has = |name: &str| plan.options.contains_key(name);
    let mut missing = vec!["by which call it synced", "whether it wrote past the page cache"];
    if !has("bs") {
        missing.push("how much it wrote at a time");
    }
    if plan.laid_out_bytes.is_none() {
        missing.push("how large its file was");
    }
    let (last, before) = missing.split_last().unwrap_or((&"", &[]));
    finding(
        "fio_options_unknown",
        Severity::Info,
        format!(
            "This output does not tell {} and {last}: whether that was like etcd's log is not known.",
            before.join(", ")
        ),
    )
}
