//! How full the databases are, and the way out.

use super::json;
use crate::cli::LogsFormat;
use crate::diagnosis::{self, Cause, Diagnosis, Held, Member, Observed};
use crate::exit::Verdict;
use crate::report::Style;
use crate::report::diagnosed::{self, Parts, in_form, words};
use crate::report::page::{Block, Cell, Column, Command, Page, Row, Section, Shown, Table};
use crate::units::{counted, format_bytes, format_count, format_duration, format_share};

/// What the steps out of a full database need.
#[derive(Debug, Clone, Copy)]
pub struct QuotaSteps<'a> {
    /// What may be compacted to.
    pub revision: i64,
    /// Where the members answer, the leader last.
    pub endpoints: &'a [String],
}

/// So many prefixes are shown; JSON has all.
const MOST_PREFIXES: usize = 30;
/// More than this in use does not come back by a defragmentation.
const MOSTLY_USED: f64 = 0.8;

/// How full they are, in the form asked for.
pub fn quota(
    observed: &Observed,
    found: &[Diagnosis],
    steps: &QuotaSteps<'_>,
    format: LogsFormat,
    style: &Style,
) -> String {
    let json = || json::json(observed, found, &[]);
    in_form(format, style, |_| page(observed, found, steps), json)
}

fn page(observed: &Observed, found: &[Diagnosis], steps: &QuotaSteps<'_>) -> Page {
    let members = &observed.members;
    let known = members.iter().any(|member| member.database_bytes.is_some());
    let verdict = if known { diagnosis::verdict(found) } else { Verdict::Inconclusive };
    let word = if known { words::answer(&diagnosis::answer(found)) } else { "NOT SURE".to_owned() };
    let notes = observed.check.iter().flat_map(|check| check.notes.iter().cloned()).collect();
    let sections = vec![
        Section::new("databases", "The databases", vec![Block::Table(table(members))])
            .shown(Shown::Titled),
        Section::new("growth", "Growth", vec![Block::List(growth(members))]).shown(Shown::Titled),
        Section::new("keys", "What holds the bytes", vec![Block::Table(held(observed))])
            .shown(Shown::Titled),
        Section::new("steps", "The way out", way_out(members, found, steps)).shown(Shown::Titled),
        Section::new("limits", "Limits", vec![Block::List(notes)]).shown(Shown::Titled),
    ];
    diagnosed::page(Parts {
        kind: "quota",
        command: "check quota",
        verdict,
        word,
        reason: reason(members, found),
        about: vec![counted(members.len() as u64, "member")],
        sections,
        elsewhere: "etcdbench check quota … -o page.html",
    })
}

/// How much of its quota a database fills.
fn filled(member: &Member) -> Option<f64> {
    let quota = member.quota_bytes.filter(|quota| *quota > 0)?;
    Some(member.database_bytes?.0 as f64 / quota as f64)
}

fn reason(members: &[Member], found: &[Diagnosis]) -> String {
    if let Some(first) = found.first() {
        return words::reason(members, first);
    }
    let fullest = members.iter().filter_map(|m| Some((m, filled(m)?)));
    match fullest.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((member, share)) => {
            format!(
                "the fullest database, of {}, fills {} of its quota",
                member.name,
                format_share(share)
            )
        }
        None if members.iter().any(|member| member.database_bytes.is_some()) => {
            "no alarm is raised; what the quota is could not be found out".to_owned()
        }
        None => "how large the databases are may not be known to this user".to_owned(),
    }
}

fn table(members: &[Member]) -> Table {
    let row = |member: &Member| {
        let (bytes, in_use) = match member.database_bytes {
            Some((bytes, in_use)) => (Some(bytes), in_use),
            None => (None, None),
        };
        let free = bytes.zip(in_use).map(|(bytes, in_use)| bytes.saturating_sub(in_use));
        let told = |n: Option<u64>| Cell::new(n.map(format_bytes).unwrap_or_default());
        Row::new([
            Cell::new(member.name.clone()),
            told(bytes),
            told(in_use),
            told(free),
            told(member.quota_bytes.filter(|quota| *quota > 0)),
            Cell::new(filled(member).map(format_share).unwrap_or_default()),
            Cell::new(if member.no_space { "NOSPACE" } else { "" }),
        ])
    };
    let numbers =
        ["database", "in use", "free after defrag", "quota", "filled"].map(Column::number);
    let columns = std::iter::once(Column::text("member")).chain(numbers);
    Table {
        caption: "How full each database is".to_owned(),
        columns: columns.chain([Column::text("alarm")]).collect(),
        rows: members.iter().map(row).collect(),
        ..Table::default()
    }
}

