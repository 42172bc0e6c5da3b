//! Pages in a real browser: nothing on the console, nothing asked of the network, nothing wider than the window; charts
//! that are used as a reader uses them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::needs::{Need, needs};
use serde_json::Value;
use tempfile::TempDir;

/// A telephone, and a wide window: what fits both fits between.
const WIDTHS: &str = "390,1920";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn example(name: &str) -> String {
    let path = root().join("results/examples").join(name);
    path.display().to_string()
}

/// Makes a page; ends in one of these ways.
fn page(place: &TempDir, name: &str, exits: &[i32], words: &[&str]) -> PathBuf {
    let path = place.path().join(name);
    let run = Command::new(env!("CARGO_BIN_EXE_etcdbench"))
        .args(words)
        .arg("-o")
        .arg(&path)
        .current_dir(place.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    let ended = run.status.code().unwrap();
    assert!(exits.contains(&ended), "{words:?}: {ended}: {said}");
    assert!(run.stdout.is_empty(), "the page goes to its file alone");
    path
}

/// What a script beside this file found in the browser.
fn python(script: &str, words: &[&OsStr]) -> Value {
    let run = Command::new("python3")
        .arg("-B")
        .arg(root().join("tests/etcd/browser").join(script))
        .arg("chromium")
        .args(words)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    serde_json::from_slice(&run.stdout).unwrap()
}

/// Opens pages in every way; panics where something is wrong with one.
fn look(place: &TempDir, pages: &[PathBuf]) -> Vec<Value> {
    let mut words = vec![place.path().as_os_str(), OsStr::new(WIDTHS)];
    words.extend(pages.iter().map(|page| page.as_os_str()));
    let found: Vec<Value> = serde_json::from_value(python("look.py", &words)).unwrap();
    assert_eq!(found.len(), pages.len() * 4, "two widths, light and dark");
    for one in &found {
        let empty = |name: &str| one[name].as_array().is_some_and(Vec::is_empty);
        assert!(empty("requests"), "asked the network: {one:#}");
        assert!(empty("said"), "said on the console: {one:#}");
        assert!(empty("wrong"), "{one:#}");
        let pixels = |name: &str| one[name].as_u64().unwrap();
        assert!(pixels("wide") <= pixels("window"), "too wide: {one:#}");
        assert_eq!(one["window"], one["width"], "{one:#}");
        assert!(pixels("picture") > 10_000, "an empty picture: {one:#}");
        // Its own, where there is something to zoom; what others call themselves is none.
        let charts = one["drawings"].as_u64().unwrap() > 0;
        assert_eq!(one["scripts"], u64::from(charts), "{one:#}");
        assert_eq!(one["lang"], "en", "{one:#}");
        let dark = one["scheme"] == "dark";
        let background = one["background"].as_str().unwrap();
        assert_eq!(dark, background != "rgb(255, 255, 255)", "{one:#}");
    }
    for page in pages {
        let paper = fs::read(page.with_extension("pdf")).unwrap();
        assert!(paper.starts_with(b"%PDF"), "{}", page.display());
    }
    found
}

/// How many drawings and tables a page has.
fn count(found: &[Value], page: &str, what: &str) -> u64 {
    let one = found.iter().find(|one| one["page"] == page).unwrap();
    one[what].as_u64().unwrap()
}

#[test]
fn pages_of_runs() {
    needs!(Need::Program("chromium"), Need::Program("python3"));
    let place = tempfile::tempdir().unwrap();
    let (good, slow) = (example("good-disk.jsonl"), example("slow-disk.jsonl"));
    let pages = [
        page(&place, "good.html", &[0], &["report", &good]),
        page(&place, "both.html", &[3], &["report", &good, &slow]),
    ];
    let found = look(&place, &pages);
    assert!(count(&found, "good.html", "drawings") >= 2);
    assert!(count(&found, "both.html", "tables") > count(&found, "good.html", "tables"));
    let size = fs::metadata(&pages[0]).unwrap().len();
    assert!(size < 1_000_000, "{size} bytes");
}

#[test]
fn pages_of_comparisons_and_trends() {
    needs!(Need::Program("chromium"), Need::Program("python3"));
    let place = tempfile::tempdir().unwrap();
    let (good, slow) = (example("good-disk.jsonl"), example("slow-disk.jsonl"));
    let machines = ["compare", &good, &slow, "--intent", "machines"];
    let nights: String = (0..40)
        .map(|night| {
            let level = if night < 25 { 10.0 } else { 15.0 };
            let wobble = f64::from(night * 7 % 5) / 10.0;
            format!("2026-{:02}-{:02},{}\n", 1 + night / 28, 1 + night % 28, level + wobble)
        })
        .collect();
    fs::write(place.path().join("nights.csv"), format!("date,p99_ms\n{nights}")).unwrap();
    let pages = [
        page(&place, "compare.html", &[3], &machines),
        page(&place, "trend.html", &[0, 3], &["trend", "--csv", "nights.csv"]),
    ];
    let found = look(&place, &pages);
    assert!(count(&found, "trend.html", "tables") >= 2);
    assert!(count(&found, "compare.html", "tables") >= 3);
}

#[test]
fn the_page_of_a_load() {
    needs!(Need::Program("chromium"), Need::Program("python3"), Need::Program("etcd"));
    let place = tempfile::tempdir().unwrap();
    // Two rates, so that the table of rates is there; the name tries to be markup.
    let name = "<script>alert(1)</script> & \"größe\"";
    let words = [
        "load",
        "put",
        "--local",
        "--rate",
        "100..200:+100/2s",
        "--warmup",
        "0s",
        "--name",
        name,
        "--quiet",
    ];
    let path = page(&place, "load.html", &[0, 3, 4], &words);
    let found = look(&place, &[path]);
    assert!(count(&found, "load.html", "tables") >= 4);
}

/// A stored run, to which stalls and events were added: before its last line, which is its summary.
fn with_stalls(place: &TempDir, name: &str) -> String {
    const MS: u64 = 1_000_000;
    let stored = fs::read_to_string(example(name)).unwrap();
    let mut lines: Vec<String> = stored.lines().map(str::to_owned).collect();
    let parsed = |line: &String| serde_json::from_str::<Value>(line).unwrap();
    let begins = |line: &Value| line["kind"] == "phase" && line["phase"] == "etcd";
    let start = lines.iter().map(parsed).find(begins).unwrap()["at_ns"].as_u64().unwrap();
    let mut more = Vec::new();
    for (after_ms, length_ms, series) in [
        (4_000, 210, "put.commit"),
        (9_050, 450, "wal.fsync"),
        (9_100, 310, "wal.fsync"),
        (20_000, 1_200, "wal.fsync"),
        (20_200, 300, "backend.commit"),
    ] {
        more.push(serde_json::json!({
            "type": "stall", "phase": "etcd", "series": series, "start_ns": start + after_ms * MS,
            "at": "2026-11-21T23:10:50Z", "duration_ns": length_ms * MS,
        }));
    }
    for (after_ms, kind) in [
        (3_000, "db.grow"),
        (8_000, "wal.cut"),
        (8_200, "db.grow"),
        (8_400, "wal.cut"),
        (25_000, "wal.cut"),
    ] {
        more.push(serde_json::json!({
            "type": "event", "phase": "etcd", "at_ns": start + after_ms * MS,
            "at": "2026-11-21T23:10:50Z", "kind": kind, "detail": {},
        }));
    }
    let summary = lines.pop().unwrap();
    lines.extend(more.iter().map(Value::to_string));
    lines.push(summary);
    let path = place.path().join(name);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    path.display().to_string()
}

/// A text field.
fn text<'a>(found: &'a Value, name: &str) -> &'a str {
    found[name].as_str().unwrap_or_else(|| panic!("{name}: {found:#}"))
}

