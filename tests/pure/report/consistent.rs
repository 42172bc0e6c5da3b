//! A figure that stands at several places is the same figure of the same samples: in rules, evidence, tables of every
//! medium, JSON and CSV.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etcdbench::cli::{Format, Table};
use etcdbench::report::{self, json};
use etcdbench::result::{self, RuleId};
use etcdbench::rule::Stat;
use serde_json::Value;

use super::documents::shown;
use super::fixtures::Fixture;

/// Every stored result.
fn stored() -> Vec<(String, Fixture)> {
    let pattern = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/**/*.jsonl");
    let paths = glob::glob(pattern.to_str().unwrap()).unwrap().map(Result::unwrap);
    let read = |path: PathBuf| {
        let run = result::read(&path).unwrap();
        // As it was judged then, and as it would be now.
        let then = run.summary.clone().unwrap();
        let now = report::conclude(&run, true, false, then.ended_at.clone());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        [(format!("{name}, then"), (run.clone(), then)), (format!("{name}, now"), (run, now))]
    };
    paths.flat_map(read).collect()
}

/// Rows of all tables: what their cells say, without what stands small beside.
fn rows(page: &str, format: Format) -> Vec<Vec<String>> {
    if format == Format::Markdown {
        let lines = page.lines().filter(|line| line.starts_with('|'));
        return lines.map(|line| line.trim_matches('|').split('|').map(plain).collect()).collect();
    }
    let rows = page.split("<tr").skip(1);
    rows.map(|row| {
        let row = row.split("</tr").next().unwrap();
        let cells = row.split("<t").skip(1).filter(|cell| cell.starts_with(['d', 'h']));
        cells.map(|cell| plain(&format!("<{cell}"))).collect()
    })
    .collect()
}

/// A cell's own text.
fn plain(cell: &str) -> String {
    let own = cell.split("<br").next().unwrap().split("<small").next().unwrap();
    let mut out = String::new();
    let mut inside = false;
    for c in own.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let out = out.replace("&lt;", "<").replace("&#60;", "<").replace('\\', "");
    out.trim().trim_end_matches(" ms").to_owned()
}

/// What a quantile's cell may say where a rule says this.
fn agrees(rule: &str, cell: &str) -> bool {
    let proven = rule.starts_with(['<', '≤', '>', '≥']) || rule == "–";
    if proven { cell.starts_with('–') } else { rule == cell }
}

/// Rules on percentiles: label, series, and the name of the percentile.
fn percentile_rules(fixture: &Fixture) -> Vec<(String, String, String)> {
    let typed = fixture.1.rules.iter().filter_map(|outcome| match &outcome.rule {
        RuleId::Typed(rule) => Some((outcome.label.clone(), rule)),
        _ => None,
    });
    typed
        .filter(|(_, rule)| matches!(rule.stat, Stat::Percentile(_)))
        .map(|(label, rule)| (label, rule.series.clone().unwrap(), rule.stat.to_string()))
        .collect()
}

#[test]
fn a_rule_and_the_table_tell_the_same_figure_of_the_same_samples() {
    let all = stored();
    assert!(all.len() >= 4);
    for (name, fixture) in all {
        for format in [Format::Html, Format::Markdown] {
            let page = shown(std::slice::from_ref(&fixture), format, Table::Summary);
            let rows = rows(&page, format);
            let rules = percentile_rules(&fixture);
            assert!(rules.len() >= 2, "{name}");
            for (label, series, stat) in rules {
                let is_rule = |row: &&Vec<String>| row.contains(&label) && row.len() >= 7;
                let rule = rows.iter().find(is_rule).unwrap_or_else(|| panic!("{name}: {label}"));
                let at = rule.iter().position(|cell| *cell == label).unwrap();
                let (measured, samples) = (&rule[at + 1], &rule[at + 4]);
                let mut head: &[String] = &[];
                let mut found = 0;
                for row in &rows {
                    match row.first().map(String::as_str) {
                        Some(first) if first.starts_with("series") => head = row,
                        Some(first) if first == series && row.contains(samples) => {
                            let at = head.iter().position(|name| *name == stat).unwrap();
                            assert!(
                                agrees(measured, &row[at]),
                                "{name}: {label}: {measured}, {row:?}"
                            );
                            found += 1;
                        }
                        _ => {}
                    }
                }
                assert!(found > 0, "{name}: {label}: no row of {samples} samples");
            }
        }
    }
}

