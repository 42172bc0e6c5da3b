//! `profile`: what is seen of a cluster gives a load that asks for the same, and nothing of a value or a name that is to be
//! hidden is in it. etcd itself is the witness.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::etcd::{Etcd, Fresh};
use crate::support::metrics::Scrape;
use crate::support::needs::{Need, needs};
use crate::support::probe;
use crate::support::scenario::Place;

/// What etcd counted in some seconds, a second.
struct Rates {
    before: Scrape,
    after: Scrape,
    seconds: f64,
}

impl Rates {
    fn of(etcd: &Etcd, window: Duration) -> Rates {
        let (before, at) = (etcd.scrape(), Instant::now());
        sleep(window);
        Rates { before, after: etcd.scrape(), seconds: at.elapsed().as_secs_f64() }
    }

    fn calls(&self, method: &str) -> f64 {
        (self.after.calls(method) - self.before.calls(method)) / self.seconds
    }

    fn counter(&self, name: &str) -> f64 {
        (self.after.value(name) - self.before.value(name)) / self.seconds
    }

    /// Of everything that is often enough to be told from chance.
    fn all(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("Txn", self.calls("Txn")),
            ("Range", self.calls("Range")),
            ("puts", self.counter("etcd_mvcc_put_total")),
            ("events", self.counter("etcd_debugging_mvcc_events_total")),
            ("LeaseGrant", self.calls("LeaseGrant")),
            ("deletes", self.counter("etcd_mvcc_delete_total")),
            ("bytes sent", self.counter("etcd_network_client_grpc_sent_bytes_total")),
        ]
    }
}

