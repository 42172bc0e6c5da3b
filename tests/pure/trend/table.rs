//! Histories of other tools.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::nights::{etcdbench, nights, wobble};

/// Runs `trend --csv` on this text; stdout, stderr, exit code.
fn run(text: &str, args: &[&str]) -> (String, String, i32) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("t.csv");
    fs::write(&path, text).unwrap();
    let mut command = etcdbench();
    command.env("COLUMNS", "300");
    let output = command.args(["trend", "--csv"]).arg(&path).args(args).output().unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap(),
    )
}

/// The series of this name, as JSON.
fn series(text: &str, name: &str) -> Value {
    let (stdout, stderr, _) = run(text, &["--format", "json"]);
    let trend: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
    let all = trend["histories"][0]["series"].as_array().unwrap().clone();
    all.into_iter().find(|s| s["series"] == name).unwrap()
}

/// A table of days and one column.
fn table(column: &str, cells: &[String]) -> String {
    let rows = cells.iter().enumerate().map(|(day, cell)| {
        let (month, day) = (day / 28 + 1, day % 28 + 1);
        format!("2026-{month:02}-{day:02},{cell}\n")
    });
    format!("date,{column}\n{}", rows.collect::<String>())
}

fn numbers(values: &[f64]) -> Vec<String> {
    values.iter().map(f64::to_string).collect()
}

fn changes(values: &[f64]) -> Vec<u64> {
    let found = series(&table("v", &numbers(values)), "v");
    let changes = found["changes"].as_array().unwrap();
    changes.iter().map(|change| change["night"].as_u64().unwrap()).collect()
}

#[test]
fn published_series() {
    // mongodb/signal-processing-algorithms `tests/test_detection.py`.
    let levels = [
        41.0, 18.0, 23.0, 3.0, 32.0, 11.0, 40.0, 13.0, 29.0, 48.0, 47.0, 35.0, 18.0, 21.0, 6.0,
        2.0, 23.0, 3.0, 4.0, 7.0, 120.0, 103.0, 102.0, 81.0, 71.0, 62.0, 115.0, 61.0, 108.0, 63.0,
        70.0, 98.0, 65.0, 96.0, 64.0, 74.0, 70.0, 113.0, 90.0, 114.0, 208.0, 196.0, 153.0, 150.0,
        225.0, 179.0, 206.0, 165.0, 177.0, 151.0, 218.0, 217.0, 244.0, 245.0, 229.0, 195.0, 225.0,
        229.0, 176.0, 250.0,
    ];
    assert_eq!(changes(&levels), [20, 40]);
    let mut stair = vec![50.0; 15];
    stair.extend([100.0; 15]);
    assert_eq!(changes(&stair), [15]);
    // apache/otava `tests/change_point_divisive_test.py`: with values below 0, judged as they are.
    let below =
        [0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149.0, 149.7, 149.5, 149.1, 148.8, 150.0];
    assert_eq!(changes(&below), [5, 8]);
    let found = series(&table("v", &numbers(&below)), "v");
    assert_eq!(found["logarithmic"], false);
}

#[test]
fn a_unit_changes_nothing_and_a_direction_turns_it_round() {
    let slow = nights(40, 2, 1.3);
    let text =
        |scale: f64| table("v", &numbers(&slow.iter().map(|v| v * scale).collect::<Vec<_>>()));
    for scale in [1.0, 1e-9, 1e9] {
        assert_eq!(run(&text(scale), &["--lower-is-better", "v"]).2, 3, "{scale}");
        assert_eq!(run(&text(scale), &["--higher-is-better", "v"]).2, 0, "{scale}");
    }
    let inverse: Vec<f64> = slow.iter().map(|v| 1.0 / v).collect();
    assert_eq!(run(&table("v", &numbers(&inverse)), &["--higher-is-better", "v"]).2, 3);
}

