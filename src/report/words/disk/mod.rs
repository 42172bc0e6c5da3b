//! What only the page of a disk qualification has.

mod capacity;
mod device;
mod evidence;

pub use capacity::{IN_NODES, capacity};
pub use device::head;
pub use evidence::{over_time, shown, spread};
