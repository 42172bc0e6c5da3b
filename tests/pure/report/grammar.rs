//! One thing is told in the singular, several in the plural, and an article fits what follows it, on every page.

use etcdbench::cli::{Format, Table};
use etcdbench::report;
use etcdbench::result;
use std::path::Path;

use super::documents::shown;
use super::fixtures::{self, Fixture};

/// Names of things that are counted.
const COUNTED: [&str; 22] = [
    "run",
    "stall",
    "night",
    "member",
    "sample",
    "line",
    "file",
    "pair",
    "cell",
    "event",
    "key",
    "operation",
    "error",
    "phase",
    "rule",
    "interval",
    "second",
    "change",
    "leader",
    "re-run",
    "watch",
    "lease",
];

/// Slips of grammar that words made by code are prone to.
fn slips(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare =
        |word: &'static str, with: &str| with.trim_end_matches([',', '.', ';', ':', ')']) == word;
    let vowel = |word: &str| {
        let exceptions = ["one", "unit", "used", "user", "uniform", "euro", "once"];
        let lower = word.to_ascii_lowercase();
        lower.starts_with(['a', 'e', 'i', 'o', 'u'])
            && !exceptions.iter().any(|exception| lower.starts_with(exception))
    };
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let (first, second) = (pair[0].trim_start_matches('('), pair[1]);
        let letters = second.trim_matches(|c: char| !c.is_alphanumeric());
        let plural = COUNTED
            .iter()
            .any(|name| letters == format!("{name}s") || letters == format!("{name}es"));
        let singular = COUNTED.iter().any(|name| bare(name, second));
        let several = first.len() < 8 && first.parse::<u64>().is_ok_and(|number| number > 1);
        if (first == "1" && plural) || (several && singular) {
            found.push(format!("{first} {second}"));
        }
        if (first == "a" || first == "A") && vowel(letters) {
            found.push(format!("{first} {second}"));
        }
        if (first == "an" || first == "An") && !vowel(letters) && letters.len() > 3 {
            found.push(format!("{first} {second}"));
        }
    }
    found
}

/// The text of a page without its markup.
fn told(page: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push('\n');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

fn all() -> Vec<(String, Fixture)> {
    let examples = ["good-disk.jsonl", "slow-disk.jsonl"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples").join(name);
        let run = result::read(&path).unwrap();
        let ended = run.last_heard();
        let summary = report::conclude(&run, true, false, ended);
        (name.to_owned(), (run, summary))
    });
    let fixtures = [
        ("pass", fixtures::pass()),
        ("slow", fixtures::slow()),
        ("not durable", fixtures::not_durable()),
        ("inconclusive", fixtures::inconclusive()),
        ("interrupted", fixtures::interrupted()),
        ("members", fixtures::members()),
    ];
    let fixtures = fixtures.map(|(name, fixture)| (name.to_owned(), fixture));
    examples.into_iter().chain(fixtures).collect()
}

#[test]
fn numbers_and_articles_fit_what_follows_on_every_page() {
    for (name, fixture) in all() {
        for format in [Format::Text, Format::Markdown, Format::Html] {
            let text = told(&shown(std::slice::from_ref(&fixture), format, Table::Summary));
            let slips = slips(&text);
            assert!(slips.is_empty(), "{name}: {slips:?}");
        }
    }
}

#[test]
fn slips_are_found() {
    let slips = slips("1 runs, (1 stalls) 2 member a OpenShift; an disk, 1 run, 2 runs, an etcd");
    assert_eq!(slips, ["1 runs,", "1 stalls)", "2 member", "a OpenShift;", "an disk,"]);
}
