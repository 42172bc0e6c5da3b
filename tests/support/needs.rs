//! What a test needs of the machine. Where something is missing the test is skipped and says so; on CI that is a failure.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// One thing a test cannot do without.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// To be root: mounts, cgroups, other users.
    Root,
    /// A program in PATH.
    Program(&'static str),
    /// A cgroup controller that limits writes per second.
    WriteThrottle,
    /// To trace processes.
    Trace,
    /// Readers of other tools' formats, from PyPI.
    Readers,
    /// Judges of manifests and workflows, from PyPI.
    Validators,
}

impl Need {
    fn missing(self) -> Option<String> {
        match self {
            Need::Root => (!rustix::process::geteuid().is_root()).then(|| "needs root".to_owned()),
            Need::Program(name) => (!in_path(name)).then(|| format!("needs {name} in PATH")),
            Need::WriteThrottle => {
                let v1 = Path::new("/sys/fs/cgroup/blkio/blkio.throttle.write_iops_device");
                let v2 = std::fs::read_to_string("/sys/fs/cgroup/cgroup.controllers");
                let io = v2.is_ok_and(|all| all.split_whitespace().any(|one| one == "io"));
                (!v1.exists() && !io).then(|| "needs blkio or io cgroups".to_owned())
            }
            Need::Trace => {
                let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
                (!traced.is_ok_and(|s| s.success())).then(|| "needs a working strace".to_owned())
            }
            Need::Readers => super::readers::from_pypi().err(),
            Need::Validators => super::validators::from_pypi().err(),
        }
    }
}

fn in_path(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(name).is_file()))
}

/// Whether something is missing; tells what, past the test runner's capture.
///
/// # Panics
/// On CI, where nothing may be missing.
pub fn missing(needs: &[Need]) -> bool {
    let Some(why) = needs.iter().find_map(|need| need.missing()) else {
        return false;
    };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
    skipped(&why);
    true
}

/// Tells that the test did not judge, and why, past the test runner's capture.
pub fn skipped(why: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("test").to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: {why}");
}

/// Returns from the test, telling why, unless the machine has all of this.
macro_rules! needs {
    ($($need:expr),+ $(,)?) => {
        if $crate::support::needs::missing(&[$($need),+]) {
            return;
        }
    };
}
pub(crate) use needs;
