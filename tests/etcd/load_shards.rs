//! A load that several machines make: processes that meet, begin at one moment, and whose results become one.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use etcdbench::exit::Verdict;
use etcdbench::record::Distribution;
use etcdbench::result::{self, RuleOutcome, Run};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::etcd::Fresh;
use crate::support::load::number;
use crate::support::needs::{Need, needs};
use crate::support::probe;

const TOKEN: &str = "c0ffee";

/// A meeting point.
struct Meeting {
    child: Child,
    url: String,
}

impl Meeting {
    fn of(shards: usize, deadline: &str) -> Meeting {
        let mut child = Command::new(probe::program())
            .args(["rendezvous", "--listen", "127.0.0.1:0", "--deadline", deadline, "--shards"])
            .arg(shards.to_string())
            .env("ETCDBENCH_RENDEZVOUS_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("etcdbench can be started");
        let mut url = String::new();
        let stdout = child.stdout.as_mut().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).expect("it tells where it is");
        Meeting { child, url: url.trim().to_owned() }
    }

    fn end(self) -> Output {
        self.child.wait_with_output().expect("it ends")
    }
}

/// Machines of a load, as processes.
struct Machines {
    scratch: TempDir,
    children: Vec<Child>,
}

impl Machines {
    fn none() -> Machines {
        Machines { scratch: probe::scratch(), children: Vec::new() }
    }

    fn start(&mut self, words: &str, part: &str, more: &[&str], token: &str) {
        let path = self.path(self.children.len());
        let child = Command::new(probe::program())
            .arg("load")
            .args(shlex::split(words).expect("quotes match"))
            .args(["--shard", part, "--quiet", "--result"])
            .arg(path)
            .args(more)
            .env("ETCDBENCH_RENDEZVOUS_TOKEN", token)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("etcdbench can be started");
        self.children.push(child);
    }

    /// All of them, at a meeting point.
    fn meet(words: &str, of: usize, meeting: &Meeting) -> Machines {
        let mut machines = Machines::none();
        for index in 1..=of {
            let part = format!("{index}/{of}");
            machines.start(words, &part, &["--rendezvous", &meeting.url], TOKEN);
        }
        machines
    }

    fn path(&self, index: usize) -> PathBuf {
        self.scratch.path().join(format!("part-{index}.jsonl"))
    }

    fn until(&self, index: usize, mark: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !fs::read_to_string(self.path(index)).is_ok_and(|text| text.contains(mark)) {
            assert!(Instant::now() < deadline, "no {mark} after 30 s");
            sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, index: usize, signal: Signal) {
        kill_process(Pid::from_child(&self.children[index]), signal).expect("it is there");
    }

    fn end(&mut self) -> Vec<Output> {
        let children = std::mem::take(&mut self.children);
        children.into_iter().map(|child| child.wait_with_output().expect("it ends")).collect()
    }

    fn merge(&self, inputs: &[PathBuf], more: &[&str]) -> (Output, PathBuf) {
        let merged = self.scratch.path().join(format!("all-{}.jsonl", probe_number()));
        let output = Command::new(probe::program())
            .arg("merge")
            .args(inputs)
            .arg("-o")
            .arg(&merged)
            .args(more)
            .output()
            .expect("etcdbench can be started");
        (output, merged)
    }
}

fn probe_number() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn words(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A series, seconds in which a machine was late among it.
fn in_all(run: &Run, series: &str) -> Distribution {
    let mut all = Distribution::default();
    for phase in ["steady", "late"] {
        let found = run.phase(phase).and_then(|phase| phase.series(series));
        found.iter().for_each(|found| all.merge(&found.total));
    }
    all
}

fn refused(machines: &Machines, inputs: &[PathBuf], said: &[&str]) {
    let (output, merged) = machines.merge(inputs, &[]);
    let words = words(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(said.iter().all(|said| words.contains(said)), "{said:?}: {words}");
    assert!(!merged.exists(), "nothing is written");
}

/// A copy of a part with something else in it.
fn changed(machines: &Machines, index: usize, from: &str, to: &str) -> PathBuf {
    let text = fs::read_to_string(machines.path(index)).expect("a result");
    assert!(text.contains(from), "{from}");
    let path = machines.scratch.path().join(format!("changed-{}.jsonl", probe_number()));
    fs::write(&path, text.replacen(from, to, 1)).expect("a copy");
    path
}

fn rule<'a>(run: &'a Run, name: &str) -> &'a RuleOutcome {
    let summary = run.summary.as_ref().expect("a summary");
    let found = summary.rules.iter().find(|rule| rule.rule.to_string() == name);
    found.unwrap_or_else(|| panic!("{:#?}", summary.rules))
}

#[test]
fn four_machines_make_one_load_and_its_parts_become_one_result() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let meeting = Meeting::of(4, "30s");
    let load = format!(
        "--mix put=3,range=1 --rate 400 --duration 4s --warmup 0s --conns 10 --key-space-size 401 --preload 401 \
         --prefix /parts/ --verify --no-default-rules --rule 'put.response.p99 < 5s' --endpoints {}",
        etcd.address()
    );
    let mut machines = Machines::meet(&load, 4, &meeting);
    // How etcd does on this machine is not what this is about, and a part is too short to be judged by itself.
    for output in machines.end() {
        assert!(matches!(output.status.code(), Some(0 | 3 | 4)), "{}", words(&output));
    }
    let met = meeting.end();
    assert_eq!(met.status.code(), Some(0), "{}", words(&met));
    assert!(words(&met).contains("all 4 machines begin at"), "{}", words(&met));
    assert!(etcd.keys().is_empty(), "each removes its own: {:?}", etcd.keys());

