//! The lean gRPC client of the load path: HTTP/2 by the h2 crate, requests as bytes, errors by class.

mod class;

pub use class::ErrorClass;
