//! Charts of runs, comparisons and histories that never happened, looked at as a reader's program does.

mod histories;
mod look;
mod pages;
mod runs;
mod sides;

use std::collections::BTreeSet;
use std::fs;

use assert_cmd::Command;
use etcdbench::report::chart::{Chart, Theme, of_run, of_runs, png};
use etcdbench::result::StallLine;
use tempfile::TempDir;

fn names(charts: &[Chart]) -> Vec<&str> {
    charts.iter().map(|chart| chart.name.as_str()).collect()
}

fn distinct(charts: &[Chart]) {
    let all: BTreeSet<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
    assert_eq!(all.len(), charts.len(), "{:?}", names(charts));
}

#[test]
fn every_run_is_drawn_and_no_text_lies_on_another_or_leaves_the_page() {
    for (name, (run, summary)) in runs::all() {
        let charts = of_run(&run, &summary);
        distinct(&charts);
        assert_eq!(charts.is_empty(), name.starts_with("nothing"), "{name}: {:?}", names(&charts));
        charts.iter().for_each(|chart| look::check(name, chart));
        curves(&charts).for_each(|chart| look::covers_no_line(name, chart));
    }
}

/// Charts whose lines nothing may cover.
fn curves(charts: &[Chart]) -> impl Iterator<Item = &Chart> {
    const KINDS: [&str; 5] = ["percentiles", "timeline", "map", "rates", "capacity"];
    charts.iter().filter(|chart| KINDS.iter().any(|kind| chart.name.starts_with(kind)))
}

#[test]
fn a_disk_has_the_charts_that_the_questions_ask_for() {
    let (run, summary) = runs::disk();
    assert_eq!(
        names(&of_run(&run, &summary)),
        [
            "percentiles",
            "capacity",
            "timeline-etcd-wal.fsync",
            "timeline-etcd-backend.commit",
            "timeline-etcd-put.commit",
            "map-etcd-wal.fsync",
            "map-etcd-backend.commit",
            "map-etcd-put.commit",
            "fsync-blocks",
            "fsync-backend",
        ]
    );
}

#[test]
fn a_load_shows_the_clients_side_and_the_members() {
    let (run, summary) = runs::load();
    let charts = of_run(&run, &summary);
    let there = names(&charts);
    for name in
        ["percentiles", "timeline-steady-put.response", "members-steady-put.response", "servers"]
    {
        assert!(there.contains(&name), "{name} of {there:?}");
    }
    let (run, summary) = runs::rates();
    let charts = of_run(&run, &summary);
    let there = names(&charts);
    for name in ["rates-put.response", "percentiles-put.response", "timeline-rates-put.response"] {
        assert!(there.contains(&name), "{name} of {there:?}");
    }
}

fn told(charts: &[Chart], name: &str) -> Vec<String> {
    let chart = charts.iter().find(|chart| chart.name == name).unwrap();
    look::texts_of(chart).into_iter().map(|(text, _)| text).collect()
}

#[test]
fn limits_stalls_and_events_are_named() {
    let (run, summary) = runs::disk();
    let charts = of_run(&run, &summary);
    let timeline = told(&charts, "timeline-etcd-wal.fsync");
    for text in [
        "limit p99 < 10 ms (etcd FAQ)",
        "stall",
        "wal.cut",
        "/var/lib/etcd · cp1 · 2026-11-21 20:15 · 14,000 samples",
    ] {
        assert!(timeline.iter().any(|t| t == text), "{text} of {timeline:?}");
    }
    let percentiles = told(&charts, "percentiles");
    for text in [
        "p99 < 10 ms",
        "p99 < 25 ms",
        "wal.fsync, 14,000 samples, p99 < 10 ms (etcd FAQ)",
        "99 %",
        "1 ms",
    ] {
        assert!(percentiles.iter().any(|t| t == text), "{text} of {percentiles:?}");
    }
    let capacity = told(&charts, "capacity");
    assert!(capacity.iter().any(|t| t == "8,000/s"), "{capacity:?}");
}

/// The stored results, with their summaries.
fn stored() -> Vec<(&'static str, runs::Fixture)> {
    let read = |name: &'static str| {
        let path = format!("{}/results/examples/{name}", env!("CARGO_MANIFEST_DIR"));
        let run = etcdbench::result::read(std::path::Path::new(&path)).unwrap();
        let summary = run.summary.clone().unwrap();
        (name, (run, summary))
    };
    ["good-disk.jsonl", "slow-disk.jsonl"].map(read).into()
}

