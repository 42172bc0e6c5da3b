//! Runs both sides in turn with this very program: AB BA AB BA …, so that whatever drifts meanwhile, a disk filling up
//! or a machine getting warm, meets both alike.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::plan::Measure;
use crate::units::format_duration;

/// How often a running measurement is looked after.
const LOOK: Duration = Duration::from_millis(50);

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// Where the results are.
    pub directory: PathBuf,
    /// Result files of complete pairs, side by side.
    pub pairs: Vec<[PathBuf; 2]>,
    /// A signal ended it before all pairs were made.
    pub interrupted: bool,
}

/// Makes the runs. `say` tells how far it is, `signalled` is set when it is to end.
pub(super) fn measure(
    plan: &Measure,
    signalled: &AtomicBool,
    say: &dyn Fn(&str),
) -> Result<Measured> {
    let directory = fresh_directory(plan)?;
    say(&format!(
        "{} pairs of runs, results in {}; Ctrl-C ends and judges the pairs that are complete",
        plan.pairs,
        directory.display()
    ));
    let mut measured = Measured {
        directory,
        pairs: Vec::new(),
        interrupted: false,
    };
    let begun = Instant::now();
    for pair in 0..plan.pairs {
        let paths = ["a", "b"].map(|side| {
            measured
                .directory
                .join(side)
                .join(format!("{:03}.jsonl", pair + 1))
        });
        let order = if pair % 2 == 0 { [0, 1] } else { [1, 0] };
        for side in order {
            say(&progress(
                pair,
                plan.pairs,
                side,
                begun.elapsed(),
                measured.pairs.len(),
            ));
            let words = if side == 0 { &plan.a } else { &plan.b };
            run(words, pair, side, &paths[side], signalled)?;
            if signalled.load(Ordering::SeqCst) {
                measured.interrupted = true;
                return Ok(measured);
            }
        }
        measured.pairs.push(paths);
    }
    Ok(measured)
}

fn progress(pair: u32, pairs: u32, side: usize, elapsed: Duration, done: usize) -> String {
    let name = ["A", "B"][side];
    let left = if done > 0 {
        let each = elapsed.as_secs_f64() / done as f64;
        let left_ns = each * (pairs as usize - done) as f64 * 1e9;
        format!(", about {} left", format_duration(left_ns as u64))
    } else {
        String::new()
    };
    format!("pair {} of {pairs}: {name}{left}", pair + 1)
}

fn fresh_directory(plan: &Measure) -> Result<PathBuf> {
    let directory = plan.keep.clone().unwrap_or_else(|| {
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy();
        PathBuf::from(format!("results/{now}-compare-{host}"))
    });
    if holds_something(&directory) {
        return Err(Error::Usage(format!(
            "--keep {}: the directory holds something; name a fresh one, or compare what is there: etcdbench compare \
             {0}/a {0}/b",
            directory.display()
        )));
    }
    for side in ["a", "b"] {
        let side = directory.join(side);
        fs::create_dir_all(&side).map_err(Error::io("create the directory", &side))?;
    }
    Ok(directory)
}

fn holds_something(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some())
}

/// One run, to its end.
fn run(
    words: &[String],
    pair: u32,
    side: usize,
    result: &Path,
    signalled: &AtomicBool,
) -> Result<()> {
    // Nothing the run before has left to be written may count for this one.
    rustix::fs::sync();
    let program = std::env::current_exe().map_err(Error::io("find", "this program"))?;
    let mut child = Command::new(&program)
        .args(words)
        .arg("--quiet")
        .arg("--result")
        .arg(result)
        .args(["--label", &format!("compare.pair={}", pair + 1)])
        .args(["--label", &format!("compare.side={}", ["a", "b"][side])])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        // A Ctrl-C of the terminal is ours to pass on, once.
        .process_group(0)
        .spawn()
        .map_err(Error::io("run", &program))?;
    let status = attend(&mut child, signalled).map_err(Error::io("wait for", &program))?;
    let was_measured =
        [Exit::Ok, Exit::Bad, Exit::NoVerdict].map(|exit| Some(i32::from(exit.code())));
    if signalled.load(Ordering::SeqCst) || was_measured.contains(&status.code()) {
        return Ok(());
    }
    let how = status
        .code()
        .map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
    Err(Error::Refused(format!(
        "pair {}: etcdbench {} ended with {how}",
        pair + 1,
        words.join(" ")
    )))
}

/// Waits, and passes a signal on to the run.
fn attend(child: &mut Child, signalled: &AtomicBool) -> std::io::Result<ExitStatus> {
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if signalled.load(Ordering::SeqCst) && !told {
            told = true;
            if let Some(pid) = Pid::from_raw(child.id() as i32) {
                // It may have ended this moment.
                let _ = kill_process(pid, Signal::INT);
            }
        }
        thread::sleep(LOOK);
    }
}
