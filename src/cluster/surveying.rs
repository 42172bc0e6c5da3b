//! Looking at what a store holds and at what is written to it, without keeping a value.

use std::time::Duration;

use crate::wire::Failed;
use crate::wire::message::{KeyValue, Range};

use super::connect::CALL;
use super::explain::Need;
use super::rpc::{Changes, Client};
use super::{Answered, Prober, Unanswered};

/// A key, and of its value the length alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The key.
    pub key: Vec<u8>,
    /// Bytes of the value; 0 of a key that was removed.
    pub value_bytes: u64,
    /// The lease that it is bound to; 0 is none.
    pub lease: i64,
}

/// A part of the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlines {
    /// The first of its keys.
    pub first: Vec<Outline>,
    /// How many there are in all.
    pub count: u64,
}

/// A change that a watch has told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What was changed.
    pub outline: Outline,
    /// How.
    pub kind: WriteKind,
    /// At which revision; several keys of one transaction share it.
    pub revision: i64,
}

/// How a key was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// It was not there before.
    Create,
    /// It was.
    Update,
    /// It is not there any more; also where its lease has ended.
    Delete,
}

/// A watch of every key in a range. Closed when it is dropped.
pub struct Follower {
    changes: Changes,
}

impl Outline {
    fn of(pair: &KeyValue) -> Self {
        Outline {
            key: pair.key().to_vec(),
            value_bytes: pair.value().len() as u64,
            lease: pair.lease(),
        }
    }
}

impl Prober {
    /// The first keys of a half-open range, of which `\0` to `\0` is everything, and how many it has. The member answers
    /// by itself (what etcd calls serializable): nothing is asked of the others.
    ///
    /// # Errors
    /// When it does not answer in time, or refuses.
    pub async fn outlines(
        &mut self,
        (from, end): (&[u8], &[u8]),
        limit: u32,
        patience: Duration,
    ) -> Answered<Outlines> {
        let range =
            Range { key: from, end, limit: limit.into(), serializable: true, ..Range::default() };
        let read = async |client: &Client| client.range(&range).await;
        let answer = self.client.call(Need::Read(from), patience, read).await?;
        let first = answer.pairs.iter().map(Outline::of);
        Ok(Outlines { first: first.collect(), count: answer.count })
    }

    /// How many seconds a lease was granted for; nothing where it is gone.
    ///
    /// # Errors
    /// As [`Prober::outlines`].
    pub async fn granted_ttl_s(&mut self, lease: i64) -> Answered<Option<u64>> {
        let ask = async |client: &Client| client.lease_time_to_live(lease, false).await;
        let answer = self.client.call(Need::Nothing, CALL, ask).await?;
        Ok(u64::try_from(answer.granted_ttl_s).ok().filter(|ttl| *ttl > 0))
    }

    /// Begins to watch a range from now on.
    ///
    /// # Errors
    /// As [`Prober::outlines`].
    pub async fn follow(&mut self, (from, end): (&[u8], &[u8])) -> Answered<Follower> {
        let watch = async |client: &Client| client.watch(from, end).await;
        let changes = self.client.call(Need::Read(from), CALL, watch).await?;
        Ok(Follower { changes })
    }
}

impl Follower {
    /// The next changes, in their order. Nothing is kept of their values but the length.
    ///
    /// # Errors
    /// When the watch has ended.
    pub async fn next(&mut self) -> Answered<Vec<Written>> {
        let ended = |message: String| Unanswered { message, silent: true, denied: false };
        let told = self.changes.next().await;
        let told = told.map_err(|failed: Failed| ended(failed.to_string()))?;
        if told.canceled {
            return Err(ended(format!("the member ended the watch: {}", told.cancel_reason)));
        }
        let written = told.events.iter().map(|event| Written {
            outline: Outline::of(&event.pair),
            kind: match event.deleted {
                true => WriteKind::Delete,
                false if event.pair.version() == 1 => WriteKind::Create,
                false => WriteKind::Update,
            },
            revision: event.pair.mod_revision(),
        });
        Ok(written.collect())
    }
}
