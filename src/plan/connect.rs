//! How the etcd is reached, from what was typed; and where the password comes from.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::{Result, usage};
use crate::etcd::Security;
use crate::etcd::{Credentials, Endpoint, Secret};
use crate::files;
use crate::spec::ConnectSpec;

use super::resolve::lasting;

/// Where etcd listens if nothing is said (embed/config.go `DefaultListenClientURLs`).
const ENDPOINT: &str = "127.0.0.1:2379";
/// etcdctl's default `--dial-timeout` (etcdctl/ctlv3/ctl.go).
pub(super) const DIAL_TIMEOUT_NS: u64 = 2_000_000_000;
/// etcdctl's default `--command-timeout` (etcdctl/ctlv3/ctl.go).
pub(super) const COMMAND_TIMEOUT_NS: u64 = 5_000_000_000;
const MIN_TIMEOUT_NS: u64 = 1_000_000;
/// Longer than this nobody waits; and it keeps clocks from overflowing.
const MAX_TIMEOUT_NS: u64 = 3_600_000_000_000;

/// How the etcd is reached, resolved and checked. The password is no part of it: see [`credentials`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Where it is asked first: at least one, each once.
    pub endpoints: Vec<Endpoint>,
    /// How connections are made safe.
    pub security: Security,
    /// A connection not made after this long has failed.
    pub dial_timeout_ns: u64,
    /// A request not answered after this long has failed.
    pub command_timeout_ns: u64,
}

impl Connect {
    /// Checks and completes what was typed. Pure: no file is read, nobody is asked.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) with the flag and the way out.
    pub fn resolve(args: &ConnectSpec) -> Result<Self> {
        let security = security(args)?;
        Ok(Connect {
            endpoints: endpoints(args, security.asks_for_tls())?,
            security,
            dial_timeout_ns: timeout("--dial-timeout", args.dial_timeout, DIAL_TIMEOUT_NS)?,
            command_timeout_ns: timeout(
                "--command-timeout",
                args.command_timeout,
                COMMAND_TIMEOUT_NS,
            )?,
        })
    }
}

fn endpoints(args: &ConnectSpec, tls: bool) -> Result<Vec<Endpoint>> {
    let typed: Vec<&str> =
        args.endpoints.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    let typed = if typed.is_empty() { vec![ENDPOINT] } else { typed };
    let mut endpoints = Vec::with_capacity(typed.len());
    for text in typed {
        let endpoint = Endpoint::parse_or(text, tls).map_err(|why| {
            usage(&["--endpoints"], format!("--endpoints (or ETCDCTL_ENDPOINTS): {why}"))
        })?;
        // Twice in the list is still one member, and gets one share of the load.
        if !endpoints.contains(&endpoint) {
            endpoints.push(endpoint);
        }
    }
    Ok(endpoints)
}

fn security(args: &ConnectSpec) -> Result<Security> {
    let user = match &args.user {
        None => None,
        Some(user) if user.name.is_empty() && user.password.is_none() => None,
        Some(user) if user.name.is_empty() => {
            return Err(usage(
                &["--user"],
                "--user (or ETCDCTL_USER) has a password but no name; write it like root:password",
            ));
        }
        Some(user) => Some(user.name.clone()),
    };
    let security = Security {
        cacert: file("--cacert", args.cacert.as_ref())?,
        cert: file("--cert", args.cert.as_ref())?,
        key: file("--key", args.key.as_ref())?,
        insecure_skip_tls_verify: args.insecure_skip_tls_verify,
        user,
    };
    security.client_certificate()?;
    Ok(security)
}

/// The file, if one was named. A result holds its name, so that must be UTF-8.
fn file(flag: &'static str, path: Option<&PathBuf>) -> Result<Option<PathBuf>> {
    match path.filter(|path| !path.as_os_str().is_empty()) {
        Some(path) if path.to_str().is_none() => Err(usage(
            &[flag],
            format!(
                "{flag} {}: the name is not UTF-8, which a result file cannot hold; name the file by another path",
                path.display()
            ),
        )),
        path => Ok(path.cloned()),
    }
}

fn timeout(flag: &'static str, typed: Option<u64>, default: u64) -> Result<u64> {
    lasting(flag, typed.unwrap_or(default), MIN_TIMEOUT_NS, MAX_TIMEOUT_NS)
}

