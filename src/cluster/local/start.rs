//! The members' command lines, and their start.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::error::{Error, Result};

use super::LocalPlan;
use super::ports::{Ports, url};
use super::ready::{self, Awaited};
use super::supervisor::{Start, Supervisor};

/// Somebody who asks for this very port may take it before the member listens.
const ATTEMPTS: u32 = 3;

/// Members that serve.
pub struct Started {
    /// Their processes.
    pub supervisor: Supervisor,
    /// Each as it was waited for.
    pub members: Vec<Awaited>,
    /// Their ports, in the same order.
    pub ports: Vec<Ports>,
}

/// Starts the members and waits until all serve.
///
/// # Errors
/// When one dies or does not get ready.
pub fn start(plan: &LocalPlan, below: &Path) -> Result<Started> {
    let mut attempt = 1;
    loop {
        let ports = Ports::take(plan.members as usize)?;
        let starts = (0..ports.len()).map(|index| command(plan, below, &ports, index));
        let supervisor = Supervisor::start(starts.collect())?;
        let members = ports
            .iter()
            .zip(supervisor.pids())
            .enumerate()
            .map(|(index, (ports, pid))| awaited(below, index, *pid, ports))
            .collect::<Result<Vec<_>>>()?;
        match ready::wait(&members, &AtomicBool::new(false)) {
            Ok(()) => {
                return Ok(Started { supervisor, members, ports });
            }
            Err(not_ready) if attempt < ATTEMPTS && not_ready.is_port_taken() => {
                attempt += 1;
                drop(supervisor);
                for index in 0..ports.len() {
                    let (data, log) = (below.join(name(index)), log(below, index));
                    fs::remove_dir_all(&data)
                        .or_else(ignore_missing)
                        .map_err(Error::io("remove", &data))?;
                    fs::remove_file(&log)
                        .or_else(ignore_missing)
                        .map_err(Error::io("remove", &log))?;
                }
            }
            Err(not_ready) => return Err(not_ready.into()),
        }
    }
}

fn awaited(below: &Path, index: usize, pid: u32, ports: &Ports) -> Result<Awaited> {
    Ok(Awaited { name: name(index), pid, endpoint: ports.endpoint()?, log: log(below, index) })
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

fn name(index: usize) -> String {
    format!("m{}", index + 1)
}

fn log(below: &Path, index: usize) -> PathBuf {
    below.join(format!("{}.log", name(index)))
}

/// Flags that 3.4, 3.5 and 3.6 know, and what the plan adds.
fn command(plan: &LocalPlan, below: &Path, ports: &[Ports], index: usize) -> Start {
    let peers = ports.iter().enumerate();
    let peers: Vec<String> = peers.map(|(i, p)| format!("{}={}", name(i), url(p.peer))).collect();
    let own = &ports[index];
    let settings: [(&str, OsString); 10] = [
        ("--name", name(index).into()),
        // Relative to its working directory: it has no way through our handle.
        ("--data-dir", name(index).into()),
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
    let arguments = settings.into_iter().flat_map(|(flag, value)| [flag.into(), value]);
    let arguments = arguments.chain(plan.arguments.iter().map(OsString::from));
    Start {
        program: plan.etcd.clone(),
        arguments: arguments.collect(),
        directory: below.to_path_buf(),
        log: log(below, index),
    }
}
