//! The control plane against real members: throwaway clusters, what the watcher sees of them, what is refused.

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use etcdbench::clock::Clock;
use etcdbench::cluster::local::{LocalCluster, LocalPlan};
use etcdbench::cluster::{Cluster, Quota, Watcher, guard};
use etcdbench::plan::{Placement, Security};
use etcdbench::record::Emission;
use etcdbench::wire::{Dialer, Endpoint};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use support::needs::{Need, needs};

const QUOTA: u64 = 1 << 30;

/// The etcd to test with: the one in PATH unless told.
fn etcd() -> PathBuf {
    std::env::var_os("ETCDBENCH_TEST_ETCD").map_or_else(|| "etcd".into(), PathBuf::from)
}

fn plan(members: u32, directory: &Path) -> LocalPlan {
    LocalPlan {
        members,
        etcd: etcd(),
        directory: directory.to_path_buf(),
        quota_bytes: QUOTA,
        run_id: "test".to_owned(),
    }
}

struct Local {
    members: LocalCluster,
    directory: tempfile::TempDir,
}

impl Local {
    fn start(members: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let members = LocalCluster::start(&plan(members, directory.path())).unwrap();
        Local { members, directory }
    }

    fn connect(&self) -> Cluster {
        connect(self.members.endpoints())
    }

    fn signal(&self, member: usize, signal: Signal) {
        kill_process(pid(self.members.pids()[member]), signal).unwrap();
    }
}

fn dialer() -> Dialer {
    Dialer::new(&Security::default(), 2_000_000_000).unwrap()
}

fn connect(endpoints: &[Endpoint]) -> Cluster {
    Cluster::connect(endpoints, &dialer(), None).unwrap()
}

fn pid(raw: u32) -> Pid {
    Pid::from_raw(raw as i32).unwrap()
}

fn is_alive(raw: u32) -> bool {
    test_kill_process(pid(raw)).is_ok()
}

