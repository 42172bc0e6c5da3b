//! What must never be seen: not in `Debug`, not in a message, not in a result.

use std::fmt;

/// A password. Nothing shows it; [`Secret::expose`] is for the one place that sends it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes charge of it.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The password itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
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
}