#[test]
fn zeros_constants_and_gaps_are_judged_for_what_they_are() {
    // Errors that never were.
    let mut cells = vec!["0".to_owned(); 40];
    let found = series(&table("errors", &cells), "errors");
    assert_eq!(found["tonight"]["verdict"], "steady");
    assert_eq!(found["changes"], Value::Array(Vec::new()));
    // And now are.
    cells[38] = "3".to_owned();
    cells[39] = "5".to_owned();
    assert_eq!(run(&table("errors", &cells), &[]).2, 3);
    // A constant.
    let found = series(&table("ms", &vec!["7.5".to_owned(); 40]), "ms");
    assert_eq!(found["tonight"]["verdict"], "steady");
    // A single zero among rates.
    let mut cells = numbers(&nights(40, 0, 1.0));
    cells[20] = "0".to_owned();
    assert_eq!(series(&table("rate", &cells), "rate")["tonight"]["verdict"], "steady");
    // Gaps of every kind.
    let mut cells = numbers(&nights(40, 2, 1.3));
    for (night, gap) in [(3, ""), (9, "NaN"), (15, "null"), (20, "-"), (33, "N/A")] {
        cells[night] = gap.to_owned();
    }
    let found = series(&table("ms", &cells), "ms");
    assert_eq!(found["counted"], 35);
    assert_eq!(found["values"][9], Value::Null);
    assert_eq!(found["tonight"]["verdict"], "regressed");
    // Nothing tonight.
    cells[39] = String::new();
    assert_eq!(series(&table("ms", &cells), "ms")["tonight"]["verdict"], "no_value");
}

#[test]
fn three_points_are_no_history() {
    let (stdout, _, code) = run(&table("ms", &numbers(&[1.0, 2.0, 3.0])), &[]);
    assert_eq!(code, 4);
    assert!(stdout.contains("there are 3 nights of"), "{stdout}");
}

#[test]
fn times_are_read_in_the_usual_forms_and_put_in_order() {
    let values = nights(20, 0, 1.0);
    let seconds = |day: usize| 1_767_232_800 + 86_400 * day;
    let forms: [&dyn Fn(usize) -> String; 6] = [
        &|day| format!("2026-01-{:02}", day + 1),
        &|day| format!("2026-01-{:02}T02:00:00Z", day + 1),
        &|day| format!("2026-01-{:02} 02:00:00", day + 1),
        &|day| format!("2026-01-{:02}T02:00:00+02:00", day + 1),
        &|day| seconds(day).to_string(),
        &|day| (seconds(day) * 1000).to_string(),
    ];
    for form in forms {
        let rows = values.iter().enumerate().rev();
        let rows: String = rows.map(|(day, v)| format!("{},{v}\n", form(day))).collect();
        let (stdout, stderr, code) = run(&format!("when,v_ms\n{rows}"), &[]);
        assert_eq!(code, 0, "{} {stderr}", form(0));
        assert!(stdout.contains("20 nights, 2026-01-01 … 2026-01-20"), "{stdout}");
        assert!(stdout.contains("the rows were not in order of time"), "{stdout}");
    }
}

#[test]
fn columns_are_told_apart() {
    let row = |day: usize, v: f64| {
        let commit = if day < 15 { "abc" } else { "def" };
        format!("2026-01-{:02};{commit};{v};{};{}\n", day + 1, 5000.0 * wobble(day), wobble(day))
    };
    let values = nights(28, 13, 1.4);
    let rows: String = values.iter().enumerate().map(|(day, v)| row(day, *v)).collect();
    let text = format!("date;commit;put_latency_ms;put_ops_per_s;thing\n{rows}");
    let (stdout, _, code) = run(&text, &[]);
    assert_eq!(code, 3, "{stdout}");
    for words in [
        "with commit abc → def",
        "put_latency_ms: lower is taken for better",
        "put_ops_per_s: higher is taken for better",
        "thing: nobody says which way is good",
    ] {
        assert!(stdout.contains(words), "no '{words}' in {stdout}");
    }
    let (stdout, _, code) =
        run(&text, &["--columns", "thing,put_ops_per_s", "--lower-is-better", "thing"]);
    assert_eq!(code, 0, "{stdout}");
    assert!(!stdout.contains("put_latency_ms") && !stdout.contains("nobody says"), "{stdout}");
}

