//! The usual slips: each is refused before anything is touched, and answered with what to type.

use std::fs;

use assert_cmd::Command;
use tempfile::TempDir;

/// A directory with a file of each kind that is taken for another.
fn place() -> TempDir {
    let place = TempDir::new().unwrap();
    let files = [
        ("fio.json", "{ \"fio version\": \"fio-3.36\", \"jobs\": [] }\n"),
        ("result.jsonl", "{\"type\":\"header\",\"schema\":\"1.0\",\"run_id\":\"x\"}\n"),
        ("mine.toml", "description = 'x'\n"),
        ("etcd.log", "{}\n"),
        ("puts.txt", "Summary:\n  Total:\t2.1 secs.\n  Slowest:\t0.2 secs.\n"),
    ];
    for (name, text) in files {
        fs::write(place.path().join(name), text).unwrap();
    }
    fs::create_dir(place.path().join("data")).unwrap();
    place
}

/// What was typed, the exit code, and the command that is named instead.
const MISTAKES: [(&str, i32, &str); 44] = [
    ("/var/lib", 2, "Type: etcdbench disk /var/lib"),
    ("data", 2, "Type: etcdbench disk data"),
    ("./not-there", 2, "Type: etcdbench disk ./not-there"),
    ("http://10.0.0.1:2379", 2, "Type: etcdbench load put --endpoints http://10.0.0.1:2379"),
    ("result.jsonl", 2, "Type: etcdbench report result.jsonl"),
    ("mine.toml", 2, "Type: etcdbench run mine.toml"),
    ("etcd.log", 2, "Type: etcdbench logs etcd.log"),
    ("fio.json", 2, "Type: etcdbench import fio fio.json"),
    ("fio", 2, "etcdbench import fio fio.json"),
    ("put", 2, "Type: etcdbench load put"),
    ("get", 2, "Type: etcdbench load range"),
    ("nightly", 2, "Type: etcdbench run nightly --history DIR"),
    ("lode put", 2, "Type: etcdbench load put"),
    ("disk", 2, "Type: etcdbench disk /var/lib/etcd"),
    ("report", 2, "Type: etcdbench report results/*.jsonl"),
    ("logs", 2, "Type: etcdbench logs"),
    ("import", 2, "Type: etcdbench import fio fio.json"),
    ("run", 2, "Type: etcdbench run --list"),
    ("disk data --duration 5", 2, "Type: etcdbench disk data --soak 5m"),
    ("check quota --prefix /a", 2, "Type: etcdbench check quota --prefix /a --by-prefix"),
    ("check quota --since none.json", 1, "Type: etcdbench check quota --format json --output"),
    ("check --disk none.jsonl", 1, "Type: etcdbench disk /var/lib/etcd --result disk.jsonl"),
    (
        "load put --user me:hunter2 --duration 5",
        2,
        "Type: etcdbench load put --user me --duration 5s",
    ),
    ("report result.jsonl --redact", 2, "Type: etcdbench report result.jsonl --redact all"),
    ("report result.jsonl --redact-to a", 2, "report result.jsonl --redact-to a --redact all"),
    (
        "report result.jsonl mine.toml --redact all --redact-to a",
        2,
        "Type: etcdbench report result.jsonl --redact all --redact-to a",
    ),
    ("report result.jsonl --redact all --redact-to result.jsonl", 2, "--redact-to result-2.jsonl"),
    ("report result.jsonl --redact all --redact-to no/a.jsonl", 2, "all --redact-to a.jsonl"),
    (
        "report result.jsonl --output no/a.html",
        2,
        "Type: etcdbench report result.jsonl --output a.html",
    ),
    ("disk data --endpoints a:1", 2, "Type: etcdbench load put --endpoints"),
    ("disk data --profile x", 2, "there are etcd, etcd-heavy, openshift"),
    ("load put --local=2x", 2, "'2x' is not a number of members; type: --local=3"),
    ("load put --local 3", 2, "Type: etcdbench load put --local=3"),
    ("load put --qps 5", 2, "Type: etcdbench load put --rate 1000"),
    ("load get", 2, "Type: etcdbench load range"),
    ("run result.jsonl", 2, "type: etcdbench report result.jsonl"),
    ("report fio.json", 1, "type: etcdbench import fio fio.json"),
    ("report mine.toml", 1, "type: etcdbench run mine.toml"),
    ("report result.jsonl -o x.pdf", 2, "no document ends in .pdf; name it .html, .md"),
    ("compare a b -o x.png", 2, "charts are written with --charts DIR"),
    ("trend", 1, "etcdbench run nightly --history DIR"),
    ("load put --total 1 --endpoints http://127.0.0.1:1", 1, "etcdbench start one with --local"),
    ("check --endpoints http://127.0.0.1:1", 1, "name another with --endpoints"),
    ("check quota --endpoints http://127.0.0.1:1", 1, "name another with --endpoints"),
];

#[test]
fn a_check_is_offered_nothing_that_it_has_not() {
    let mut check = Command::cargo_bin("etcdbench").unwrap();
    let asked = check.args(["check", "--endpoints", "http://127.0.0.1:1"]).assert().code(1);
    let told = String::from_utf8_lossy(&asked.get_output().stderr).into_owned();
    assert!(told.contains("refuses the connection") && !told.contains("--local"), "{told}");
}

