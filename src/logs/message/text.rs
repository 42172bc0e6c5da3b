//! Durations, numbers, ids and errors, as etcd writes them.

use super::super::fields::Fields;
use crate::diagnosis::{Failure, MemberId};
use crate::units;

pub(super) fn duration(text: &str) -> Option<u64> {
    units::parse_duration(text.trim_matches(|c: char| "(),;[]".contains(c))).ok()
}

pub(super) fn timed(fields: &Fields<'_>, name: &str) -> Option<u64> {
    fields.get(name).and_then(duration)
}

pub(super) fn number(fields: &Fields<'_>, name: &str) -> Option<i64> {
    fields.get(name)?.parse().ok()
}

pub(super) fn bytes(value: Option<i64>) -> Option<u64> {
    value.and_then(|value| u64::try_from(value).ok())
}

/// A member's id: 16 hexadecimal digits, or fewer where it begins with zeros.
pub(super) fn id(text: &str) -> Option<MemberId> {
    let text = text.trim_matches(|c: char| "(),;:[]'\"".contains(c));
    let hex = (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| u64::from_str_radix(text, 16).ok()).flatten().filter(|id| *id != 0).map(MemberId)
}

/// The text between two marks.
pub(super) fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let rest = &text[text.find(from)? + from.len()..];
    Some(&rest[..rest.find(to)?])
}

/// What an error speaks of.
pub(super) fn failure(error: &str) -> Failure {
    const SAID: [(&str, Failure); 18] = [
        ("x509", Failure::Certificate),
        ("certificate", Failure::Certificate),
        ("tls: ", Failure::Certificate),
        ("network is unreachable", Failure::NoNetwork),
        ("no route to host", Failure::NoRoute),
        ("host is down", Failure::NoRoute),
        ("no such host", Failure::NoName),
        ("server misbehaving", Failure::NoName),
        ("dial tcp: lookup", Failure::NoName),
        ("i/o timeout", Failure::Timeout),
        ("deadline exceeded", Failure::Timeout),
        ("Client.Timeout", Failure::Timeout),
        ("connection timed out", Failure::Timeout),
        ("connection refused", Failure::Refused),
        ("connection reset", Failure::Refused),
        ("broken pipe", Failure::Refused),
        ("closed network connection", Failure::Refused),
        ("EOF", Failure::Refused),
    ];
    SAID.iter()
        .find(|(text, _)| error.contains(text))
        .map_or(Failure::Other, |(_, failure)| *failure)
}
