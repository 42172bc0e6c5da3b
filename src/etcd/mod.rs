//! The words of etcd's client interface: where a member answers, who asks, and why a request failed.

mod class;
mod endpoint;
mod secret;
mod security;
mod wire;

pub use class::{ErrorClass, is_stale_token};
pub use endpoint::Endpoint;
pub use secret::{Credentials, Secret};
pub use security::Security;
pub use wire::Wire;

use crate::printable::clean;

/// A version as a server tells it: no longer than one is, and without what a terminal would obey.
pub fn shown_version(told: &str) -> String {
    const LONGEST: usize = 40;
    let cut = told.char_indices().nth(LONGEST).map_or(told.len(), |(at, _)| at);
    let more = if cut < told.len() { "…" } else { "" };
    clean(&told[..cut]) + more
}
