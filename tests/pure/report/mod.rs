//! Pages, JSON and CSV from runs that never happened.

mod commonmark;
mod consistent;
mod documents;
mod fixtures;
mod grammar;
mod output;
mod redact;
mod tables;

use std::path::Path;

use etcdbench::report::{Style, csv, json, terminal};
use fixtures::Fixture;

fn page(fixture: &Fixture, width: usize) -> String {
    let style = Style { width, color: false, height: None };
    let path = Path::new("results/20261121T201500Z-disk-cp1.jsonl");
    terminal(&fixture.0, &fixture.1, path, &style)
}

fn all() -> [(&'static str, Fixture); 6] {
    [
        ("pass", fixtures::pass()),
        ("slow", fixtures::slow()),
        ("not_durable", fixtures::not_durable()),
        ("inconclusive", fixtures::inconclusive()),
        ("interrupted", fixtures::interrupted()),
        ("members", fixtures::members()),
    ]
}

#[test]
fn pages() {
    for (name, fixture) in all() {
        insta::assert_snapshot!(name, page(&fixture, 140));
    }
}

#[test]
fn narrow_pages() {
    insta::assert_snapshot!("pass_80", page(&fixtures::pass(), 80));
    insta::assert_snapshot!("pass_50", page(&fixtures::pass(), 50));
    insta::assert_snapshot!("slow_50", page(&fixtures::slow(), 50));
    insta::assert_snapshot!("pass_200", page(&fixtures::pass(), 200));
}

#[test]
fn no_line_is_wider_than_the_page_and_no_number_is_cut() {
    for (name, fixture) in all() {
        let wide = page(&fixture, 200);
        for width in [50, 64, 80, 100, 140] {
            let narrow = page(&fixture, width);
            let path_or_command =
                |line: &str| line.contains("results/") || line.contains("etcdbench disk");
            for line in narrow.lines().filter(|line| !path_or_command(line)) {
                assert!(line.chars().count() <= width, "{name} at {width}: {line}");
            }
            for rule in &fixture.1.rules {
                let limit =
                    Some(&rule.limit).filter(|limit| limit.contains(|c: char| c.is_ascii_digit()));
                for text in [&rule.label, &rule.measured].into_iter().chain(limit) {
                    assert!(wide.contains(text.as_str()), "{name} at 200: {text}");
                    let one_line = |line: &str| line.contains(text.as_str());
                    assert!(narrow.lines().any(one_line), "{name} at {width}: {text}");
                }
            }
        }
    }
}

#[test]
fn colours_are_only_where_asked_for_and_change_no_text() {
    let (run, summary) = fixtures::slow();
    let path = Path::new("r.jsonl");
    let plain = terminal(&run, &summary, path, &Style { width: 100, color: false, height: None });
    let painted = terminal(&run, &summary, path, &Style { width: 100, color: true, height: None });
    assert!(!plain.contains('\x1b'));
    assert!(painted.contains("\x1b[31;1mNOT QUALIFIED\x1b[0m"), "{painted}");
    assert_eq!(anstream::adapter::strip_str(&painted).to_string(), plain);
}

#[test]
fn nothing_a_terminal_would_obey_gets_through() {
    let (run, summary) = fixtures::not_durable();
    let page = page(&(run, summary), 100);
    assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{page}");
}

#[test]
fn json_is_one_document() {
    for (name, (run, summary)) in all() {
        let document: serde_json::Value = serde_json::from_str(&json(&run, &summary)).unwrap();
        assert_eq!(document["header"]["kind"], "disk", "{name}");
        assert_eq!(document["summary"]["complete"], summary.complete, "{name}");
        assert_eq!(document.as_object().unwrap().len(), 2, "{name}");
    }
}

#[test]
fn csv_has_a_row_per_series_and_leaves_what_is_not_known_empty() {
    let (mut run, summary) = fixtures::members();
    run.header.name = "a \"quoted\", odd\nname".to_owned();
    let text = csv(&run, &summary);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 6);
    // What a terminal would obey is replaced, here as everywhere.
    let shown = run.header.name.replace('\n', "\u{fffd}");
    assert!(rows.iter().all(|row| row[column("name")] == shown));
    let commit = rows.iter().find(|row| &row[column("series")] == "backend.commit").unwrap();
    assert_ne!(&commit[column("p90_ns")], "");
    assert_eq!(&commit[column("p99.9_ns")], "");
    let members: Vec<&str> = rows.iter().map(|row| &row[column("member")]).collect();
    assert_eq!(members, ["", "", "", "0", "1", "2"]);
}
