//! `etcdbench load`, run to its end or watched while it runs.

use std::ffi::OsStr;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use etcdbench::result::{Event, Run, SeriesData};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::probe::{self, Finished};

/// Where a throwaway etcd lives.
const LOCAL: &str = "local";

/// A run under way.
pub struct Driving {
    child: Child,
    scratch: TempDir,
}

/// A run that is over, with its result.
#[derive(Debug)]
pub struct Driven {
    /// Exit code and words.
    pub finished: Finished,
    scratch: TempDir,
}

/// `etcdbench load MORE --endpoints ENDPOINTS --quiet`, arguments as a shell takes them.
pub fn start(endpoints: &str, more: &str) -> Driving {
    begin(probe::scratch(), more, "--endpoints", endpoints.as_ref())
}

/// `etcdbench load MORE --quiet` with a throwaway etcd in a directory of its own.
pub fn start_local(more: &str) -> Driving {
    let scratch = probe::scratch();
    let directory = scratch.path().join(LOCAL);
    fs::create_dir(&directory).expect("a directory");
    begin(scratch, more, "--local-dir", directory.as_ref())
}

fn begin(scratch: TempDir, more: &str, flag: &str, value: &OsStr) -> Driving {
    let child = Command::new(probe::program())
        .arg("load")
        .args(shlex::split(more).expect("quotes match"))
        .arg(flag)
        .arg(value)
        .args(["--quiet", "--result"])
        .arg(scratch.path().join("result.jsonl"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("etcdbench can be started");
    Driving { child, scratch }
}

/// The same, to its end.
pub fn run(endpoints: &str, more: &str) -> Driven {
    start(endpoints, more).wait()
}

impl Driving {
    /// Waits until something of this phase is in the result.
    ///
    /// # Panics
    /// When that takes longer than 30 s.
    pub fn until(&self, phase: &str) {
        self.until_told(&format!("\"phase\":\"{phase}\""));
    }

    /// Waits until these words are in the result.
    ///
    /// # Panics
    /// When that takes longer than 30 s.
    pub fn until_told(&self, mark: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let result = self.scratch.path().join("result.jsonl");
        while !fs::read_to_string(&result).is_ok_and(|text| text.contains(mark)) {
            assert!(Instant::now() < deadline, "no {mark} after 30 s");
            sleep(Duration::from_millis(20));
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the process is there");
    }

    /// Its resident set, KiB.
    pub fn resident_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).expect("the process is there");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let size = line.and_then(|line| line.split_whitespace().nth(1));
        size.expect("a resident set").parse().expect("a number")
    }

    /// Waits for its end.
    pub fn wait(self) -> Driven {
        let output = self.child.wait_with_output().expect("it ends");
        let result = self.scratch.path().join("result.jsonl");
        Driven { finished: probe::finished(output, &result), scratch: self.scratch }
    }
}

impl Driven {
    /// The result of a run that measured, whatever the verdict.
    ///
    /// # Panics
    /// When it could not measure.
    pub fn read(&self) -> Run {
        let measured = matches!(self.finished.code, Some(0 | 3 | 4));
        assert!(measured, "{:#?}", self.finished);
        self.finished.read()
    }

    /// That nothing is left of its throwaway etcd: no process and no file.
    ///
    /// # Panics
    /// When something is.
    pub fn left_nothing(&self) {
        let directory = self.scratch.path().join(LOCAL);
        let left = fs::read_dir(&directory).expect("it is there").count();
        assert_eq!(left, 0, "something is left in {}", directory.display());
        let name = directory.to_string_lossy().into_owned();
        let processes = fs::read_dir("/proc").expect("/proc").flatten();
        let ours = processes.filter_map(|process| {
            let line = fs::read(process.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains(&name).then_some(line)
        });
        assert_eq!(ours.collect::<Vec<_>>(), [] as [String; 0]);
    }

    /// That it was refused with this exit code, in words among which are these.
    ///
    /// # Panics
    /// When it was not.
    pub fn refused(&self, code: i32, words: &str) {
        let told = &self.finished.stderr;
        assert_eq!(self.finished.code, Some(code), "{:#?}", self.finished);
        assert!(told.contains(words), "no {words:?} in {told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

/// A series of the measured load.
pub fn steady<'a>(run: &'a Run, name: &str) -> &'a SeriesData {
    probe::series(run, "steady", name)
}

/// A quantile of a series of the measured load.
pub fn quantile(run: &Run, name: &str, q: f64) -> Duration {
    let value = steady(run, name).total.quantile(q);
    Duration::from_nanos(value.expect("the series has samples"))
}

/// Operations that failed in the measured load, in all and as a map by class for messages.
pub fn errors(run: &Run, name: &str) -> u64 {
    steady(run, name).errors.values().sum()
}

/// The events of a kind.
pub fn events<'a>(run: &'a Run, kind: &str) -> Vec<&'a Event> {
    run.events.iter().filter(|e| e.kind == kind).collect()
}

/// A number of the one event of a kind.
///
/// # Panics
/// When there is not exactly one, or it has no such number.
pub fn number(run: &Run, kind: &str, name: &str) -> u64 {
    let all = events(run, kind);
    let [event] = all[..] else {
        panic!("{} events {kind}: {all:?}", all.len());
    };
    detail(event, name)
}

/// A number of an event.
///
/// # Panics
/// When it has none of that name.
pub fn detail(event: &Event, name: &str) -> u64 {
    let value = event.detail.get(name).and_then(|value| value.as_u64());
    value.unwrap_or_else(|| panic!("no number {name} in {event:?}"))
}

/// A number that a class was told with.
pub fn of_class(run: &Run, phase: &str, class: &str, name: &str) -> u64 {
    let all = events(run, "load.class");
    let one = all.iter().find(|event| event.phase == phase && event.detail["class"] == class);
    detail(one.unwrap_or_else(|| panic!("no {class} in {phase}: {all:?}")), name)
}
