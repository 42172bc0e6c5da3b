//! What of a header is to be hidden.

use serde_json::Value;

use super::{Hidden, Redaction};

/// Names that tell nothing, and that stand in many sentences for something else.
const PLAIN: [&str; 9] =
    ["etcd", "default", "localhost", "node", "host", "disk", "load", "none", "unknown"];

impl Redaction {
    /// Takes in what a header names.
    pub(super) fn learn(&mut self, line: &[u8]) {
        // Only headers have keys of this kind.
        if !line.starts_with(b"{\"type\":\"header\"") {
            return;
        }
        if let Ok(header) = serde_json::from_slice::<Value>(line) {
            self.walk(&header, "", "");
        }
    }

    /// `key` is what a value stands under, `within` what that stands under.
    fn walk(&mut self, value: &Value, key: &str, within: &str) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.walk(value, name, key);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.walk(value, key, within)),
            Value::String(text) => self.take(text, key, within),
            _ => {}
        }
    }

    fn take(&mut self, text: &str, key: &str, within: &str) {
        match (within, key) {
            (_, "host" | "hosts") | ("members", "name" | "id") => self.name(Hidden::Host, text),
            (_, "endpoint" | "endpoints" | "client_urls" | "peer_urls" | "rendezvous") => {
                self.endpoint(text);
            }
            ("devices", "model" | "vendor" | "firmware" | "detail") => {
                self.name(Hidden::Device, text);
            }
            (_, "mount_source") => self.name(Hidden::Device, text),
            // Keys of etcd look like paths, and say what a load did.
            (_, "prefix") => {}
            _ => self.path(text),
        }
    }

    fn name(&mut self, kind: Hidden, text: &str) {
        if !PLAIN.contains(&text) {
            self.add(kind, text);
        }
    }

    /// `http://host:port`, `host:port` or either without a port: the host.
    fn endpoint(&mut self, text: &str) {
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let rest = rest.split('/').next().unwrap_or_default();
        let host = match rest.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None if rest.matches(':').count() > 1 => rest,
            None => rest.split(':').next().unwrap_or_default(),
        };
        match host.parse::<std::net::IpAddr>() {
            Ok(ip) if !super::shown(ip) => return,
            Ok(_) => {}
            Err(_) => self.domain(host),
        }
        self.name(Hidden::Endpoint, host);
    }

    /// `a.b.org` makes hosts below `.b.org` known.
    fn domain(&mut self, host: &str) {
        if let Some((_, domain)) = host.split_once('.')
            && domain.contains('.')
        {
            let domain = format!(".{domain}");
            if !self.domains.contains(&domain) {
                self.domains.push(domain);
            }
        }
    }

    /// `/path`, `--flag=/path`, or a directory below another: whatever the key, a program's or a certificate's among them.
    fn path(&mut self, text: &str) {
        let path = match text.split_once('=') {
            Some((flag, path)) if flag.starts_with('-') => path,
            _ => text,
        };
        let path = path.trim_end_matches('/');
        if path.starts_with('/') && !path.contains(char::is_whitespace) {
            self.add(Hidden::Path, path);
        }
    }
}
