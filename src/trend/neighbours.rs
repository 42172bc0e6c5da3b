//! What histories beside each other tell: that one is the other's continuation, that a machine has not been heard of,
//! that hosts come and go.

use jiff::{SignedDuration, Timestamp};

use crate::trend::history::History;

/// A history whose newest night is this much older than the newest of all has missed one.
const MISSED: SignedDuration = SignedDuration::from_hours(36);
/// So many hosts of so few nights each are runners that come and go.
const FEW_NIGHTS: usize = 2;
const MANY_HOSTS: usize = 3;

/// Notes on histories beside each other.
pub(crate) fn notes(histories: &[History]) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(hosts_that_come_and_go(histories));
    let newest = histories.iter().filter_map(last).max();
    for history in histories {
        if let Some(follower) = follower(history, histories) {
            notes.push(format!(
                "{} goes on as another history from {} on: {} has become {}",
                history.title(),
                day(follower.nights.first().map(|night| night.at)),
                history.settings.join(", "),
                follower.settings.join(", "),
            ));
        } else if let (Some(own), Some(newest)) = (last(history), newest)
            && newest.duration_since(own) > MISSED
        {
            notes.push(format!(
                "{}: no run since {}; others have run until {}",
                history.title(),
                day(Some(own)),
                day(Some(newest))
            ));
        }
    }
    notes
}

fn last(history: &History) -> Option<Timestamp> {
    history.nights.last().map(|night| night.at)
}

fn day(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string())
}

/// The history of the same scenario and machine, with other settings, that begins where this one ends.
fn follower<'a>(history: &History, all: &'a [History]) -> Option<&'a History> {
    let end = last(history)?;
    all.iter()
        .filter(|other| {
            other.scenario == history.scenario
                && other.machine == history.machine
                && other.nights.first().is_some_and(|night| night.at > end)
        })
        .min_by_key(|other| other.nights.first().map(|night| night.at))
}

fn hosts_that_come_and_go(histories: &[History]) -> Option<String> {
    let short = |history: &&History| history.nights.len() <= FEW_NIGHTS;
    let first = histories.iter().find(|history| {
        let alike = histories
            .iter()
            .filter(|other| other.scenario == history.scenario && other.machine != history.machine)
            .filter(short);
        short(history) && alike.count() + 1 >= MANY_HOSTS
    })?;
    Some(format!(
        "{} ran on many hosts a night or two each; where they are the same kind of machine, --one-machine makes them \
         one history, and so does --label machine=NAME with each run",
        first.scenario
    ))
}
