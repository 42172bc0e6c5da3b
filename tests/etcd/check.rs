//! `check` on real clusters: faults that are made are named with their member, and nothing else is blamed for sure.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::authority::{Authority, Valid};
use crate::support::cluster::{Cluster, Special};
use crate::support::etcd::Fresh;
use crate::support::guarded::Guarded;
use crate::support::loopdisk::LoopDisk;
use crate::support::metrics;
use crate::support::needs::{Need, needs};
use crate::support::probe::program;

/// What a check says, and its exit code.
pub struct Told {
    /// Its JSON.
    pub report: Value,
    /// How it ended.
    pub code: i32,
}

/// Checks the cluster at these endpoints.
pub fn check(endpoints: &str, more: &str) -> Told {
    let output = Command::new(program())
        .args(["check", "--endpoints", endpoints, "--format", "json", "--quiet"])
        .args(more.split_whitespace())
        .output()
        .expect("etcdbench can be started");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let report = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    let validator = jsonschema::validator_for(&etcdbench::report::check_json_schema()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    Told { report, code: output.status.code().expect("an exit code") }
}

impl Told {
    /// Causes that are named, with member and certainty.
    pub fn named(&self) -> Vec<(&str, &str, &str)> {
        fn text<'a>(one: &'a Value, key: &str) -> &'a str {
            one[key].as_str().unwrap_or_default()
        }
        let causes = self.report["causes"].as_array().expect("causes").iter();
        causes
            .map(|one| (text(one, "cause"), text(one, "name"), text(one, "certainty")))
            .filter(|(_, _, certainty)| *certainty != "not_sure")
            .collect()
    }

    /// One member of the report.
    pub fn member(&self, name: &str) -> &Value {
        let members = self.report["members"].as_array().expect("members");
        let found = members.iter().find(|member| member["name"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {members:#?}"))
    }
}

/// What a machine that is too small for the tests beside may show by itself.
pub fn of_a_busy_machine(cause: &str) -> bool {
    ["cpu", "disk"].contains(&cause)
}

#[test]
fn a_healthy_cluster_has_no_false_alarm_and_nothing_is_left_behind() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(Path::new("etcd"), 3);
    // One member alone is named; the others are found.
    let told = check(&cluster.endpoint(0), "--duration 4s --rate 30");
    let blamed: Vec<_> = told.named().into_iter().filter(|one| !of_a_busy_machine(one.0)).collect();
    assert_eq!(blamed, [] as [(&str, &str, &str); 0], "{:#}", told.report["causes"]);
    for name in ["m0", "m1", "m2"] {
        let member = told.member(name);
        assert_eq!(member["presence"], "answers");
        for probe in ["ping", "serializable", "linearizable", "write"] {
            assert!(member[probe]["answered"].as_u64() > Some(5), "{name} {probe}: {member:#}");
        }
        assert!(member["fsync"]["count"].as_u64() > Some(20), "{member:#}");
        let clock = &member["clock"];
        let (from, to) = (clock["from_ns"].as_i64().unwrap(), clock["to_ns"].as_i64().unwrap());
        assert!(from <= 0 && 0 <= to && to - from < 500_000_000, "its clock is ours: {clock}");
    }
    let keys = cluster.etcdctl(0, &["get", "", "--from-key", "--keys-only"]);
    assert_eq!(keys.trim(), "", "keys are left");
    assert_eq!(cluster.etcdctl(0, &["lease", "list"]).lines().next(), Some("found 0 leases"));
}

#[test]
fn a_member_that_is_dead_is_named() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(Path::new("etcd"), 3);
    let leader = cluster.wait_for_leader(&[]);
    let dead = (leader + 1) % 3;
    cluster.signal(dead, Signal::KILL);
    let told = check(&cluster.endpoints(), "--duration 3s --rate 20");
    let name = format!("m{dead}");
    assert!(told.named().contains(&("down", name.as_str(), "clear")), "{:?}", told.named());
    assert_eq!((told.code, told.member(&name)["presence"].as_str()), (3, Some("refused")));
    assert_eq!(told.report["word"].as_str().map(|word| word.contains("MEMBER DOWN")), Some(true));
}

