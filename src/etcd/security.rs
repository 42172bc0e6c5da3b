//! How connections to an etcd are secured.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Result, usage};

/// How connections are made safe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Security {
    /// The authority that signed the members' certificates, PEM.
    pub cacert: Option<PathBuf>,
    /// The client's certificate, PEM.
    pub cert: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// Believe any certificate.
    pub insecure_skip_tls_verify: bool,
    /// The user; the password is never written down.
    pub user: Option<String>,
}

impl Security {
    /// The files of the client's certificate and its key, both or none.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) where one is given without the other.
    pub fn client_certificate(&self) -> Result<Option<(&Path, &Path)>> {
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            (None, None) => Ok(None),
            (Some(cert), None) => Err(usage(
                &["--cert", "--key"],
                format!(
                    "--cert {} needs its key; pass --key, too (or ETCDCTL_KEY)",
                    cert.display()
                ),
            )),
            (None, Some(key)) => Err(usage(
                &["--key", "--cert"],
                format!(
                    "--key {} needs its certificate; pass --cert, too (or ETCDCTL_CERT)",
                    key.display()
                ),
            )),
        }
    }

    /// Whether anything was said that only TLS has use for.
    pub(crate) fn asks_for_tls(&self) -> bool {
        self.cacert.is_some() || self.cert.is_some() || self.insecure_skip_tls_verify
    }
}
