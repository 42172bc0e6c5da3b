//! Copies of results with other names in them, for pages that strangers see.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::cli::{RedactArg, ReportArgs};
use crate::delivery;
use crate::error::{Error, Result, WayOut, usage};
use crate::result;
use crate::result::redact::{Hidden, Redaction};

use super::output::say;

/// The results that are shown: those that were named, or copies of them that are in memory alone.
pub(super) struct Shown {
    /// Where they are read.
    pub files: Vec<PathBuf>,
    /// What they are called.
    pub names: Vec<PathBuf>,
    /// They are gone with these.
    _copies: Vec<File>,
}

impl Shown {
    /// What `report` was asked to show.
    ///
    /// # Errors
    /// As [`result::read`], for every result; and where the copy cannot be written.
    pub fn of(args: &ReportArgs) -> Result<Shown> {
        let kinds = kinds(&args.redact);
        if kinds.is_empty() {
            let (files, names) = (args.files.clone(), args.files.clone());
            return Ok(Shown { files, names, _copies: Vec::new() });
        }
        check(args)?;
        let mut redaction = Redaction::of(&kinds);
        let mut shown = Shown { files: Vec::new(), names: Vec::new(), _copies: Vec::new() };
        for file in &args.files {
            // What is wrong with it is told of the file that was named.
            result::read(file)?;
            let copy = memfd_create("etcdbench-redacted", MemfdFlags::CLOEXEC);
            let copy = File::from(copy.map_err(Error::io("copy", file))?);
            redaction.copy(file, &copy)?;
            shown.files.push(PathBuf::from(format!("/proc/self/fd/{}", copy.as_raw_fd())));
            shown.names.push(PathBuf::from(redaction.file_name(file)));
            shown._copies.push(copy);
        }
        if let (Some(to), [copy]) = (&args.redact_to, shown.files.as_slice()) {
            write(copy, to)?;
        }
        Ok(shown)
    }
}

fn kinds(wanted: &[RedactArg]) -> Vec<Hidden> {
    let kinds = wanted.iter().flat_map(|wanted| match wanted {
        RedactArg::All => Hidden::ALL.to_vec(),
        RedactArg::Hosts => vec![Hidden::Host],
        RedactArg::Devices => vec![Hidden::Device],
        RedactArg::Endpoints => vec![Hidden::Endpoint],
        RedactArg::Paths => vec![Hidden::Path],
    });
    kinds.collect()
}

/// Before anything is read.
fn check(args: &ReportArgs) -> Result<()> {
    let Some(to) = &args.redact_to else {
        return Ok(());
    };
    let refuse = |why: String, way_out| {
        let error = usage(&["--redact-to"], format!("--redact-to {}: {why}", to.display()));
        Err(error.or_type(way_out))
    };
    if let [_, others @ ..] = args.files.as_slice()
        && !others.is_empty()
    {
        return refuse(
            format!(
                "takes one result at a time, and {} are named; run it for each of them",
                args.files.len()
            ),
            WayOut::Without(others.iter().map(|path| path.display().to_string()).collect()),
        );
    }
    if to.exists() {
        return refuse(
            "is there already, and no result is overwritten; name another".to_owned(),
            WayOut::Value(second(to)),
        );
    }
    match to.parent().filter(|directory| !directory.as_os_str().is_empty() && !directory.is_dir()) {
        Some(directory) => refuse(
            format!("{} is no directory; create it first, or name another", directory.display()),
            WayOut::Value(to.file_name().unwrap_or_default().to_string_lossy().into_owned()),
        ),
        None => Ok(()),
    }
}

/// `a.jsonl` is `a-2.jsonl`.
fn second(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy()));
    path.with_file_name(format!("{stem}-2{}", ending.unwrap_or_default())).display().to_string()
}

fn write(copy: &Path, to: &Path) -> Result<()> {
    let mut text = String::new();
    File::open(copy)
        .and_then(|mut copy| copy.read_to_string(&mut text))
        .map_err(Error::io("write", to))?;
    delivery::deliver(&text, Some(to))?;
    say(&format!("the result without those names is in {}", to.display()));
    Ok(())
}
