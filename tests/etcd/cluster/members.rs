//! Who the members are, and where.

use std::time::Duration;

use etcdbench::cluster::{Cluster, Known, Whose, guard};
use etcdbench::etcd::{Credentials, Endpoint, Secret};
use etcdbench::plan::Placement;
use rustix::process::Signal;

use super::{Local, connect, dialer, within};
use crate::support::command::run;
use crate::support::guarded::{Guarded, PASSWORD};
use crate::support::needs::{Need, needs};

#[test]
fn members_that_were_not_named_are_found() {
    needs!(Need::Program("etcd"));
    let local = Local::start(3);
    let leader = local.connect().leader().unwrap();
    let follower = (leader + 1) % 3;
    let endpoints = local.members.endpoints();
    let mut cluster = connect(&endpoints[follower..=follower]);
    assert_eq!(cluster.leader(), None);
    assert_eq!(cluster.place(&Placement::Spread).unwrap(), [0]);
    assert_eq!(cluster.place(&Placement::Leader).unwrap(), [1]);
    assert_eq!(cluster.members()[1].endpoint, endpoints[leader]);
    assert_eq!(cluster.leader(), Some(1));
    assert_eq!(cluster.place(&Placement::Followers).unwrap(), [0, 2]);
    let named = Placement::Endpoint(endpoints[leader].to_string());
    assert_eq!(cluster.place(&named).unwrap(), [1]);

    local.signal(leader, Signal::KILL);
    let mut cluster = connect(endpoints);
    assert_eq!(cluster.notes().len(), 1);
    assert!(cluster.notes()[0].contains(&endpoints[leader].to_string()), "{:?}", cluster.notes());
    let down = &cluster.members()[leader].facts;
    assert_eq!((&*down.name, &*down.version), (&*format!("m{}", leader + 1), ""));
    let alone = Local::start(1);
    let error = alone.connect().place(&Placement::Followers).unwrap_err().to_string();
    assert!(error.contains("single member"), "{error}");
    let both = [endpoints[follower].clone(), alone.members.endpoints()[0].clone()];
    let error = Cluster::connect(&both, &dialer(), None).err().unwrap().to_string();
    assert!(error.contains("different clusters"), "{error}");
    within(Duration::from_secs(10), "a leader", || {
        cluster.refresh();
        cluster.leader().is_some()
    });
}

#[test]
fn nobody_there_names_every_endpoint() {
    let nobody = [Endpoint::parse("127.0.0.1:1").unwrap(), Endpoint::parse("127.0.0.1:2").unwrap()];
    let error = Cluster::connect(&nobody, &dialer(), None).err().unwrap().to_string();
    assert!(
        error.contains("http://127.0.0.1:1") && error.contains("http://127.0.0.1:2"),
        "{error}"
    );
}

fn refused(endpoint: &Endpoint, user: Option<(&str, &str)>) -> String {
    let credentials = user.map(|(user, password)| Credentials {
        user: user.to_owned(),
        password: Secret::new(password),
    });
    let connected =
        Cluster::connect(std::slice::from_ref(endpoint), &dialer(), credentials.as_ref());
    let refused = connected.and_then(|mut cluster| cluster.range_count(b"/secret/"));
    refused.unwrap_err().to_string()
}

#[test]
fn what_a_user_may_not_do_says_what_it_takes() {
    needs!(Need::Program("etcd"), Need::Program("etcdctl"));
    let directory = tempfile::tempdir().unwrap();
    let etcd = Guarded::authenticated(directory.path());
    let endpoint = Endpoint::parse(&etcd.at("127.0.0.1")).unwrap();
    let root = format!("root:{PASSWORD}");
    for words in [
        "role add guest",
        "user add guest:guest",
        "user grant-role guest guest",
        "role grant-permission guest readwrite --prefix=true /etcdbench/",
    ] {
        let arguments = ["--endpoints", &etcd.at("127.0.0.1"), "--user", &root];
        let arguments = arguments.into_iter().chain(words.split(' '));
        run("etcdctl", &arguments.collect::<Vec<_>>());
    }
    let error = refused(&endpoint, None);
    assert!(error.contains("pass --user"), "{error}");
    let error = refused(&endpoint, Some(("root", "wrong")));
    assert!(error.contains("'root'") && error.contains("password"), "{error}");
    assert!(!error.contains("wrong"), "{error}");
    let error = refused(&endpoint, Some(("guest", "guest")));
    assert!(error.contains("'guest' may not read keys below '/secret/'"), "{error}");
    assert!(error.contains("etcdctl role grant-permission"), "{error}");

    let guest = Credentials { user: "guest".to_owned(), password: Secret::new("guest") };
    let mut cluster =
        Cluster::connect(std::slice::from_ref(&endpoint), &dialer(), Some(&guest)).unwrap();
    // etcd 3.5.30 tells its status to the role root alone: what else shows it is taken, and what is missing is said.
    let told = cluster.notes().join("; ");
    let status = cluster.members()[0].status.clone().unwrap();
    match status.known {
        Known::Told => assert_eq!(told, ""),
        _ => assert!(told.contains("alarms are not known"), "{told}"),
    }
    assert!(
        status.leads() && status.db_bytes > 0 && status.version.starts_with("3."),
        "{status:?}"
    );
    // It may not look whether there is a Kubernetes, and that is said.
    let notes = guard::refuse_foreign(&mut cluster, "/etcdbench/1/").unwrap();
    assert!(notes.iter().any(|note| note.contains("/registry/")), "{notes:?}");
    assert_eq!(cluster.remove(b"/etcdbench/1/", &|_, _| Whose::Ours, |_| true).unwrap().deleted, 0);
    let error = cluster.defragment(|_| ()).unwrap_err().to_string();
    assert!(error.contains("may not defragment") && error.contains("role root"), "{error}");
    guard::refuse_alarms(&mut cluster).unwrap();
}

#[test]
fn who_is_no_etcd_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = std::io::Write::write_all(&mut &stream, b"SSH-2.0-OpenSSH_9.2\r\n");
        }
    });
    let error = Cluster::connect(&[endpoint], &dialer(), None).err().unwrap().to_string();
    assert!(error.contains("SSH-2.0"), "{error}");
}
