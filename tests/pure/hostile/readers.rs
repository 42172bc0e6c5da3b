//! Readers of results and marks, fed with what was a result and is none any more: every value in turn becomes something
//! that nobody expects. Whatever comes of it is an answer or an error, soon, and no panic.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etcdbench::cluster::metrics::Reading;
use etcdbench::trend::Marks;
use etcdbench::{report, result};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// Lines of an example that are kept.
const MOST_LINES: usize = 40;
/// Nothing takes longer.
const SOON: Duration = Duration::from_secs(10);

fn examples() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let small = |path: &PathBuf| {
        path.extension().is_some_and(|end| end == "jsonl")
            && fs::metadata(path).is_ok_and(|found| found.len() < 400_000)
    };
    let mut found: Vec<PathBuf> = entries.filter(small).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// What stands in the place of a value.
fn odd() -> impl Strategy<Value = Value> {
    select(vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1_u64 << 53),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e308),
        json!(-0.0),
        json!(""),
        json!("\u{1b}[2J\u{202e}"),
        json!("9".repeat(10_000)),
        json!([]),
        json!({}),
    ])
}

/// Puts something odd in the place that an index points to.
fn spoil(value: &mut Value, place: Index, with: Value) {
    fn walk(value: &mut Value, left: &mut usize, with: &Value) -> bool {
        if *left == 0 {
            *value = with.clone();
            return true;
        }
        *left -= 1;
        match value {
            Value::Array(items) => items.iter_mut().any(|item| walk(item, left, with)),
            Value::Object(fields) => fields.values_mut().any(|field| walk(field, left, with)),
            _ => false,
        }
    }
    fn count(value: &Value) -> usize {
        1 + match value {
            Value::Array(items) => items.iter().map(count).sum::<usize>(),
            Value::Object(fields) => fields.values().map(count).sum::<usize>(),
            _ => 0,
        }
    }
    let mut left = place.index(count(value));
    walk(value, &mut left, &with);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_spoiled_result_is_an_answer_or_an_error(
        which in any::<Index>(),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), odd()), 1..4),
        twice in any::<Option<Index>>(),
        cut in any::<Option<Index>>(),
    ) {
        let text = fs::read_to_string(which.get(&examples())).unwrap();
        let all: Vec<&str> = text.lines().collect();
        let (last, step) = (all.len() - 1, all.len().div_ceil(MOST_LINES));
        let kept = (0..last).step_by(step).chain([last]);
        let mut lines: Vec<String> = kept.map(|at| all[at].to_owned()).collect();
        for (line, place, with) in changes {
            let at = line.index(lines.len());
            let line = &mut lines[at];
            let mut value: Value = serde_json::from_str(line).unwrap_or(Value::Null);
            spoil(&mut value, place, with);
            *line = value.to_string();
        }
        if let Some(twice) = twice {
            let again = twice.get(&lines).clone();
            lines.push(again);
        }
        let mut text = lines.join("\n") + "\n";
        if let Some(cut) = cut {
            let mut at = cut.index(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.truncate(at);
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let began = Instant::now();
        let _ = result::read_ends(file.path());
        if let Ok(run) = result::read(file.path()) {
            let _ = report::conclude(&run, true, false, String::new());
        }
        prop_assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }

    #[test]
    fn spoiled_marks_are_read_or_refused(
        note in "(?s).{0,40}",
        key in select(vec!["series", "date", "run", "note", "until", "history", "unknown"]),
        value in select(vec!["1", "'*'", "'[['", "'2026-13-01'", "[]", "{}", "9999999999999999999", "1e400"]),
    ) {
        let quoted = toml::Value::String(note).to_string();
        let text = format!("[[acknowledge]]\nseries = 'a'\nnote = {quoted}\n{key} = {value}\n");
        let _ = Marks::parse(&text, Path::new("marks.toml"));
    }

    #[test]
    fn metrics_of_anybody_are_read(
        name in select(vec!["etcd_disk_wal_fsync_duration_seconds_bucket", "etcd_mvcc_put_total", "process_start_time_seconds"]),
        bound in "(?s).{0,50}",
        value in select(vec!["NaN", "+Inf", "-1", "1e400", "0x1", "18446744073709551616"]),
    ) {
        let text = format!("{name}{{le=\"{bound}\"}} {value}\n").repeat(3);
        let _ = Reading::of(&text).growth_since(&Reading::of(""));
    }
}
