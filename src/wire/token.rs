//! The token that goes with every request.

use std::fmt;

use http::HeaderValue;

/// A token, and how many there were before it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Value of the header [`Token::HEADER`].
    pub value: HeaderValue,
    /// Counted from 1.
    pub generation: u64,
}

impl Token {
    /// The request header that carries it.
    pub const HEADER: &'static str = HEADER;
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// The request header that carries a token (api/v3rpc/rpctypes/metadatafields.go).
pub(super) const HEADER: &str = "token";
