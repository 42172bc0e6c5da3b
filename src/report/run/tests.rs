//! The page of loads that never happened, judged as real ones are.

use std::path::{Path, PathBuf};

use crate::report::conclude;
use crate::report::page::{Medium, html, markdown};
use crate::report::testing::{loads as all, steps};
use crate::report::{Style, terminal};
use crate::result::{Run, Summary};
use crate::verdict::load_testing::{Builder, Load, MS, Noise, S, fast};

fn page(run: &Run, width: usize) -> String {
    let summary = conclude(run, true, false, String::new());
    let path = Path::new("results/20261121T201500Z-load-cp1.jsonl");
    let style = Style { width, color: false, height: None };
    terminal(run, &summary, path, &style)
}

#[test]
fn pages() {
    for (name, run) in all() {
        for width in [80, 120] {
            insta::assert_snapshot!(format!("{name}_{width}"), page(&run, width));
        }
    }
}

#[test]
fn what_a_closed_loop_did_not_ask_for_has_a_row_of_its_own() {
    let stalls = |noise: &mut Noise, at: u64| if at / S == 7 { 500 * MS } else { fast(noise, at) };
    let load = Load { service: &stalls, ..Load::default() };
    let closed = Builder::new(1).closed(100).load(&load).build();
    let row = |run: &Run| {
        let page = page(run, 120);
        page.lines().find(|line| line.contains("put.response.modelled")).map(str::to_owned)
    };
    let told = row(&closed).expect("a row");
    // Half of all, as it would have been; the longest is the one that was measured.
    let words: Vec<&str> = told.split_whitespace().collect();
    assert_eq!((words.len(), words[words.len() - 2]), (7, "500"), "{told}");
    assert_eq!(row(&steps()), None);
}

#[test]
fn no_line_is_wider_than_the_page() {
    for (name, run) in all() {
        for width in [50, 64, 80, 100, 120, 200] {
            let path_or_command =
                |line: &str| line.contains("results/") || line.contains("etcdbench load");
            let page = page(&run, width);
            for line in page.lines().filter(|line| !path_or_command(line)) {
                assert!(crate::report::text::width(line) <= width, "{name} at {width}: {line}");
            }
        }
    }
}

#[test]
fn figures_of_a_narrow_page_are_those_of_a_wide_one() {
    let run = steps();
    let words = |width: usize| -> Vec<String> {
        let page = page(&run, width);
        let numbers =
            page.split_whitespace().filter(|word| word.chars().any(|c| c.is_ascii_digit()));
        let mut numbers: Vec<String> = numbers
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
            .collect();
        numbers.sort();
        numbers.dedup();
        numbers
    };
    let narrow = words(60);
    let lost: Vec<String> =
        words(200).into_iter().filter(|number| !narrow.contains(number)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

fn judged() -> Vec<(&'static str, (Run, Summary))> {
    let judge = |(name, run): (&'static str, Run)| {
        let summary = conclude(&run, true, false, String::new());
        (name, (run, summary))
    };
    all().into_iter().map(judge).collect()
}

fn paths(count: usize) -> Vec<PathBuf> {
    vec![PathBuf::from("results/load.jsonl"); count]
}

fn browser(judged: &(Run, Summary)) -> String {
    html::html(&super::page(std::slice::from_ref(judged), &paths(1), Medium::Browser))
}

fn comment(judged: &[(Run, Summary)]) -> String {
    markdown::markdown(&super::page(judged, &paths(judged.len()), Medium::Comment))
}

/// What a reader reads: no tags, no style, no charts and no script; one line per cell or paragraph.
fn read(page: &str) -> String {
    let body = page.split("<body>").nth(1).unwrap_or_default();
    let body = body.split("<script>").next().unwrap_or_default();
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
            let page = browser(&judged);
            insta::assert_snapshot!(format!("html_{name}"), read(&page));
        }
    }
}

#[test]
fn a_page_says_what_the_terminal_says() {
    for (name, judged) in judged() {
        let (run, summary) = &judged;
        let style = Style { width: 400, color: false, height: None };
        let terminal = terminal(run, summary, Path::new("results/load.jsonl"), &style);
        let page = read(&browser(&judged));
        let text = comment(std::slice::from_ref(&judged)).replace('\\', "");
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
        let (word, _) = crate::report::words::headline(summary);
        assert!(page.contains(&word) && terminal.contains(&word) && text.contains(&word));
    }
}

#[test]
fn the_answers_of_a_comment_are_paragraphs_of_their_own() {
    let judged: Vec<(Run, Summary)> = judged().into_iter().map(|(_, judged)| judged).collect();
    let text = comment(&judged);
    let lines: Vec<&str> = text.lines().collect();
    for (_, summary) in &judged {
        let (word, _) = crate::report::words::headline(summary);
        let answer = format!("**{}**", word.replace('_', "\\_"));
        let at = lines.iter().position(|line| line.contains(&answer)).expect("every answer");
        // A line directly below a list or a table belongs to it.
        assert!(lines[at - 1].is_empty() || lines[at - 1].starts_with("<!--"), "{}", lines[at - 1]);
        assert!(lines[at + 1].is_empty(), "{}", lines[at + 1]);
    }
    let answers = lines.iter().filter(|line| line.contains("**")).count();
    assert!(answers >= judged.len());
}
