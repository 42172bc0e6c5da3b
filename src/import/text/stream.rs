//! A report as one stream without white space, so that it reads the same with its lines joined, wrapped or indented.
//!
//! Where a line ends between two digits, the end stays: what is before and behind it are two numbers. Only where the
//! next line goes on as no line of a report begins, `20,` or `90]`, did a terminal break a number in two.

/// White space left out, with the way back to the text.
#[derive(Debug)]
pub(in crate::import) struct Stream<'a> {
    /// The text it was made of.
    pub text: &'a str,
    /// The text without white space.
    pub squeezed: String,
    /// For each byte of `squeezed` where it is in `text`; one more for the end.
    origin: Vec<u32>,
}

impl<'a> Stream<'a> {
    /// Of a text shorter than 4 GiB.
    pub fn new(text: &'a str) -> Stream<'a> {
        let mut squeezed = String::with_capacity(text.len());
        let mut origin = Vec::with_capacity(text.len() + 1);
        let mut broke = false;
        for (at, char) in text.char_indices() {
            if char.is_whitespace() {
                broke |= matches!(char, '\n' | '\r');
                continue;
            }
            let before = squeezed.bytes().next_back().unwrap_or(b' ');
            if broke && char.is_ascii_digit() && (before.is_ascii_digit() || before == b'.') {
                let is_split = before.is_ascii_digit() && goes_on(&text[at..]);
                if !is_split {
                    squeezed.push('\n');
                    origin.push(at as u32);
                }
            }
            broke = false;
            squeezed.push(char);
            origin.extend(std::iter::repeat_n(at as u32, char.len_utf8()));
        }
        origin.push(text.len() as u32);
        Stream { text, squeezed, origin }
    }

    /// Where a byte of the stream is in the text.
    pub fn origin(&self, at: usize) -> usize {
        self.origin.get(at).map_or(self.text.len(), |&origin| origin as usize)
    }

    /// All places of all patterns, in order: (place, index of the pattern).
    pub fn marks(&self, patterns: &[&str]) -> Vec<(usize, usize)> {
        let found = patterns.iter().enumerate().flat_map(|(index, pattern)| {
            self.squeezed.match_indices(pattern).map(move |(at, _)| (at, index))
        });
        let mut marks: Vec<(usize, usize)> = found.collect();
        marks.sort_unstable();
        marks
    }

    /// The line of the text on which a place of the stream is, up to that place, freed of the marks of a quotation.
    pub fn line_before(&self, at: usize) -> &'a str {
        /// A name is shorter than this.
        const LONGEST: usize = 256;
        let end = self.origin(at);
        let mut start = end.saturating_sub(LONGEST);
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        let line = self.text[start..end].rsplit(['\n', '\r']).next().unwrap_or_default();
        line.trim_start_matches(|c: char| c.is_whitespace() || ">|#*+`│".contains(c))
    }
}

/// Whether a number goes on over the end of a line: digits, then at once what stands behind numbers only.
fn goes_on(rest: &str) -> bool {
    let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    rest.len() - behind.len() < 12 && behind.starts_with([',', ']'])
}

/// The number a text begins with, with the `k`, `M` and `G` of thousands that fio puts behind it, and how much its last
/// digit stands for.
pub(in crate::import) fn number(text: &str) -> Option<(f64, f64)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    // More digits than a number of 64 bits has are none.
    let digits = text.get(..end).filter(|digits| digits.len() <= 24)?;
    let value: f64 = digits.parse().ok()?;
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let times = match text[end..].chars().next() {
        Some('k' | 'K') => 1e3,
        Some('M') => 1e6,
        Some('G') => 1e9,
        _ => 1.0,
    };
    Some((value * times, times / 10f64.powi(decimals as i32)))
}

/// The digits and points that a text ends with.
pub(in crate::import) fn digits_before(text: &str) -> &str {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    &text[text.len() - text.bytes().rev().take_while(|byte| is_part(byte)).count()..]
}

#[cfg(test)]
mod tests {
    use super::{Stream, digits_before, number};

    #[test]
    fn numbers_stay_apart_and_broken_ones_come_together() {
        for (text, squeezed) in [
            ("min=590,\n   max= 8120", "min=590,max=8120"),
            ("iodepth=1\n12: fio", "iodepth=1\n12:fio"),
            ("99.00th=[ 17\n90], x", "99.00th=[1790],x"),
            ("max=81\n20, avg", "max=8120,avg"),
            ("in 0.1 secs.\n  50% in", "in0.1secs.\n50%in"),
        ] {
            assert_eq!(Stream::new(text).squeezed, squeezed);
        }
    }

    #[test]
    fn places_lead_back_to_the_text() {
        let text = "> a µs b\n> wal: (groupid=0";
        let stream = Stream::new(text);
        let (at, _) = stream.marks(&[":(groupid="])[0];
        assert_eq!(stream.line_before(at), "wal");
        assert_eq!(stream.origin(usize::MAX), text.len());
    }

    #[test]
    fn digits_stand_behind_anything() {
        for (text, digits) in [("|∎∎99.9", "99.9"), ("50", "50"), ("", ""), ("µ", "")] {
            assert_eq!(digits_before(text), digits);
        }
    }

    #[test]
    fn numbers_know_how_exact_they_are() {
        assert_eq!(number("8120,"), Some((8120.0, 1.0)));
        assert_eq!(number("598112k,"), Some((598_112_000.0, 1000.0)));
        let (value, last) = number("7966.9k").unwrap();
        assert!((value - 7_966_900.0).abs() < 1e-3 && (last - 100.0).abs() < 1e-9);
        assert_eq!(number("x"), None);
        assert_eq!(number("1.2.3"), None);
        assert_eq!(number(&"9".repeat(400)), None);
    }
}
