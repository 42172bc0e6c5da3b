//! What the watcher sees.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use etcdbench::clock::Clock;
use etcdbench::cluster::{Budget, Cluster, DEFAULT_QUOTA_BYTES, Quota, Watcher, Whose, guard};
use etcdbench::etcd::Endpoint;
use etcdbench::etcd::Security;
use etcdbench::plan::Placement;
use etcdbench::record::Emission;
use etcdbench::wire::Dialer;
use rustix::process::Signal;

use super::{Local, QUOTA, connect, etcd, put, within};
use crate::support::authority::{Authority, Valid};
use crate::support::etcd::free_ports;
use crate::support::needs::{Need, needs};

/// The watcher's emissions, from its start on.
struct Seen {
    watcher: Watcher,
    emissions: Receiver<Emission>,
    events: Vec<(&'static str, Option<u32>, serde_json::Value)>,
    grown: BTreeMap<(u32, String), f64>,
    spans: BTreeMap<u32, u32>,
    state: BTreeMap<(u32, String), f64>,
}

impl Seen {
    fn watch(cluster: &Cluster) -> Self {
        let (sink, emissions) = channel();
        let watcher =
            Watcher::start(cluster, Clock::start(), sink, true, Arc::new(Budget::unlimited()))
                .unwrap();
        watcher.enter(&Arc::from("steady"));
        Seen {
            watcher,
            emissions,
            events: Vec::new(),
            grown: BTreeMap::new(),
            spans: BTreeMap::new(),
            state: BTreeMap::new(),
        }
    }

