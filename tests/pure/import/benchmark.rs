//! The report of etcd's own benchmark.

use etcdbench::exit::Verdict;
use predicates::prelude::*;
use predicates::str::contains;

use super::place::*;

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
fn reads_and_writes_of_one_run_are_two_series_and_failed_reads_fail() {
    let text = format!(
        "Total Read Ops: 100007\nDetails:\n{}\nError distribution:\n  [7]\tcontext deadline exceeded\n\nTotal Write Ops: \
         100000\nDetails:\n{BENCHMARK}",
        BENCHMARK.replace("0.22558411", "0.28")
    );
    let place = Place::new();
    let run = place.imported("benchmark", "mixed.txt", &text);
    let p99 = |name: &str| run.phases[0].series(name).unwrap().quantile(0.99).unwrap().value_ns;
    assert_eq!((p99("read.service"), p99("write.service")), (280_000_000, 225_584_110));
    let summary = run.summary.as_ref().unwrap();
    assert_eq!(summary.verdict, Verdict::Fail);
    assert!(summary.headline.contains("read: 100,000 at"), "{}", summary.headline);
    assert!(summary.headline.contains("7 failed"), "{}", summary.headline);
    place
        .import(&["benchmark", "mixed.txt", "--operation", "txn"])
        .code(3)
        .stdout(contains("txn-read.service").and(contains("txn-write.service")));
}

#[test]
fn two_runs_are_two_results_and_never_one() {
    let text = format!("cp1\n{BENCHMARK}\ncp2\n{}", BENCHMARK.replace("0.22558411", "0.25"));
    let place = Place::new();
    place.write("two.txt", &text);
    place
        .import(&["benchmark", "two.txt"])
        .code(0)
        .stdout(contains("p99 226 ms").and(contains("p99 250 ms")).and(contains("holds 2 runs")));
    assert_eq!(std::fs::read_dir(place.path("results")).unwrap().count(), 2);
    place
        .import(&["benchmark", "two.txt", "--result", "one.jsonl"])
        .code(2)
        .stderr(contains("holds 2 runs").and(contains("--result takes one")));
}

#[test]
fn a_report_reads_the_same_in_every_form_it_is_published_in() {
    let quoted: String = BENCHMARK.lines().map(|line| format!("> {line}\n")).collect();
    let timed: String =
        BENCHMARK.lines().map(|line| format!("2026-03-04T05:06:07.123456789Z {line}\n")).collect();
    let joined = BENCHMARK.replace('\n', " ");
    let colours = BENCHMARK.replace("Slowest", "\u{1b}[31mSlowest\u{1b}[0m");
    let utf16: Vec<u8> = std::iter::once(0xfeffu16)
        .chain(BENCHMARK.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    for (form, text) in [
        ("crlf", BENCHMARK.replace('\n', "\r\n").into_bytes()),
        ("crcrlf", BENCHMARK.replace('\n', "\r\r\n").into_bytes()),
        ("quoted", quoted.into_bytes()),
        ("timed", timed.into_bytes()),
        ("joined", joined.into_bytes()),
        ("colours", colours.into_bytes()),
        ("utf16", utf16),
        ("bar", [b" 9 / 9 Boo! 100.00% 1m0s\r", BENCHMARK.as_bytes()].concat()),
    ] {
        let place = Place::new();
        place.write("out.txt", text);
        place.import(&["benchmark", "out.txt", "--result", "out.jsonl"]).success();
        let run = etcdbench::result::read(&place.path("out.jsonl")).unwrap();
        let series = run.phase("benchmark").unwrap().series("request.service").unwrap();
        let p99 = series.quantile(0.99).unwrap().value_ns;
        assert_eq!((series.count(), p99), (100_000, 225_584_110), "{form}");
        assert_eq!(series.told.as_ref().unwrap().quantiles.len(), 8, "{form}");
    }
}

#[test]
fn a_run_that_crashed_does_not_pass() {
    for (text, code, said) in [
        (format!("{BENCHMARK}\npanic: runtime error: index out of range\n"), 4, "crashed on line"),
        (format!("{BENCHMARK}\n 1234 / 10000 Booo 12.34%\n"), 4, "1,234 of 10,000"),
        (" 1234 / 10000 Booo 12.34%\nKilled\n".to_owned(), 1, "1,234 of 10,000"),
        (format!("Total Read Ops: 200000\nDetails:\n{BENCHMARK}"), 4, "100,000 of 200,000 reads"),
        (
            format!("Total Read Ops: 100000\nDetails:\n{BENCHMARK}\nTotal Write Ops: 99\nDetails:"),
            4,
            "the report of 99 writes is missing",
        ),
    ] {
        let place = Place::new();
        place.write("out.txt", &text);
        let done = place.import(&["benchmark", "out.txt"]).code(code);
        let output = done.get_output();
        let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        let all = String::from_utf8(all).unwrap().replace("\n  ", " ");
        assert!(all.contains(said), "{said}: {all}");
    }
}

#[test]
fn check_perf_is_held_to_what_it_says_itself() {
    let bad = " 60 / 60 Booo! 100.00% 1m0s\nFAIL: Throughput too low: 112 writes/s\nSlowest request took too long: \
               2.031000s\nPASS: Stddev is 0.071000s\nFAIL\n";
    let good = " 60 / 60 [====] 100.00% 1m0s\nPASS: Throughput is 151 writes/s\nPASS: Slowest request took \
                0.043000s\nPASS: Stddev is 0.002100s\nPASS\n";
    let errors = "FAIL: too many errors\nFAIL: ERROR(etcdserver: request timed out) -> 17\nPASS: Throughput is 151 \
                  writes/s\nFAIL\n";
    let cut = good.replace("\nPASS\n", "\n");
    let quoted: String = bad.lines().map(|line| format!("> {line}\r\n")).collect();
    for (text, code, said) in [
        (bad, 3, "throughput 112/s"),
        (quoted.as_str(), 3, "slowest 2.03 s"),
        (good, 0, "PASSED BY ITS OWN LIMITS"),
        (errors, 3, "request timed out"),
        (cut.as_str(), 4, "no last line"),
    ] {
        let place = Place::new();
        place.write("check.txt", text);
        place.import(&["benchmark", "check.txt"]).code(code).stdout(contains(said));
        let shown =
            std::fs::read_dir(place.path("results")).unwrap().next().unwrap().unwrap().path();
        place.run(&["report", shown.to_str().unwrap()], "").stdout(contains("check perf"));
    }
    let place = Place::new();
    place.write("check.txt", " 23 / 60 Booo 38.33%\n");
    place.import(&["benchmark", "check.txt"]).code(1).stderr(contains("23 of 60"));
    place.write("scale.txt", "Start data scale check for work load [10000 key-value pairs].\n");
    place.import(&["benchmark", "scale.txt"]).code(1).stderr(contains("check datascale"));
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
