//! What a report of etcd's benchmark says: whether anything failed, and whether the report is of the whole run. There is
//! no limit on a closed loop's latencies.

use crate::exit::Verdict;
use crate::plan::ImportPlan;
use crate::result::{PhaseData, RuleOutcome, Run, SeriesData, Summary};
use crate::units::{format_count, format_duration, format_share, significant};

use super::traits::{self, Trait};

pub(super) fn judge(run: &Run, plan: &ImportPlan) -> Result<Summary, String> {
    let phase = run.phases.first().filter(|phase| !phase.series.is_empty());
    let Some(phase) = phase else {
        return Err("this import holds no operations; import the file again".to_owned());
    };
    let rules: Vec<RuleOutcome> =
        phase.series.iter().map(|series| failures(series, phase.series.len() > 1)).collect();
    let failed: u64 = phase.series.iter().map(errors).sum();
    let each: Vec<String> = phase.series.iter().map(|series| told(phase, series)).collect();
    let told = each.join("; ");
    let (verdict, headline) = match (failed, &plan.broke_off) {
        (0, Some(why)) => {
            (Verdict::Inconclusive, format!("INCONCLUSIVE  {why}; what there is of it: {told}"))
        }
        (0, None) => (
            Verdict::Warn,
            format!("NOTHING FAILED  {told}; there is no limit to hold that against"),
        ),
        (n, _) => {
            let beside = if phase.series.len() > 1 {
                format!(": {told}")
            } else {
                format!(" beside {told}")
            };
            (Verdict::Fail, format!("FAILED  {} failed{beside}", super::of_many(n, "operation")))
        }
    };
    Ok(Summary {
        headline,
        rules,
        findings: traits::of_benchmark().iter().map(Trait::finding).collect(),
        verdict,
        ..Summary::default()
    })
}

fn errors(series: &SeriesData) -> u64 {
    series.errors.values().sum()
}

fn failures(series: &SeriesData, is_one_of_several: bool) -> RuleOutcome {
    let failed = errors(series);
    let attempts = series.count().saturating_add(failed);
    let share = failed as f64 / attempts.max(1) as f64;
    let label = match is_one_of_several {
        true => format!("{} errors", series.series),
        false => "errors".to_owned(),
    };
    RuleOutcome {
        rule: "errors <= 0%".into(),
        label,
        measured: format_share(share),
        limit: "≤ 0 %".to_owned(),
        measured_value: Some(share),
        limit_value: Some(0.0),
        samples: Some(attempts),
        source: "etcdctl check perf".to_owned(),
        verdict: if failed > 0 { Verdict::Fail } else { Verdict::Pass },
        ..RuleOutcome::default()
    }
}

/// One series in a few words: `29,888 operations at 1,403/s, p99 110 ms in a closed loop`.
fn told(phase: &PhaseData, series: &SeriesData) -> String {
    let is_one_of_several = phase.series.len() > 1;
    let name = series.series.trim_end_matches(".service");
    let count = format_count(series.count());
    let what = match is_one_of_several {
        true => format!("{name}: {count}"),
        false => format!("{count} operations"),
    };
    let failed = match errors(series) {
        n if n > 0 && is_one_of_several => format!(", {} failed", format_count(n)),
        _ => String::new(),
    };
    if series.count() == 0 {
        return format!("{what}{failed}");
    }
    let rate = series.count() as f64 / (phase.length_ns.max(1) as f64 / 1e9);
    let p99 = series.quantile(0.99).map(|found| found.value_ns);
    format!(
        "{what} at {}/s, p99 {} in a closed loop{failed}",
        significant(rate),
        p99.map_or_else(|| "not told".to_owned(), format_duration)
    )
}
