//! The crash-safe writer: one line, one write(2), nothing held back.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::error::{Error, Result, usage};

use super::{Header, Line};

/// Appends lines to a fresh result file. Each line is with the kernel before [`Writer::write`] returns, so a killed
/// run loses nothing that was told; only a crash of the machine can tear the last line.
#[derive(Debug)]
pub struct Writer {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines in the file.
    length: u64,
    line: Vec<u8>,
}

impl Writer {
    /// Creates the file, and the directories above it, and writes the header.
    ///
    /// # Errors
    /// [`Error::Usage`] when the file exists: a result is never overwritten. [`Error::Io`] when it cannot be created
    /// or written.
    pub fn create(path: &Path, header: &Header) -> Result<Self> {
        if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(Error::io("create the directory", parent))?;
        }
        let file =
            OpenOptions::new().append(true).create_new(true).open(path).map_err(|e| {
                match e.kind() {
                    ErrorKind::AlreadyExists => usage(
                        &[],
                        format!(
                            "{} exists; a result is never overwritten, so name another file",
                            path.display()
                        ),
                    ),
                    _ => Error::io("create", path)(e),
                }
            })?;
        let mut writer = Writer::new(file, path);
        writer.write(&Line::Header(header.clone())).inspect_err(|_| {
            // It was made a moment ago, and holds nothing.
            let _ = fs::remove_file(path);
        })?;
        Ok(writer)
    }

    /// A writer on an open, empty file.
    pub(super) fn new(file: File, path: &Path) -> Self {
        Writer { file, path: path.to_path_buf(), length: 0, line: Vec::new() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends one line.
    ///
    /// # Errors
    /// [`Error::Io`] when the disk is full or fails. What was written of the line is taken back, so that the file
    /// still ends with a whole line.
    pub fn write(&mut self, line: &Line) -> Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, line).map_err(Error::io("encode", &self.path))?;
        self.line.push(b'\n');
        if let Err(error) = self.file.write_all(&self.line) {
            // Best effort: a file that cannot be cut back either is read as one with a torn last line.
            let _ = self.file.set_len(self.length);
            return Err(Error::io("write", &self.path)(error));
        }
        self.length += self.line.len() as u64;
        Ok(())
    }

    /// Makes everything written survive a crash of the machine.
    ///
    /// # Errors
    /// [`Error::Io`] when the system cannot promise that.
    pub fn finish(self) -> Result<PathBuf> {
        self.file.sync_all().map_err(Error::io("sync", &self.path))?;
        Ok(self.path)
    }
}

/// Where a result goes when nobody says: `<directory>/<UTC time>-<kind>-<host>.jsonl` (the run's name where no host is known), with `-2`, `-3` … before the
/// extension when that exists.
pub fn default_path(directory: &Path, header: &Header) -> PathBuf {
    let time = header
        .started_at
        .parse::<Timestamp>()
        .map(|t| t.strftime("%Y%m%dT%H%M%SZ").to_string())
        .unwrap_or_else(|_| plain(&header.started_at));
    // Foreign programs do not tell where they ran.
    let place = match header.environment.host.as_str() {
        "" => plain(&header.name),
        host => plain(host),
    };
    let stem = format!("{time}-{}-{place}", plain(&header.kind));
    let first = directory.join(format!("{stem}.jsonl"));
    if !first.exists() {
        return first;
    }
    (2u64..)
        .map(|n| directory.join(format!("{stem}-{n}.jsonl")))
        .find(|path| !path.exists())
        .unwrap_or(first)
}

/// A name part without anything that means something to a file system or a shell.
fn plain(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let plain: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    match plain.trim_matches(['.', '-']) {
        "" => "unknown".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::path::Path;

    use super::{Writer, plain};
    use crate::error::Error;
    use crate::result::{Header, Line};

    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let mut writer = Writer::new(full, Path::new("/dev/full"));
        let error = writer.write(&Line::Header(Header::default())).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error}");
        assert!(error.to_string().starts_with("/dev/full: cannot write: No space"), "{error}");
        assert_eq!(writer.length(), 0);
    }

    #[test]
    fn names_are_harmless() {
        assert_eq!(plain("cp1.example"), "cp1.example");
        assert_eq!(plain("../a b/ü"), "a-b");
        assert_eq!(plain("..."), "unknown");
    }
}
