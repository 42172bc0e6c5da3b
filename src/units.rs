//! Units: every duration, size, share and count is parsed and printed here and nowhere else.

const NS_PER_US: f64 = 1e3;
const NS_PER_MS: f64 = 1e6;
const NS_PER_S: f64 = 1e9;

/// Duration units a person may type, with their nanoseconds; longest names first so that "ms" is not read as "m".
const DURATION_UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", NS_PER_US),
    ("µs", NS_PER_US),
    ("ms", NS_PER_MS),
    ("s", NS_PER_S),
    ("m", 60.0 * NS_PER_S),
    ("min", 60.0 * NS_PER_S),
    ("h", 3600.0 * NS_PER_S),
    ("d", 86_400.0 * NS_PER_S),
];

/// Size units a person may type, with their bytes: decimal as SI has them, binary as IEC has them.
const BYTE_UNITS: &[(&str, f64)] = &[
    ("b", 1.0),
    ("k", 1024.0),
    ("kb", 1e3),
    ("kib", 1024.0),
    ("m", 1_048_576.0),
    ("mb", 1e6),
    ("mib", 1_048_576.0),
    ("g", 1_073_741_824.0),
    ("gb", 1e9),
    ("gib", 1_073_741_824.0),
    ("t", 1_099_511_627_776.0),
    ("tb", 1e12),
    ("tib", 1_099_511_627_776.0),
];

/// A number of things: `1 stall`, `2,000 stalls`, `3 entries`. Of a name of several words the last has the ending.
pub fn counted(count: u64, name: &str) -> String {
    format!("{} {}", format_count(count), plural(count, name))
}

/// The name of so many things.
pub fn plural(count: u64, name: &str) -> String {
    let hissing = ["s", "x", "ch", "sh"];
    let is_consonant = |c: char| !"aeiou".contains(c);
    match name.strip_suffix('y') {
        _ if count == 1 || name.ends_with("series") => name.to_owned(),
        Some(stem) if stem.ends_with(is_consonant) => format!("{stem}ies"),
        _ if hissing.iter().any(|ending| name.ends_with(ending)) => format!("{name}es"),
        _ => format!("{name}s"),
    }
}

/// Parses `10ms`, `1.5s`, `30m`, `1h30m` into nanoseconds.
///
/// # Errors
/// A message that shows the accepted forms. A bare number has no unit and is refused.
pub fn parse_duration(text: &str) -> Result<u64, String> {
    let fail =
        || format!("'{text}' is not a duration; write it with a unit, like 10ms, 1.5s or 30m");
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return Err(fail());
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or_else(fail)?;
        let unit_len = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_len);
        let &(_, ns) =
            DURATION_UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(fail)?;
        total += number * ns;
        rest = next;
    }
    if total > u64::MAX as f64 / 2.0 {
        return Err(format!("'{text}' is too long a duration"));
    }
    Ok(total.round() as u64)
}

/// Parses like [`parse_duration`], and takes a bare number as milliseconds, as etcd's own time flags do.
///
/// # Errors
/// A message that shows the accepted forms.
pub fn parse_duration_or_millis(text: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    let bare = !trimmed.is_empty() && trimmed.chars().all(|c| c.is_ascii_digit() || c == '.');
    if bare {
        parse_duration(&format!("{trimmed}ms")).map_err(|_| not_a_time_flag(text))
    } else {
        parse_duration(trimmed).map_err(|_| not_a_time_flag(text))
    }
}

fn not_a_time_flag(text: &str) -> String {
    format!(
        "'{text}' is not a duration; write it like 100ms, 1s, or as etcd does in milliseconds: 100"
    )
}

/// Parses `2GiB`, `64MB`, `4k` or a bare number of bytes.
///
/// # Errors
/// A message that shows the accepted forms.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let fail = || format!("'{text}' is not a size; write it like 4096, 500MB or 2GiB");
    let (number, unit) = split_number(text.trim()).ok_or_else(fail)?;
    let unit = unit.trim().to_ascii_lowercase();
    let factor = if unit.is_empty() {
        1.0
    } else {
        BYTE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(fail)?.1
    };
    let bytes = number * factor;
    if bytes > i64::MAX as f64 {
        return Err(format!("'{text}' is too large a size"));
    }
    Ok(bytes.round() as u64)
}

/// Parses a number without a unit.
///
/// # Errors
/// A message that shows what it looks like.
pub fn parse_number(text: &str) -> Result<f64, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("'{text}' is not a number; write it without a unit, like 500 or 0.5"))
}

/// Parses `0.01%` or `0.0001` into a share between 0 and 1.
///
/// # Errors
/// A message that shows the accepted forms.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let fail = || format!("'{text}' is not a share; write it like 0.1% or 0.001");
    let trimmed = text.trim();
    let (digits, factor) = match trimmed.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), 0.01),
        None => (trimmed, 1.0),
    };
    let share = digits.parse::<f64>().map_err(|_| fail())? * factor;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(fail()) }
}

fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number = text[..end].parse::<f64>().ok()?;
    number.is_finite().then_some((number, &text[end..]))
}

/// A duration for people: two or three significant digits and a unit, milliseconds wherever etcd's thresholds are.
pub fn format_duration(ns: u64) -> String {
    let ns = ns as f64;
    match ns {
        n if n < NS_PER_US => format!("{n} ns"),
        n if n < 10.0 * NS_PER_US => format!("{} µs", significant(n / NS_PER_US)),
        n if n < NS_PER_S => format!("{} ms", significant(n / NS_PER_MS)),
        n if n < 120.0 * NS_PER_S => format!("{} s", significant(n / NS_PER_S)),
        n if n < 7200.0 * NS_PER_S => format!("{} min", significant(n / NS_PER_S / 60.0)),
        n => format!("{} h", significant(n / NS_PER_S / 3600.0)),
    }
}

/// A duration known only to lie between two others, for people: `8–16 ms`, `≤ 1 ms`, `> 8.19 s`.
pub fn format_between(above_ns: u64, at_most_ns: Option<u64>) -> String {
    let Some(at_most_ns) = at_most_ns else {
        return format!("> {}", format_duration(above_ns));
    };
    let high = format_duration(at_most_ns);
    if above_ns == 0 {
        return format!("≤ {high}");
    }
    let low = format_duration(above_ns);
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number}–{high}"),
        _ => format!("{low} – {high}"),
    }
}

/// The time of day of an RFC 3339 time, for a page that tells the day elsewhere: `20:15:31.417`. Anything else comes
/// back as it is.
pub fn time_of_day(at: &str) -> &str {
    let Some((_, time)) = at.split_once('T') else {
        return at;
    };
    let time = time.trim_end_matches('Z');
    // Milliseconds are as fine as anybody reads.
    match time.split_once('.') {
        Some((whole, fraction)) if fraction.len() > 3 && fraction.is_ascii() => {
            &time[..whole.len() + 4]
        }
        _ => time,
    }
}

/// Day and time of an RFC 3339 time in UTC, to the second: `2026-11-21 20:15:31 UTC`. Anything else comes back as it is.
pub fn date_and_time(at: &str) -> String {
    match at.split_once('T') {
        Some((day, time)) if time.ends_with('Z') => {
            let time = time.trim_end_matches('Z');
            let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
            format!("{day} {whole} UTC")
        }
        _ => at.to_owned(),
    }
}

/// Milliseconds for people, without the unit: for rows of figures that share one.
pub fn format_millis(ns: u64) -> String {
    significant(ns as f64 / NS_PER_MS)
}

