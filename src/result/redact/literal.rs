//! Texts within a line of JSON, changed where they stand, so that every number stays as it was written.

/// A line with each text in it as `change` gives it, but for those under the keys `kept`. Of keys only those are changed
/// that are sentences, like the texts of errors, or addresses: a blank or a colon tells.
pub(super) fn mapped(line: &[u8], kept: &[&str], change: impl Fn(&str) -> String) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut key = String::new();
    let mut at = 0;
    while at < line.len() {
        if line[at] != b'"' {
            out.push(line[at]);
            at += 1;
            continue;
        }
        let end = end_of(line, at);
        let literal = &line[at..end];
        let text = serde_json::from_slice::<String>(literal).unwrap_or_default();
        let is_key = line[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        let open = if is_key { text.contains([' ', ':']) } else { !kept.contains(&key.as_str()) };
        let changed = if open { change(&text) } else { text.clone() };
        match changed == text {
            true => out.extend_from_slice(literal),
            false => out.extend_from_slice(serde_json::Value::from(changed).to_string().as_bytes()),
        }
        if is_key {
            key = text;
        }
        at = end;
    }
    out
}

/// Behind the text that begins here.
fn end_of(line: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while at < line.len() {
        match line[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_changed_and_nothing_else() {
        let line = br#"{"vm":"vm","histogram":"vm/+vm","told":{"at vm: \"x\"":1.0000000000000002e-7},"list":["a","vm"]}"#;
        let mapped = mapped(line, &["histogram"], |text| text.replace("vm", "host-1"));
        let expected = r#"{"vm":"host-1","histogram":"vm/+vm","told":{"at host-1: \"x\"":1.0000000000000002e-7},"list":["a","host-1"]}"#;
        assert_eq!(String::from_utf8(mapped).unwrap(), expected);
    }

    #[test]
    fn torn_lines_are_borne() {
        for line in [&b"{\"a"[..], b"\"\\", b"\"", b"{\"a\":\"\\u12\"}", b"\xff\"\xff\""] {
            assert_eq!(mapped(line, &[], str::to_owned), line);
        }
    }
}
