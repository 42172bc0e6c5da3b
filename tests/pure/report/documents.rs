//! Pages, markdown and tables of runs that never happened.

use std::path::PathBuf;

use etcdbench::cli::{Format, Table};
use etcdbench::plan::DocumentPlan;
use etcdbench::report::{Style, document};
use etcdbench::result::{Run, SeriesSummary, Summary};

use super::fixtures::{self, Fixture};

pub(super) fn shown(runs: &[Fixture], format: Format, table: Table) -> String {
    let plan = DocumentPlan { format, table, output: None };
    let style = Style { width: 100, color: false, height: None };
    let path = |index| PathBuf::from(format!("results/20261121T201500Z-disk-cp{index}.jsonl"));
    let paths: Vec<PathBuf> = (1..=runs.len()).map(path).collect();
    document(runs, &paths, &plan, &style)
}

fn html(runs: &[Fixture]) -> String {
    shown(runs, Format::Html, Table::Summary)
}

pub(super) fn markdown(runs: &[Fixture]) -> String {
    shown(runs, Format::Markdown, Table::Summary)
}

/// The page without its style, charts and script, which have tests of their own.
fn bare(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    let cuts = [
        ("<style>", "</style>"),
        ("<div class=\"charts\">", "</section>"),
        ("<script>", "</script>"),
        ("'sha256-", "='"),
    ];
    loop {
        let next =
            cuts.iter().filter_map(|(open, close)| Some((rest.find(open)?, *open, *close))).min();
        let Some((start, open, close)) = next else {
            out.push_str(rest);
            return out;
        };
        let end = start + rest[start..].find(close).expect("an end") + close.len();
        out.push_str(&format!("{}{open}…{close}", &rest[..start]));
        rest = &rest[end..];
    }
}

/// What was only ever measured by this program's version is not worth a change of every page.
fn dated(text: &str) -> String {
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn pages_in_a_browser() {
    for (name, fixture) in [
        ("slow", fixtures::slow()),
        ("members", fixtures::members()),
        ("interrupted", fixtures::interrupted()),
    ] {
        insta::assert_snapshot!(format!("{name}_html"), dated(&bare(&html(&[fixture]))));
    }
}

#[test]
fn markdown_of_runs() {
    for (name, fixture) in [("slow", fixtures::slow()), ("inconclusive", fixtures::inconclusive())]
    {
        insta::assert_snapshot!(format!("{name}_markdown"), dated(&markdown(&[fixture])));
    }
}

/// Whatever a device, a label or a directory is called, it is text.
fn hostile() -> Fixture {
    let bad = "<img src=x onerror=alert(1)>\"'&|`*_\u{202e}\x1b[2J</style></pre>";
    let (mut run, mut summary) = fixtures::slow();
    run.header.name = bad.to_owned();
    run.header.labels.insert(bad.to_owned(), bad.to_owned());
    run.header.environment.host = bad.to_owned();
    run.header.environment.cpu_model = Some(bad.to_owned());
    run.header.plan["profile"] = serde_json::json!(bad);
    let disk = run.header.environment.disk.as_mut().unwrap();
    disk.directory = bad.to_owned();
    disk.devices[0].model = Some(bad.to_owned());
    run.stalls[0].series = bad.to_owned();
    summary.answered("NOT QUALIFIED".into(), bad);
    summary.findings[0].message = bad.to_owned();
    summary.findings[0].advice = Some(format!("--flag{bad}"));
    summary.rules[0].source = bad.to_owned();
    summary.rules[0].note = Some(bad.to_owned());
    summary.phases[0].series[0].series = bad.to_owned();
    (run, summary)
}

#[test]
fn nothing_that_is_measured_is_markup() {
    let page = html(&[hostile(), hostile()]);
    assert!(page.contains("&#60;img") || page.contains("&lt;img"), "{page}");
    assert!(!page.contains("<img") && !page.contains("onerror=alert(1)>"), "{page}");
    assert_eq!(page.matches("</style>").count(), 1);
    let obeyed = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    let at = page.find(obeyed);
    assert_eq!(at.map(|at| &page[at.saturating_sub(200)..at]), None);
    assert!(!page.contains('\u{202e}'));
    let text = markdown(&[hostile()]);
    // What may be typed again stands in a block of its own, where nothing is markup.
    let outside = text.lines().filter(|line| !line.starts_with("etcdbench "));
    for line in outside {
        assert!(!line.contains("<img"), "{line}");
    }
    assert_eq!(text.matches("```").count(), 2, "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn a_page_loads_nothing_and_runs_its_own_script_alone() {
    for fixture in [fixtures::pass(), fixtures::slow(), fixtures::members(), hostile()] {
        let page = html(&[fixture]);
        // The browser holds the script against the hash in the policy.
        let script = include_str!("../../../templates/charts.js");
        assert_eq!(page.matches("script-src 'sha256-").count(), 1);
        assert_eq!(page.matches(&format!("<script>{script}</script>")).count(), 1);
        let page = page.replace(&format!("<script>{script}</script>"), "");
        for word in
            ["<script", "http://", "https://", "url(", "@import", "<iframe", "<link rel=\"style"]
        {
            let found = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!found.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn several_runs_are_all_there_and_their_ids_are_unique() {
    let page = html(&[fixtures::pass(), fixtures::slow(), fixtures::inconclusive()]);
    for what in [
        "id=\"overview\"",
        "id=\"run-1\"",
        "id=\"run-3\"",
        "href=\"#run-2\"",
        "1 fail, 1 inconclusive, 1 pass",
    ] {
        assert_eq!(page.matches(what).count(), 1, "{what}");
    }
    assert_eq!(page.matches("<h1>").count(), 1);
    let text = markdown(&[fixtures::pass(), fixtures::slow()]);
    assert_eq!(text.matches("<!-- etcdbench").count(), 1);
    assert!(text.contains("**QUALIFIED**") && text.contains("**NOT QUALIFIED**"));
    let pages = shown(&[fixtures::pass(), fixtures::slow()], Format::Text, Table::Summary);
    assert!(pages.contains("disk-cp1.jsonl") && pages.contains("disk-cp2.jsonl"));
    let both = shown(&[fixtures::pass(), fixtures::slow()], Format::Json, Table::Summary);
    let both: serde_json::Value = serde_json::from_str(&both).unwrap();
    assert_eq!(both.as_array().unwrap().len(), 2);
    assert_eq!(both[1]["summary"]["verdict"], "fail");
    let one = shown(&[fixtures::pass()], Format::Json, Table::Summary);
    let one: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["summary"]["verdict"], "pass");
}

#[test]
fn markdown_stays_small_enough_to_be_posted() {
    let (run, mut summary): (Run, Summary) = fixtures::members();
    let phase = summary.phases[0].clone();
    summary.phases = (0..40)
        .map(|number| {
            let mut phase = phase.clone();
            phase.phase = format!("phase-{number}");
            let series: Vec<SeriesSummary> =
                phase.series.iter().cloned().cycle().take(60).collect();
            phase.series = series;
            phase
        })
        .collect();
    let text = markdown(&[(run, summary)]);
    let length = text.chars().count();
    assert!((40_000..65_536).contains(&length), "{length}");
    assert!(text.contains("**QUALIFIED**"), "the answer stays");
    assert!(text.contains("wal.fsync p99.9 | 11.2 ms"), "the rules stay");
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("Left out") && last.contains(" more. All of it: "), "{last}");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}
