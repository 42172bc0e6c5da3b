//! A time as a table of another tool may have it.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;

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
}