/// Waits until something is so.
fn within(limit: Duration, what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !so() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Puts so many keys below a prefix, in transactions as large as etcd takes them.
fn put(endpoint: &Endpoint, prefix: &str, keys: usize, value: &[u8]) {
    const TXN: usize = 128;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let endpoints = [endpoint.to_string()];
        let mut client = etcd_client::Client::connect(endpoints, None).await.unwrap();
        let all: Vec<usize> = (0..keys).collect();
        for batch in all.chunks(TXN) {
            let puts = batch
                .iter()
                .map(|i| etcd_client::TxnOp::put(format!("{prefix}{i:08}"), value, None));
            let txn = etcd_client::Txn::new().and_then(puts.collect::<Vec<_>>());
            client.txn(txn).await.unwrap();
        }
    });
}

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
        let (sink, emissions) = sync_channel(10_000);
        let watcher = Watcher::start(cluster, Clock::start(), sink, true).unwrap();
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
                Emission::Event {
                    kind,
                    member,
                    detail,
                    ..
                } => self.events.push((kind, member, detail)),
                Emission::Counters {
                    source,
                    member,
                    values,
                    length_ns,
                    ..
                } => {
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
fn members_start_and_are_gone_afterwards() {
    needs!(Need::Program("etcd"));
    for members in [1, 3] {
        let local = Local::start(members);
        assert_eq!(local.members.endpoints().len(), members as usize);
        let mut cluster = local.connect();
        assert_eq!(cluster.notes(), [] as [String; 0]);
        let facts: Vec<_> = cluster.members().iter().map(|m| m.facts.clone()).collect();
        let names: Vec<_> = facts.iter().map(|facts| &*facts.name).collect();
        assert_eq!(names, &["m1", "m2", "m3"][..members as usize]);
        for facts in &facts {
            assert_eq!(facts.version, local.members.version());
            assert_eq!(facts.quota_bytes, Some(QUOTA));
            assert!(facts.db_bytes > 0 && !facts.learner);
        }
        assert_eq!(facts.iter().filter(|facts| facts.leader).count(), 1);
        let leader = cluster.leader().unwrap();
        assert_eq!(cluster.place(&Placement::Leader).unwrap(), [leader]);
        assert_eq!(cluster.quota(), Quota::Bytes(QUOTA));

        let pids = local.members.pids().to_vec();
        assert!(pids.iter().all(|pid| is_alive(*pid)));
        let Local { members, directory } = local;
        drop(members);
        assert!(!pids.iter().any(|pid| is_alive(*pid)));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

const CHILD: &str = "ETCDBENCH_TEST_CHILD_DIRECTORY";

#[test]
#[ignore = "the child of the test below, which kills it"]
fn child_with_members() {
    let directory = std::env::var_os(CHILD).expect("run by the test below");
    let local = LocalCluster::start(&plan(3, Path::new(&directory))).unwrap();
    let pids: Vec<String> = local.pids().iter().map(ToString::to_string).collect();
    println!("pids {}", pids.join(" "));
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn members_do_not_survive_our_kill_and_their_directory_not_the_next_start() {
    needs!(Need::Program("etcd"));
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_with_members", "--ignored", "--nocapture"])
        .env(CHILD, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let pids = lines.map_while(Result::ok).find_map(|line| {
        let (_, pids) = line.split_once("pids ")?;
        Some(
            pids.split(' ')
                .map(|pid| pid.parse().unwrap())
                .collect::<Vec<u32>>(),
        )
    });
    let pids = pids.expect("the child tells its members");
    assert!(pids.len() == 3 && pids.iter().all(|pid| is_alive(*pid)));
    child.kill().unwrap();
    child.wait().unwrap();
    within(Duration::from_secs(5), "all members are gone", || {
        // Adopted by init, or a zombie of whoever reaps here: neither runs.
        pids.iter().all(|pid| !is_running(*pid))
    });
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    let mut next = plan(1, directory.path());
    next.run_id = "next".to_owned();
    let next = LocalCluster::start(&next).unwrap();
    assert_eq!(next.leftovers(), [directory.path().join(".etcdbench-test")]);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
    state.is_some_and(|state| state != b'Z' && state != b'X')
}

fn refused(change: impl FnOnce(&mut LocalPlan)) -> String {
    let directory = tempfile::tempdir().unwrap();
    let mut plan = plan(1, directory.path());
    change(&mut plan);
    let error = LocalCluster::start(&plan).err().expect("it does not start");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    error.to_string()
}

#[test]
fn what_cannot_start_says_why() {
    needs!(Need::Program("etcd"));
    let error = refused(|plan| plan.etcd = "no-such-etcd".into());
    assert!(
        error.contains("apt-get install etcd-server") && error.contains("--etcd"),
        "{error}"
    );
    let error = refused(|plan| plan.etcd = "/bin/true".into());
    assert!(
        error.contains("/bin/true --version tells no version"),
        "{error}"
    );
    let error = refused(|plan| plan.directory = "/no/such/directory".into());
    assert!(error.contains("/no/such/directory"), "{error}");
    // Something that tells a version and dies then: its last words are shown.
    let scripts = tempfile::tempdir().unwrap();
    let script = scripts.path().join("etcd");
    let text = "#!/bin/sh\n[ \"$1\" = --version ] && echo 'etcd Version: 9.9.9' && exit\n\
                echo 'etcd on unsupported platform without ETCD_UNSUPPORTED_ARCH=arm set' >&2\nexit 1\n";
    std::fs::write(&script, text).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, executable).unwrap();
    let error = refused(|plan| plan.etcd = script);
    assert!(error.contains("member m1 has ended"), "{error}");
    assert!(
        error.contains("without ETCD_UNSUPPORTED_ARCH=arm set"),
        "{error}"
    );
    assert!(error.contains("set the variable"), "{error}");
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
    within(Duration::from_secs(5), "two more spans", || {
        seen.spans(0) > spans + 1
    });
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
    within(Duration::from_secs(3), "member.down", || {
        seen.event("member.down").is_some()
    });
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
    within(Duration::from_secs(5), "member.up", || {
        seen.event("member.up").is_some()
    });
    within(Duration::from_secs(5), "figures again", || {
        seen.spans(hung as u32) > after[hung]
    });
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
    within(Duration::from_secs(10), "leader", || {
        seen.event("leader").is_some()
    });
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
fn members_that_were_not_named_are_found() {
    needs!(Need::Program("etcd"));
    let local = Local::start(3);
    let leader = local.connect().leader().unwrap();
    let follower = (leader + 1) % 3;
    let endpoints = local.members.endpoints();
    let mut cluster = connect(&endpoints[follower..=follower]);
    assert_eq!(cluster.leader(), None);
    assert_eq!(cluster.place(&Placement::Spread).unwrap(), [0]);
    assert_eq!(cluster.place(&Placement::Leader).unwrap(), [1]);
    assert_eq!(cluster.members()[1].endpoint, endpoints[leader]);
    assert_eq!(cluster.leader(), Some(1));
    assert_eq!(cluster.place(&Placement::Followers).unwrap(), [0, 2]);
    let named = Placement::Endpoint(endpoints[leader].to_string());
    assert_eq!(cluster.place(&named).unwrap(), [1]);

    local.signal(leader, Signal::KILL);
    let mut cluster = connect(endpoints);
    assert_eq!(cluster.notes().len(), 1);
    assert!(
        cluster.notes()[0].contains(&endpoints[leader].to_string()),
        "{:?}",
        cluster.notes()
    );
    let down = &cluster.members()[leader].facts;
    assert_eq!(
        (&*down.name, &*down.version),
        (&*format!("m{}", leader + 1), "")
    );
    let alone = Local::start(1);
    let error = alone
        .connect()
        .place(&Placement::Followers)
        .unwrap_err()
        .to_string();
    assert!(error.contains("single member"), "{error}");
    let both = [
        endpoints[follower].clone(),
        alone.members.endpoints()[0].clone(),
    ];
    let error = Cluster::connect(&both, &dialer(), None)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("different clusters"), "{error}");
    within(Duration::from_secs(10), "a leader", || {
        cluster.refresh();
        cluster.leader().is_some()
    });
}

#[test]
fn nobody_there_names_every_endpoint() {
    let nobody = [
        Endpoint::parse("127.0.0.1:1").unwrap(),
        Endpoint::parse("127.0.0.1:2").unwrap(),
    ];
    let error = Cluster::connect(&nobody, &dialer(), None)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("http://127.0.0.1:1") && error.contains("http://127.0.0.1:2"),
        "{error}"
    );
}

#[test]
fn the_keys_of_others_are_safe_and_our_own_are_removed() {
    needs!(Need::Program("etcd"));
    let local = Local::start(1);
    let endpoint = &local.members.endpoints()[0];
    let mut cluster = local.connect();
    assert_eq!(
        guard::refuse_foreign(&mut cluster, "/etcdbench/1/").unwrap(),
        [] as [String; 0]
    );
    put(endpoint, "/etcdbench/1/", 25_000, b"ours");
    put(endpoint, "/etcdbench/10", 10, b"not ours");
    put(endpoint, "/registry/pods/", 10, b"not ours");
    let error = guard::refuse_foreign(&mut cluster, "/fresh/")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Kubernetes") && error.contains("--allow-foreign"),
        "{error}"
    );
    let mut told = Vec::new();
    let deleted = cluster.delete_prefix(b"/registry/", |so_far| {
        told.push(so_far);
        true
    });
    assert_eq!((deleted.unwrap(), told), (10, vec![10]));
    let error = guard::refuse_foreign(&mut cluster, "/etcdbench/1/")
        .unwrap_err()
        .to_string();
    assert!(error.contains("25,000 keys"), "{error}");

    assert_eq!(
        cluster.delete_prefix(b"/etcdbench/1/", |_| false).unwrap(),
        1000
    );
    assert_eq!(
        cluster.delete_prefix(b"/etcdbench/1/", |_| true).unwrap(),
        24_000
    );
    assert_eq!(cluster.range_count(b"").unwrap(), 10);
    assert_eq!(
        cluster.delete_prefix(b"/etcdbench/1/", |_| true).unwrap(),
        0
    );

    cluster.refresh();
    let before = cluster.db_bytes();
    let revision = cluster.compact().unwrap();
    assert!(revision > 1);
    assert_eq!(cluster.compact().unwrap(), revision);
    let mut turns = Vec::new();
    cluster.defragment(|member| turns.push(member)).unwrap();
    assert_eq!(turns, [0]);
    assert!(
        cluster.db_bytes() < before / 2,
        "{} of {before} bytes are left",
        cluster.db_bytes()
    );
    assert_eq!(cluster.range_count(b"").unwrap(), 10);
}
