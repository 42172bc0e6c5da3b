//! The one gate for text of others on its way to a terminal, a log or a table. Names of devices and directories, words
//! of servers, labels and messages of parsers may hold anything.

/// Whether a terminal would obey a character instead of showing it, or a reader would not see it: control characters,
/// marks that change the reading direction, and what has no width and hides in a name.
fn is_bad(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Replaces in one line what a terminal would obey instead of show.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if is_bad(c) { '\u{fffd}' } else { c }).collect()
}

/// The same of text of several lines, which stay apart. Nobody reads more than a screen of what somebody else wrote into
/// a message, so each line ends after some thousand characters.
pub fn clean_lines(text: &str) -> String {
    const LONGEST: usize = 4_000;
    let line = |line: &str| {
        let cut = line.char_indices().nth(LONGEST).map_or(line.len(), |(at, _)| at);
        let more = if cut < line.len() { " …" } else { "" };
        clean(&line[..cut].replace('\t', "    ")) + more
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{clean, clean_lines};

    #[test]
    fn what_a_terminal_would_obey_is_replaced() {
        assert_eq!(clean("a\x1b[31mb\u{202e}c\u{9b}\n"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}\u{fffd}");
        assert_eq!(clean("/größe/ディスク"), "/größe/ディスク");
        assert_eq!(
            clean_lines("one\n\x1b]0;two\u{7}\tthree"),
            "one\n\u{fffd}]0;two\u{fffd}    three"
        );
        assert_eq!(clean_lines(&"x".repeat(10_000)).chars().count(), 4_002);
    }
}
