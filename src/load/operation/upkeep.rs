//! What an apiserver does from time to time beside its objects: compacts the history, asks for the database's size.

use super::{Client, Done};
use crate::etcd::ErrorClass;
use crate::wire::Failure;
use crate::wire::message::{Compact, Compare, Empty, Method, Op, Put, Range, Txn, TxnAnswer, head};

/// What follows the prefix in the name of the key that compactors agree by.
pub const KEY: &[u8] = b"compact_rev_key";

impl Client<'_> {
    /// A turn of the compactor, as an apiserver's (kubernetes/apiserver, storage/etcd3/compact.go): whoever writes the
    /// key first may compact, to the revision remembered from its turn before.
    pub(super) async fn compact(&mut self) -> Result<Done, Failure> {
        let work = self.work;
        let compactor = self.connection.compactor();
        let (version, revision) = (compactor.version.get(), compactor.revision.get());
        let key = [work.keys.prefix(), KEY].concat();
        let value = revision.to_string();
        let put = Op::Put(Put { key: &key, value: value.as_bytes(), ..Put::default() });
        let read = Op::Range(Range { key: &key, ..Range::default() });
        let request =
            Txn { compare: &[Compare::version(&key, version)], success: &[put], failure: &[read] };
        let answer = self.call(Method::Txn, &request).await?;
        let answer = TxnAnswer::read(&answer)?;
        let found = answer.ranges.first().and_then(|range| range.pairs.first());
        let known =
            if answer.succeeded { version + 1 } else { found.map_or(0, |pair| pair.version) };
        compactor.version.set(known);
        compactor.revision.set(answer.head.revision);
        if answer.succeeded && revision > 0 {
            return self.forget_before(revision).await;
        }
        Ok(Done::of(answer.head))
    }

    async fn forget_before(&mut self, revision: i64) -> Result<Done, Failure> {
        match self.call(Method::Compact, &Compact { revision, physical: false }).await {
            Ok(answer) => Ok(Done::of(head(&answer)?)),
            // Somebody else was faster.
            Err(failure) if failure.class == ErrorClass::Compacted => Ok(Done::default()),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn status(&mut self) -> Result<Done, Failure> {
        let head = head(&self.call(Method::Status, &Empty).await?)?;
        Ok(Done::of(head))
    }
}