    let parts: Vec<PathBuf> = (0..4).map(|index| machines.path(index)).collect();
    let runs: Vec<Run> = parts.iter().map(|path| result::read(path).unwrap()).collect();
    let (output, merged) = machines.merge(&parts, &[]);
    let code = output.status.code();
    // Four on one machine may be late in some seconds, which then count for nothing.
    assert!(matches!(code, Some(0 | 3 | 4)), "{}", words(&output));
    assert!(words(&output).contains("Shards"), "{}", words(&output));
    let all = result::read(&merged).unwrap();
    for series in ["put.response", "range.response", "put.lag", "put.service"] {
        assert_eq!(
            in_all(&all, series).count(),
            runs.iter().map(|run| in_all(run, series).count()).sum::<u64>(),
            "{series}"
        );
    }
    let answered = ["put.response", "range.response"].map(|series| in_all(&all, series).count());
    assert_eq!(answered.iter().sum::<u64>(), 1600, "all that was due on the whole plan");
    let facts = all.header.merged.as_ref().expect("what it was merged from");
    assert_eq!((facts.of, facts.missing.len(), facts.shards.len()), (4, 0, 4));
    assert!(facts.clocks_apart_ns.is_some_and(|apart| apart < 10_000_000), "{facts:#?}");
    assert!(facts.shards.iter().all(|shard| shard.complete && shard.lag_p99_ns.is_some()));
    assert_eq!(rule(&all, "all machines").verdict, Verdict::Pass);
    assert_eq!(rule(&all, "acknowledged writes lost").verdict, Verdict::Pass);
    let scraped = |run: &Run| run.counters.iter().filter(|c| c.source == "etcd").count();
    assert_eq!(scraped(&all), scraped(&runs[0]), "the first machine alone asks the server");
    assert_eq!(scraped(&runs[1]), 0);
    fits_the_schema(&merged);
    let report = Command::new(probe::program()).arg("report").arg(&merged).output().unwrap();
    assert_eq!(report.status.code(), code, "{}", words(&report));

    let log = machines.scratch.path().join("pods.log");
    let pods: Vec<Vec<String>> = parts
        .iter()
        .enumerate()
        .map(|(pod, path)| {
            let text = fs::read_to_string(path).unwrap();
            let mark = |line: &str| format!("[pod/load-{pod}/load] 2026-11-29T17:00:00Z {line}");
            let page = std::iter::once("[pod/load-0/load] PASSED  a page for people".to_owned());
            page.chain(text.lines().map(mark)).collect()
        })
        .collect();
    // As several pods write at once, each in its own order.
    let longest = pods.iter().map(Vec::len).max().unwrap();
    let mixed: Vec<&str> = (0..longest)
        .flat_map(|at| pods.iter().filter_map(move |lines| lines.get(at)))
        .map(String::as_str)
        .collect();
    fs::write(&log, mixed.join("\n") + "\n").unwrap();
    let (output, of_log) = machines.merge(&[log], &["--quiet"]);
    assert_eq!(output.status.code(), code, "{}", words(&output));
    let of_log = result::read(&of_log).unwrap();
    assert_eq!(in_all(&of_log, "put.response"), in_all(&all, "put.response"));

