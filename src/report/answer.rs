//! The answer at the top of a page.

use super::style::Style;
use super::text::wrap;
use super::words;
use crate::result::Verdict;

/// Writes a headline: the answer itself, which stands before a gap (`QUALIFIED  for etcd with …`), in the colour of the
/// verdict.
pub(super) fn answer(headline: &str, verdict: Verdict, style: Style, out: &mut String) {
    let (word, reason) = words::headline(headline);
    let word = word.as_str();
    // One cell less, for the gap.
    let lines = wrap(&format!("{word} {reason}"), style.prose() - 3);
    for line in &lines {
        match line.strip_prefix(word) {
            Some(rest) => {
                let word = style.verdict(verdict, word);
                let text = format!("  {word}  {}", rest.trim_start());
                out.push_str(text.trim_end());
                out.push('\n');
            }
            None => out.push_str(&format!("  {line}\n")),
        }
    }
}
