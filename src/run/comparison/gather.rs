//! From names of files, directories and patterns to runs. Nothing is skipped in silence.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use jiff::Timestamp;

use crate::error::{Error, Result, usage};
use crate::result::{self, Run};

use crate::compare::{Group, Input, LeftOut};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub groups: Vec<Group>,
    pub left_out: Vec<LeftOut>,
}

/// A file that is to be read.
#[derive(Debug, Clone)]
struct Wanted {
    path: PathBuf,
    side: usize,
    /// Named by itself, and so no reason to go on without it.
    named: bool,
}

/// The runs of sides that are named each by files, directories and patterns.
pub(super) fn stored(sides: &[Vec<String>]) -> Result<Gathered> {
    let mut left_out = Vec::new();
    let mut wanted = Vec::new();
    for (side, texts) in sides.iter().enumerate() {
        for text in texts {
            wanted.extend(expand(text, side, &mut left_out)?);
        }
    }
    let runs = read(&wanted, &mut left_out)?;
    let mut groups: Vec<Group> =
        sides.iter().map(|texts| Group { name: texts.join(" "), runs: Vec::new() }).collect();
    for (wanted, run) in runs {
        let path = wanted.path;
        groups[wanted.side].runs.push(Input { path, run });
    }
    for (group, texts) in groups.iter_mut().zip(sides) {
        group.runs.sort_by_key(started);
        if group.runs.is_empty() {
            return Err(usage(&[], nothing_in(&texts.join(" "), &left_out)));
        }
    }
    no_run_twice(&groups)?;
    name(&mut groups);
    Ok(Gathered { groups, left_out })
}

/// As many sides as there are results in one place, each of one run.
pub(super) fn each(text: &str) -> Result<Gathered> {
    let mut left_out = Vec::new();
    let wanted = expand(text, 0, &mut left_out)?;
    if Path::new(text).is_file() {
        return Err(usage(&[], format!("{text} is one result; name another to compare it with")));
    }
    let runs = read(&wanted, &mut left_out)?;
    let mut groups: Vec<Group> = runs
        .into_iter()
        .map(|(Wanted { path, .. }, run)| Group {
            name: path.display().to_string(),
            runs: vec![Input { path, run }],
        })
        .collect();
    match &groups[..] {
        [] => return Err(usage(&[], nothing_in(text, &left_out))),
        [only] => {
            return Err(usage(
                &[],
                format!(
                    "{text} holds one result, {}; there is nothing to compare it with",
                    only.name
                ),
            ));
        }
        _ => {}
    }
    no_run_twice(&groups)?;
    name(&mut groups);
    Ok(Gathered { groups, left_out })
}

fn nothing_in(text: &str, left_out: &[LeftOut]) -> String {
    let why: Vec<String> = left_out
        .iter()
        .take(3)
        .map(|left| format!("{}: {}", left.path.display(), left.why))
        .collect();
    match why.as_slice() {
        [] => format!("{text} holds no result (*.jsonl)"),
        why => format!("{text} holds no result that can be read: {}", why.join("; ")),
    }
}

/// The files behind a name.
fn expand(text: &str, side: usize, left_out: &mut Vec<LeftOut>) -> Result<Vec<Wanted>> {
    let path = Path::new(text);
    let wanted = |path: PathBuf, named| Wanted { path, side, named };
    if path.is_dir() {
        let directory = descend(path)?;
        let files = in_directory(directory.as_deref().unwrap_or(path), left_out)?;
        return Ok(files.into_iter().map(|path| wanted(path, false)).collect());
    }
    if path.exists() || !text.contains(['*', '?', '[']) {
        return Ok(vec![wanted(path.to_path_buf(), true)]);
    }
    let matches =
        glob::glob(text).map_err(|error| usage(&[], format!("'{text}' is no pattern: {error}")))?;
    let mut found = Vec::new();
    for entry in matches {
        let path = entry.map_err(|error| {
            let path = error.path().to_path_buf();
            Error::io("read", path)(error)
        })?;
        if path.is_dir() {
            left_out.push(LeftOut { why: "a directory; name it by itself".to_owned(), path });
        } else {
            found.push(wanted(path, false));
        }
    }
    if found.is_empty() {
        return Err(usage(&[], format!("no file matches '{text}'")));
    }
    Ok(found)
}

/// Levels below a directory in which results are looked for: a night has one for its cell, and one for the step.
const DEEPEST: usize = 3;

/// The directory below that holds results, where a directory has none itself: that of a night. `None` where it has, or
/// nothing has.
///
/// # Errors
/// Several hold some: results of different things are no side.
fn descend(directory: &Path) -> Result<Option<PathBuf>> {
    let mut found = Vec::new();
    holding_results(directory, 0, &mut found)?;
    match &found[..] {
        [] => Ok(None),
        [only] if only == directory => Ok(None),
        [only] => Ok(Some(only.clone())),
        [first, .., last] => Err(usage(
            &[],
            format!(
                "{}: results lie in {} directories below it, {} to {}; name one a side",
                directory.display(),
                found.len(),
                first.display(),
                last.display()
            ),
        )),
    }
}

