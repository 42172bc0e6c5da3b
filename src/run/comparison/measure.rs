//! Runs both sides in turn with this very program: AB BA AB BA …, so that whatever drifts meanwhile, a disk filling up
//! or a machine getting warm, meets both alike.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::child::{self, ChildRun};
use crate::error::{Error, Result, usage};
use crate::plan::Measure;
use crate::units::format_duration;

use crate::compare::looks;
use crate::rule::comparison::Pairs;

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

/// Makes the runs. Of as many pairs as it takes, `decided` is asked at each look whether they are enough. `say` tells
/// how far it is, `signalled` is set when it is to end.
pub(super) fn measure(
    plan: &Measure,
    decided: &dyn Fn(&Measured) -> Result<bool>,
    signalled: &AtomicBool,
    say: &dyn Fn(&str),
) -> Result<Measured> {
    let sides = [&plan.a, &plan.b];
    let credentials = [plan.a.credentials()?, plan.b.credentials()?];
    let directory = fresh_directory(plan)?;
    let (most, looks) = match plan.pairs {
        Pairs::Fixed(pairs) => (pairs, Vec::new()),
        Pairs::Auto { most } => (most, looks::looks(most)),
    };
    let upto = if looks.is_empty() { "" } else { "up to " };
    say(&format!(
        "{upto}{most} pairs of runs, results in {}; Ctrl-C ends and judges the pairs that are complete",
        directory.display()
    ));
    let mut measured = Measured { directory, pairs: Vec::new(), interrupted: false };
    let begun = Instant::now();
    for pair in 0..most {
        let paths = ["a", "b"]
            .map(|side| measured.directory.join(side).join(format!("{:03}.jsonl", pair + 1)));
        let order = if pair % 2 == 0 { [0, 1] } else { [1, 0] };
        for side in order {
            say(&progress(pair, most, side, begun.elapsed(), measured.pairs.len()));
            let child = ChildRun {
                run: sides[side],
                credentials: credentials[side].as_ref(),
                name: None,
                result: &paths[side],
                labels: &labels(plan.pairs, pair, side),
                quiet: true,
            };
            run(child, pair, signalled)?;
            if signalled.load(Ordering::SeqCst) {
                measured.interrupted = true;
                return Ok(measured);
            }
        }
        measured.pairs.push(paths);
        let done = pair + 1;
        if done < most && looks.contains(&done) {
            if decided(&measured)? {
                say(&format!("decided after {done} pairs"));
                break;
            }
            say(&format!("nothing is decided after {done} pairs: more are measured"));
        }
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
        return Err(usage(
            &["--keep"],
            format!(
                "--keep {}: the directory holds something; name a fresh one, or compare what is there: etcdbench compare \
             {0}/a {0}/b",
                directory.display()
            ),
        ));
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

/// How the results of a side are told from others.
fn labels(pairs: Pairs, pair: u32, side: usize) -> Vec<(String, String)> {
    let mut labels = vec![
        ("compare.pair".to_owned(), (pair + 1).to_string()),
        ("compare.side".to_owned(), ["a", "b"][side].to_owned()),
    ];
    // Whoever compares the results again is to know that it was looked more than once.
    if let Pairs::Auto { most } = pairs {
        labels.push((looks::LABEL.to_owned(), looks::label(most)));
    }
    labels
}

/// One run, to its end.
fn run(child: ChildRun<'_>, pair: u32, signalled: &AtomicBool) -> Result<()> {
    child::run(child, signalled).map_err(|error| match error {
        Error::Refused(text) => Error::Refused(format!("pair {}: {text}", pair + 1)),
        other => other,
    })
}
