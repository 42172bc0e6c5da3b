//! Which requests a command sends, in rows: the same form for all commands that tell it.

/// What, how often, and what it needs where authentication is on.
pub fn request_row(what: &str, how_often: &str, needs: &str) -> String {
    format!("  {what:<52} {how_often:<26} {needs}\n")
}
