//! Dates as fio writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A date of fio's, taken for UTC; and its words.
pub(super) fn moment(told: &str) -> Option<(Timestamp, String)> {
    let at = date(told)?;
    let shown = at.strftime("%a %b %-d %H:%M:%S %Y").to_string();
    Some((at.to_zoned(TimeZone::UTC).ok()?.timestamp(), shown))
}

/// `SunJun1310:05:412021`, with spaces or without: a date in the words of C.
pub(super) fn date(text: &str) -> Option<DateTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let month = bare.get(3..6)?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (day_and_hour, rest) = bare.get(6..)?.split_once(':')?;
    let day = day_and_hour.get(..day_and_hour.len().checked_sub(2)?)?;
    let hour = day_and_hour.get(day_and_hour.len() - 2..)?;
    let (minute, rest) = rest.split_once(':')?;
    let (second, year) = (rest.get(..2)?, rest.get(2..6)?);
    let short = |text: &str| text.parse::<i8>().ok();
    let month = i8::try_from(month).ok()?;
    DateTime::new(
        year.parse().ok()?,
        month,
        short(day)?,
        short(hour)?,
        short(minute)?,
        short(second)?.min(59),
        0,
    )
    .ok()
}

/// Whether two of fio's dates are of one moment: the text is written a second later than the JSON at times.
pub(super) fn same_moment(a: &str, b: &str) -> bool {
    match (moment(a), moment(b)) {
        (Some((a, _)), Some((b, _))) => a.duration_since(b).as_secs().abs() <= 2,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_read_with_spaces_and_without() {
        for (text, told) in [
            ("Sun Jun 13 10:05:41 2021", "2021-06-13T10:05:41"),
            ("TueJul417:04:592023write:IOPS", "2023-07-04T17:04:59"),
            ("Wed Jan  1 00:00:60 2025", "2025-01-01T00:00:59"),
        ] {
            assert_eq!(date(text).unwrap().to_string(), told);
        }
        for nonsense in ["", "Sun", "SunJun:", "SunJun9:1:2", "So Jun 13 10:05:41 2021"] {
            assert_eq!(date(nonsense), None, "{nonsense}");
        }
    }
}
