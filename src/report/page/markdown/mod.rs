//! A page as markdown, for pull requests and job summaries: every answer first, then the evidence, folded away. Blank
//! lines stand between blocks, so that none is taken for the end of the one above it.

mod document;

use document::Document;

use super::{
    About, Article, Between, Block, Cell, Command, Entry, Note, Page, Row, Section, Shown, Table,
    Words,
};
use crate::report::sketch;
use crate::report::text::clean;
use crate::report::words;

/// Cells of a history.
const HISTORY: usize = 24;

/// The page, ending in a newline.
pub fn markdown(page: &Page) -> String {
    let mut out = Document::new(&text(&page.kind));
    let several = page.articles.len() > 1;
    // Every answer first: what has to be left out is evidence.
    for (index, article) in page.articles.iter().enumerate() {
        match index {
            0 => out.push(&format!("{}\n", answer(article))),
            _ => out.part("an answer", &format!("\n{}\n", answer(article))),
        }
        let open = article.sections.iter().filter(|section| section.shown != Shown::Folded);
        open.for_each(|section| self::open(section, &mut out));
    }
    for article in &page.articles {
        let name = match several {
            true => format!("{}: ", text(&article.name)),
            false => String::new(),
        };
        let folded = article.sections.iter().filter(|section| section.shown == Shown::Folded);
        folded.for_each(|section| self::folded_section(section, &name, &mut out));
    }
    out.finish(&format!("`{}`", page.elsewhere))
}

fn answer(article: &Article) -> String {
    let answer = &article.answer;
    let word = match answer.word.as_str() {
        "" => String::new(),
        word => format!("**{}** ", text(word)),
    };
    let mut blocks = vec![format!("{} {word}{}", answer.mark, text(&answer.reason))];
    blocks.extend(article.notes.iter().map(|note| paragraph(note)));
    match &article.about {
        About::Line(items) => blocks.push(paragraph(&items.join(" · "))),
        About::Lines(items) => blocks.push(list(items)),
        About::Sides(sides) => {
            let sides =
                sides.iter().map(|(letter, items)| format!("{letter} is {}", items.join(" ")));
            blocks.push(list(&sides.collect::<Vec<_>>()));
        }
    }
    joined(blocks)
}

/// A section for everybody: its blocks one by one, as far as there is room.
fn open(section: &Section, out: &mut Document) {
    let mut title = match section.shown {
        Shown::Titled => format!("\n{}\n", paragraph(&section.title)),
        Shown::Headed => format!("\n### {}\n", text(&section.title)),
        Shown::Plain | Shown::Folded => String::new(),
    };
    for block in &section.blocks {
        let body = self::block(block);
        if !body.is_empty() {
            let title = std::mem::take(&mut title);
            out.part(&part(&section.title), &format!("{title}\n{body}\n"));
        }
    }
    // A heading without anything below it tells that there is such a part at least.
    if !title.is_empty() && section.shown == Shown::Headed {
        out.part(&part(&section.title), &title);
    }
}

fn folded_section(section: &Section, name: &str, out: &mut Document) {
    let body = joined(section.blocks.iter().map(block).collect());
    if !body.is_empty() {
        let summary = format!("{name}{}", text(&section.title));
        out.part(&part(&section.title), &format!("\n{}\n", folded(&summary, &body)));
    }
}

/// A title as the name of a part within a sentence.
fn part(title: &str) -> String {
    let mut rest = title.chars();
    let is_word = title.chars().nth(1).is_some_and(char::is_lowercase);
    match rest.next() {
        Some(first) if is_word => text(&format!("{}{}", first.to_lowercase(), rest.as_str())),
        _ => text(title),
    }
}

