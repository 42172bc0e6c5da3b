//! Several classes side by side: what each was to do, and did.

use crate::plan::LoadPlan;
use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::report::words::Table;
use crate::result::Event;
use crate::units::{format_count, significant};

use super::shown;

/// A row per class, of the phase that is shown; nothing where there are none, or none came to be counted.
pub(super) fn classes(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Option<(String, Table)> {
    if plan.classes.is_empty() {
        return None;
    }
    let phase = shown(page)?;
    let told = page.run.events.iter();
    let rows: Vec<Vec<String>> = told
        .filter(|event| event.kind == "load.class" && event.phase == phase.name)
        .map(row)
        .collect();
    let head = ["class", "wanted", "reached", "answered", "failed", "unsent", "conflicts"];
    let at = match page.summary.steps.is_empty() {
        true => String::new(),
        false => format!(", phase {}", clean(&phase.name)),
    };
    let scaled = match plan.scale {
        1.0 => String::new(),
        scale => format!(", at {} of its rates and keys", significant(scale)),
    };
    let table = Table { head: head.map(str::to_owned).to_vec(), rows, names: 1 };
    (!table.rows.is_empty()).then(|| (format!("What each class did{scaled}{at}"), table))
}

fn row(event: &Event) -> Vec<String> {
    let detail = &event.detail;
    let number = |name: &str| detail.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
    let seconds = number("length_ns") as f64 / 1e9;
    let wanted = detail.get("wanted_per_s").and_then(serde_json::Value::as_f64);
    let name = detail.get("class").and_then(serde_json::Value::as_str);
    let attempts = number("attempts");
    vec![
        clean(name.unwrap_or_default()),
        wanted.map_or_else(String::new, |wanted| format!("{}/s", significant(wanted))),
        format!("{}/s", significant(number("answered") as f64 / seconds.max(1e-9))),
        format_count(number("answered")),
        format_count(number("failed")),
        format_count(number("unsent")),
        match attempts {
            0 => String::new(),
            _ => format_count(number("conflicts")),
        },
    ]
}
