//! Small files that would take all memory or all time, and names that stand for what never ends.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use etcdbench::result::{Header, Line, SCHEMA_VERSION};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use rustix::process::{Resource, Rlimit, setrlimit};
use tempfile::TempDir;

/// Nothing here may take longer; the debug build of a busy machine is slow.
const SOON: Duration = Duration::from_secs(20);
/// Nor more memory.
const MEMORY: u64 = 1 << 30;

/// A directory with the file of one test.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_etcdbench"));
        command.args(words).current_dir(self.0.path()).stdin(Stdio::null());
        let limit = Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
        // SAFETY: a single system call between fork and exec.
        unsafe {
            command.pre_exec(move || Ok(setrlimit(Resource::As, limit)?));
        }
        let began = Instant::now();
        let output = command.output().unwrap();
        assert!(began.elapsed() < SOON, "{words:?} took {:?}", began.elapsed());
        output
    }

    /// What is said of a result that is refused.
    fn refused(&self, lines: &str) -> String {
        fs::write(self.path("run.jsonl"), lines).unwrap();
        let output = self.run(&["report", "run.jsonl"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn header() -> String {
    let header = Header {
        schema: SCHEMA_VERSION.into(),
        kind: "disk".into(),
        started_at: "2026-11-21T20:15:00.5Z".into(),
        ..Header::default()
    };
    serde_json::to_string(&Line::Header(header)).unwrap() + "\n"
}

/// A histogram whose counts are these bytes, before compression.
fn histogram(digits: u32, counts: &[u8]) -> String {
    let mut plain = Vec::new();
    for number in [0x1c84_9303_u32 | 0x10, counts.len() as u32, 0, digits] {
        plain.extend(number.to_be_bytes());
    }
    for number in [1_u64, u64::MAX >> 1, 1.0_f64.to_bits()] {
        plain.extend(number.to_be_bytes());
    }
    plain.extend(counts);
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&plain).unwrap();
    let packed = packer.finish().unwrap();
    let mut bytes = (0x1c84_9304_u32 | 0x10).to_be_bytes().to_vec();
    bytes.extend((packed.len() as u32).to_be_bytes());
    bytes.extend(packed);
    BASE64.encode(bytes)
}

/// One sample in each of so many buckets.
fn ones(buckets: usize) -> Vec<u8> {
    vec![2; buckets]
}

fn interval(phase: &str, series: &str, at: u64, count: u64, histogram: &str) -> String {
    let (start, sum) = (at * 1_000_000_000, count);
    format!(
        "{{\"type\":\"interval\",\"phase\":\"{phase}\",\"series\":\"{series}\",\"start_ns\":{start},\
         \"length_ns\":1000000000,\"count\":{count},\"min_ns\":1,\"max_ns\":4000000000000000000,\"sum_ns\":{sum},\
         \"histogram\":\"{histogram}\"}}\n"
    )
}

#[test]
fn a_histogram_of_millions_of_buckets_is_refused() {
    let place = Place::new();
    for buckets in [50_000, 6_000_000] {
        let line = interval("wal", "wal.fsync", 0, buckets as u64, &histogram(5, &ones(buckets)));
        let said = place.refused(&(header() + &line));
        assert!(said.contains("run.jsonl:2: histogram is not HdrHistogram V2: "), "{said}");
    }
}

#[test]
fn many_histograms_take_no_more_memory_than_a_run_can() {
    let place = Place::new();
    let full = histogram(3, &ones(30_000));
    let mut lines = header();
    for series in 0..3_000 {
        lines += &interval("wal", &format!("s{series}"), 0, 30_000, &full);
    }
    let said = place.refused(&lines);
    assert!(said.contains("histograms of more than 512 MiB, which no run has"), "{said}");
}

#[test]
fn series_and_phases_without_number_are_refused_at_once() {
    let place = Place::new();
    let one = histogram(3, &ones(1));
    let mut series = header();
    let mut phases = header();
    for number in 0..100_000 {
        series += &interval("wal", &format!("s{number}"), 0, 1, &one);
    }
    for number in 0..50_000 {
        let _ = writeln!(
            phases,
            "{{\"type\":\"event\",\"phase\":\"p{number}\",\"at_ns\":{number},\"at\":\"2026-11-21T20:15:00Z\",\"kind\":\"phase\",\"detail\":{{}}}}"
        );
    }
    let said = place.refused(&series);
    assert!(said.contains("run.jsonl:10002: more than 10,000 series"), "{said}");
    let said = place.refused(&phases);
    assert!(said.contains("run.jsonl:1002: more than 1,000 phases"), "{said}");
}

#[test]
fn counts_that_would_wrap_are_refused() {
    let place = Place::new();
    // 2^62 in one bucket, as ZigZag LEB128.
    let many = histogram(3, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]);
    let count = 1_u64 << 62;
    let mut lines = header();
    for second in 0..5 {
        lines += &interval("wal", "wal.fsync", second, count, &many);
    }
    let said = place.refused(&lines);
    assert!(said.contains("run.jsonl:2: more than 9,007,199,254,740,992 samples"), "{said}");
    let late = interval("wal", "wal.fsync", 0, 1, &histogram(3, &ones(1)))
        .replace("\"start_ns\":0", "\"start_ns\":18446744073709551615");
    let said = place.refused(&(header() + &late));
    assert!(said.contains("a time of years after the run began"), "{said}");
}

/// Commands that read a file, with `FILE` in its place.
const READERS: [&[&str]; 9] = [
    &["report", "FILE"],
    &["compare", "FILE", "FILE"],
    &["trend", "--csv", "FILE"],
    &["trend", "mine", "--marks", "FILE"],
    &["run", "FILE", "--dry-run"],
    &["run", "include.toml", "--dry-run"],
    &["compare", "good.jsonl", "good.jsonl", "--calibration", "FILE"],
    &["load", "put", "--endpoints", "https://127.0.0.1:1", "--cacert", "FILE"],
    &["load", "put", "--endpoints", "127.0.0.1:1", "--user", "root", "--password-file", "FILE"],
];

fn read_all(place: &Place, file: &str) {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples/slow-disk.jsonl");
    fs::copy(shared, place.path("good.jsonl")).unwrap();
    fs::create_dir(place.path("mine")).unwrap();
    fs::copy(place.path("good.jsonl"), place.path("mine/good.jsonl")).unwrap();
    fs::write(place.path("include.toml"), format!("include = '{file}'\n")).unwrap();
    std::thread::scope(|scope| {
        for reader in READERS {
            scope.spawn(move || {
                let words: Vec<&str> =
                    reader.iter().map(|word| if *word == "FILE" { file } else { word }).collect();
                let output = place.run(&words);
                let said = said(&output);
                let code = output.status.code();
                assert!(matches!(code, Some(1 | 2)), "{words:?}: {code:?} {said}");
                assert!(said.contains("error: "), "{words:?}: {said}");
                assert!(!said.contains("memory"), "{words:?}: {said}");
            });
        }
    });
}

#[test]
fn what_never_ends_is_read_by_nobody_to_its_end() {
    read_all(&Place::new(), "/dev/zero");
}

#[test]
fn nobody_waits_at_a_fifo_for_ever() {
    let place = Place::new();
    let fifo = place.path("fifo");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    read_all(&place, fifo.to_str().unwrap());
}