#[test]
fn every_usual_slip_is_answered_with_what_to_type() {
    let place = place();
    let before = fs::read_dir(place.path()).unwrap().count();
    for (typed, code, expected) in MISTAKES {
        let output = Command::cargo_bin("etcdbench")
            .unwrap()
            .current_dir(place.path())
            .args(typed.split(' '))
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{typed}: {told}");
        assert!(told.contains(expected), "{typed}: {told}");
        assert!(!told.contains("hunter"), "{typed}: {told}");
        assert!(output.stdout.is_empty(), "{typed}: {:?}", output.stdout);
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), before, "nothing was touched");
}

#[test]
fn a_program_that_is_no_etcd_is_named_with_what_it_said() {
    let place = place();
    let mut load = Command::cargo_bin("etcdbench").unwrap();
    load.current_dir(place.path());
    load.args(["load", "put", "--local", "--total", "1", "--etcd", "/bin/ls"]);
    let told = String::from_utf8(load.output().unwrap().stderr).unwrap();
    let line = told.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(line.contains("/bin/ls --version prints no etcd version, but 'ls "), "{told}");
    assert!(line.ends_with("Name one with --etcd"), "{told}");
}

/// What was typed, the exit code, and the whole last line: what to type instead. `_` stands for a blank within a word.
const LAST: [(&str, i32, &str); 85] = [
    // A word where a subcommand belongs.
    ("lod put", 2, "etcdbench load put"),
    ("disks data", 2, "etcdbench disk data"),
    ("diff a b", 2, "etcdbench compare old.jsonl new.jsonl"),
    ("plot result.jsonl", 2, "etcdbench report results/*.jsonl --charts charts"),
    ("show result.jsonl", 2, "etcdbench report results/*.jsonl"),
    ("status", 2, "etcdbench check"),
    ("doctor", 2, "etcdbench check"),
    ("start", 2, "etcdbench load put --local"),
    ("localhost:2379", 2, "etcdbench load put --endpoints localhost:2379"),
    ("./etcd.log", 2, "etcdbench logs ./etcd.log"),
    ("gibberish", 2, "etcdbench --help"),
    ("-v", 2, "etcdbench --version"),
    ("--verison", 2, "etcdbench --version"),
    ("check etcd.log", 2, "etcdbench logs etcd.log"),
    ("check 10.0.0.1:2379", 2, "etcdbench check --endpoints 10.0.0.1:2379"),
    ("check nope", 2, "etcdbench check --endpoints 127.0.0.1:2379"),
    // What is missing.
    ("compare", 2, ""),
    ("merge", 2, "etcdbench merge results/*.jsonl"),
    ("rendezvous", 2, "etcdbench rendezvous --shards 3"),
    ("rendezvous 5", 2, "etcdbench rendezvous --shards 5"),
    ("completions", 2, "etcdbench completions bash"),
    ("import fio", 2, "etcdbench import fio fio.json"),
    ("load", 2, "etcdbench load put --local"),
    ("disk data --rate", 2, "etcdbench disk data --rate 100"),
    ("load put --duration", 2, "etcdbench load put --duration 30s"),
    ("load put --endpoints", 2, "etcdbench load put --endpoints http://127.0.0.1:2379"),
    ("check --every", 2, "etcdbench check --every 30s"),
    // Flags of other tools, and slips.
    ("disk data --quik", 2, "etcdbench disk data --quick"),
    ("disk data --runtime 60", 2, "etcdbench disk data --soak 5m"),
    ("disk data --ioengine libaio", 2, "etcdbench disk data --engine uring"),
    ("disk data --bs 4k", 2, "etcdbench disk data --val-size 1KiB"),
    ("disk data -d 5", 2, "etcdbench disk data --soak 5m"),
    ("disk data --out x.html", 2, "etcdbench disk data --output x.html"),
    ("disk data data2", 2, "etcdbench disk data"),
    ("load put --endpoint a:1", 2, "etcdbench load put --endpoints a:1"),
    ("load put -c 5", 2, "etcdbench load put --clients 100"),
    ("load put -n 5", 2, "etcdbench load put --total 10000"),
    ("load put --concurrency=5", 2, "etcdbench load put --clients 100"),
    ("load put --target a:1", 2, "etcdbench load put --endpoints http://127.0.0.1:2379"),
    ("load put --xyzzy", 2, "etcdbench load put --local"),
    ("load put get", 2, "etcdbench load --mix put=50,range=50"),
    ("load put --class x", 2, "etcdbench load --class 'writers: put --rate 100'"),
    ("report -f json result.jsonl", 2, "etcdbench report --format json result.jsonl"),
    ("report result.jsonl --json", 2, "etcdbench report result.jsonl --format json"),
    ("report result.jsonl --open", 2, "etcdbench report results/*.jsonl --output page.html"),
    ("compare --baseline a b", 2, "etcdbench compare old.jsonl new.jsonl"),
    ("profile x", 2, "etcdbench profile"),
    ("trend data --metric x", 2, "etcdbench trend results"),
    // Values.
    ("disk data --soak 30", 2, "etcdbench disk data --soak 30s"),
    ("load put --duration=5", 2, "etcdbench load put --duration=5s"),
    ("load put --duration 5x", 2, "etcdbench load put --duration 10ms"),
    ("load put --local=9", 2, "etcdbench load put --local=7"),
    ("load put --clients 0", 2, "etcdbench load put --clients 1"),
    ("load put --rate abc", 2, "etcdbench load put --rate 2000"),
    ("load put --rate 1000/s", 2, "etcdbench load put --rate 500"),
    ("load put --val-size 5xx", 2, "etcdbench load put --val-size 4096"),
    ("load txm", 2, "etcdbench load txn"),
    ("load transaction", 2, "etcdbench load txn"),
    ("disk data --format pdf", 2, "etcdbench disk data --format html"),
    ("disk data --engine libaio", 2, "etcdbench disk data --engine uring"),
    ("disk data --phases foo", 2, "etcdbench disk data --phases idle"),
    ("disk data --profile x", 2, "etcdbench disk data --profile etcd"),
    ("disk data --profile opensift", 2, "etcdbench disk data --profile openshift"),
    ("disk data --rule p99<10ms", 2, "etcdbench disk data --rule 'wal.fsync.p99 < 10ms'"),
    ("disk data --rule wal.fsnyc.p99<9ms", 2, "etcdbench disk data --rule 'wal.fsync.p99<9ms'"),
    ("disk data --label x", 2, "etcdbench disk data --label rack=b7"),
    (
        "report result.jsonl --export prometheus",
        2,
        "etcdbench report result.jsonl --export openmetrics",
    ),
    ("import fio.json", 2, "etcdbench import fio fio.json"),
    ("import -q fio.json", 2, "etcdbench import -q fio fio.json"),
    ("import puts.txt", 2, "etcdbench import benchmark puts.txt"),
    ("import etcd fio.json", 2, "etcdbench import fio fio.json"),
    ("completions tcsh", 2, "etcdbench completions bash"),
    ("run nigthly", 2, "etcdbench run nightly"),
    ("run put", 2, "etcdbench load put"),
    ("run fio.json", 2, "etcdbench import fio fio.json"),
    // Files that are not there, or are something else.
    ("disk http://a:1", 1, "etcdbench load put --endpoints http://a:1"),
    ("disk result.jsonl", 1, "etcdbench report result.jsonl"),
    ("report resul.jsonl", 1, "etcdbench report result.jsonl"),
    ("report results", 1, "etcdbench disk /var/lib/etcd"),
    ("report results/*.jsonl", 1, "etcdbench disk /var/lib/etcd"),
    ("report data", 1, "etcdbench report data/*.jsonl"),
    ("logs result.jsonl", 1, "etcdbench report result.jsonl"),
    ("compare result.jsonl no.jsonl", 1, ""),
    ("check --endpoints http://127.0.0.1:1", 1, "etcdbench check --endpoints HOST:2379"),
    ("load put --total 1 --endpoints http://127.0.0.1:1", 1, "etcdbench load put --local"),
];