    let hash = runs[1].header.shard.as_ref().unwrap().plan_hash.clone();
    let other = changed(&machines, 1, &hash, "0123456789abcdef");
    refused(
        &machines,
        &[parts[0].clone(), other],
        &["0123456789abcdef", &hash, "no parts of one load"],
    );
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let other = changed(&machines, 1, &version, "\"version\":\"9.9.9\"");
    refused(&machines, &[parts[0].clone(), other], &["9.9.9", "one version on all machines"]);
    refused(&machines, &[parts[0].clone(), parts[0].clone()], &["part 1/4 is there twice"]);
    // A clock that is 20 ms before the others: by it the same moment has another time.
    let offset = runs[1].header.shard.as_ref().unwrap().clock.unwrap().offset_ns;
    let clock = |ns: i64| format!("\"clock\":{{\"offset_ns\":{ns},");
    let off = changed(&machines, 1, &clock(offset), &clock(offset - 20_000_000));
    let told = |run: &Run| {
        let event = run.events.iter().find(|event| event.kind == "shard.start").unwrap();
        event.detail["start"].as_str().unwrap().to_owned()
    };
    let start = told(&runs[1]);
    let by_it: jiff::Timestamp = start.parse().unwrap();
    let by_it = by_it + jiff::SignedDuration::from_millis(20);
    let text = fs::read_to_string(&off).unwrap();
    let start = format!("\"start\":\"{start}\"");
    assert!(text.contains(&start));
    fs::write(&off, text.replace(&start, &format!("\"start\":\"{by_it}\""))).unwrap();
    let with = [parts[0].clone(), off, parts[2].clone(), parts[3].clone()];
    // About 20 ms: the clocks as measured differ a little, too.
    refused(&machines, &with, &["part 2/4", "ms before the others", "chronyc"]);
    let later = changed(&machines, 1, &start, "\"start\":\"2031-01-01T00:00:00Z\"");
    refused(&machines, &[parts[0].clone(), later], &["began", "after", "--start-at"]);

    let (output, three) = machines.merge(&parts[..3], &[]);
    assert!(matches!(output.status.code(), Some(3 | 4)), "{}", words(&output));
    let three = result::read(&three).unwrap();
    assert_eq!(rule(&three, "all machines").verdict, Verdict::Inconclusive);
    assert!(words(&output).contains("3 of 4 machines"), "{}", words(&output));
    let (_, allowed) = machines.merge(&parts[..3], &["--allow-missing"]);
    assert_eq!(rule(&result::read(&allowed).unwrap(), "all machines").verdict, Verdict::Warn);
}

fn fits_the_schema(path: &Path) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/result.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for line in fs::read_to_string(path).unwrap().lines() {
        let line = serde_json::from_str(line).unwrap();
        let error = validator.iter_errors(&line).next();
        assert!(error.is_none(), "{}", error.unwrap());
    }
}

#[test]
fn a_machine_that_stood_still_is_named_and_etcd_is_not_blamed() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let meeting = Meeting::of(3, "30s");
    let load = format!(
        "put --rate 300 --duration 7s --warmup 0s --conns 6 --no-scrape --no-default-rules --rule 'put.response.p99 < 1500ms' \
         --endpoints {}",
        etcd.address()
    );
    let mut machines = Machines::meet(&load, 3, &meeting);
    machines.until(1, "\"phase\":\"steady\"");
    sleep(Duration::from_millis(1_500));
    machines.signal(1, Signal::STOP);
    sleep(Duration::from_secs(2));
    machines.signal(1, Signal::CONT);
    machines.end();
    let parts: Vec<PathBuf> = (0..3).map(|index| machines.path(index)).collect();
    let (output, merged) = machines.merge(&parts, &[]);
    let all = result::read(&merged).unwrap();
    let facts = all.header.merged.as_ref().unwrap();
    let late: Vec<u64> = facts.shards.iter().map(|shard| shard.late_seconds).collect();
    // A busy machine holds the other processes up now and then as well, and that is told of them too.
    assert!(late[1] > late[0].max(late[2]), "{facts:#?}");
    assert!((2..=4).contains(&late[1]), "{facts:#?}");
    assert!(words(&output).contains("Machine 2"), "{}", words(&output));
    assert!(words(&output).contains("late by itself"), "{}", words(&output));
    // More than one second in twenty is not judged: nobody can tell, and nothing is etcd's failure.
    assert_eq!(output.status.code(), Some(4), "{}", words(&output));
    assert_eq!(rule(&all, "put.response.p99 < 1500ms").verdict, Verdict::Pass);
    assert_eq!(rule(&all, "machines on time").verdict, Verdict::Inconclusive);
    assert_eq!(rule(&all, "rate reached").verdict, Verdict::Pass);
    let judged = all.phase("steady").unwrap().series("put.response").unwrap();
    assert!(judged.total.max_ns() < 1_500_000_000, "{}", judged.total.max_ns());
    assert!(
        all.phase("late").unwrap().series("put.response").unwrap().total.max_ns() > 1_500_000_000
    );
}

