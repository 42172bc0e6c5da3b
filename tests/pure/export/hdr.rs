//! HdrHistogram's formats, read back by its readers in Rust and Python.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use etcdbench::cli::Export;
use etcdbench::result::{Run, SeriesData};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

use super::{example, kept, of_run, only, samples};
use crate::support::needs::{Need, needs};
use crate::support::readers;

/// What the crate's reader finds: the times of the head, and a total per tag.
fn totals(log: &str) -> (Vec<f64>, BTreeMap<String, Histogram<u64>>) {
    let mut times = Vec::new();
    let mut totals: BTreeMap<String, Histogram<u64>> = BTreeMap::new();
    let mut last = std::time::Duration::ZERO;
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        match entry.unwrap() {
            LogEntry::StartTime(at) | LogEntry::BaseTime(at) => times.push(at.as_secs_f64()),
            LogEntry::Interval(interval) => {
                assert!(interval.start_timestamp() >= last, "out of order");
                last = interval.start_timestamp();
                let bytes = BASE64.decode(interval.encoded_histogram()).unwrap();
                let histogram = Deserializer::new().deserialize(&mut &bytes[..]).unwrap();
                let max_ns = Histogram::<u64>::max(&histogram) as f64;
                assert!((interval.max() * 1e6 - max_ns).abs() <= max_ns * 1e-3 + 500.0);
                let tag = interval.tag().unwrap().as_str().to_owned();
                match totals.get_mut(&tag) {
                    Some(total) => total.add(histogram).unwrap(),
                    None => drop(totals.insert(tag, histogram)),
                }
            }
        }
    }
    (times, totals)
}

/// Every series that intervals are told of: those of single members, or the only one.
fn told(run: &Run) -> impl Iterator<Item = (String, &SeriesData)> {
    run.phases.iter().flat_map(|phase| {
        let all = phase.series.iter();
        all.map(move |series| (format!("{}/{}", phase.name, series.series), series))
    })
}

#[test]
fn the_log_holds_every_sample() {
    let example = example();
    let log = only(of_run(Export::Hlog, &example));
    assert_eq!(log.file_name, "disk-var-lib-etcd-candidate.hlog");
    let (times, totals) = totals(&log.text);
    assert_eq!(times, [1_795_302_371.332, 1_795_302_371.332]);
    assert_eq!(totals.len(), told(&example.0).count());
    for (tag, series) in told(&example.0) {
        let total = &totals[&tag];
        assert_eq!(total.len(), series.total.count(), "{tag}");
        for q in [0.5, 0.9, 0.99] {
            let ns = series.total.quantile(q).unwrap();
            assert_eq!(total.value_at_quantile(q).min(series.total.max_ns()), ns, "{tag}");
        }
    }
}

/// What `HistogramLogReader` of Java asks for beyond that, by its source.
#[test]
fn the_log_is_as_javas_reader_wants_it() {
    let log = only(of_run(Export::Hlog, &samples::load())).text;
    let (head, rows): (Vec<&str>, Vec<&str>) =
        log.lines().partition(|line| !line.starts_with("Tag="));
    assert!(head.contains(&"#[Histogram log format version 1.3]"), "{head:?}");
    assert_eq!(
        head.last().unwrap(),
        &r#""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#
    );
    assert!(head.iter().rev().skip(1).all(|line| line.starts_with('#')), "{head:?}");
    let start = "#[StartTime: 1795292100.250 (seconds since epoch)";
    assert!(head.iter().any(|line| line.starts_with(start)), "{head:?}");
    assert!(head.contains(&"#[BaseTime: 1795292100.250 (seconds since epoch)]"), "{head:?}");
    assert_eq!(rows.len(), 4);
    for row in &rows {
        let fields: Vec<&str> = row.split([' ', ',']).collect();
        assert_eq!(fields.len(), 5, "{row}");
        assert!(fields[1..4].iter().all(|number| number.parse::<f64>().is_ok()), "{row}");
        assert!(fields[4].starts_with("HISTFAAAA"), "compressed V2: {row}");
    }
    let tags: Vec<&str> = rows.iter().map(|row| row.split(',').next().unwrap()).collect();
    // The second and the third member share a name, so their numbers tell them apart.
    assert_eq!(
        tags,
        [
            "Tag=steady/put.service/1",
            "Tag=steady/put.service/2",
            "Tag=steady/put.service/etcd__1",
            "Tag=steady/put_response__odd"
        ]
    );
}

#[test]
fn another_reader_finds_the_same_in_the_log() {
    needs!(Need::Readers);
    let example = example();
    let (_directory, path) = kept(&only(of_run(Export::Hlog, &example)));
    let found: Value = serde_json::from_str(&readers::read("hlog.py", &path)).unwrap();
    assert_eq!(found["start_s"], 1_795_302_371.332);
    let tags = found["tags"].as_object().unwrap();
    assert_eq!(tags.len(), told(&example.0).count());
    for (tag, series) in told(&example.0) {
        assert_eq!(tags[&tag]["count"], series.total.count(), "{tag}");
        let max = series.total.max_ns();
        for (name, q) in [("p50", 0.5), ("p99", 0.99)] {
            let ns = tags[&tag][name].as_u64().unwrap();
            // This reader rounds the rank where the others go up.
            let rank = (q * series.total.count() as f64 + 0.5) as u64;
            let expected = series.total.value_at_rank(rank.max(1));
            assert_eq!(Some(ns.min(max)), expected, "{tag} {name}");
        }
    }
}

#[test]
fn a_distribution_tells_every_sample_and_ends_at_the_largest() {
    let (run, summary, intervals) = example();
    let documents = of_run(Export::Hgrm, &(run.clone(), summary, intervals));
    assert_eq!(documents.len(), told(&run).count());
    for (tag, series) in told(&run) {
        let name = format!("{}.hgrm", tag.replace('/', "."));
        let document = documents.iter().find(|found| found.file_name == name);
        let text = &document.unwrap_or_else(|| panic!("{name}")).text;
        let mut rows = text.lines().skip(2).filter(|line| !line.starts_with('#'));
        let numbers = |row: &str| -> Vec<f64> {
            row.split_whitespace().map(|number| number.parse().unwrap()).collect()
        };
        let mut seen = (0.0, 0.0, 0.0);
        let last = loop {
            let row = numbers(rows.next().unwrap());
            assert!(row[0] >= seen.0 && row[1] >= seen.1 && row[2] >= seen.2, "{row:?}");
            seen = (row[0], row[1], row[2]);
            if row.len() == 3 {
                break row;
            }
            let beyond = 1.0 / (1.0 - row[1]);
            assert!((row[3] - beyond).abs() <= beyond * 1e-6 + 0.01, "{row:?}");
        };
        assert_eq!(rows.next(), None);
        let max_ms = series.total.max_ns() as f64 / 1e6;
        assert!((last[0] - max_ms).abs() <= 0.0005, "{last:?}");
        assert_eq!((last[1], last[2]), (1.0, series.total.count() as f64));
        let footer =
            format!("#[Max     = {max_ms:12.6}, Total count    = {:12}]", series.total.count());
        assert!(text.contains(&footer), "{text}");
    }
}