#[test]
fn a_member_that_stands_still_is_named_as_that() {
    needs!(Need::Program("etcd"));
    let cluster = Cluster::start(Path::new("etcd"), 3);
    let leader = cluster.wait_for_leader(&[]);
    let stopped = (leader + 1) % 3;
    cluster.signal(stopped, Signal::STOP);
    let told = check(&cluster.endpoints(), "--duration 2s --rate 20");
    cluster.signal(stopped, Signal::CONT);
    let name = format!("m{stopped}");
    assert!(told.named().contains(&("silent", name.as_str(), "clear")), "{:?}", told.named());
    assert_eq!(told.code, 3);
}

/// Writes values of so many bytes.
pub fn fill(etcd: &Fresh, keys: std::ops::Range<usize>, bytes: usize) {
    let value = "x".repeat(bytes);
    for n in keys {
        let put = format!("ETCDCTL_API=3 etcdctl --endpoints {} put fill/{n}", etcd.address());
        let mut child = Command::new("sh")
            .args(["-c", &put])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("etcdctl can be started");
        child.stdin.take().expect("a pipe").write_all(value.as_bytes()).expect("it reads");
        child.wait().expect("it ends");
    }
}

#[test]
fn a_full_database_is_told_and_nothing_is_written_to_it() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::with_quota(8 << 20);
    fill(&etcd, 0..70, 100_000);
    let told = check(&etcd.address(), "--duration 2s --rate 10");
    let near = told.named().iter().any(|one| one.0 == "quota_near" && one.2 == "clear");
    assert!(near, "{:?} {:#}", told.named(), told.report["members"]);
    fill(&etcd, 70..100, 100_000);
    let puts = etcd.put_total();
    let told = check(&etcd.address(), "--duration 2s --rate 10");
    assert!(told.named().contains(&("quota", "calibrate", "clear")), "{:?}", told.named());
    assert_eq!((told.code, told.report["word"].as_str()), (3, Some("QUOTA")));
    assert_eq!(told.report["check"]["no_writes"], "no_space");
    assert_eq!(etcd.put_total(), puts);
}

#[test]
fn passive_and_dry_run_write_nothing() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let puts = etcd.put_total();
    let told = check(&etcd.address(), "--duration 2s --passive");
    assert_eq!(told.report["check"]["writes"], 0);
    assert_eq!(told.report["check"]["active"], false);
    assert!(told.member("calibrate")["ping"]["answered"].as_u64() > Some(0));
    let output = Command::new(program())
        .args(["check", "--dry-run", "--endpoints", "127.0.0.1:1"])
        .output()
        .expect("etcdbench can be started");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for words in ["KV/Txn", "Lease/LeaseRevoke", "Never sent: Maintenance/Alarm", "at most 360"] {
        assert!(text.contains(words), "no {words} in {text}");
    }
    assert_eq!(etcd.put_total(), puts);
}

#[test]
fn a_slow_disk_is_named_with_its_member() {
    needs!(Need::Program("etcd"), Need::Root, Need::WriteThrottle, Need::Program("mkfs.ext4"));
    let disk = LoopDisk::new("ext4", 256).throttled(30);
    let special = Special { disk: Some((1, &disk)), ..Special::default() };
    let cluster = Cluster::start_with(Path::new("etcd"), 3, &special);
    let told = check(&cluster.endpoints(), "--duration 8s --rate 30");
    let disks: Vec<_> = told.named().into_iter().filter(|one| one.0 == "disk").collect();
    assert!(disks.iter().any(|one| one.1 == "m1"), "{disks:?} {:#}", told.report["causes"]);
    let network = told.named().into_iter().find(|one| one.0.contains("network"));
    assert_eq!(network, None, "{:#}", told.report["causes"]);
    drop(cluster);
}

#[test]
fn a_slow_path_between_members_is_named_and_no_disk() {
    needs!(Need::Program("etcd"));
    let special = Special { delay: Some((2, Duration::from_millis(120))), ..Special::default() };
    let cluster = Cluster::start_with(Path::new("etcd"), 3, &special);
    let leader = cluster.wait_for_leader(&[]);
    let told = check(&cluster.endpoints(), "--duration 6s --rate 20");
    let causes = told.report["causes"].as_array().expect("causes").iter();
    let network: Vec<&Value> = causes
        .filter(|one| ["peer_network", "slow_paths"].contains(&one["cause"].as_str().unwrap()))
        .collect();
    assert_eq!(network.len(), 1, "{:#}", told.report["causes"]);
    let about = if leader == 2 { &network[0]["name"] } else { &network[0]["peer"] };
    let expected = if leader == 2 { &told.member("m2")["name"] } else { &told.member("m2")["id"] };
    assert_eq!(about, expected);
}

