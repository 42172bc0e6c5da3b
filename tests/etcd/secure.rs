//! Connections to a real etcd with TLS, client certificates and authentication: right, and wrong in every way that
//! people get it wrong. Each mistake is told as what it is, with the way out.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use crate::support::authority::{Authority, Pair, Valid};
use crate::support::guarded::{Guarded, PASSWORD};
use crate::support::needs::{Need, needs};
use etcdbench::error::Error;
use etcdbench::etcd::Security;
use etcdbench::etcd::{Credentials, Endpoint, Secret};
use etcdbench::wire::{Auth, AuthError, DialError, DialFailure, Dialer};
use tempfile::{TempDir, tempdir};
use tokio::io::AsyncReadExt;

const SECOND: u64 = 1_000_000_000;
/// Long enough for a busy machine: no test waits for it.
const PATIENT: u64 = 20 * SECOND;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn trusting(cacert: &Path) -> Security {
    Security { cacert: Some(cacert.to_path_buf()), ..Security::default() }
}

fn with(security: Security, pair: &Pair) -> Security {
    Security { cert: Some(pair.cert.clone()), key: Some(pair.key.clone()), ..security }
}

/// Connects and asks for a token: the first thing that a load with `--user` does.
fn ask(security: &Security, url: &str, password: &str) -> Result<String, AuthError> {
    let dialer = Dialer::new(security, PATIENT).unwrap();
    let credentials = Credentials { user: "root".to_owned(), password: Secret::new(password) };
    let auth = Auth::new(credentials, PATIENT);
    let endpoint = Endpoint::parse(url).unwrap();
    let token = block_on(auth.renew(&dialer, &endpoint, 0))?;
    Ok(token.value.to_str().unwrap().to_owned())
}

/// Asserts that the server was reached and understood: it has no authentication, and says so.
#[track_caller]
fn reached(security: &Security, url: &str) {
    match ask(security, url, "any") {
        Err(AuthError::NotEnabled(_)) => {}
        other => panic!("{url}: {other:?}"),
    }
}

/// Asserts that there was no connection, why, and that the sentence has these words.
#[track_caller]
fn fails(security: &Security, url: &str, failure: DialFailure, words: &[&str]) {
    match ask(security, url, "hunter2") {
        Err(AuthError::Dial(error)) => told(&error, failure, words),
        other => panic!("{url}: {other:?}"),
    }
}

#[track_caller]
fn told(error: &DialError, failure: DialFailure, words: &[&str]) {
    assert_eq!(error.failure(), failure, "{error}");
    let sentence = error.to_string();
    for word in words {
        assert!(sentence.contains(word), "no '{word}' in: {sentence}");
    }
    assert!(!sentence.contains("hunter2"), "{sentence}");
    println!("{sentence}");
}

/// An authority, an etcd with a certificate of its for this machine, and the directory of both.
fn tls_etcd(names: &[&str], valid: Valid) -> (TempDir, Authority, Guarded) {
    let directory = tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let etcd = Guarded::tls(directory.path(), &authority.server(names, valid), None);
    (directory, authority, etcd)
}

#[test]
fn tls_is_believed_only_with_its_authority() {
    needs!(Need::Program("etcd"));
    let (directory, authority, etcd) = tls_etcd(&["localhost", "127.0.0.1"], Valid::Now);
    reached(&trusting(&authority.pem()), &etcd.at("127.0.0.1"));
    reached(&trusting(&authority.pem()), &etcd.at("localhost"));
    let anyone = Security { insecure_skip_tls_verify: true, ..Security::default() };
    reached(&anyone, &etcd.at("127.0.0.1"));

    let url = etcd.at("127.0.0.1");
    fails(
        &Security::default(),
        &url,
        DialFailure::UnknownAuthority,
        &[&url, "unknown authority; pass --cacert"],
    );
    let other = Authority::new(directory.path(), "other");
    fails(
        &trusting(&other.pem()),
        &url,
        DialFailure::UnknownAuthority,
        &["unknown authority", "--cacert", "other.pem"],
    );
    let remade = Authority::named(directory.path(), "remade", "authority");
    fails(
        &trusting(&remade.pem()),
        &url,
        DialFailure::UnknownAuthority,
        &["--cacert", "remade.pem holds one of the same name with another key"],
    );
    fails(
        &Security::default(),
        &etcd.mixed_up(),
        DialFailure::TlsServer,
        &["speaks TLS", &url, "--cacert"],
    );
}

