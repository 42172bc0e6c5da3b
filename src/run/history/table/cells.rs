//! What stands in a cell of a table of another tool: a number with or without its unit, or nothing.

use super::times::{DayFirst, time};

/// What stands for "no value".
const NOTHING: [&str; 9] = ["", "-", "–", "na", "n/a", "nan", "null", "none", "?"];

/// Whether a cell says that there is no value.
pub(super) fn is_nothing(cell: &str) -> bool {
    NOTHING.contains(&cell.to_lowercase().as_str())
}

/// How the numbers of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decimal {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

impl Decimal {
    /// That of a column: a comma that groups no thousands is a decimal one, unless a cell has a point too.
    pub fn of<'a>(cells: impl Iterator<Item = &'a str>) -> Decimal {
        let (mut comma, mut point) = (false, false);
        for cell in cells {
            let number = split(cell).0;
            match (number.rfind(','), number.rfind('.')) {
                (Some(c), Some(p)) => {
                    if c > p {
                        comma = true;
                    } else {
                        point = true;
                    }
                }
                (Some(_), None) => comma |= !is_grouped(number, ','),
                (None, Some(_)) => point |= !is_grouped(number, '.'),
                (None, None) => {}
            }
        }
        if comma && !point { Decimal::Comma } else { Decimal::Point }
    }

    fn plain(self, number: &str) -> String {
        let (group, mark) = match self {
            Decimal::Point => (',', '.'),
            Decimal::Comma => ('.', ','),
        };
        let grouped = |c: char| c == group || c == '_' || c == '\'' || c == '\u{a0}';
        number.chars().filter(|c| !grouped(*c)).map(|c| if c == mark { '.' } else { c }).collect()
    }
}

/// Digits in groups of three, as in `10,251`, and not `4,131` with a leading group of 0.
fn is_grouped(number: &str, mark: char) -> bool {
    let mut groups = number.trim_start_matches(['-', '+']).split(mark);
    let first = groups.next().unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let short = (1..=3).contains(&first.len()) && digits(first) && first != "0";
    short && groups.all(|group| group.len() == 3 && digits(group))
}

/// A number and what is written after it.
fn split(cell: &str) -> (&str, &str) {
    let cell = cell.trim();
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '_' | '\'');
    let end = cell.find(|c: char| !is_number(c)).unwrap_or(cell.len());
    let rest = &cell[end..];
    // 1e5, 1.2E-3
    let exponent = rest.strip_prefix(['e', 'E']).filter(|rest| {
        let digits = rest.trim_start_matches(['-', '+']);
        digits.starts_with(|c: char| c.is_ascii_digit())
    });
    match exponent {
        Some(rest) => {
            let digits = rest.trim_start_matches(['-', '+']);
            let more = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let end = cell.len() - digits.len() + more;
            (&cell[..end], cell[end..].trim())
        }
        None => (&cell[..end], rest.trim()),
    }
}

/// What a number with a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// A bare number.
    Bare,
    /// A time, in nanoseconds.
    Duration,
    /// So many a second.
    Rate,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    Throughput,
    /// Per cent.
    Percent,
}

/// Units by their name in small letters: what they measure, and how much one of them is.
const UNITS: [(&str, Quantity, f64); 34] = [
    ("ns", Quantity::Duration, 1.0),
    ("us", Quantity::Duration, 1e3),
    ("µs", Quantity::Duration, 1e3),
    ("μs", Quantity::Duration, 1e3),
    ("usec", Quantity::Duration, 1e3),
    ("ms", Quantity::Duration, 1e6),
    ("msec", Quantity::Duration, 1e6),
    ("s", Quantity::Duration, 1e9),
    ("sec", Quantity::Duration, 1e9),
    ("secs", Quantity::Duration, 1e9),
    ("seconds", Quantity::Duration, 1e9),
    ("min", Quantity::Duration, 6e10),
    ("ns/op", Quantity::Duration, 1.0),
    ("µs/op", Quantity::Duration, 1e3),
    ("ms/op", Quantity::Duration, 1e6),
    ("/s", Quantity::Rate, 1.0),
    ("/sec", Quantity::Rate, 1.0),
    ("ops/s", Quantity::Rate, 1.0),
    ("ops/sec", Quantity::Rate, 1.0),
    ("op/s", Quantity::Rate, 1.0),
    ("req/s", Quantity::Rate, 1.0),
    ("qps", Quantity::Rate, 1.0),
    ("rps", Quantity::Rate, 1.0),
    ("tps", Quantity::Rate, 1.0),
    ("iops", Quantity::Rate, 1.0),
    ("b", Quantity::Bytes, 1.0),
    ("b/op", Quantity::Bytes, 1.0),
    ("b/s", Quantity::Throughput, 1.0),
    ("bytes", Quantity::Bytes, 1.0),
    ("%", Quantity::Percent, 1.0),
    ("k", Quantity::Bare, 1e3),
    ("m", Quantity::Bare, 1e6),
    ("g", Quantity::Bare, 1e9),
    ("x", Quantity::Bare, 1.0),
];
/// What stands before bytes, and before rates.
const PREFIXES: [(&str, f64); 8] = [
    ("ki", 1024.0),
    ("mi", 1_048_576.0),
    ("gi", 1_073_741_824.0),
    ("ti", 1_099_511_627_776.0),
    ("k", 1e3),
    ("m", 1e6),
    ("g", 1e9),
    ("t", 1e12),
];