#[test]
fn a_machine_that_is_killed_leaves_what_it_measured() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let meeting = Meeting::of(2, "30s");
    let load = format!(
        "put --rate 200 --duration 5s --warmup 0s --conns 4 --no-scrape --no-default-rules --endpoints {}",
        etcd.address()
    );
    let mut machines = Machines::meet(&load, 2, &meeting);
    machines.until(1, "\"phase\":\"steady\"");
    sleep(Duration::from_millis(2_500));
    machines.signal(1, Signal::KILL);
    machines.end();
    let parts: Vec<PathBuf> = (0..2).map(|index| machines.path(index)).collect();
    let (output, merged) = machines.merge(&parts, &[]);
    assert_eq!(output.status.code(), Some(4), "{}", words(&output));
    let all = result::read(&merged).unwrap();
    assert_eq!(all.header.merged.as_ref().unwrap().missing, [2]);
    assert!(words(&output).contains("did not come to its end"), "{}", words(&output));
    // Throughput counts only where both were active.
    let length_s = number(&all, "load.phase", "length_ns") as f64 / 1e9;
    let per_s = number(&all, "load.phase", "answered") as f64 / length_s;
    assert!((1.0..4.0).contains(&length_s), "{length_s}");
    // Both had 200/s to do. With the seconds of one alone it would be 100/s; what is late beside other tests is left out.
    assert!((130.0..230.0).contains(&per_s), "{per_s}/s in {length_s} s");
}

#[test]
fn nobody_begins_where_one_is_missing_or_does_not_belong() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let load = |rate: u32| {
        format!(
            "put --rate {rate} --duration 2s --warmup 0s --conns 4 --endpoints {}",
            etcd.address()
        )
    };
    let meeting = Meeting::of(3, "4s");
    let mut machines = Machines::none();
    let there = ["--rendezvous", meeting.url.as_str()];
    machines.start(&load(100), "1/3", &there, TOKEN);
    machines.until(0, "\"type\":\"header\"");
    machines.start(&load(100), "2/3", &there, TOKEN);
    machines.start(&load(101), "3/3", &there, TOKEN);
    machines.start(&load(100), "3/3", &there, "guessed");
    let ends = machines.end();
    let codes: Vec<Option<i32>> = ends.iter().map(|output| output.status.code()).collect();
    assert_eq!(
        codes,
        [Some(4), Some(4), Some(2), Some(2)],
        "{:?}",
        ends.iter().map(words).collect::<Vec<_>>()
    );
    assert!(words(&ends[0]).contains("machine 3 of 3 never came"), "{}", words(&ends[0]));
    assert!(words(&ends[2]).contains("its plan is"), "{}", words(&ends[2]));
    assert!(words(&ends[3]).contains("token"), "{}", words(&ends[3]));
    let met = meeting.end();
    assert_eq!(met.status.code(), Some(4), "{}", words(&met));
    assert!(words(&met).contains("machine 3 of 3 never came"), "{}", words(&met));
    for output in ends.iter().chain([&met]) {
        assert!(!words(output).contains(TOKEN) && !words(output).contains("guessed"));
    }
}