/// What the last line of an error tells to type; the whole error where there is none.
fn last(place: &TempDir, words: &[String]) -> (Option<i32>, Result<String, String>) {
    let mut command = Command::cargo_bin("etcdbench").unwrap();
    command.env_remove("ETCDCTL_ENDPOINTS");
    let output = command.current_dir(place.path()).args(words).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let line = told.lines().last().and_then(|line| line.strip_prefix("Type: "));
    (output.status.code(), line.map(str::to_owned).ok_or(told))
}

#[test]
fn every_error_ends_with_what_to_type_and_that_can_be_typed() {
    let place = place();
    let mut wrong = Vec::new();
    for (line, code, expected) in LAST {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (exit, told) = last(&place, &words);
        let told = match told {
            Ok(told) if expected.is_empty() || told == expected => told,
            // The message itself names the command.
            Err(told) if expected.is_empty() && told.contains("etcdbench ") => continue,
            other => {
                wrong.push(format!("{line}: {exit:?} {other:?}, not {expected}"));
                continue;
            }
        };
        if exit != Some(code) {
            wrong.push(format!("{line}: ends with {exit:?}, not {code}"));
        }
        // Flags are read up to --help, which is then shown.
        let mut words = shlex::split(&told).unwrap();
        words.remove(0);
        words.push("--help".to_owned());
        let (exit, told) = last(&place, &words);
        if exit != Some(0) {
            wrong.push(format!("{line}: '{words:?}' cannot be typed: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn guesses_that_are_none_are_not_made() {
    let place = place();
    for line in ["disk data --duration 5", "load put --concurrency 5", "disk data --size 1"] {
        let mut command = Command::cargo_bin("etcdbench").unwrap();
        let output = command.current_dir(place.path()).args(line.split(' ')).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!told.contains("similar") && !told.contains("to pass"), "{line}: {told}");
        assert!(!told.contains("For more information"), "{line}: {told}");
    }
}
