//! The report of etcd's own benchmark.

use etcdbench::result::Verdict;
use predicates::prelude::*;
use predicates::str::contains;

use crate::place::*;

#[test]
fn a_report_becomes_quantiles_of_a_service_time() {
    let place = Place::new();
    place.write("out.txt", format!("bench\n 5 / 10 50 %\n{BENCHMARK}"));
    place
        .import(&["benchmark", "out.txt", "--operation", "put", "--result", "b.jsonl"])
        .success()
        .stdout(contains("put.service").and(contains("100,000 samples")));
    let run = etcdbench::result::read(&place.path("b.jsonl")).unwrap();
    let series = run.phase("benchmark").unwrap().series("put.service").unwrap();
    assert_eq!((series.count(), series.total.count()), (100_000, 0));
    let p99 = series.quantile(0.99).unwrap();
    assert_eq!((p99.value_ns, p99.low_ns), (225_584_110, None));
    assert_eq!(series.quantile(0.999).unwrap().value_ns, 302_886_086);
    assert_eq!(series.max_ns(), 345_913_730);
    let summary = run.summary.as_ref().unwrap();
    let rate = summary.phases[0].series[0].rate_per_s;
    assert!((rate - 10_630.06).abs() < 0.1, "{rate}");
    assert_eq!(summary.verdict, Verdict::Warn);
    for code in ["benchmark_closed_loop", "benchmark_options_unknown"] {
        assert!(has(&run, code), "{code}");
    }
    let unnamed = place.imported("benchmark", "again.txt", BENCHMARK);
    assert!(unnamed.phases[0].series("request.service").is_some());
}

#[test]
fn failures_are_counted_and_fail() {
    let text = format!(
        "{BENCHMARK}\nError distribution:\n  [7]\tcontext deadline exceeded\n  [3]\tetcdserver: no leader\n"
    );
    let place = Place::new();
    place.write("out.txt", text);
    place
        .import(&["benchmark", "out.txt"])
        .code(3)
        .stdout(contains("10 operations failed").and(contains("etcdserver: no leader")));
}

#[test]
fn the_last_of_two_reports_counts() {
    let text = format!(
        "Total Read Ops: 100000\n{}\nTotal Write Ops: 100000\n{BENCHMARK}",
        BENCHMARK.replace("0.22558411", "0.5")
    );
    let run = Place::new().imported("benchmark", "mixed.txt", &text);
    let p99 = run.phases[0].series[0].quantile(0.99).unwrap();
    assert_eq!(p99.value_ns, 225_584_110);
    assert!(has(&run, "import_remark"));
}

#[test]
fn what_is_no_report_is_refused() {
    let cut = BENCHMARK.split("Latency distribution").next().unwrap();
    let all_failed = "\nError distribution:\n  [10000]\tetcdserver: too many requests\n";
    for (text, said) in [
        ("bench\n", "out.txt:1: this is no report"),
        (cut, "has no 'Latency distribution'"),
        (
            all_failed,
            "out.txt:2: no operation succeeded: 10000 failed with: etcdserver: too many requests",
        ),
    ] {
        let place = Place::new();
        place.write("out.txt", text);
        place.import(&["benchmark", "out.txt"]).code(1).stderr(contains(said));
        assert_eq!(place.files(), ["out.txt"]);
    }
}
