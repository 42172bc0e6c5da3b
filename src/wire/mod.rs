//! gRPC to etcd: the lean client of loads, HTTP/2 of our own or by the h2 crate, requests as bytes, errors by class; and links
//! for the control plane.

mod answer;
mod auth;
mod certificate;
mod connection;
mod deframe;
mod diagnose;
mod dial;
mod dial_error;
#[cfg(test)]
mod difference;
mod failed;
mod grpc;
mod h2_client;
mod http2;
mod link;
pub mod message;
mod protobuf;
mod tls;
mod tls_error;
mod token;
mod verify;

pub use answer::Answer;
pub use auth::{Auth, AuthError, Refusal};
pub use connection::{Caller, Driver, Messages, start};
pub use dial::{Dialer, Stream};
pub use dial_error::{DialError, DialFailure};
pub use failed::Failed;
pub use grpc::{Failure, frame};
pub use h2_client::Messages as LinkMessages;
pub use link::Link;
pub use protobuf::Malformed;
pub use token::Token;