    fn look(&mut self) {
        for emission in self.emissions.try_iter() {
            match emission {
                Emission::Event { kind, member, detail, .. } => {
                    self.events.push((kind, member, detail))
                }
                Emission::Counters { source, member, values, length_ns, .. } => {
                    let member = member.expect("a member's");
                    match &*source {
                        "etcd" => {
                            assert!(length_ns > 0);
                            *self.spans.entry(member).or_default() += 1;
                            for (name, value) in values {
                                assert!(value >= 0.0, "{name} {value}");
                                *self.grown.entry((member, name)).or_default() += value;
                            }
                        }
                        "etcd.state" => {
                            let state = values.into_iter().map(|(name, v)| ((member, name), v));
                            self.state.extend(state);
                        }
                        other => panic!("{other}"),
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn spans(&mut self, member: u32) -> u32 {
        self.look();
        self.spans.get(&member).copied().unwrap_or(0)
    }

    fn event(&mut self, kind: &str) -> Option<(Option<u32>, serde_json::Value)> {
        self.look();
        let found = self.events.iter().find(|(seen, _, _)| *seen == kind);
        found.map(|(_, member, detail)| (*member, detail.clone()))
    }

    fn grown(&self, member: u32, name: &str) -> Option<f64> {
        self.grown.get(&(member, name.to_owned())).copied()
    }
}
#[test]
fn puts_are_counted_as_they_were_made() {
    needs!(Need::Program("etcd"));
    let local = Local::start(1);
    let cluster = local.connect();
    let mut seen = Seen::watch(&cluster);
    within(Duration::from_secs(5), "a first span", || seen.spans(0) > 0);
    put(&local.members.endpoints()[0], "/counted/", 1280, b"value");
    let spans = seen.spans(0);
    within(Duration::from_secs(5), "two more spans", || seen.spans(0) > spans + 1);
    assert_eq!(seen.grown(0, "puts"), Some(1280.0));
    assert_eq!(seen.grown(0, "txns"), Some(10.0));
    assert_eq!(seen.grown(0, "proposals_failed"), Some(0.0));
    let syncs = seen.grown(0, "wal_fsync.count").unwrap();
    assert!(syncs >= 10.0, "{syncs} syncs");
    assert!(seen.grown(0, "wal_fsync.sum_s").unwrap() > 0.0);
    assert_eq!(seen.grown(0, "wal_fsync.le.8.192"), Some(syncs));
    assert!(seen.grown(0, "wal_fsync.le.0.001").unwrap() <= syncs);
    assert!(seen.grown(0, "wal_fsync.le.+Inf").is_none());
    let applies = seen.grown(0, "apply.count");
    if local.members.version().starts_with("3.4.") {
        assert_eq!(applies, None, "3.4 has no such histogram");
    } else {
        assert!(applies.unwrap() >= 10.0, "{applies:?}");
    }
    let state = |name: &str| seen.state.get(&(0, name.to_owned())).copied();
    assert_eq!(state("is_leader"), Some(1.0));
    assert_eq!(state("quota_bytes"), Some(QUOTA as f64));
    assert_eq!(state("keys"), Some(1280.0));
    let live = seen.watcher.live();
    assert_eq!(state("db_bytes"), Some(live.db_bytes() as f64));
    assert_eq!(live.leader(), Some(0));
    assert!(!live.must_stop());
    assert_eq!(seen.events, []);
}

#[test]
fn a_member_that_hangs_is_told_and_holds_up_nobody() {
    needs!(Need::Program("etcd"));
    let local = Local::start(3);
    let cluster = local.connect();
    let leader = cluster.leader().unwrap();
    let hung = (leader + 1) % 3;
    let mut seen = Seen::watch(&cluster);
    within(Duration::from_secs(5), "a first span of each", || {
        (0..3).all(|member| seen.spans(member) > 0)
    });
    local.signal(hung, Signal::STOP);
    let stopped = Instant::now();
    within(Duration::from_secs(3), "member.down", || seen.event("member.down").is_some());
    let told = stopped.elapsed();
    let (member, detail) = seen.event("member.down").unwrap();
    assert_eq!(member, Some(hung as u32));
    assert_eq!(detail["name"], format!("m{}", hung + 1));
    assert!(told < Duration::from_millis(2300), "told after {told:?}");
    let before: Vec<u32> = (0..3).map(|member| seen.spans(member)).collect();
    std::thread::sleep(Duration::from_millis(3500));
    let after: Vec<u32> = (0..3).map(|member| seen.spans(member)).collect();
    for member in 0..3 {
        let spans = after[member] - before[member];
        match member == hung {
            true => assert_eq!(spans, 0),
            false => assert!(spans >= 3, "{spans} spans of a member that is well"),
        }
    }
    local.signal(hung, Signal::CONT);
    within(Duration::from_secs(5), "member.up", || seen.event("member.up").is_some());
    within(Duration::from_secs(5), "figures again", || seen.spans(hung as u32) > after[hung]);
}

#[test]
fn a_new_leader_is_told() {
    needs!(Need::Program("etcd"));
    let local = Local::start(3);
    let mut cluster = local.connect();
    let first = cluster.leader().unwrap();
    let mut seen = Seen::watch(&cluster);
    assert_eq!(seen.watcher.live().leader(), Some(first));
    local.signal(first, Signal::KILL);
    within(Duration::from_secs(10), "leader", || seen.event("leader").is_some());
    let (_, detail) = seen.event("leader").unwrap();
    let now = seen.watcher.live().leader().unwrap();
    assert_ne!(now, first);
    assert_eq!(detail["from"], format!("m{}", first + 1));
    assert_eq!(detail["to"], format!("m{}", now + 1));
    assert_eq!(seen.event("member.down").unwrap().0, Some(first as u32));
    cluster.refresh();
    assert_eq!(cluster.leader(), Some(now));
    // The one that is down is no place for a connection.
    let serving: Vec<usize> = (0..3).filter(|member| *member != first).collect();
    assert_eq!(cluster.place(&Placement::Spread).unwrap(), serving);
}

#[test]
fn a_full_database_is_told() {
    needs!(Need::Program("etcd"));
    let local = Local::with_quota(1, 4 << 20);
    let mut cluster = local.connect();
    guard::refuse_alarms(&mut cluster).unwrap();
    let mut seen = Seen::watch(&cluster);
    let endpoint = &local.members.endpoints()[0];
    let value = vec![b'v'; 4000];
    put(endpoint, "/fills/", 950, &value);
    let live = seen.watcher.live();
    within(Duration::from_secs(3), "the load must stop", || live.must_stop());
    assert!(seen.event("alarm").is_none());
    // The quota is compared with what is committed, every 100 ms.
    let full = (0..20).any(|round| {
        std::thread::sleep(Duration::from_millis(150));
        let more = || put(endpoint, &format!("/over/{round}/"), 100, &value);
        std::panic::catch_unwind(more).is_err()
    });
    assert!(full, "etcd takes more than its quota");
    within(Duration::from_secs(3), "alarm", || seen.event("alarm").is_some());
    let (_, detail) = seen.event("alarm").unwrap();
    assert_eq!(detail, serde_json::json!({ "member": "m1", "alarm": "NOSPACE" }));
    let error = guard::refuse_alarms(&mut cluster).unwrap_err().to_string();
    assert!(error.contains("m1 has raised the alarm NOSPACE"), "{error}");
    // Deleting is still allowed.
    assert!(cluster.remove(b"/fills/", &|_, _| Whose::Ours, |_| true).unwrap().deleted > 0);
}

/// A way to a member on which HTTP/1 is not served, as with `--listen-client-http-urls` (3.5.9).
fn only_grpc(member: &Endpoint) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    let member = member.authority();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let mut first = [0; 3];
            if client.peek(&mut first).is_ok() && &first == b"GET" {
                let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
                let _ = (&client).write_all(answer);
                continue;
            }
            let server = TcpStream::connect(&member).unwrap();
            let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut up, &mut down));
            let (mut up, mut down) = (server, client);
            std::thread::spawn(move || std::io::copy(&mut up, &mut down));
        }
    });
    here
}

