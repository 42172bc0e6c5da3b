//! Elections, in raft's own words.

use super::kinds::Message;
use super::text::id;
use crate::diagnosis::MemberId;

pub(super) fn understand(text: &str) -> Option<Message> {
    let transfer =
        ["received MsgTimeoutNow", "starts to transfer leadership", "starts leadership transfer"];
    let planned =
        text.starts_with("leadership transfer") || text.starts_with("starting leadership transfer");
    if planned || transfer.iter().any(|known| text.contains(known)) {
        return Some(Message::Transfer);
    }
    if text.contains("lease is not expired") {
        return Some(Message::VoteRefused);
    }
    let who = |text: &str| id(text.split(' ').next()?);
    if text.contains("stepped down to follower since quorum is not active") {
        return Some(Message::SteppedDown { who: who(text) });
    }
    // `ID [term: 9] received a MsgVote message with higher term from ID [term: 10]`
    if text.contains(" [term") && !text.starts_with("raft.node") {
        return Some(Message::Is { who: Some(who(text)?), name: None });
    }
    let (before, term) = text.rsplit_once(" at term ")?;
    let term = term.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    let text = before.strip_prefix("raft.node: ").unwrap_or(before);
    let mut words = text.split(' ');
    let who = id(words.next()?)?;
    let rest: Vec<&str> = words.take(8).collect();
    match rest.as_slice() {
        ["is", "starting", "a", "new", "election"] => Some(Message::Elects { who }),
        ["became", _] => Some(Message::Is { who: Some(who), name: None }),
        ["lost", "leader", leader] => Some(Message::LeaderLost { who, leader: id(leader)?, term }),
        ["elected", "leader", leader] => {
            Some(Message::LeaderElected { who, leader: id(leader)?, term })
        }
        ["changed", "leader", "from", from, "to", to] => changed(who, from, to, term),
        _ => None,
    }
}

fn changed(who: MemberId, from: &str, to: &str, term: u64) -> Option<Message> {
    Some(Message::LeaderChanged { who, from: id(from)?, to: id(to)?, term })
}
