//! The neighbour's own process: does its work until nobody wants it any more, and leaves nothing.

use super::job::Job;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::bulk::Bulk;
use super::pace::Pace;
use super::read::Read;
use super::sync::Sync;
use super::unpack::Unpack;
use super::words::{Word, Work};
use crate::clock::Clock;
use crate::disk::preflight::Space;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::plan::neighbour::CHUNK_BYTES;
use crate::plan::{Neighbour, NeighbourKind};
use crate::session;
use crate::units::format_bytes;
use crate::workdir::Workdir;

/// How often it is told what was done, and looked how much room is left.
const TELL: Duration = Duration::from_millis(200);

/// Works as this neighbour until stdin is closed or a signal comes; what it did is told on stdout.
///
/// # Errors
/// When the system refuses a thread or a handler; what hinders the work is told on stdout.
pub fn serve(neighbour: &Neighbour) -> Result<Exit> {
    let stop = Arc::new(AtomicBool::new(false));
    end_on_signals(&stop)?;
    end_with_stdin(Arc::clone(&stop))?;
    match job(neighbour, &stop) {
        Ok(()) => Ok(Exit::Ok),
        Err(error) => {
            // If nobody hears it, nobody wants to know.
            let _ = say(&Word::Failed(error.to_string()));
            Ok(Exit::CannotMeasure)
        }
    }
}

/// A signal ends it in good order, and a second one no sooner: it has files to remove.
fn end_on_signals(stop: &Arc<AtomicBool>) -> Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(stop))
            .map_err(|error| Error::Refused(format!("cannot watch for signals: {error}")))?;
    }
    Ok(())
}

/// Nothing ever comes from there but the end, which the kernel makes too when the other side is killed.
fn end_with_stdin(stop: Arc<AtomicBool>) -> Result<()> {
    let wait = move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        stop.store(true, Ordering::Relaxed);
    };
    let thread = std::thread::Builder::new().name("stdin".into()).spawn(wait);
    thread.map_err(|error| Error::Refused(format!("cannot start a thread: {error}")))?;
    Ok(())
}

fn job(neighbour: &Neighbour, stop: &AtomicBool) -> Result<()> {
    let below = neighbour.place(Path::new("."));
    let work_in = Workdir::create(below, &session::run_id(&Clock::start()))?;
    let mut work = Work::default();
    let (dir, per_second) = (work_in.path(), neighbour.per_second as f64);
    let outcome = match neighbour.kind {
        NeighbourKind::Unpack => go(&mut Unpack::new(dir), per_second, below, &mut work, stop),
        NeighbourKind::Sync => go(&mut Sync::new(dir), per_second, below, &mut work, stop),
        NeighbourKind::Bulk => {
            let per_second = per_second / CHUNK_BYTES as f64;
            go(&mut Bulk::new(dir), per_second, below, &mut work, stop)
        }
        NeighbourKind::Read => {
            let per_second = per_second / CHUNK_BYTES as f64;
            let mut read = Read::prepare(dir, &mut work, stop)?;
            go(&mut read, per_second, below, &mut work, stop)
        }
    };
    outcome.and(work_in.remove())
}

fn go(
    job: &mut dyn Job,
    per_second: f64,
    below: &Path,
    work: &mut Work,
    stop: &AtomicBool,
) -> Result<()> {
    say(&Word::Done(*work))?;
    say(&Word::Ready)?;
    let mut told = Instant::now();
    let mut pace = Pace::new(per_second, told);
    while pace.wait(stop) {
        job.piece(work)?;
        if told.elapsed() >= TELL {
            told = Instant::now();
            leave_room(below)?;
            say(&Word::Done(*work))?;
        }
    }
    say(&Word::Done(*work))
}

/// Others need room too.
fn leave_room(below: &Path) -> Result<()> {
    let space = Space::of(below)?;
    if space.available >= space.floor {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{}: less than {} is free",
        below.display(),
        format_bytes(space.floor)
    )))
}

fn say(word: &Word) -> Result<()> {
    let line = serde_json::to_string(word)
        .map_err(|error| Error::Refused(format!("what was done cannot be told: {error}")))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Error::io("write to", "stdout"))
}
