//! The ladder of stalls: how long, how often, what it breaks. Shown when a stall was seen.

use super::{GUTTER, Page};
use crate::report::text::{clean, entry, flow};
use crate::result::StallLine;
use crate::units::{format_count, format_duration};

/// `counts` tells the phases whose stalls the ladder counts.
pub(super) fn ladder(page: &Page<'_>, counts: impl Fn(&str) -> bool, out: &mut String) {
    if page.summary.ladder.iter().all(|step| step.count == 0) {
        return;
    }
    // What is longer than a length that was never seen was not seen either.
    let ladder = &page.summary.ladder;
    let seen = ladder
        .iter()
        .position(|step| step.count == 0)
        .map_or(ladder.len(), |first| first + 1);
    let steps = ladder[..seen].iter().map(|step| {
        let length = format_duration(step.at_least_ns);
        match step.count {
            0 => format!("≥ {length} none"),
            1 => format!("≥ {length} once ({})", clean(&step.effect)),
            n => format!(
                "≥ {length} {} times ({})",
                format_count(n),
                clean(&step.effect)
            ),
        }
    });
    let steps: Vec<String> = steps.collect();
    out.push('\n');
    entry(
        out,
        "ladder",
        GUTTER,
        &flow(&steps, "   ", page.beside_gutter()),
    );
    let counted = page.run.stalls.iter().filter(|stall| counts(&stall.phase));
    if let Some(stall) = counted.max_by_key(|stall| stall.duration_ns) {
        entry(
            out,
            "longest",
            GUTTER,
            &flow(&[told(stall)], "  ", page.beside_gutter()),
        );
    }
}

fn told(stall: &StallLine) -> String {
    let member = stall
        .member
        .map_or_else(String::new, |member| format!(" of member {member}"));
    format!(
        "{} at {} in {}{member}, phase {}",
        format_duration(stall.duration_ns),
        clean(&stall.at),
        clean(&stall.series),
        clean(&stall.phase),
    )
}
