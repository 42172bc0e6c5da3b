//! Every format as it is.

use etcdbench::cli::Export;

use super::{of_comparison, of_run, of_trend, samples};

/// Documents under their names; the lines of histograms without their payload.
fn shown(kind: Export) -> String {
    let documents = of_run(kind, &samples::load());
    let mut text = String::new();
    for document in &documents {
        text.push_str(&format!("=== {}\n", document.file_name));
        for line in document.text.lines() {
            let line = line.split_once("HISTFAAAA").map_or(line, |(head, _)| head);
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[test]
fn a_run() {
    for kind in [
        Export::Hlog,
        Export::Junit,
        Export::Openmetrics,
        Export::Textfile,
        Export::Perfdata,
        Export::GithubActionBenchmark,
        Export::Bmf,
    ] {
        insta::assert_snapshot!(format!("run_{}", kind.name()), shown(kind));
    }
    let all = of_run(Export::Hgrm, &samples::load());
    let few = all.iter().find(|found| found.file_name.contains("range"));
    insta::assert_snapshot!("run_hgrm", few.unwrap().text);
}

#[test]
fn a_comparison() {
    let found = samples::comparison(false, 3);
    for kind in [Export::Junit, Export::Openmetrics] {
        let document = of_comparison(kind, &found);
        insta::assert_snapshot!(format!("comparison_{}", kind.name()), document.text);
    }
}

#[test]
fn a_trend() {
    for kind in [Export::Junit, Export::Openmetrics] {
        let document = of_trend(kind, &samples::trend());
        insta::assert_snapshot!(format!("trend_{}", kind.name()), document.text);
    }
}
