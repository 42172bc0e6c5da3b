//! Answers as etcd encodes them, cut short, and anything else.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::wire::protobuf::{Malformed, put_bytes, put_varint};

/// A message of these numbers and bytes.
fn message(numbers: &[(u32, u64)], parts: &[(u32, &[u8])]) -> Vec<u8> {
    let mut message = Vec::new();
    numbers.iter().for_each(|(field, value)| put_varint(&mut message, *field, *value));
    parts.iter().for_each(|(field, value)| put_bytes(&mut message, *field, value));
    message
}

fn header() -> Vec<u8> {
    message(&[(1, u64::MAX), (2, 2), (3, 3), (4, 4)], &[])
}

const HEADER: Header = Header { cluster_id: u64::MAX, member_id: 2, revision: 3, raft_term: 4 };

fn pair(key: &[u8], value: &[u8]) -> Vec<u8> {
    message(&[(2, 12), (3, 13), (4, 14), (6, 16)], &[(1, key), (5, value)])
}

#[test]
fn a_range_is_read_whole() {
    let (one, two) = (pair(b"a", b"A"), pair(b"b", b""));
    let parts: [(u32, &[u8]); 3] = [(1, &header()), (2, &one), (2, &two)];
    let answer = Bytes::from(message(&[(3, 1), (4, 5_000_000_000)], &parts));
    let read = RangeTold::read(&answer).unwrap();
    assert_eq!((read.header, read.more, read.count), (HEADER, true, 5_000_000_000));
    let told = |pair: &KeyValue| (pair.key().to_vec(), pair.value().to_vec());
    let pairs: Vec<_> = read.pairs.iter().map(told).collect();
    assert_eq!(pairs, [(b"a".to_vec(), b"A".to_vec()), (b"b".to_vec(), Vec::new())]);
    let first = &read.pairs[0];
    let numbers = (first.create_revision(), first.mod_revision(), first.version(), first.lease());
    assert_eq!(numbers, (12, 13, 14, 16));
}

#[test]
fn events_keep_their_order() {
    let event = |kind: u64, key: &[u8]| message(&[(1, kind)], &[(2, &pair(key, b""))]);
    let (one, two, three) = (event(0, b"c"), event(1, b"b"), event(0, b"a"));
    let parts: [(u32, &[u8]); 5] = [(11, &one), (11, &two), (11, &three), (11, b""), (6, b"why")];
    let read = WatchTold::read(&Bytes::from(message(&[(4, 1)], &parts))).unwrap();
    let events: Vec<(bool, &[u8])> =
        read.events.iter().map(|event| (event.deleted, event.pair.key())).collect();
    assert_eq!(events, [(false, &b"c"[..]), (true, b"b"), (false, b"a")]);
    assert_eq!((read.canceled, &*read.cancel_reason), (true, "why"));
}

#[test]
fn a_status_a_list_and_a_lease_are_read_whole() {
    let numbers = [(3, 30), (4, 40), (6, 60), (9, 90), (10, 1), (12, 120)];
    let parts: [(u32, &[u8]); 4] = [(1, &header()), (2, b"3.6.1"), (8, b"one"), (8, b"two")];
    let wanted = StatusTold {
        header: HEADER,
        version: "3.6.1".to_owned(),
        db_size: 30,
        db_size_in_use: 90,
        db_size_quota: 120,
        leader: 40,
        raft_term: 60,
        errors: vec!["one".to_owned(), "two".to_owned()],
        is_learner: true,
    };
    assert_eq!(StatusTold::read(&message(&numbers, &parts)), Ok(wanted));

    let member = message(&[(1, 9), (5, 1)], &[(2, b"m"), (3, b"peer"), (4, b"u1"), (4, b"u2")]);
    let wanted = MemberTold {
        id: 9,
        name: "m".to_owned(),
        client_urls: vec!["u1".to_owned(), "u2".to_owned()],
        is_learner: true,
    };
    let list = message(&[], &[(1, &header()), (2, &member)]);
    assert_eq!(MemberTold::read_list(&list), Ok(vec![wanted]));

    let gone = message(&[(2, 8), (3, u64::MAX)], &[(1, &header())]);
    let wanted = LeaseTold { header: HEADER, ttl_s: -1, granted_ttl_s: 0, keys: 0 };
    assert_eq!(LeaseTold::read(&gone), Ok(wanted));
    let bound = message(&[(3, 5), (4, 6)], &[(5, b"a"), (5, b"b")]);
    let read = LeaseTold::read(&bound).unwrap();
    assert_eq!((read.ttl_s, read.granted_ttl_s, read.keys), (5, 6, 2));
}

#[test]
fn a_pair_without_a_key_and_an_answer_cut_short_are_malformed() {
    let keyless = message(&[(3, 1)], &[(5, b"value")]);
    let answer = Bytes::from(message(&[], &[(2, &keyless)]));
    assert_eq!(RangeTold::read(&answer), Err(Malformed));
    let whole = Bytes::from(message(&[], &[(1, &header()), (2, &pair(b"key", b"value"))]));
    let readable = (0..=whole.len()).filter(|&cut| RangeTold::read(&whole.slice(..cut)).is_ok());
    assert_eq!(readable.collect::<Vec<_>>(), [0, 2 + header().len(), whole.len()]);
}

#[test]
fn what_is_asked_is_what_the_protocol_says() {
    fn encoded(request: &impl Request) -> Vec<u8> {
        let mut bytes = Vec::new();
        request.write(&mut bytes);
        assert_eq!(bytes.len(), request.size());
        bytes
    }
    assert_eq!(encoded(&DisarmNoSpace { member: 300 }), [8, 2, 16, 0xac, 2, 24, 1]);
    assert_eq!(encoded(&LeaseTimeToLive { id: 5, keys: true }), [8, 5, 16, 1]);
    assert_eq!(encoded(&LeaseTimeToLive { id: -1, keys: false }).len(), 11);
    assert_eq!(encoded(&Compact { revision: 7, physical: true }), [8, 7, 16, 1]);
    assert_eq!(encoded(&LeaseGrant { ttl_s: 12, id: 1 }), [8, 12, 16, 1]);
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(bytes: Vec<u8>) {
        let bytes = Bytes::from(bytes);
        let _ = (RangeTold::read(&bytes), WatchTold::read(&bytes), StatusTold::read(&bytes));
        let _ = (MemberTold::read_list(&bytes), LeaseTold::read(&bytes), TxnTold::read(&bytes));
    }
}
