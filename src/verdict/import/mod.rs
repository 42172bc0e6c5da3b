//! The verdict on what another program measured. Never better than a warning: no foreign program does what etcd does,
//! and none keeps the time at which it had to wait.

mod benchmark;
mod check_perf;
mod count;
mod finding;
mod fio;
mod traits;

use crate::plan::{ImportPlan, Program};
use crate::result::{Finding, Run, Severity, Summary};
use count::of_many;

use super::{Ending, plan_of};
use finding::finding;

/// In which ways the work of a foreign run differs from etcd's, in a few words each; nothing for a run of ours.
pub fn foreign_traits(run: &Run) -> Vec<String> {
    if !run.is_foreign() {
        return Vec::new();
    }
    let plan: Result<ImportPlan, String> = plan_of(run);
    let traits = plan.map(|plan| match plan.program {
        Program::Fio => traits::of_fio(&plan, run),
        Program::Benchmark if plan.check.is_some() => Vec::new(),
        Program::Benchmark => traits::of_benchmark(),
    });
    let briefs = traits.unwrap_or_default().into_iter();
    briefs.map(|found| found.brief).filter(|brief| !brief.is_empty()).collect()
}

/// What a foreign run amounts to.
///
/// # Errors
/// A message when what is known of its plan cannot be read.
pub(super) fn judge(run: &Run, ending: Ending) -> Result<Summary, String> {
    let plan: ImportPlan = plan_of(run)?;
    let mut summary = match plan.program {
        Program::Fio => fio::judge(run, &plan),
        Program::Benchmark => match &plan.check {
            Some(check) => Ok(check_perf::judge(check)),
            None => benchmark::judge(run, &plan),
        },
    }?;
    let remarks = plan.remarks.iter();
    summary.findings.extend(remarks.map(|remark| noted("import_remark", remark.clone())));
    if let Some(told) = &plan.local_time {
        summary.findings.push(noted(
            "import_clock",
            format!(
                "{} told its machine's local time without the zone: {told} was taken for UTC",
                plan.program.name()
            ),
        ));
    } else if plan.clock != BY_PROGRAM {
        summary.findings.push(noted(
            "import_clock",
            format!(
                "{} does not say when it ran; the time of this result is from {}",
                plan.program.name(),
                plan.clock
            ),
        ));
    }
    if !ending.complete {
        return Err("taking this in was broken off; import it again".to_owned());
    }
    Ok(summary)
}

/// The clock that needs no mention.
const BY_PROGRAM: &str = "the program";

fn noted(code: &str, mut message: String) -> Finding {
    // The name of fio is written small.
    if !message.starts_with("fio") {
        message = finding::capitalised(&message);
    }
    if !message.ends_with('.') {
        message.push('.');
    }
    finding(code, Severity::Info, message)
}
