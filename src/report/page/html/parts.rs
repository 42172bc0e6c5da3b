//! What every part of a page needs: text escaped, emphasis as a class.

use askama::Template;

use crate::report::page::Tone;

/// Running text as HTML; flags are set as what is typed, and never broken.
pub fn prose(text: &str) -> String {
    let word = |word: &str| {
        let flag = word.trim_start_matches('(');
        let end = flag.trim_end_matches(|c: char| ".,;:)".contains(c));
        match end.starts_with("--") {
            true => {
                escaped(word).replacen(&escaped(end), &format!("<code>{}</code>", escaped(end)), 1)
            }
            false => escaped(word),
        }
    };
    let words: Vec<String> = text.split(' ').map(word).collect();
    words.join(" ")
}

/// Text as HTML.
pub fn escaped(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html)
        .map_or_else(|never| match never {}, |text| text.to_string())
}

/// Renders a part. Writing into memory does not fail.
pub fn rendered(part: &impl Template) -> String {
    part.render().unwrap_or_default()
}

/// The class of an emphasis in a table.
pub fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Pass => "pass",
        Tone::Warn => "warn",
        Tone::Open => "open",
        Tone::Fail => "fail",
    }
}

/// The class of an emphasis on a part of its own.
pub fn of_part(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "info",
        tone => class(tone),
    }
}
