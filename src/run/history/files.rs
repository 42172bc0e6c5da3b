//! Which files are meant: names, directories and patterns. Nothing is passed over in silence.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::compare::LeftOut;
use crate::error::{Error, Result, usage};
use crate::result::layout::{INTERRUPTED, MANIFEST, RERUNS};

/// Folders in the directory of a scenario whose results are no nights.
const NOT_NIGHTS: [&str; 2] = [INTERRUPTED, RERUNS];
/// How names of results end.
const EXTENSION: &str = "jsonl";

fn directories(parent: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(parent).map_err(Error::io("read the directory", parent))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.is_dir()).collect())
}

/// Files that were found, each once, in order of their names.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub files: BTreeSet<PathBuf>,
    pub left_out: Vec<LeftOut>,
}

/// Resolves files, directories and patterns. What a person named is taken whatever it is called; within directories
/// only what is called `*.jsonl`. `ignored` needs no mention.
///
/// # Errors
/// [`Error::Usage`] for a bad pattern or one without a match, [`Error::Io`] for what is not there or cannot be read.
pub(super) fn find(names: &[PathBuf], ignored: &Path) -> Result<Found> {
    let mut found = Found::default();
    for name in names {
        match fs::metadata(name) {
            Ok(is) if is.is_dir() => found.directory(name, ignored)?,
            Ok(_) => {
                found.files.insert(name.clone());
            }
            Err(error) => match name.to_str().filter(|text| text.contains(['*', '?', '['])) {
                Some(pattern) => found.matching(pattern)?,
                None => return Err(Error::io("open", name)(error)),
            },
        }
    }
    Ok(found)
}

impl Found {
    fn matching(&mut self, pattern: &str) -> Result<()> {
        let paths = glob::glob(pattern)
            .map_err(|error| usage(&[], format!("'{pattern}' is no pattern: {error}")))?;
        let before = self.files.len() + self.left_out.len();
        for path in paths {
            let path = path.map_err(|error| {
                let path = error.path().to_path_buf();
                Error::io("read", path)(error)
            })?;
            if path.is_dir() {
                self.leave_out(path, "a directory; name it by itself");
            } else {
                self.files.insert(path);
            }
        }
        if self.files.len() + self.left_out.len() == before {
            return Err(usage(&[], format!("no file matches '{pattern}'")));
        }
        Ok(())
    }

    fn directory(&mut self, directory: &Path, ignored: &Path) -> Result<()> {
        let entries =
            fs::read_dir(directory).map_err(Error::io("read the directory", directory))?;
        for entry in entries {
            let path = entry.map_err(Error::io("read the directory", directory))?.path();
            if path == ignored {
                continue;
            }
            if path.join(MANIFEST).exists() {
                self.scenario(&path)?;
            } else if path.is_dir() {
                self.leave_out(path, "a directory; name it by itself");
            } else if path.extension().is_some_and(|end| end == EXTENSION) {
                self.files.insert(path);
            } else {
                self.leave_out(path, "not named *.jsonl");
            }
        }
        Ok(())
    }

    /// What an execution of a scenario has left: a result per cell, run and repeat. Neither what was interrupted nor
    /// re-runs of the same night are nights.
    fn scenario(&mut self, directory: &Path) -> Result<()> {
        for cell in directories(directory)? {
            let name = cell.file_name().unwrap_or_default();
            if NOT_NIGHTS.iter().any(|other| name == *other) {
                continue;
            }
            for step in directories(&cell)? {
                let entries =
                    fs::read_dir(&step).map_err(Error::io("read the directory", &step))?;
                let paths = entries.flatten().map(|entry| entry.path());
                let results =
                    paths.filter(|path| path.extension().is_some_and(|end| end == EXTENSION));
                self.files.extend(results);
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, path: PathBuf, why: &str) {
        self.left_out.push(LeftOut { path, why: why.to_owned() });
    }
}
