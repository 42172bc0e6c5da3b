//! A measurement in a pod, from its start to its answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::answer;
use super::process::{ask_to_end, attend, exit_of, start};
use super::shard::Part;
use crate::cli::PodRunArgs;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::signals;

/// Runs what was asked for, or takes the answer of the time before, and leaves it where Kubernetes shows it.
///
/// # Errors
/// What kept it from being run, or its answer from being told.
pub fn run(args: &PodRunArgs) -> Result<Exit> {
    let part = args.shards.map(|of| Part::of_this_pod(of, args)).transpose()?;
    let signalled = signals::watch()?;
    let result = result_of(&args.command);
    let before = args.once.as_deref().and_then(kept);
    let exit = match before {
        Some(exit) => exit,
        None => measure(args, part.as_ref(), result.as_deref(), &signalled)?,
    };
    if let Some(result) =
        result.filter(|result| fs::metadata(result).is_ok_and(|file| file.len() > 0))
    {
        answer::tell(&result, &args.message)?;
    }
    Ok(if args.accept.contains(&exit.code()) { Exit::Ok } else { exit })
}

fn measure(
    args: &PodRunArgs,
    part: Option<&Part>,
    result: Option<&Path>,
    signalled: &AtomicBool,
) -> Result<Exit> {
    // No result is ever written over, and one that is here is of a container that ended without an answer.
    if let Some(result) = result.filter(|result| result.exists()) {
        let mut before = result.as_os_str().to_owned();
        before.push(".before");
        fs::rename(result, &before).map_err(Error::io("rename", result))?;
    }
    let mut host = part.and_then(Part::meeting_point).map(|words| start(&words)).transpose()?;
    let mut words = args.command.clone();
    words.extend(part.map(Part::flags).into_iter().flatten());
    let measured = start(&words).and_then(|mut child| {
        attend(&mut child, signalled).map_err(Error::io("wait for", &args.command[0]))
    });
    if let Some(host) = &mut host {
        ask_to_end(host);
        // Whatever it says now, the load is over.
        let _ = host.wait();
    }
    let exit = measured?;
    if let (Some(file), Exit::Ok | Exit::Bad | Exit::NoVerdict) = (&args.once, exit) {
        fs::write(file, format!("{}\n", exit.code())).map_err(Error::io("write", file))?;
    }
    Ok(exit)
}

/// The exit code that was kept by a container before this one.
fn kept(file: &Path) -> Option<Exit> {
    exit_of(fs::read_to_string(file).ok()?.trim().parse().ok()?)
}

/// The file behind `--result`.
fn result_of(words: &[String]) -> Option<PathBuf> {
    let at = words.iter().rposition(|word| word == "--result");
    let apart = at.and_then(|at| words.get(at + 1)).map(PathBuf::from);
    apart
        .or_else(|| words.iter().find_map(|word| word.strip_prefix("--result=")).map(PathBuf::from))
}
