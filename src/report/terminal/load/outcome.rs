//! What became of the watches, of what was acknowledged, and of the keys.

use serde_json::Value;

use super::super::{GUTTER, Page};
use crate::report::text::{clean, entry, flow};
use crate::units::format_count;

pub(super) fn outcome(page: &Page<'_>, out: &mut String) {
    let entries = [
        ("watch", watch(page)),
        ("verified", verified(page)),
        ("cleaned up", cleaned(page)),
    ];
    let told: Vec<_> = entries
        .into_iter()
        .filter_map(|(label, items)| Some((label, items?)))
        .collect();
    if told.is_empty() {
        return;
    }
    out.push('\n');
    for (label, items) in told {
        entry(
            out,
            label,
            GUTTER,
            &flow(&items, ", ", page.beside_gutter()),
        );
    }
}

/// The last event of this kind.
fn last<'a>(page: &'a Page<'_>, kind: &str) -> Option<&'a Value> {
    let event = page
        .run
        .events
        .iter()
        .rev()
        .find(|event| event.kind == kind)?;
    Some(&event.detail)
}

fn count(detail: &Value, name: &str) -> String {
    format_count(detail.get(name).and_then(Value::as_u64).unwrap_or_default())
}

fn watch(page: &Page<'_>) -> Option<Vec<String>> {
    let detail = last(page, "watch.total")?;
    Some(vec![
        format!(
            "{} of {} events came",
            count(detail, "received"),
            count(detail, "expected")
        ),
        format!("{} missing", count(detail, "missing")),
        format!("{} more than once", count(detail, "duplicates")),
        format!(
            "{} watches on {} streams",
            count(detail, "watches"),
            count(detail, "streams")
        ),
    ])
}

/// Killing a process loses nothing that the kernel has: what this shows of disks is little, and the page says so.
fn verified(page: &Page<'_>) -> Option<Vec<String>> {
    let detail = last(page, "verify")?;
    Some(vec![
        format!(
            "{} keys with an acknowledged write read back",
            count(detail, "checked")
        ),
        format!("{} lost", count(detail, "lost")),
        format!("{} wrong", count(detail, "phantom")),
        format!(
            "of those with an unknown outcome {} made and {} not",
            count(detail, "unknown_applied"),
            count(detail, "unknown_not_applied")
        ),
    ])
}

fn cleaned(page: &Page<'_>) -> Option<Vec<String>> {
    let detail = last(page, "cleanup")?;
    let mut items = vec![format!("{} keys removed", count(detail, "deleted"))];
    let compacted = detail
        .get("compacted_to")
        .and_then(Value::as_u64)
        .filter(|revision| *revision > 0);
    items.extend(
        compacted.map(|revision| format!("compacted to revision {}", format_count(revision))),
    );
    let defragmented = match detail.get("defragmented") {
        Some(Value::Bool(true)) => Some("defragmented".to_owned()),
        Some(Value::Array(names)) if !names.is_empty() => {
            let names: Vec<String> = names.iter().filter_map(Value::as_str).map(clean).collect();
            Some(format!("defragmented {}", names.join(" ")))
        }
        Some(Value::Number(n)) if n.as_u64().is_some_and(|n| n > 0) => {
            Some(format!("{n} members defragmented"))
        }
        _ => None,
    };
    items.extend(defragmented);
    Some(items)
}
