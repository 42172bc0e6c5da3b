//! The result file through its public doors: written by the collector, cut off, damaged, read back, validated.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use etcdbench::clock::Clock;
use etcdbench::error::Error;
use etcdbench::exit::Verdict;
use etcdbench::plan::{Arrival, DiskPlan, EngineKind, Load, PlannedPhase, Workload};
use etcdbench::record::{Emission, Recorder, RecorderSettings, Samples, Series};
use etcdbench::result::{
    self, Collector, Durability, Environment, Event, Header, Interval, Line, MAX_STALL_LINES,
    Observer, Run, SCHEMA_VERSION, Silent, StallLine, Summary, Writer,
};
use etcdbench::tool::Tool;
use serde_json::{Value, json};
use tempfile::TempDir;

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;

const SERIES: [Series; 2] = [
    Series { name: "wal.fsync", keep_stalls: true },
    Series { name: "put.commit", keep_stalls: false },
];

fn plan() -> DiskPlan {
    DiskPlan {
        directory: "/var/lib/etcd".into(),
        phases: vec![PlannedPhase { name: "wal".into(), duration_ns: 30 * S }],
        extend_ns: 0,
        engine: EngineKind::Sync,
        members: 1,
        workload: Workload {
            load: Load::Open { rate: 500.0, arrival: Arrival::Poisson },
            key_size: 64,
            val_size: 1024,
            batch_interval_ns: 100 * MS,
            batch_limit: 10_000,
        },
        db_size_bytes: 0,
        quota_bytes: 2 << 30,
        heartbeat_ns: 100 * MS,
        election_ns: S,
        max_bytes: 1 << 30,
        profile: "etcd".into(),
        rules: vec!["wal.fsync.p99.9 < 20ms".parse().unwrap()],
        beside_live: false,
        neighbours: Vec::new(),
        seed: 1,
    }
}

fn header() -> Header {
    Header {
        schema: SCHEMA_VERSION.into(),
        tool: Tool { name: "etcdbench".into(), version: "0.1.0".into(), git: None },
        run_id: "7f3a".into(),
        kind: "disk".into(),
        name: "/var/lib/etcd".into(),
        started_at: "2026-11-21T20:15:00.5Z".into(),
        plan: serde_json::to_value(plan()).expect("a plan is plain data"),
        environment: Environment { host: "cp1".into(), ..Environment::default() },
        ..Header::default()
    }
}

/// Runs members through a phase of wal syncs: `seconds` intervals of `per_second` samples, from 1 ms upwards.
fn measure(
    sink: etcdbench::record::Sink,
    pool: etcdbench::record::Pool,
    members: u32,
    seconds: u64,
) {
    let phase: Arc<str> = "wal".into();
    let told =
        sink.send(Emission::PhaseStart { phase: phase.clone(), at_ns: 0, planned_ns: seconds * S });
    assert!(told.is_ok());
    let settings = RecorderSettings { phase, interval_ns: S, stall_ns: 100 * MS, sink, pool };
    let mut recorders: Vec<Recorder> = (0..members)
        .map(|member| Recorder::new(settings.clone(), (members > 1).then_some(member), &SERIES, 0))
        .collect();
    for tick in 0..seconds * 10 {
        for (member, recorder) in recorders.iter_mut().enumerate() {
            let start_ns = tick * S / 10;
            let duration_ns = MS + tick * 1_000 + member as u64;
            recorder.record(0, start_ns, duration_ns);
            recorder.record(1, start_ns, 2 * duration_ns);
            recorder.tick(start_ns + S / 10);
        }
    }
    for recorder in recorders {
        recorder.finish(seconds * S);
    }
}

