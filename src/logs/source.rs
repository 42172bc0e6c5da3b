//! Where logs are: files and pipes, and what the members are called whose logs these are.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Component, Path};

use crate::error::{Error, Result};
use crate::files;

/// Names of files and directories that say nothing of whose log it is.
const ANYBODYS: [&str; 17] = [
    "etcd",
    "log",
    "logs",
    "current",
    "previous",
    "stdout",
    "stderr",
    "messages",
    "syslog",
    "journal",
    "journalctl",
    "var",
    "tmp",
    "pods",
    "containers",
    "k3s",
    "output",
];

/// Opens a file to be read once from beginning to end.
///
/// # Errors
/// [`Error::Refused`] for what is no log, with the way out; [`Error::Io`].
pub(super) fn open(path: &Path) -> Result<(File, Metadata)> {
    let meta = path.metadata().map_err(Error::io("read", path))?;
    let kind = meta.file_type();
    if kind.is_dir() {
        let shown = path.display();
        return Err(Error::Refused(format!(
            "{shown} is a directory; name the files in it: {shown}/*"
        )));
    }
    if kind.is_char_device() || kind.is_block_device() || kind.is_socket() {
        let shown = path.display();
        return Err(Error::Refused(format!(
            "{shown} is no file; for what another program prints, name - and pipe it in"
        )));
    }
    let (file, _) = files::open(path).map_err(Error::io("open", path))?;
    let meta = file.metadata().map_err(Error::io("read", path))?;
    Ok((file, meta))
}

/// What a member is called whose log this is: the file without the marks of rotation and compression, or the nearest
/// directory that says more than `0.log` does. Of Kubernetes' names the pod.
pub fn member_of(path: &Path) -> String {
    let names = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let mut names = names.map(OsStr::to_string_lossy);
    let file = names.next().unwrap_or_default().into_owned();
    let stem = stem(&file);
    if says_whose(stem) {
        return pod(stem).to_owned();
    }
    let directory = names.find(|name| says_whose(name)).map(|name| pod(&name).to_owned());
    directory.unwrap_or(file)
}

/// `m1.log.2.gz` and `m1.log-20260101` are `m1`.
fn stem(name: &str) -> &str {
    let mut name = name;
    while let Some((stem, last)) = name.rsplit_once('.') {
        let rotated = !last.is_empty() && is_number(last);
        let last = last
            .split_once('-')
            .map_or(last, |(last, date)| if is_number(date) { last } else { "" });
        let known = ["gz", "log", "txt", "json", "jsonl", "out", "err"].contains(&last);
        if stem.is_empty() || !(rotated || known) {
            break;
        }
        name = stem;
    }
    name
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn says_whose(name: &str) -> bool {
    !is_number(name) && !ANYBODYS.contains(&name)
}

/// `kube-system_etcd-cp1_8a2f…` (a directory of pods) and `etcd-cp1_kube-system_etcd-8a2f…` (a link to a log).
fn pod(name: &str) -> &str {
    let mut parts = name.split('_');
    let is_etcd = |part: &&str| part.starts_with("etcd-");
    match name.contains('_') {
        true => parts.find(is_etcd).unwrap_or(name),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_called_by_what_tells_them_apart() {
        for (path, wanted) in [
            ("m1.log.2.gz", "m1"),
            ("logs/m1.log-20260101.gz", "m1"),
            ("/var/log/pods/kube-system_etcd-cp1_8a2f/etcd/0.log", "etcd-cp1"),
            ("/var/log/containers/etcd-cp1_kube-system_etcd-8a2f.log", "etcd-cp1"),
            ("pods/etcd-ip-10-0-1-2/etcd/etcd/logs/current.log", "etcd-ip-10-0-1-2"),
            ("m1/etcd.log", "m1"),
            ("etcd.log", "etcd.log"),
            ("01-slow.log", "01-slow"),
            ("cp1.example.com.log", "cp1.example.com"),
        ] {
            assert_eq!(member_of(Path::new(path)), wanted, "{path}");
        }
    }
}
