use h2::Reason;
use proptest::prelude::*;

use super::frame::{flag, kind, setting};
use super::session::{CONNECTION_WINDOW, LONGEST_HEADERS, Session};
use super::testing::*;
use crate::etcd::{Endpoint, ErrorClass};

/// Kind, stream and bytes of what was said.
fn told(session: &mut Session) -> Vec<(u8, u32, usize)> {
    said(session).iter().map(|frame| (frame.kind, frame.stream, frame.payload.len())).collect()
}

#[test]
fn the_greeting_is_a_preface_settings_and_a_larger_window() {
    let session = Session::new(&Endpoint::parse("127.0.0.1:2379").unwrap());
    assert!(session.out.starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    let frames = frames(&session.out);
    assert_eq!(frames[0].payload[..12], [0, 2, 0, 0, 0, 0, 0, 4, 0, 0x40, 0, 0]);
    assert_eq!(frames[1].payload, (CONNECTION_WINDOW - 65_535).to_be_bytes());
    assert_eq!(frames.len(), 2);
}

#[test]
fn a_request_is_headers_and_data_and_its_answer_a_message() {
    let mut session = session(&[]);
    let (first, second) = (begin(&mut session, 10).unwrap(), begin(&mut session, 20).unwrap());
    let frames = said(&mut session);
    let shape = |at: usize| (frames[at].kind, frames[at].flags, frames[at].stream);
    assert_eq!(shape(0), (kind::HEADERS, flag::END_HEADERS, 1));
    assert_eq!(shape(1), (kind::DATA, flag::END_STREAM, 1));
    assert_eq!(shape(2), (kind::HEADERS, flag::END_HEADERS, 3));
    assert_eq!(shape(3), (kind::DATA, flag::END_STREAM, 3));
    assert_eq!(frames[1].payload, (0..10).collect::<Vec<u8>>());
    assert_eq!(frames[2].payload.len(), 7, "the server knows it by heart");
    // The second is answered first, and in pieces of any size.
    let answers = [answer(3, b"two"), answer(1, b"one")].concat();
    let (mut begun, mut come) = (0, 0);
    for end in 1..=answers.len() {
        come = begun + session.receive(&answers[begun..end]).unwrap();
        begun = come;
    }
    assert_eq!(come, answers.len());
    assert_eq!(outcome(&mut session, second), Some(Ok(b"two".to_vec())));
    assert_eq!(outcome(&mut session, first), Some(Ok(b"one".to_vec())));
    assert_eq!(told(&mut session), []);
    assert_eq!(session.streams.count(), 0);
}

#[test]
fn a_request_is_cut_to_the_frames_and_windows_of_the_server() {
    let mut session = session(&[(setting::INITIAL_WINDOW_SIZE, 100)]);
    let place = begin(&mut session, 250).unwrap();
    assert_eq!(told(&mut session)[1..], [(kind::DATA, 1, 100)]);
    feed(&mut session, &window(1, 60));
    assert_eq!(told(&mut session), [(kind::DATA, 1, 60)]);
    // A smaller window for all takes back what was not used; it must be paid off first.
    feed(&mut session, &settings(&[(setting::INITIAL_WINDOW_SIZE, 10)]));
    feed(&mut session, &window(1, 90));
    assert_eq!(told(&mut session), [(kind::SETTINGS, 0, 0)]);
    feed(&mut session, &settings(&[(setting::INITIAL_WINDOW_SIZE, 200)]));
    let rest = said(&mut session);
    assert_eq!((rest[1].flags, rest[1].payload.len()), (flag::END_STREAM, 90));
    assert_eq!(rest[1].payload, (160..250).map(|at| at as u8).collect::<Vec<u8>>());
    feed(&mut session, &answer(1, b""));
    assert_eq!(outcome(&mut session, place), Some(Ok(Vec::new())));
}

#[test]
fn large_requests_share_the_window_of_the_connection() {
    let mut session = session(&[(setting::INITIAL_WINDOW_SIZE, 1 << 20)]);
    let places = [(); 2].map(|()| begin(&mut session, 50_000).unwrap());
    let sent = told(&mut session);
    let of = |sent: &[(u8, u32, usize)], stream| -> usize {
        let data = |frame: &&(u8, u32, usize)| frame.0 == kind::DATA && frame.1 == stream;
        sent.iter().filter(data).map(|(_, _, bytes)| bytes).sum()
    };
    assert_eq!((of(&sent, 1), of(&sent, 3)), (50_000, 15_535));
    assert!(sent.iter().all(|(_, _, bytes)| *bytes <= 16_384));
    feed(&mut session, &window(0, 1000));
    assert_eq!(told(&mut session), [(kind::DATA, 3, 1000)]);
    feed(&mut session, &settings(&[(setting::MAX_FRAME_SIZE, 40_000)]));
    feed(&mut session, &window(0, 1 << 20));
    assert_eq!(told(&mut session), [(kind::SETTINGS, 0, 0), (kind::DATA, 3, 33_465)]);
    feed(&mut session, &[answer(1, b"a"), answer(3, b"b")].concat());
    assert!(places.iter().all(|&place| outcome(&mut session, place).unwrap().is_ok()));
}

#[test]
fn no_more_streams_are_open_than_allowed() {
    let mut session = session(&[(setting::MAX_CONCURRENT_STREAMS, 1)]);
    let places: Vec<usize> = (0..3).map(|_| begin(&mut session, 5).unwrap()).collect();
    assert_eq!(session.streams.open_count(), 1);
    session.cancel(places[1]);
    said(&mut session);
    feed(&mut session, &answer(1, b"a"));
    let frames = said(&mut session);
    assert_eq!(frames.iter().map(|frame| frame.stream).collect::<Vec<_>>(), [3, 3]);
    feed(&mut session, &answer(3, b"c"));
    assert_eq!(outcome(&mut session, places[0]), Some(Ok(b"a".to_vec())));
    assert_eq!(outcome(&mut session, places[2]), Some(Ok(b"c".to_vec())));
    assert_eq!(session.streams.open_count(), 0);
}

#[test]
fn those_who_wait_and_give_up_leave_nothing_behind() {
    let mut session = session(&[(setting::MAX_CONCURRENT_STREAMS, 0)]);
    for _ in 0..10_000 {
        let place = begin(&mut session, 5).unwrap();
        session.cancel(place);
    }
    assert!(session.queued() < 200, "{}", session.queued());
    assert_eq!((told(&mut session), session.streams.count()), (vec![], 0));
}

#[test]
fn after_a_goaway_the_streams_up_to_the_last_go_on() {
    let mut session = session(&[(setting::MAX_CONCURRENT_STREAMS, 2)]);
    let places: Vec<usize> = (0..3).map(|_| begin(&mut session, 5).unwrap()).collect();
    feed(&mut session, &go_away(1, Reason::NO_ERROR, b""));
    let text = "connection error received: not a result of an error";
    for place in &places[1..] {
        assert_eq!(outcome(&mut session, *place), failure(ErrorClass::NotSent, text));
    }
    assert_eq!(outcome(&mut session, places[0]), None);
    assert_eq!(session.going().unwrap().message, "the server closed the connection");
    assert_eq!(begin(&mut session, 5).unwrap_err().class, ErrorClass::NotSent);
    assert!(!session.is_over());
    feed(&mut session, &answer(1, b"a"));
    assert_eq!(outcome(&mut session, places[0]), Some(Ok(b"a".to_vec())));
    assert!(session.is_over());
}

#[test]
fn a_goaway_with_a_reason_tells_it() {
    let mut session = session(&[]);
    let place = begin(&mut session, 5).unwrap();
    feed(&mut session, &go_away(0, Reason::ENHANCE_YOUR_CALM, b"too_many_pings"));
    let text = "connection error received: detected excessive load generating behavior (b\"too_many_pings\")";
    assert_eq!(outcome(&mut session, place), failure(ErrorClass::NotSent, text));
    assert_eq!(session.going().unwrap().message, text);
}

#[test]
fn numbers_of_streams_come_to_an_end() {
    let mut session = session(&[]);
    session.skip_to(0x7fff_ffff);
    assert!(session.going().is_some(), "another connection is made in time");
    assert!(begin(&mut session, 5).is_ok());
    assert_eq!(said(&mut session)[0].stream, 0x7fff_ffff);
    let failure = begin(&mut session, 5).unwrap_err();
    assert_eq!(failure.class, ErrorClass::NotSent);
    assert!(failure.message.contains("numbers of streams"), "{failure}");
}

#[test]
fn what_is_taken_back_is_reset_and_its_answer_dropped() {
    let mut session = session(&[]);
    let (first, second) = (begin(&mut session, 5).unwrap(), begin(&mut session, 5).unwrap());
    said(&mut session);
    session.cancel(first);
    let reset = said(&mut session);
    assert_eq!((reset[0].kind, reset[0].stream), (kind::RST_STREAM, 1));
    assert_eq!(reset[0].payload, u32::from(Reason::CANCEL).to_be_bytes());
    // Its place is another's now, who is not to get its answer.
    let third = begin(&mut session, 5).unwrap();
    assert_eq!(third, first);
    // The late answer teaches the decoder a field that the next one uses.
    let learnt =
        frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, b"\x40\x0bgrpc-status\x010");
    let last = frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 3, b"\xbe");
    feed(&mut session, &[head(1), message(1, b"late"), learnt].concat());
    feed(&mut session, &[head(3), message(3, b"due"), last, window(1, 5)].concat());
    assert_eq!(outcome(&mut session, third), None);
    assert_eq!(outcome(&mut session, second), Some(Ok(b"due".to_vec())));
}

