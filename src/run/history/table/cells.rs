//! What stands in a cell of a table of another tool: a time, a number with or without its unit, or nothing.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;

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

/// In which order day and month stand in `01/02/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayFirst {
    Yes,
    No,
    /// Nothing says; such a time is not read.
    Unknown,
}

impl DayFirst {
    /// That of a column: a number above 12 is a day.
    pub fn of<'a>(cells: impl Iterator<Item = &'a str>) -> DayFirst {
        for (first, second) in cells.filter_map(|cell| slashed(cell).map(|(a, b, ..)| (a, b))) {
            if first > 12 {
                return DayFirst::Yes;
            }
            if second > 12 {
                return DayFirst::No;
            }
        }
        DayFirst::Unknown
    }
}

/// `01/02/2026` or `01.02.2026`, and what follows.
fn slashed(cell: &str) -> Option<(i8, i8, i16, char, &str)> {
    let (date, rest) = cell.split_once([' ', 'T']).unwrap_or((cell, ""));
    let mark = date.find(['/', '.']).and_then(|at| date[at..].chars().next())?;
    let mut parts = date.split(mark);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_date = year.len() == 4 && parts.next().is_none() && first.len() <= 2;
    let number = (first.parse().ok()?, second.parse().ok()?, year.parse().ok()?);
    is_date.then_some((number.0, number.1, number.2, mark, rest))
}

/// A time in one of the usual forms: RFC 3339, a date with or without a time of day (UTC unless an offset is written),
/// ISO weeks, unix seconds, milliseconds, microseconds or nanoseconds, git's and RFC 2822's.
pub(super) fn time(text: &str, day_first: DayFirst) -> Option<Timestamp> {
    let text = text.trim();
    let compact = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    if !compact && let Ok(number) = text.parse::<f64>() {
        return unix(number);
    }
    if let Some(moment) = text.parse::<Timestamp>().ok().or_else(|| with_offset(text)) {
        return Some(moment);
    }
    let civil = text
        .parse::<DateTime>()
        .ok()
        .or_else(|| text.parse::<Date>().ok().map(Date::into))
        .or_else(|| week(text).map(Date::into))
        .or_else(|| day_and_month(text, day_first))
        .or_else(|| written(text));
    TimeZone::UTC.to_timestamp(civil?).ok()
}

/// `2026-W23` and `2026W23-4`; the first is a Monday.
fn week(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once(['W', 'w'])?;
    let year = year.trim_end_matches(['-', ' ']).parse().ok()?;
    let (week, day) = match rest.split_once('-') {
        Some((week, day)) => (week, day.parse().ok()?),
        None => (rest, 1),
    };
    let weekday = Weekday::from_monday_one_offset(day).ok()?;
    let day = ISOWeekDate::new(year, week.parse().ok()?, weekday).ok()?;
    Some(day.date())
}

fn day_and_month(text: &str, day_first: DayFirst) -> Option<DateTime> {
    let (first, second, year, mark, rest) = slashed(text)?;
    let (day, month) = match (mark, day_first) {
        ('.', _) | (_, DayFirst::Yes) => (first, second),
        (_, DayFirst::No) => (second, first),
        (_, DayFirst::Unknown) => return None,
    };
    let date = Date::new(year, month, day).ok()?;
    if rest.is_empty() {
        return Some(date.into());
    }
    let clock = rest.parse::<jiff::civil::Time>().ok()?;
    Some(date.to_datetime(clock))
}

/// `2026/06/01 03:00`, `Jun 1, 2026`, `1 June 2026`.
fn written(text: &str) -> Option<DateTime> {
    const DAYS: [&str; 5] = ["%Y/%m/%d", "%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%d %B %Y"];
    const MOMENTS: [&str; 4] =
        ["%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%b %d, %Y %H:%M:%S"];
    let moment = MOMENTS.iter().find_map(|form| DateTime::strptime(form, text).ok());
    moment.or_else(|| DAYS.iter().find_map(|form| Date::strptime(form, text).ok().map(Date::into)))
}

/// `2026-06-01 03:00:00 +0200` as git's `%ci` writes it, `2026.06.01 3:00:00 +0100`, git's usual form and RFC 2822's.
fn with_offset(text: &str) -> Option<Timestamp> {
    const FORMS: [&str; 3] =
        ["%a %b %d %H:%M:%S %Y %z", "%a, %d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S %z"];
    if let Some(moment) = FORMS.iter().find_map(|form| Timestamp::strptime(form, text).ok()) {
        return Some(moment);
    }
    let (rest, offset) = text.trim().rsplit_once(' ')?;
    let (date, time) = rest.trim().split_once(' ')?;
    let digits = offset.strip_prefix(['+', '-'])?.replace(':', "");
    let is_offset = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (sign, date) = (&offset[..1], date.replace(['.', '/'], "-"));
    let zero = if time.find(':') == Some(1) { "0" } else { "" };
    let whole = format!("{date}T{zero}{time}{sign}{}:{}", digits.get(..2)?, digits.get(2..)?);
    whole.parse().ok().filter(|_| is_offset)
}

/// The unit by the size: every moment from 1973 to 2286 has its own range in each.
fn unix(number: f64) -> Option<Timestamp> {
    let nanoseconds = match number {
        n if (1e8..1e10).contains(&n) => n * 1e9,
        n if (1e11..1e13).contains(&n) => n * 1e6,
        n if (1e14..1e16).contains(&n) => n * 1e3,
        n if (1e17..1e19).contains(&n) => n,
        _ => return None,
    };
    Timestamp::from_nanosecond(nanoseconds as i128).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_time(text: &str) -> Option<Timestamp> {
        time(text, DayFirst::Unknown)
    }

    #[test]
    fn unix_times_are_told_apart_by_their_size() {
        let moment = "2026-01-01T02:00:00Z".parse::<Timestamp>().ok();
        for text in [
            "1767232800",
            "1767232800000",
            "1767232800000000",
            "1767232800000000000",
            "2026-01-01T02:00:00Z",
            "2026-01-01 02:00:00",
            "2026-01-01 04:00:00 +0200",
            "2026.01.01 3:00:00 +0100",
            "2025-12-31 21:30:00 -04:30",
        ] {
            assert_eq!(parse_time(text), moment, "{text}");
        }
        for text in ["", "2026", "1", "-5", "yesterday", "nan", "1e30", "a b +é00", "x +01"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn times_of_other_tools() {
        let day = "2026-06-01T00:00:00Z".parse::<Timestamp>().ok();
        for text in [
            "2026-W23",
            "2026W23",
            "2026-W23-1",
            "20260601",
            "01.06.2026",
            "2026/06/01",
            "Jun 1, 2026",
        ] {
            assert_eq!(parse_time(text), day, "{text}");
        }
        let git = "Mon Jun 1 02:00:00 2026 +0200";
        assert_eq!(parse_time(git), day, "{git}");
        assert_eq!(parse_time("01/06/2026"), None);
        assert_eq!(time("01/06/2026", DayFirst::of(["13/06/2026"].into_iter())), day);
        assert_eq!(time("06/01/2026", DayFirst::of(["06/13/2026"].into_iter())), day);
    }

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