#[test]
fn quota_alone_tells_how_full_it_is_and_the_way_out() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::with_quota(8 << 20);
    let quota = || {
        let asked = ["check", "quota", "--endpoints", &etcd.address()].map(str::to_owned);
        let output = Command::new(program()).args(asked).output().expect("it can be started");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, text) = quota();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("of its quota") && !text.contains("defrag\n"), "{text}");
    fill(&etcd, 0..100, 100_000);
    let (code, text) = quota();
    assert_eq!(code, Some(3), "{text}");
    let steps = ["compact ", " defrag\n", "alarm disarm"].map(|step| text.find(step));
    assert!(steps.iter().all(Option::is_some) && steps.is_sorted(), "{text}");
}

#[test]
fn what_was_saved_of_a_cluster_tells_what_the_cluster_did() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let cluster = Cluster::start(Path::new("etcd"), 3);
    let leader = cluster.wait_for_leader(&[]);
    let saved = tempfile::tempdir().unwrap();
    let save = |when: &str| {
        for member in 0..3 {
            let port = cluster.endpoint(member).rsplit_once(':').unwrap().1.parse().unwrap();
            let page = metrics::page(port).expect("its metrics");
            let (_, text) = page.split_once("\r\n\r\n").expect("a head and a body");
            // Names that say nothing of whose they are.
            let file = saved.path().join(format!("{when}-{}.txt", 7 * (member + 2) % 5));
            std::fs::write(file, text).unwrap();
        }
    };
    save("before");
    (0..60).for_each(|key| drop(cluster.etcdctl(leader, &["put", &format!("k{key}"), "v"])));
    save("after");
    for what in ["endpoint status --cluster", "member list"] {
        let asked: Vec<&str> = what.split(' ').chain(["-w", "json"]).collect();
        let file = saved.path().join(what.replace(' ', "-"));
        std::fs::write(file, cluster.etcdctl(leader, &asked)).unwrap();
    }
    let output = Command::new(program())
        .args(["check", "--format", "json", "--from"])
        .arg(saved.path())
        .output()
        .expect("etcdbench can be started");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let told = Told { report, code: output.status.code().expect("an exit code") };
    for member in 0..3 {
        let one = told.member(&format!("m{member}"));
        assert_eq!(one["leader"], member == leader, "{one:#}");
        let syncs = one["fsync"]["count"].as_u64().unwrap();
        assert!((60..200).contains(&syncs), "{one:#}");
        assert!(one["grew"]["proposals_committed"].as_f64().unwrap() >= 60.0, "{one:#}");
    }
    let wrong: Vec<_> = told.named().into_iter().filter(|one| !of_a_busy_machine(one.0)).collect();
    assert!(wrong.is_empty(), "{wrong:?} {}", told.code);
}

#[test]
fn again_and_again_gives_a_line_for_each_look_and_ends_when_it_was_to() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    let output = Command::new(program())
        .args(["check", "--endpoints", &etcd.address(), "--every", "5s", "--duration", "6s"])
        .output()
        .expect("etcdbench can be started");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    // `13:05:09  OK  …`
    assert!(lines.iter().all(|line| line.as_bytes()[2] == b':' && line.split("  ").count() >= 3));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.matches("guarded writes below").count(), 1, "said once: {told}");
    assert_eq!(etcd.keys(), Vec::<String>::new());
}

