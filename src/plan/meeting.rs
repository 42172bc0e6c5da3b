//! Where the machines of a load meet: its address, and what keeps strangers out.

use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Result, usage};
use crate::etcd::Secret;
use crate::files;

/// Where it listens when nothing is said.
pub const PORT: u16 = 2390;
/// Says what keeps strangers out where no file does.
pub const TOKEN_VARIABLE: &str = "ETCDBENCH_RENDEZVOUS_TOKEN";
/// More is no token.
const MOST_TOKEN: u64 = 4_096;

/// `host:port` of `http://host:port`.
///
/// # Errors
/// A message with the form that is right.
pub fn address(url: &str) -> std::result::Result<String, String> {
    let right = "write it like http://10.0.0.1:2390";
    let Some(rest) = url.strip_prefix("http://") else {
        let https = url.starts_with("https://");
        return Err(match https {
            true => format!(
                "the meeting point speaks plain HTTP, and tells nothing that is worth hiding but the token; {right}, \
                 within a network that you trust"
            ),
            false => format!("this is no address; {right}"),
        });
    };
    let host = rest.strip_suffix('/').unwrap_or(rest);
    if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
        return Err(format!("there is more to it than host and port; {right}"));
    }
    let bracketed = host.ends_with(']');
    match host.rsplit_once(':').filter(|_| !bracketed) {
        Some((name, port)) if !name.is_empty() && port.parse::<u16>().is_ok() => {
            Ok(host.to_owned())
        }
        Some(_) => Err(format!("the port is no number up to 65535; {right}")),
        None => Ok(format!("{host}:{PORT}")),
    }
}

/// What keeps strangers out: the first line of the file that a flag names, or what the environment says; nothing where
/// neither does.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) naming the flag where the file cannot be read, or is no token.
pub fn token(flag: &'static str, file: Option<&Path>) -> Result<Option<Secret>> {
    let text = match file {
        Some(path) => {
            let shown = path.display();
            let refuse = |why: String| {
                usage(
                    &["--rendezvous-token-file"],
                    format!("--rendezvous-token-file {shown}: {why}"),
                )
            };
            let text = files::read_text(path, MOST_TOKEN)
                .map(Zeroizing::new)
                .map_err(|error| refuse(error.to_string()))?;
            let first = text.lines().next().unwrap_or_default().trim().to_owned();
            if first.is_empty() {
                return Err(refuse("its first line is empty; it must hold the token".to_owned()));
            }
            Some(Zeroizing::new(first))
        }
        None => {
            let typed = std::env::var(TOKEN_VARIABLE).ok().filter(|text| !text.is_empty());
            typed.map(Zeroizing::new)
        }
    };
    let Some(text) = text else {
        return Ok(None);
    };
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(usage(
            &[flag],
            format!(
                "the token (of {flag}, or {TOKEN_VARIABLE}) has characters that a header cannot carry; \
                 use letters and digits, as 'openssl rand -hex 16' gives them"
            ),
        ));
    }
    Ok(Some(Secret::new(text.as_str())))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_are_read_and_others_refused_with_the_way_out() {
        assert_eq!(address("http://10.0.0.1:99"), Ok("10.0.0.1:99".to_owned()));
        assert_eq!(address("http://lead/"), Ok("lead:2390".to_owned()));
        assert_eq!(address("http://[::1]:5"), Ok("[::1]:5".to_owned()));
        assert_eq!(address("http://[::1]"), Ok("[::1]:2390".to_owned()));
        for wrong in ["10.0.0.1:99", "https://a:1", "http://a:b", "http://a:1/x", "http://", ""] {
            let why = address(wrong).expect_err(wrong);
            assert!(why.contains("http://10.0.0.1:2390"), "{wrong}: {why}");
        }
    }
}