#[test]
fn nobody_hangs_when_the_meeting_point_or_a_machine_is_killed() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let load =
        format!("put --rate 50 --duration 2s --warmup 0s --conns 4 --endpoints {}", etcd.address());
    let mut meeting = Meeting::of(3, "60s");
    let mut machines = Machines::none();
    let there = ["--rendezvous".to_owned(), meeting.url.clone()];
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    for part in ["1/3", "2/3"] {
        machines.start(&load, part, &there, TOKEN);
    }
    (0..2).for_each(|index| machines.until(index, "\"type\":\"header\""));
    sleep(Duration::from_millis(500));
    let begun = Instant::now();
    machines.signal(1, Signal::KILL);
    let mut ends = machines.end();
    assert_eq!(ends.remove(0).status.code(), Some(4));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let met = meeting.end();
    assert!(words(&met).contains("machine 2"), "{}", words(&met));
    assert!(words(&met).contains("went away before the load began"), "{}", words(&met));

    meeting = Meeting::of(3, "60s");
    let there = ["--rendezvous".to_owned(), meeting.url.clone()];
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    machines = Machines::none();
    machines.start(&load, "1/3", &there, TOKEN);
    machines.until(0, "\"type\":\"header\"");
    sleep(Duration::from_millis(500));
    meeting.child.kill().unwrap();
    let begun = Instant::now();
    let output = machines.end().remove(0);
    assert_eq!(output.status.code(), Some(4), "{}", words(&output));
    assert!(words(&output).contains("does not answer any more"), "{}", words(&output));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    meeting.end();
    assert!(etcd.keys().is_empty(), "{:?}", etcd.keys());
}

#[test]
fn machines_that_were_told_when_begin_then_or_not_at_all() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let load = format!(
        "put --rate 100 --duration 2s --warmup 0s --conns 4 --no-scrape --no-default-rules --endpoints {}",
        etcd.address()
    );
    let at = |seconds: u64| {
        let then = jiff::Timestamp::now() + Duration::from_secs(seconds);
        then.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let mut machines = Machines::none();
    let soon = at(5);
    for part in ["1/2", "2/2"] {
        machines.start(&load, part, &["--start-at", &soon], TOKEN);
    }
    // How etcd does beside other tests is not what this is about.
    for output in machines.end() {
        assert!(matches!(output.status.code(), Some(0 | 4)), "{}", words(&output));
    }
    let parts: Vec<PathBuf> = (0..2).map(|index| machines.path(index)).collect();
    let prefix = |path: &PathBuf| result::read(path).unwrap().header.prefix;
    assert_eq!(prefix(&parts[0]), prefix(&parts[1]), "they write below one prefix");
    let (output, merged) = machines.merge(&parts, &[]);
    // Beside other tests one may be late in a second, which is left out and told.
    assert!(matches!(output.status.code(), Some(0 | 4)), "{}", words(&output));
    let merged = result::read(&merged).unwrap();
    assert_eq!(in_all(&merged, "put.response").count(), 200, "all that was due on both");
    let mut late = Machines::none();
    late.start(&load, "1/2", &["--start-at", "2020-01-01T00:00:00Z"], TOKEN);
    late.start(&load, "1/2", &[], TOKEN);
    let ends = late.end();
    assert_eq!(ends[0].status.code(), Some(1), "{}", words(&ends[0]));
    assert!(words(&ends[0]).contains("--start-at"), "{}", words(&ends[0]));
    assert_eq!(ends[1].status.code(), Some(2), "{}", words(&ends[1]));
    assert!(words(&ends[1]).contains("--rendezvous URL"), "{}", words(&ends[1]));
}

#[test]
fn strangers_who_say_nothing_do_not_keep_machines_away() {
    let meeting = Meeting::of(2, "60s");
    let address = meeting.url.split_once("://").expect("a URL").1.trim_end_matches('/').to_owned();
    // As many as it takes at a time: two for each machine, and sixteen.
    let mut strangers: Vec<TcpStream> =
        (0..20).map(|_| TcpStream::connect(&address).expect("it listens")).collect();
    let begun = Instant::now();
    for stranger in &mut strangers {
        stranger.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(stranger.read(&mut [0; 64]).expect("it is closed, not left"), 0);
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let mut late = TcpStream::connect(&address).expect("it still listens");
    late.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let ask = format!(
        "GET /v1/time HTTP/1.1\r\nhost: m\r\nauthorization: Bearer {TOKEN}\r\nconnection: close\r\n\r\n"
    );
    late.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).expect("there is a place again");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("received_ns"), "{answer}");
    let mut child = meeting.child;
    child.kill().unwrap();
    child.wait().unwrap();
}