#[test]
fn windows_are_given_back_in_batches() {
    let mut session = session(&[]);
    let place = begin(&mut session, 5).unwrap();
    said(&mut session);
    feed(&mut session, &head(1));
    let total = 9 << 20;
    feed(
        &mut session,
        &frame(kind::DATA, 0, 1, &[&[0][..], &(total as u32).to_be_bytes()].concat()),
    );
    let piece = frame(kind::DATA, 0, 1, &[7; 16_384]);
    for _ in 0..total / 16_384 {
        feed(&mut session, &piece);
    }
    let updates = told(&mut session);
    assert_eq!(updates, [(kind::WINDOW_UPDATE, 1, 4); 4]);
    feed(&mut session, &trailers(1, &[("grpc-status", "0")]));
    assert_eq!(outcome(&mut session, place).unwrap().unwrap().len(), total);
}

#[test]
fn more_than_the_window_is_a_violation() {
    let mut session = session(&[]);
    begin(&mut session, 5).unwrap();
    feed(&mut session, &head(1));
    // What is read is given back: only a stream that nobody reads can run out of room.
    session.window = super::flow::Window::new(20_000);
    let piece = frame(kind::DATA, flag::PADDED, 1, &[0; 16_384]);
    let mut received = Ok(0);
    for _ in 0..3 {
        received = session.receive(&piece);
    }
    assert!(received.is_ok());
    session.window = super::flow::Window::new(16_000);
    assert_eq!(session.receive(&piece).unwrap_err().reason, Reason::FLOW_CONTROL_ERROR);
}

