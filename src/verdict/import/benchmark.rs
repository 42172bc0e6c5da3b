//! What a report of etcd's benchmark says: whether anything failed. There is no limit on a closed loop's latencies.

use crate::result::{RuleOutcome, Run, Summary, Verdict};
use crate::units::{format_count, format_duration, format_share, significant};

use super::traits::{self, Trait};

pub(super) fn judge(run: &Run) -> Result<Summary, String> {
    let found = run.phases.first();
    let Some((phase, series)) = found.and_then(|phase| Some((phase, phase.series.first()?))) else {
        return Err("this import holds no operations; import the file again".to_owned());
    };
    let failed: u64 = series.errors.values().sum();
    let attempts = series.count() + failed;
    let share = failed as f64 / attempts.max(1) as f64;
    let rule = RuleOutcome {
        rule: "errors <= 0%".to_owned(),
        label: "errors".to_owned(),
        measured: format_share(share),
        limit: "≤ 0 %".to_owned(),
        measured_value: Some(share),
        limit_value: Some(0.0),
        samples: Some(attempts),
        source: "etcdctl check perf".to_owned(),
        verdict: if failed > 0 { Verdict::Fail } else { Verdict::Pass },
        ..RuleOutcome::default()
    };
    let rate = series.count() as f64 / (phase.length_ns.max(1) as f64 / 1e9);
    let p99 = series.quantile(0.99).map(|found| found.value_ns);
    let told = format!(
        "{} operations at {}/s, p99 {} in a closed loop",
        format_count(series.count()),
        significant(rate),
        p99.map_or_else(|| "not told".to_owned(), format_duration)
    );
    let (verdict, headline) = match failed {
        0 => (
            Verdict::Warn,
            format!("NOTHING FAILED  {told}; there is no limit to hold that against"),
        ),
        n => {
            (Verdict::Fail, format!("FAILED  {} operations failed beside {told}", format_count(n)))
        }
    };
    Ok(Summary {
        headline,
        rules: vec![rule],
        findings: traits::of_benchmark().iter().map(Trait::finding).collect(),
        verdict,
        ..Summary::default()
    })
}
