//! Every walker on one page that has one of everything, and text that tries to be markup.

use super::{
    About, Answer, Article, Between, Block, Cell, Column, Command, Entries, Entry, Labels, Mark,
    Note, Page, Row, Section, Short, Shown, Table, Text, Tone, html, markdown, terminal,
};
use crate::exit::Verdict;
use crate::report::style::Style;
use crate::report::text::width;
use crate::result::Severity;

/// What a terminal, a markdown reader and a browser would each obey.
const HOSTILE: &str = "a|b <script>x</script> \u{1b}[31m*c* `d` [e](f) \u{202e}& # ~";

fn table(text: &str) -> Table {
    let row = |verdict, measured: &str, why: &str| {
        Row::marked(
            Mark::of(verdict),
            [Cell::new(text), Cell::new(measured), Cell::new("–"), Cell::new(why).small("a note")],
        )
    };
    Table {
        caption: "What was asked".to_owned(),
        columns: vec![
            Column::text("rule").short(Short::First),
            Column::number("measured").short(Short::First),
            Column::number("margin"),
            Column::prose("why"),
        ],
        rows: vec![
            row(Verdict::Pass, "3.1 ms", "etcd FAQ"),
            row(
                Verdict::Fail,
                "1,234 ms",
                "a sentence of some length that is there to be broken into lines",
            ),
        ],
        ..Table::default()
    }
}

fn page(text: &str) -> Page {
    let entry = Entry::new(
        "load",
        vec![text.to_owned(), "12,000 of 12,000 answered".to_owned()],
        Between::Comma,
    );
    let note = Note {
        severity: Severity::Warning,
        message: format!("{text} is odd"),
        advice: Some("try --soak".to_owned()),
    };
    let fold = vec![Block::paragraphs(vec![text.to_owned()])];
    let blocks = vec![
        Block::Entries(Entries { labels: Labels::Long, entries: vec![entry] }),
        Block::Text(Text {
            label: "note",
            labels: Labels::Long,
            paragraphs: vec![text.to_owned()],
        }),
        Block::List(vec![text.to_owned()]),
        Block::Fold(text.to_owned(), fold),
    ];
    let command = Command {
        label: "again",
        text: text.to_owned(),
        hint: Some("longer: --soak 30m".to_owned()),
    };
    let article = Article {
        id: "run-1".to_owned(),
        name: text.to_owned(),
        answer: Answer {
            tone: Tone::Fail,
            mark: "✘",
            word: "NOT GOOD".to_owned(),
            reason: text.to_owned(),
        },
        above: vec![text.to_owned()],
        about: About::Line(vec![text.to_owned(), "62 s".to_owned()]),
        notes: vec![text.to_owned()],
        sections: vec![
            Section::new("rules", "Rules", vec![Block::Table(table(text))]),
            Section::new("findings", "Worth knowing", vec![Block::Findings(vec![note])])
                .shown(Shown::Titled),
            Section::new("load", text, blocks).shown(Shown::Folded),
            Section::new("again", "Do it again", vec![Block::Command(command)])
                .shown(Shown::Folded),
        ],
    };
    Page {
        kind: "disk".to_owned(),
        title: text.to_owned(),
        articles: vec![article],
        elsewhere: "etcdbench report",
    }
}

fn in_terminal(page: &Page, width: usize) -> String {
    terminal::terminal(page, &Style { width, color: false, height: None })
}

#[test]
fn the_same_page_in_every_width() {
    let page = page("plain");
    for width in [50, 80, 120] {
        insta::assert_snapshot!(format!("terminal_{width}"), in_terminal(&page, width));
    }
    insta::assert_snapshot!("comment", markdown::markdown(&page));
    let html = html::html(&page);
    insta::assert_snapshot!("browser", html.split("<body>").nth(1).unwrap_or_default());
}

#[test]
fn no_line_is_wider_than_the_window_and_no_number_is_lost() {
    for columns in 40..140 {
        let shown = in_terminal(&page("plain"), columns);
        for line in shown.lines() {
            assert!(width(line) <= columns, "{columns}: {line}");
        }
        for number in ["3.1 ms", "1,234 ms", "12,000 of 12,000"] {
            assert!(shown.contains(number), "{columns}: {number}: {shown}");
        }
    }
}

