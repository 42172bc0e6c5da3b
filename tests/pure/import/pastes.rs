//! fio's output as people publish it: quoted, wrapped, cut, in another encoding, several runs in one; and what is no
//! output at all. Nothing makes the reader panic, hang, or eat memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use etcdbench::exit::Verdict;
use etcdbench::plan::{ImportRequest, Input, Program};
use jiff::Timestamp;
use predicates::prelude::*;
use predicates::str::contains;
use proptest::prelude::*;

use super::place::*;
use super::written::*;
use crate::support::needs::{Need, needs};

/// The 99th percentile and the count of syncs in the result of one import.
fn told(place: &Place, name: &str) -> (u64, u64) {
    let run = etcdbench::result::read(&place.path(name)).unwrap();
    let syncs = run.phase("fio").unwrap().series("wal.fsync").unwrap();
    (syncs.quantile(0.99).unwrap().value_ns, syncs.count())
}

fn each_line(text: &str, change: impl Fn(usize, &str) -> String) -> String {
    text.lines().enumerate().map(|(at, line)| change(at, line) + "\n").collect()
}

#[test]
fn the_text_reads_the_same_in_every_form_it_is_published_in() {
    let text = GOOD.text();
    let utf16 = |mark: u16, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(mark).chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let ansible = serde_json::json!({ "changed": true, "stdout": text, "stdout_lines": text.lines().collect::<Vec<_>>() });
    let rows_joined = text.replace(",\n     | ", ", | ");
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("quoted", each_line(&text, |_, line| format!("> {line}")).into()),
        ("quoted twice", each_line(&text, |_, line| format!("> > {line}")).into()),
        ("in a table", each_line(&text, |_, line| format!("| {line}")).into()),
        ("indented", each_line(&text, |_, line| format!("\t\t{line}")).into()),
        ("fenced", format!("Here is mine:\n\n```\n{text}```\nIs that good?\n").into()),
        (
            "with its command",
            format!("root@cp1:~# fio --name=journal --rw=write\n{text}root@cp1:~# \n").into(),
        ),
        ("numbered", each_line(&text, |at, line| format!("{:>6}\t{line}", at + 1)).into()),
        ("numbered by grep", each_line(&text, |at, line| format!("{}:{line}", at + 1)).into()),
        ("kubectl", each_line(&text, |_, line| format!("[pod/fio-7x/fio] {line}")).into()),
        (
            "docker",
            each_line(&text, |at, line| {
                format!("2026-03-06T21:14:{:02}.123456789Z {line}", at % 60)
            })
            .into(),
        ),
        ("compose", each_line(&text, |_, line| format!("fio-1  | {line}")).into()),
        ("colours", each_line(&text, |_, line| format!("\u{1b}[0;33m{line}\u{1b}[0m")).into()),
        ("crlf", text.replace('\n', "\r\n").into()),
        ("old mac", text.replace('\n', "\r").into()),
        ("rows joined", rows_joined.into()),
        ("all joined", text.replace('\n', " ").into()),
        ("trimmed", each_line(&text, |_, line| line.trim().to_owned()).into()),
        ("wrapped", text.replace("], ", "],\n> ").into()),
        ("utf-8 with a mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("utf-16 le", utf16(0xfeff, u16::to_le_bytes)),
        ("utf-16 be", utf16(0xfeff, u16::to_be_bytes)),
        ("ansible", serde_json::to_vec_pretty(&ansible).unwrap()),
        ("newer heading", text.replace("sync_file_range:", "sync_file_range/syncfs:").into()),
        ("syncs counted", text.replace("10029,0,0 short=10029", "10029,0,10029 short=0").into()),
    ];
    for (form, bytes) in forms {
        let place = Place::new();
        place.write("out.txt", bytes);
        place.import(&["fio", "out.txt", "--result", "out.jsonl"]).code(predicate::function(
            |code: &i32| {
                assert_eq!(*code, 0, "{form}");
                true
            },
        ));
        assert_eq!(told(&place, "out.jsonl"), (3_130_000, 10_029), "{form}");
        let run = etcdbench::result::read(&place.path("out.jsonl")).unwrap();
        assert_eq!(run.header.name, "journal", "{form}");
        let told = run.phases[0].series[0].told.as_ref().unwrap();
        assert_eq!(told.quantiles.len(), 17, "{form}");
    }
}

