//! An HTTP/2 client for gRPC requests of one message and their answers, as lean as such a load allows: header blocks that
//! the server knows by heart, one write for all that is asked in a turn, and no memory taken from the allocator for a
//! request in steady state. Streams of messages go over it as well.

mod caller;
mod driver;
mod flow;
mod frame;
mod hpack;
mod huffman;
mod receive;
mod request;
mod session;
mod static_table;
mod stream;
mod streams;

#[cfg(test)]
mod driver_tests;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
pub(super) mod testing;

pub use caller::{Caller, Messages};
pub use driver::{Driver, start};