#[test]
fn pings_and_settings_are_acknowledged() {
    let mut session = session(&[]);
    feed(&mut session, &frame(kind::PING, 0, 0, b"12345678"));
    feed(&mut session, &frame(kind::PING, flag::ACK, 0, b"12345678"));
    feed(&mut session, &settings(&[(0xaa, 5)]));
    feed(&mut session, &frame(kind::SETTINGS, flag::ACK, 0, b""));
    feed(&mut session, &frame(0xbb, 0xff, 77, b"unknown"));
    let frames = said(&mut session);
    assert_eq!(
        (frames[0].kind, frames[0].flags, &frames[0].payload[..]),
        (kind::PING, 1, &b"12345678"[..])
    );
    assert_eq!((frames[1].kind, frames[1].flags, frames.len()), (kind::SETTINGS, 1, 2));
}

#[test]
fn a_flood_of_what_must_be_answered_is_not_read_on() {
    let mut session = session(&[]);
    let flood = frame(kind::PING, 0, 0, b"12345678").repeat(900);
    for _ in 0..5 {
        assert!(!session.is_overwhelmed());
        feed(&mut session, &flood);
    }
    assert!(session.is_overwhelmed());
    said(&mut session);
    assert!(!session.is_overwhelmed());
    for idle in [
        frame(kind::PING, 0, 0, b"12345678"),
        settings(&[]),
        frame(kind::PRIORITY, 0, 1, b"12345"),
        frame(0xbb, 0, 1, b""),
    ] {
        let refused = session.receive(&idle.repeat(1001)).unwrap_err();
        assert_eq!(refused.reason, Reason::ENHANCE_YOUR_CALM);
    }
}

