//! What a load may not do to a store, and what it does for it at the end.

use etcdbench::cluster::{KeyValue, Whose, guard};

use super::{Local, put};
use crate::support::needs::{Need, needs};

#[test]
fn the_keys_of_others_are_safe_and_our_own_are_removed() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let local = Local::start(1);
    let endpoint = &local.members.endpoints()[0];
    let mut cluster = local.connect();
    assert_eq!(guard::refuse_foreign(&mut cluster, "/etcdbench/1/").unwrap(), [] as [String; 0]);
    put(endpoint, "/etcdbench/1/", 25_000, b"ours");
    put(endpoint, "/etcdbench/10", 10, b"not ours");
    put(endpoint, "/registry/pods/", 10, b"not ours");
    let error = guard::refuse_foreign(&mut cluster, "/fresh/").unwrap_err().to_string();
    assert!(error.contains("Kubernetes") && error.contains("--allow-foreign"), "{error}");
    let ours = |_: &KeyValue, _| Whose::Ours;
    let error = cluster.remove(b"/registry/", &ours, |_| true).unwrap_err().to_string();
    assert!(error.contains("are not deleted"), "{error}");
    local.etcdctl(&["del", "--prefix", "/registry/"]);
    let error = guard::refuse_foreign(&mut cluster, "/etcdbench/1/").unwrap_err().to_string();
    assert!(error.contains("25,000 keys"), "{error}");

    put(endpoint, "/etcdbench/1/00012345/of-others", 1, b"not ours");
    let ours = |pair: &KeyValue, _| match pair.key().len() {
        21 => Whose::Ours,
        _ => Whose::Others,
    };
    let stopped = cluster.remove(b"/etcdbench/1/", &ours, |_| false).unwrap();
    assert_eq!((stopped.deleted, stopped.stopped), (100, true));
    let removed = cluster.remove(b"/etcdbench/1/", &ours, |_| true).unwrap();
    assert_eq!((removed.deleted, removed.foreign, removed.stopped), (24_900, 1, false));
    assert_eq!(removed.foreign_keys, ["/etcdbench/1/00012345/of-others00000000"]);
    local.etcdctl(&["del", "--prefix", "/etcdbench/1/00012345/"]);
    assert_eq!(cluster.range_count(b"").unwrap(), 10);
    assert_eq!(cluster.remove(b"/etcdbench/1/", &ours, |_| true).unwrap().deleted, 0);

    cluster.refresh();
    let before = cluster.db_bytes();
    let revision = cluster.compact().unwrap();
    assert!(revision > 1);
    assert_eq!(cluster.compact().unwrap(), revision);
    let mut turns = Vec::new();
    cluster.defragment(|member| turns.push(member)).unwrap();
    assert_eq!(turns.len(), 1);
    assert_eq!(turns[0].index, 0);
    assert!(turns[0].after_bytes < turns[0].before_bytes, "{turns:?}");
    assert!(cluster.db_bytes() < before / 2, "{} of {before} bytes are left", cluster.db_bytes());
    assert_eq!(cluster.range_count(b"").unwrap(), 10);
}
