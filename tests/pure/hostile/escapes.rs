//! Text of others that would move the cursor, change a title, or turn the reading direction round.

use std::fs;
use std::process::Command;

const EVIL: &str = "\u{1b}]0;gone\u{7}\u{1b}[2J\u{202e}lin\u{9b}31m";

/// Whether a terminal would obey any of it.
fn is_obeyed(text: &str) -> bool {
    text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}')
}

#[test]
fn no_error_repeats_what_a_terminal_would_obey() {
    let place = tempfile::tempdir().unwrap();
    let named = format!("dir{EVIL}");
    fs::create_dir(place.path().join(&named)).unwrap();
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("result.jsonl", &format!("{{\"type\":\"{EVIL}\"}}\n"));
    write("serde.jsonl", &format!("{{\"type\":\"header\",\"{EVIL}\n"));
    write("scenario.toml", &format!("'{EVIL}' = 1\n"));
    write("broken.toml", &format!("a = {EVIL}\n"));
    write("table.csv", &format!("time,{EVIL}\n2026-01-01,{EVIL}\n"));
    write("fio.json", &format!("{{\"fio version\": \"fio-3\", \"jobs\": \"{EVIL}\"}}"));
    for words in [
        &["report", "result.jsonl"][..],
        &["report", "serde.jsonl"],
        &["report", &named],
        &["run", "scenario.toml"],
        &["run", "broken.toml"],
        &["run", &named],
        &["trend", "--csv", "table.csv"],
        &["import", "fio", "fio.json"],
        &["disk", &format!("none{EVIL}")],
        &["logs", &named],
        &["load", "put", "--endpoints", "127.0.0.1:1", "--cacert", &named],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_etcdbench"));
        let output = command.current_dir(place.path()).args(words).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("error: "), "{words:?}: {said:?}");
        assert!(!is_obeyed(&said), "{words:?}: {said:?}");
    }
}
