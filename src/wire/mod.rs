//! The lean gRPC client of the load path: HTTP/2 by the h2 crate, requests as bytes, errors by class.

mod auth;
mod class;
mod connection;
mod diagnose;
mod dial;
mod dial_error;
mod endpoint;
mod grpc;
pub mod message;
mod protobuf;
mod secret;
mod tls;
mod tls_error;
mod verify;

pub use auth::{Auth, AuthError, Refusal, Token};
pub use class::ErrorClass;
pub use connection::{Caller, Driver, Messages, start};
pub use dial::{Dialer, Stream};
pub use dial_error::{DialError, DialFailure};
pub use endpoint::Endpoint;
pub use grpc::{Failure, frame};
pub use protobuf::Malformed;
pub use secret::{Credentials, Secret};
