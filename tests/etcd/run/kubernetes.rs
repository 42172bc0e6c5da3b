//! A Kubernetes as etcd sees it: etcd itself counts what a scenario sends.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::etcd::Etcd;
use crate::support::metrics::Scrape;
use crate::support::needs::{Need, needs};
use crate::support::probe;
use crate::support::scenario::Place;

/// Few keys, so that they are there soon; half of the rates; and often what is seldom, so that it is seen.
const SMALL: [&str; 18] = [
    "pods=4000",
    "nodes=200",
    "node_leases=100",
    "node_status=10",
    "event_creates=22",
    "gets=20",
    "revision_probes=27",
    "controlled=600",
    "configs=400",
    "custom_objects=60",
    "events=1000",
    "apiserver_renewals=3",
    "compactions=0.9",
    "member_status=5",
    "compact=true",
    "warmup=1s",
    "duration=16s",
    "scale=0.5",
];

/// What etcd counted in some seconds of the load.
struct Window {
    before: Scrape,
    after: Scrape,
    seconds: f64,
}

impl Window {
    /// Runs the scenario, and looks at the middle of it.
    fn of(etcd: &Etcd, scenario: &str) -> Window {
        let place = Place::new();
        let endpoint = etcd.address();
        let mut words = vec![scenario, "--endpoints", &endpoint, "--quiet"];
        words.extend(SMALL.iter().flat_map(|one| ["--set", one]));
        let mut command = place.command(&words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        until_steady(&place);
        let (before, at) = (etcd.scrape(), Instant::now());
        sleep(Duration::from_secs(10));
        let (after, seconds) = (etcd.scrape(), at.elapsed().as_secs_f64());
        let output = child.wait_with_output().unwrap();
        let code = output.status.code().unwrap_or(-1);
        assert!([0, 3, 4].contains(&code), "{output:?}");
        Window { before, after, seconds }
    }

    fn calls_per_s(&self, method: &str) -> f64 {
        (self.after.calls(method) - self.before.calls(method)) / self.seconds
    }

    fn per_s(&self, counter: &str) -> f64 {
        (self.after.value(counter) - self.before.value(counter)) / self.seconds
    }
}

fn until_steady(place: &Place) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let is_steady = |path: &String| {
        fs::read_to_string(place.path(path)).is_ok_and(|text| text.contains("\"phase\":\"steady\""))
    };
    while !place.files("results", ".jsonl").iter().any(is_steady) {
        assert!(Instant::now() < deadline, "no load after a minute");
        sleep(Duration::from_millis(100));
    }
}

/// Most classes arrive at random: what is counted in so many seconds differs from what is expected by its root, and hardly
/// ever by four times as much.
#[track_caller]
fn about(got: f64, wanted: f64, seconds: f64) {
    let within = 4.0 / (wanted * seconds).sqrt();
    assert!((got / wanted - 1.0).abs() < within, "{got} and not {wanted}, within {within}");
}

#[test]
fn a_thousand_nodes_ask_of_etcd_what_the_table_says() {
    needs!(Need::Program("etcd"));
    let scratch = probe::scratch();
    let plain = |program: &Path| Command::new(program);
    let etcd = Etcd::start(Path::new("etcd"), scratch.path(), plain);
    let seen = Window::of(&etcd, "k8s-1000");

    // Half of: node leases, their status, pods, controllers, custom resources; and of those but the leases two in a
    // hundred once more. Not halved: elections, identities and masterleases.
    let changing = 10.0 + 32.0 + 16.0 + 3.0;
    let objects = (100.0 + changing) / 2.0 + 5.0 + 3.0 + 3.0;
    let events = 22.0 / 2.0;
    let turns = 0.9;
    about(seen.calls_per_s("Txn"), objects + events + 0.02 * changing / 2.0 + turns, seen.seconds);
    // Half of: pods, controllers, other objects, revision probes, those of lists with a limit. Not halved: elections, counts,
    // health, and lists of types that are hardly ever written, 61 of which each apiserver lists in 375 s.
    let reads = (32.0 + 8.0 + 20.0 + 25.0 + 2.0) / 2.0 + 15.0 + 4.06 + 3.3 + 0.5;
    about(seen.calls_per_s("Range"), reads, seen.seconds);
    // Each masterlease has a lease of its own, events have one for a minute.
    let grants = seen.calls_per_s("LeaseGrant");
    assert!((2.7..3.7).contains(&grants), "{grants}");
    // Each of three apiservers has its turn every 3.3 s, and one of them compacts then.
    let compactions = seen.calls_per_s("Compact") * seen.seconds;
    assert!((2.0..=4.0).contains(&compactions), "{compactions}");
    let status = seen.calls_per_s("Status");
    assert!((4.5..7.0).contains(&status), "{status}");
    for never in ["Put", "DeleteRange", "LeaseKeepAlive", "LeaseRevoke"] {
        assert_eq!(seen.calls_per_s(never), 0.0, "{never}");
    }

    // A pod in eight is deleted, and every change goes to each of three watches.
    let deletions = 4.0 / 2.0;
    about(seen.per_s("etcd_mvcc_put_total"), objects + events - deletions, seen.seconds);
    let deleted = seen.per_s("etcd_mvcc_delete_total");
    assert!((1.0..3.5).contains(&deleted), "{deleted}");
    let told = seen.per_s("etcd_debugging_mvcc_events_total") / 3.0;
    about(told, objects + events, seen.seconds);
    let watchers = seen.after.value("etcd_debugging_mvcc_watcher_total");
    assert_eq!(watchers, 390.0);
}
