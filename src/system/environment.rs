//! What a process that we start is told of our environment. A shell's holds passwords, tokens and settings of other
//! programs; none of them is any business of a child.

use std::ffi::OsStr;
use std::process::Command;

/// Where programs, libraries and authorities are, how a process speaks, and how Go's runtime is set, which a throwaway
/// etcd is to share with others that are started from here.
const NEEDED: [&str; 23] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TZ",
    "LANG",
    "LANGUAGE",
    "TERM",
    "COLUMNS",
    "NO_COLOR",
    "LD_LIBRARY_PATH",
    // A library that takes the syncs away is to be found out by whoever measures them.
    "LD_PRELOAD",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GODEBUG",
    "GOGC",
    "GOMAXPROCS",
    "GOMEMLIMIT",
    "RUST_BACKTRACE",
    "LLVM_PROFILE_FILE",
    // etcd demands it on processors that it is not tested on.
    "ETCD_UNSUPPORTED_ARCH",
];

/// Leaves a command nothing of the environment but what it needs.
pub fn keep_what_is_needed(command: &mut Command) -> &mut Command {
    let kept: Vec<_> = std::env::vars_os().filter(|(name, _)| is_needed(name)).collect();
    command.env_clear().envs(kept)
}

fn is_needed(name: &OsStr) -> bool {
    let locale = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with("LC_"));
    NEEDED.iter().any(|needed| name == *needed) || locale(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_settings_of_others_are_not_passed_on() {
        for (name, passed) in [
            ("PATH", true),
            ("LC_ALL", true),
            ("ETCD_UNSUPPORTED_ARCH", true),
            ("ETCDCTL_PASSWORD", false),
            ("ETCDCTL_USER", false),
            ("ETCD_DATA_DIR", false),
            ("AWS_SECRET_ACCESS_KEY", false),
            ("GITHUB_TOKEN", false),
        ] {
            assert_eq!(is_needed(OsStr::new(name)), passed, "{name}");
        }
    }
}
