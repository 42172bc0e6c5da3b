//! The etcd program: whether it is there, and which version it is.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};
use crate::etcd::shown_version;
use crate::system::environment;

/// Of what another program said instead.
const LONGEST_WORDS: usize = 500;

/// What `etcd --version` says: `3.5.17`.
///
/// # Errors
/// When it cannot be run, or is no etcd.
pub fn version(etcd: &Path) -> Result<String> {
    let path = etcd.display();
    let mut command = Command::new(etcd);
    let output = environment::keep_what_is_needed(&mut command)
        .arg("--version")
        .output()
        .map_err(|error| {
            Error::Refused(match error.kind() {
                ErrorKind::NotFound => format!(
                    "{path}: there is no such program; install it (Debian, Ubuntu: apt-get install etcd-server; \
                     elsewhere: https://github.com/etcd-io/etcd/releases), or name it with --etcd"
                ),
                ErrorKind::PermissionDenied => {
                    format!("{path}: may not be executed; chmod +x it, or name another one with --etcd")
                }
                _ => format!("{path}: cannot be run: {error}; name another one with --etcd"),
            })
        })?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = said.lines().find_map(|line| line.strip_prefix("etcd Version: "));
    match version {
        Some(version) => Ok(shown_version(version.trim())),
        None => {
            let words = [said.trim(), String::from_utf8_lossy(&output.stderr).trim()].join(" ");
            let words: String = words.chars().take(LONGEST_WORDS).collect();
            let way_out = way_out(&words).unwrap_or("is it an etcd? Name one with --etcd");
            let first = words.trim().lines().next().map(str::trim);
            let but = first.map_or_else(String::new, |first| format!(", but '{first}'"));
            Err(Error::Refused(format!("{path} --version prints no etcd version{but}; {way_out}")))
        }
    }
}

/// What to do about what etcd says when it does not start.
pub fn way_out(log: &str) -> Option<&'static str> {
    let says = |text: &str| log.contains(text);
    if says("ETCD_UNSUPPORTED_ARCH") {
        Some(
            "this etcd does not count this processor among those it is tested on; set the variable it names and \
             start again: etcdbench passes it on",
        )
    } else if says("no space left on device") {
        Some("its file system is full; name a directory on another one")
    } else if says("too many open files") {
        Some("raise the limit of open files (ulimit -n 65536)")
    } else if says("permission denied") {
        Some("it may not write there; name another directory")
    } else {
        None
    }
}
