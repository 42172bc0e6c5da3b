//! The wait until members serve: all at the start, one that comes back.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::cluster::scrape::Scraper;
use crate::error::{Error, Result};
use crate::etcd::Endpoint;
use crate::etcd::Security;
use crate::wire::Dialer;

use super::binary::way_out;
use super::supervisor;

/// On a slow disk, creating the first WAL files takes its time.
const READY_WITHIN: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(50);
const ASK: Duration = Duration::from_secs(2);
/// Of a log, in an error.
const LAST_LINES: usize = 5;

/// A member that was started.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// Its name.
    pub name: String,
    /// Its process.
    pub pid: u32,
    /// Where it will serve clients.
    pub endpoint: Endpoint,
    /// Where its log goes.
    pub log: PathBuf,
}

/// Why a member does not serve.
pub struct NotReady {
    why: String,
    log: String,
}

impl NotReady {
    fn of(member: &Awaited, why: &str) -> Self {
        let log = fs::read(&member.log).unwrap_or_default();
        NotReady {
            why: format!("the local etcd member {} {why}", member.name),
            log: String::from_utf8_lossy(&log).into_owned(),
        }
    }

    fn without_log(why: String) -> Self {
        NotReady { why, log: String::new() }
    }

    /// Whether somebody else listens where it was to.
    pub fn is_port_taken(&self) -> bool {
        self.log.contains("address already in use")
    }
}

impl From<NotReady> for Error {
    fn from(NotReady { why, log }: NotReady) -> Self {
        let way_out = way_out(&log).map(|words| format!("\n{words}")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        Error::Refused(format!("{why}; its log ends:\n{}{way_out}", last.join("\n")))
    }
}

/// Waits until all of them serve clients, or somebody says that it is no use any more.
///
/// # Errors
/// When one has ended or takes too long.
pub fn wait(members: &[Awaited], in_vain: &AtomicBool) -> std::result::Result<(), NotReady> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime
        .map_err(|error| NotReady::without_log(format!("cannot start a runtime: {error}")))?;
    let dialer = Dialer::new(&Security::default(), ASK.as_nanos() as u64);
    let dialer = dialer.map_err(|error| NotReady::without_log(error.to_string()))?;
    let scraper = |member: &Awaited| Scraper::new(member.endpoint.clone(), dialer.clone());
    let mut waiting: Vec<(usize, Scraper)> = members.iter().map(scraper).enumerate().collect();
    let deadline = Instant::now() + READY_WITHIN;
    while !waiting.is_empty() && !in_vain.load(Ordering::Relaxed) {
        if let Some(ended) = members.iter().find(|member| supervisor::has_ended(member.pid)) {
            return Err(NotReady::of(ended, "has ended"));
        }
        if Instant::now() > deadline {
            let late = &members[waiting[0].0];
            return Err(NotReady::of(late, "is not ready after 60 s"));
        }
        let asked = waiting.into_iter().map(async |(index, mut scraper)| {
            let ready = is_ready(&mut scraper).await;
            (!ready).then_some((index, scraper))
        });
        waiting = runtime.block_on(join_all(asked)).into_iter().flatten().collect();
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

/// A member that was started again and is waited for beside everything else. Nobody waits any more when it is dropped.
pub struct Return {
    told: Receiver<Result<()>>,
    in_vain: Arc<AtomicBool>,
}

impl Return {
    pub(super) fn of(member: Awaited) -> Result<Self> {
        let (tell, told) = channel();
        let in_vain = Arc::new(AtomicBool::new(false));
        let given_up = Arc::clone(&in_vain);
        std::thread::Builder::new()
            .name("return".to_owned())
            .spawn(move || {
                let ready = wait(&[member], &given_up);
                // Whoever asked may have gone.
                let _ = tell.send(ready.map_err(Error::from));
            })
            .map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
        Ok(Return { told, in_vain })
    }

    /// What came of it, as soon as that is known: it serves clients, or why it does not.
    pub fn look(&self) -> Option<Result<()>> {
        match self.told.try_recv() {
            Ok(told) => Some(told),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(Err(Error::Refused("the thread that waits for a member died".to_owned())))
            }
        }
    }
}

impl Drop for Return {
    fn drop(&mut self) {
        self.in_vain.store(true, Ordering::Relaxed);
    }
}
