//! `--serve`: the page and the metrics of a disk while it is measured, and who is answered.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::needs::{Need, needs};
use crate::support::readers;

/// A measurement that goes on, ended when it is dropped.
struct Running {
    child: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn place() -> TempDir {
    // On a file system of its own kind, not in memory.
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Measures and serves at a free port of this machine.
fn measure(place: &Path, phases: &str) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_etcdbench"))
        .args(["disk", ".", "--phases", phases, "--rate", "100", "--extend", "0s"])
        .args(["--serve", "0", "--result", "run.jsonl"])
        .env("ETCDBENCH_ASSUME_ALONE", "1")
        .current_dir(place)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.starts_with("page http://")).expect("it says where");
    let address = line.split('/').nth(2).unwrap().to_owned();
    assert!(line.contains(&format!("metrics http://{address}/metrics")), "{line}");
    assert!(address.starts_with("127.0.0.1:"), "of this machine alone: {line}");
    // Whatever else it says is read, so that it is never held up.
    std::thread::spawn(move || lines.for_each(drop));
    Running { child, address }
}

/// An answer: status, head, body.
fn ask(address: &str, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

fn get(address: &str, target: &str) -> (u16, String, String) {
    ask(address, &format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n"))
}

/// Asks until there is something.
fn wait_for(address: &str, target: &str, part: &str) -> (u16, String, String) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let answer = get(address, target);
        if answer.2.contains(part) {
            return answer;
        }
        assert!(std::time::Instant::now() < until, "{target} never told of {part}: {}", answer.2);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// The names of the families that a text in OpenMetrics has.
fn families(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn a_run_is_seen_while_it_goes_on() {
    let place = place();
    let mut run = measure(place.path(), "wal=7s");
    let address = run.address.clone();
    let (status, head, page) = wait_for(&address, "/", "wal.fsync");
    assert_eq!(status, 200);
    assert!(head.contains("text/html") && head.contains("Refresh: "), "{head}");
    assert!(head.contains("nosniff") && head.contains("no-store"), "{head}");
    assert!(page.contains("still running") && page.contains("default-src 'none'"), "{page}");
    assert!(page.contains("</html>"), "{page}");
    let (status, head, metrics) = wait_for(&address, "/metrics", "etcdbench_latency_seconds{");
    assert_eq!(status, 200);
    assert!(head.contains("application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    assert!(metrics.contains("etcdbench_run_complete{") && metrics.contains("} 0\n"), "{metrics}");
    // A head alone, and what nobody has to ask for.
    let (status, _, body) = ask(&address, &format!("HEAD / HTTP/1.1\r\nHost: {address}\r\n\r\n"));
    assert_eq!((status, body.as_str()), (200, ""));
    assert_eq!(get(&address, "/etc/passwd").0, 404);
    assert_eq!(ask(&address, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").0, 405);
    // A name that may lead here from a page of somebody else's.
    assert_eq!(ask(&address, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").0, 421);
    // Who asks for too much is hung up on, and others are still answered.
    let mut rude = TcpStream::connect(&address).unwrap();
    let _ = rude.write_all(&[b'x'; 20_000]);
    let mut rest = Vec::new();
    let _ = rude.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert_eq!(get(&address, "/metrics").0, 200);
    run.child.wait().unwrap();
    assert!(TcpStream::connect(&address).is_err(), "it ends with the run");
    // The names are those of the export of the same run.
    let export = Command::new(env!("CARGO_BIN_EXE_etcdbench"))
        .args(["report", "run.jsonl", "--export", "openmetrics"])
        .current_dir(place.path())
        .output()
        .unwrap();
    let export = String::from_utf8(export.stdout).unwrap();
    let (live, told) = (families(&metrics), families(&export));
    assert!(live.len() >= 8 && live.is_subset(&told), "{live:?} {told:?}");
}

#[test]
fn prometheus_reads_what_is_served() {
    needs!(Need::Readers);
    let place = place();
    let run = measure(place.path(), "wal=4s");
    let (_, _, metrics) = wait_for(&run.address, "/metrics", "etcdbench_latency_seconds{");
    let file = place.path().join("metrics.txt");
    std::fs::write(&file, metrics).unwrap();
    assert!(readers::read("metrics.py", &file).contains("etcdbench_run_complete"));
}

#[test]
fn an_address_that_is_none_or_taken_is_refused_before_anything_is_touched() {
    let place = place();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (typed, code, told) in
        [("nonsense", 2, "write it like 127.0.0.1:8080"), (port.as_str(), 1, "cannot listen")]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_etcdbench"))
            .args(["disk", ".", "--phases", "wal=1s", "--serve", typed])
            .current_dir(place.path())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("--serve") && said.contains(told), "{said}");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "{said}");
    }
}