/// `check quota --format json` of one etcd, and the file it went to.
fn quota_of(etcd: &Fresh, file: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(program())
        .args(["check", "quota", "--endpoints", &etcd.address(), "-o"])
        .arg(file)
        .args(more)
        .output()
        .expect("it can be started");
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let report = serde_json::from_str(&text).unwrap_or_default();
    (output.status.code(), report, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_database_that_will_be_full_soon_is_a_failure_with_the_days_left() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::with_quota(64 << 20);
    let directory = tempfile::tempdir().unwrap();
    let [before, after] = ["before.json", "after.json"].map(|name| directory.path().join(name));
    let (code, first, _) = quota_of(&etcd, &before, &[]);
    assert_eq!((code, &first["members"][0]["filling"]), (Some(0), &Value::Null));
    fill(&etcd, 0..40, 100_000);
    // The backend commits every 100 ms.
    std::thread::sleep(Duration::from_millis(300));
    let since = ["--since", before.to_str().unwrap()];
    let (code, soon, _) = quota_of(&etcd, &after, &since);
    let grew = soon["members"][0]["filling"]["grew_bytes"].as_i64().expect("growth");
    assert!((4_000_000..8_000_000).contains(&grew), "{grew}");
    assert_eq!((code, &soon["causes"]), (Some(0), &Value::Array(vec![])), "seconds tell nothing");

    // The same look, had it been eight hours ago: some 13 MB a day, of 64 MiB.
    let then = first["check"]["at_s"].as_i64().expect("a time");
    let text = std::fs::read_to_string(&before).unwrap();
    let (at, long_ago) = (format!("\"at_s\": {then}"), format!("\"at_s\": {}", then - 28_800));
    assert!(text.contains(&at), "{text}");
    std::fs::write(&before, text.replace(&at, &long_ago)).unwrap();
    let (code, soon, _) = quota_of(&etcd, &after, &since);
    let evidence = &soon["causes"][0]["evidence"][0];
    assert_eq!((code, &soon["causes"][0]["cause"]), (Some(3), &Value::from("quota_near")));
    let number = |of: &Value, key: &str| of[key].as_f64().unwrap_or_else(|| panic!("{of:#}"));
    let left = f64::from(64 << 20) - number(&soon["members"][0], "in_use_bytes");
    let a_day = number(evidence, "grew_bytes") * 86_400.0 / number(evidence, "window_s");
    let days = number(evidence, "days_left");
    assert!((days - left / a_day).abs() < 0.01 && days > 2.5, "{evidence:#}");
    let (code, ..) = quota_of(&etcd, &after, &[&since[..], &["--days", "2"]].concat());
    assert_eq!(code, Some(0), "more than two days are left");
}

#[test]
fn prefixes_are_told_by_what_their_keys_hold() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let etcd = Fresh::packaged();
    fill(&etcd, 0..12, 100_000);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("held.json");
    let asked = ["--by-prefix", "--depth", "1", "--over", "1s"];
    let (code, told, said) = quota_of(&etcd, &file, &asked);
    assert_eq!(code, Some(0), "{said}");
    let first = &told["check"]["held"][0];
    assert_eq!((first["prefix"].as_str(), first["keys"].as_u64()), (Some("fill/"), Some(12)));
    assert_eq!(first["mean_bytes"].as_f64(), Some(100_000.0), "{first:#}");
    assert!(told["members"][0]["filling"]["window_s"].as_u64() >= Some(1), "{told:#}");
    assert!(said.contains("looking again in 1 s") && said.contains("nothing is written"), "{said}");
}

#[test]
fn a_clock_that_is_wrong_is_named_with_its_member() {
    needs!(Need::Program("etcd"));
    let ahead = jiff::SignedDuration::from_secs(2);
    let special = Special { ahead: Some((1, ahead)), ..Special::default() };
    let cluster = Cluster::start_with(Path::new("etcd"), 3, &special);
    let told = check(&cluster.endpoints(), "--duration 4s --rate 20");
    assert!(told.named().contains(&("clock", "m1", "clear")), "{:?}", told.named());
    let others = told.named().into_iter().filter(|one| one.0 == "clock" && one.1 != "m1").count();
    assert_eq!(others, 0, "{:?}", told.named());
    let clock = &told.member("m1")["clock"];
    let ms = |key: &str| clock[key].as_i64().unwrap_or_else(|| panic!("{clock}")) / 1_000_000;
    let (from, to) = (ms("from_ns"), ms("to_ns"));
    assert!(from <= 2_000 && 2_000 <= to && to - from < 400, "{from} to {to} ms");
}

#[test]
fn a_certificate_that_ends_in_a_week_is_told() {
    needs!(Need::Program("etcd"));
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    for (days, expected) in [(7, Some(6)), (90, None)] {
        let server = authority.server(&["127.0.0.1"], Valid::Days(days));
        let etcd = Guarded::tls(directory.path(), &server, None);
        let authority = authority.pem();
        let more = format!("--duration 2s --passive --cacert {}", authority.display());
        let told = check(&etcd.at("127.0.0.1"), &more);
        let notices = told.report["notices"].as_array().expect("notices").iter();
        let ends = notices.filter(|one| one["notice"] == "certificate_ends");
        let ends: Vec<Option<i64>> = ends.map(|one| one["days"].as_i64()).collect();
        assert_eq!(ends, expected.map(Some).into_iter().collect::<Vec<_>>(), "of {days} days");
    }
}
