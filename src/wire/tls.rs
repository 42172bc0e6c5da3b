//! TLS as etcd's clients use it: PEM files read and checked up front, ring's cryptography, HTTP/2 by ALPN.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientConfig, WantsClientCert};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ConfigBuilder, InconsistentKeys, RootCertStore, WantsVerifier};

use super::verify::{Anyone, Listed};
use crate::error::{Error, Result};
use crate::etcd::Security;
use crate::files;

/// What gRPC speaks (RFC 7540, 3.1).
const ALPN_HTTP2: &[u8] = b"h2";

/// What a configuration of TLS is made of, read and checked.
pub(super) struct Material {
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    trust: Trust,
    identity: Option<Arc<CertifiedKey>>,
}

enum Trust {
    /// The authorities of this machine, read when the first TLS connection is made.
    System,
    /// Those of `--cacert`.
    Listed(Arc<Listed>),
    /// Whoever answers.
    Anyone,
}

impl Material {
    /// Reads the files that `security` names.
    ///
    /// # Errors
    /// [`Error::Usage`] with flag and file: unreadable, not PEM, a key that is encrypted or not that of the certificate.
    pub(super) fn read(security: &Security) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let identity = match security.client_certificate()? {
            Some((cert, key)) => Some(Arc::new(identity(cert, key, &provider)?)),
            None => None,
        };
        let trust = match &security.cacert {
            _ if security.insecure_skip_tls_verify => Trust::Anyone,
            Some(path) => Trust::Listed(Arc::new(listed(path, &provider)?)),
            None => Trust::System,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Refused(format!("TLS cannot be set up: {error}")))?;
        Ok(Material { builder, trust, identity })
    }

    /// A configuration that verifies the server as asked.
    pub(super) fn config(&self) -> ClientConfig {
        match &self.trust {
            Trust::Anyone => self.config_that_believes_anyone(),
            Trust::Listed(verifier) => self.verified_by(verifier.clone()),
            Trust::System => {
                self.finish(self.builder.clone().with_root_certificates(system_roots()))
            }
        }
    }

    /// A configuration that believes any certificate.
    pub(super) fn config_that_believes_anyone(&self) -> ClientConfig {
        self.verified_by(Arc::new(Anyone::new(self.builder.crypto_provider())))
    }

    fn verified_by(&self, verifier: Arc<dyn ServerCertVerifier>) -> ClientConfig {
        let builder = self.builder.clone().dangerous();
        self.finish(builder.with_custom_certificate_verifier(verifier))
    }

    fn finish(&self, builder: ConfigBuilder<ClientConfig, WantsClientCert>) -> ClientConfig {
        let mut config = match &self.identity {
            Some(key) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key.clone())))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
        config
    }
}

/// The authorities of this machine. Those it cannot read are left out: a certificate they signed is then refused.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn listed(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Listed> {
    let unusable = |error: &dyn Display| {
        let what = format!("holds a certificate that cannot be used ({error})");
        usage("--cacert", path, &what)
    };
    let certificates = certificates("--cacert", path)?;
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| match error {
            rustls::Error::InvalidCertificate(error) => unusable(&error),
            error => unusable(&error),
        })?;
    }
    Listed::new(roots, certificates, provider).map_err(|error| unusable(&error))
}

fn identity(cert: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey> {
    let chain = certificates("--cert", cert)?;
    CertifiedKey::from_der(chain, private_key(key)?, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            usage("--key", key, &format!("is not the key of --cert {}", cert.display()))
        }
        // A certificate that cannot be parsed shows here, too.
        rustls::Error::InvalidCertificate(error) => {
            usage("--cert", cert, &format!("cannot be used ({error})"))
        }
        error => usage("--key", key, &format!("cannot be used ({error})")),
    })
}

fn certificates(flag: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = read(flag, path)?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(usage(
            flag,
            path,
            "holds no certificate in PEM (-----BEGIN CERTIFICATE-----); 'openssl x509 -inform der' converts one in DER",
        )),
        Err(error) => Err(damaged(flag, path, &error)),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = read("--key", path)?;
    let says = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    if says(b"BEGIN ENCRYPTED PRIVATE KEY") || says(b"Proc-Type: 4,ENCRYPTED") {
        return Err(usage(
            "--key",
            path,
            "is encrypted; 'openssl pkey' writes it without encryption",
        ));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            usage("--key", path, "holds no private key in PEM (-----BEGIN … PRIVATE KEY-----)")
        }
        error => damaged("--key", path, &error),
    })
}

fn damaged(flag: &'static str, path: &Path, error: &pem::Error) -> Error {
    let what = match error {
        pem::Error::MissingSectionEnd { .. } => "its END line is missing".to_owned(),
        error => error.to_string(),
    };
    usage(flag, path, &format!("is damaged ({what})"))
}

/// All authorities that a browser believes are 250 KB.
const MOST_BYTES: u64 = 4 << 20;

fn read(flag: &'static str, path: &Path) -> Result<Vec<u8>> {
    files::read(path, MOST_BYTES)
        .map_err(|error| usage(flag, path, &format!("cannot be read: {error}")))
}

fn usage(flag: &'static str, path: &Path, what: &str) -> Error {
    crate::error::usage(&[flag], format!("{flag} {} {what}", path.display()))
}
