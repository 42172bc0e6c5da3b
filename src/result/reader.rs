//! Reads a result file line by line into a [`Run`]: memory grows with the number of series, not with the run's
//! length.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::files;
use crate::record::Distribution;

use super::accumulate::{Accumulator, CounterLines};
use super::bounds::{Bounds, MAX_LINE};
use super::lift::lift;
use super::{
    Counters, Event, Header, Interval, Line, PhaseData, Run, SCHEMA_VERSION, SeriesData, Told,
};

/// What every line says about itself, whatever else it holds.
#[derive(Deserialize)]
struct Tag {
    r#type: String,
    #[serde(default)]
    schema: Option<String>,
}

/// Reads a whole result.
///
/// Unknown fields and unknown types of lines are skipped. A last line without its end is what a killed run may leave;
/// it is left out.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read, [`Error::Damaged`] naming the line that makes no sense,
/// [`Error::Refused`] for a format of another major version.
pub fn read(path: &Path) -> Result<Run> {
    let mut lines = Lines::open(path)?;
    let header = header(&mut lines)?;
    let mut assembly = Assembly::new(header);
    while let Some(whole) = lines.next()? {
        match serde_json::from_slice::<Line>(&lines.bytes) {
            Ok(line) => assembly.add(line).map_err(|message| lines.damaged(message))?,
            Err(_) if !whole => {}
            Err(error) if known_type(&lines.bytes) => return Err(lines.damaged(error.to_string())),
            Err(_) => {}
        }
    }
    Ok(assembly.finish())
}

/// Reads the intervals of a result alone, in the order they were told, each with its histogram as it was recorded. They
/// take as much memory as they take in the file.
///
/// # Errors
/// As [`read`].
pub fn intervals(path: &Path) -> Result<Vec<Interval>> {
    let mut lines = Lines::open(path)?;
    header(&mut lines)?;
    let mut intervals = Vec::new();
    while let Some(whole) = lines.next()? {
        match serde_json::from_slice::<Line>(&lines.bytes) {
            Ok(Line::Interval(interval)) => intervals.push(interval),
            Ok(_) => {}
            Err(_) if !whole => {}
            Err(error) if known_type(&lines.bytes) => return Err(lines.damaged(error.to_string())),
            Err(_) => {}
        }
    }
    Ok(intervals)
}

