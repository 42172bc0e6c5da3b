//! The Huffman code of HPACK (RFC 7541, appendix B). It is canonical: the lengths of the codes tell the codes.

/// The symbol that ends a string, and may not be written.
const END: usize = 256;
/// Bits of the longest code.
const LONGEST: usize = 30;

/// Bits of each symbol's code.
#[rustfmt::skip]
const BITS: [u8; END + 1] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12,
    10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6,
    5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22,
    22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23,
    22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21,
    21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27,
    27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// The code, sorted by length.
struct Code {
    /// All symbols in the order of their codes.
    symbols: [u16; END + 1],
    /// Of each length the first code, how many there are, and where their symbols begin.
    by_length: [(u32, u32, usize); LONGEST + 1],
}

static CODE: Code = Code::new();

impl Code {
    const fn new() -> Code {
        let mut code = Code { symbols: [0; END + 1], by_length: [(0, 0, 0); LONGEST + 1] };
        let (mut bits, mut next, mut sorted) = (1, 0, 0);
        while bits <= LONGEST {
            let (first, begin) = (next, sorted);
            let mut symbol = 0;
            while symbol <= END {
                if BITS[symbol] as usize == bits {
                    code.symbols[sorted] = symbol as u16;
                    sorted += 1;
                    next += 1;
                }
                symbol += 1;
            }
            code.by_length[bits] = (first, next - first, begin);
            next <<= 1;
            bits += 1;
        }
        code
    }
}

/// Decodes a string; `None` for what is none.
pub fn decode(coded: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(coded.len() * 8 / 5);
    let (mut code, mut bits) = (0, 0);
    for byte in coded {
        for bit in (0..8).rev() {
            code = code << 1 | u32::from(byte >> bit & 1);
            bits += 1;
            let (first, count, begin) = *CODE.by_length.get(bits)?;
            let number = code.wrapping_sub(first);
            if number >= count {
                continue;
            }
            let symbol = CODE.symbols[begin + number as usize];
            text.push(u8::try_from(symbol).ok()?);
            (code, bits) = (0, 0);
        }
    }
    // What is left is the beginning of the end, and less than a byte of it.
    let padding = bits < 8 && code == (1 << bits) - 1;
    padding.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7541, C.4 and C.6.
    #[test]
    fn the_examples_of_the_standard() {
        let cases: [(&[u8], &str); 5] = [
            (b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", "www.example.com"),
            (b"\xa8\xeb\x10\x64\x9c\xbf", "no-cache"),
            (b"\x64\x02", "302"),
            (b"\xae\xc3\x77\x1a\x4b", "private"),
            (
                b"\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff",
                "Mon, 21 Oct 2013 20:13:21 GMT",
            ),
        ];
        for (coded, text) in cases {
            assert_eq!(decode(coded).as_deref(), Some(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(decode(b"").as_deref(), Some(&b""[..]));
        assert_eq!(decode(b"\xff\xff\xff\xff"), None, "the end is never written");
        assert_eq!(decode(b"\x64\x02\xff"), None, "a byte of padding");
        assert_eq!(decode(b"\x07").as_deref(), Some(&b"0"[..]));
        assert_eq!(decode(b"\x00"), None, "padding of zeros");
    }
}
