//! Free ports, the members' command lines, and the wait until all of them serve.

use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::cluster::scrape::Scraper;
use crate::error::{Error, Result};
use crate::plan::Security;
use crate::wire::{Dialer, Endpoint};

use super::LocalPlan;
use super::binary::way_out;
use super::keeper::{Keeper, Start};

/// On a slow disk, creating the first WAL files takes its time.
const READY_WITHIN: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(50);
const ASK: Duration = Duration::from_secs(2);
/// A port found free may be taken by somebody else before the member listens.
const ATTEMPTS: u32 = 3;
/// Of a log, in an error.
const LAST_LINES: usize = 5;

/// Starts the members and waits until all serve.
///
/// # Errors
/// When one dies or does not get ready.
pub fn start(plan: &LocalPlan, below: &Path) -> Result<(Keeper, Vec<Endpoint>)> {
    let mut attempt = 1;
    loop {
        let ports = free_ports(plan.members as usize)?;
        let starts = (0..ports.len()).map(|index| command(plan, below, &ports, index));
        let keeper = Keeper::start(starts.collect())?;
        let endpoints = ports
            .iter()
            .map(Ports::endpoint)
            .collect::<Result<Vec<_>>>()?;
        match wait_until_ready(&keeper, &endpoints, below) {
            Ok(()) => return Ok((keeper, endpoints)),
            Err(NotReady { log, .. }) if attempt < ATTEMPTS && is_port_taken(&log) => {
                attempt += 1;
                drop(keeper);
                for index in 0..ports.len() {
                    let data = below.join(name(index));
                    fs::remove_dir_all(&data)
                        .or_else(ignore_missing)
                        .map_err(Error::io("remove", &data))?;
                }
            }
            Err(not_ready) => return Err(not_ready.into()),
        }
    }
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

struct Ports {
    client: u16,
    peer: u16,
}

impl Ports {
    fn endpoint(&self) -> Result<Endpoint> {
        Endpoint::parse(&url(self.client)).map_err(Error::Refused)
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn name(index: usize) -> String {
    format!("m{}", index + 1)
}

/// Ports that nobody listens on, held together so that they differ.
fn free_ports(members: usize) -> Result<Vec<Ports>> {
    let failed = |error| Error::Refused(format!("no free port on 127.0.0.1: {error}"));
    let any = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let held = (0..2 * members)
        .map(any)
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(failed)?;
    let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
    let ports = held
        .iter()
        .map(port)
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(failed)?;
    let pairs = ports.chunks_exact(2);
    Ok(pairs
        .map(|pair| Ports {
            client: pair[0],
            peer: pair[1],
        })
        .collect())
}

/// Flags that 3.4, 3.5 and 3.6 know; heartbeat and election are left at etcd's defaults.
fn command(plan: &LocalPlan, below: &Path, ports: &[Ports], index: usize) -> Start {
    let peers = ports.iter().enumerate();
    let peers: Vec<String> = peers
        .map(|(i, p)| format!("{}={}", name(i), url(p.peer)))
        .collect();
    let own = &ports[index];
    let settings: [(&str, OsString); 10] = [
        ("--name", name(index).into()),
        ("--data-dir", below.join(name(index)).into()),
        ("--listen-client-urls", url(own.client).into()),
        ("--advertise-client-urls", url(own.client).into()),
        ("--listen-peer-urls", url(own.peer).into()),
        ("--initial-advertise-peer-urls", url(own.peer).into()),
        ("--initial-cluster", peers.join(",").into()),
        ("--initial-cluster-token", plan.run_id.clone().into()),
        ("--quota-backend-bytes", plan.quota_bytes.to_string().into()),
        // 3.4 writes the format of 3.3 unless told.
        ("--logger", "zap".into()),
    ];
    let arguments = settings
        .into_iter()
        .flat_map(|(flag, value)| [flag.into(), value]);
    Start {
        program: plan.etcd.clone(),
        arguments: arguments.collect(),
        log: below.join(format!("{}.log", name(index))),
    }
}

struct NotReady {
    why: String,
    log: String,
}

impl From<NotReady> for Error {
    fn from(NotReady { why, log }: NotReady) -> Self {
        let way_out = way_out(&log)
            .map(|words| format!("\n{words}"))
            .unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        Error::Refused(format!(
            "{why}; its log ends:\n{}{way_out}",
            last.join("\n")
        ))
    }
}

fn is_port_taken(log: &str) -> bool {
    log.contains("address already in use")
}

fn wait_until_ready(
    keeper: &Keeper,
    endpoints: &[Endpoint],
    below: &Path,
) -> std::result::Result<(), NotReady> {
    let log_of = |index: usize| {
        let path = below.join(format!("{}.log", name(index)));
        fs::read(path)
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    };
    let not_ready = |index: usize, why: &str| NotReady {
        why: format!("the local etcd member {} {why}", name(index)),
        log: log_of(index),
    };
    let failed = |why: String| NotReady {
        why,
        log: String::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| failed(format!("cannot start a runtime: {error}")))?;
    let dialer = Dialer::new(&Security::default(), ASK.as_nanos() as u64);
    let dialer = dialer.map_err(|error| failed(error.to_string()))?;
    let scraper = |to: &Endpoint| Scraper::new(to.clone(), dialer.clone());
    let mut waiting: Vec<(usize, Scraper)> = endpoints.iter().map(scraper).enumerate().collect();
    let deadline = Instant::now() + READY_WITHIN;
    while !waiting.is_empty() {
        if let Some(index) = keeper.ended() {
            return Err(not_ready(index, "has ended"));
        }
        if Instant::now() > deadline {
            return Err(not_ready(waiting[0].0, "is not ready after 60 s"));
        }
        let asked = waiting.into_iter().map(async |(index, mut scraper)| {
            let ready = is_ready(&mut scraper).await;
            (!ready).then_some((index, scraper))
        });
        waiting = runtime
            .block_on(join_all(asked))
            .into_iter()
            .flatten()
            .collect();
        if !waiting.is_empty() {
            std::thread::sleep(ASK_AGAIN);
        }
    }
    Ok(())
}

/// `/health` is true when the member knows a leader and has read through it (`etcdhttp/health.go`).
async fn is_ready(scraper: &mut Scraper) -> bool {
    let health = tokio::time::timeout(ASK, scraper.get("/health")).await;
    health.is_ok_and(|page| page.is_ok_and(|text| text.contains("\"true\"")))
}
