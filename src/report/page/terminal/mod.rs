//! A page for a terminal: blocks one below the other, a blank line between sections, no line wider than the window but
//! for what is there to be copied.

mod cells;
mod table;

use super::{
    About, Answer, Article, Between, Block, Command, Entries, Entry, Labels, Note, Page, Section,
    Shown, Table, Text, Tone,
};
use crate::report::style::Style;
use crate::report::text::{clean, entry, flow, line, width, wrap};
use crate::report::words::{self, Timeline};
use cells::{GAP, beside, gutter};

/// Cells of a timeline at most.
const TIMELINE: usize = 60;

/// The page, ending in a newline.
pub fn terminal(page: &Page, style: &Style) -> String {
    let rule = format!("\n{}\n\n", "─".repeat(style.prose()));
    let articles: Vec<String> = page.articles.iter().map(|one| article(one, style)).collect();
    let whole = articles.join(&rule);
    // The beginning of what is longer than the window has scrolled away: the answer stands at the end as well.
    match style.height.is_some_and(|height| whole.lines().count() >= height) {
        true => whole + "\n" + &answers(page, style),
        false => whole,
    }
}

/// The answer of each article, in one line where it fits, with a name where there are several.
fn answers(page: &Page, style: &Style) -> String {
    let several = page.articles.len() > 1;
    let told = page.articles.iter().map(|article| {
        let name = Some(clean(&article.name)).filter(|name| several && !name.is_empty());
        name.map_or_else(String::new, |name| format!("  {name}\n"))
            + &answer(&article.answer, style)
    });
    told.collect()
}

/// A table alone.
pub fn table(table: &Table, style: &Style) -> String {
    let mut out = String::new();
    table::table(table, style, &mut out);
    out
}

