//! Counted things.

/// `1 sync`, `2 syncs`.
pub(super) fn of_many(n: u64, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {what}{s}", crate::units::format_count(n))
}