#[test]
fn a_column_without_a_direction_fails_nothing() {
    let (stdout, _, code) = run(&table("thing", &numbers(&nights(40, 2, 2.0))), &[]);
    assert_eq!(code, 4);
    assert!(stdout.contains("different"), "{stdout}");
}

#[test]
fn mistakes_are_told_with_line_and_column() {
    let good = "date,ms\n2026-01-01,1\n2026-01-02,2\n";
    let table: &[(&str, &[&str], i32, &[&str])] = &[
        ("", &[], 1, &["t.csv:1: the table is empty"]),
        ("date,ms\n", &[], 1, &["t.csv:1: the table has no rows"]),
        (
            "date,ms\n2026-01-01,1\n2026-01-02,fast\n",
            &[],
            1,
            &["t.csv:3: 'fast' in column 'ms' is no number"],
        ),
        ("date,ms\n2026-01-01,1\n2026-01-02,inf\n", &[], 1, &["t.csv:3: 'inf' in column 'ms'"]),
        (
            "date,ms\n2026-01-01,1\nyesterday,2\n",
            &[],
            1,
            &["t.csv:3: 'yesterday' in column 'date' is no time", "unix seconds"],
        ),
        ("date,ms\n2026-01-01,1\n2026-01-02\n", &[], 1, &["t.csv:3: 1 values under 2 columns"]),
        ("date,ms,ms\n2026-01-01,1,1\n", &[], 1, &["t.csv:1: two columns are called 'ms'"]),
        ("a,b\n1,2\n", &[], 2, &["no column of times", "--time", "a, b"]),
        ("date,commit\n2026-01-01,abc\n", &[], 1, &["no column of numbers"]),
        (
            good,
            &["--lower-is-better", "sm"],
            2,
            &["--lower-is-better sm: no column 'sm'; did you mean 'ms'?"],
        ),
        (good, &["--columns", "xyzzy"], 2, &["--columns xyzzy: no column", "date, ms"]),
        (good, &["--time", "tmie"], 2, &["--time tmie: no column"]),
        (good, &["--time", "ms"], 1, &["t.csv:2: '1' in column 'ms' is no time"]),
        (good, &["--lower-is-better", "ms", "--higher-is-better", "ms"], 2, &["contradict"]),
        (good, &["--confirm", "x"], 2, &["cannot be used with"]),
    ];
    for (text, args, code, words) in table {
        let (_, stderr, got) = run(text, args);
        assert_eq!(got, *code, "{text:?} {args:?}: {stderr}");
        for word in *words {
            assert!(stderr.contains(word), "no '{word}' in {stderr}");
        }
    }
    etcdbench()
        .args(["trend", "--csv", "none.csv"])
        .assert()
        .code(1)
        .stderr(contains("none.csv").and(contains("read")));
}

/// The histories of a text, each with its series, as JSON.
fn histories(text: &str) -> Vec<Value> {
    let (stdout, stderr, _) = run(text, &["--format", "json"]);
    let trend: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
    trend["histories"].as_array().unwrap().clone()
}

fn day(index: usize) -> String {
    format!("2026-{:02}-{:02}", index / 28 + 1, index % 28 + 1)
}

