//! The files below what was named.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// No bundle has more files that matter.
const MOST_FILES: usize = 20_000;
/// No bundle is nested deeper.
const DEEPEST: usize = 16;

/// What was named, and every file below the directories among it, in the order of their names.
///
/// # Errors
/// [`Error::Io`] for what was named and cannot be read; [`Error::Refused`] where there are too many files.
pub(super) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in named {
        let meta = path.metadata().map_err(Error::io("read", path))?;
        match meta.is_dir() {
            true => below(path, 0, &mut found)?,
            false => found.push(path.clone()),
        }
    }
    Ok(found)
}

fn below(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let failed = Error::io("read", directory);
    let listed: std::io::Result<Vec<_>> = fs::read_dir(directory).and_then(Iterator::collect);
    let mut entries = listed.map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A link to a file is followed, one to a directory is not: it may lead back.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth < DEEPEST {
            below(&path, depth + 1, found)?;
        } else if path.metadata().is_ok_and(|meta| meta.is_file()) {
            found.push(path);
        }
        if found.len() > MOST_FILES {
            return Err(Error::Refused(format!(
                "more than {MOST_FILES} files below {}; name the directories that hold etcd's",
                directory.display()
            )));
        }
    }
    Ok(())
}