/// What each database grew by, and what follows from it.
fn growth(members: &[Member]) -> Vec<String> {
    let of = |member: &Member| {
        let filling = member.filling?;
        let (bytes, in_use) = member.database_bytes?;
        let used = in_use.unwrap_or(bytes);
        let quota = member.quota_bytes.filter(|quota| *quota > 0);
        let window = words::days(filling.window_s as f64 / 86_400.0);
        let grew = format_bytes(filling.grew_bytes.unsigned_abs());
        let left = quota.map(|quota| filling.days_left(used, quota));
        let told = match left {
            _ if filling.grew_bytes < 0 => {
                format!("{grew} less in use than {window} before: a compaction was in between")
            }
            _ if filling.grew_bytes == 0 => format!("as much in use as {window} before"),
            _ if !filling.is_long_enough() => format!(
                "{grew} more in use than {window} before; below an hour most of that may be history that the next \
                 compaction removes, and nothing follows from it"
            ),
            Some(Some(days_left)) => format!(
                "{grew} more in use than {window} before: {} a day, and at its quota in {} if it goes on like this",
                format_bytes(filling.bytes_a_day() as u64),
                words::days(days_left)
            ),
            _ => format!(
                "{grew} more in use than {window} before: {} a day; what the quota is could not be found out",
                format_bytes(filling.bytes_a_day() as u64)
            ),
        };
        Some(format!("{}: {told}", member.name))
    };
    members.iter().filter_map(of).collect()
}

/// Prefixes by what their keys hold.
fn held(observed: &Observed) -> Table {
    let Some(held) = observed.check.as_ref().and_then(|check| check.held.as_ref()) else {
        return Table::default();
    };
    let all: u64 = held.iter().map(Held::bytes).sum();
    let row = |one: &Held| {
        let name = if one.prefix.is_empty() { "(elsewhere)" } else { one.prefix.as_str() };
        let share = one.bytes() as f64 / all.max(1) as f64;
        Row::new([
            Cell::new(name),
            Cell::new(format_count(one.keys)),
            Cell::new(format_bytes(one.mean_bytes as u64)),
            Cell::new(format_bytes(one.bytes())),
            Cell::new(format_share(share)),
        ])
    };
    let numbers = ["keys", "mean value", "values, about", "share"].map(Column::number);
    let shown = held.iter().take(MOST_PREFIXES);
    let rest = held.len().saturating_sub(MOST_PREFIXES) as u64;
    Table {
        caption: match rest {
            0 => format!(
                "About {} in the values of keys as they are now; the rest of what is in use is keys, history and indexes",
                format_bytes(all)
            ),
            rest => format!(
                "About {} in the values of keys as they are now, the largest {MOST_PREFIXES} of them shown, {} left out; \
                 the rest of what is in use is keys, history and indexes",
                format_bytes(all),
                counted(rest, "prefix")
            ),
        },
        columns: std::iter::once(Column::text("prefix")).chain(numbers).collect(),
        rows: shown.map(row).collect(),
        ..Table::default()
    }
}

/// When somebody is told that it waits.
pub fn quota_goes_on(over_ns: u64) -> String {
    format!("looked once; looking again in {}", format_duration(over_ns))
}

/// What to do, in its order, where a database is full or nearly so.
fn way_out(members: &[Member], found: &[Diagnosis], steps: &QuotaSteps<'_>) -> Vec<Block> {
    let full = found.iter().any(|one| one.cause == Cause::Quota);
    if !full && !found.iter().any(|one| one.cause == Cause::QuotaNear) {
        return Vec::new();
    }
    let all = steps.endpoints.join(",");
    let mut lines = vec![format!("etcdctl --endpoints {all} compact {}", steps.revision)];
    let defrag = |endpoint: &String| format!("etcdctl --endpoints {endpoint} defrag");
    lines.extend(steps.endpoints.iter().map(defrag));
    if full {
        lines.push(format!("etcdctl --endpoints {all} alarm disarm"));
    }
    let in_use = members.iter().filter_map(|member| {
        let quota = member.quota_bytes.filter(|quota| *quota > 0)?;
        Some(member.database_bytes?.1? as f64 / quota as f64)
    });
    let mostly_used = in_use.fold(0.0, f64::max) >= MOSTLY_USED;
    let hint = match mostly_used {
        true => {
            "most of it is in use now, so that a defragmentation alone gives little back: the compaction may; otherwise \
             delete what fills it, or raise --quota-backend-bytes (8 GiB at most is recommended)"
        }
        false => {
            "a member answers nobody while it defragments; the leader goes last, after it was moved away"
        }
    };
    vec![Block::Command(Command {
        label: "steps",
        text: lines.join("\n"),
        hint: Some(hint.to_owned()),
    })]
}
