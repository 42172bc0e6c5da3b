//! A cluster from what is left of it: texts of `/metrics`, answers of `etcdctl` and Prometheus, and logs, in files of
//! any name below any directory.

mod answers;
mod content;
mod prometheus;
mod reading;
mod seen;
mod walk;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::cluster::metrics::Sample;
use crate::diagnosis::{Checked, MemberId, Observed};
use crate::error::{Error, Result};
use crate::logs;
use crate::units::counted;

use answers::Answer;
use content::Content;
use prometheus::{Queries, Taken};
use reading::Text;
use seen::{All, Who};

/// What is left out is told so often, and then counted.
const MOST_NOTES: usize = 8;

/// Everything that these files tell, and those below the directories among them.
///
/// # Errors
/// [`Error::Io`] for what was named and cannot be read; [`Error::Refused`] where nothing in them is etcd's, with what
/// would be.
pub fn read(named: &[PathBuf]) -> Result<Observed> {
    let files = walk::files(named)?;
    let mut gathered = Gathered::default();
    for path in &files {
        let taken = content::of(path).and_then(|content| gathered.take(path, content));
        match taken {
            Ok(()) => {}
            // What was named must be read; of a directory what can be.
            Err(error) if named.contains(path) => return Err(Error::io("read", path)(error)),
            Err(error) => gathered.note(format!("{}: {error}", path.display())),
        }
    }
    gathered.observed(&files)
}

#[derive(Default)]
struct Gathered {
    all: All,
    queries: Queries,
    logs: logs::Reader,
    /// Files that something was taken from, without logs.
    used: u64,
    notes: Vec<String>,
    unnoted: u64,
}

impl Gathered {
    fn take(&mut self, path: &Path, content: Content) -> std::io::Result<()> {
        let shown = path.display();
        match content {
            Content::Metrics(text) => self.metrics(path, text),
            Content::Lines => return self.logs.file(path),
            Content::Json(document) => match answers::read(&document) {
                Some(answer) => self.answer(answer),
                None => match self.queries.take(&document) {
                    Taken::Yes => self.used += 1,
                    Taken::No => {}
                    Taken::Failed => self.note(format!("{shown}: Prometheus answers with an error")),
                    Taken::Computed => self.note(format!(
                        "{shown}: no names of metrics in it: query the metrics themselves, without rate() or histogram_quantile()"
                    )),
                },
            },
            Content::OtherMetrics => {
                self.note(format!("{shown}: metrics, but of no etcd member; not used"));
            }
            Content::TooLong => {
                self.note(format!("{shown}: too long to be read; query fewer metrics or a shorter time"));
            }
            Content::Packed(way) => self.note(format!("{shown}: {way}")),
            Content::Binary => {}
        }
        Ok(())
    }

    fn metrics(&mut self, path: &Path, text: String) {
        self.used += 1;
        let who = Who { id: server_id(&text), name: member_of(path), ..Who::default() };
        let written = path.metadata().and_then(|meta| meta.modified()).ok();
        let at_s = written.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let at_s = at_s.map(|since| since.as_secs_f64());
        self.all.find(&who).texts.push(Text { text, at_s, exact: false });
    }

    fn answer(&mut self, answer: Answer) {
        self.used += 1;
        match answer {
            Answer::Members(members) => members.iter().for_each(|one| self.all.listed(one)),
            Answer::Statuses(statuses) => {
                statuses.into_iter().for_each(|one| self.all.status(one));
            }
            Answer::Health(all) => all.iter().for_each(|one| self.all.health(one)),
            Answer::Alarms(all) => all.iter().for_each(|one| self.all.alarm(one)),
        }
    }

    fn note(&mut self, note: String) {
        match self.notes.len() < MOST_NOTES {
            true => self.notes.push(note),
            false => self.unnoted += 1,
        }
    }

    fn observed(mut self, files: &[PathBuf]) -> Result<Observed> {
        for (member, texts) in self.queries.texts() {
            let id = texts.last().and_then(|last| server_id(&last.text));
            let who = Who { id, name: member.clone(), address: member };
            let dated = texts.into_iter().map(|one| Text {
                text: one.text,
                at_s: Some(one.at_s),
                exact: true,
            });
            self.all.find(&who).texts.extend(dated);
        }
        let logs = self.logs.finish();
        let used = self.used + logs.members.iter().map(|_| 1).sum::<u64>();
        let (lines, cut, bytes) = (logs.lines, logs.cut, logs.bytes);
        logs.members.into_iter().for_each(|member| self.all.log(member));
        if used == 0 {
            return Err(nothing(files, self.notes.first()));
        }
        if self.unnoted > 0 {
            self.notes.push(format!("{} more were not used", counted(self.unnoted, "file")));
        }
        let members = self.all.members();
        let windows = members.iter().filter_map(|one| one.live.as_deref());
        let check = Checked {
            window_ns: windows.map(|live| live.window_ns).max().unwrap_or_default(),
            files: files.len() as u64,
            notes: self.notes,
            ..Checked::default()
        };
        Ok(Observed { members, check: Some(check), lines, cut, bytes })
    }
}

fn nothing(files: &[PathBuf], why: Option<&String>) -> Error {
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    Error::Refused(format!(
        "nothing of etcd's in {}{why}; useful are, of every member: its /metrics twice, a minute apart ('curl … > \
         m1-1.txt'), its log, and 'etcdctl endpoint status --cluster -w json'",
        counted(files.len() as u64, "file")
    ))
}

/// The member whose metrics these are (`etcd_server_id`, since 3.3).
fn server_id(text: &str) -> Option<MemberId> {
    let mut samples =
        text.lines().filter(|l| l.starts_with("etcd_server_id")).filter_map(Sample::parse);
    samples.find_map(|sample| {
        let (_, id) = sample.labels().find(|(name, _)| *name == "server_id")?;
        u64::from_str_radix(&id, 16).ok().filter(|id| *id != 0).map(MemberId)
    })
}

/// Parts of a file's name that tell when it was taken, or what it is, and not of whom.
const MARKS: [&str; 20] = [
    "metrics", "metric", "before", "after", "start", "end", "begin", "first", "second", "last",
    "old", "new", "now", "later", "prom", "txt", "t", "a", "b", "dump",
];

/// A name of a file that says nothing.
const NAMELESS: &str = "etcd.log";

/// What a member is called by the name of a file with its metrics: without the parts that tell when it was taken.
fn member_of(path: &Path) -> String {
    let name = logs::member_of(path);
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    let mut rest = name.as_str();
    while let Some((before, last)) = rest.rsplit_once(['-', '_', '.']) {
        if is_address(rest) || !is_mark(before, last) {
            break;
        }
        rest = before;
    }
    while let Some((first, after)) = rest.split_once(['-', '_']) {
        if !is_mark("", first) {
            break;
        }
        rest = after;
    }
    if !is_mark("", rest) {
        return rest.to_owned();
    }
    // A file that is named by its time alone is of whom its directory is.
    let directory = logs::member_of(&path.with_file_name(NAMELESS));
    if directory == NAMELESS { String::new() } else { directory }
}

/// Whether a part of a name tells when it was taken. Of `etcd-0` the number is the member's, of `m1-2` and
/// `etcd-0-1700000000` it is not.
fn is_mark(before: &str, part: &str) -> bool {
    let bare = part.trim_end_matches(|c: char| c.is_ascii_digit());
    if bare.is_empty() {
        return part.len() >= 9 || before.ends_with(|c: char| c.is_ascii_digit());
    }
    MARKS.contains(&bare.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests;
