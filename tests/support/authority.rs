//! A certificate authority for tests, and what it signs, as PEM files in a directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// Signs certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: PathBuf,
    name: String,
}

/// A certificate and its key, as files.
#[derive(Debug, Clone)]
pub struct Pair {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy)]
pub enum Valid {
    Now,
    UntilThen,
    FromThen,
    /// From now on for so many days.
    Days(u64),
}

impl Authority {
    /// Makes an authority, with its certificate in `directory`.
    pub fn new(directory: &Path, name: &str) -> Self {
        Self::named(directory, name, name)
    }

    /// Makes an authority that shows itself as `subject`.
    pub fn named(directory: &Path, name: &str, subject: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, subject);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        fs::write(directory.join(format!("{name}.pem")), issuer.pem()).expect("a PEM file");
        Authority { issuer, directory: directory.to_path_buf(), name: name.to_owned() }
    }

    /// Its certificate.
    pub fn pem(&self) -> PathBuf {
        self.directory.join(format!("{}.pem", self.name))
    }

    /// A certificate for a server of these names and addresses.
    pub fn server(&self, names: &[&str], valid: Valid) -> Pair {
        let usage = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(names, valid, usage)
    }

    /// A certificate for a client.
    pub fn client(&self, valid: Valid) -> Pair {
        self.sign(&[], valid, vec![ExtendedKeyUsagePurpose::ClientAuth])
    }

    /// A certificate that signed itself and is an authority, too: what `openssl req -x509` makes.
    pub fn of_itself(directory: &Path, names: &[&str], valid: Valid) -> Pair {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names.clone()).expect("names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        valid.limit(&mut params);
        let key = KeyPair::generate().expect("a key");
        let cert = params.self_signed(&key).expect("a certificate");
        let stem = format!("itself-{}-{valid:?}", names.join("-"));
        Pair::write(directory, &stem, &cert.pem(), &key)
    }

    fn sign(&self, names: &[&str], valid: Valid, usage: Vec<ExtendedKeyUsagePurpose>) -> Pair {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let stem = format!("{}-{}-{valid:?}-{}", self.name, names.join("-"), usage.len());
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, "someone");
        params.extended_key_usages = usage;
        valid.limit(&mut params);
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate");
        Pair::write(&self.directory, &stem, &cert.pem(), &key)
    }
}

impl Pair {
    fn write(directory: &Path, stem: &str, cert: &str, key: &KeyPair) -> Self {
        let pair = Pair {
            cert: directory.join(format!("{stem}.pem")),
            key: directory.join(format!("{stem}-key.pem")),
        };
        fs::write(&pair.cert, cert).expect("a PEM file");
        fs::write(&pair.key, key.serialize_pem()).expect("a PEM file");
        pair
    }
}

impl Valid {
    fn limit(self, params: &mut CertificateParams) {
        match self {
            Valid::Now => {}
            Valid::UntilThen => params.not_after = date_time_ymd(2020, 2, 3),
            Valid::FromThen => params.not_before = date_time_ymd(2099, 2, 3),
            Valid::Days(days) => {
                let then = SystemTime::now() + Duration::from_secs(days * 86_400);
                params.not_after = then.into();
            }
        }
    }
}
