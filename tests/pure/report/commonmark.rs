//! Markdown as a CommonMark parser reads it: no answer is swallowed by what stands above it, and no text is markup.

use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::documents::markdown;
use super::fixtures;

/// What stands at the top of a document: the kind of each block, and its text.
fn blocks(text: &str) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    let mut depth = 0;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(tag) => {
                if depth == 0 {
                    found.push((kind(&tag), String::new()));
                }
                depth += 1;
            }
            Event::End(TagEnd::Item | TagEnd::TableCell) => {
                depth -= 1;
                if let Some((_, text)) = found.last_mut() {
                    text.push('\n');
                }
            }
            Event::End(_) => depth -= 1,
            Event::Text(text) | Event::Code(text) | Event::Html(text) => {
                if let Some((_, all)) = found.last_mut() {
                    all.push_str(&text);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, all)) = found.last_mut() {
                    all.push(' ');
                }
            }
            _ => {}
        }
    }
    found
}

fn kind(tag: &Tag<'_>) -> &'static str {
    match tag {
        Tag::Paragraph => "paragraph",
        Tag::Heading { .. } => "heading",
        Tag::List(_) => "list",
        Tag::Table(_) => "table",
        Tag::CodeBlock(_) => "code",
        Tag::HtmlBlock => "html",
        Tag::BlockQuote(_) => "quote",
        _ => "other",
    }
}

/// Every line that is an answer stands in a paragraph of its own.
fn answers(text: &str) -> usize {
    let answers = ["✔ ", "✘ ", "? ", "! "];
    let wanted = text
        .lines()
        .filter(|line| answers.iter().any(|sign| line.starts_with(&format!("{sign}**"))));
    let wanted = wanted.count();
    let is_answer = |(kind, text): &&(&str, String)| {
        *kind == "paragraph" && answers.iter().any(|sign| text.starts_with(sign))
    };
    let blocks = blocks(text);
    let found = blocks.iter().filter(is_answer).count();
    assert_eq!(found, wanted, "{blocks:#?}");
    wanted
}

#[test]
fn every_answer_of_several_results_is_a_paragraph_of_its_own() {
    let runs = [
        fixtures::pass(),
        fixtures::slow(),
        fixtures::not_durable(),
        fixtures::inconclusive(),
        fixtures::interrupted(),
        fixtures::members(),
    ];
    assert_eq!(answers(&markdown(&runs)), runs.len());
    for run in runs {
        assert_eq!(answers(&markdown(&[run])), 1);
    }
}

#[test]
fn a_document_has_neither_quotations_nor_code_by_accident() {
    let text = markdown(&[fixtures::slow(), fixtures::members(), fixtures::pass()]);
    for (kind, body) in blocks(&text) {
        assert!(!matches!(kind, "quote" | "other"), "{kind}: {body}");
        let folded = kind != "html" || body.contains("details>") || body.starts_with("<!--");
        assert!(folded, "markup that nobody wrote: {body}");
        // A table that is none stands as a paragraph with its bars.
        assert!(kind != "paragraph" || !body.contains(" | "), "{body}");
    }
}

#[test]
fn the_documents_of_the_handbook_read_as_they_look() {
    for name in ["docs/runs/qualify.md", "docs/runs/nightly.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        answers(&fs::read_to_string(path).unwrap());
    }
}
