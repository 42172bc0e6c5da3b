//! Whatever comes: no panic, no endless work, no memory that grows.

use etcdbench::{diagnosis, logs};
use proptest::prelude::*;

use super::*;

fn fixtures() -> Vec<Vec<u8>> {
    let files = fs::read_dir(fixture("")).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

fn survives(bytes: &[u8]) {
    let Ok(read) = logs::read_from(&[("a", bytes), ("b", bytes)], NOW) else {
        return;
    };
    let found = diagnosis::diagnose(&read.members);
    diagnosis::verdict(&found);
    let style = etcdbench::report::Style::of_stdout(true);
    for format in [etcdbench::cli::LogsFormat::Text, etcdbench::cli::LogsFormat::Json] {
        etcdbench::report::logs(&read, &found, format, &style);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        survives(&bytes);
    }

    /// Logs with bytes changed, taken out, or put twice.
    #[test]
    fn damaged_logs(which in 0_usize..64, cuts in proptest::collection::vec((any::<u32>(), any::<u8>(), 0_u8..3), 0..40)) {
        let all = fixtures();
        let mut bytes = all[which % all.len()].clone();
        for (at, byte, how) in cuts {
            let at = at as usize % bytes.len().max(1);
            match how {
                _ if bytes.is_empty() => {}
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => {
                    let end = (at + byte as usize).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        survives(&bytes);
    }

    /// Documents with bytes changed or taken out.
    #[test]
    fn damaged_documents(pretty in any::<bool>(), cuts in proptest::collection::vec((any::<u32>(), any::<u8>()), 0..20)) {
        let line = serde_json::json!({ "level": "warn", "ts": 1.5, "msg": "slow fdatasync", "took": "2s" });
        let all = vec![serde_json::json!({ "jsonPayload": line, "labels": { "pod": ["a"] } }); 5];
        let text = if pretty { serde_json::to_string_pretty(&all) } else { serde_json::to_string(&all) };
        let mut bytes = text.unwrap().replace("},{", "},\n{").into_bytes();
        for (at, byte) in cuts {
            let at = at as usize % bytes.len();
            match byte.is_multiple_of(2) {
                true => bytes[at] = byte,
                false => { bytes.remove(at); }
            }
        }
        survives(&bytes);
    }

    /// Numbers and times at the ends of what can be told.
    #[test]
    fn extreme_values(took in "[0-9.]{1,25}(ns|ms|s|h|m)?", ts in "(\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.0-9]{0,20}Z\"|[0-9.e+-]{1,30})") {
        let mut text = String::new();
        for msg in ["slow fdatasync", "apply request took too long", "finished scheduled compaction", "defragmented", "request stats"] {
            text += &format!("{{\"level\":\"warn\",\"ts\":{ts},\"caller\":\"x\",\"msg\":\"{msg}\",\"took\":\"{took}\",\"time spent\":\"{took}\",\"current-db-size-bytes\":9223372036854775807,\"current-db-size-bytes-diff\":-9223372036854775808}}\n");
        }
        text += &heartbeat(1_000, 100).replace("100ms", &took);
        survives(text.as_bytes());
    }
}

#[test]
fn a_document_is_read_in_bounds() {
    let deep = format!("[\n{}", "[".repeat(100_000));
    survives(deep.as_bytes());
    let objects = format!("{{\n\"a\":{}", "{\"a\":".repeat(100_000));
    survives(objects.as_bytes());
    let large = format!("[\n{{\"a\":\"{}\"}}]", "x".repeat(5 << 20));
    let refused = logs::read_from(&[("a", large.as_bytes())], NOW).unwrap_err();
    assert!(refused.to_string().contains("larger than 4 MiB"), "{refused}");
    // As many as there are, each within its bound.
    let many = vec!["{\"a\":\"xxxxxxxxxxxxxxxx\"}"; 300_000].join(",");
    let read = logs::read_from(&[("a", format!("[\n{many}]").as_bytes())], NOW).unwrap();
    assert_eq!(read.lines, 300_000);
}

#[test]
fn what_is_kept_does_not_grow_with_what_is_read() {
    let mut text = String::new();
    for n in 0..30_000_u64 {
        let who = format!("{:x}", 0x1000_0000_0000 + n);
        text += &format!(
            "[pod/etcd-{n}/etcd] {}",
            peer(n * 100 % 3_000_000, &who, &who, "i/o timeout")
        );
        text += &sync(n * 100 % 3_000_000, 1_000 + n);
        text += &raft(n % 3_000_000, &format!("raft.node: {who} lost leader {who} at term {n}"));
    }
    let told = one(&text);
    assert!(told.logs.members.len() <= 25, "{}", told.logs.members.len());
    for member in &told.logs.members {
        assert!(
            member.peers.len() <= 33 && member.leaders.len() <= 5_000 && member.others.len() <= 8
        );
        assert!(member.slow_syncs.moments.len() <= 2_048);
    }
    let syncs: u64 = told.logs.members.iter().map(|member| member.slow_syncs.count).sum();
    assert_eq!(syncs, 30_000);
}

#[test]
fn deep_and_long_lines() {
    let deep = format!(
        "{{\"level\":\"warn\",\"ts\":1,\"msg\":\"slow fdatasync\",\"x\":{}",
        "[".repeat(200_000)
    );
    let packed = format!("{{\"MESSAGE\":{}", "[".repeat(200_000));
    let long = "x".repeat(5 << 20);
    for text in [deep, packed, long] {
        survives(text.as_bytes());
    }
}
