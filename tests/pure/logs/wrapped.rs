//! What stands around etcd's lines: the same log in every wrapping is the same.

use std::fs;
use std::io::Write as _;

use etcdbench::diagnosis::{Cause, Certainty, Harm};

use super::*;

const HOST: &str = "cp-b";

type Wrap = Box<dyn Fn(&str) -> String>;

/// Every wrapping of a line, by name.
fn wrappings() -> Vec<(&'static str, Wrap)> {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let docker = move |text: &str| {
        format!(
            "{{\"log\":{},\"stream\":\"stderr\",\"time\":\"2026-03-14T02:11:02.600Z\"}}",
            quoted(&format!("{text}\n"))
        )
    };
    let journal = move |text: &str| {
        format!(
            "{{\"__REALTIME_TIMESTAMP\":\"1773454262600000\",\"_HOSTNAME\":\"{HOST}\",\"SYSLOG_IDENTIFIER\":\"etcd\",\"MESSAGE\":{}}}",
            quoted(text)
        )
    };
    let bytes = move |text: &str| {
        let bytes: Vec<u8> = text.bytes().collect();
        format!("{{\"_HOSTNAME\":\"{HOST}\",\"SYSLOG_IDENTIFIER\":\"etcd\",\"MESSAGE\":{bytes:?}}}")
    };
    let shipped = move |text: &str| {
        format!(
            "{{\"@timestamp\":\"x\",\"kubernetes\":{{\"pod_name\":\"{HOST}\"}},\"message\":{}}}",
            quoted(text)
        )
    };
    let elastic = move |text: &str| {
        let message = quoted(text);
        format!("{{\"_index\":\"x\",\"_source\":{{\"host\":\"{HOST}\",\"message\":{message}}}}}")
    };
    let loki = move |text: &str| {
        format!("{{\"labels\":{{\"pod\":\"{HOST}\"}},\"line\":{}}}", quoted(text))
    };
    let export = |text: &str| {
        format!(
            "__CURSOR=s\n__REALTIME_TIMESTAMP=1773454262600000\n_HOSTNAME={HOST}\nSYSLOG_IDENTIFIER=etcd\nMESSAGE={text}\n"
        )
    };
    vec![
        ("bare", Box::new(str::to_owned)),
        ("docker", Box::new(docker)),
        ("journal as json", Box::new(journal)),
        ("journal as json, bytes", Box::new(bytes)),
        ("journal export", Box::new(export)),
        ("Elasticsearch", Box::new(elastic)),
        ("Loki", Box::new(loki)),
        (
            "RFC 5424",
            Box::new(|text| format!("<30>1 2026-03-14T02:11:02.6Z {HOST} etcd 12 - - {text}")),
        ),
        ("shipped", Box::new(shipped)),
        ("CRI", Box::new(|text| format!("2026-03-14T02:11:02.600000000Z stderr F {text}"))),
        (
            "CRI, split",
            Box::new(|text| {
                let (a, b) = text.split_at(text.len() / 2);
                format!("2026-03-14T02:11:02.6Z stderr P {a}\n2026-03-14T02:11:02.6Z stderr F {b}")
            }),
        ),
        ("journal short", Box::new(|text| format!("Mar 14 02:11:02 {HOST} etcd[12]: {text}"))),
        (
            "journal iso",
            Box::new(|text| format!("2026-03-14T02:11:02+0000 {HOST} etcd[12]: {text}")),
        ),
        ("syslog", Box::new(|text| format!("<30>Mar 14 02:11:02 {HOST} etcd[12]: {text}"))),
        ("kubectl", Box::new(|text| format!("[pod/{HOST}/etcd] {text}"))),
        ("timestamps", Box::new(|text| format!("2026-03-14T02:11:02.600000000Z {text}"))),
        ("compose", Box::new(|text| format!("{HOST}-1  | {text}"))),
        ("coloured", Box::new(|text| format!("\u{1b}[36m{HOST} |\u{1b}[0m {text}"))),
    ]
}

