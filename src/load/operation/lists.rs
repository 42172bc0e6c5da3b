//! Lists in pages, and how an apiserver begins to watch a resource.

use super::{Client, Done};
use crate::etcd::ErrorClass;
use crate::wire::message::{Head, Method, Range, RangeAnswer, WatchAnswer, WatchCreate};
use crate::wire::{Failure, frame};

/// A list in pages.
pub(super) struct Listed {
    /// The header of its last answer.
    pub head: Head,
    /// The revision that all of it is of.
    pub revision: i64,
}

impl Client<'_> {
    /// One page after the other, all at the revision of the first.
    pub(super) async fn pages(&mut self, mut request: Range<'_>) -> Result<Listed, Failure> {
        let mut from = request.key.to_vec();
        loop {
            let page = Range { key: &from, ..request };
            let answer = self.call(Method::Range, &page).await?;
            let answer = RangeAnswer::read(&answer)?;
            if request.revision == 0 {
                request.revision = answer.head.revision;
            }
            let Some(last) = answer.pairs.last().filter(|_| answer.more) else {
                return Ok(Listed { head: answer.head, revision: request.revision });
            };
            from = [last.key, &[0]].concat();
        }
    }

    /// As an apiserver begins with a resource: lists it in pages, then watches it from there on. The watch has done its
    /// part when it stands, and is dropped.
    pub(super) async fn list_watch(&mut self) -> Result<Done, Failure> {
        let work = self.work;
        let end = work.keys.end();
        let all = Range {
            key: work.keys.prefix(),
            end: &end,
            limit: work.plan.reads.list_page.into(),
            ..Range::default()
        };
        let listed = self.pages(all).await?;
        let watch = WatchCreate {
            key: work.keys.prefix(),
            end: &end,
            start_revision: listed.revision + 1,
            prev_kv: true,
            progress_notify: true,
        };
        self.watch_until_created(&watch).await?;
        Ok(Done::of(listed.head))
    }

    async fn watch_until_created(&mut self, watch: &WatchCreate<'_>) -> Result<(), Failure> {
        let caller = self.connection.caller(&mut self.handle).await;
        let mut messages = caller.open(Method::Watch, frame(watch)).await?;
        loop {
            let message = messages.next().await?;
            let answer = WatchAnswer::read(&message)?;
            if answer.canceled {
                let reason = String::from_utf8_lossy(answer.cancel_reason).into_owned();
                return Err(Failure::new(ErrorClass::Other, reason));
            }
            if answer.created {
                return Ok(());
            }
        }
    }
}
