//! The page of loads that never happened, judged as real ones are.

use std::path::Path;

use super::super::terminal;
use crate::report::Style;
use crate::report::testing::{loads as all, steps};
use crate::result::Run;
use crate::verdict::conclude;

fn page(run: &Run, width: usize) -> String {
    let summary = conclude(run, true, false, String::new());
    let path = Path::new("results/20261121T201500Z-load-cp1.jsonl");
    let style = Style { width, color: false };
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