#[test]
fn the_sync_section_alone_is_enough() {
    let section = GOOD.sync_section();
    let bare = section.split_once('\n').unwrap().1.to_owned();
    for text in [section.clone(), each_line(&section, |_, line| format!("> {line}")), bare] {
        let place = Place::new();
        place.write("out.txt", text);
        place
            .import(&["fio", "out.txt", "--result", "out.jsonl"])
            .success()
            .stdout(contains("p99 3.13").and(contains("samples not told, at least 10,000")));
        assert_eq!(told(&place, "out.jsonl").0, 3_130_000);
    }
    let slow = Written {
        percentiles: GOOD.percentiles.map(|us| us * 12),
        extremes: (7_000, 99_000),
        ..GOOD
    };
    let place = Place::new();
    place.write("two.txt", format!("node a\n{}\nnode b\n{}", section, slow.sync_section()));
    place.import(&["fio", "two.txt"]).code(3).stdout(contains("3.13").and(contains("37.6 ms")));
}

#[test]
fn documents_read_the_same_quoted_logged_and_wrapped() {
    let list = format!("[{}]", FIO.trim());
    let deep = serde_json::json!({ "items": [{ "data": serde_json::from_str::<serde_json::Value>(FIO).unwrap() }] });
    let inside = serde_json::json!({ "results": [{ "stdout": FIO }] });
    for (form, text) in [
        ("quoted", each_line(FIO, |_, line| format!("> {line}"))),
        ("docker", each_line(FIO, |_, line| format!("2026-03-06T21:14:09.123456789Z {line}"))),
        ("kubectl", each_line(FIO, |_, line| format!("[pod/fio-7x/fio] {line}"))),
        ("numbered", each_line(FIO, |at, line| format!("{:>5}\t{line}", at + 1))),
        ("crlf", FIO.replace('\n', "\r\n")),
        ("marked", format!("\u{feff}{FIO}")),
        ("list", list),
        ("deep", deep.to_string()),
        ("a string", inside.to_string()),
    ] {
        let place = Place::new();
        place.write("out", &text);
        place.import(&["fio", "out", "--result", "out.jsonl"]);
        assert!(place.path("out.jsonl").exists(), "{form}");
        assert_eq!(told(&place, "out.jsonl").1, 911, "{form}");
    }
}

#[test]
fn several_runs_in_one_paste_are_several_results() {
    let slow = Written {
        percentiles: GOOD.percentiles.map(|us| us * 12),
        extremes: (7_000, 99_000),
        date: "Sat Mar  7 08:00:00 2026",
        pid: 99,
        ..GOOD
    };
    let place = Place::new();
    place.write("two.txt", format!("cp-1:\n{}\ncp-2:\n{}", GOOD.text(), slow.text()));
    place.import(&["fio", "two.txt"]).code(3).stdout(
        contains("NOT DISQUALIFIED")
            .and(contains("NOT QUALIFIED"))
            .and(contains("cp-2"))
            .and(contains("holds 2 runs")),
    );
    assert_eq!(std::fs::read_dir(place.path("results")).unwrap().count(), 2);
    for flag in [["--result", "a.jsonl"], ["--output", "a.html"], ["--format", "csv"]] {
        let words = ["fio", "two.txt", flag[0], flag[1]];
        place.import(&words).code(2).stderr(contains("holds 2 runs").and(contains(flag[0])));
    }
    // Without the lines that begin a run: two reports of other days, and two documents.
    place.write("cut.txt", format!("{}{}", GOOD.report(), slow.report()));
    place.import(&["fio", "cut.txt"]).code(3).stdout(contains("holds 2 runs"));
    let later = changed(FIO, |document| document["timestamp_ms"] = 1_795_999_999_000_u64.into());
    place.write("two.json", format!("{FIO}{later}"));
    place.import(&["fio", "two.json"]).stdout(contains("holds 2 runs"));
    // Reports of one run, as of --status-interval: the last one counts.
    let earlier = Written { syncs: 5_000, writes: 5_000, date: "Fri Mar  6 21:14:02 2026", ..GOOD };
    place.write("growing.txt", format!("{}{}", earlier.text(), GOOD.report()));
    place
        .import(&["fio", "growing.txt", "--result", "g.jsonl"])
        .stdout(contains("2 reports of this run"));
    assert_eq!(told(&place, "g.jsonl").1, 10_029);
}