fn article(article: &Article, style: &Style) -> String {
    let mut parts = Vec::new();
    match &article.about {
        About::Line(items) => {
            let items: Vec<String> = items.iter().map(|item| clean(item)).collect();
            parts.push(lines(&flow(&items, " · ", style.columns()), ""));
        }
        About::Lines(items) => {
            let wrapped = items.iter().flat_map(|item| wrap(&clean(item), style.prose()));
            parts.push(lines(&wrapped.collect::<Vec<_>>(), ""));
        }
        About::Sides(_) => {}
    }
    let mut answer = self::answer(&article.answer, style);
    for note in &article.notes {
        answer.push_str(&lines(&wrap(&clean(note), style.prose() - 2), "  "));
    }
    parts.push(answer);
    if let About::Sides(sides) = &article.about {
        parts.push(self::sides(sides, style));
    }
    parts.extend(article.sections.iter().map(|one| section(one, style)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// The answer itself in its colour, the rest of the headline behind a gap. Without a word the whole is the answer.
fn answer(answer: &Answer, style: &Style) -> String {
    let (word, reason) = (clean(&answer.word), clean(&answer.reason));
    if word.is_empty() {
        let painted = wrap(&reason, style.prose());
        let painted: Vec<String> =
            painted.iter().map(|text| style.tone(answer.tone, text)).collect();
        return lines(&painted, "");
    }
    // One cell less, for the gap.
    let wrapped = wrap(&format!("{word} {reason}"), style.prose() - 3);
    let told = wrapped.iter().map(|text| match text.strip_prefix(word.as_str()) {
        Some(rest) => format!("{}{GAP}{}", style.tone(answer.tone, &word), rest.trim_start()),
        None => text.clone(),
    });
    lines(&told.collect::<Vec<_>>(), "  ")
}

/// A line for each side: its letter, and what it is.
fn sides(sides: &[(String, Vec<String>)], style: &Style) -> String {
    let mut out = String::new();
    let letters = sides.iter().map(|(letter, _)| width(letter)).max().unwrap_or(1);
    for (letter, items) in sides {
        let items: Vec<String> = items.iter().map(|item| clean(item)).collect();
        let cells = style.columns().saturating_sub(letters + 4);
        entry(&mut out, &clean(letter), letters + 2, &flow(&items, GAP, cells));
    }
    out
}

fn section(section: &Section, style: &Style) -> String {
    let mut body = String::new();
    for block in &section.blocks {
        // A heading within a section stands apart from what is above it.
        if matches!(block, Block::Table(table) if table.headed) && !body.is_empty() {
            body.push('\n');
        }
        self::block(block, style, &mut body);
    }
    if body.is_empty() {
        return body;
    }
    let title = clean(&section.title);
    match section.shown {
        Shown::Plain | Shown::Folded => body,
        Shown::Titled => format!("  {title}\n{body}"),
        Shown::Headed => format!("{}{body}", lines(&wrap(&title, style.prose()), "")),
    }
}

fn block(block: &Block, style: &Style, out: &mut String) {
    match block {
        Block::Table(table) => table::table(table, style, out),
        Block::Entries(entries) => self::entries(entries, style, out),
        Block::Text(text) => self::text(text, style, out),
        Block::Findings(notes) => notes.iter().for_each(|note| self::note(note, style, out)),
        Block::List(items) => {
            for item in items {
                out.push_str(&lines(&wrap(&clean(item), style.prose() - 2), "  "));
            }
        }
        Block::Timeline(one) => timeline(one, style, out),
        Block::Command(one) => command(one, style, out),
        Block::Charts(_) | Block::Fold(..) => {}
    }
}

fn entries(entries: &Entries, style: &Style, out: &mut String) {
    for one in &entries.entries {
        let shown = items(one, beside(entries.labels, style));
        entry(out, &clean(&one.label), gutter(entries.labels), &shown);
    }
}

fn items(entry: &Entry, cells: usize) -> Vec<String> {
    let items: Vec<String> = entry.items.iter().map(|item| clean(item)).collect();
    match entry.between {
        Between::Comma => flow(&items, ", ", cells),
        Between::Room => flow(&items, GAP, cells),
        Between::WideRoom => flow(&items, "   ", cells),
        Between::Line => items.iter().flat_map(|item| wrap(item, cells)).collect(),
        Between::Whole => items,
    }
}

fn text(text: &Text, style: &Style, out: &mut String) {
    let paragraphs = text.paragraphs.iter().map(|paragraph| clean(paragraph));
    if text.label.is_empty() {
        for paragraph in paragraphs {
            out.push_str(&lines(&wrap(&paragraph, style.prose() - 2), "  "));
        }
        return;
    }
    let cells = beside(text.labels, style);
    let shown: Vec<String> = paragraphs.flat_map(|paragraph| wrap(&paragraph, cells)).collect();
    entry(out, text.label, gutter(text.labels), &shown);
}

fn note(note: &Note, style: &Style, out: &mut String) {
    let sign = style.tone(Tone::from(note.severity), words::severity_mark(note.severity));
    let advice = note.advice.as_ref().map(|advice| (" ".to_owned(), format!("→ {advice}")));
    for (sign, text) in std::iter::once((sign, note.message.clone())).chain(advice) {
        for (index, text) in wrap(&clean(&text), style.prose() - 4).iter().enumerate() {
            let sign = if index == 0 { sign.as_str() } else { " " };
            line(out, &format!("  {sign} {text}"));
        }
    }
}

fn timeline(timeline: &Timeline, style: &Style, out: &mut String) {
    let cells = beside(Labels::Long, style);
    if let Some(items) = timeline.told(cells.min(TIMELINE)) {
        entry(out, "over time", gutter(Labels::Long), &flow(&items, GAP, cells));
    }
}

/// A command is never broken; the hint stands behind it where there is room.
fn command(command: &Command, style: &Style, out: &mut String) {
    let gutter = gutter(Labels::Short);
    let cells = style.columns().saturating_sub(2 + gutter);
    let mut shown: Vec<String> = command.text.lines().map(clean).collect();
    if let (Some(hint), Some(last)) = (&command.hint, shown.last_mut()) {
        let hint = clean(hint);
        let both = format!("{last}   {hint}");
        match width(&both) <= cells {
            true => *last = both,
            false => shown.extend(wrap(&hint, cells)),
        }
    }
    entry(out, command.label, gutter, &shown);
}

fn lines(texts: &[String], indent: &str) -> String {
    let mut out = String::new();
    texts.iter().for_each(|text| line(&mut out, &format!("{indent}{text}")));
    out
}
