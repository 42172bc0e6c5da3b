//! Documents on their way out: to stdout, or to a file that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result, usage};
use crate::plan::{Destination, ExportPlan};
use crate::report::export::Document;

/// Writes a document to a file, or to stdout without one.
///
/// # Errors
/// When it cannot be written; a file that was there before is then still there.
pub fn deliver(document: &str, output: Option<&Path>) -> Result<()> {
    match output {
        Some(path) => write(path, document.as_bytes()),
        None => print(document.as_bytes()),
    }
}

/// Writes the documents of an export where they were asked to be.
///
/// # Errors
/// [`Error::Usage`] for several that were to go to stdout or into one file, [`Error::Io`] when one cannot be written.
pub fn deliver_all(documents: &[Document], plan: &ExportPlan) -> Result<()> {
    match (&plan.to, documents) {
        (Destination::Directory(directory), _) => lay_out(documents, directory),
        (Destination::Stdout, [only]) => print(only.text.as_bytes()),
        (Destination::File(path), [only]) => write(path, only.text.as_bytes()),
        (Destination::Stdout, several) => Err(too_many(several, plan, "DIR")),
        (Destination::File(path), several) => {
            Err(too_many(several, plan, &path.display().to_string()))
        }
    }
}

/// Writes documents under their own names into a directory, which is made where it is not there.
///
/// # Errors
/// [`Error::Io`] when one cannot be written.
pub fn lay_out(documents: &[Document], directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    documents.iter().try_for_each(|document| {
        let path = directory.join(&document.file_name);
        write(&path, document.text.as_bytes())
    })
}

fn too_many(documents: &[Document], plan: &ExportPlan, directory: &str) -> Error {
    const MOST: usize = 3;
    let named = documents.iter().take(MOST);
    let mut names: Vec<&str> = named.map(|document| document.file_name.as_str()).collect();
    if documents.len() > MOST {
        names.push("…");
    }
    usage(
        &["--export", "--output"],
        format!(
            "--export {}: this makes {} files ({}); name a directory for them: --output {directory}/",
            plan.kind.name(),
            documents.len(),
            names.join(", "),
        ),
    )
}

/// Writes to stdout. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// When stdout cannot be written to for any other reason.
pub fn print(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write", "stdout")(error))
        }
        _ => Ok(()),
    }
}

/// Writes a file beside its place and moves it there, so that nobody ever sees half of it. Through a symbolic link
/// the file behind it is replaced; what is no file (a pipe, `/dev/stdout`) is written to as it is.
///
/// # Errors
/// When it cannot be written; what was there before is then still there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
        let mut out = File::options().write(true).open(&path).map_err(Error::io("open", &path))?;
        return out.write_all(bytes).map_err(Error::io("write", &path));
    }
    let beside = beside(&path);
    let written = File::create_new(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            if let Ok(before) = fs::metadata(&path) {
                file.set_permissions(before.permissions())?;
            }
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, &path));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Error::io("write", &path)(error)
    })
}

/// A name of its own in the same directory, hidden from patterns.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_stays() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("page.html");
        write(&path, b"one").expect("written");
        write(&path, b"two").expect("written again");
        assert_eq!(fs::read_to_string(&path).expect("read"), "two");
        let link = place.path().join("link.html");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        write(&link, b"three").expect("written through the link");
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&path).expect("read"), "three");
        assert_eq!(fs::read_dir(place.path()).expect("listed").count(), 2);
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        write(Path::new("/dev/null"), b"gone").expect("written");
        let found = fs::metadata("/dev/null").expect("there");
        assert!(!found.is_file());
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("none/page.html");
        let error = write(&path, b"x").expect_err("refused");
        assert!(error.to_string().contains("cannot write"), "{error}");
        assert_eq!(fs::read_dir(place.path()).expect("listed").count(), 0);
    }
}
