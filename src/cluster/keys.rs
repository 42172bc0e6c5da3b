//! Keys below a prefix: how many there are, and how to be rid of them without holding up others.

use std::time::Duration;

use etcd_client::{DeleteOptions, GetOptions, KeyValue};

use crate::error::Result;

use super::Cluster;
use super::connect::CALL;
use super::explain::{Called, Need};
use super::guard;

/// Keys read at a time. A range walks the index of all keys that fit, whatever its limit (`mvcc/index.go`), so pages
/// are large; without values they are small answers.
const PAGE: usize = 10_000;
/// Pairs read at a time: values may be large, and a page is held in memory by both sides.
const PAIRS: i64 = 1_000;
/// Keys deleted at a time: one request is one transaction, which holds up others until it is applied.
const BATCH: usize = 1_000;
/// An answer larger than this is not taken: a page of keys of 2 KiB is 20 MB.
const MAX_ANSWER: usize = 256 << 20;
/// Counting or reading a page of a store of many millions of keys takes seconds.
const PAGE_CALL: Duration = Duration::from_secs(30);

impl Cluster {
    /// How many keys begin with a prefix; with the empty one, all.
    ///
    /// # Errors
    /// When no member answers, or the user may not read them.
    pub fn range_count(&mut self, prefix: &[u8]) -> Result<u64> {
        Ok(self.count(prefix)?)
    }

    /// Whether a key begins with a prefix; absent when the user may not know.
    ///
    /// # Errors
    /// When no member answers.
    pub fn holds(&mut self, prefix: &[u8]) -> Result<Option<bool>> {
        match self.count(prefix) {
            Ok(count) => Ok(Some(count > 0)),
            Err(error) if error.is_denied() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn count(&mut self, prefix: &[u8]) -> Called<u64> {
        let (from, end) = interval(prefix);
        let counted = self.ask_any(Need::Read(prefix), PAGE_CALL, async |client| {
            let options = GetOptions::new().with_range(end.clone()).with_count_only();
            client.get(from.clone(), Some(options)).await
        });
        counted.map(|answer| u64::try_from(answer.count()).unwrap_or(0))
    }

    /// Deletes the keys that begin with a prefix, batch by batch, and gives their number. `deleted` is told the number
    /// so far after each batch, and says whether to go on.
    ///
    /// # Errors
    /// When no member answers, or the user may not write there; batches deleted before stay deleted. Also where
    /// [`guard::refuse_deletion`] refuses it.
    pub fn delete_prefix(
        &mut self,
        prefix: &[u8],
        mut deleted: impl FnMut(u64) -> bool,
    ) -> Result<u64> {
        guard::refuse_deletion(prefix)?;
        // A member that went down meanwhile is asked last.
        self.refresh();
        let mut total = 0;
        loop {
            let keys = self.page(prefix)?;
            for batch in keys.chunks(BATCH) {
                total += self.delete_batch(prefix, batch)?;
                if !deleted(total) {
                    return Ok(total);
                }
            }
            if keys.len() < PAGE {
                return Ok(total);
            }
        }
    }

    /// Tells each pair below a prefix in order, all as they were at one revision, and gives that revision.
    ///
    /// # Errors
    /// When no member answers, or the user may not read there.
    pub fn each_pair(&mut self, prefix: &[u8], mut tell: impl FnMut(&KeyValue)) -> Result<i64> {
        let (mut from, end) = interval(prefix);
        let mut revision = 0;
        loop {
            let page = self.ask_any(Need::Read(prefix), PAGE_CALL, async |client| {
                let options = GetOptions::new()
                    .with_range(end.clone())
                    .with_revision(revision)
                    .with_limit(PAIRS);
                let mut pairs = client.kv_client().max_decoding_message_size(MAX_ANSWER);
                pairs.get(from.clone(), Some(options)).await
            })?;
            if revision == 0 {
                revision = page.header().map_or(0, |header| header.revision());
            }
            page.kvs().iter().for_each(&mut tell);
            match page.kvs().last() {
                Some(last) if page.more() => from = [last.key(), &[0]].concat(),
                _ => return Ok(revision),
            }
        }
    }

    /// The first keys that begin with a prefix, in order.
    fn page(&mut self, prefix: &[u8]) -> Result<Vec<Vec<u8>>> {
        let (from, end) = interval(prefix);
        let page = self.ask_any(Need::Read(prefix), PAGE_CALL, async |client| {
            let options =
                GetOptions::new().with_range(end.clone()).with_keys_only().with_limit(PAGE as i64);
            let mut keys = client.kv_client().max_decoding_message_size(MAX_ANSWER);
            keys.get(from.clone(), Some(options)).await
        })?;
        Ok(page.kvs().iter().map(|kv| kv.key().to_vec()).collect())
    }

    /// Deletes from the first of these keys to the last.
    fn delete_batch(&mut self, prefix: &[u8], batch: &[Vec<u8>]) -> Result<u64> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return Ok(0);
        };
        let after_last = [last.as_slice(), &[0]].concat();
        self.ask_any(Need::Write(prefix), CALL, async |client| {
            let options = DeleteOptions::new().with_range(after_last.clone());
            client.delete(first.clone(), Some(options)).await
        })?;
        // Not what the answer counts: a batch that was asked for twice was there once.
        Ok(batch.len() as u64)
    }
}

/// The keys that begin with a prefix as etcd's half-open interval, of which `\0` to `\0` is everything.
fn interval(prefix: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let Some(grows) = prefix.iter().rposition(|byte| *byte != 0xff) else {
        let from = if prefix.is_empty() { &[0] } else { prefix };
        return (from.to_vec(), vec![0]);
    };
    let mut end = prefix[..=grows].to_vec();
    end[grows] += 1;
    (prefix.to_vec(), end)
}

#[cfg(test)]
mod tests {
    use super::interval;

    #[test]
    fn a_prefix_is_an_interval() {
        assert_eq!(interval(b"/a/"), (b"/a/".to_vec(), b"/a0".to_vec()));
        assert_eq!(interval(b"a\xff"), (b"a\xff".to_vec(), b"b".to_vec()));
        assert_eq!(interval(b"\xff"), (b"\xff".to_vec(), b"\0".to_vec()));
        assert_eq!(interval(b""), (b"\0".to_vec(), b"\0".to_vec()));
    }
}
