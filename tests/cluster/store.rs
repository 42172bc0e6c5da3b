//! What a load may not do to a store, and what it does for it at the end.

use etcdbench::cluster::guard;

use crate::support::needs::{Need, needs};
use crate::{Local, put};

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

#[test]
fn a_database_grows_as_foretold() {
    needs!(Need::Program("etcd"));
    let local = Local::start(1);
    let mut cluster = local.connect();
    for (puts, value) in [(20_000, 256), (2_000, 2_000), (500, 16_384)] {
        cluster.refresh();
        let before = cluster.db_bytes();
        let prefix = format!("/grows/{value:05}/");
        put(
            &local.members.endpoints()[0],
            &prefix,
            puts,
            &vec![b'v'; value],
        );
        // Committed within 100 ms.
        std::thread::sleep(std::time::Duration::from_millis(300));
        cluster.refresh();
        let grown = (cluster.db_bytes() - before) as f64;
        let key = prefix.len() as u64 + 8;
        let foretold = guard::bytes_of_puts(puts as u64, key, value as u64) as f64;
        let ratio = foretold / grown;
        assert!(
            (0.9..=1.15).contains(&ratio),
            "{value}: {foretold} foretold, {grown} seen"
        );
    }
}
