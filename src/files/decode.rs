//! Bytes to text: UTF-8 or UTF-16, with or without a byte order mark, freed of what a terminal would obey.

/// The text of some bytes. What is no text in them is replaced.
pub fn decode(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match order_without_mark(bytes) {
            Some(order) => utf16(bytes, order),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    };
    plain(&text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The byte order of UTF-16 that lost its mark: of plain English every second byte is zero.
fn order_without_mark(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let sample = &bytes[..bytes.len().min(512) & !1];
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), sample.len() / 2);
    match half {
        0..4 => None,
        _ if odd * 10 > half * 8 && even * 10 < half => Some(u16::from_le_bytes),
        _ if even * 10 > half * 8 && odd * 10 < half => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// Without escape sequences of a terminal, without control characters but for ends of lines and tabs, without marks
/// that turn the reading direction; each line ends in one `\n`. A carriage return alone, of a progress bar, stays, for
/// what follows it is a line of its own; where no other end of line is there, it is one.
fn plain(text: &str) -> String {
    let is_old_mac = !text.contains('\n') && text.contains('\r');
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_sequence(&mut rest),
            '\r' => {
                while rest.next_if_eq(&'\r').is_some() {}
                if rest.peek() != Some(&'\n') {
                    out.push(if is_old_mac { '\n' } else { '\r' });
                }
            }
            '\n' | '\t' => out.push(char),
            '\u{a0}' | '\u{2007}' | '\u{202f}' => out.push(' '),
            '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => {}
            '\u{2066}'..='\u{2069}' => {}
            '\u{2028}' | '\u{2029}' => out.push('\n'),
            _ if char.is_control() => {}
            _ => out.push(char),
        }
    }
    out
}

/// What follows ESC: a control sequence, a string that ends in BEL or ESC \, or one character.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    /// A title of a window is no longer than this; more is text that was cut.
    const LONGEST: usize = 256;
    match rest.next_if(|char| !matches!(char, '\n' | '\r')) {
        Some('[') => skip_sequence(rest),
        Some(']' | 'P' | '^' | '_' | 'X') => {
            for _ in 0..LONGEST {
                match rest.next_if(|char| *char != '\n') {
                    Some('\u{7}') | None => break,
                    Some('\u{1b}') => {
                        rest.next_if_eq(&'\\');
                        break;
                    }
                    Some(_) => {}
                }
            }
        }
        // A character set is named by one more character.
        Some('(' | ')' | '#' | '%') => {
            rest.next_if(|char| !matches!(char, '\n' | '\r'));
        }
        _ => {}
    }
}

/// Parameters and the final character of a control sequence.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while rest.next_if(|char| matches!(char, ' '..='?')).is_some() {}
    rest.next_if(|char| matches!(char, '@'..='~'));
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_usual_encoding_is_read() {
        let text = "write: IOPS=5\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            marked(b"\xef\xbb\xbf", text.as_bytes()),
            marked(b"\xff\xfe", &le),
            marked(b"\xfe\xff", &be),
            le.clone(),
            be.clone(),
            marked(b"\xff\xfe", &le[..le.len()]),
        ] {
            assert_eq!(decode(&bytes), text, "{bytes:?}");
        }
        assert_eq!(decode(b""), "");
        assert_eq!(decode(b"\xff\xfea"), "");
        assert_eq!(decode(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn what_a_terminal_obeys_is_taken_out() {
        for (text, plain) in [
            ("\u{1b}[1;32mok\u{1b}[0m\n", "ok\n"),
            ("\u{1b}]0;title\u{7}a", "a"),
            ("\u{1b}]0;title\u{1b}\\a", "a"),
            ("\u{1b}(Ba", "a"),
            ("a\r\nb\r\r\nc", "a\nb\nc"),
            ("10 %\r20 %\n", "10 %\r20 %\n"),
            ("a\rb", "a\nb"),
            ("a\u{8}\u{0}b\u{202e}c", "abc"),
            ("a\u{a0}b", "a b"),
            ("\u{1b}[", ""),
            ("\u{1b}]", ""),
        ] {
            assert_eq!(decode(text.as_bytes()), plain, "{text:?}");
        }
    }
}
