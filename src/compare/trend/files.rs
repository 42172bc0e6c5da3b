//! Which files are meant: names, directories and patterns. Nothing is passed over in silence.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::schema::LeftOut;
use crate::error::{Error, Result};

/// Directories this deep below a named one are looked into.
const MAX_DEPTH: usize = 8;
/// How names of results end.
const EXTENSION: &str = "jsonl";

/// Files that were found, each once, in order of their names.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub files: BTreeSet<PathBuf>,
    pub left_out: Vec<LeftOut>,
}

/// Resolves files, directories and patterns. What a person named is taken whatever it is called; within directories
/// only what is called `*.jsonl`.
///
/// # Errors
/// [`Error::Usage`] for a bad pattern or one without a match, [`Error::Io`] for what is not there or cannot be read.
pub(super) fn find(names: &[PathBuf], ignored: Option<&Path>) -> Result<Found> {
    let mut found = Found::default();
    for name in names {
        if name.is_dir() {
            directory(name, 0, ignored, &mut found)?;
        } else if name.exists() {
            found.files.insert(name.clone());
        } else if let Some(pattern) = name.to_str().filter(|text| text.contains(['*', '?', '['])) {
            matching(pattern, ignored, &mut found)?;
        } else {
            let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(Error::io("open", name)(missing));
        }
    }
    Ok(found)
}

fn matching(pattern: &str, ignored: Option<&Path>, found: &mut Found) -> Result<()> {
    let paths = glob::glob(pattern)
        .map_err(|error| Error::Usage(format!("'{pattern}' is no pattern: {}", error.msg)))?;
    let mut any = false;
    for path in paths {
        let path = path.map_err(|error| {
            let path = error.path().to_path_buf();
            Error::io::<std::io::Error>("read", path)(error.into())
        })?;
        any = true;
        if path.is_dir() {
            directory(&path, 0, ignored, found)?;
        } else {
            found.files.insert(path);
        }
    }
    if any {
        Ok(())
    } else {
        Err(Error::Usage(format!("'{pattern}' matches no file")))
    }
}

fn directory(path: &Path, depth: usize, ignored: Option<&Path>, found: &mut Found) -> Result<()> {
    let entries = fs::read_dir(path).map_err(Error::io("list", path))?;
    for entry in entries {
        let path = entry.map_err(Error::io("list", path))?.path();
        if ignored == Some(path.as_path()) {
            continue;
        }
        if path.is_dir() {
            if depth < MAX_DEPTH {
                directory(&path, depth + 1, ignored, found)?;
            } else {
                found.leave_out(&path, "more than 8 directories deep");
            }
        } else if path.extension().is_some_and(|end| end == EXTENSION) {
            found.files.insert(path);
        } else {
            found.leave_out(&path, "not called *.jsonl");
        }
    }
    Ok(())
}

impl Found {
    pub fn leave_out(&mut self, path: &Path, reason: &str) {
        self.left_out.push(LeftOut {
            file: path.display().to_string(),
            reason: reason.to_owned(),
        });
    }
}
