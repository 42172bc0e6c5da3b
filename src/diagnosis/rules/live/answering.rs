//! Who answers.

use crate::diagnosis::observed::{Live, Member, Presence};

/// The members that answer, with their indices.
pub(super) fn answering(members: &[Member]) -> impl Iterator<Item = (usize, &Live)> {
    members.iter().enumerate().filter_map(|(index, member)| {
        let live = member.live.as_deref()?;
        (live.presence == Presence::Answers).then_some((index, live))
    })
}
