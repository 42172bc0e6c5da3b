use proptest::prelude::*;

use super::*;

const LONGEST: usize = 10_000;

fn rc(text: &str) -> Option<Rc<[u8]>> {
    Some(text.as_bytes().into())
}

/// RFC 7541, C.6: answers in Huffman code over a table of 256 bytes.
#[test]
fn the_answers_of_the_standard() {
    let mut decoder = Decoder::new(LONGEST);
    let first = b"\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b\x61\x96\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\
        \x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff\x6e\x91\x9d\x29\xad\x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\
        \xae\x43\xd3";
    decoder.resize(256).unwrap();
    assert_eq!(decoder.decode(first).unwrap().status, Some(302));
    assert_eq!((decoder.table.len(), decoder.size), (4, 222));
    let second = b"\x48\x83\x64\x0e\xff\xc1\xc0\xbf";
    assert_eq!(decoder.decode(second).unwrap().status, Some(307));
    assert_eq!((decoder.table.len(), decoder.size), (4, 222), "the oldest made room");
    let third = b"\x88\xc1\x61\x96\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x84\xa6\x2d\
        \x1b\xff\xc0\x5a\x83\x9b\xd9\xab\x77\xad\x94\xe7\x82\x1d\xd7\xf2\xe6\xc7\xb3\x35\xdf\xdf\xcd\x5b\x39\x60\xd5\
        \xaf\x27\x08\x7f\x36\x72\xc1\xab\x27\x0f\xb5\x29\x1f\x95\x87\x31\x60\x65\xc0\x03\xed\x4e\xe5\xb1\x06\x3d\x50\
        \x07";
    assert_eq!(decoder.decode(third).unwrap().status, Some(200));
    assert_eq!((decoder.table.len(), decoder.size), (3, 215));
}

#[test]
fn trailers_are_learnt_once_and_known_by_their_index() {
    let mut decoder = Decoder::new(LONGEST);
    let written = b"\x40\x0bgrpc-status\x010\x40\x0cgrpc-message\x00";
    let wanted = Fields { status: None, grpc_status: rc("0"), grpc_message: rc("") };
    assert_eq!(decoder.decode(written).unwrap(), wanted);
    assert_eq!(decoder.decode(b"\xbf\xbe").unwrap(), wanted);
    // Another value under a name that is known.
    let failed = decoder.decode(b"\x0f\x30\x0214\x00\x0cgrpc-message\x04a%20").unwrap();
    assert_eq!((failed.grpc_status, failed.grpc_message), (rc("14"), rc("a%20")));
    assert_eq!(decoder.table.len(), 2);
}

#[test]
fn of_two_of_a_name_the_first_counts() {
    let fields =
        Decoder::new(LONGEST).decode(b"\x88\x8d\x00\x0bgrpc-status\x011\x00\x0bgrpc-status\x012");
    let fields = fields.unwrap();
    assert_eq!((fields.status, fields.grpc_status), (Some(200), rc("1")));
}

#[test]
fn what_breaks_the_rules_is_refused() {
    let broken: [&[u8]; 10] = [
        b"\x80",
        b"\xbe",
        b"\x3f\xe2\x1f",
        b"\x88\x20",
        b"\xff\xff\xff\xff\xff\xff\x7f",
        b"\x00\x05nam",
        b"\x00\x01n",
        b"\x00",
        b"\x48\x82\x64",
        b"\x00\x81\xff\x00",
    ];
    for block in broken {
        let refused = Decoder::new(LONGEST).decode(block);
        assert_eq!(refused.unwrap_err().reason, h2::Reason::COMPRESSION_ERROR, "{block:?}");
    }
    assert!(Decoder::new(LONGEST).decode(b"\x3f\xe1\x1f\x88").is_ok(), "4096 bytes are allowed");
}

#[test]
fn a_list_has_an_end() {
    let mut decoder = Decoder::new(200);
    // A field of 60 bytes once, and then named again and again: a few bytes that stand for many.
    let mut bomb = b"\x40\x04name\x18012345678901234567890123".to_vec();
    bomb.extend([0xbe; 4]);
    assert_eq!(decoder.decode(&bomb).unwrap_err().reason, h2::Reason::ENHANCE_YOUR_CALM);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(blocks: Vec<Vec<u8>>) {
        let mut decoder = Decoder::new(LONGEST);
        for block in blocks {
            if decoder.decode(&block).is_err() {
                break;
            }
            prop_assert!(decoder.size <= decoder.limit && decoder.limit <= TABLE);
            prop_assert_eq!(decoder.size, decoder.table.iter().map(|entry| entry.size).sum::<usize>());
        }
    }
}