#[test]
fn headers_may_come_in_pieces_but_not_without_end() {
    let mut session = session(&[]);
    let place = begin(&mut session, 5).unwrap();
    let end = block(&[("grpc-status", "14"), ("grpc-message", "etcdserver: no%20leader")]);
    let (a, b) = end.split_at(7);
    let padded = [&[3], a, &[0; 3]].concat();
    feed(&mut session, &frame(kind::HEADERS, 0, 1, b""));
    feed(&mut session, &frame(kind::CONTINUATION, flag::END_HEADERS, 1, b"\x88"));
    feed(&mut session, &frame(kind::HEADERS, flag::END_STREAM | flag::PADDED, 1, &padded));
    feed(&mut session, &frame(kind::CONTINUATION, flag::END_HEADERS, 1, b));
    assert_eq!(
        outcome(&mut session, place),
        failure(ErrorClass::NoLeader, "etcdserver: no leader")
    );

    begin(&mut session, 5).unwrap();
    feed(&mut session, &frame(kind::HEADERS, 0, 3, b""));
    let empty = frame(kind::CONTINUATION, 0, 3, b"");
    let many = (0..1000).map(|_| session.receive(&empty)).find_map(Result::err);
    assert_eq!(many.unwrap().reason, Reason::ENHANCE_YOUR_CALM);

    let mut session = super::testing::session(&[]);
    begin(&mut session, 5).unwrap();
    feed(&mut session, &frame(kind::HEADERS, 0, 1, b""));
    let large = frame(kind::CONTINUATION, 0, 1, &[0; 16_000]);
    let pieces = (0..1000).take_while(|_| session.receive(&large).is_ok()).count();
    assert_eq!(pieces, LONGEST_HEADERS / 16_000);
}

#[test]
fn whatever_breaks_the_rules_ends_the_connection() {
    let cases: Vec<(Vec<u8>, Reason)> = vec![
        (frame(kind::DATA, 0, 0, b"x"), Reason::PROTOCOL_ERROR),
        (frame(kind::DATA, 0, 1, b"x"), Reason::PROTOCOL_ERROR),
        (frame(kind::DATA, flag::PADDED, 1, b"\x05abc"), Reason::PROTOCOL_ERROR),
        (frame(kind::HEADERS, 4, 9, b"\x88"), Reason::PROTOCOL_ERROR),
        (frame(kind::HEADERS, 4, 2, b"\x88"), Reason::PROTOCOL_ERROR),
        (frame(kind::HEADERS, 4, 0, b"\x88"), Reason::PROTOCOL_ERROR),
        (frame(kind::HEADERS, 4, 1, b"\x80"), Reason::COMPRESSION_ERROR),
        (frame(kind::CONTINUATION, 4, 1, b"\x88"), Reason::PROTOCOL_ERROR),
        ([frame(kind::HEADERS, 0, 1, b"\x88"), head(1)].concat(), Reason::PROTOCOL_ERROR),
        (frame(kind::RST_STREAM, 0, 1, b"abc"), Reason::FRAME_SIZE_ERROR),
        (reset(0, Reason::CANCEL), Reason::PROTOCOL_ERROR),
        (reset(3, Reason::CANCEL), Reason::PROTOCOL_ERROR),
        (frame(kind::SETTINGS, 0, 0, b"abc"), Reason::FRAME_SIZE_ERROR),
        (frame(kind::SETTINGS, 0, 1, b""), Reason::PROTOCOL_ERROR),
        (frame(kind::SETTINGS, flag::ACK, 0, b"abcdef"), Reason::FRAME_SIZE_ERROR),
        (settings(&[(setting::ENABLE_PUSH, 1)]), Reason::PROTOCOL_ERROR),
        (settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 31)]), Reason::FLOW_CONTROL_ERROR),
        (settings(&[(setting::MAX_FRAME_SIZE, 16_383)]), Reason::PROTOCOL_ERROR),
        (settings(&[(setting::MAX_FRAME_SIZE, 1 << 24)]), Reason::PROTOCOL_ERROR),
        (frame(kind::PUSH_PROMISE, 4, 1, b"\0\0\0\x02\x88"), Reason::PROTOCOL_ERROR),
        (frame(kind::PING, 0, 0, b"short"), Reason::FRAME_SIZE_ERROR),
        (frame(kind::PING, 0, 1, b"12345678"), Reason::PROTOCOL_ERROR),
        (frame(kind::GOAWAY, 0, 0, b"1234567"), Reason::FRAME_SIZE_ERROR),
        (frame(kind::GOAWAY, 0, 1, b"12345678"), Reason::PROTOCOL_ERROR),
        (frame(kind::WINDOW_UPDATE, 0, 0, b"123"), Reason::FRAME_SIZE_ERROR),
        (window(0, 0), Reason::PROTOCOL_ERROR),
        (window(1, 0), Reason::PROTOCOL_ERROR),
        (window(0, 0x7fff_ffff), Reason::FLOW_CONTROL_ERROR),
        (window(1, 0x7fff_ffff), Reason::FLOW_CONTROL_ERROR),
        (window(5, 1), Reason::PROTOCOL_ERROR),
        (b"HTTP/1.1 400 Bad Request\r\n".to_vec(), Reason::FRAME_SIZE_ERROR),
    ];
    for (bytes, reason) in cases {
        let mut session = session(&[]);
        let place = begin(&mut session, 5).unwrap();
        let violation = session.receive(&bytes).expect_err(&format!("{bytes:?}"));
        assert_eq!(violation.reason, reason, "{violation:?}");
        let told = violation.failure();
        assert!(told.message.starts_with("connection error detected: "), "{told}");
        session.end(&told, told.clone());
        assert_eq!(outcome(&mut session, place), Some(Err(told)));
        assert_eq!(begin(&mut session, 5).unwrap_err().class, ErrorClass::NotSent);
    }
    let mut silent = Session::new(&Endpoint::parse("127.0.0.1:2379").unwrap());
    assert_eq!(silent.receive(&head(1)).unwrap_err().reason, Reason::PROTOCOL_ERROR);
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let small = prop::collection::vec(any::<u8>(), 0..40);
    let likely = prop_oneof![
        Just(vec![0x88]),
        Just(block(&[("grpc-status", "0")])),
        Just(block(&[("grpc-status", "14"), ("grpc-message", "a%2")])),
        Just(vec![0, 0, 0, 0, 3, 1, 2, 3]),
        Just(vec![0, 0, 0, 0]),
        Just(vec![0, 4, 0, 0, 0, 9, 0, 3, 0, 0, 0, 1]),
        Just(vec![0, 1, 0, 0, 0, 0]),
    ];
    let payload = prop_oneof![3 => likely, 1 => small];
    let flags = prop_oneof![Just(0_u8), Just(1), Just(4), Just(5), Just(8), any::<u8>()];
    let stream = prop_oneof![4 => 0_u32..8, 1 => any::<u32>()];
    (0_u8..11, flags, stream, payload)
        .prop_map(|(kind, flags, stream, payload)| frame(kind, flags, stream, &payload))
}