/// A block without a line break at its end; empty where there is nothing to show.
fn block(block: &Block) -> String {
    match block {
        Block::Table(table) => self::table(table),
        Block::Entries(entries) => {
            let entries: Vec<String> = entries.entries.iter().map(entry).collect();
            entries.join("\n")
        }
        Block::Text(text) => joined(text.paragraphs.iter().map(|text| paragraph(text)).collect()),
        Block::Findings(notes) => notes.iter().map(note).collect::<Vec<_>>().join("\n"),
        Block::List(items) => list(items),
        Block::Command(one) => command(one),
        Block::Fold(summary, blocks) => {
            let body = joined(blocks.iter().map(self::block).collect());
            if body.is_empty() { body } else { folded(&text(summary), &body) }
        }
        Block::Charts(_) | Block::Timeline(_) => String::new(),
    }
}

fn entry(entry: &Entry) -> String {
    let between = match entry.between {
        Between::Comma => ", ",
        _ => " ",
    };
    let items = text(&entry.items.join(between));
    match entry.label.as_str() {
        "" => format!("- {items}"),
        label => format!("- {}: {items}", text(label)),
    }
}

fn note(note: &Note) -> String {
    let sign = words::severity_mark(note.severity);
    let advice = match &note.advice {
        Some(advice) => format!("<br>→ {}", text(advice)),
        None => String::new(),
    };
    format!("- {sign} {}{advice}", text(&note.message))
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| format!("- {}", paragraph(item))).collect();
    items.join("\n")
}

fn table(table: &Table) -> String {
    let shown = table.shown();
    let mark = table.is_marked();
    let heads = shown.iter().map(|&column| text(&table.columns[column].head));
    let rules = shown.iter().map(|&column| match table.columns[column].words {
        Words::Number => "---:".to_owned(),
        _ => "---".to_owned(),
    });
    let before = |text: &str| mark.then(|| text.to_owned()).into_iter();
    let mut lines = vec![
        row(before("").chain(heads)),
        format!("|{}|", before("---").chain(rules).collect::<Vec<_>>().join("|")),
    ];
    for one in &table.rows {
        let sign = mark.then(|| sign(one)).into_iter();
        lines.push(row(sign.chain(shown.iter().map(|&column| cell(&one.cells[column])))));
    }
    lines.join("\n")
}

fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn sign(row: &Row) -> String {
    let Some(mark) = row.mark else {
        return String::new();
    };
    text(format!("{} {}", mark.sign, mark.word).trim_end())
}

fn cell(cell: &Cell) -> String {
    if !cell.history.is_empty() {
        return sketch::history(&cell.history, HISTORY);
    }
    let said = match (cell.text.as_str(), cell.strong) {
        ("", _) => String::new(),
        (said, true) => format!("**{}**", text(said)),
        (said, false) => text(said),
    };
    match cell.small.as_str() {
        "" => said,
        small => format!("{said}; {}", text(small)),
    }
}

/// What is there to be copied; without a fence of its own within.
fn command(command: &Command) -> String {
    let lines: Vec<String> =
        command.text.lines().map(|line| clean(line).replace("```", "` ` `")).collect();
    let fence = format!("```sh\n{}\n```", lines.join("\n"));
    let hint = command.hint.iter().map(|hint| paragraph(hint));
    joined(std::iter::once(fence).chain(hint).collect())
}

fn folded(summary: &str, body: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{body}\n\n</details>")
}

/// Blocks with a blank line between them.
fn joined(blocks: Vec<String>) -> String {
    let some: Vec<String> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    some.join("\n\n")
}

/// Text at the beginning of a line: neither a list nor a heading nor a quotation.
fn paragraph(raw: &str) -> String {
    let escaped = text(raw);
    let digits = escaped.len() - escaped.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = escaped[digits..].strip_prefix(['.', ')']);
    let numbered = digits > 0 && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    match escaped.chars().next() {
        Some('-' | '+' | '=' | '>') => format!("\\{escaped}"),
        _ if numbered => format!("{}\\{}", &escaped[..digits], &escaped[digits..]),
        _ => escaped,
    }
}

/// Text in which nothing is markup, on one line.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in clean(raw).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}