/// False for a line of a type that a newer minor version brought.
fn known_type(line: &[u8]) -> bool {
    const KNOWN: [&str; 7] =
        ["header", "interval", "told", "stall", "event", "counters", "summary"];
    serde_json::from_slice::<Tag>(line).map_or(true, |tag| KNOWN.contains(&tag.r#type.as_str()))
}

pub(super) fn header(lines: &mut Lines) -> Result<Header> {
    let Some(whole) = lines.next()? else {
        lines.number = 1;
        return Err(lines.damaged("the file is empty; the run was ended before it began".into()));
    };
    let tag = match serde_json::from_slice::<Tag>(&lines.bytes) {
        Ok(tag) => tag,
        Err(_) if !whole && lines.bytes.starts_with(b"{\"type\":\"header\"") => {
            return Err(
                lines.damaged("the header is torn; the run was ended before it began".into())
            );
        }
        Err(error) => {
            let way_out = way_out(&lines.bytes, &lines.path);
            return Err(lines.damaged(match way_out {
                Some(command) => format!("this is not a result of etcdbench; type: {command}"),
                None => format!("this is not a result of etcdbench: {error}"),
            }));
        }
    };
    let version = match (tag.r#type.as_str(), tag.schema) {
        ("header", Some(version)) => version,
        ("header", None) => return Err(lines.damaged("the header has no schema version".into())),
        (other, _) => {
            return Err(
                lines.damaged(format!("the first line must be a header, not of type '{other}'"))
            );
        }
    };
    if major(&version) != major(SCHEMA_VERSION) {
        return Err(Error::Refused(format!(
            "{}: written in result format {version}, but this etcdbench {} reads {}.x; read it with the etcdbench that \
             wrote it",
            lines.path.display(),
            env!("CARGO_PKG_VERSION"),
            major(SCHEMA_VERSION),
        )));
    }
    match serde_json::from_slice::<Line>(&lines.bytes) {
        Ok(Line::Header(header)) => Ok(header),
        Ok(_) => Err(lines.damaged("the first line must be a header".into())),
        Err(error) => Err(lines.damaged(error.to_string())),
    }
}

/// The command that reads a file which is no result, as far as its beginning tells.
fn way_out(first_line: &[u8], path: &Path) -> Option<String> {
    let text = String::from_utf8_lossy(first_line);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let command = match ending {
        "toml" => "run",
        "log" => "logs",
        "csv" => "trend --csv",
        _ if text.contains("\"fio version\"") || ending == "json" => "import fio",
        _ => return None,
    };
    Some(format!("etcdbench {command} {}", path.display()))
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// The file's lines, numbered from 1, in one buffer.
pub(super) struct Lines {
    pub(super) input: BufReader<File>,
    path: PathBuf,
    number: usize,
    /// The line that was read, with its end.
    pub(super) bytes: Vec<u8>,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let (file, _) = files::open(path).map_err(Error::io("open", path))?;
        Ok(Lines {
            input: BufReader::with_capacity(1 << 16, file),
            path: path.to_path_buf(),
            number: 0,
            bytes: Vec::new(),
        })
    }

    /// Reads the next line that is not blank. `None` at the end, `Some(false)` for a last line without its end.
    pub(super) fn next(&mut self) -> Result<Option<bool>> {
        loop {
            self.bytes.clear();
            self.number += 1;
            let read = (&mut self.input)
                .take(MAX_LINE)
                .read_until(b'\n', &mut self.bytes)
                .map_err(Error::io("read", &self.path))?;
            if read == 0 {
                return Ok(None);
            }
            let whole = self.bytes.ends_with(b"\n");
            if !whole && read as u64 == MAX_LINE {
                return Err(self.damaged("the line is longer than 16 MiB".into()));
            }
            if !self.bytes.trim_ascii().is_empty() {
                return Ok(Some(whole));
            }
        }
    }

    fn damaged(&self, message: String) -> Error {
        Error::Damaged { path: self.path.clone(), line: self.number, message }
    }
}

/// A run, growing.
struct Assembly {
    run: Run,
    phases: Vec<Phase>,
    /// Where each phase is among them, by its name.
    places: HashMap<String, usize>,
    bounds: Bounds,
    counters: BTreeMap<(String, String, Option<u32>), CounterLines>,
}

/// A phase, growing.
struct Phase {
    name: String,
    start_ns: u64,
    /// Where its last interval ends; where its last counters end when it has no intervals.
    intervals_end_ns: Option<u64>,
    counters_end_ns: Option<u64>,
    series: Vec<(String, Members)>,
    /// Where each series is among them, by its name.
    places: HashMap<String, usize>,
    told: Vec<Told>,
    /// Names of the series that were told.
    told_names: HashSet<String>,
}

/// One series: each member's samples, and those of all of them once there is a second member.
#[derive(Default)]
struct Members {
    each: BTreeMap<Option<u32>, Accumulator>,
    merged: Option<Accumulator>,
    /// Begin, samples and their sum of each member's last interval.
    last: BTreeMap<Option<u32>, (u64, u64, u64)>,
}

impl Assembly {
    fn new(header: Header) -> Self {
        Assembly {
            run: Run { header, ..Run::default() },
            phases: Vec::new(),
            places: HashMap::new(),
            bounds: Bounds::default(),
            counters: BTreeMap::new(),
        }
    }

    fn add(&mut self, line: Line) -> std::result::Result<(), String> {
        match line {
            Line::Header(_) => return Err("a second header; a file holds one run".to_owned()),
            Line::Interval(interval) => self.interval(&interval)?,
            Line::Told(told) => self.told(told)?,
            Line::Stall(stall) => self.run.stalls.push(stall),
            Line::Event(event) => self.event(event)?,
            Line::Counters(counters) => self.count(counters)?,
            Line::Summary(summary) => self.run.summary = Some(lift(summary)),
        }
        Ok(())
    }

    fn phase(&mut self, name: &str, at_ns: u64) -> std::result::Result<&mut Phase, String> {
        let index = match self.places.get(name) {
            Some(&index) => index,
            None => {
                self.bounds.phase()?;
                self.places.insert(name.to_owned(), self.phases.len());
                self.phases.push(Phase::new(name, at_ns));
                self.phases.len() - 1
            }
        };
        Ok(&mut self.phases[index])
    }

    fn event(&mut self, event: Event) -> std::result::Result<(), String> {
        if event.kind == "phase" {
            self.phase(&event.phase, event.at_ns)?;
        }
        self.run.events.push(event);
        Ok(())
    }

    fn count(&mut self, counters: Counters) -> std::result::Result<(), String> {
        self.bounds.counters(&counters)?;
        let end_ns = counters.start_ns.saturating_add(counters.length_ns);
        let phase = self.phase(&counters.phase, counters.start_ns)?;
        phase.counters_end_ns = phase.counters_end_ns.max(Some(end_ns));
        let key = (counters.phase.clone(), counters.source.clone(), counters.member);
        self.counters.entry(key).or_default().add(counters);
        Ok(())
    }

    fn interval(&mut self, interval: &Interval) -> std::result::Result<(), String> {
        let samples = Distribution::decode(
            &interval.histogram,
            interval.count,
            interval.min_ns,
            interval.max_ns,
            interval.sum_ns,
        )?;
        self.bounds.interval(interval)?;
        let end_ns = interval.start_ns.saturating_add(interval.length_ns);
        let phase = self.phase(&interval.phase, interval.start_ns)?;
        phase.intervals_end_ns = phase.intervals_end_ns.max(Some(end_ns));
        let start_ns = phase.start_ns;
        let members = phase.series(&interval.series);
        if members.repeats(interval) {
            return Err(format!(
                "the line of {} that begins at {} stands twice; doubled lines would count twice",
                interval.series,
                crate::units::format_duration(interval.start_ns)
            ));
        }
        let (before, known) = (members.held_buckets(interval), members.each.len());
        members.add(start_ns, interval, &samples);
        let (after, new) = (members.held_buckets(interval), members.each.len() - known);
        self.bounds.held(before, after)?;
        self.bounds.series(new)
    }

    fn told(&mut self, told: Told) -> std::result::Result<(), String> {
        let end_ns = told.start_ns.saturating_add(told.length_ns);
        self.bounds.told(&told)?;
        self.bounds.series(1)?;
        let phase = self.phase(&told.phase, told.start_ns)?;
        phase.intervals_end_ns = phase.intervals_end_ns.max(Some(end_ns));
        let known = phase.places.contains_key(&told.series);
        if known || !phase.told_names.insert(told.series.clone()) {
            return Err(format!(
                "figures of {} told beside others; they cannot be merged",
                told.series
            ));
        }
        phase.told.push(told);
        Ok(())
    }

    fn finish(mut self) -> Run {
        let starts: Vec<u64> = self.phases.iter().map(|phase| phase.start_ns).collect();
        let next_starts = starts.iter().skip(1).map(|&start| Some(start)).chain([None]);
        self.run.phases = self
            .phases
            .into_iter()
            .zip(next_starts)
            .map(|(phase, next)| phase.finish(next))
            .collect();
        let mut counters: Vec<Counters> =
            self.counters.into_values().flat_map(CounterLines::finish).collect();
        counters.sort_by_key(|line| line.start_ns);
        self.run.counters = counters;
        self.run
    }
}

impl Phase {
    fn new(name: &str, start_ns: u64) -> Phase {
        Phase {
            name: name.to_owned(),
            start_ns,
            intervals_end_ns: None,
            counters_end_ns: None,
            series: Vec::new(),
            places: HashMap::new(),
            told: Vec::new(),
            told_names: HashSet::new(),
        }
    }

    fn series(&mut self, name: &str) -> &mut Members {
        let index = match self.places.get(name) {
            Some(&index) => index,
            None => {
                self.places.insert(name.to_owned(), self.series.len());
                self.series.push((name.to_owned(), Members::default()));
                self.series.len() - 1
            }
        };
        &mut self.series[index].1
    }

    /// `next_start_ns` is where the following phase begins: the best that is known of the end of a phase that told
    /// nothing but its start.
    fn finish(self, next_start_ns: Option<u64>) -> PhaseData {
        let end_ns = self
            .intervals_end_ns
            .or(self.counters_end_ns)
            .or(next_start_ns)
            .unwrap_or(self.start_ns);
        PhaseData {
            length_ns: end_ns.saturating_sub(self.start_ns),
            name: self.name,
            start_ns: self.start_ns,
            series: self
                .series
                .into_iter()
                .flat_map(|(name, members)| members.finish(&name))
                .chain(self.told.into_iter().map(as_series))
                .collect(),
        }
    }
}

/// A series without samples.
fn as_series(told: Told) -> SeriesData {
    SeriesData {
        series: told.series.clone(),
        errors: told.errors.clone(),
        told: Some(told),
        ..SeriesData::default()
    }
}

impl Members {
    /// Whether this is the interval before once more.
    fn repeats(&mut self, interval: &Interval) -> bool {
        let this = (interval.start_ns, interval.count, interval.sum_ns);
        let last = self.last.insert(interval.member, this);
        interval.count > 0 && last == Some(this)
    }

    fn add(&mut self, phase_start_ns: u64, interval: &Interval, samples: &Distribution) {
        if !self.each.contains_key(&interval.member) && self.merged.is_none() {
            // The second member: what the first has told so far is where the merged figures begin.
            self.merged = self.each.values().next().cloned();
        }
        if let Some(merged) = &mut self.merged {
            merged.add(phase_start_ns, interval, samples);
        }
        self.each.entry(interval.member).or_default().add(phase_start_ns, interval, samples);
    }

    /// Buckets held of the series that an interval belongs to.
    fn held_buckets(&self, interval: &Interval) -> usize {
        let merged = self.merged.as_ref().map_or(0, Accumulator::held_buckets);
        merged + self.each.get(&interval.member).map_or(0, Accumulator::held_buckets)
    }

    fn finish(self, series: &str) -> Vec<SeriesData> {
        // Where only one member has told anything, all of them together are that one.
        let merged = self.merged.or_else(|| self.each.values().next().cloned());
        let Some(merged) = merged else {
            return Vec::new();
        };
        let named = self.each.into_iter().filter(|(member, _)| member.is_some());
        let each = named.map(|(member, alone)| alone.finish(series, member));
        std::iter::once(merged.finish(series, None)).chain(each).collect()
    }
}
