//! What several formats take from a run in the same way.

use serde::Serialize;

use crate::report::text::clean;
use crate::result::{Header, QuantileSummary, Run, SeriesSummary};

/// What was run, in a word that stays the same from night to night: `disk /var/lib/etcd`.
pub(super) fn scenario(header: &Header) -> String {
    clean(&format!("{} {}", header.kind, header.name))
}

/// The same as part of a file's name: letters, digits, `.`, `_` and `-`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        match c {
            c if c.is_alphanumeric() || matches!(c, '.' | '_') => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    // A leading dot would hide the file.
    let bare = slug.trim_matches(['-', '.']);
    // Longer names than 255 bytes no file system takes.
    let end = bare.char_indices().nth(60).map_or(bare.len(), |(at, _)| at);
    bare[..end].trim_end_matches(['-', '.']).to_owned()
}

/// The quantiles enough samples stand behind.
pub(super) fn resolvable(series: &SeriesSummary) -> impl Iterator<Item = &QuantileSummary> {
    let quantiles = if series.count > 0 { series.quantiles.as_slice() } else { &[] };
    quantiles.iter().filter(|quantile| quantile.resolvable)
}

/// The member's name where the header knows it and no other has it, otherwise its number; `None` for all members
/// together.
pub(super) fn member(run: &Run, member: Option<u32>) -> Option<String> {
    let index = member?;
    let members = &run.header.environment.members;
    let alone = |name: &str| members.iter().filter(|other| other.name == name).count() == 1;
    match members.get(index as usize) {
        Some(facts) if !facts.name.is_empty() && alone(&facts.name) => Some(clean(&facts.name)),
        _ => Some(index.to_string()),
    }
}

/// Nanoseconds as milliseconds: the unit of etcd's own limits.
pub(super) fn millis(ns: u64) -> f64 {
    ns as f64 / 1e6
}

/// Nanoseconds as seconds: the unit of every metric.
pub(super) fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// A document as JSON, ending in a newline.
pub(super) fn json<T: Serialize>(document: &T) -> String {
    // Maps with text keys and finite numbers always serialise.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_is_a_file_name() {
        assert_eq!(slug("disk /var/lib/etcd"), "disk-var-lib-etcd");
        assert_eq!(slug("load https://10.0.0.1:2379"), "load-https-10.0.0.1-2379");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("//"), "");
        assert_eq!(slug(&"größe ".repeat(40)).chars().count(), 59);
    }
}
