//! Times as logs write them: with and without a zone, a year or a fraction.

/// Days from 1970-01-01 to a date of the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

const NS: i64 = 1_000_000_000;
/// Years whose nanoseconds since 1970 fit, with room for a year more.
const YEARS: std::ops::RangeInclusive<i64> = 1970..=2250;
/// The last nanosecond of them, roundly.
const LATEST_NS: i64 = 8_800_000_000_000_000_000;
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// A point in time, in nanoseconds since 1970 (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Nanoseconds since 1970. Taken as UTC where no zone is told.
    pub ns: i64,
    /// Whether the zone was told.
    pub zoned: bool,
}

/// Reads digits of a text from a place on.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn number(&self, at: usize, digits: usize) -> Option<i64> {
        let text = self.0.get(at..at + digits)?;
        text.iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
        })
    }

    fn is(&self, at: usize, any: &[u8]) -> bool {
        self.0.get(at).is_some_and(|byte| any.contains(byte))
    }

    /// `hh:mm:ss` as seconds of the day.
    fn clock(&self, at: usize) -> Option<i64> {
        let (h, m, s) = (self.number(at, 2)?, self.number(at + 3, 2)?, self.number(at + 6, 2)?);
        let fits = h < 24 && m < 60 && s <= 60 && self.is(at + 2, b":") && self.is(at + 5, b":");
        fits.then_some(h * 3600 + m * 60 + s)
    }
}

/// `2026-03-14T02:11:02.517Z`, `2026-02-10 08:02:46.911730`, `2026/05/18 14:09:59`, with `+0000` or `+00:00` behind it
/// or not; and how many bytes it takes.
pub(super) fn dated(text: &[u8]) -> Option<(Stamp, usize)> {
    let read = Digits(text);
    let (year, month, day) = (read.number(0, 4)?, read.number(5, 2)?, read.number(8, 2)?);
    let shaped = read.is(4, b"-/") && read.is(7, b"-/") && read.is(10, b"T t");
    if !shaped || !YEARS.contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + read.clock(11)?;
    let (fraction, mut end) = fraction(text, 19);
    let mut offset = 0;
    let mut zoned = true;
    if read.is(end, b"Zz") {
        end += 1;
    } else if read.is(end, b"+-") {
        let colon = usize::from(read.is(end + 3, b":"));
        let (h, m) = (read.number(end + 1, 2)?, read.number(end + 3 + colon, 2)?);
        let sign = if read.is(end, b"-") { -1 } else { 1 };
        offset = sign * (h * 3600 + m * 60);
        end += 5 + colon;
    } else {
        zoned = false;
    }
    Some((Stamp { ns: (seconds - offset) * NS + fraction, zoned }, end))
}

/// A fraction of a second in nanoseconds, and where it ends.
fn fraction(text: &[u8], at: usize) -> (i64, usize) {
    if !text.get(at).is_some_and(|byte| b".,".contains(byte)) {
        return (0, at);
    }
    let digits = text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit());
    let (mut ns, mut unit, mut end) = (0, NS / 10, at + 1);
    for digit in digits {
        ns += i64::from(digit - b'0') * unit;
        unit /= 10;
        end += 1;
    }
    (ns, end)
}

/// `May 18 14:09:59` or `May 18 14:09:59.204871`, of the year that brings it nearest to a point in time; and how many
/// bytes it takes.
pub(super) fn yearless(text: &[u8], near_ns: i64) -> Option<(Stamp, usize)> {
    let month = MONTHS.iter().position(|name| text.starts_with(name.as_slice()))? as i64 + 1;
    let read = Digits(text);
    let day = if read.is(4, b" ") { read.number(5, 1)? } else { read.number(4, 2)? };
    if !read.is(3, b" ") || !read.is(6, b" ") || !(1..=31).contains(&day) {
        return None;
    }
    let clock = read.clock(7)?;
    let (fraction, end) = fraction(text, 15);
    let of = |year: i64| (days(year, month, day) * 86_400 + clock) * NS + fraction;
    let this = year(near_ns.clamp(0, LATEST_NS));
    let ns =
        [this - 1, this, this + 1].map(of).into_iter().min_by_key(|ns| ns.abs_diff(near_ns))?;
    Some((Stamp { ns, zoned: false }, end))
}

/// Seconds since 1970 as a number, or milliseconds: etcd before 3.5.3 prints the former until its logger is set up
/// (etcd#13864).
pub(super) fn unix(text: &str) -> Option<Stamp> {
    let number = text.parse::<f64>().ok()?;
    // From 2001 to 2248: what is smaller or larger is another number.
    let seconds = match number {
        n if (1e9..8.8e9).contains(&n) => n,
        n if (1e12..8.8e12).contains(&n) => n / 1e3,
        _ => return None,
    };
    // A number of this size is exact to a microsecond.
    Some(Stamp { ns: (seconds * 1e6).round() as i64 * 1_000, zoned: true })
}

/// The year of a point in time.
pub(super) fn year(ns: i64) -> i64 {
    let day = ns.div_euclid(NS).div_euclid(86_400);
    let mut year = 1970 + day / 366;
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    year
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        jiff::Timestamp::as_nanosecond(text.parse().unwrap()) as i64
    }

    #[test]
    fn times_of_every_form() {
        let same = "2026-03-14T02:11:02.517Z";
        for text in [
            same,
            "2026-03-14T03:11:02.517+0100",
            "2026-03-13T21:11:02.517000-05:00",
            "2026-03-14 02:11:02.517000 W | x",
            "2026/03/14 02:11:02.517",
        ] {
            let (stamp, end) = dated(text.as_bytes()).unwrap();
            assert_eq!(stamp.ns, at(same), "{text}");
            assert!(text[end..].is_empty() || text[end..].starts_with(' '), "{text}");
        }
        assert_eq!(
            yearless(b"May  8 14:09:59 cp-b", at("2026-06-01T00:00:00Z")).unwrap().0.ns,
            at("2026-05-08T14:09:59Z")
        );
        assert_eq!(
            yearless(b"Dec 31 23:59:59.5 x", at("2025-01-02T00:00:00Z")).unwrap().0.ns,
            at("2024-12-31T23:59:59.5Z")
        );
        assert_eq!(unix("1634567890.25").unwrap().ns, 1_634_567_890_250_000_000);
        assert_eq!(unix("1634567890250").unwrap().ns, 1_634_567_890_250_000_000);
        for text in
            ["", "2026", "2026-13-01T00:00:00Z", "2026-03-14T25:00:00Z", "x026-03-14T02:11:02Z"]
        {
            assert_eq!(dated(text.as_bytes()), None, "{text}");
        }
        for (text, wanted) in [
            ("1970-01-01T00:00:00Z", 1970),
            ("2024-12-31T23:59:59Z", 2024),
            ("2025-01-01T00:00:00Z", 2025),
        ] {
            assert_eq!(year(at(text)), wanted, "{text}");
        }
    }
}
