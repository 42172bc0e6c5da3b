//! From names of files and directories to the parts in them. Logs are read as they are: lines of a result among whatever
//! else was written, those of several pods one after the other or mixed.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::pile::Pile;
use super::shard::{Read, Shard, parse};
use crate::error::{Error, Result};
use crate::files;
use crate::result::Line;

/// Longer lines are damage.
const MAX_LINE: u64 = 16 << 20;
/// Levels below a directory in which parts are looked for.
const DEEPEST: usize = 3;
/// What parts are called in a directory.
const ENDINGS: [&str; 3] = ["jsonl", "log", "txt"];
/// How a line of a result begins.
const BEGINNING: &[u8] = b"{\"type\":\"";
/// Parts of one load and of others that lie beside them.
const MOST_PARTS: usize = 10_000;

/// All parts that are there, and their samples added up.
///
/// # Errors
/// [`Error::Io`], [`Error::Damaged`] naming file and line, [`Error::Refused`] where there is none.
pub fn read(inputs: &[PathBuf]) -> Read {
    let mut wanted = Vec::new();
    for input in inputs {
        match input.is_dir() {
            true => below(input, DEEPEST, &mut wanted)?,
            false => wanted.push((input.clone(), true)),
        }
    }
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(wanted.len()).max(1);
    let found = thread::scope(|scope| {
        let reading = || {
            let (mut shards, mut pile) = (Vec::new(), Pile::default());
            while let Some((path, named)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                shards.extend(file(path, *named, &mut pile)?);
            }
            Ok((shards, pile))
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(reading)).collect();
        let died = || Err(Error::Refused("a thread that read the parts died".to_owned()));
        let read: Vec<Read> =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| died())).collect();
        read
    });
    let (mut shards, mut pile) = (Vec::new(), Pile::default());
    for read in found {
        let (more, piled) = read?;
        shards.extend(more);
        pile.merge(piled)?;
    }
    if shards.is_empty() {
        return Err(Error::Refused(
            "there is no result of a load in what was named; name the files that 'etcdbench load --shard' has left \
             (--result), directories of them, or the pods' logs"
                .to_owned(),
        ));
    }
    Ok((shards, pile))
}

fn below(directory: &Path, levels: usize, wanted: &mut Vec<(PathBuf, bool)>) -> Result<()> {
    let entries = fs::read_dir(directory).map_err(Error::io("read", directory))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(Error::io("read", directory))?.path());
    }
    paths.sort();
    for path in paths {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if path.is_dir() && levels > 0 {
            below(&path, levels - 1, wanted)?;
        } else if path.is_file() && ENDINGS.contains(&ending) {
            wanted.push((path, false));
        }
        if wanted.len() > MOST_PARTS {
            return Err(Error::Refused(format!(
                "{}: more than {MOST_PARTS} files; name those of one load",
                directory.display()
            )));
        }
    }
    Ok(())
}

/// The parts in a file. What was merged before is no part: it may lie in the directory where it was written.
fn file(path: &Path, named: bool, pile: &mut Pile) -> Result<Vec<Shard>> {
    let (opened, _) = files::open(path).map_err(Error::io("open", path))?;
    let mut input = BufReader::with_capacity(1 << 18, opened);
    let mut reading = Reading { path, named, open: HashMap::new(), done: Vec::new() };
    let (mut bytes, mut number) = (Vec::new(), 0);
    loop {
        bytes.clear();
        number += 1;
        let read = (&mut input).take(MAX_LINE).read_until(b'\n', &mut bytes);
        if read.map_err(Error::io("read", path))? == 0 {
            break;
        }
        let whole = bytes.ends_with(b"\n");
        let damaged =
            |message: String| Error::Damaged { path: path.to_path_buf(), line: number, message };
        if !whole && bytes.len() as u64 == MAX_LINE {
            return Err(damaged("the line is longer than 16 MiB".to_owned()));
        }
        let Some(at) = memchr::memmem::find(&bytes, BEGINNING) else { continue };
        let (before, line) = bytes.split_at(at);
        match parse(line.trim_ascii_end()) {
            Ok(Some(line)) => reading.take(whose(before), line, pile).map_err(damaged)?,
            Ok(None) => {}
            // What a machine that was killed may leave.
            Err(_) if !whole => {}
            Err(message) => return Err(damaged(message)),
        }
    }
    Ok(reading.finish())
}

/// Whose line it is in a log of several: 'kubectl logs --prefix' writes `[pod/NAME/CONTAINER]` before each.
fn whose(before: &[u8]) -> String {
    let end = before.iter().position(|byte| *byte == b']');
    match (before.first(), end) {
        (Some(b'['), Some(end)) => String::from_utf8_lossy(&before[..=end]).into_owned(),
        _ => String::new(),
    }
}

/// A file being read.
struct Reading<'a> {
    path: &'a Path,
    named: bool,
    /// The part that the next line of each writer belongs to; none where that is no part.
    open: HashMap<String, Option<Shard>>,
    done: Vec<Shard>,
}

impl Reading<'_> {
    fn take(
        &mut self,
        whose: String,
        line: Line,
        pile: &mut Pile,
    ) -> std::result::Result<(), String> {
        let Line::Header(header) = line else {
            return match self.open.get_mut(&whose) {
                Some(Some(shard)) => shard.add(line, pile),
                _ => Ok(()),
            };
        };
        let merged_before = header.merged.is_some();
        let skipped = !self.named && (header.kind != "load" || merged_before);
        if merged_before && !skipped {
            return Err("this is merged already; name the parts".to_owned());
        }
        let shard = match skipped {
            true => None,
            false => Some(Shard::new(self.path.to_path_buf(), header)?),
        };
        self.done.extend(self.open.insert(whose, shard).flatten());
        Ok(())
    }

    fn finish(mut self) -> Vec<Shard> {
        self.done.extend(self.open.into_values().flatten());
        self.done
    }
}
