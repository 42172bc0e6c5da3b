//! The pages of loads that never happened, judged as real ones are.

use std::path::PathBuf;

use super::runs;
use crate::report::markdown;
use crate::report::testing::loads;
use crate::result::{Run, Summary};
use crate::verdict::conclude;

fn judged() -> Vec<(&'static str, (Run, Summary))> {
    let judge = |(name, run): (&'static str, Run)| {
        let summary = conclude(&run, true, false, String::new());
        (name, (run, summary))
    };
    loads().into_iter().map(judge).collect()
}

/// What a reader reads: no tags, no style, no charts; one line per cell or paragraph.
fn read(page: &str) -> String {
    let body = page.split("<body>").nth(1).unwrap_or_default();
    let mut text = String::new();
    let mut rest = body;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let close = match rest[open..].starts_with("<figure") {
            true => rest[open..].find("</figure>").map(|at| at + 8),
            false => rest[open..].find('>'),
        };
        rest = &rest[open + close.expect("a tag ends") + 1..];
        text.push('\n');
    }
    text.push_str(rest);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(unescaped).collect::<Vec<_>>().join("\n")
}

fn unescaped(text: &str) -> String {
    let escapes = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    escapes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[test]
fn pages_of_loads() {
    for (name, judged) in judged() {
        if ["steps", "leader_killed"].contains(&name) {
            let page = runs(&[judged], &[PathBuf::from("results/load.jsonl")]);
            insta::assert_snapshot!(name, read(&page));
        }
    }
}

#[test]
fn a_page_says_what_the_terminal_says() {
    for (name, judged) in judged() {
        let (run, summary) = &judged;
        let style = crate::report::Style { width: 400, color: false };
        let path = PathBuf::from("results/load.jsonl");
        let terminal = crate::report::terminal(run, summary, &path, &style);
        let page = read(&runs(std::slice::from_ref(&judged), std::slice::from_ref(&path)));
        let text = markdown::runs(std::slice::from_ref(&judged), &[path]).replace('\\', "");
        for rule in &summary.rules {
            for part in [&rule.label, &rule.measured] {
                assert!(terminal.contains(part.as_str()), "{name}: {part}");
                assert!(page.lines().any(|line| line == part), "{name}: {part}");
                let part = part.replace('<', "&lt;");
                assert!(text.contains(&part), "{name}: {part}: {text}");
            }
        }
        for finding in &summary.findings {
            assert!(
                page.replace('\n', " ").contains(&finding.message),
                "{name}: {}",
                finding.message
            );
        }
        let (word, _) = crate::report::words::headline(&summary.headline);
        assert!(page.contains(&word) && terminal.contains(&word) && text.contains(&word));
    }
}
