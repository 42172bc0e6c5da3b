//! What must never be seen: not in `Debug`, not in a message, not in a result.

use std::fmt;
use std::sync::Once;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zeroize::{Zeroize as _, Zeroizing};

/// A password. Nothing shows it; [`Secret::expose`] is for the one place that sends it. Its memory is overwritten when
/// it is dropped, and a process that has held one leaves no core behind.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes charge of it.
    pub fn new(text: impl Into<String>) -> Self {
        static NO_CORE: Once = Once::new();
        NO_CORE.call_once(leave_no_core);
        Secret(Zeroizing::new(text.into()))
    }

    /// Takes charge of it, and overwrites where it came from.
    pub fn from_bytes(mut bytes: Vec<u8>) -> Self {
        let secret = Secret::new(String::from_utf8_lossy(&bytes).into_owned());
        bytes.zeroize();
        secret
    }

    /// The password itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A limit of 0 is not heeded where cores go to a program (core(5)); one of 1 byte is, and is too little for a file.
fn leave_no_core() {
    let maximum = getrlimit(Resource::Core).maximum;
    let current = maximum.map_or(1, |most| most.min(1));
    // Where the system refuses, there is nothing that could be done instead.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(current), maximum });
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A user of etcd's authentication, and its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

#[cfg(test)]
mod tests {
    use crate::etcd::{Credentials, Secret};

    #[test]
    fn a_password_is_not_shown() {
        let credentials = Credentials { user: "root".to_owned(), password: Secret::new("hunter2") };
        assert!(!format!("{credentials:#?}").contains("hunter2"));
        assert_eq!(credentials.password.expose(), "hunter2");
    }

    #[test]
    fn a_process_with_a_secret_leaves_no_core() {
        let _secret = Secret::new("hunter2");
        let limit = rustix::process::getrlimit(rustix::process::Resource::Core);
        assert!(limit.current.is_some_and(|bytes| bytes <= 1), "{limit:?}");
    }
}
