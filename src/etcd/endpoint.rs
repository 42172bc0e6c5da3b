//! Where a member answers its clients.

use std::fmt;
use std::net::Ipv6Addr;

/// etcd's port for clients (IANA: etcd-client).
const CLIENT_PORT: u16 = 2379;

/// A client URL of a member: scheme, host and port. Shown as `http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    tls: bool,
    host: String,
    port: u16,
}

impl Endpoint {
    /// Reads `127.0.0.1:2379`, `http://etcd-1:2379` or `https://[::1]:2379`; without a scheme it is plain.
    ///
    /// # Errors
    /// A message that shows the accepted forms.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_or(text, false)
    }

    /// Reads as [`Endpoint::parse`] does; without a scheme it is TLS if `tls`. Without a port it is 2379.
    ///
    /// # Errors
    /// A message that shows the accepted forms.
    pub fn parse_or(text: &str, tls: bool) -> Result<Self, String> {
        let fail = |why: &str| {
            format!(
                "'{text}' {why}; write it like 10.0.0.5:2379 or https://etcd-1.example.com:2379"
            )
        };
        let (tls, rest) = match text.trim().split_once("://") {
            None => (tls, text.trim()),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, _)) => {
                return Err(fail(&format!("has the scheme {scheme}, not http or https")));
            }
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            // A password may be in it, so nothing of it is shown.
            return Err("an endpoint carries no user; pass --user".to_owned());
        }
        if rest.contains(['/', '?', '#']) {
            return Err(fail("has a path; an endpoint is only host and port"));
        }
        let (host, port) = split_port(rest).map_err(|why| fail(&why))?;
        if host.is_empty() {
            return Err(fail("names no host"));
        }
        if let Some(odd) = host.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(fail(&format!("has {odd:?} in its host")));
        }
        Ok(Endpoint { tls, host: host.to_ascii_lowercase(), port })
    }

    /// Whether connections to it use TLS.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// Name or address of the host; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host:port` as a request names it in `:authority`: an IPv6 address in brackets, without its zone.
    pub fn authority(&self) -> String {
        let host = self.name();
        if host.contains(':') {
            format!("[{host}]:{}", self.port)
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// The host as a certificate names it: without the zone of a link-local address (RFC 6874).
    pub(crate) fn name(&self) -> &str {
        self.host.split_once('%').map_or(&*self.host, |(name, _)| name)
    }

    /// The same place, spoken to with or without TLS.
    pub(crate) fn with_tls(&self, tls: bool) -> Self {
        Endpoint { tls, ..self.clone() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

fn split_port(text: &str) -> Result<(&str, u16), String> {
    let (host, port) = if let Some(inner) = text.strip_prefix('[') {
        let (host, after) = inner.split_once(']').ok_or("has a bracket that is not closed")?;
        let address = host.split_once('%').map_or(host, |(address, _)| address);
        if address.parse::<Ipv6Addr>().is_err() {
            return Err(format!("has '{host}' in brackets, which is no IPv6 address"));
        }
        let port = match after.strip_prefix(':') {
            None if after.is_empty() => None,
            None => return Err("has something other than a port after its bracket".to_owned()),
            port => port,
        };
        (host, port)
    } else if text.parse::<Ipv6Addr>().is_ok() {
        return Err(format!("needs brackets: [{text}]:{CLIENT_PORT}"));
    } else {
        match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                return Err("has more than one port".to_owned());
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    match port {
        None => Ok((host, CLIENT_PORT)),
        Some(digits) => match digits.parse() {
            Ok(0) | Err(_) => Err(format!("has the port '{digits}', not 1 to 65535")),
            Ok(port) => Ok((host, port)),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::etcd::Endpoint;

    fn shown(text: &str) -> String {
        Endpoint::parse(text).unwrap().to_string()
    }

    #[test]
    fn every_usual_form_is_read() {
        assert_eq!(shown("127.0.0.1:2379"), "http://127.0.0.1:2379");
        assert_eq!(shown(" http://Etcd-1:4001/ "), "http://etcd-1:4001");
        assert_eq!(shown("HTTPS://etcd.example.com"), "https://etcd.example.com:2379");
        assert_eq!(shown("https://[::1]:2381"), "https://[::1]:2381");
        assert_eq!(shown("[fe80::1%eth0]"), "http://[fe80::1%eth0]:2379");
        assert_eq!(Endpoint::parse_or("etcd-1", true).unwrap().to_string(), "https://etcd-1:2379");
        assert!(!Endpoint::parse_or("http://etcd-1", true).unwrap().tls());
    }

    #[test]
    fn an_authority_has_brackets_and_no_zone() {
        let authority = |text| Endpoint::parse(text).unwrap().authority();
        assert_eq!(authority("https://etcd-1"), "etcd-1:2379");
        assert_eq!(authority("[fe80::1%eth0]:1"), "[fe80::1]:1");
    }

    #[test]
    fn what_is_no_endpoint_is_told_why() {
        for (text, why) in [
            ("", "names no host"),
            ("http://", "names no host"),
            (":2379", "names no host"),
            ("::1", "write it like"),
            ("fe80::1", "needs brackets: [fe80::1]:2379"),
            ("[::1", "not closed"),
            ("[etcd]:2379", "no IPv6 address"),
            ("[::1]2379", "after its bracket"),
            ("a:1:2", "more than one port"),
            ("a:0", "port '0'"),
            ("a:65536", "port '65536'"),
            ("a:http", "port 'http'"),
            ("unix:///run/etcd.sock", "scheme unix"),
            ("http://a/v3", "has a path"),
            ("a b", "' ' in its host"),
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_in_an_endpoint_is_not_repeated() {
        let error = Endpoint::parse("https://root:hunter2@etcd-1:2379").unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
        assert!(error.contains("--user"));
    }
}
