//! Throwaway clusters.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use etcdbench::cluster::Quota;
use etcdbench::cluster::local::{LocalCluster, LocalPlan};
use etcdbench::plan::Placement;

use super::{Local, QUOTA, is_alive, plan, within};
use crate::support::needs::{Need, needs};

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

#[test]
fn a_member_that_was_killed_comes_back_as_it_was() {
    needs!(Need::Program("etcd"));
    let mut local = Local::start(3);
    let leader = local.connect().leader().unwrap();
    let (killed, endpoints) = (local.members.pids()[leader], local.members.endpoints().to_vec());
    local.members.kill(leader).unwrap();
    within(Duration::from_secs(5), "it is dead", || !is_running(killed));
    let others: Vec<u32> = local.members.pids().to_vec();
    let again = local.members.start_again(leader).unwrap();
    within(Duration::from_secs(20), "it serves again", || {
        again.look().is_some_and(|told| told.is_ok())
    });
    let pids = local.members.pids();
    for (index, (now, before)) in pids.iter().zip(&others).enumerate() {
        assert_eq!(now == before, index != leader);
    }
    assert_eq!(local.members.endpoints(), endpoints);
    let mut cluster = local.connect();
    cluster.refresh();
    assert!(cluster.members().iter().all(|member| member.status.is_some()));
    assert_eq!(cluster.members()[leader].facts.name, format!("m{}", leader + 1));
    // Its log goes on where it ended.
    let log = local.members.directory().join(format!("m{}.log", leader + 1));
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.matches("starting an etcd server").count(), 2);

    let pids = local.members.pids().to_vec();
    let directory = local.directory;
    drop(local.members);
    assert!(!pids.iter().any(|pid| is_alive(*pid)));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

const CHILD: &str = "ETCDBENCH_TEST_CHILD_DIRECTORY";

#[test]
#[ignore = "the child of the test below, which kills it"]
fn child_with_members() {
    let Some(directory) = std::env::var_os(CHILD) else {
        return;
    };
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
        .args(["--exact", "cluster::local::child_with_members", "--ignored", "--nocapture"])
        .env(CHILD, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let pids = lines.map_while(Result::ok).find_map(|line| {
        let (_, pids) = line.split_once("pids ")?;
        Some(pids.split(' ').map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>())
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
    assert!(error.contains("apt-get install etcd-server") && error.contains("--etcd"), "{error}");
    let error = refused(|plan| plan.etcd = "/bin/true".into());
    assert!(error.contains("/bin/true --version prints no etcd version"), "{error}");
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
    assert!(error.contains("without ETCD_UNSUPPORTED_ARCH=arm set"), "{error}");
    assert!(error.contains("set the variable"), "{error}");
}