/// A whole run of this many members and seconds, with its summary.
fn write_run(path: &Path, members: u32, seconds: u64) {
    let writer = Writer::create(path, &header()).unwrap();
    let (sink, pool, collector) =
        Collector::spawn(writer, Clock::start(), Box::new(Silent)).unwrap();
    measure(sink, pool, members, seconds);
    let mut writer = collector.finish().unwrap();
    let run = result::read(path).unwrap();
    let summary = Summary {
        complete: true,
        phases: result::summarise(&run),
        verdict: Verdict::Pass,
        ..Summary::default()
    };
    writer.write(&Line::Summary(summary)).unwrap();
    assert_eq!(writer.finish().unwrap(), path);
}

fn place(name: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    (dir, path)
}

fn fsyncs(run: &Run) -> u64 {
    let series = run.phase("wal").and_then(|phase| phase.series("wal.fsync"));
    series.map_or(0, |series| series.total.count())
}

/// A file of these lines.
fn file_of(lines: &[&str]) -> (TempDir, PathBuf) {
    let (dir, path) = place("r.jsonl");
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    (dir, path)
}

fn header_line() -> String {
    serde_json::to_string(&Line::Header(header())).unwrap()
}

#[test]
fn a_run_reads_back_as_it_was_measured() {
    let (_dir, path) = place("deep/er/run.jsonl");
    write_run(&path, 1, 30);
    let run = result::read(&path).unwrap();
    assert_eq!(run.header.run_id, "7f3a");
    let phase = run.phase("wal").unwrap();
    assert_eq!((phase.start_ns, phase.length_ns), (0, 30 * S));
    assert_eq!(phase.series.len(), 2, "one member has no figures of its own");
    let fsync = phase.series("wal.fsync").unwrap();
    assert_eq!(fsync.total.count(), 300);
    assert_eq!(fsync.total.min_ns(), MS);
    assert_eq!(fsync.total.max_ns(), MS + 299_000);
    assert_eq!(fsync.total.sum_ns(), 300 * MS + 299 * 300 / 2 * 1_000);
    assert!((10..=20).contains(&fsync.batches.len()), "{}", fsync.batches.len());
    assert_eq!(fsync.batches.iter().map(|b| b.count()).sum::<u64>(), 300);
    assert_eq!(fsync.timeline.len(), 30);
    assert!(fsync.timeline.iter().all(|p| p.length_ns == S && p.count == 10));

    let summary = run.summary.as_ref().unwrap();
    assert!(summary.complete);
    let series = &summary.phases[0].series[0];
    assert_eq!((series.series.as_str(), series.rate_per_s), ("wal.fsync", 10.0));
    let median = &series.quantiles[0];
    assert!(median.value_ns.abs_diff(MS + 149_000) <= 2_000, "{median:?}");
    let p999 = series.quantiles.iter().find(|q| q.q == 0.999).unwrap();
    assert!(!p999.resolvable && p999.high_ns.is_none(), "{p999:?}");
}

#[test]
fn members_are_kept_apart_and_together() {
    let (_dir, path) = place("run.jsonl");
    write_run(&path, 3, 12);
    let run = result::read(&path).unwrap();
    let phase = run.phase("wal").unwrap();
    assert_eq!(phase.series.len(), 8, "two series, each merged and of three members");
    let merged = phase.series("wal.fsync").unwrap();
    assert_eq!(merged.total.count(), 360);
    assert_eq!(merged.timeline.len(), 12, "members abreast share a point");
    assert!(merged.timeline.iter().all(|p| p.count == 30));
    let second = phase.series.iter().find(|s| s.member == Some(1)).unwrap();
    assert_eq!((second.total.count(), second.total.min_ns()), (120, MS + 1));
    assert_eq!(merged.batches.len(), second.batches.len());
}