#[test]
fn what_is_longer_than_the_window_ends_with_the_answer_again() {
    let page = page("plain");
    let shown = |height| terminal::terminal(&page, &Style { width: 80, color: false, height });
    let whole = shown(None);
    let lines = whole.lines().count();
    assert_eq!(shown(Some(lines + 1)), whole, "all of it can be seen");
    let longer = shown(Some(lines));
    let end = longer.strip_prefix(&whole).unwrap();
    assert!(end.starts_with("\n  NOT GOOD  "), "{end}");
    assert_eq!(longer.matches("NOT GOOD").count(), whole.matches("NOT GOOD").count() + 1);
}

#[test]
fn colours_change_no_text() {
    let page = page("plain");
    let shown = terminal::terminal(&page, &Style { width: 80, color: true, height: None });
    assert!(shown.contains("\u{1b}["));
    let bare = anstream::adapter::strip_str(&shown).to_string();
    assert_eq!(bare, in_terminal(&page, 80));
}

#[test]
fn a_terminal_obeys_nothing_of_it() {
    let shown = in_terminal(&page(HOSTILE), 80);
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    assert!(!shown.contains('\u{202e}'));
}

#[test]
fn a_browser_obeys_nothing_of_it() {
    let shown = html::html(&page(HOSTILE));
    assert!(!shown.contains("<script") && !shown.contains('\u{1b}') && !shown.contains('\u{202e}'));
    assert!(shown.contains("&#60;script&#62;"));
}

#[test]
fn a_comment_obeys_nothing_of_it() {
    let shown = markdown::markdown(&page(HOSTILE));
    // What is there to be copied stands in a fence, and is all of it.
    let parts: Vec<&str> = shown.split("```").collect();
    assert_eq!(parts.len(), 3, "{shown}");
    let shown = [parts[0], parts[2]].concat();
    assert!(!shown.contains("<script") && !shown.contains('\u{1b}'), "{shown}");
    for line in shown.lines() {
        let bare = ["|b", "*c", "`d", "[e"]
            .iter()
            .find(|part| line.match_indices(**part).any(|(at, _)| !line[..at].ends_with('\\')));
        assert!(bare.is_none(), "{bare:?} in {line}");
    }
    // As many cells in every row as in the head.
    let rows: Vec<usize> = shown
        .lines()
        .filter(|line| line.starts_with("| ") || line.starts_with("|-"))
        .map(|line| line.replace("\\|", "").matches('|').count())
        .collect();
    assert!(rows.len() >= 4 && rows.iter().all(|count| *count == rows[0]), "{shown}");
}

#[test]
fn what_begins_a_line_of_a_comment_is_no_list_and_no_heading() {
    for (text, wanted) in [
        ("- a", "\\- a"),
        ("+ a", "\\+ a"),
        ("1. a", "1\\. a"),
        ("12) a", "12\\) a"),
        ("> a", "\\> a"),
        ("=== a", "\\=== a"),
        ("# a", "\\# a"),
        ("1.5 ms", "1.5 ms"),
        ("plain", "plain"),
    ] {
        let list = Block::List(vec![text.to_owned()]);
        let article =
            Article { sections: vec![Section::new("a", "", vec![list])], ..Article::default() };
        let page = Page { articles: vec![article], ..Page::default() };
        let shown = markdown::markdown(&page);
        assert!(shown.contains(&format!("\n- {wanted}\n")), "{shown}");
    }
}

#[test]
fn answers_and_tables_of_a_comment_stand_alone() {
    let mut page = page("plain");
    page.articles.extend(page.articles.clone());
    let shown = markdown::markdown(&page);
    let lines: Vec<&str> = shown.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if line.contains("**NOT GOOD**") {
            assert!(lines[at - 1].is_empty() || lines[at - 1].starts_with("<!--"), "{shown}");
        }
        let begins = line.starts_with('|') && !lines[at - 1].starts_with('|');
        assert!(!begins || lines[at - 1].is_empty(), "{shown}");
    }
    assert!(shown.contains("<summary>plain: Do it again</summary>"));
}
