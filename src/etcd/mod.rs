//! The words of etcd's client interface: where a member answers, who asks, and why a request failed.

mod class;
mod endpoint;
mod secret;
mod security;

pub use class::{ErrorClass, is_stale_token};
pub use endpoint::Endpoint;
pub use secret::{Credentials, Secret};
pub use security::Security;