#[test]
fn metrics_that_are_served_elsewhere_are_told_once() {
    needs!(Need::Program("etcd"));
    let local = Local::start(1);
    let cluster = connect(&[only_grpc(&local.members.endpoints()[0])]);
    assert_eq!(cluster.quota(), Quota::Unknown);
    let mut seen = Seen::watch(&cluster);
    within(Duration::from_secs(3), "metrics.missing", || seen.event("metrics.missing").is_some());
    let (member, detail) = seen.event("metrics.missing").unwrap();
    assert_eq!(member, Some(0));
    let message = detail["message"].as_str().unwrap();
    assert!(message.contains("/metrics") && message.contains("404"), "{message}");
    std::thread::sleep(Duration::from_secs(2));
    seen.look();
    assert_eq!(seen.events.len(), 1, "{:?}", seen.events);
    // What gRPC tells is there all the same.
    assert!(seen.state[&(0, "db_bytes".to_owned())] > 0.0);
    assert_eq!(seen.state[&(0, "is_leader".to_owned())], 1.0);
}

#[test]
fn a_member_with_tls_is_scraped_with_the_certificates_of_the_load() {
    needs!(Need::Program("etcd"));
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let server = authority.server(&["127.0.0.1"], Valid::Now);
    let client = authority.client(Valid::Now);
    let [port, peer] = free_ports();
    let (url, peer) = (format!("https://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer}"));
    let mut etcd = Command::new(etcd())
        .arg("--data-dir")
        .arg(directory.path().join("data"))
        .args(["--logger", "zap", "--listen-client-urls", &url, "--advertise-client-urls", &url])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("default={peer}")])
        .arg("--cert-file")
        .arg(&server.cert)
        .arg("--key-file")
        .arg(&server.key)
        .arg("--client-cert-auth")
        .arg("--trusted-ca-file")
        .arg(authority.pem())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let security = Security {
        cacert: Some(authority.pem()),
        cert: Some(client.cert),
        key: Some(client.key),
        ..Security::default()
    };
    let dialer = Dialer::new(&security, 2_000_000_000).unwrap();
    let endpoint = [Endpoint::parse(&url).unwrap()];
    let mut cluster = None;
    within(Duration::from_secs(20), "etcd answers", || {
        let connected = Cluster::connect(&endpoint, &dialer, None).ok();
        cluster = connected.filter(|cluster| cluster.leader().is_some());
        cluster.is_some()
    });
    let cluster = cluster.unwrap();
    assert_eq!(cluster.quota(), Quota::Bytes(DEFAULT_QUOTA_BYTES), "as /metrics tells");
    let mut seen = Seen::watch(&cluster);
    within(Duration::from_secs(5), "two spans", || seen.spans(0) > 1);
    assert_eq!(seen.events, []);
    etcd.kill().unwrap();
    etcd.wait().unwrap();
}