#[test]
fn a_date_of_the_older_collector_and_its_percentiles() {
    let text = r#"{"Min":800100,"Max":90500200,"Average":2100400,"P1":900100,"P50":1500200,"P90":2500300,"P95":3100400,
        "P99":8000500,"P995":8500600,"P999":9000700,"P9995":9500800,"P9999":80000900}"#;
    let place = Place::new();
    place.write("filesystemPerformance.json", text);
    place
        .import(&["fio", "filesystemPerformance.json", "--result", "out.jsonl"])
        .success()
        .stdout(contains("wal.sync p99  8 ms").and(contains("older collector of troubleshoot.sh")));
}

#[test]
fn text_and_document_of_one_run_get_one_verdict() {
    needs!(Need::Program("fio"));
    let place = Place::new();
    std::fs::create_dir(place.path("scratch")).unwrap();
    for (name, more) in [
        ("recipe", &["--size=1m", "--unlink=1"] as &[&str]),
        ("short", &["--size=100k", "--unlink=1"]),
        ("wrapped", &["--size=64k", "--io_size=1m", "--unlink=1"]),
        ("first", &["--size=512k", "--filename=same"]),
        ("unsynced", &["--size=512k", "--fdatasync=0", "--end_fsync=1", "--unlink=1"]),
    ] {
        let done = std::process::Command::new("fio")
            .current_dir(place.path("scratch"))
            .args(["--name=wal", "--rw=write", "--ioengine=sync", "--fdatasync=1", "--bs=2300"])
            .args(more)
            .arg("--output-format=normal,json")
            .output()
            .unwrap();
        assert!(done.status.success(), "{name}");
        let mixed = String::from_utf8(done.stdout).unwrap();
        let (start, end) = (mixed.find("\n{").unwrap() + 1, mixed.rfind("\n}").unwrap() + 2);
        let json = &mixed[start..end];
        let text = format!("{}{}", &mixed[..start], &mixed[end..]);
        let code = |file: &str, text: &str| {
            place.write(file, text);
            place.import(&["fio", file]).get_output().status.code()
        };
        let codes = (code("mixed", &mixed), code("json", json), code("text", &text));
        assert_eq!(codes.0, codes.2, "{name}: {text}");
        // The JSON alone does not tell whether a file was there before, or how large it was.
        assert_eq!(codes.0, codes.1, "{name}: {json}");
    }
}