fn start(place: &Place, words: &[&str]) -> Child {
    let mut command = place.command(words);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn until_steady(place: &Place, child: &mut Child) {
    let deadline = Instant::now() + Duration::from_secs(90);
    let is_steady = |path: &String| {
        fs::read_to_string(place.path(path)).is_ok_and(|text| text.contains("\"phase\":\"steady\""))
    };
    while !place.files("results", ".jsonl").iter().any(is_steady) {
        assert!(Instant::now() < deadline, "no load after a minute and a half");
        assert!(child.try_wait().unwrap().is_none(), "the load ended before it began");
        sleep(Duration::from_millis(100));
    }
}

fn profile(place: &Place, words: &[&str]) -> Output {
    let mut command = Command::new(probe::program());
    command.current_dir(place.path("")).arg("profile").args(words).env("NO_COLOR", "1");
    command.output().unwrap()
}

fn told(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn on_its_own() -> (Etcd, tempfile::TempDir) {
    let scratch = probe::scratch();
    let plain = |program: &Path| Command::new(program);
    (Etcd::start(Path::new("etcd"), scratch.path(), plain), scratch)
}

/// Runs a scenario of Kubernetes, its profile, and the scenario that this gives on another etcd; gives the rates of both.
fn twice(settings: &[&str], window: Duration, profile_for: &str) -> (Rates, Rates, Place) {
    let (seen, _scratch) = on_its_own();
    let place = Place::new();
    let endpoint = seen.address();
    let mut words = vec!["k8s-1000", "--endpoints", &endpoint, "--set", "compact=true"];
    words.extend(settings.iter().flat_map(|one| ["--set", one]));
    let mut load = start(&place, &words);
    until_steady(&place, &mut load);
    let original = Rates::of(&seen, window);
    told(&profile(&place, &["--endpoints", &endpoint, "--duration", profile_for, "--quiet"]));
    load.kill().unwrap();
    load.wait().unwrap();
    drop(seen);

    let (again, _scratch) = on_its_own();
    let copy = Place::with(&fs::read_to_string(place.path("mine.toml")).unwrap());
    let endpoint = again.address();
    let length = format!("duration={}s", window.as_secs() + 6);
    let words = [
        "mine.toml",
        "--endpoints",
        &endpoint,
        "--set",
        "compact=true",
        "--set",
        "warmup=1s",
        "--set",
        &length,
    ];
    let mut load = start(&copy, &words);
    until_steady(&copy, &mut load);
    let repeated = Rates::of(&again, window);
    load.kill().unwrap();
    load.wait().unwrap();
    (original, repeated, place)
}

/// How far both may differ: 15 %, and three standard deviations of what chance gives to counts this small.
fn hold(original: &Rates, repeated: &Rates, but: &[&str]) {
    for ((name, wanted), (_, got)) in original.all().into_iter().zip(repeated.all()) {
        println!("{name:<12} {wanted:>12.2} {got:>12.2} {:>8.3}", got / wanted);
        if but.contains(&name) {
            continue;
        }
        let off = (got / wanted - 1.0).abs();
        assert!(off < 0.15, "{name}: {wanted} were asked for, {got} are");
    }
}

/// Few keys, so that they are there soon.
const SMALL: [&str; 12] = [
    "pods=3000",
    "nodes=200",
    "controlled=600",
    "configs=400",
    "custom_objects=60",
    "events=500",
    "pod_operations=240",
    "apiserver_renewals=3",
    "pod_size=2KB",
    "warmup=1s",
    "duration=60s",
    "scale=0.5",
];

#[test]
fn a_load_made_of_a_profile_asks_for_the_same() {
    needs!(Need::Program("etcd"));
    let (original, repeated, place) = twice(&SMALL, Duration::from_secs(8), "8s");
    // In eight seconds hardly a lease is granted, a page read or a pod deleted; the long run below holds them all.
    hold(&original, &repeated, &["LeaseGrant", "deletes", "bytes sent"]);
    let file = fs::read_to_string(place.path("mine.toml")).unwrap();
    let watches = repeated.after.value("etcd_debugging_mvcc_watcher_total");
    assert!((380.0..=400.0).contains(&watches), "{watches}\n{file}");
    // Nothing but what it does itself: no put, no keep-alive.
    for never in ["Put", "DeleteRange", "LeaseKeepAlive"] {
        assert_eq!(repeated.calls(never), 0.0, "{never}");
    }
}

#[test]
#[ignore = "five minutes: half of k8s-1000 with all its keys, seen for a minute, and run again"]
fn half_of_a_thousand_nodes_give_a_load_with_the_same_rates() {
    needs!(Need::Program("etcd"));
    let settings = ["scale=0.5", "warmup=5s", "duration=11m"];
    let (original, repeated, _) = twice(&settings, Duration::from_secs(75), "60s");
    // The compactor is at work every five minutes, and its leases last for an hour.
    hold(&original, &repeated, &["LeaseGrant"]);
}

#[test]
fn prefixes_are_found_and_what_is_secret_stays_so() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let etcd = Fresh::packaged();
    for number in 0..30 {
        etcd.etcdctl(&[
            "put",
            &format!("/registry/pods/acme/web-{number}"),
            &"topsecret".repeat(50),
        ]);
    }
    for name in ["kcm", "scheduler"] {
        etcd.etcdctl(&["put", &format!("/registry/leases/kube-system/{name}"), "topsecret"]);
    }
    etcd.etcdctl(&["put", "/registry/widgets.acme.example/widgets/acme/one", "topsecret"]);
    etcd.etcdctl(&["put", "compact_rev_key", "topsecret"]);
    etcd.etcdctl(&["put", "/app/customers/acme/1", "topsecret"]);
    let (endpoint, place) = (etcd.address(), Place::new());
    let before = etcd.scrape();
    let plain = ["--endpoints", &endpoint, "--duration", "2s"];
    let page = told(&profile(&place, &plain));
    let file = fs::read_to_string(place.path("mine.toml")).unwrap();
    let after = etcd.scrape();
    for never in ["Put", "Txn", "DeleteRange", "Compact", "LeaseGrant", "Snapshot"] {
        assert_eq!(after.calls(never), before.calls(never), "{never}");
    }
    for prefix in [
        "/registry/pods/ ",
        "/registry/leases/kube-system/ ",
        "/registry/widgets.acme.example/widgets/ ",
        "/app/customers/acme/ ",
    ] {
        assert!(page.contains(prefix), "{prefix}\n{page}");
    }
    let pods = page.lines().find(|line| line.contains("/registry/pods/")).unwrap();
    assert!(pods.contains(" 30 ") && pods.contains("450 B"), "{pods}");
    for text in [&page, &file] {
        assert!(
            !text.contains("topsecret") && !text.contains("web-1") && !text.contains("scheduler"),
            "{text}"
        );
    }
    // It is a scenario.
    let (code, dry, errors) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!(code, 0, "{dry}{errors}");
    // One that is there is not overwritten.
    let again = profile(&place, &plain);
    assert_eq!(again.status.code(), Some(2), "{again:?}");

    let hidden =
        [&plain[..], &["--hash-names", "--output", "shared.toml", "--format", "json"]].concat();
    let page = told(&profile(&place, &hidden));
    let file = fs::read_to_string(place.path("shared.toml")).unwrap();
    for text in [&page, &file] {
        for name in ["acme", "customers", "widgets", "kube-system", "topsecret"] {
            assert!(!text.contains(name), "{name}\n{text}");
        }
    }
    assert!(page.contains("/registry/pods/"), "{page}");
    serde_json::from_str::<serde_json::Value>(&page).unwrap();
    let (code, dry, errors) = place.run(&["shared.toml", "--dry-run"]);
    assert_eq!(code, 0, "{dry}{errors}");
}

#[test]
fn many_names_are_one_prefix_and_requests_stay_within_what_was_told() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let etcd = Fresh::packaged();
    let puts: String = (0..300).map(|n| format!("put /users/u{n:03}/a/profile x\n")).collect();
    for chunk in puts.lines().collect::<Vec<_>>().chunks(100) {
        let text = format!("\n{}\n\n\n", chunk.join("\n"));
        let mut txn = Command::new("etcdctl")
            .args(["--endpoints", &etcd.address(), "txn"])
            .env("ETCDCTL_API", "3")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut txn.stdin.take().unwrap(), text.as_bytes()).unwrap();
        assert!(txn.wait().unwrap().success());
    }
    let (endpoint, place) = (etcd.address(), Place::new());
    let before = etcd.scrape();
    let page = told(&profile(
        &place,
        &["--endpoints", &endpoint, "--duration", "2s", "--requests", "200"],
    ));
    let asked = etcd.scrape().calls("Range") - before.calls("Range");
    // What is left when no more may be asked for is one request.
    assert!(asked <= 201.0, "{asked}");
    let users =
        page.lines().find(|line| line.contains("/users/ ")).unwrap_or_else(|| panic!("{page}"));
    assert!(users.contains(" 300 "), "{page}");
    assert!(!page.contains("u001"), "{page}");
}

#[test]
fn what_would_be_asked_is_told_and_nothing_is() {
    let place = Place::new();
    let page = told(&profile(&place, &["--endpoints", "127.0.0.1:1", "--dry-run"]));
    for part in ["KV/Range", "at most 1,500", "Watch/Watch", "Nothing is written"] {
        assert!(page.contains(part), "{page}");
    }
    assert!(!place.path("mine.toml").exists());
    let gone = profile(&place, &["--endpoints", "127.0.0.1:1"]);
    let errors = String::from_utf8_lossy(&gone.stderr).into_owned();
    assert!(
        gone.status.code() == Some(1) && errors.contains("name another with --endpoints"),
        "{errors}"
    );
}