/// The user and its password: from `--user name:password`, `--password` or its environment, `--password-file`, or
/// asked for on the terminal, in this order. Nothing where there is no user.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) where the flags contradict each other, the file cannot be read or there is no terminal to ask on.
pub fn credentials(args: &ConnectSpec) -> Result<Option<Credentials>> {
    credentials_or(args, ask)
}

fn credentials_or(
    args: &ConnectSpec,
    ask: impl FnOnce(&str) -> io::Result<String>,
) -> Result<Option<Credentials>> {
    let typed = args.password.as_ref().filter(|password| !password.expose().is_empty());
    let file = args.password_file.as_deref();
    let Some(user) = args.user.as_ref().filter(|user| !user.name.is_empty()) else {
        if typed.is_some() || file.is_some() {
            return Err(usage(
                &["--password", "--password-file", "--user"],
                "a password is given (--password, ETCDCTL_PASSWORD or --password-file) but no user; pass --user",
            ));
        }
        return Ok(None);
    };
    let password = match (&user.password, typed, file) {
        (Some(one), None, None) | (None, Some(one), None) => one.clone(),
        (Some(one), Some(other), None) if one == other => one.clone(),
        (None, None, Some(file)) => from_file(file)?,
        (None, None, None) => asked(&user.name, ask)?,
        _ => {
            return Err(usage(
                &["--user", "--password", "--password-file"],
                "more than one password is given: --user (or ETCDCTL_USER) with ':', --password (or \
                 ETCDCTL_PASSWORD) and --password-file are three ways to give it; use one",
            ));
        }
    };
    Ok(Some(Credentials { user: user.name.clone(), password }))
}

/// What is to be said to whoever asked before secrets are used: files of secrets that everybody on this machine may
/// read, and a connection that anybody may answer.
pub fn warnings(security: &Security, password_file: Option<&Path>) -> Vec<String> {
    let files = [("--key", security.key.as_deref()), ("--password-file", password_file)];
    let open = files.into_iter().filter_map(|(flag, path)| Some((flag, path?)));
    let mut told: Vec<String> = open
        .filter(|(_, path)| {
            std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o004 != 0)
        })
        .map(|(flag, path)| {
            let path = path.display();
            format!("{flag} {path}: every user of this machine may read it; chmod o-r {path}")
        })
        .collect();
    if security.insecure_skip_tls_verify {
        told.push(UNVERIFIED.to_owned());
    }
    told
}

/// What is told where certificates are not checked.
pub const UNVERIFIED: &str = "--insecure-skip-tls-verify: no certificate is checked, so whoever is between here and etcd \
                              can answer in its place, and read what is sent, passwords among it";

/// Of a file with a password, which is its first line.
const MOST_BYTES: u64 = 64 << 10;

fn from_file(path: &Path) -> Result<Secret> {
    let text = files::read_text(path, MOST_BYTES).map(Zeroizing::new).map_err(|error| {
        usage(&["--password-file"], format!("--password-file {}: {error}", path.display()))
    })?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => Err(usage(
            &["--password-file"],
            format!(
                "--password-file {}: its first line is empty; the password belongs there",
                path.display()
            ),
        )),
    }
}

fn ask(prompt: &str) -> io::Result<String> {
    rpassword::prompt_password(prompt)
}