#[test]
fn a_certificate_out_of_its_time_is_told_with_both_dates() {
    needs!(Need::Program("etcd"));
    let (_directory, authority, etcd) = tls_etcd(&["127.0.0.1"], Valid::UntilThen);
    fails(
        &trusting(&authority.pem()),
        &etcd.at("127.0.0.1"),
        DialFailure::Expired,
        &["expired on 2020-02-03", "clock says 20"],
    );
    let (_directory, authority, etcd) = tls_etcd(&["127.0.0.1"], Valid::FromThen);
    fails(
        &trusting(&authority.pem()),
        &etcd.at("127.0.0.1"),
        DialFailure::NotYetValid,
        &["not valid before 2099-02-03", "set the clock"],
    );
}

#[test]
fn a_certificate_for_others_tells_for_whom() {
    needs!(Need::Program("etcd"));
    let (_directory, authority, etcd) = tls_etcd(&["etcd-1.example.com", "10.9.8.7"], Valid::Now);
    fails(
        &trusting(&authority.pem()),
        &etcd.at("127.0.0.1"),
        DialFailure::WrongName,
        &["not for '127.0.0.1'", "only for etcd-1.example.com, 10.9.8.7;"],
    );
    let (_directory, authority, etcd) = tls_etcd(&[], Valid::Now);
    fails(
        &trusting(&authority.pem()),
        &etcd.at("127.0.0.1"),
        DialFailure::WrongName,
        &["names no host", "subjectAltName"],
    );
}

#[test]
fn a_certificate_that_signed_itself_is_believed_where_it_is_listed() {
    needs!(Need::Program("etcd"));
    let directory = tempdir().unwrap();
    let here = directory.path();
    let itself = |names: &[&str], valid| {
        let pair = Authority::of_itself(here, names, valid);
        let etcd = Guarded::tls(here, &pair, None);
        (trusting(&pair.cert), etcd.at("127.0.0.1"), etcd)
    };
    let (trust, url, _etcd) = itself(&["127.0.0.1"], Valid::Now);
    reached(&trust, &url);
    let other = Authority::of_itself(here, &["127.0.0.2"], Valid::Now);
    fails(
        &trusting(&other.cert),
        &url,
        DialFailure::UnusableCertificate,
        &["that of an authority", "--cacert"],
    );
    let (trust, url, _etcd) = itself(&["etcd-1.example.com"], Valid::Now);
    fails(&trust, &url, DialFailure::WrongName, &["only for etcd-1.example.com;"]);
    let (trust, url, _etcd) = itself(&["127.0.0.1"], Valid::UntilThen);
    fails(&trust, &url, DialFailure::Expired, &["2020-02-03"]);
}

#[test]
fn a_missing_client_certificate_is_told_from_a_bad_one() {
    needs!(Need::Program("etcd"));
    let directory = tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let clients = Authority::new(directory.path(), "clients");
    let server = authority.server(&["127.0.0.1"], Valid::Now);
    let etcd = Guarded::tls(directory.path(), &server, Some(&clients.pem()));
    let url = etcd.at("127.0.0.1");
    let trust = trusting(&authority.pem());

    reached(&with(trust.clone(), &clients.client(Valid::Now)), &url);
    fails(
        &trust,
        &url,
        DialFailure::ClientCertificateMissing,
        &["demands a client certificate; pass --cert and --key"],
    );
    for (pair, name) in
        [(authority.client(Valid::Now), "--cert"), (clients.client(Valid::UntilThen), "UntilThen")]
    {
        fails(
            &with(trust.clone(), &pair),
            &url,
            DialFailure::ClientCertificateRefused,
            &["refuses the client certificate", name, "--trusted-ca-file"],
        );
    }
    fails(&trust, &etcd.mixed_up(), DialFailure::TlsServer, &["speaks TLS", &url]);

    // Without a look from outside: the server tells only after its own part of the handshake, so that the connection
    // may have been made, and what is read from it tells.
    let found = block_on(async {
        let dialer = Dialer::new(&trust, PATIENT).unwrap();
        let endpoint = Endpoint::parse(&url).unwrap();
        match dialer.dial(&endpoint).await {
            Err(error) => error,
            Ok(mut stream) => {
                let error = stream.read_u8().await.unwrap_err();
                DialError::within(&error).expect("an explained error").clone()
            }
        }
    });
    told(&found, DialFailure::ClientCertificateMissing, &[&url]);
}

