//! What became of the watches, of what was acknowledged, and of the keys.

use serde_json::Value;

use super::faults::faults;
use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::units::format_count;

/// Each with its label, and only what there was.
pub fn outcome(page: &RunAndPlan<'_>) -> Vec<(&'static str, Vec<String>)> {
    let entries =
        [("watch", watch(page)), ("verified", verified(page)), ("cleaned up", cleaned(page))];
    let told = entries.into_iter().filter_map(|(label, items)| Some((label, items?)));
    faults(page).into_iter().chain(told).collect()
}

/// The last event of this kind.
fn last<'a>(page: &'a RunAndPlan<'_>, kind: &str) -> Option<&'a Value> {
    let event = page.run.events.iter().rev().find(|event| event.kind == kind)?;
    Some(&event.detail)
}

fn count(detail: &Value, name: &str) -> String {
    format_count(detail.get(name).and_then(Value::as_u64).unwrap_or_default())
}

fn watch(page: &RunAndPlan<'_>) -> Option<Vec<String>> {
    let detail = last(page, "watch.total")?;
    let some = |name: &str| detail.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
    let beside = some("beside")
        .map(|events| format!("{} beside, of writes whose answer was lost", format_count(events)));
    let unjudged = some("unjudged")
        .map(|events| format!("{} not looked for: too many were to come", format_count(events)));
    let mut items = vec![
        format!("{} of {} events came", count(detail, "received"), count(detail, "expected")),
        format!("{} missing", count(detail, "missing")),
        format!("{} more than once", count(detail, "duplicates")),
    ];
    items.extend(beside.into_iter().chain(unjudged));
    items.push(format!(
        "{} watches on {} streams",
        count(detail, "watches"),
        count(detail, "streams")
    ));
    Some(items)
}

/// Of writes with an unknown outcome only where there were some.
fn verified(page: &RunAndPlan<'_>) -> Option<Vec<String>> {
    let detail = last(page, "verify")?;
    if let Some(error) = error(detail) {
        return Some(vec![error]);
    }
    let mut items = vec![
        format!("{} keys with an acknowledged write read back", count(detail, "checked")),
        format!("{} lost", count(detail, "lost")),
        format!("{} wrong", count(detail, "phantom")),
    ];
    let (made, not) = (count(detail, "unknown_applied"), count(detail, "unknown_not_applied"));
    if (made.as_str(), not.as_str()) != ("0", "0") {
        items.push(format!("of the writes with an unknown outcome {made} made and {not} not"));
    }
    Some(items)
}

fn cleaned(page: &RunAndPlan<'_>) -> Option<Vec<String>> {
    let detail = last(page, "cleanup")?;
    if let Some(error) = error(detail) {
        return Some(vec![error]);
    }
    let number = |name: &str| detail.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
    let mut items = vec![format!("{} keys removed", count(detail, "deleted"))];
    items.extend(
        number("compacted_to")
            .map(|revision| format!("compacted to revision {}", format_count(revision))),
    );
    if detail.get("defragmented") == Some(&Value::Bool(true)) {
        items.push("defragmented".to_owned());
    }
    Some(items)
}

/// Why it did not come about.
fn error(detail: &Value) -> Option<String> {
    let error = detail.get("error")?.as_str()?;
    Some(format!("failed: {}", clean(error)))
}
