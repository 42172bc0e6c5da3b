//! TLS as etcd's clients use it: PEM files read and checked up front, ring's cryptography, HTTP/2 by ALPN.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, WantsClientCert};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ConfigBuilder, DigitallySignedStruct, InconsistentKeys, RootCertStore, SignatureScheme,
    WantsVerifier,
};

use crate::error::{Error, Result};
use crate::plan::Security;

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
    Given(Arc<RootCertStore>),
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
            Some(path) => Trust::Given(Arc::new(roots(path)?)),
            None => Trust::System,
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Refused(format!("TLS cannot be set up: {error}")))?;
        Ok(Material {
            builder,
            trust,
            identity,
        })
    }

    /// A configuration that verifies the server as asked.
    pub(super) fn config(&self) -> ClientConfig {
        match &self.trust {
            Trust::Anyone => self.config_that_believes_anyone(),
            Trust::Given(roots) => {
                self.finish(self.builder.clone().with_root_certificates(roots.clone()))
            }
            Trust::System => {
                self.finish(self.builder.clone().with_root_certificates(system_roots()))
            }
        }
    }

    /// A configuration that believes any certificate.
    pub(super) fn config_that_believes_anyone(&self) -> ClientConfig {
        let provider = self.builder.crypto_provider();
        let verifier = Anyone(
            provider
                .signature_verification_algorithms
                .supported_schemes(),
        );
        let builder = self.builder.clone().dangerous();
        self.finish(builder.with_custom_certificate_verifier(Arc::new(verifier)))
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

fn roots(path: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("--cacert", path)? {
        roots.add(certificate).map_err(|error| {
            usage(
                "--cacert",
                path,
                &format!("holds a certificate that cannot be used ({error})"),
            )
        })?;
    }
    Ok(roots)
}

fn identity(cert: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey> {
    let chain = certificates("--cert", cert)?;
    CertifiedKey::from_der(chain, private_key(key)?, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => usage(
            "--key",
            key,
            &format!("is not the key of --cert {}", cert.display()),
        ),
        // A certificate that cannot be parsed shows here, too.
        rustls::Error::InvalidCertificate(error) => {
            usage("--cert", cert, &format!("cannot be used ({error:?})"))
        }
        error => usage("--key", key, &format!("cannot be used ({error})")),
    })
}

fn certificates(flag: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = read(flag, path)?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(usage(
            flag,
            path,
            "holds no certificate in PEM (-----BEGIN CERTIFICATE-----); 'openssl x509 -inform der' converts one in DER",
        )),
        Err(error) => Err(usage(flag, path, &format!("is damaged ({error})"))),
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
    use rustls::pki_types::pem::Error as PemError;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound => usage(
            "--key",
            path,
            "holds no private key in PEM (-----BEGIN … PRIVATE KEY-----)",
        ),
        error => usage("--key", path, &format!("is damaged ({error})")),
    })
}

fn read(flag: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| usage(flag, path, &format!("cannot be read: {error}")))
}

fn usage(flag: &str, path: &Path, what: &str) -> Error {
    Error::Usage(format!("{flag} {} {what}", path.display()))
}

/// Believes any certificate, and that whoever shows it holds its key: with no name behind it, the key proves nothing.
#[derive(Debug)]
struct Anyone(Vec<SignatureScheme>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}