#[test]
fn a_long_table_is_several_series() {
    let row = |index: usize, ms: &f64| {
        let rate = 10_000.0 * wobble(index);
        format!("{},put_p99_ms,{ms}\n{},puts_per_s,{rate}\n", day(index), day(index))
    };
    let values = nights(40, 10, 1.5);
    let rows: String = values.iter().enumerate().map(|(index, ms)| row(index, ms)).collect();
    let text = format!("time,metric,value\n{rows}");
    let (stdout, _, code) = run(&text, &[]);
    assert_eq!(code, 3, "{stdout}");
    assert!(stdout.contains("REGRESSED  put_p99_ms"), "{stdout}");
    let found = histories(&text);
    let names = found[0]["series"].as_array().unwrap().iter().map(|s| s["series"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["put_p99_ms", "puts_per_s"]);
    assert_eq!(found[0]["nights"].as_array().unwrap().len(), 40);
}

#[test]
fn branches_that_alternate_are_histories_and_a_machine_that_was_replaced_is_told() {
    let row = |index: usize, ms: &f64, machine: &str| {
        let other = 3.0 * 10.0 * wobble(index + 2);
        format!("{d},main,{machine},{ms}\n{d},dev,{machine},{other}\n", d = day(index))
    };
    let values = nights(40, 10, 1.5);
    let rows = values.iter().enumerate();
    let rows: String =
        rows.map(|(index, ms)| row(index, ms, if index < 30 { "m1" } else { "m2" })).collect();
    let text = format!("time,branch,machine,put_ms\n{rows}");
    let found = histories(&text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["distinct_by"][0], "branch main");
    let (stdout, _, code) = run(&text, &[]);
    assert_eq!(code, 3, "{stdout}");
    assert!(stdout.contains("machine m1 → m2"), "{stdout}");
}

#[test]
fn tables_are_read_as_people_write_them() {
    let values = nights(40, 10, 1.5);
    let of = |form: &dyn Fn(usize, f64) -> String| -> String {
        values.iter().enumerate().map(|(index, ms)| form(index, *ms)).collect()
    };
    let comma = |ms: f64| format!("{ms:.3}").replace('.', ",");
    let week =
        |index: usize, ms: f64| format!("{}-W{:02},{ms}\n", 2024 + index / 50, index % 50 + 1);
    let texts = [
        ("no heading", of(&|index, ms| format!("{},{ms}\n", day(index)))),
        ("units", format!("time,p99\n{}", of(&|i, ms| format!("{},{ms:.3}ms\n", day(i))))),
        (
            "mixed units",
            format!(
                "time,p99\n{}",
                of(&|i, ms| match i % 2 {
                    0 => format!("{},{ms:.3} ms\n", day(i)),
                    _ => format!("{},{:.0} µs\n", day(i), ms * 1e3),
                })
            ),
        ),
        ("comma", format!("time;p99 ms\n{}", of(&|i, ms| format!("{};{}\n", day(i), comma(ms))))),
        ("weeks", format!("week,p99_ms\n{}", of(&week))),
        (
            "compact",
            format!("day,ms\n{}", of(&|i, ms| format!("{},{ms}\n", day(i).replace('-', "")))),
        ),
        (
            "markdown",
            format!(
                "| date | ms |\n|---|---:|\n{}",
                of(&|i, ms| format!("| {} | {ms} |\n", day(i)))
            ),
        ),
        ("gnuplot", format!("# date ms\n{}", of(&|i, ms| format!("{} {ms}\n", day(i))))),
        (
            "nanoseconds",
            format!(
                "ts,ms\n{}",
                of(&|i, ms| format!("{}000000000,{ms}\n", 1_767_232_800 + 86_400 * i))
            ),
        ),
    ];
    for (name, text) in texts {
        let args: &[&str] =
            if name == "no heading" { &["--lower-is-better", "column 2"] } else { &[] };
        let (stdout, stderr, code) = run(&text, args);
        assert_eq!(code, 3, "{name}: {stdout}{stderr}");
        assert!(stdout.contains("40 nights") && stdout.contains("1.50×"), "{name}: {stdout}");
    }
    let no_heading = of(&|index, ms| format!("{},{ms}\n", day(index)));
    assert!(run(&no_heading, &[]).0.contains("the table has no heading"));
}

#[test]
fn json_of_other_tools_is_read() {
    let values = nights(40, 10, 1.5);
    let seconds = |index: usize| 1_767_232_800 + 86_400 * index;
    let list = |form: &dyn Fn(usize, f64) -> Value| -> Value {
        values.iter().enumerate().map(|(index, ms)| form(index, *ms)).collect()
    };
    let data_js = json!({ "lastUpdate": 1, "entries": { "etcd": list(&|i, ms| json!({
        "commit": { "id": format!("{i:040}") }, "date": seconds(i) * 1000,
        "tool": "customSmallerIsBetter",
        "benches": [{ "name": "put", "value": ms, "unit": "ms" }],
    })) } });
    let otava = list(&|i, ms| {
        json!({
            "timestamp": seconds(i), "metrics": [{ "name": "put_p99", "unit": "ms", "value": ms }],
            "attributes": { "git_commit": format!("c{i}") },
        })
    });
    let builds: serde_json::Map<String, Value> = values
        .iter()
        .enumerate()
        .map(|(i, ms)| {
            let id = (1_767_232_800_000 + 86_400_000 * i as i64 - 1_288_834_974_657) << 22;
            let item =
                json!({ "data": { "Perc99": ms }, "unit": "ms", "labels": { "Resource": "pods" } });
            (id.to_string(), json!([item]))
        })
        .collect();
    let flat = list(&|i, ms| json!({ "time": day(i), "put_ms": ms }));
    let lines: Vec<String> =
        flat.as_array().unwrap().iter().map(|row| format!("{row}\n")).collect();
    let named = list(&|i, ms| json!({ "date": day(i), "name": "put", "unit": "ms", "value": ms }));
    for (text, series) in [
        (format!("window.BENCHMARK_DATA = {data_js};"), "put"),
        (otava.to_string(), "put_p99"),
        (json!({ "builds": builds, "job": "x" }).to_string(), "pods Perc99"),
        (flat.to_string(), "put_ms"),
        (lines.concat(), "put_ms"),
        (named.to_string(), "value"),
    ] {
        let (stdout, stderr, code) = run(&text, &[]);
        assert_eq!(code, 3, "{series}: {stdout}{stderr}");
        assert!(stdout.contains(&format!("REGRESSED  {series}")), "{series}: {stdout}");
    }
    let (_, stderr, code) = run("{\"a\": 1}", &[]);
    assert!(code == 2 && stderr.contains("data.js"), "{stderr}");
    assert!(run("[1,\n 2", &[]).1.contains("t.csv:2: broken JSON"));
}

#[test]
fn a_column_of_units_tells_what_each_number_is() {
    let rows = |index: usize, ms: f64| {
        let day = day(index);
        format!("{day},put,{ms},ms\n{day},puts,{},ops/s\n", 100.0 * ms)
    };
    let values = nights(40, 10, 1.5);
    let rows: String = values.iter().enumerate().map(|(index, ms)| rows(index, *ms)).collect();
    let (stdout, stderr, code) = run(&format!("date,metric,value,unit\n{rows}"), &[]);
    assert_eq!(code, 3, "{stdout}{stderr}");
    // More operations a second are no regression, and longer ones are.
    assert!(stdout.contains("REGRESSED  put is"), "{stdout}");
    assert!(!stdout.contains("nobody says"), "{stdout}");
}

#[test]
fn a_change_that_nobody_can_call_good_or_bad_is_not_called_no_worse() {
    let text = table("thing", &numbers(&nights(40, 12, 2.0)));
    let (stdout, _, code) = run(&text, &[]);
    assert_eq!(code, 4, "{stdout}");
    assert!(stdout.contains("NO VERDICT") && !stdout.contains("no worse"), "{stdout}");
    assert!(stdout.contains("pass --lower-is-better"), "{stdout}");
}

#[test]
fn what_is_no_text_is_told_with_its_line() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("t.csv");
    fs::write(&path, b"date,ms\n2026-01-01,\xff\n").unwrap();
    let mut command = etcdbench();
    command.args(["trend", "--csv"]).arg(&path);
    command.assert().code(1).stderr(contains("t.csv:2: this is no text"));
}