#[test]
fn cut_off_anywhere_it_still_reads() {
    let (dir, path) = place("run.jsonl");
    let mut writer = Writer::create(&path, &header()).unwrap();
    let mut samples = Samples::new();
    (1..=10).for_each(|ns| samples.record(ns));
    for second in 0..2 {
        let interval = Interval {
            phase: "wal".into(),
            series: "wal.fsync".into(),
            start_ns: second * S,
            length_ns: S,
            count: samples.count(),
            min_ns: samples.min_ns(),
            max_ns: samples.max_ns(),
            sum_ns: samples.sum_ns(),
            histogram: samples.encode(),
            ..Interval::default()
        };
        writer.write(&Line::Interval(interval)).unwrap();
    }
    writer.write(&Line::Summary(Summary::default())).unwrap();
    let whole = fs::read(&path).unwrap();
    let first_line = whole.iter().position(|&b| b == b'\n').unwrap();
    let cut = dir.path().join("cut.jsonl");
    let mut last_count = 0;
    for length in first_line..=whole.len() {
        fs::write(&cut, &whole[..length]).unwrap();
        let run = result::read(&cut).unwrap_or_else(|e| panic!("cut after {length} bytes: {e}"));
        assert!(fsyncs(&run) >= last_count, "more bytes, fewer samples");
        last_count = fsyncs(&run);
        // The closing newline is all that the summary may lack.
        assert_eq!(run.summary.is_some(), length >= whole.len() - 1);
    }
    assert_eq!(last_count, 20);
    for length in 0..first_line {
        fs::write(&cut, &whole[..length]).unwrap();
        let error = result::read(&cut).unwrap_err();
        assert!(matches!(error, Error::Damaged { line: 1, .. }), "{error}");
    }
}

#[test]
fn numbers_that_are_none_do_not_spoil_the_file() {
    let (_dir, path) = place("run.jsonl");
    let mut writer = Writer::create(&path, &header()).unwrap();
    let numbers = || {
        [
            ("ratio".to_owned(), f64::NAN),
            ("more".to_owned(), f64::INFINITY),
            ("sound".to_owned(), 2.5),
        ]
    };
    let counters = result::Counters { values: numbers().into(), ..result::Counters::default() };
    writer.write(&Line::Counters(counters)).unwrap();
    let finding = result::Finding { numbers: numbers().into(), ..result::Finding::default() };
    let summary = Summary { findings: vec![finding], ..Summary::default() };
    writer.write(&Line::Summary(summary)).unwrap();
    let run = result::read(&path).unwrap();
    let sound = [("sound".to_owned(), 2.5)].into();
    assert_eq!(run.counters[0].values, sound);
    assert_eq!(run.summary.unwrap().findings[0].numbers, sound);
}

#[test]
fn a_crash_of_the_machine_may_leave_zeros() {
    let (_dir, path) = place("run.jsonl");
    write_run(&path, 1, 3);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend([0; 4096]);
    fs::write(&path, bytes).unwrap();
    assert_eq!(fsyncs(&result::read(&path).unwrap()), 30);
}

#[test]
fn damage_is_named_by_its_line() {
    let (_dir, path) = place("run.jsonl");
    write_run(&path, 1, 3);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let damage: [fn(&str) -> String; 4] = [
        |line| line[..line.len() / 2].to_owned(),
        |line| line.replace("\"count\":10", "\"count\":11"),
        |line| line.replace("\"max_ns\":", "\"max_ns\":-"),
        |line| line.replace("\"histogram\":\"", "\"histogram\":\"####"),
    ];
    for (number, spoil) in damage.iter().enumerate() {
        let spoiled = spoil(lines[2]);
        assert_ne!(spoiled, lines[2]);
        let mut damaged = lines.clone();
        damaged[2] = &spoiled;
        let (_dir, path) = file_of(&damaged);
        let error = result::read(&path).unwrap_err();
        assert!(matches!(error, Error::Damaged { line: 3, .. }), "{number}: {error}");
        let named = format!("{}:3: ", path.display());
        assert!(error.to_string().starts_with(&named), "{error}");
    }
}

#[test]
fn what_a_later_minor_version_adds_is_skipped() {
    let header =
        header_line().replace("\"schema\":\"1.0\"", "\"schema\":\"1.7\",\"mood\":\"sunny\"");
    let (_dir, path) = file_of(&[
        &header,
        r#"{"type":"weather","degrees":21}"#,
        "",
        r#"{"type":"event","phase":"wal","at_ns":5,"at":"","kind":"phase","detail":null,"new":1}"#,
    ]);
    let run = result::read(&path).unwrap();
    assert_eq!((run.events.len(), run.phases.len()), (1, 1));
}

