//! The null server is a gauge of other tests: it must answer as etcd does, and fail as it is told.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::support::null_server::{Behaviour, Fault, NullServer};
use etcd_client::{Client, Error, PutOptions};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

async fn client(server: &NullServer) -> Client {
    Client::connect([server.endpoint()], None).await.expect("the server takes connections")
}

/// The error of the first put, and whether a put succeeds within a second after it.
fn first_put(fault: Fault) -> (Result<Duration, Error>, bool) {
    let server =
        NullServer::start(Behaviour { fault: Some(fault), times: 1, ..Behaviour::default() });
    block_on(async {
        let mut client = client(&server).await;
        let began = Instant::now();
        let put = client.put("key", "value", None).await;
        let took = put.map(|_| began.elapsed());
        let deadline = Instant::now() + Duration::from_secs(1);
        let mut works = false;
        while !works && Instant::now() < deadline {
            works = client.put("key", "value", None).await.is_ok();
        }
        (took, works)
    })
}

fn code(error: &Error) -> i32 {
    match error {
        Error::GRpcStatus(status) => status.code() as i32,
        other => panic!("no status: {other}"),
    }
}

#[test]
fn it_answers_as_etcd_does() {
    let server = NullServer::start(Behaviour { val_size: 3, ..Behaviour::default() });
    block_on(async {
        let mut client = client(&server).await;
        let first = client.put("key", "value", None).await.expect("a put");
        let second = client.put("key", "value", None).await.expect("a put");
        let revision = |r: &etcd_client::PutResponse| r.header().expect("a header").revision();
        assert_eq!(revision(&second), revision(&first) + 1);
        let read = client.get("key", None).await.expect("a read");
        assert_eq!(read.kvs()[0].key(), b"key");
        assert_eq!(read.kvs()[0].value(), b"vvv");
        let prefix = etcd_client::GetOptions::new().with_prefix();
        assert_eq!(client.get("k", Some(prefix)).await.expect("a read").count(), 0);
        let txn = etcd_client::Txn::new().and_then([etcd_client::TxnOp::put("a", "b", None)]);
        assert!(client.txn(txn).await.expect("a transaction").succeeded());
        let lease = client.lease_grant(5, None).await.expect("a lease");
        assert_eq!(lease.ttl(), 5);
        let bound = PutOptions::new().with_lease(lease.id());
        client.put("key", "value", Some(bound)).await.expect("a put");
        let (mut keeper, mut kept) =
            client.lease_keep_alive(lease.id()).await.expect("a keep-alive");
        keeper.keep_alive().await.expect("a message is sent");
        let answer = kept.message().await.expect("an answer").expect("a message");
        assert_eq!(answer.id(), lease.id());
        let watch = client.watch("key", None).await;
        assert!(watch.is_ok(), "the watch is created");
        let members = client.member_list().await.expect("members");
        assert_eq!(members.members()[0].client_urls()[0], format!("http://{}", server.endpoint()));
        let status = client.status().await.expect("a status");
        assert_eq!(status.leader(), members.members()[0].id());
        client.delete("key", None).await.expect("a deletion");
    });
    assert_eq!(server.seen().writes.load(Ordering::Relaxed), 5);
    assert_eq!(server.seen().reads.load(Ordering::Relaxed), 2);
}

#[test]
fn it_fails_as_it_is_told_and_recovers() {
    let (failed, works) = first_put(Fault::Status(14, "etcdserver: no leader"));
    assert_eq!((code(&failed.unwrap_err()), works), (14, true));
    for fault in [Fault::Reset, Fault::BadMessage, Fault::NotGrpc, Fault::Garbage, Fault::CutOff] {
        let (failed, works) = first_put(fault.clone());
        assert!(failed.is_err() && works, "{fault:?}: {failed:?}, then {works}");
    }
    let (answered, works) = first_put(Fault::GoAway);
    assert!(answered.is_ok() && works);
}

#[test]
fn it_is_late_or_silent_as_it_is_told() {
    let by = Duration::from_millis(300);
    for fault in [Fault::Late(by), Fault::StandStill(by)] {
        // What it is told is the least; what others on this machine add is not the same every time.
        let took = [(); 5].map(|()| first_put(fault.clone()).0.expect("it is answered"));
        let quickest = *took.iter().min().expect("five");
        assert!(quickest >= by && quickest < by + Duration::from_millis(100), "{took:?}");
    }
    let server = NullServer::start(Behaviour {
        fault: Some(Fault::Never),
        after: 1,
        ..Behaviour::default()
    });
    block_on(async {
        let mut client = client(&server).await;
        client.put("key", "value", None).await.expect("the first is answered");
        let silent = client.put("key", "value", None);
        let waited = tokio::time::timeout(Duration::from_millis(300), silent).await;
        assert!(waited.is_err(), "the second is not");
    });
}
