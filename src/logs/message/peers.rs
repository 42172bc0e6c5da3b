//! The network and the clocks.

use super::super::fields::Fields;
use super::kinds::{Message, Trouble};
use super::text::{between, duration, failure, id, timed};
use crate::diagnosis::{Failure, MemberId, PeerSign};

pub(super) fn understand(text: &str, fields: &Fields<'_>) -> Option<Message> {
    structured(text, fields).or_else(|| plain(text)).or_else(|| clocks(text, fields))
}

fn peer(fields: &Fields<'_>) -> Option<MemberId> {
    ["remote-peer-id", "peer-id"].iter().find_map(|name| fields.get(name).and_then(id))
}

fn trouble(
    sign: PeerSign,
    peer: Option<MemberId>,
    error: &str,
    rtt_ns: Option<u64>,
) -> Option<Message> {
    let trouble = Trouble { sign, failure: failure(error), rtt_ns, address: address(error) };
    Some(Message::PeerTrouble { peer, trouble })
}

fn structured(text: &str, fields: &Fields<'_>) -> Option<Message> {
    let error = fields.get("error").unwrap_or(text);
    let sign = match text {
        _ if text.starts_with("prober detected unhealthy status") => PeerSign::Unhealthy,
        _ if text.starts_with("peer became inactive") => PeerSign::Inactive,
        _ if text.starts_with("lost TCP streaming connection") => PeerSign::StreamLost,
        _ if text.starts_with("dropped internal") && text.contains("sending buffer is full") => {
            let told = || between(text, "message to ", " since").and_then(id);
            return trouble(PeerSign::BufferFull, peer(fields).or_else(told), "", None);
        }
        _ if text.starts_with("rejected connection") => return rejected(error),
        "peer became active" => return Some(Message::PeerBack { peer: peer(fields) }),
        _ => return None,
    };
    trouble(sign, peer(fields), error, timed(fields, "rtt"))
}

/// A connection that was refused. Probes that hang up are no fault; a certificate that is not accepted is.
fn rejected(error: &str) -> Option<Message> {
    let serious = ["expired", "not yet valid", "unknown authority", "bad certificate", "x509"];
    let is_serious = serious.iter().any(|text| error.contains(text));
    is_serious.then(|| {
        let trouble = Trouble {
            sign: PeerSign::Rejected,
            failure: Failure::Certificate,
            rtt_ns: None,
            address: None,
        };
        Message::PeerTrouble { peer: None, trouble }
    })
}

/// As capnslog has them.
fn plain(text: &str) -> Option<Message> {
    if let Some(rest) = text.strip_prefix("health check for peer ") {
        return trouble(PeerSign::Unhealthy, id(rest.split_once(' ')?.0), text, None);
    }
    if let Some(rest) = text.strip_prefix("lost the TCP streaming connection with peer ") {
        return trouble(PeerSign::StreamLost, id(rest.split(' ').next()?), text, None);
    }
    let named = text.strip_prefix("peer ").or_else(|| text.strip_prefix("the connection with "));
    if let Some((peer, what)) = named.and_then(|rest| rest.split_once(" became ")) {
        let peer = id(peer.strip_prefix("peer ").unwrap_or(peer));
        if what.starts_with("inactive") {
            return trouble(PeerSign::Inactive, peer, text, None);
        }
        return what.starts_with("active").then_some(Message::PeerBack { peer });
    }
    // "failed to read ID on stream MsgApp v2 (read tcp A->B: i/o timeout)"
    let failed = ["failed to dial ", "failed to read ", "failed to write "];
    let rest = failed.iter().find_map(|known| text.strip_prefix(known))?;
    let (peer, rest) = rest.split_once(" on ")?;
    trouble(PeerSign::StreamLost, Some(id(peer)?), rest, None)
}

fn clocks(text: &str, fields: &Fields<'_>) -> Option<Message> {
    if text.starts_with("prober found high clock drift") {
        let by_ns = apart(fields.get("clock-drift")?)?;
        return Some(Message::ClockApart {
            peer: peer(fields),
            by_ns,
            rtt_ns: timed(fields, "rtt"),
        });
    }
    let rest = text.strip_prefix("the clock difference against peer ")?;
    let by_ns = apart(between(rest, "[", " >")?)?;
    Some(Message::ClockApart { peer: id(rest.split(' ').next()?), by_ns, rtt_ns: None })
}

/// A difference between clocks may be negative.
fn apart(text: &str) -> Option<u64> {
    duration(text.trim_start_matches('-'))
}

/// The other side's address in an error of Go's: `dial tcp 192.0.2.17:2380: …`, `read tcp A:1->B:2380: …`.
fn address(error: &str) -> Option<String> {
    let rest = match error.split_once("->") {
        Some((_, rest)) => rest,
        None => error.split_once("dial tcp ")?.1,
    };
    let end = rest.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(rest.len());
    let host = rest[..end].trim_end_matches(':').rsplit_once(':')?.0;
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]%".contains(c);
    (!host.is_empty() && host.len() <= 100 && host.chars().all(is_host)).then(|| host.to_owned())
}
