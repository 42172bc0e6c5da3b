//! Pages in a real browser: nothing on the console, nothing asked of the network, nothing wider than the window.

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

/// Opens pages in every way; panics where something is wrong with one.
fn look(place: &TempDir, pages: &[PathBuf]) -> Vec<Value> {
    let run = Command::new("python3")
        .arg(root().join("tests/etcd/browser/look.py"))
        .arg("chromium")
        .arg(place.path())
        .arg(WIDTHS)
        .args(pages)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    let found: Vec<Value> = serde_json::from_slice(&run.stdout).unwrap();
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
        assert_eq!(one["scripts"], 0, "{one:#}");
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