#[test]
fn a_rule_and_the_evidence_of_a_terminal_tell_the_same_figure() {
    for (name, fixture) in stored() {
        let page = shown(std::slice::from_ref(&fixture), Format::Text, Table::Summary);
        let is_rule = |line: &&str| line.trim_start().starts_with(['✔', '✘', '!', '?']);
        let rules = || page.lines().filter(is_rule);
        for (label, series, stat) in percentile_rules(&fixture) {
            let rule = rules().find(|line| line.contains(&format!(" {label} "))).unwrap();
            let measured = rule.split(&label).nth(1).unwrap().trim().split("  ").next().unwrap();
            let measured = measured.trim_end_matches(" ms");
            let line = page.lines().find(|line| line.starts_with(&format!("  {series} "))).unwrap();
            let told = line.split(&format!("{stat} ")).nth(1).unwrap();
            let told = told.split_whitespace().next().unwrap();
            assert!(agrees(measured, told), "{name}: {label}: {measured}, {line}");
        }
        // A headline tells a rule's figure as the rule does.
        for (label, ..) in percentile_rules(&fixture) {
            let Some(told) = fixture.1.because.split(&format!("{label} is ")).nth(1) else {
                continue;
            };
            let told = told.split(',').next().unwrap();
            let rule = rules().find(|line| line.contains(&format!(" {label} "))).unwrap();
            assert!(rule.contains(told), "{name}: {told}: {rule}");
        }
    }
}

#[test]
fn tables_json_and_csv_tell_the_same_figures() {
    for (name, fixture) in stored() {
        let one = std::slice::from_ref(&fixture);
        let told: Value = serde_json::from_str(&json(&fixture.0, &fixture.1)).unwrap();
        let csv = shown(one, Format::Csv, Table::Summary);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let table: Vec<BTreeMap<String, String>> =
            reader.deserialize().map(Result::unwrap).collect();
        let page = rows(&shown(one, Format::Markdown, Table::Summary), Format::Markdown);
        let mut compared = 0;
        for phase in told["summary"]["phases"].as_array().or(told["phases"].as_array()).unwrap() {
            for series in phase["series"].as_array().unwrap() {
                let count = series["count"].to_string();
                let of = |row: &&BTreeMap<String, String>| {
                    row["phase"] == phase["phase"].as_str().unwrap()
                        && row["series"] == series["series"].as_str().unwrap()
                        && row["member"]
                            == series["member"].as_u64().map_or(String::new(), |m| m.to_string())
                };
                let row = table.iter().find(of).unwrap();
                assert_eq!(row["count"], count, "{name}");
                for quantile in series["quantiles"].as_array().unwrap() {
                    let percent = quantile["q"].as_f64().unwrap() * 100.0;
                    let column = format!("p{}_ns", (percent * 100.0).round() / 100.0);
                    let value = match quantile["resolvable"].as_bool().unwrap() {
                        true => quantile["value_ns"].to_string(),
                        false => String::new(),
                    };
                    assert_eq!(row[&column], value, "{name}: {series}");
                    compared += 1;
                }
                // Rows of the page are known by their samples.
                let first = series["series"].as_str().unwrap();
                let samples = etcdbench::units::format_count(series["count"].as_u64().unwrap());
                let max = etcdbench::units::format_millis(series["max_ns"].as_u64().unwrap());
                let shown = page.iter().any(|row| {
                    row.first().is_some_and(|cell| cell == first)
                        && row.contains(&samples)
                        && row.contains(&max)
                });
                assert!(shown || count == "0", "{name}: {first}: {samples}, {max}");
            }
        }
        assert!(compared > 50, "{name}: {compared}");
    }
}