/// A duration in its shortest exact form that [`parse_duration`] reads back: `30m`, `1500ms`.
pub fn exact_duration(ns: u64) -> String {
    const UNITS: [(&str, u64); 6] = [
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    let fits = |&&(_, size): &&(&str, u64)| ns > 0 && ns.is_multiple_of(size);
    match UNITS.iter().find(fits) {
        Some((unit, size)) => format!("{}{unit}", ns / size),
        None => "0s".to_owned(),
    }
}

/// A share as it may be typed: `0.01%`. [`parse_share`] reads it back, to ten decimals.
pub fn exact_share(share: f64) -> String {
    let text = format!("{:.10}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A size in its shortest exact form that [`parse_bytes`] reads back: `2GiB`, `1025`.
pub fn exact_bytes(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let fits = |&&(_, shift): &&(&str, u32)| bytes > 0 && bytes.is_multiple_of(1 << shift);
    match UNITS.iter().find(fits) {
        Some((unit, shift)) => format!("{}{unit}", bytes >> shift),
        None => bytes.to_string(),
    }
}

/// A size for people, in binary units.
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{} {}", significant(value), UNITS[unit]) }
}

/// A whole number with thousands separators: `14,983`.
pub fn format_count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A share as percent: `0.009 %`.
pub fn format_share(share: f64) -> String {
    format!("{} %", significant(share * 100.0))
}

/// A factor: `32×`, `0.1×`.
pub fn format_ratio(ratio: f64) -> String {
    format!("{}×", significant_at_most(ratio, 2))
}

/// Three significant digits below 100, whole numbers with separators above.
pub fn significant(value: f64) -> String {
    significant_at_most(value, 3)
}

fn significant_at_most(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if magnitude + 1 >= digits as i32 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", format_count(value.abs().round() as u64));
    }
    let decimals = (digits as i32 - 1 - magnitude).clamp(0, 6) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_parsed_with_their_unit() {
        assert_eq!(parse_duration("10ms"), Ok(10_000_000));
        assert_eq!(parse_duration("1.5s"), Ok(1_500_000_000));
        assert_eq!(parse_duration("30m"), Ok(1_800_000_000_000));
        assert_eq!(parse_duration("1h30m"), Ok(5_400_000_000_000));
        assert_eq!(parse_duration(" 250 us "), Ok(250_000));
    }

    #[test]
    fn durations_without_or_with_wrong_unit_are_refused() {
        for text in ["", "10", "ms", "10 parsecs", "-1s", "1.2.3s", "s10"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_know_binary_and_decimal() {
        assert_eq!(parse_bytes("2GiB"), Ok(2 << 30));
        assert_eq!(parse_bytes("64MB"), Ok(64_000_000));
        assert_eq!(parse_bytes("4096"), Ok(4096));
        assert_eq!(parse_bytes("1.5 GiB"), Ok(3 << 29));
        assert!(parse_bytes("2 bananas").is_err());
        assert!(parse_bytes("-5").is_err());
    }

    #[test]
    fn etcd_time_flags_may_leave_the_unit_out() {
        assert_eq!(parse_duration_or_millis("100"), Ok(100_000_000));
        assert_eq!(parse_duration_or_millis("1.5s"), Ok(1_500_000_000));
        for text in ["", "fast", "-100", "1.2.3"] {
            assert!(parse_duration_or_millis(text).is_err(), "{text}");
        }
    }

    #[test]
    fn plans_are_typed_again_unchanged() {
        for ns in [1, 1_500, 100_000_000, 1_500_000_000, 90_000_000_000, 1_800_000_000_000] {
            assert_eq!(parse_duration(&exact_duration(ns)), Ok(ns));
        }
        for bytes in [0, 1, 1025, 64 << 20, 2 << 30, 64_000_000] {
            assert_eq!(parse_bytes(&exact_bytes(bytes)), Ok(bytes));
        }
        assert_eq!(exact_duration(1_800_000_000_000), "30m");
        assert_eq!(exact_bytes(2 << 30), "2GiB");
    }

    #[test]
    fn times_of_day() {
        assert_eq!(time_of_day("2026-11-21T20:15:21.417123Z"), "20:15:21.417");
        assert_eq!(time_of_day("2026-11-21T20:15:21Z"), "20:15:21");
        assert_eq!(time_of_day("then"), "then");
        let long = "2026-11-21T20:15:21.417123Z";
        assert_eq!(date_and_time(long), "2026-11-21 20:15:21 UTC");
        assert_eq!(date_and_time("2026-11-21T20:15:21+01:00"), "2026-11-21T20:15:21+01:00");
    }

    #[test]
    fn shares() {
        assert_eq!(parse_share("0.001"), Ok(0.001));
        assert!((parse_share("0.01%").unwrap() - 0.0001).abs() < 1e-12);
        assert!(parse_share("120%").is_err());
    }

    #[test]
    fn exact_forms_are_read_back_unchanged() {
        for (ns, text) in [
            (10_000_000, "10ms"),
            (1_500_000_000, "1500ms"),
            (60_000_000_000, "1m"),
            (250_000, "250us"),
            (1, "1ns"),
        ] {
            assert_eq!(exact_duration(ns), text);
            assert_eq!(parse_duration(text), Ok(ns));
        }
        for (share, text) in [(0.0001, "0.01%"), (0.00007, "0.007%"), (1.0, "100%")] {
            assert_eq!(exact_share(share), text);
            assert!((parse_share(text).unwrap() - share).abs() < 1e-12);
        }
    }

    #[test]
    fn people_read_few_digits() {
        assert_eq!(format_duration(850), "850 ns");
        assert_eq!(format_duration(5_240), "5.24 µs");
        assert_eq!(format_duration(312_345), "0.312 ms");
        assert_eq!(format_duration(95_900_000), "95.9 ms");
        assert_eq!(format_duration(1_500_000_000), "1.5 s");
        assert_eq!(format_duration(1_800_000_000_000), "30 min");
        assert_eq!(format_between(8_000_000, Some(16_000_000)), "8–16 ms");
        assert_eq!(format_between(0, Some(1_000_000)), "≤ 1 ms");
        assert_eq!(format_between(512_000_000, Some(1_024_000_000)), "512 ms – 1.02 s");
        assert_eq!(format_between(8_192_000_000, None), "> 8.19 s");
        assert_eq!(format_bytes(442_381_631_488), "412 GiB");
        assert_eq!(format_count(1_234_567), "1,234,567");
        assert_eq!(format_share(0.000_09), "0.009 %");
        assert_eq!(format_ratio(32.3), "32×");
        assert_eq!(format_ratio(0.104), "0.1×");
    }

    #[test]
    fn one_thing_has_no_ending() {
        for (count, name, wanted) in [
            (0, "stall", "0 stalls"),
            (1, "stall", "1 stall"),
            (2_000, "stall", "2,000 stalls"),
            (2, "more metric", "2 more metrics"),
            (2, "entry", "2 entries"),
            (2, "day", "2 days"),
            (2, "watch", "2 watches"),
            (2, "class", "2 classes"),
            (2, "more series", "2 more series"),
            (1, "more series", "1 more series"),
        ] {
            assert_eq!(counted(count, name), wanted);
        }
    }
}
