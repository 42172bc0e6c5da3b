//! The null server is a gauge of other tests: it must answer as etcd does, and fail as it is told.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::support::grpc::{self, Grpc, Wrong};
use crate::support::null_server::answers::{Field, bytes, field, number};
use crate::support::null_server::{Behaviour, Fault, NullServer};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

async fn client(server: &NullServer) -> Grpc {
    Grpc::connect(&server.endpoint()).await
}

/// Puts a pair, and gives the revision of that.
async fn put(client: &mut Grpc) -> Result<u64, Wrong> {
    let answer = client.call("KV/Put", &grpc::put("key", b"value")).await?;
    match field(field(&answer, 1).bytes(), 3).number() {
        0 => Err(Wrong::Broken("the answer has no revision".to_owned())),
        revision => Ok(revision),
    }
}

/// The error of the first put, and whether a put succeeds within a second after it.
fn first_put(fault: Fault) -> (Result<Duration, Wrong>, bool) {
    let server =
        NullServer::start(Behaviour { fault: Some(fault), times: 1, ..Behaviour::default() });
    block_on(async {
        let mut first = client(&server).await;
        let began = Instant::now();
        let took = put(&mut first).await.map(|_| began.elapsed());
        let deadline = Instant::now() + Duration::from_secs(1);
        let mut works = false;
        while !works && Instant::now() < deadline {
            works = put(&mut client(&server).await).await.is_ok();
        }
        (took, works)
    })
}

/// A message of these fields.
fn message(fields: &[(u64, Field<'_>)]) -> Vec<u8> {
    let mut message = Vec::new();
    for (name, value) in fields {
        match value {
            Field::None => {}
            Field::Number(value) => number(&mut message, *name, *value),
            Field::Bytes(value) => bytes(&mut message, *name, value),
        }
    }
    message
}

#[test]
fn it_answers_as_etcd_does() {
    use Field::{Bytes, Number};
    let server = NullServer::start(Behaviour { val_size: 3, ..Behaviour::default() });
    block_on(async {
        let mut client = client(&server).await;
        let first = put(&mut client).await.expect("a put");
        assert_eq!(put(&mut client).await, Ok(first + 1));
        let key = message(&[(1, Bytes(b"key"))]);
        let read = client.call("KV/Range", &key).await.expect("a read");
        let pair = field(&read, 2).bytes();
        assert_eq!((field(pair, 1).bytes(), field(pair, 5).bytes()), (&b"key"[..], &b"vvv"[..]));
        let prefix = message(&[(1, Bytes(b"k")), (2, Bytes(b"l"))]);
        let read = client.call("KV/Range", &prefix).await.expect("a read");
        assert_eq!(field(&read, 4).number(), 0);
        let txn = grpc::txn_of_puts([grpc::put("a", b"b")].into_iter());
        let done = client.call("KV/Txn", &txn).await.expect("a transaction");
        assert_eq!(field(&done, 2), Number(1));
        let five = message(&[(1, Number(5))]);
        let lease = client.call("Lease/LeaseGrant", &five).await.expect("a lease");
        assert_eq!(field(&lease, 3), Number(5));
        let id = field(&lease, 2);
        let bound = message(&[(1, Bytes(b"key")), (2, Bytes(b"value")), (3, id)]);
        client.call("KV/Put", &bound).await.expect("a put");
        let asked = message(&[(1, id)]);
        let mut kept = client.open("Lease/LeaseKeepAlive", &asked).await.expect("a keep-alive");
        for _ in 0..2 {
            let answer = kept.next().await.expect("an answer").expect("a message");
            assert_eq!(field(&answer, 2), id);
            kept.send(&asked).expect("a message is sent");
        }
        let create = message(&[(1, Bytes(&key))]);
        let mut watch = client.open("Watch/Watch", &create).await.expect("a watch");
        let created = watch.next().await.expect("an answer").expect("a message");
        assert_eq!(field(&created, 3), Number(1));
        let members = client.call("Cluster/MemberList", b"").await.expect("members");
        let member = field(&members, 2).bytes();
        let url = format!("http://{}", server.endpoint());
        assert_eq!(field(member, 4), Bytes(url.as_bytes()));
        let status = client.call("Maintenance/Status", b"").await.expect("a status");
        assert_eq!(field(&status, 4), field(member, 1));
        client.call("KV/DeleteRange", &key).await.expect("a deletion");
    });
    assert_eq!(server.seen().writes.load(Ordering::Relaxed), 5);
    assert_eq!(server.seen().reads.load(Ordering::Relaxed), 2);
}

#[test]
fn it_fails_as_it_is_told_and_recovers() {
    let (failed, works) = first_put(Fault::Status(14, "etcdserver: no leader"));
    let no_leader = Wrong::Status(14, "etcdserver: no leader".to_owned());
    assert_eq!((failed.unwrap_err(), works), (no_leader, true));
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
        put(&mut client).await.expect("the first is answered");
        let silent = put(&mut client);
        let waited = tokio::time::timeout(Duration::from_millis(300), silent).await;
        assert!(waited.is_err(), "the second is not");
    });
}
