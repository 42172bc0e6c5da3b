//! CSV: read back, and held against what `docs/formats.md` says of its columns.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use etcdbench::cli::{Format, Table};
use etcdbench::plan::DocumentPlan;
use etcdbench::record::{Distribution, Samples};
use etcdbench::report::{Style, document};
use etcdbench::result::{Run, Summary};

use super::fixtures;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A table with its columns by name.
struct Rows {
    head: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Rows {
    fn read(text: &str) -> Rows {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = reader.records().map(Result::unwrap).collect();
        Rows { head, rows }
    }

    fn cell(&self, row: usize, column: &str) -> &str {
        let place = self.head.iter().position(|name| name == column).unwrap();
        &self.rows[row][place]
    }
}

fn table(runs: &[(Run, Summary)], table: Table) -> Rows {
    let plan = DocumentPlan { format: Format::Csv, table, output: None };
    let style = Style { width: 100, color: false, height: None };
    let paths = vec![PathBuf::from("r.jsonl"); runs.len()];
    Rows::read(&document(runs, &paths, &plan, &style))
}

/// The columns that the page on formats tells below a heading, in order.
fn documented(heading: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/formats.md")).unwrap();
    let start = page.find(heading).unwrap_or_else(|| panic!("no '{heading}'")) + heading.len();
    let section = page[start..].split("\n#").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|line| {
        let names = line.split('|').nth(1).unwrap();
        let names = names.split('`').skip(1).step_by(2);
        names.map(str::to_owned).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn columns_are_those_that_are_documented() {
    let runs = [fixtures::members()];
    for (kind, heading) in [
        (Table::Summary, "### `--table summary`"),
        (Table::Intervals, "### `--table intervals`"),
        (Table::Percentiles, "### `--table percentiles`"),
    ] {
        assert_eq!(table(&runs, kind).head, documented(heading), "{heading}");
    }
    let example = |name: &str| root().join("results/examples").join(name);
    let mut compare = Command::cargo_bin("etcdbench").unwrap();
    compare.arg("compare").args([example("good-disk.jsonl"), example("slow-disk.jsonl")]);
    compare.args(["--intent", "machines", "--format", "csv"]);
    let mut trend = Command::cargo_bin("etcdbench").unwrap();
    trend.arg("trend").arg(root().join("results/examples")).args(["--format", "csv"]);
    for (mut command, heading) in
        [(compare, "### `compare --format csv`"), (trend, "### `trend --format csv`")]
    {
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert_eq!(Rows::read(&text).head, documented(heading), "{heading}");
    }
}

#[test]
fn intervals_have_a_row_each() {
    let (run, summary) = fixtures::members();
    let points: usize =
        run.phases.iter().flat_map(|phase| &phase.series).map(|series| series.timeline.len()).sum();
    let mut silent = run.clone();
    silent.header.run_id = "other".to_owned();
    silent.phases[0].series[0].timeline[0].count = 0;
    let rows = table(&[(run, summary.clone()), (silent, summary)], Table::Intervals);
    assert_eq!(rows.rows.len(), 2 * points);
    assert_eq!(rows.cell(0, "run_id"), "01JD5");
    assert_eq!(rows.cell(points, "run_id"), "other");
    assert_eq!(rows.cell(0, "start_ns"), "13002000000");
    assert_eq!(rows.cell(0, "p50_ns"), "1000000");
    assert_eq!(rows.cell(points, "count"), "0");
    assert_eq!(rows.cell(points, "p99_ns"), "", "without samples there is none");
    assert_eq!(rows.cell(points + 1, "p99_ns"), "6000000");
    let members: Vec<&str> = (0..points).map(|row| rows.cell(row, "member")).collect();
    assert_eq!(members.first(), Some(&""));
    assert_eq!(members.last(), Some(&"2"));
}

#[test]
fn percentiles_end_where_the_samples_do() {
    let (mut run, summary) = fixtures::inconclusive();
    let mut samples = Samples::new();
    (1..=2_000_u64).for_each(|us| samples.record(us * 1_000));
    let series = &mut run.phases[0].series;
    series.truncate(1);
    series[0].total = Distribution::from_samples(&samples);
    let rows = table(&[(run, summary)], Table::Percentiles);
    let last = rows.rows.len() - 1;
    // Ten of 2,000 lie beyond 99.5 %.
    assert_eq!((rows.cell(0, "q"), rows.cell(last, "q")), ("0.01", "0.995"));
    assert_eq!(last + 1, 99 + 5);
    let number = |row: usize, column: &str| rows.cell(row, column).parse::<f64>().unwrap();
    for row in 0..=last {
        let (q, value) = (number(row, "q"), number(row, "value_ns"));
        assert!((value / (q * 2e6) - 1.0).abs() < 0.02, "{q}: {value}");
        assert!(number(row, "low_ns") <= value && value <= number(row, "high_ns"));
        assert!(number(row, "tail_samples") >= 9.9);
        assert!(row == 0 || value >= number(row - 1, "value_ns"));
    }
}

#[test]
fn odd_names_stay_in_their_cells_and_are_no_formulas() {
    let (mut run, summary) = fixtures::pass();
    run.header.name = "=1+1,\"a\"\r\nb".to_owned();
    let name = "'=1+1,\"a\"\u{fffd}\u{fffd}b".to_owned();
    for kind in [Table::Summary, Table::Intervals, Table::Percentiles] {
        let rows = table(&[(run.clone(), summary.clone())], kind);
        assert!(rows.rows.len() > 3);
        assert!((0..rows.rows.len()).all(|row| rows.cell(row, "name") == name));
    }
}