/// Does not look below a directory with results of its own, nor where a night keeps what is no part of it.
fn holding_results(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
        .map_err(Error::io("read the directory", directory))?;
    paths.sort();
    let is_result =
        |path: &PathBuf| path.extension().is_some_and(|e| e == "jsonl") && path.is_file();
    if paths.iter().any(is_result) {
        found.push(directory.to_path_buf());
    } else if depth < DEEPEST {
        let aside = |path: &PathBuf| ASIDE.iter().any(|name| path.ends_with(name));
        for below in paths.iter().filter(|path| path.is_dir() && !aside(path)) {
            holding_results(below, depth + 1, found)?;
        }
    }
    Ok(())
}

/// Where a night keeps interrupted runs, and re-runs.
const ASIDE: [&str; 2] = ["interrupted", "reruns"];

fn in_directory(directory: &Path, left_out: &mut Vec<LeftOut>) -> Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
        .map_err(Error::io("read the directory", directory))?;
    paths.sort();
    let (results, others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| {
        path.extension().is_some_and(|extension| extension == "jsonl") && !path.is_dir()
    });
    left_out.extend(others.into_iter().map(|path| LeftOut {
        why: if path.is_dir() {
            "a directory; name it by itself".to_owned()
        } else {
            "not named *.jsonl".to_owned()
        },
        path,
    }));
    Ok(results)
}

/// Reads all files, several at a time. What was only found, not named, may turn out to be no result.
fn read(wanted: &[Wanted], left_out: &mut Vec<LeftOut>) -> Result<Vec<(Wanted, Run)>> {
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<Result<Run>>>> = wanted.iter().map(|_| Mutex::new(None)).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads.min(wanted.len()) {
            scope.spawn(|| {
                while let Some(index) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < wanted.len())
                {
                    let run = result::read(&wanted[index].path);
                    *slots[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(run);
                }
            });
        }
    });
    let mut runs = Vec::new();
    for (wanted, slot) in wanted.iter().zip(slots) {
        match slot.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(Ok(run)) => runs.push((wanted.clone(), run)),
            Some(Err(Error::Damaged { line, message, .. })) if !wanted.named => {
                left_out.push(LeftOut {
                    path: wanted.path.clone(),
                    why: format!("line {line}: {message}"),
                });
            }
            Some(Err(error)) => return Err(error),
            // Every slot was filled above.
            None => {}
        }
    }
    Ok(runs)
}

/// For sorting by time: as a moment where it is one.
fn started(input: &Input) -> (Option<Timestamp>, String) {
    let text = &input.run.header.started_at;
    (text.parse().ok(), text.clone())
}

fn no_run_twice(groups: &[Group]) -> Result<()> {
    let mut seen: BTreeMap<&str, &Path> = BTreeMap::new();
    for input in groups.iter().flat_map(|group| &group.runs) {
        let id = input.run.header.run_id.as_str();
        if let Some(first) = seen.insert(id, &input.path) {
            let (first, second) = (first.display(), input.path.display());
            return Err(usage(
                &[],
                format!(
                    "{first} and {second} are the same run ({id}); a run is always equal to itself"
                ),
            ));
        }
    }
    Ok(())
}

/// Names the sides by what sets them apart: their host, the name of their runs, their files.
fn name(groups: &mut [Group]) {
    let same = |group: &Group, of: fn(&Run) -> &str| -> Option<String> {
        let mut names = group.runs.iter().map(|input| of(&input.run));
        let first = names.next()?;
        (!first.is_empty() && names.all(|name| name == first)).then(|| first.to_owned())
    };
    let candidates: [fn(&Run) -> &str; 2] =
        [|run| &run.header.environment.host, |run| &run.header.name];
    for of in candidates {
        let names: Option<Vec<String>> = groups.iter().map(|group| same(group, of)).collect();
        if let Some(names) = names.filter(|names| distinct(names)) {
            for (group, name) in groups.iter_mut().zip(names) {
                group.name = name;
            }
            return;
        }
    }
    let stem = |group: &Group| match &group.runs[..] {
        [_] | [] => file_stem(Path::new(&group.name)),
        runs => common_name(runs),
    };
    let stems: Option<Vec<String>> = groups.iter().map(stem).collect();
    if let Some(stems) = stems.filter(|stems| distinct(stems)) {
        for (group, stem) in groups.iter_mut().zip(stems) {
            group.name = stem;
        }
    }
}

fn file_stem(path: &Path) -> Option<String> {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned())
}

/// What the files of several runs have in common: the directory that holds them and no other side's, otherwise how their
/// names begin, with how many there are.
fn common_name(runs: &[Input]) -> Option<String> {
    let parents: Vec<Option<&Path>> = runs.iter().map(|input| input.path.parent()).collect();
    let first = runs.first()?;
    let stems: Vec<String> = runs.iter().filter_map(|input| file_stem(&input.path)).collect();
    let start = stems.first()?;
    let length =
        |stem: &String| start.chars().zip(stem.chars()).take_while(|(a, b)| a == b).count();
    let common = stems.iter().map(length).min()?;
    let common: String = start.chars().take(common).collect();
    let common = common.trim_end_matches(|c: char| c.is_ascii_digit() || "-_. ".contains(c));
    if !common.is_empty() {
        return Some(common.to_owned());
    }
    let parent = first.path.parent().filter(|parent| parents.iter().all(|p| *p == Some(*parent)));
    let name = parent.and_then(|parent| parent.file_name());
    name.map(|name| name.to_string_lossy().into_owned())
}

fn distinct(names: &[String]) -> bool {
    let set: std::collections::BTreeSet<&String> = names.iter().collect();
    set.len() == names.len()
}
