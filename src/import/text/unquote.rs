//! What a paste puts in front of lines is taken off: marks of a quotation, line numbers, times and names of a log.
//!
//! A kind of prefix is taken off where most lines have it, so that a line of the output itself that happens to look like
//! one stays whole. Lines are never added or removed: errors go on naming those of the file.

use std::borrow::Cow;

/// A log in a quotation in a listing has three kinds of prefixes; more than this are no paste.
const MOST_KINDS: usize = 6;

/// Takes one kind of prefix off a line, or says that it has none.
type Prefix = fn(&str) -> Option<&str>;

/// The last one is of lists in documents.
const PREFIXES: [Prefix; 9] = [
    quote,
    iso_time,
    clock_time,
    syslog,
    container,
    bracketed,
    stream_of_log,
    name_and_bar,
    list_item,
];

/// The text without them.
pub(super) fn unquote(text: String) -> String {
    let text = log_objects(&text).unwrap_or(text);
    // The strings of a document are its own.
    let is_document = text.trim_start().starts_with(['{', '[']);
    let mut lines: Vec<&str> = text.split('\n').collect();
    for _ in 0..MOST_KINDS {
        let filled = lines.iter().filter(|line| !line.trim().is_empty()).count();
        let is_common = |prefix: &Prefix| {
            let having = lines.iter().filter(|line| prefix(line.trim_start()).is_some()).count();
            filled > 1 && having * 2 > filled
        };
        let known = &PREFIXES[..PREFIXES.len() - usize::from(is_document)];
        if let Some(prefix) = known.iter().find(|prefix| is_common(prefix)) {
            for line in &mut lines {
                *line = prefix(line.trim_start()).unwrap_or(line);
            }
        } else if are_numbered(&lines) {
            for line in &mut lines {
                *line = numbered(line).map_or(*line, |(_, rest)| rest);
            }
        } else {
            break;
        }
    }
    lines.join("\n")
}

/// `> `, `| `, `# `, of a mail, a table or a comment. Before percentiles fio itself writes a bar, which says nothing.
fn quote(line: &str) -> Option<&str> {
    line.strip_prefix(['>', '|', '#', '│', '┃']).map(str::trim_start).or_else(|| {
        line.strip_prefix("&gt;").or_else(|| line.strip_prefix("// ")).map(str::trim_start)
    })
}

/// `2023-07-04T17:04:59.123Z `, `2023-07-04 17:04:59,123 `, with brackets or without.
fn iso_time(line: &str) -> Option<&str> {
    let (open, inner) = match line.strip_prefix('[') {
        Some(inner) => (true, inner),
        None => (false, line),
    };
    let bytes = inner.as_bytes();
    let is_date = bytes.len() > 19
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b' ')
        && bytes[13] == b':'
        && bytes[16] == b':';
    if !is_date {
        return None;
    }
    after_time(inner.get(19..)?, open)
}

/// `17:04:59 ` and `[17:04:59.123] `.
fn clock_time(line: &str) -> Option<&str> {
    let (open, inner) = match line.strip_prefix('[') {
        Some(inner) => (true, inner),
        None => (false, line),
    };
    let bytes = inner.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_time = digit(0)
        && digit(1)
        && bytes.get(2) == Some(&b':')
        && digit(3)
        && digit(4)
        && bytes.get(5) == Some(&b':')
        && digit(6)
        && digit(7);
    if !is_time {
        return None;
    }
    after_time(inner.get(8..)?, open)
}

/// What follows a fraction, a zone and the closing bracket.
fn after_time(rest: &str, is_open: bool) -> Option<&str> {
    let in_time = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | 'Z' | '+' | '-' | ':');
    let rest = rest.trim_start_matches(in_time);
    if is_open {
        return rest
            .trim_start_matches(' ')
            .strip_prefix(']')
            .map(|rest| rest.trim_start_matches(' '));
    }
    rest.is_empty().then_some(rest).or_else(|| rest.strip_prefix([' ', '\t']))
}

/// `Jul  4 17:04:59 host fio[123]: `.
fn syslog(line: &str) -> Option<&str> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let rest = MONTHS.iter().find_map(|month| line.strip_prefix(month))?;
    let rest = rest.strip_prefix(' ')?.trim_start();
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(' ')?;
    let rest = clock_time(rest)?;
    let (_host, rest) = rest.split_once(' ')?;
    let (tag, rest) = rest.split_once(':')?;
    (tag.len() < 64 && !tag.contains(' ')).then(|| rest.strip_prefix(' ').unwrap_or(rest))
}

/// `[pod/fio-abc/fio] ` of kubectl logs --prefix, `[  12.345] ` of a kernel's log.
fn bracketed(line: &str) -> Option<&str> {
    let (inner, rest) = line.strip_prefix('[')?.split_once(']')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "./_-: @".contains(c);
    let named = !inner.is_empty() && inner.len() < 200 && inner.chars().all(is_name);
    (named && (rest.is_empty() || rest.starts_with([' ', '\t'])))
        .then(|| rest.trim_start_matches(' '))
}

/// `stdout F ` of a container runtime's log, behind its time.
fn stream_of_log(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("stdout ").or_else(|| line.strip_prefix("stderr "))?;
    let rest = rest.strip_prefix("F").or_else(|| rest.strip_prefix("P"))?;
    rest.is_empty().then_some(rest).or_else(|| rest.strip_prefix(' '))
}

/// `fio-1  | ` of docker compose.
fn name_and_bar(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once('|')?;
    let name = name.trim_end();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/@".contains(c);
    let named = !name.is_empty() && name.len() < 64 && name.chars().all(is_name);
    named.then(|| rest.strip_prefix(' ').unwrap_or(rest))
}

