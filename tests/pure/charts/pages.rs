//! Charts as a page has them: the same drawings, with what its script moves and hides.

use std::path::PathBuf;

use etcdbench::cli::{Format, Table};
use etcdbench::plan::DocumentPlan;
use etcdbench::report::chart::{Chart, of_comparison, of_run, of_trend, place_of};
use etcdbench::report::{Style, document};
use etcdbench::result::StallLine;
use resvg::usvg::roxmltree::{Document, Node};

use super::{histories, runs, sides};

fn is_finer(node: &Node<'_, '_>) -> bool {
    let finer = |node: Node<'_, '_>| {
        node.attribute("class").is_some_and(|class| class.split(' ').any(|one| one == "finer"))
    };
    node.ancestors().any(finer)
}

/// What is seen at once: every text, every title and how many shapes there are of a kind.
fn seen(svg: &str) -> (Vec<String>, Vec<String>, Vec<usize>) {
    let document = Document::parse(svg).unwrap();
    let named = |name: &'static str| {
        let all = document.descendants().filter(move |node| node.tag_name().name() == name);
        all.filter(|node| !is_finer(node))
    };
    let told = |name| named(name).map(|node| node.text().unwrap_or_default().to_owned()).collect();
    let counts = ["polyline", "polygon", "circle"].map(|name| named(name).count());
    (told("text"), told("title"), counts.to_vec())
}

fn check(name: &str, chart: &Chart) {
    let name = format!("{name}: {}", chart.name);
    let live = chart.in_page();
    assert_eq!(seen(&live), seen(&chart.svg), "{name}");
    for word in ["finer", "data-", " id=", "display="] {
        assert!(!chart.svg.contains(word), "{name}: {word}");
    }
    let document = Document::parse(&live).unwrap();
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"), "{name}");
    assert_eq!(root.attribute("aria-label"), Some(chart.caption.as_str()), "{name}");
    let class = |node: &Node<'_, '_>| node.attribute("class").unwrap_or_default().to_owned();
    let parts = || document.descendants().filter(|node| node.tag_name().name() == "g");
    let legend: Vec<&str> = parts()
        .filter(|node| class(node) == "legend")
        .filter_map(|node| node.attribute("data-key"))
        .collect();
    for part in parts().filter(|node| class(node).starts_with("data")) {
        if let Some(key) = part.attribute("data-key") {
            assert!(legend.contains(&key), "{name}: a series {key} that no legend has");
        }
        assert_eq!(class(&part).contains("finer"), part.attribute("display").is_some(), "{name}");
    }
    let timed = ["timeline", "map", "servers"].iter().any(|kind| chart.name.starts_with(kind));
    assert_eq!(root.attribute("data-time").is_some(), timed, "{name}");
}

#[test]
fn a_page_has_the_drawings_that_stand_alone() {
    for (name, (run, summary)) in runs::all() {
        of_run(&run, &summary).iter().for_each(|chart| check(name, chart));
    }
    for (name, found, sides) in sides::all() {
        of_comparison(&found, &sides).iter().for_each(|chart| check(name, chart));
    }
    for (name, trend) in histories::all() {
        of_trend(&trend).iter().for_each(|chart| check(name, chart));
    }
}

fn stall(series: &str, start_ns: u64) -> StallLine {
    StallLine {
        phase: "steady".to_owned(),
        series: series.to_owned(),
        start_ns,
        duration_ns: 200_000_000,
        ..StallLine::default()
    }
}

#[test]
fn a_stall_has_its_place_in_the_chart_of_its_series() {
    let (mut run, summary) = runs::load();
    let first = stall("put.response", 20 * runs::S);
    let second = stall("range.response", 40 * runs::S);
    let outside = stall("put.response", 4_000 * runs::S);
    run.stalls = vec![first.clone(), second.clone(), outside.clone()];
    let mut charts = of_run(&run, &summary);
    charts.iter_mut().for_each(|chart| chart.id = format!("run-1-{}", chart.name));
    for (stall, series) in [(first, "put.response"), (second, "range.response")] {
        let id = place_of(&charts, &stall).unwrap();
        assert!(id.starts_with(&format!("run-1-timeline-steady-{series}-at-")), "{id}");
        let page: String = charts.iter().map(Chart::in_page).collect();
        assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
    }
    assert_eq!(place_of(&charts, &outside), None);
}

/// Six operations for an hour, with as many stalls as a result holds.
fn an_hour() -> runs::Fixture {
    let names: Vec<String> = (0..6).map(|index| format!("op{index}.response")).collect();
    let series = names.iter().map(|name| {
        runs::series(name, None, 0, 3_600, |second| {
            runs::usual(runs::MS + second * 100, 200)(second)
        })
    });
    let phases = vec![runs::phase("steady", 0, 3_600, series.collect())];
    let (mut run, summary) = runs::run("load", "an hour", phases);
    let stalls = (0..10_000_u64)
        .map(|index| stall(&names[(index % 6) as usize], index * 3_600 * runs::S / 10_000));
    run.stalls = stalls.collect();
    (run, summary)
}

#[test]
fn the_page_of_an_hour_is_smaller_than_three_megabytes_and_has_finer_points() {
    let hour = an_hour();
    for chart in of_run(&hour.0, &hour.1).iter().filter(|c| c.name.starts_with("timeline")) {
        let live = chart.in_page();
        let document = Document::parse(&live).unwrap();
        let titles = document.descendants().filter(|node| node.tag_name().name() == "title");
        let points = titles.filter(is_finer).filter_map(|node| node.text());
        let points: Vec<&str> = points.filter(|told| told.starts_with("at ")).collect();
        assert_eq!(points.len(), 900, "{}", chart.name);
        // Four seconds apart, and told so.
        assert!(points[527].starts_with("at 35 min 8 s: p50 "), "{}", points[527]);
        assert!(live.contains("data-zoomed=\"max, per 4 s, of each second the highest\""));
    }
    let plan = DocumentPlan { format: Format::Html, table: Table::Summary, output: None };
    let style = Style { width: 100, color: false, height: None };
    let page = document(&[hour], &[PathBuf::from("hour.jsonl")], &plan, &style);
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}