/// What a store of logs keeps, as one document or as a table.
#[test]
fn a_document_and_a_table_read_as_the_lines_in_them() {
    let text = fs::read_to_string(fixture("slow-disk-leader-3.5-json.log")).unwrap();
    let plain = one(&text);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stored: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::json!({ "insertId": "a", "jsonPayload": line, "resource": {} }))
        .collect();
    let cells: Vec<String> = text
        .lines()
        .map(|line| format!("1773454262600,\"{}\"", line.replace('"', "\"\"")))
        .collect();
    let pretty: Vec<String> =
        lines.iter().map(|line| serde_json::to_string_pretty(line).unwrap()).collect();
    for (name, text) in [
        ("array, pretty", serde_json::to_string_pretty(&stored).unwrap()),
        (
            "array, a line each",
            serde_json::to_string(&stored).unwrap().replace("},{\"ins", "},\n{\"ins"),
        ),
        ("objects over several lines", pretty.join("\n")),
        ("table", format!("timestamp,message\n{}\n", cells.join("\n"))),
    ] {
        let told = one(&text);
        assert_eq!(told.causes(), plain.causes(), "{name}");
        assert_eq!(told.member().lines, plain.member().lines, "{name}");
        assert_eq!(told.member().slow_syncs.count, plain.member().slow_syncs.count, "{name}");
    }
    // One that was cut is read as far as it goes, and that is told.
    let cut = serde_json::to_string_pretty(&stored).unwrap();
    let told = one(&cut[..cut.len() - 40]);
    assert_eq!((told.logs.cut, told.causes()), (1, plain.causes()));
}

#[test]
fn every_wrapping_of_every_form_reads_the_same() {
    let logs =
        ["slow-disk-leader-3.5-json.log", "slow-disk-3.3-text.log", "mild-disk-console-500ms.log"];
    for log in logs {
        let text = fs::read_to_string(fixture(log)).unwrap();
        let plain = one(&text);
        for (name, wrap) in wrappings() {
            let wrapped: Vec<String> = text.lines().map(wrap).collect();
            let told = one(&(wrapped.join("\n") + "\n"));
            let member = told.member();
            assert_eq!(member.lines, plain.member().lines, "{log}: {name}");
            assert_eq!(member.span, plain.member().span, "{log}: {name}");
            assert_eq!(told.causes(), plain.causes(), "{log}: {name}");
            assert_eq!(told.first().evidence, plain.first().evidence, "{log}: {name}");
        }
    }
}

#[test]
fn capnslog_without_a_time_of_its_own() {
    // Below journald it prints none; -o cat leaves not even the journal's.
    let text = "wal: sync duration of 1.5s, expected less than 1s\n\
                etcdserver: failed to send out heartbeat on time (exceeded the 100ms timeout for 1.4s, to 4c1e0b7d9a52f613)\n\
                etcdserver: server is likely overloaded\n";
    let told = one(text);
    told.is(Cause::Disk, Certainty::Likely, Harm::Waits);
    let journal: String =
        text.lines().map(|line| format!("Mar 14 02:11:02 cp-b etcd[12]: {line}\n")).collect();
    let told = one(&journal);
    told.is(Cause::Disk, Certainty::Likely, Harm::Waits);
    assert_eq!(told.member().lines, 3);
    assert_eq!(told.member().heartbeats.by_sync.events(), 1);
}

#[test]
fn times_of_every_kind_meet() {
    let float = "{\"level\":\"warn\",\"ts\":1773454262.517,\"caller\":\"x\",\"msg\":\"slow fdatasync\",\"took\":\"1.5s\"}\n";
    let offset = "{\"level\":\"warn\",\"ts\":\"2026-03-14T04:11:02.517+0200\",\"caller\":\"x\",\"msg\":\"slow fdatasync\",\"took\":\"1.5s\"}\n";
    let micros = "{\"level\":\"warn\",\"ts\":\"2026-03-14T02:11:02.517000Z\",\"caller\":\"x\",\"msg\":\"slow fdatasync\",\"took\":\"1.5s\"}\n";
    for text in [float, offset, micros] {
        let span = one(text).member().span.unwrap();
        assert!(span.to_ns.abs_diff(1_773_454_262_517_000_000) < 1_000, "{text}");
    }
    // A time in a zone that is not told, beside one in a zone that is: the latter counts.
    let local = "2026-03-14T02:11:02.600000000Z stderr F 2026-03-14 10:11:02.517 W | wal: sync duration of 1.5s, expected less than 1s\n";
    assert_eq!(one(local).member().span.unwrap().to_ns, 1_773_454_262_600_000_000);
}

#[test]
fn gzip_in_several_pieces() {
    let text = fs::read(fixture("slow-disk-leader-3.5-json.log")).unwrap();
    let mut packed = Vec::new();
    for half in [&text[..700], &text[700..]] {
        let mut packer = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::fast());
        packer.write_all(half).unwrap();
        packer.finish().unwrap();
    }
    let logs = etcdbench::logs::read_from(&[("m1", &packed)], NOW).unwrap();
    assert_eq!(logs.members[0].slow_syncs.count, 2);
}