/// `pod-abc fio > ` and `cp1 : ` of tools that show several logs.
fn container(line: &str) -> Option<&str> {
    let (names, rest) = line.split_once(" > ").or_else(|| line.split_once(" : "))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-/@ ".contains(c);
    // `cpu          : usr=` and `IO depths    : 1=` are fio's own.
    let own = ["cpu", "IO depths", "submit", "complete", "issued", "latency"];
    let named = names.len() < 80 && names.chars().all(is_name) && !own.contains(&names.trim());
    named.then_some(rest)
}

/// `"…",` of a list of lines in JSON or YAML.
fn list_item(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("- ").unwrap_or(line).strip_prefix('"')?;
    let inner = inner.trim_end().trim_end_matches(',');
    let inner = inner.strip_suffix('"')?;
    // A line of a JSON object has a name in quotation marks, too.
    (!inner.contains("\" :") && !inner.contains("\":")).then_some(inner)
}

/// Whether lines begin with numbers that count up.
fn are_numbered(lines: &[&str]) -> bool {
    let filled = || lines.iter().filter(|line| !line.trim().is_empty());
    let numbers: Vec<u64> = filled().filter_map(|line| Some(numbered(line)?.0)).collect();
    let counting =
        numbers.windows(2).filter(|pair| pair[0].checked_add(1) == Some(pair[1])).count();
    numbers.len() > 2
        && numbers.len() * 10 > filled().count() * 8
        && counting * 10 >= numbers.len() * 7
}

/// `12: `, `12| `, `12\t`, `  12  `.
fn numbered(line: &str) -> Option<(u64, &str)> {
    let line = line.trim_start();
    let end = line.find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len());
    let number = line.get(..end)?.parse().ok()?;
    let rest = &line[end..];
    let mark = rest.strip_prefix([':', '|', '-', ')', '.']).unwrap_or(rest);
    (rest.is_empty() || mark.len() < rest.len() || rest.starts_with([' ', '\t']))
        .then_some((number, mark))
}

/// Lines of a container's log, each `{"log":"…\n","stream":"stdout",…}`; the text they hold.
fn log_objects(text: &str) -> Option<String> {
    let first = text.trim_start();
    if !first.starts_with("{\"log\":") {
        return None;
    }
    let lines =
        text.split('\n').map(|line| match serde_json::from_str::<serde_json::Value>(line) {
            Ok(value) => match value.get("log").and_then(serde_json::Value::as_str) {
                Some(log) => Cow::Owned(crate::files::decode(log.trim_end().as_bytes())),
                None => Cow::Borrowed(line),
            },
            Err(_) => Cow::Borrowed(line),
        });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::unquote;

    const LINES: [&str; 5] = [
        "wal: (groupid=0, jobs=1): err= 0: pid=7: Sun Jun 13 10:05:41 2021",
        "write: IOPS=908, BW=2040KiB/s (2089kB/s)(22.0MiB/11041msec); 0 zone resets",
        "fsync/fdatasync/sync_file_range:",
        "sync (usec): min=590, max=8120, avg=1101.00, stdev= 5.00",
        "| 99.00th=[ 2140], 99.50th=[ 2460], 99.90th=[ 4120], 99.95th=[ 5010],",
    ];

    fn squeezed(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace() && *c != '|').collect()
    }

    #[test]
    fn prefixes_of_pastes_and_logs_come_off() {
        let plain = squeezed(&LINES.concat());
        let prefixes: [fn(usize) -> String; 14] = [
            |_| String::new(),
            |_| "    ".to_owned(),
            |_| "> ".to_owned(),
            |_| "> > ".to_owned(),
            |_| "| ".to_owned(),
            |_| "# ".to_owned(),
            |at| format!("{:>4}\t", at + 7),
            |at| format!("{}: ", at + 1),
            |at| format!("2023-07-04T17:04:0{at}.123456789Z "),
            |at| format!("2023-07-04T17:04:0{at}.1+02:00 stdout F "),
            |_| "[pod/fio-abc12/fio] ".to_owned(),
            |_| "fio-1  | ".to_owned(),
            |at| format!("Jul  4 17:04:0{at} cp1 fio[812]: "),
            |at| format!("> {}: ", at + 1),
        ];
        for (kind, prefix) in prefixes.iter().enumerate() {
            let lines = LINES.iter().enumerate().map(|(at, line)| prefix(at) + line);
            let text = unquote(lines.collect::<Vec<_>>().join("\n"));
            assert_eq!(squeezed(&text), plain, "prefix {kind}: {text}");
            assert_eq!(text.lines().count(), LINES.len());
        }
        let listed = LINES.map(|line| format!("        \"{line}\","));
        assert_eq!(squeezed(&unquote(listed.join("\n"))), plain);
        let logged = LINES.map(|line| format!("{{\"log\":\"{line}\\n\",\"stream\":\"stdout\"}}"));
        assert_eq!(squeezed(&unquote(logged.join("\n"))), plain);
    }

    #[test]
    fn output_without_a_prefix_stays_as_it_is() {
        let report = "Summary:\n  Total:\t9.4 secs.\n\n  0.0003 [1]\t|\n  0.1 [9]\t|∎\n\n  10% in 0.1 secs.\n  50% in 0.2 secs.";
        assert_eq!(unquote(report.to_owned()), report);
        let json = "{\n  \"a\" : 1,\n  \"b\" : \"c\",\n  \"d\" : [ 1 ]\n}";
        assert_eq!(unquote(json.to_owned()), json);
    }
}