#[test]
fn what_never_ends_is_refused_at_once() {
    let place = Place::new();
    let fifo = place.path("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    let long = "x".repeat(33 << 20);
    place.write("long", &long);
    let began = Instant::now();
    for (file, said) in [
        ("fifo", "FIFO into which nobody writes"),
        ("/dev/zero", "this is a device"),
        (".", "this is a directory"),
        ("long", "longer than 32 MiB"),
    ] {
        for program in ["fio", "benchmark"] {
            place.import(&[program, file]).code(1).stderr(contains(said));
        }
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    // A FIFO with a writer is read: so a shell gives the output of a command.
    let text = GOOD.text();
    let writer = std::thread::spawn(move || std::fs::write(fifo, text));
    place.import(&["fio", "fifo"]).success();
    writer.join().unwrap().unwrap();
}

#[test]
fn what_a_terminal_obeys_is_not_passed_on() {
    let evil = "\u{1b}]0;gone\u{7}\u{1b}[2J\u{202e}wal\u{9b}31m";
    let text = Written { syncs: 0, ..GOOD }.text().replace("journal", &format!("jo{evil}urnal"));
    let document = changed(FIO, |document| {
        job(document)["jobname"] = evil.into();
        job(document)["error"] = 28.into();
    });
    let place = Place::new();
    place.write("text", text);
    place.write("json", document);
    for file in ["text", "json"] {
        let done = place.import(&["fio", file]).code(1);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        let is_bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.contains(is_bad), "{said:?}");
    }
}

/// What reading bytes comes to: no panic, and not longer than this. The bound is for a busy machine and an unoptimised
/// build; one that is quadratic takes minutes.
fn survives(name: &str, bytes: &[u8]) -> Vec<Verdict> {
    let place = Place::new();
    place.write(name, bytes);
    let mut verdicts = Vec::new();
    for program in [Program::Fio, Program::Benchmark] {
        let request = ImportRequest {
            program,
            inputs: vec![Input::File(place.path(name))],
            job: None,
            operation: "put".to_owned(),
            name: None,
            labels: BTreeMap::new(),
            result: Some(place.path(&format!("{}.jsonl", program.name()))),
            one_only: Some("--result"),
        };
        let began = cpu_time();
        let done =
            etcdbench::import::run(&request, etcdbench::report::conclude, Timestamp::UNIX_EPOCH);
        let took = cpu_time() - began;
        assert!(took < Duration::from_secs(10), "{name}: {took:?} of CPU time");
        match done {
            Ok(all) => verdicts.extend(all.iter().map(|run| run.summary.verdict)),
            Err(error) => {
                let said = error.to_string();
                assert!(!said.is_empty() && said.len() < 4_000, "{said}");
                assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
            }
        }
    }
    verdicts
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string(Path::new("/proc/thread-self/schedstat")).unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

fn corpus() -> Vec<String> {
    vec![
        GOOD.text(),
        COARSE.text(),
        GOOD.sync_section(),
        FIO.to_owned(),
        FIO_BINS.to_owned(),
        FIO_TEXT.to_owned(),
        TROUBLESHOOT.to_owned(),
        BENCHMARK.to_owned(),
        format!("Total Read Ops: 5\nDetails:{BENCHMARK}\nError distribution:\n  [3]\tno leader\n"),
        "PASS: Throughput is 151 writes/s\nSlowest request took too long: 1.2s\nFAIL\n".to_owned(),
    ]
}

/// One thing that befalls a text on its way.
#[derive(Debug, Clone)]
enum Harm {
    CutFrom(usize),
    CutAt(usize),
    Twice(usize),
    Without(usize),
    Joined(usize),
    Swapped(usize, usize),
    Digit(usize, char),
    Byte(usize, u8),
    Ends(&'static str),
    Quoted(&'static str),
}

impl Harm {
    fn befall(&self, text: Vec<u8>) -> Vec<u8> {
        let lossy = String::from_utf8_lossy(&text).into_owned();
        let mut lines: Vec<&str> = lossy.split('\n').collect();
        let at = |place: &usize| place % lines.len();
        match self {
            Harm::CutFrom(place) => return text[place % text.len().max(1)..].to_vec(),
            Harm::CutAt(place) => return text[..place % text.len().max(1)].to_vec(),
            Harm::Twice(place) => lines.insert(at(place), lines[at(place)]),
            Harm::Without(place) => {
                lines.remove(at(place));
            }
            Harm::Joined(place) => {
                let (before, after) = lines.split_at(at(place));
                return format!("{} {}", before.join("\n"), after.join("\n")).into_bytes();
            }
            Harm::Swapped(a, b) => {
                let (a, b) = (at(a), at(b));
                lines.swap(a, b);
            }
            Harm::Digit(place, digit) => {
                let mut chars: Vec<char> = lossy.chars().collect();
                let digits: Vec<usize> =
                    (0..chars.len()).filter(|&at| chars[at].is_ascii_digit()).collect();
                if let Some(&at) = digits.get(place % digits.len().max(1)) {
                    chars[at] = *digit;
                }
                return chars.into_iter().collect::<String>().into_bytes();
            }
            Harm::Byte(place, byte) => {
                let mut text = text;
                let place = place % text.len().max(1);
                if let Some(old) = text.get_mut(place) {
                    *old = *byte;
                }
                return text;
            }
            Harm::Ends(ends) => return lines.join(ends).into_bytes(),
            Harm::Quoted(mark) => {
                return lines
                    .iter()
                    .map(|line| format!("{mark}{line}\n"))
                    .collect::<String>()
                    .into_bytes();
            }
        }
        lines.join("\n").into_bytes()
    }
}

fn harm() -> impl Strategy<Value = Harm> {
    let any = || any::<usize>();
    prop_oneof![
        any().prop_map(Harm::CutFrom),
        any().prop_map(Harm::CutAt),
        any().prop_map(Harm::Twice),
        any().prop_map(Harm::Without),
        any().prop_map(Harm::Joined),
        (any(), any()).prop_map(|(a, b)| Harm::Swapped(a, b)),
        (any(), proptest::sample::select(vec!['0', '9', '-', '.', 'e', 'µ']))
            .prop_map(|(a, b)| Harm::Digit(a, b)),
        (any(), proptest::num::u8::ANY).prop_map(|(a, b)| Harm::Byte(a, b)),
        proptest::sample::select(vec!["\r\n", "\r", "\r\r\n", " ", ""]).prop_map(Harm::Ends),
        proptest::sample::select(vec!["> ", "| ", "12: ", "\u{1b}[1m", "[a] "])
            .prop_map(Harm::Quoted),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_harm_to_a_text_makes_the_reader_panic_or_pass(
        which in any::<usize>(),
        harms in proptest::collection::vec(harm(), 1..4),
    ) {
        let corpus = corpus();
        let mut text = corpus[which % corpus.len()].clone().into_bytes();
        for harm in &harms {
            text = harm.befall(text);
        }
        for verdict in survives("harmed", &text) {
            prop_assert!(verdict != Verdict::Pass, "a foreign run never passes");
        }
    }
}

#[test]
fn nothing_takes_long() {
    let n = 60_000;
    for (name, text) in [
        ("braces", "{\n".repeat(n)),
        ("objects", format!("{{\"jobs\":[\n{}x", "{},\n".repeat(n))),
        ("nested", format!("\"jobs\"{}", "{\"a\":\n".repeat(n))),
        ("versions", "{ \"fio version\"".repeat(n / 4)),
        ("headings", "a: (groupid=0, jobs=1): err= 0: pid=1: x ".repeat(n / 8)),
        ("names", "a: (groupid=0, jobs=1): err= 0: pid=1:\n".repeat(n / 8)),
        ("rows", "99.00th=[ 5], ".repeat(n)),
        ("section", format!("{}{}", GOOD.sync_section(), "99.00th=[ 5], ".repeat(n))),
        ("summaries", "Summary:\n".repeat(n / 8)),
        ("errors", format!("Error distribution:\n{}", "[1] x ".repeat(n))),
        ("escapes", "\u{1b}]".repeat(n)),
        ("returns", "\r".repeat(n)),
        ("logs", "{\"log\":\"a\"}\n".repeat(n / 8)),
        ("numbers", "12: ".repeat(n)),
        (
            "devices",
            format!("{}Disk stats (read/write):\n{}", GOOD.text(), "a: ios=1/1,".repeat(n)),
        ),
    ] {
        survives(name, text.as_bytes());
    }
}