/// What somebody does beside.
#[derive(Debug, Clone)]
enum Act {
    Feed(Vec<u8>),
    Begin(usize),
    Cancel(usize),
    Collect(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => any_frame().prop_map(Act::Feed),
        1 => (1_usize..8).prop_map(|stream| Act::Feed(answer(stream as u32 * 2 - 1, b"abc"))),
        2 => (0_usize..70_000).prop_map(Act::Begin),
        1 => (0_usize..6).prop_map(Act::Cancel),
        1 => (0_usize..6).prop_map(Act::Collect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever a server says, every request is open, waits, or has an outcome; nothing panics, and no more is sent than
    /// the server has room for.
    #[test]
    fn any_frames_are_borne(acts in prop::collection::vec(act(), 1..60)) {
        let mut session = session(&[]);
        let mut places = Vec::new();
        for act in acts {
            match act {
                Act::Begin(bytes) => places.extend(begin(&mut session, bytes).ok()),
                Act::Cancel(at) if at < places.len() => session.cancel(places.swap_remove(at)),
                Act::Collect(at) if at < places.len() => {
                    if outcome(&mut session, places[at]).is_some() {
                        places.swap_remove(at);
                    }
                }
                Act::Cancel(_) | Act::Collect(_) => {}
                Act::Feed(bytes) => {
                    if let Err(violation) = session.receive(&bytes) {
                        let failure = violation.failure();
                        session.end(&failure, failure.clone());
                        break;
                    }
                }
            }
            let frames = said(&mut session);
            prop_assert!(frames.iter().all(|frame| frame.kind != kind::DATA || frame.stream > 0));
            prop_assert_eq!(session.streams.count(), places.len());
            prop_assert!(session.send_window >= 0);
        }
        let over = crate::wire::Failure::new(ErrorClass::Transport, "over");
        session.end(&over, over.clone());
        for place in places {
            prop_assert!(outcome(&mut session, place).is_some());
        }
        prop_assert_eq!((session.streams.count(), session.streams.open_count()), (0, 0));
    }

    #[test]
    fn any_bytes_are_borne(bytes: Vec<u8>) {
        let mut session = session(&[]);
        begin(&mut session, 5).unwrap();
        if let Ok(used) = session.receive(&bytes) {
            prop_assert!(used <= bytes.len());
        }
    }
}
