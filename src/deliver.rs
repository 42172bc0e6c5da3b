//! Where documents go: stdout, a file, a directory. A file is replaced in one step, so that whoever reads it meanwhile
//! (node_exporter, a web server) sees the old one or the new one, and nothing torn is left by a full disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::report::export::Document;

/// The only document there is, for stdout.
///
/// # Errors
/// [`Error::Usage`] when there are several, with the way out.
pub fn only<'a>(kind: &str, documents: &'a [Document]) -> Result<&'a Document> {
    match documents {
        [only] => Ok(only),
        several => Err(Error::Usage(format!(
            "--export {kind}: this makes {} files ({}); name a directory for them: --output DIR",
            several.len(),
            listed(several)
        ))),
    }
}

/// Writes documents to a path: several, and one where the path is a directory or ends in `/`, under their own names.
///
/// # Errors
/// [`Error::Usage`] when several documents were to go into a file, [`Error::Io`] when one cannot be written.
pub fn write(kind: &str, documents: &[Document], path: &Path) -> Result<()> {
    let ends_in_slash = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if let [only] = documents
        && !path.is_dir()
        && !ends_in_slash
    {
        return replace(path, &only.text);
    }
    if path.exists() && !path.is_dir() {
        return Err(Error::Usage(format!(
            "--output {}: is a file, and --export {kind} makes {} files ({}); name a directory",
            path.display(),
            documents.len(),
            listed(documents)
        )));
    }
    fs::create_dir_all(path).map_err(Error::io("create", path))?;
    for document in documents {
        replace(&path.join(&document.file_name), &document.text)?;
    }
    Ok(())
}

/// The first few names.
fn listed(documents: &[Document]) -> String {
    const MOST: usize = 3;
    let named = documents.iter().take(MOST);
    let mut names: Vec<&str> = named.map(|document| document.file_name.as_str()).collect();
    if documents.len() > MOST {
        names.push("…");
    }
    names.join(", ")
}

fn replace(path: &Path, text: &str) -> Result<()> {
    // A pipe or a device is written to; a link is followed, not replaced.
    let known = fs::metadata(path).ok();
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        return fs::write(path, text).map_err(Error::io("write", path));
    }
    let target = match known {
        Some(_) => fs::canonicalize(path).map_err(Error::io("find", path))?,
        None => path.to_path_buf(),
    };
    let beside = beside(&target);
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &target));
    written.map_err(|error: io::Error| {
        let _ = fs::remove_file(&beside);
        Error::io("write", path)(error)
    })
}

/// A hidden name in the same directory, with an ending that no collector reads.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(names: &[&str]) -> Vec<Document> {
        let document = |name: &&str| Document {
            file_name: (*name).to_owned(),
            text: format!("{name}\n"),
        };
        names.iter().map(document).collect()
    }

    #[test]
    fn one_goes_into_a_file_or_a_directory_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("metrics.prom");
        for _ in 0..2 {
            write("textfile", &documents(&["a.prom"]), &file).unwrap();
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "a.prom\n");
        let below = dir.path().join("below/");
        write("textfile", &documents(&["a.prom"]), &below).unwrap();
        assert_eq!(
            fs::read_to_string(below.join("a.prom")).unwrap(),
            "a.prom\n"
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn several_need_a_directory() {
        let two = documents(&["a", "b", "c", "d"]);
        let why = only("hgrm", &two).unwrap_err().to_string();
        assert!(
            why.contains("4 files (a, b, c, …)") && why.contains("--output DIR"),
            "{why}"
        );
        let dir = tempfile::tempdir().unwrap();
        write("hgrm", &two, &dir.path().join("new")).unwrap();
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 4);
        let file = dir.path().join("file");
        fs::write(&file, "mine").unwrap();
        let why = write("hgrm", &two, &file).unwrap_err().to_string();
        assert!(why.contains("is a file"), "{why}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }

    #[test]
    fn a_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write("junit", &documents(&["x"]), &link).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "x\n");
    }
}
