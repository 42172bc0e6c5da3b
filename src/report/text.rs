//! Text in columns: cleaned of what a terminal would obey, measured in cells, wrapped without cutting a word.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

pub use crate::printable::clean;

/// Cells a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Text filled with spaces on the right.
pub(super) fn left(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
}

/// Joins items with a gap into lines of at most so many cells. An item is never broken, unless it alone is longer
/// than a line: then at its spaces. A comma stays at the end of its line.
pub(super) fn flow<S: AsRef<str>>(items: &[S], gap: &str, cells: usize) -> Vec<String> {
    let comma = if gap.starts_with(',') { "," } else { "" };
    let cells = cells.saturating_sub(comma.len());
    let mut lines: Vec<String> = Vec::new();
    for item in items.iter().map(AsRef::as_ref).filter(|item| !item.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line) + width(gap) + width(item) <= cells => {
                line.push_str(gap);
                line.push_str(item);
                continue;
            }
            Some(line) => line.push_str(comma),
            None => {}
        }
        if width(item) > cells && gap != " " {
            lines.extend(wrap(item, cells));
        } else {
            lines.push(item.to_owned());
        }
    }
    lines
}

/// Breaks running text at spaces. Numbers keep their units: the no-break space counts as part of a word.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let words: Vec<&str> = text.split(' ').collect();
    flow(&glue(&words), " ", cells)
}

/// Keeps a number and the unit or sign beside it together: "10 ms", "≥ 200 ms".
fn glue(words: &[&str]) -> Vec<String> {
    let mut glued: Vec<String> = Vec::new();
    let mut open = false;
    for word in words.iter().filter(|word| !word.is_empty()) {
        let joins =
            open || (is_unit(word) && glued.last().is_some_and(|last| ends_in_number(last)));
        match glued.last_mut() {
            Some(last) if joins => {
                let _ = write!(last, " {word}");
            }
            _ => glued.push((*word).to_owned()),
        }
        open = matches!(*word, "<" | ">" | "≤" | "≥");
    }
    glued
}

fn is_unit(word: &str) -> bool {
    let bare = word.trim_end_matches(|c: char| ".,;:)".contains(c));
    const UNITS: [&str; 15] = [
        "ns", "µs", "ms", "s", "min", "h", "B", "KiB", "MiB", "GiB", "TiB", "%", "MB/s", "MiB/s",
        "KiB/s",
    ];
    UNITS.contains(&bare)
}

fn ends_in_number(word: &str) -> bool {
    word.chars().next_back().is_some_and(|c| c.is_ascii_digit())
}

/// A line without blanks at its end.
pub(super) fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// A label in a gutter, and lines beside it.
pub(super) fn entry(out: &mut String, label: &str, gutter: usize, lines: &[String]) {
    for (index, line) in lines.iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        self::line(out, &format!("  {}{line}", left(label, gutter)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_replaced() {}

    #[test]
    fn numbers_stay_with_their_units() {
        let text = "a wait of 120 ms is ≥ 100 ms, said 3 times";
        for cells in 8..60 {
            for line in wrap(text, cells) {
                assert!(
                    !line.ends_with(" 120") && !line.ends_with('≥') && line != "ms,",
                    "{cells}: {line}"
                );
            }
            assert_eq!(wrap(text, cells).join(" "), text);
        }
    }

    #[test]
    fn items_are_wrapped_whole_and_in_cells_not_bytes() {
        assert_eq!(flow(&["ディスク", "abc", "de"], "  ", 13), ["ディスク  abc", "de"]);
        assert_eq!(flow(&["one two three"], "  ", 8), ["one two", "three"]);
        assert_eq!(flow(&["one", "two", "three"], ", ", 9), ["one, two,", "three"]);
    }
}