#[test]
fn no_text_lies_on_a_curve_of_a_stored_run() {
    for (name, (run, summary)) in stored() {
        curves(&of_run(&run, &summary)).for_each(|chart| look::covers_no_line(name, chart));
    }
}

#[test]
fn values_stand_under_the_pointer() {
    let (name, (run, summary)) = stored().remove(0);
    let charts = of_run(&run, &summary);
    let told = |chart: &str| {
        look::titles(charts.iter().find(|c| c.name == chart).unwrap_or_else(|| panic!("{name}")))
    };
    let percentiles = told("percentiles");
    let p99 = percentiles.iter().find(|title| title.starts_with("p99\n")).unwrap();
    // The figure of the rule and of the table.
    assert!(p99.contains("wal.fsync, 17,001 samples") && p99.contains(": 0.404 ms ["), "{p99}");
    let timeline = told("timeline-etcd-wal.fsync");
    assert!(timeline.len() >= 30, "{timeline:?}");
    assert!(timeline[3].contains("p50 0.") && timeline[3].ends_with(" samples"), "{timeline:?}");
    assert!(told("map-etcd-wal.fsync").iter().any(|title| title.contains(" operations, of ")));
    assert!(told("capacity").iter().any(|title| title.contains("every rule kept")));
}

#[test]
fn a_ratio_of_hundreds_is_drawn_where_it_is() {
    let place = TempDir::new().unwrap();
    let mut program = Command::cargo_bin("etcdbench").unwrap();
    let examples = format!("{}/results/examples", env!("CARGO_MANIFEST_DIR"));
    program
        .arg("compare")
        .args(["good-disk", "slow-disk"].map(|name| format!("{examples}/{name}.jsonl")))
        .arg("--charts")
        .arg(place.path());
    program.assert().code(3);
    let forest = fs::read_to_string(place.path().join("forest.svg")).unwrap();
    // WAL syncs take 179 times as long at p99: more than the hundred at which the axis once ended.
    assert!(forest.contains("179× [128, 239]"), "{forest}");
    assert!(forest.contains("500×") && forest.contains("wal.fsync p99: 179×"), "{forest}");
    let ratio = fs::read_to_string(place.path().join("ratio-etcd-wal.fsync.svg")).unwrap();
    assert!(ratio.contains("200×"), "{ratio}");
}

#[test]
fn each_operation_has_its_own_stalls() {
    let (mut run, summary) = runs::load();
    run.stalls = vec![StallLine {
        phase: "steady".to_owned(),
        series: "put.response".to_owned(),
        start_ns: 20_000_000_000,
        duration_ns: 188_000_000,
        ..StallLine::default()
    }];
    let charts = of_run(&run, &summary);
    let stalls = |name: &str| {
        let texts = told(&charts, name);
        texts.iter().filter(|text| *text == "stall").count()
    };
    assert_eq!(stalls("timeline-steady-put.response"), 1);
    assert_eq!(stalls("timeline-steady-range.response"), 0);
}

/// How far to the right the longest line of this ink goes, as a share of the chart's width.
fn reach(chart: &Chart, stroke: &str) -> f64 {
    let wanted = format!("stroke=\"{stroke}\"");
    let lines = chart.svg.lines().filter(|l| l.starts_with("<polyline") && l.contains(&wanted));
    let longest = lines.max_by_key(|line| line.len()).unwrap();
    let points = longest.split("points=\"").nth(1).unwrap();
    let last = points.trim_end_matches("\"/>").split(' ').next_back().unwrap();
    last.split(',').next().unwrap().parse::<f64>().unwrap() / 2_560.0
}

#[test]
fn a_curve_ends_where_its_samples_end() {
    let blue = "#0072B2";
    let chart = |per_second| {
        let data = runs::series("wal.fsync", None, 0, 20, runs::usual(runs::MS, per_second));
        let (mut run, summary) =
            runs::run("disk", "d", vec![runs::phase("etcd", 0, 20, vec![data])]);
        // One batch: as many effective samples as samples.
        run.phases[0].series[0].batches.clear();
        of_run(&run, &summary).swap_remove(0)
    };
    // 200 samples resolve the 95th percentile, 20,000 the 99.95th.
    let (few, many) = (chart(10), chart(1_000));
    assert!(look::texts_of(&few).iter().any(|(text, _)| text == "99 %"));
    assert!(reach(&few, blue) < 0.75, "{}", reach(&few, blue));
    assert!(reach(&many, blue) > 0.8, "{}", reach(&many, blue));
}