/// How long a stretch a chart shows, as a share of its axis.
fn share(found: &Value) -> f64 {
    let at = |index: usize| found["range"][index].as_f64().unwrap();
    (at(1) - at(0)) / found["length"].as_f64().unwrap()
}

#[test]
fn charts_are_zoomed_and_series_switched_off_and_all_is_there_without() {
    needs!(Need::Program("chromium"), Need::Program("python3"));
    let place = tempfile::tempdir().unwrap();
    let run = with_stalls(&place, "slow-disk.jsonl");
    let path = page(&place, "slow.html", &[3], &["report", &run]);
    let chart = "run-1-chart-timeline-etcd-wal.fsync";
    let found = python("use.py", &[path.as_os_str(), OsStr::new(chart)]);
    // A value under the pointer, of the whole and of a stretch.
    for name in ["under", "under_zoomed"] {
        let told = text(&found, name);
        assert!(told.starts_with("at ") && told.contains(": p50 "), "{told}");
    }
    // Every tick, value and name lies where the chart says that it is, and none on another.
    for (name, wanted) in [
        ("before", 1.0),
        ("zoomed", 0.2),
        ("others", 0.2),
        ("further", 0.1),
        ("by_other", 0.3),
        ("by_key", 0.5),
    ] {
        let drawn = &found[name];
        assert_eq!(drawn["wrong"], serde_json::json!([]), "{name}: {drawn:#}");
        assert!((share(drawn) - wanted).abs() < 0.01, "{name}: {drawn:#}");
        assert!(drawn["ticks"].as_array().unwrap().len() >= 2, "{name}: {drawn:#}");
        assert_eq!(drawn["output"].as_str().unwrap().contains(" of "), wanted < 1.0, "{drawn:#}");
    }
    assert_eq!(found["others"]["range"], found["zoomed"]["range"], "one time axis for all");
    // Back to what it was, to the byte: by a key, by two clicks, by a button, by the same switch.
    for name in ["escaped", "twice", "whole", "switched_back"] {
        assert_eq!(found[name], true, "{name}: {found:#}");
    }
    let all = &found["before"]["series"];
    let has = |series: &Value| series.as_array().unwrap().contains(&"1".into());
    let [off, on] = [&found["switches"][0], &found["switches"][1]];
    assert!(has(all) && off[0] == "false" && !has(&off[1]), "{found:#}");
    assert!(on[0] == "true" && &on[1] == all, "{found:#}");
    // A stall of the table, in the chart of its series.
    let stall = &found["stall_at"];
    assert!(stall["found"].as_u64().unwrap() >= 1 && share(stall) < 0.11, "{stall:#}");
    assert_eq!(stall["wrong"], serde_json::json!([]));
    assert_eq!(found["in_view"], true);
    // The policy allows the page's own script and no other.
    assert_eq!(found["said"], serde_json::json!([]));
    assert_eq!(found["others_ran"], false);
    let refused = found["refused"].to_string();
    assert!(refused.contains("Content Security Policy"), "{refused}");
    // Without a script the same words, values and drawings, and no button that does nothing.
    let (with, without) = (&found["told"], &found["without"]);
    for name in ["titles", "words", "drawn", "finer"] {
        assert_eq!(with[name], without[name], "{name}");
    }
    assert!(with["buttons"].as_u64().unwrap() > 10 && without["buttons"] == 0);
    assert_eq!(without["finer"], 0);
    assert!(without["titles"].as_array().unwrap().len() > 100);
}
