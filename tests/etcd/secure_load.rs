//! A load through TLS, client certificates and authentication, from the command line as people type it.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::Duration;

use crate::support::authority::{Authority, Valid};
use crate::support::guarded::{Guarded, PASSWORD};
use crate::support::needs::{Need, needs};
use assert_cmd::Command;
use etcdbench::result::{self, Run};
use tempfile::tempdir;

/// `etcdbench load put`, without what the environment of the tests says about an etcd, and without a terminal.
fn load(result: &Path) -> Command {
    let mut command = Command::new("setsid");
    command.args(["--wait", env!("CARGO_BIN_EXE_etcdbench")]);
    command.args(["load", "put", "--clients", "4", "--conns", "2", "--warmup", "0s"]);
    command.arg("--result").arg(result);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("ETCDCTL_")) {
            command.env_remove(name);
        }
    }
    command
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Puts that were answered, and those that failed.
fn puts(run: &Run) -> (u64, u64) {
    let summary = run.summary.as_ref().expect("a whole result");
    let series = summary.phases.iter().flat_map(|phase| &phase.series);
    let puts = series.filter(|series| series.series == "put.service");
    puts.fold((0, 0), |(count, failed), series| {
        let errors: u64 = series.errors.values().sum();
        (count + series.count, failed + errors)
    })
}

#[test]
fn tls_a_client_certificate_and_a_password_come_by_the_environment_of_etcdctl() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let directory = tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let server = authority.server(&["127.0.0.1"], Valid::Now);
    let client = authority.client(Valid::Now);
    let etcd = Guarded::tls(directory.path(), &server, Some(&authority.pem()));
    let pem = authority.pem();
    let [ca, cert, key] = [&pem, &client.cert, &client.key].map(|path| path.to_str().unwrap());
    etcd.authenticate(&["--cacert", ca, "--cert", cert, "--key", key]);

    let file = directory.path().join("result.jsonl");
    let output = load(&file)
        .args(["--total", "200"])
        .env("ETCDCTL_ENDPOINTS", etcd.at("127.0.0.1"))
        .env("ETCDCTL_CACERT", ca)
        .env("ETCDCTL_CERT", cert)
        .env("ETCDCTL_KEY", key)
        .env("ETCDCTL_USER", "root")
        .env("ETCDCTL_PASSWORD", PASSWORD)
        .env("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "")
        .output()
        .unwrap();
    let told = told(&output);
    assert_eq!(puts(&result::read(&file).expect(&told)), (200, 0), "{told}");
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.contains("\"root\""), "the user belongs to the plan");
    for seen in [&told, &kept] {
        assert!(!seen.contains(PASSWORD), "{seen}");
    }
}

#[test]
fn a_load_outlives_its_tokens() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let directory = tempdir().unwrap();
    let etcd = Guarded::authenticated(directory.path());
    let password = directory.path().join("password");
    fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let file = directory.path().join("result.jsonl");
    let output = thread::scope(|scope| {
        let loading = scope.spawn(|| {
            load(&file)
                .args(["--duration", "6s", "--user", "root"])
                .args(["--endpoints", &etcd.at("127.0.0.1")])
                .arg("--password-file")
                .arg(&password)
                .output()
                .unwrap()
        });
        thread::sleep(Duration::from_secs(2));
        etcd.forget_tokens();
        thread::sleep(Duration::from_secs(1));
        etcd.toggle_authentication();
        loading.join().unwrap()
    });
    let told = told(&output);
    let (answered, failed) = puts(&result::read(&file).expect(&told));
    assert!(answered > 0, "{told}");
    assert_eq!(failed, 0, "{told}");
}

#[test]
fn every_mistake_is_told_as_what_it_is() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let directory = tempdir().unwrap();
    let authority = Authority::new(directory.path(), "authority");
    let server = authority.server(&["127.0.0.1"], Valid::Now);
    let tls = Guarded::tls(directory.path(), &server, Some(&authority.pem()));
    let guarded = Guarded::authenticated(directory.path());
    let plain = Guarded::plain(directory.path());
    let file = directory.path().join("result.jsonl");
    let (tls, mixed) = (tls.at("127.0.0.1"), tls.mixed_up());
    let (guarded, plain, not_tls) =
        (guarded.at("127.0.0.1"), plain.at("127.0.0.1"), plain.mixed_up());
    let ca = authority.pem();
    let ca = ca.to_str().unwrap();
    let cases: [(&[&str], i32, &[&str]); 11] = [
        (&["--endpoints", &tls], 1, &[&tls, "unknown authority; pass --cacert"]),
        (
            &["--endpoints", &tls, "--cacert", ca],
            1,
            &["demands a client certificate; pass --cert and --key"],
        ),
        (&["--endpoints", &mixed], 1, &["speaks TLS", &tls]),
        (&["--endpoints", &not_tls], 1, &["does not speak TLS", &plain]),
        (&["--endpoints", &guarded, "--user", "root:hunter2"], 1, &["'root'", "password"]),
        (&["--endpoints", &guarded], 1, &["--user"]),
        (
            &["--endpoints", &plain, "--user", "root:hunter2"],
            1,
            &["no authentication enabled", "--user"],
        ),
        (&["--endpoints", &guarded, "--user", "root"], 2, &["ETCDCTL_PASSWORD", "--password-file"]),
        (&["--endpoints", "ftp://x"], 2, &["--endpoints", "scheme ftp"]),
        (&["--cacert", "/nowhere"], 2, &["--cacert /nowhere", "No such file"]),
        (&["--cert", ca], 2, &["--cert", "needs its key"]),
    ];
    for (flags, code, words) in cases {
        let output = load(&file).args(["--total", "10"]).args(flags).output().unwrap();
        let told = told(&output);
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {told}");
        for word in words {
            assert!(told.contains(word), "{flags:?}: no '{word}' in: {told}");
        }
        assert!(!told.contains("hunter2"), "{told}");
        println!("{told}");
    }
}

#[test]
fn help_does_not_show_the_password_in_the_environment() {
    for flag in ["-h", "--help"] {
        let output = Command::new(env!("CARGO_BIN_EXE_etcdbench"))
            .args(["load", flag])
            .env("ETCDCTL_USER", "root:hunter2")
            .env("ETCDCTL_PASSWORD", "hunter3")
            .output()
            .unwrap();
        let told = told(&output);
        // The short one leaves out what few people type.
        assert!(flag == "-h" || told.contains("ETCDCTL_PASSWORD"), "{told}");
        assert!(!told.contains("hunter"), "{told}");
    }
}
