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
    refused(&cause(error, &Circumstances::read()))
}

/// The error to end in where a ring is there but does not do its work in the target directory.
pub fn does_not_work(error: &Error) -> Error {
    refused(&format!("a trial write and sync failed: {error}"))
}

fn refused(cause: &str) -> Error {
    Error::Refused(format!("--engine uring: {cause}, or use --engine sync"))
}

fn cause(error: &io::Error, here: &Circumstances) -> String {
    match (Errno::from_io_error(error), here.disabled) {
        (Some(Errno::PERM), Some(2)) => "the kernel refuses io_uring: sysctl kernel.io_uring_disabled is 2; \
             set it to 0"
            .into(),
        (Some(Errno::PERM), Some(1)) if !here.filtered => {
            "the kernel refuses io_uring: sysctl kernel.io_uring_disabled is 1; set it to 0, run with \
             CAP_SYS_ADMIN or in the group kernel.io_uring_group"
                .into()
        }
        (Some(Errno::PERM | Errno::ACCESS), _) => {
            "io_uring is forbidden here, by a container's seccomp profile or a security module; allow \
             io_uring_setup, io_uring_enter and io_uring_register (--security-opt seccomp=…, seccompProfile)"
                .into()
        }
        (Some(Errno::NOSYS), _) if here.filtered => {
            "a seccomp filter hides io_uring, as container runtimes do by default; allow io_uring_setup, \
             io_uring_enter and io_uring_register (--security-opt seccomp=…, seccompProfile)"
                .into()
        }
        (Some(Errno::NOSYS), _) => format!(
            "kernel {} has no io_uring; boot one of 5.15 or later with CONFIG_IO_URING",
            here.kernel
        ),
        (Some(Errno::INVAL), _) => format!(
            "the io_uring of kernel {} is too old; boot 5.15 or later",
            here.kernel
        ),
        (Some(Errno::NOMEM), _) => match here.memlock_bytes {
            Some(bytes) => format!(
                "no memory for io_uring: RLIMIT_MEMLOCK is {} KiB; raise it (ulimit -l, LimitMEMLOCK=)",
                bytes / 1024
            ),
            None => "no memory for io_uring; free some".into(),
        },
        _ => format!("io_uring cannot be set up: {error}; see to that"),
    }
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
    let mode = status
        .lines()
        .find_map(|line| line.strip_prefix("Seccomp:"));
    mode.is_some_and(|mode| mode.trim() == "2")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(errno: Errno, here: &Circumstances) -> String {
        refused(&cause(&errno.into(), here)).to_string()
    }

    #[test]
    fn a_sysctl_is_named_with_its_value() {
        let here = Circumstances {
            disabled: Some(2),
            ..Circumstances::default()
        };
        assert_eq!(
            told(Errno::PERM, &here),
            "--engine uring: the kernel refuses io_uring: sysctl kernel.io_uring_disabled is 2; set it to 0, or \
             use --engine sync"
        );
        let here = Circumstances {
            disabled: Some(1),
            ..Circumstances::default()
        };
        assert!(told(Errno::PERM, &here).contains("io_uring_group"));
    }

    #[test]
    fn a_container_is_told_of_seccomp() {
        let here = Circumstances {
            disabled: Some(0),
            filtered: true,
            ..Circumstances::default()
        };
        for errno in [Errno::PERM, Errno::NOSYS] {
            let text = told(errno, &here);
            assert!(
                text.contains("seccomp") && text.contains("--engine sync"),
                "{text}"
            );
        }
    }

    #[test]
    fn an_old_kernel_is_named() {
        let here = Circumstances {
            kernel: "4.18.0".into(),
            ..Circumstances::default()
        };
        assert!(told(Errno::NOSYS, &here).contains("kernel 4.18.0 has no io_uring"));
        assert!(told(Errno::INVAL, &here).contains("5.15"));
    }

    #[test]
    fn locked_memory_is_told_in_kib() {
        let here = Circumstances {
            memlock_bytes: Some(65_536),
            ..Circumstances::default()
        };
        assert!(told(Errno::NOMEM, &here).contains("RLIMIT_MEMLOCK is 64 KiB"));
    }

    #[test]
    fn the_seccomp_line_is_understood() {
        assert!(is_filtered("Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n"));
        assert!(!is_filtered("Seccomp:\t0\nSeccomp_filters:\t0\n"));
    }
}