/// What a unit measures, and how much one of it is.
pub(super) fn unit(text: &str) -> Option<(Quantity, f64)> {
    let small = text.trim().to_lowercase().replace("per_", "/");
    let known = |name: &str| UNITS.iter().find(|(known, ..)| *known == name);
    if small.is_empty() {
        return Some((Quantity::Bare, 1.0));
    }
    if let Some((_, quantity, one)) = known(&small) {
        return Some((*quantity, *one));
    }
    PREFIXES.iter().find_map(|(prefix, times)| {
        let (_, quantity, one) = known(small.strip_prefix(prefix)?.trim())?;
        let scaled = [Quantity::Bytes, Quantity::Throughput, Quantity::Rate].contains(quantity);
        scaled.then_some((*quantity, one * times))
    })
}

/// The number in a cell, what it measures, and its unit as it is written; `None` for what is no number.
pub(super) fn number(cell: &str, decimal: Decimal) -> Option<(f64, Quantity, &str)> {
    let (number, rest) = split(cell);
    let (quantity, one) = unit(rest)?;
    if !number.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let value = decimal.plain(number).parse::<f64>().ok()?;
    Some((value * one, quantity, rest)).filter(|(value, ..)| value.is_finite())
}

/// The unit of a cell that is a number, as it is written.
pub(super) fn unit_of(cell: &str) -> Option<&str> {
    let (number, rest) = split(cell);
    let digits = number.contains(|c: char| c.is_ascii_digit());
    (digits && unit(rest).is_some() && !number.trim_start_matches(['-', '+']).contains('-'))
        .then_some(rest)
}

/// Whether a cell begins as a number does.
pub(super) fn looks_measured(cell: &str) -> bool {
    split(cell).0.contains(|c: char| c.is_ascii_digit()) && time(cell, DayFirst::Unknown).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_their_unit_and_in_both_ways_of_writing() {
        let table = [
            ("4.5ms", 4.5e6, Quantity::Duration),
            ("4.5 ms", 4.5e6, Quantity::Duration),
            ("512µs", 512e3, Quantity::Duration),
            ("10,251/s", 10251.0, Quantity::Rate),
            ("1.5k", 1500.0, Quantity::Bare),
            ("3.5 MiB/s", 3.5 * 1_048_576.0, Quantity::Throughput),
            ("-1.5e-3", -1.5e-3, Quantity::Bare),
            ("12 %", 12.0, Quantity::Percent),
        ];
        for (cell, value, quantity) in table {
            let read = number(cell, Decimal::Point).map(|(value, quantity, _)| (value, quantity));
            assert_eq!(read, Some((value, quantity)), "{cell}");
        }
        let of = |cells: &[&str]| Decimal::of(cells.iter().copied());
        assert_eq!(of(&["4,13", "4,2"]), Decimal::Comma);
        assert_eq!(of(&["10,251", "9,925"]), Decimal::Point);
        assert_eq!(of(&["10,251", "9,92"]), Decimal::Comma);
        assert_eq!(of(&["1.234,5"]), Decimal::Comma);
        assert_eq!(number("1.234,5", Decimal::Comma).map(|read| read.0), Some(1234.5));
        for cell in ["", "fast", "4.1 apples", "inf", "1-2", "0x10"] {
            assert_eq!(number(cell, Decimal::Point), None, "{cell}");
        }
    }
}
