//! `etcdbench man`: one page to stdout, or all of them as files.

use std::fs;
use std::path::Path;

use crate::cli::{self, ManArgs};
use crate::delivery::{print, write};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// Prints a page, or writes every page below a directory, which is made where it is not there.
pub fn man(args: &ManArgs) -> Result<Exit> {
    match (&args.output, args.of.as_slice()) {
        (Some(directory), _) => write_all(directory)?,
        (None, []) => print(&cli::man())?,
        (None, words) => print(&cli::man_of(words)?)?,
    }
    Ok(Exit::Ok)
}

fn write_all(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    cli::man_pages().iter().try_for_each(|page| write(&directory.join(&page.file_name), &page.text))
}