fn asked(user: &str, ask: impl FnOnce(&str) -> io::Result<String>) -> Result<Secret> {
    match ask(&format!("Password of {user}: ")) {
        Ok(password) => Ok(Secret::new(password)),
        Err(_) => Err(usage(
            &["--user", "--password-file"],
            format!(
                "--user {user}: no password is given, and there is no terminal to ask on; set ETCDCTL_PASSWORD or pass \
             --password-file"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::error::Error;
    use crate::spec::UserArg;

    fn user(name: &str, password: Option<&str>) -> Option<UserArg> {
        Some(UserArg { name: name.to_owned(), password: password.map(Secret::new) })
    }

    fn nobody(_: &str) -> io::Result<String> {
        Err(io::Error::from_raw_os_error(libc::ENXIO))
    }

    fn message<T>(result: Result<T>) -> String {
        match result {
            Err(error @ Error::Usage(_)) => error.to_string(),
            Err(other) => panic!("another error: {other}"),
            Ok(_) => panic!("no error"),
        }
    }

    #[test]
    fn nothing_said_is_the_etcd_of_this_machine() {
        let connect = Connect::resolve(&ConnectSpec::default()).unwrap();
        assert_eq!(connect.endpoints.len(), 1);
        assert_eq!(connect.endpoints[0].to_string(), "http://127.0.0.1:2379");
        assert_eq!(connect.security, Security::default());
        assert_eq!(connect.dial_timeout_ns, 2_000_000_000);
        assert_eq!(connect.command_timeout_ns, 5_000_000_000);
        assert_eq!(credentials_or(&ConnectSpec::default(), nobody).unwrap(), None);
    }

    #[test]
    fn flags_for_tls_make_an_endpoint_without_scheme_one_of_tls() {
        let args = ConnectSpec {
            endpoints: vec!["a:1".into(), "http://b:1".into(), "https://a:1".into()],
            cacert: Some("ca.pem".into()),
            ..ConnectSpec::default()
        };
        let shown: Vec<_> =
            Connect::resolve(&args).unwrap().endpoints.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["https://a:1", "http://b:1"]);
    }

    #[test]
    fn an_empty_environment_is_none() {
        let args = ConnectSpec {
            endpoints: vec![String::new()],
            cacert: Some(PathBuf::new()),
            cert: Some(PathBuf::new()),
            user: user("", None),
            password: Some(Secret::new("")),
            ..ConnectSpec::default()
        };
        let connect = Connect::resolve(&args).unwrap();
        assert_eq!(connect.security, Security::default());
        assert_eq!(connect.endpoints[0].to_string(), "http://127.0.0.1:2379");
        assert_eq!(credentials_or(&args, nobody).unwrap(), None);
    }

    #[test]
    fn what_does_not_fit_together_names_its_flag() {
        let wrong = |change: fn(&mut ConnectSpec)| {
            let mut args = ConnectSpec::default();
            change(&mut args);
            message(Connect::resolve(&args))
        };
        let cert = wrong(|args| args.cert = Some("c.pem".into()));
        assert!(cert.contains("--cert c.pem needs its key"), "{cert}");
        let key = wrong(|args| args.key = Some("k.pem".into()));
        assert!(key.contains("pass --cert"), "{key}");
        let dial = wrong(|args| args.dial_timeout = Some(0));
        assert!(dial.contains("--dial-timeout"), "{dial}");
        let endpoint = wrong(|args| args.endpoints = vec!["ftp://a".into()]);
        assert!(endpoint.contains("--endpoints"), "{endpoint}");
        let user = wrong(|args| {
            args.user =
                Some(UserArg { name: String::new(), password: Some(Secret::new("hunter2")) });
        });
        assert!(user.contains("--user") && !user.contains("hunter2"), "{user}");
    }

    #[test]
    fn each_source_of_the_password_is_used() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"from file\r\nnot this\n").unwrap();
        let found = |password: Option<&str>, typed: Option<&str>, path: Option<&Path>| {
            let args = ConnectSpec {
                user: user("root", password),
                password: typed.map(Secret::new),
                password_file: path.map(Path::to_path_buf),
                ..ConnectSpec::default()
            };
            let asked = |prompt: &str| {
                assert_eq!(prompt, "Password of root: ");
                Ok("asked".to_owned())
            };
            credentials_or(&args, asked).map(|c| c.unwrap().password.expose().to_owned())
        };
        assert_eq!(found(Some("in user"), None, None).unwrap(), "in user");
        assert_eq!(found(None, Some("typed"), None).unwrap(), "typed");
        assert_eq!(found(Some("same"), Some("same"), None).unwrap(), "same");
        assert_eq!(found(None, None, Some(file.path())).unwrap(), "from file");
        assert_eq!(found(None, None, None).unwrap(), "asked");
        let twice = message(found(Some("hunter2"), Some("hunter3"), None));
        assert!(twice.contains("more than one password") && !twice.contains("hunter"));
    }

    #[test]
    fn a_password_that_cannot_be_had_tells_the_ways_to_give_it() {
        let args = ConnectSpec { user: user("root", None), ..ConnectSpec::default() };
        let none = message(credentials_or(&args, nobody));
        assert!(none.contains("ETCDCTL_PASSWORD") && none.contains("--password-file"), "{none}");

        let file = tempfile::NamedTempFile::new().unwrap();
        let args = ConnectSpec { password_file: Some(file.path().to_path_buf()), ..args };
        assert!(message(credentials_or(&args, nobody)).contains("first line is empty"));
        let args = ConnectSpec { user: None, ..args };
        assert!(message(credentials_or(&args, nobody)).contains("pass --user"));
    }
}
