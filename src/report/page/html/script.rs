//! The one script of a page.

/// All of it.
pub const SCRIPT: &str = include_str!("../../../../templates/charts.js");

/// What its page's policy allows it by.
pub const HASH: &str = "sha256-e3755JVa5gWQUEyOcrDppL/ZW7mTTU1D40deg6db57k=";

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;

    use super::{HASH, SCRIPT};

    #[test]
    fn the_policy_has_the_hash_of_the_script() {
        let suite = TLS13_AES_128_GCM_SHA256.tls13().unwrap();
        let hash = suite.common.hash_provider.hash(SCRIPT.as_bytes());
        assert_eq!(HASH, format!("sha256-{}", STANDARD.encode(hash)));
    }

    #[test]
    fn nothing_in_it_ends_it_or_asks_the_network() {
        for word in ["</", "<!--", "://", "fetch", "import", "eval", "innerHTML"] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }
}
