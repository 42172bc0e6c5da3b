//! The lean gRPC client of the load path: HTTP/2 by the h2 crate, requests as bytes, errors by class.

mod auth;
mod certificate;
mod connection;
mod diagnose;
mod dial;
mod dial_error;
mod grpc;
pub mod message;
mod protobuf;
mod tls;
mod tls_error;
mod token;
mod verify;

pub use auth::{Auth, AuthError, Refusal};
pub use connection::{Caller, Driver, Messages, start};
pub use dial::{Dialer, Stream};
pub use dial_error::{DialError, DialFailure};
pub use grpc::{Failure, frame};
pub use protobuf::Malformed;
pub use token::Token;
