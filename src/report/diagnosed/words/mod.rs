//! Causes, evidence and events in words.

mod advice;
mod cause;
mod event;
mod evidence;
mod measured;

use crate::diagnosis::{Member, MemberId};
use crate::units::{counted, format_count};

pub(in crate::report) use advice::{advice, missing};
pub(in crate::report) use cause::{answer, certainty, harm, label, reason};
pub(in crate::report) use event::event;
pub(in crate::report) use evidence::{days, evidence};

/// The member as the reader knows it.
pub(in crate::report) fn member(members: &[Member], index: usize) -> String {
    let Some(member) = members.get(index) else {
        return format!("member {index}");
    };
    match member.id {
        Some(id) if !member.name.contains(&id.to_string()) => format!("{} ({id})", member.name),
        _ => member.name.clone(),
    }
}

/// A peer by its name, where its own log is there too.
pub(in crate::report) fn peer(members: &[Member], id: Option<MemberId>) -> String {
    let Some(id) = id else {
        return "a peer that is not named".to_owned();
    };
    let known = members.iter().find(|member| member.id == Some(id));
    known.map_or_else(|| id.to_string(), |member| format!("{} ({id})", member.name))
}

/// How often.
fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{} times", format_count(n)),
    }
}

/// A number of things that may be a lower bound.
fn number(count: u64, at_least: bool, name: &str) -> String {
    let least = if at_least { "at least " } else { "" };
    format!("{least}{}", counted(count, name))
}

/// A point in time to the millisecond, as the logs have it.
pub(in crate::report) fn time(ns: i64) -> String {
    let at = jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The same without the day.
pub(in crate::report) fn time_of_day(ns: i64) -> String {
    let at = jiff::Timestamp::from_nanosecond(i128::from(ns)).unwrap_or_default();
    at.strftime("%H:%M:%S%.3f").to_string()
}
