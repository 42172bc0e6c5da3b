//! The ladder of stalls.

use super::{GUTTER, Page};
use crate::report::text::{entry, flow};
use crate::report::words::stalls;

pub(super) fn ladder(page: &Page<'_>, out: &mut String) {
    let steps: Vec<String> = stalls::ladder(page).iter().map(stalls::step).collect();
    if steps.is_empty() {
        return;
    }
    let cells = page.beside_gutter();
    out.push('\n');
    entry(out, "ladder", GUTTER, &flow(&steps, "   ", cells));
    if let Some(longest) = stalls::counted(page).first() {
        let told = stalls::stall(longest);
        entry(out, "longest", GUTTER, &flow(&[told], "  ", cells));
    }
}