#[test]
fn another_major_version_is_refused_with_the_way_out() {
    let newer = r#"{"type":"header","schema":"2.1","everything":"else"}"#;
    let (_dir, path) = file_of(&[newer]);
    let error = result::read(&path).unwrap_err();
    assert!(matches!(error, Error::Refused(_)));
    let text = error.to_string();
    assert!(text.contains("format 2.1") && text.contains("1.x"), "{text}");
}

#[test]
fn what_is_no_result_says_so() {
    let header = header_line();
    let cases: [(&[&str], usize, &str); 5] = [
        (&["fio-3.33"], 1, "not a result of etcdbench"),
        (&["{", "}"], 1, "not a result of etcdbench"),
        (&[r#"{"type":"summary"}"#], 1, "must be a header"),
        (&[r#"{"type":"header"}"#], 1, "no schema version"),
        (&[&header, &header], 2, "second header"),
    ];
    for (lines, at, says) in cases {
        let (_dir, path) = file_of(lines);
        let error = result::read(&path).unwrap_err();
        assert!(matches!(error, Error::Damaged { line, .. } if line == at), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let (_dir, path) = place("empty.jsonl");
    fs::write(&path, "").unwrap();
    assert!(result::read(&path).unwrap_err().to_string().contains("empty"));
    let missing = result::read(&path.with_extension("gone")).unwrap_err();
    assert!(matches!(missing, Error::Io { action: "open", .. }));
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let (_dir, path) = place("endless.jsonl");
    fs::write(&path, header_line() + "\n").unwrap();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1 << 36).unwrap();
    let error = result::read(&path).unwrap_err();
    assert!(matches!(error, Error::Damaged { line: 2, .. }), "{error}");
}

#[test]
fn a_result_is_never_overwritten() {
    let (_dir, path) = place("run.jsonl");
    fs::write(&path, "precious").unwrap();
    let error = Writer::create(&path, &header()).unwrap_err();
    assert!(matches!(error, Error::Usage(_)), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn every_line_is_there_at_once() {
    let (_dir, path) = place("run.jsonl");
    let mut writer = Writer::create(&path, &header()).unwrap();
    for number in 1..=3 {
        let line = Line::Event(Event::default());
        writer.write(&line).unwrap();
        assert_eq!(result::read(&path).unwrap().events.len(), number);
        assert_eq!(fs::metadata(&path).unwrap().len(), writer.length());
    }
}

#[test]
fn the_default_place_tells_when_what_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let first = result::default_path(dir.path(), &header());
    assert_eq!(first, dir.path().join("20261121T201500Z-disk-cp1.jsonl"));
    Writer::create(&first, &header()).unwrap();
    let second = result::default_path(dir.path(), &header());
    assert_eq!(second, dir.path().join("20261121T201500Z-disk-cp1-2.jsonl"));
}

/// Counts what it is shown.
struct Counting(Arc<AtomicUsize>);

impl Observer for Counting {
    fn observe(&mut self, _: &Emission) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn stalls_are_kept_with_their_time_until_there_are_too_many() {
    let (_dir, path) = place("run.jsonl");
    let writer = Writer::create(&path, &header()).unwrap();
    let seen = Arc::new(AtomicUsize::new(0));
    let clock = Clock::start();
    let (sink, pool, collector) =
        Collector::spawn(writer, clock, Box::new(Counting(seen.clone()))).unwrap();
    let settings =
        RecorderSettings { phase: "etcd".into(), interval_ns: S, stall_ns: 100 * MS, sink, pool };
    let mut recorder = Recorder::new(settings, None, &SERIES, 0);
    for n in 0..MAX_STALL_LINES + 5 {
        recorder.record(0, n * MS, 100 * MS + n);
        recorder.record(1, n * MS, 200 * MS);
        recorder.record(0, n * MS, 100 * MS - 1);
    }
    recorder.finish(MAX_STALL_LINES * MS);
    collector.finish().unwrap();
    let run = result::read(&path).unwrap();
    assert_eq!(run.stalls.len() as u64, MAX_STALL_LINES);
    let told: &StallLine = &run.stalls[7];
    assert_eq!((told.start_ns, told.duration_ns), (7 * MS, 100 * MS + 7));
    assert_eq!(told.at, format!("{:.6}", clock.wall(7 * MS)));
    let dropped = run.events.iter().find(|e| e.kind == "stalls.dropped").unwrap();
    let longest = 100 * MS + MAX_STALL_LINES + 4;
    assert_eq!(dropped.detail, json!({ "count": 5, "longest_ns": longest }));
    let fsync = run.phase("etcd").unwrap().series("wal.fsync").unwrap();
    assert_eq!(fsync.total.count(), 2 * (MAX_STALL_LINES + 5), "none is missing here");
    // All stalls and two intervals.
    assert_eq!(seen.load(Ordering::Relaxed) as u64, MAX_STALL_LINES + 5 + 2);
}

#[test]
fn a_phase_of_counters_alone_has_a_length() {
    let (_dir, path) = place("run.jsonl");
    let mut writer = Writer::create(&path, &header()).unwrap();
    let counters = result::Counters {
        phase: "idle".into(),
        start_ns: S,
        length_ns: 4 * S,
        source: "device".into(),
        ..result::Counters::default()
    };
    writer.write(&Line::Counters(counters)).unwrap();
    let begun = |phase: &str, at_ns: u64| {
        Line::Event(Event { phase: phase.into(), at_ns, kind: "phase".into(), ..Event::default() })
    };
    writer.write(&begun("durability", 5 * S)).unwrap();
    writer.write(&begun("wal", 7 * S)).unwrap();
    let run = result::read(&path).unwrap();
    let lengths: Vec<_> = run.phases.iter().map(|p| (p.name.as_str(), p.length_ns)).collect();
    assert_eq!(lengths, [("idle", 4 * S), ("durability", 2 * S), ("wal", 0)]);
}

fn published_schema() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/result.schema.json")
}

/// `UPDATE_SCHEMA=1 cargo test --test pure result` writes it anew.
#[test]
fn the_published_schema_is_up_to_date() {
    let text = serde_json::to_string_pretty(&result::json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(published_schema(), &text).unwrap();
    }
    let published = fs::read_to_string(published_schema()).unwrap();
    assert!(
        published == text,
        "docs/result.schema.json is out of date: UPDATE_SCHEMA=1 cargo test --test pure result"
    );
}

#[test]
fn written_lines_keep_the_published_schema() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(published_schema()).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (_dir, path) = place("run.jsonl");
    write_run(&path, 2, 3);
    let mut lines: Vec<Value> = fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let durability = Event {
        kind: "durability".into(),
        detail: serde_json::to_value(Durability::default()).unwrap(),
        ..Event::default()
    };
    lines.push(serde_json::to_value(Line::Event(durability)).unwrap());
    lines.push(serde_json::to_value(Line::Stall(StallLine::default())).unwrap());
    for line in &lines {
        let error = validator.iter_errors(line).next();
        assert!(error.is_none(), "{}: {line}", error.unwrap());
    }
    let spoil: [(&str, &str, Value); 4] = [
        ("header", "/plan/members", json!("many")),
        ("interval", "/count", json!(-1)),
        ("summary", "/verdict", json!("splendid")),
        ("event", "/detail", json!({ "outcome": "safe" })),
    ];
    for (kind, at, value) in spoil {
        let mut line = lines.iter().rfind(|line| line["type"] == kind).unwrap().clone();
        *line.pointer_mut(at).unwrap() = value;
        assert!(!validator.is_valid(&line), "{kind} {at} must be refused: {line}");
    }
}
