//! What etcd's messages of 3.2 to 3.8 mean. Matched by their text, never by the caller: files and lines move.

mod kinds;
mod peers;
mod raft;
mod requests;
mod text;
mod upkeep;

use super::entry::Entry;

pub(super) use kinds::{Database, Message, Start};

/// What an entry says; `None` for what is of no use here.
pub(super) fn understand(entry: &Entry<'_>) -> Option<Message> {
    let text = entry.message.as_ref();
    let fields = &entry.fields;
    requests::understand(text, fields)
        .or_else(|| peers::understand(text, fields))
        .or_else(|| upkeep::understand(text, fields))
        .or_else(|| raft::understand(text))
}
