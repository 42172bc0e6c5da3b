//! Flags about the etcd to talk to, with the names and the environment of `etcdctl`.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{first_line, read};
use crate::etcd::Secret;
use crate::units::parse_duration;

/// How the etcd is reached. Flags and environment are those of `etcdctl`; a flag wins over the environment.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[command(next_help_heading = "Connection")]
#[serde(default)]
pub struct ConnectSpec {
    /// Where the members answer clients, with commas between [default: 127.0.0.1:2379]
    ///
    /// Without a scheme an endpoint is plain, or TLS where one of the flags for it is given.
    #[arg(long, value_name = "URL,…", env = "ETCDCTL_ENDPOINTS", value_delimiter = ',')]
    #[serde(deserialize_with = "read::split")]
    pub endpoints: Vec<String>,

    /// The authority that signed the members' certificates, PEM [default: those of the system]
    #[arg(long, value_name = "FILE", env = "ETCDCTL_CACERT", value_parser = path())]
    pub cacert: Option<PathBuf>,

    /// The client's certificate, PEM, for an etcd that asks for one
    #[arg(long, value_name = "FILE", env = "ETCDCTL_CERT", value_parser = path())]
    pub cert: Option<PathBuf>,

    /// The key of the client's certificate, PEM, not encrypted
    #[arg(long, value_name = "FILE", env = "ETCDCTL_KEY", value_parser = path())]
    pub key: Option<PathBuf>,

    /// Believe any certificate; whoever is in between can read and change everything
    #[arg(long, env = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY", value_parser = boolish)]
    pub insecure_skip_tls_verify: bool,

    /// User, for an etcd with authentication; the password is asked for where none is given
    #[arg(long, value_name = "NAME[:PASSWORD]", env = "ETCDCTL_USER", hide_env_values = true)]
    #[serde(deserialize_with = "name_alone")]
    pub user: Option<UserArg>,

    /// Its password; other users of this machine can see it: ETCDCTL_PASSWORD or --password-file hides it
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "ETCDCTL_PASSWORD",
        hide_env_values = true,
        value_parser = secret
    )]
    #[serde(skip)]
    pub password: Option<Secret>,

    /// A file whose first line is the password
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// Give up a connection that is not made after this long, TLS included [default: 2s]
    #[arg(long, value_name = "DURATION", env = "ETCDCTL_DIAL_TIMEOUT", value_parser = parse_duration)]
    #[serde(deserialize_with = "read::duration")]
    pub dial_timeout: Option<u64>,

    /// Give up a request that is not answered after this long [default: 5s]
    #[arg(long, value_name = "DURATION", env = "ETCDCTL_COMMAND_TIMEOUT", value_parser = parse_duration)]
    #[serde(deserialize_with = "read::duration")]
    pub command_timeout: Option<u64>,
}

/// What the environment says, where no flag does.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Environment {
    #[command(flatten)]
    connect: ConnectSpec,
}

impl ConnectSpec {
    /// What the environment says, as `etcdctl` reads it.
    ///
    /// # Errors
    /// A message that names the variable's flag.
    pub fn from_environment() -> Result<ConnectSpec, String> {
        let none: [&str; 0] = [];
        let parsed = Environment::try_parse_from(none);
        parsed.map(|environment| environment.connect).map_err(|error| first_line(&error))
    }

    /// What is said here, and where nothing is, what is said there.
    #[must_use]
    pub fn or(self, other: ConnectSpec) -> ConnectSpec {
        ConnectSpec {
            endpoints: if self.endpoints.is_empty() { other.endpoints } else { self.endpoints },
            cacert: self.cacert.or(other.cacert),
            cert: self.cert.or(other.cert),
            key: self.key.or(other.key),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify
                || other.insecure_skip_tls_verify,
            user: self.user.or(other.user),
            password: self.password.or(other.password),
            password_file: self.password_file.or(other.password_file),
            dial_timeout: self.dial_timeout.or(other.dial_timeout),
            command_timeout: self.command_timeout.or(other.command_timeout),
        }
    }
}

/// The user of a file, which is no place for a password.
fn name_alone<'de, D: Deserializer<'de>>(from: D) -> Result<Option<UserArg>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    match text {
        Some(text) if text.contains(':') => Err(D::Error::custom(
            "secrets do not belong into files: name the user alone, and give its password in ETCDCTL_PASSWORD or in a \
             file of its own, named with password_file",
        )),
        text => Ok(text.map(|name| UserArg { name, password: None })),
    }
}

/// `--user`: a name, and a password where one was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserArg {
    /// Before the first `:`.
    pub name: String,
    /// After it.
    pub password: Option<Secret>,
}

impl FromStr for UserArg {
    type Err = Infallible;

    // Never fails, for the parser of the command line repeats what it refuses, and that may hold a password.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let (name, password) = match text.split_once(':') {
            Some((name, password)) => (name, Some(Secret::new(password))),
            None => (text, None),
        };
        Ok(UserArg { name: name.to_owned(), password })
    }
}

fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// A path that may be empty: an empty environment variable counts as none, as for `etcdctl`.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(|text: OsString| PathBuf::from(text))
}

/// What Go's `strconv.ParseBool` takes, for `etcdctl` reads its environment so; and nothing at all.
fn boolish(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" | "" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        connect: ConnectSpec,
    }

    fn parsed(line: &[&str]) -> ConnectSpec {
        let line = std::iter::once("etcdbench").chain(line.iter().copied());
        Only::try_parse_from(line).unwrap().connect
    }

    #[test]
    fn endpoints_come_in_one_flag_or_several() {
        let args = parsed(&["--endpoints", "a:1,b:2", "--endpoints=c:3"]);
        assert_eq!(args.endpoints, ["a:1", "b:2", "c:3"]);
    }

    #[test]
    fn a_user_may_carry_a_password_with_colons() {
        let user = parsed(&["--user", "root:a:b"]).user.unwrap();
        assert_eq!(user.name, "root");
        assert_eq!(user.password.unwrap().expose(), "a:b");
        let user = parsed(&["--user", "root"]).user.unwrap();
        assert_eq!(user.password, None);
    }

    #[test]
    fn a_password_is_in_no_debug_output() {
        let args = parsed(&["--user", "root:hunter2", "--password", "hunter3"]);
        let shown = format!("{args:#?}");
        assert!(!shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn the_switch_takes_no_value_but_its_environment_takes_those_of_go() {
        assert!(parsed(&["--insecure-skip-tls-verify"]).insecure_skip_tls_verify);
        assert!(!parsed(&[]).insecure_skip_tls_verify);
        assert_eq!(boolish("True"), Ok(true));
        assert_eq!(boolish(""), Ok(false));
        assert!(boolish("maybe").is_err());
    }
}
