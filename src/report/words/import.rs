//! What is told of a foreign run only.

use crate::plan::ImportPlan;
use crate::report::subject::Subject;
use crate::report::text::clean;
use crate::units::format_duration;

/// Whose run it was, of what, and with which options.
pub fn head(subject: &Subject<'_>, plan: &ImportPlan) -> Vec<String> {
    let header = &subject.run.header;
    let version = plan.version.as_deref();
    let mut items =
        vec![clean(&header.name), clean(version.unwrap_or_else(|| plan.program.name()))];
    if !header.environment.host.is_empty() {
        items.push(clean(&header.environment.host));
    }
    if subject.run.length_ns() > 0 {
        items.push(format_duration(subject.run.length_ns()));
    }
    items
}

/// The options it told, as it writes them.
pub fn options(plan: &ImportPlan) -> String {
    let given: Vec<String> =
        plan.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    clean(&given.join(" "))
}