#[test]
fn an_hour_is_as_small_as_a_minute() {
    let (run, summary) = runs::all().remove("an hour").unwrap();
    for chart in of_run(&run, &summary) {
        assert!(chart.svg.len() < 150_000, "{}: {} bytes", chart.name, chart.svg.len());
    }
}

#[test]
fn pictures_are_drawn_without_fonts_of_the_system_in_both_themes() {
    let (run, summary) = runs::disk();
    let charts = of_run(&run, &summary);
    for chart in &charts[..2] {
        let (light, width) = look::painted(chart, Theme::Light);
        let (dark, _) = look::painted(chart, Theme::Dark);
        assert_eq!(width, 390);
        assert!(light > 2_000, "{}: {light} pixels", chart.name);
        // The same drawing, whatever its colours.
        assert!(light.abs_diff(dark) < light / 10, "{}: {light} and {dark}", chart.name);
    }
    assert!(png(&charts[0], 0, Theme::Light).is_err());
    assert!(png(&charts[0], 1_000_000, Theme::Light).is_err());
}

#[test]
fn several_runs_lie_over_one_another_and_a_sweep_is_a_map() {
    let runs: Vec<runs::Fixture> = (0..9).map(|_| runs::disk()).collect();
    let charts = of_runs(&runs);
    assert!(names(&charts).contains(&"percentiles-etcd-wal.fsync"));
    charts.iter().for_each(|chart| look::check("nine runs", chart));
    let charts = of_runs(&sides::sweep(1.0));
    for name in ["sweep-rate-0", "sweep-p99-5000"] {
        assert!(names(&charts).contains(&name), "{name} of {:?}", names(&charts));
    }
    charts.iter().for_each(|chart| look::check("sweep", chart));
    assert!(of_runs(&[]).is_empty());
}

#[test]
fn comparisons() {
    for (name, found, sides) in sides::all() {
        let charts = etcdbench::report::chart::of_comparison(&found, &sides);
        distinct(&charts);
        charts.iter().for_each(|chart| look::check(name, chart));
        let there = names(&charts);
        let wanted: &[&str] = match name {
            "two" => &["forest", "percentiles-steady-put.response", "ratio-steady-put.response"],
            "twenty" => &["forest-b", "side-by-side-steady-put.response"],
            "sweeps" => &["sweep-difference-0"],
            _ => &[],
        };
        for chart in wanted {
            assert!(there.contains(chart), "{name}: {chart} of {there:?}");
        }
    }
}

#[test]
fn histories() {
    for (name, trend) in histories::all() {
        let charts = etcdbench::report::chart::of_trend(&trend);
        distinct(&charts);
        assert!(!charts.is_empty() || name == "one night", "{name}");
        charts.iter().for_each(|chart| look::check(name, chart));
        if name == "a step" {
            let texts = told(&charts, "trend-etcd-wal.fsync.p99");
            assert!(texts.iter().any(|t| t.starts_with("+40 %")), "{texts:?}");
        }
    }
}

fn etcdbench() -> Command {
    Command::cargo_bin("etcdbench").unwrap()
}

#[test]
fn the_report_writes_its_charts_and_nothing_else() {
    let scratch = TempDir::new().unwrap();
    let charts = scratch.path().join("a/b");
    fs::create_dir_all(&charts).unwrap();
    fs::write(charts.join("mine.svg"), "kept").unwrap();
    let report = |more: &[&str]| {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/results/examples/good-disk.jsonl");
        etcdbench().args(["report", file]).args(more).assert()
    };
    let done =
        report(&["--format", "json", "--charts", charts.to_str().unwrap(), "--png"]).success();
    let output = done.get_output();
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for name in ["percentiles.svg", "percentiles.png", "capacity.svg", "map-etcd-wal.fsync.png"] {
        let path = charts.join(name);
        assert!(path.is_file() && told.contains(&format!("wrote {}", path.display())), "{told}");
    }
    assert_eq!(fs::read_to_string(charts.join("mine.svg")).unwrap(), "kept");
    assert!(fs::read_to_string(charts.join("capacity.svg")).unwrap().starts_with("<?xml"));
    let done = report(&["--charts", charts.join("mine.svg").to_str().unwrap()]).code(1);
    let told = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(told.contains("mine.svg"), "{told}");
    report(&["--png"]).code(2);
}