#[test]
fn tls_to_a_plain_etcd_is_told() {
    needs!(Need::Program("etcd"));
    let directory = tempdir().unwrap();
    let etcd = Guarded::plain(directory.path());
    let url = etcd.at("127.0.0.1");
    reached(&Security::default(), &url);
    reached(&Security::default(), &etcd.at("localhost"));
    fails(
        &Security::default(),
        &etcd.mixed_up(),
        DialFailure::PlainServer,
        &["does not speak TLS", &url],
    );

    let metrics = etcd.metrics_port();
    for scheme in ["http", "https"] {
        fails(
            &Security::default(),
            &format!("{scheme}://127.0.0.1:{metrics}"),
            DialFailure::NotEtcd,
            &["--listen-metrics-urls", "2379"],
        );
    }
}

#[test]
fn a_password_gives_a_token_and_a_wrong_one_a_clear_no() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let directory = tempdir().unwrap();
    let etcd = Guarded::authenticated(directory.path());
    let url = etcd.at("127.0.0.1");
    let token = ask(&Security::default(), &url, PASSWORD).unwrap();
    assert!(!token.is_empty());
    match ask(&Security::default(), &url, "hunter2") {
        Err(error @ AuthError::WrongPassword(_)) => {
            let sentence = error.to_string();
            assert!(sentence.contains(&url) && sentence.contains("'root'"), "{sentence}");
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn many_that_find_their_token_stale_ask_for_one_together() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let directory = tempdir().unwrap();
    let etcd = Guarded::authenticated(directory.path());
    let endpoint = Endpoint::parse(&etcd.at("127.0.0.1")).unwrap();
    let dialer = Dialer::new(&Security::default(), PATIENT).unwrap();
    let credentials = Credentials { user: "root".to_owned(), password: Secret::new(PASSWORD) };
    let auth = Auth::new(credentials, PATIENT);
    assert!(auth.token().is_none());
    block_on(async {
        let renew = |stale| auth.renew(&dialer, &endpoint, stale);
        let (one, two, three) = tokio::join!(renew(0), renew(0), renew(0));
        let one = one.unwrap();
        assert_eq!((one.generation, &one), (1, &two.unwrap()));
        assert_eq!(one, three.unwrap());
        assert_eq!(auth.token(), Some(one.clone()));
        let next = renew(1).await.unwrap();
        assert_eq!(next.generation, 2);
        assert_ne!(next.value, one.value);
    });
}

#[test]
fn whoever_is_no_etcd_is_told() {
    let quiet = Security::default();
    let ssh = serve(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
        let _ = stream.read(&mut [0; 64]);
    });
    for scheme in ["http", "https"] {
        fails(
            &quiet,
            &format!("{scheme}://{ssh}"),
            DialFailure::NotEtcd,
            &["is no etcd", "SSH-2.0-OpenSSH_9.2p1", "2379"],
        );
    }
    let web = serve(|mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    for scheme in ["http", "https"] {
        fails(
            &quiet,
            &format!("{scheme}://{web}"),
            DialFailure::NotEtcd,
            &[&format!("{scheme}://{web}"), "speaks HTTP/1, not gRPC"],
        );
    }
    let http_only = serve(|mut stream| {
        let mut asked = [0; 256];
        let length = stream.read(&mut asked).unwrap_or(0);
        let _ = stream.write_all(match asked[..length].starts_with(b"GET /version") {
            true => b"HTTP/1.1 200 OK\r\n\r\n{\"etcdserver\":\"3.5.10\"}",
            false => b"HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n",
        });
    });
    fails(
        &quiet,
        &format!("http://{http_only}"),
        DialFailure::NotEtcd,
        &["--listen-client-http-urls", "2379"],
    );
    let closing = serve(drop);
    for scheme in ["http", "https"] {
        fails(
            &quiet,
            &format!("{scheme}://{closing}"),
            DialFailure::Broken,
            &["takes connections but closes them"],
        );
    }
}

#[test]
fn an_address_without_a_listener_or_without_a_host_is_told() {
    let quiet = Security::default();
    let [port] = crate::support::etcd::free_ports();
    fails(
        &quiet,
        &format!("http://127.0.0.1:{port}"),
        DialFailure::Refused,
        &["refuses the connection", "--listen-client-urls"],
    );
    fails(
        &quiet,
        "http://etcd-1.invalid:2379",
        DialFailure::Unresolved,
        &["the name 'etcd-1.invalid' has no address"],
    );
}

#[test]
fn who_never_answers_is_given_up_in_time() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let dialer = Dialer::new(&Security::default(), SECOND / 5).unwrap();
    block_on(async {
        let endpoint = Endpoint::parse(&format!("https://{address}")).unwrap();
        let error = dialer.dial(&endpoint).await.unwrap_err();
        told(&error, DialFailure::Timeout, &["TLS handshake within 200ms"]);
        let endpoint = Endpoint::parse(&address.to_string()).unwrap();
        let error = dialer.diagnose(&endpoint, "no answer").await;
        told(&error, DialFailure::Timeout, &["answers nothing within 200ms"]);

        // A full queue of connections: the system drops what comes, as a firewall does.
        rustix::net::listen(&listener, 0).unwrap();
        let mut held = Vec::new();
        let error = loop {
            match dialer.dial(&endpoint).await {
                Ok(stream) => held.push(stream),
                Err(error) => break error,
            }
            assert!(held.len() < 10_000, "the queue never fills");
        };
        told(&error, DialFailure::Timeout, &["takes no connection within 200ms", "--dial-timeout"]);
    });
}

