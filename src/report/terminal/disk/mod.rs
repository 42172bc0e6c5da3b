//! What only the page of a disk qualification has.

pub(super) mod capacity;
mod device;
mod evidence;

use super::{GUTTER, Page, answer, ladder, rules};

/// Everything above the oddities.
pub(super) fn page(page: &Page<'_>, out: &mut String) {
    device::line(page, out);
    out.push('\n');
    answer(page, out);
    rules::table(page, out);
    ladder::ladder(page, |_| true, out);
    evidence::evidence(page, out);
    capacity::capacity(page, out);
}
