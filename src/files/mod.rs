//! Files of others, and files among others: reading that ends, and writing where somebody else may rename things.
//!
//! Every file that a person names is read by [`read`] or opened by [`open`]: with a bound, and without waiting for ever
//! at a FIFO; its text is had by [`decode`]. Everything the tool makes in a directory of the user's choice lies in a [`Directory`].

mod decode;
mod directory;
mod input;

pub use decode::decode;
pub use directory::{Directory, Found};
pub use input::{Kind, open, read, read_patiently, read_text};

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// Creates a file that was not there before, for this user alone. A symbolic link in its place is an error.
///
/// # Errors
/// What the system says.
pub fn create_new(path: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32)
        .open(path)
}
