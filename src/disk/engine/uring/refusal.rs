//! Why the kernel does not let us use io_uring, and the way out.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use crate::error::Error;

/// What decides who may use io_uring on this machine.
#[derive(Debug, Clone, Default)]
struct Circumstances {
    /// Sysctl `kernel.io_uring_disabled`: 0 all may, 1 the privileged and one group, 2 nobody. Linux 6.6 and later.
    disabled: Option<u8>,
    /// Whether a seccomp filter watches this process.
    filtered: bool,
    /// `RLIMIT_MEMLOCK` in bytes; `None` is without limit.
    memlock_bytes: Option<u64>,
    /// Kernel release.
    kernel: String,
}

/// The error to end in where a ring cannot be set up.
pub fn cannot_set_up(error: &io::Error) -> Error {
    refused(&cause_and_way_out(error, &Circumstances::read()))
}

/// The error to end in where a ring is there but does not do its work in the target directory.
pub fn does_not_work(error: &Error) -> Error {
    refused(&format!("a trial write and sync failed: {error}; use --engine sync"))
}

fn refused(why: &str) -> Error {
    Error::Refused(format!("--engine uring: {why}"))
}

fn cause_and_way_out(error: &io::Error, here: &Circumstances) -> String {
    match known_cause(error, here) {
        Some(cause) => format!("{cause}, or use --engine sync"),
        None => format!("io_uring cannot be set up: {error}; use --engine sync"),
    }
}

/// What forbids it and how to allow it, where that is known.
fn known_cause(error: &io::Error, here: &Circumstances) -> Option<String> {
    let cause = match (Errno::from_io_error(error)?, here.disabled) {
        (Errno::PERM, Some(2)) => {
            "the kernel refuses io_uring: sysctl kernel.io_uring_disabled is 2; set it to 0".into()
        }
        (Errno::PERM, Some(1)) if !here.filtered => {
            "the kernel refuses io_uring: sysctl kernel.io_uring_disabled is 1; set it to 0, or run with \
             CAP_SYS_ADMIN or in the group kernel.io_uring_group"
                .into()
        }
        (Errno::PERM | Errno::ACCESS, _) => {
            "io_uring is forbidden here by a seccomp filter, as container runtimes set one by default, or by a \
             security module; allow io_uring_setup, io_uring_enter and io_uring_register"
                .into()
        }
        (Errno::NOSYS, _) if here.filtered => {
            "a seccomp filter hides io_uring, as container runtimes do by default; allow io_uring_setup, \
             io_uring_enter and io_uring_register"
                .into()
        }
        (Errno::NOSYS, _) => format!(
            "kernel {} has no io_uring; boot 5.15 or later, built with CONFIG_IO_URING",
            here.kernel
        ),
        (Errno::INVAL, _) => format!(
            "the io_uring of kernel {} is too old; boot 5.15 or later",
            here.kernel
        ),
        (Errno::NOMEM, _) => {
            let kib = here.memlock_bytes? / 1024;
            format!("no memory for io_uring: RLIMIT_MEMLOCK is {kib} KiB; raise it (ulimit -l, LimitMEMLOCK=)")
        }
        _ => return None,
    };
    Some(cause)
}

impl Circumstances {
    fn read() -> Self {
        let disabled = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled");
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Circumstances {
            disabled: disabled.ok().and_then(|text| text.trim().parse().ok()),
            filtered: is_filtered(&status),
            memlock_bytes: getrlimit(Resource::Memlock).current,
            kernel: rustix::system::uname().release().to_string_lossy().into(),
        }
    }
}

/// Whether `/proc/self/status` tells of a seccomp filter (mode 2).
fn is_filtered(status: &str) -> bool {
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
    mode.is_some_and(|mode| mode.trim() == "2")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(errno: Errno, here: &Circumstances) -> String {
        refused(&cause_and_way_out(&errno.into(), here)).to_string()
    }

    #[test]
    fn a_sysctl_is_named_with_its_value() {
        let here = Circumstances { disabled: Some(2), ..Circumstances::default() };
        assert_eq!(
            told(Errno::PERM, &here),
            "--engine uring: the kernel refuses io_uring: sysctl kernel.io_uring_disabled is 2; set it to 0, or \
             use --engine sync"
        );
        let here = Circumstances { disabled: Some(1), ..Circumstances::default() };
        assert!(told(Errno::PERM, &here).contains("io_uring_group"));
    }

    #[test]
    fn a_container_is_told_of_seccomp() {
        let here = Circumstances { disabled: Some(0), filtered: true, ..Circumstances::default() };
        for errno in [Errno::PERM, Errno::NOSYS] {
            let text = told(errno, &here);
            assert!(text.contains("seccomp") && text.contains("--engine sync"), "{text}");
        }
    }

    #[test]
    fn an_old_kernel_is_named() {
        let here = Circumstances { kernel: "4.18.0".into(), ..Circumstances::default() };
        assert!(told(Errno::NOSYS, &here).contains("kernel 4.18.0 has no io_uring"));
        assert!(told(Errno::INVAL, &here).contains("5.15"));
    }

    #[test]
    fn locked_memory_is_told_in_kib() {
        let here = Circumstances { memlock_bytes: Some(65_536), ..Circumstances::default() };
        assert!(told(Errno::NOMEM, &here).contains("RLIMIT_MEMLOCK is 64 KiB"));
    }

    #[test]
    fn an_unknown_cause_is_told_in_the_systems_words() {
        let text = told(Errno::MFILE, &Circumstances::default());
        assert!(text.contains("Too many open files"), "{text}");
        assert!(text.ends_with("; use --engine sync"), "{text}");
    }

    #[test]
    fn the_seccomp_line_is_understood() {
        assert!(is_filtered("Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n"));
        assert!(!is_filtered("Seccomp:\t0\nSeccomp_filters:\t0\n"));
    }
}