#[test]
fn files_are_checked_before_anything_is_connected() {
    let directory = tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let one = authority.client(Valid::Now);
    let other = Authority::new(directory.path(), "other").client(Valid::Now);
    let write = |name: &str, text: &[u8]| -> PathBuf {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let pem = fs::read_to_string(&one.cert).unwrap();
    let damaged = pem.replace("MII", "M!!");
    let cut = pem.replace("-----END CERTIFICATE-----", "");
    let no_certificate = pem.replacen("MII", "AAA", 1);
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let ca = |path: PathBuf| trusting(&path);
    let cert = |path: PathBuf| with(Security::default(), &Pair { cert: path, ..one.clone() });
    let key = |path: PathBuf| with(Security::default(), &Pair { key: path, ..one.clone() });
    for (security, flag, words) in [
        (ca("/nowhere/ca.pem".into()), "--cacert /nowhere/ca.pem", "No such file"),
        (ca(directory.path().to_path_buf()), "--cacert", "directory"),
        (ca(write("empty.pem", b"")), "--cacert", "holds no certificate in PEM"),
        (ca(one.key.clone()), "--cacert", "holds no certificate in PEM"),
        (ca(write("ca.der", &[0x30, 0x82, 0xff])), "--cacert", "-inform der"),
        (ca(write("damaged.pem", damaged.as_bytes())), "--cacert", "is damaged"),
        (ca(write("cut.pem", cut.as_bytes())), "--cacert", "END line is missing"),
        (ca(write("none.pem", no_certificate.as_bytes())), "--cacert", "cannot be used"),
        (cert(one.key.clone()), "--cert", "holds no certificate in PEM"),
        (cert(write("none.pem", no_certificate.as_bytes())), "--cert", "cannot be used"),
        (cert(other.cert.clone()), "--key", "is not the key of --cert"),
        (key("/nowhere/key.pem".into()), "--key /nowhere/key.pem", "No such file"),
        (key(one.cert.clone()), "--key", "holds no private key"),
        (key(write("encrypted.pem", encrypted.as_bytes())), "--key", "is encrypted"),
    ] {
        match Dialer::new(&security, SECOND) {
            Err(Error::Usage(usage)) => {
                let message = usage.message;
                assert!(message.starts_with(flag), "{flag}: {message}");
                assert!(message.contains(words), "no '{words}' in: {message}");
                println!("{message}");
            }
            other => panic!("{flag}: {words}: {other:?}"),
        }
    }
}

/// Answers each connection so, in a thread of its own, until the test ends.
fn serve(answer: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream);
        }
    });
    address
}
