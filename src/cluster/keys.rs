//! Keys below a prefix: how many there are, and how to be rid of them without holding up others.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::wire::message::{Delete, KeyValue, Op, Range, RangeTold, Txn};

use super::Cluster;
use super::connect::CALL;
use super::explain::{CallError, Called, Need};
use super::guard;
use super::rpc::{Client, behind};

/// Keys read at a time. A range walks the index of all keys that fit, whatever its limit (`mvcc/index.go`), so pages
/// are large; without values they are small answers.
const PAGE: u64 = 10_000;
/// Pairs read at a time: values may be large, and a page is held in memory by both sides.
const PAIRS: u64 = 1_000;
/// Pairs read at a time where their values tell whose they are.
const VALUES: u64 = 100;
/// Keys deleted at a time: one request is one transaction, which holds up others until it is applied. Below etcd's
/// `--max-txn-ops` of 128.
const BATCH: usize = 100;
/// Pages without a key of ours, in a row: ten million keys of others where names tell whose they are.
const MOST_IDLE_PAGES: u32 = 1_000;
/// Keys of others that are named.
const FOREIGN_NAMED: usize = 3;
/// Counting or reading a page of a store of many millions of keys takes seconds.
const PAGE_CALL: Duration = Duration::from_secs(30);

/// No verification takes longer, of any store that etcd may have.
const LONGEST_READING: Duration = Duration::from_secs(3600);

impl Cluster {
    /// How many keys begin with a prefix; with the empty one, all.
    ///
    /// # Errors
    /// When no member answers, or the user may not read them.
    pub fn range_count(&mut self, prefix: &[u8]) -> Result<u64> {
        Ok(self.count(prefix)?)
    }

    /// How many keys lie from one on, up to another that is not among them.
    ///
    /// # Errors
    /// When no member answers, or the user may not read them.
    pub fn count_between(&mut self, from: &[u8], end: &[u8]) -> Result<u64> {
        let range = Range { key: from, end, count_only: true, ..Range::default() };
        let ask = async |client: &Client| client.range(&range).await;
        Ok(self.ask_any(Need::Read(from), PAGE_CALL, ask)?.count)
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
        let range = Range { key: &from, end: &end, count_only: true, ..Range::default() };
        let ask = async |client: &Client| client.range(&range).await;
        Ok(self.ask_any(Need::Read(prefix), PAGE_CALL, ask)?.count)
    }

    /// Removes the keys below a prefix that are `ours`, each by its name, so that what others put there meanwhile stays.
    /// `deleted` is told the number so far after each batch, and says whether to go on.
    ///
    /// # Errors
    /// When no member answers, or the user may not write there; batches deleted before stay deleted. Also where
    /// [`guard::refuse_deletion`] refuses it.
    pub fn remove(
        &mut self,
        prefix: &[u8],
        ours: &Ours<'_>,
        mut deleted: impl FnMut(u64) -> bool,
    ) -> Result<Removed> {
        guard::refuse_deletion(prefix)?;
        // A member that went down meanwhile is asked last.
        self.refresh();
        let mut removed = Removed::default();
        let mut batch = BATCH;
        let mut from = interval(prefix).0;
        let mut idle = 0;
        loop {
            let page = self.owned(prefix, &from, ours)?;
            self.goes_on(&page, &mut idle)?;
            removed.foreign += page.foreign;
            let wanted = FOREIGN_NAMED.saturating_sub(removed.foreign_keys.len());
            removed.foreign_keys.extend(page.foreign_keys.into_iter().take(wanted));
            removed.leases.extend(page.leases);
            let mut rest = page.ours.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(batch.min(rest.len()));
                match self.delete_each(prefix, now) {
                    Ok(()) => {}
                    // `--max-txn-ops` of this etcd is below the default.
                    Err(error)
                        if batch > 1 && error.to_string().contains("too many operations") =>
                    {
                        batch /= 2;
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                }
                rest = later;
                removed.deleted += now.len() as u64;
                if !deleted(removed.deleted) {
                    removed.stopped = true;
                    return Ok(removed);
                }
            }
            match page.next {
                Some(next) => from = next,
                None => return Ok(removed),
            }
        }
    }

    /// How many keys below a prefix are ours, and what is known of the others; nothing is removed.
    ///
    /// # Errors
    /// When no member answers, or the user may not read there.
    pub fn count_ours(&mut self, prefix: &[u8], ours: &Ours<'_>) -> Result<Removed> {
        let mut counted = Removed::default();
        let mut from = interval(prefix).0;
        let mut idle = 0;
        loop {
            let page = self.owned(prefix, &from, ours)?;
            self.goes_on(&page, &mut idle)?;
            counted.deleted += page.ours.len() as u64;
            counted.foreign += page.foreign;
            let wanted = FOREIGN_NAMED.saturating_sub(counted.foreign_keys.len());
            counted.foreign_keys.extend(page.foreign_keys.into_iter().take(wanted));
            counted.leases.extend(page.leases);
            match page.next {
                Some(next) => from = next,
                None => return Ok(counted),
            }
        }
    }

    /// The first key at or behind `from` that begins with the prefix, with its value, and how many there are from there
    /// on. etcd counts them all, whatever the limit.
    ///
    /// # Errors
    /// When no member answers; none where the user may not read there.
    pub fn first_from(&mut self, prefix: &[u8], from: &[u8]) -> Result<Option<(KeyValue, u64)>> {
        let end = interval(prefix).1;
        let range = Range { key: from, end: &end, limit: 1, ..Range::default() };
        let ask = async |client: &Client| client.range(&range).await;
        match self.ask_any(Need::Read(prefix), PAGE_CALL, ask) {
            Ok(answer) => Ok(answer.pairs.into_iter().next().map(|first| (first, answer.count))),
            Err(error) if error.is_denied() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells each pair below a prefix in order, all as they were at one revision, and gives that revision.
    ///
    /// # Errors
    /// When no member answers, or the user may not read there.
    pub fn each_pair(&mut self, prefix: &[u8], mut tell: impl FnMut(&KeyValue)) -> Result<i64> {
        let (mut from, end) = interval(prefix);
        let mut revision = 0;
        let deadline = Instant::now() + LONGEST_READING;
        loop {
            let range = Range { key: &from, end: &end, revision, limit: PAIRS, ..Range::default() };
            let ask = async |client: &Client| client.range(&range).await;
            let page = self.ask_any(Need::Read(prefix), PAGE_CALL, ask)?;
            if revision == 0 {
                revision = page.header.revision;
            }
            forward(&page, &from)?;
            if self.ends.set() {
                return Err(CallError::interrupted().into());
            }
            if Instant::now() > deadline {
                return Err(Error::Refused(
                    "reading the keys back took more than an hour".to_owned(),
                ));
            }
            page.pairs.iter().for_each(&mut tell);
            match page.pairs.last() {
                Some(last) if page.more => from = behind(last),
                _ => return Ok(revision),
            }
        }
    }

    /// A page of keys from one on, told apart by whose they are. Values are read only where names do not tell.
    fn owned(&mut self, prefix: &[u8], from: &[u8], ours: &Ours<'_>) -> Result<OwnedPage> {
        let page = self.page(prefix, from, false)?;
        if !page.pairs.iter().any(|kv| ours(kv, false) == Whose::NotKnown) {
            return Ok(OwnedPage::of(&page, |kv| ours(kv, false)));
        }
        let page = self.page(prefix, from, true)?;
        Ok(OwnedPage::of(&page, |kv| ours(kv, true)))
    }

    /// Keys of ours come to an end, for their names have one length. Those of others need not: one page after the other
    /// without any of ours is a wait like any other.
    fn goes_on(&self, page: &OwnedPage, idle: &mut u32) -> Result<()> {
        *idle = if page.ours.is_empty() && page.next.is_some() { *idle + 1 } else { 0 };
        if *idle > 0 && self.ends.set() {
            return Err(CallError::interrupted().into());
        }
        match *idle > MOST_IDLE_PAGES {
            true => Err(Error::Refused(format!(
                "{MOST_IDLE_PAGES} pages in a row hold none of the keys that were looked for"
            ))),
            false => Ok(()),
        }
    }

    fn page(&mut self, prefix: &[u8], from: &[u8], values: bool) -> Result<RangeTold> {
        let end = interval(prefix).1;
        let limit = if values { VALUES } else { PAGE };
        let range = Range { key: from, end: &end, keys_only: !values, limit, ..Range::default() };
        let ask = async |client: &Client| client.range(&range).await;
        let page = self.ask_any(Need::Read(prefix), PAGE_CALL, ask)?;
        forward(&page, from)?;
        Ok(page)
    }

    /// Deletes these keys and no others, in one transaction.
    fn delete_each(&mut self, prefix: &[u8], keys: &[Vec<u8>]) -> Called<()> {
        let delete: Vec<Op<'_>> =
            keys.iter().map(|key| Op::Delete(Delete { key, prev_kv: false })).collect();
        let txn = Txn { success: &delete, ..Txn::default() };
        self.ask_any(Need::Write(prefix), CALL, async |client| client.txn(&txn).await)?;
        Ok(())
    }
}

/// Keys of a page come in order, from where they were asked for on; otherwise what is behind them would be asked for
/// without end.
fn forward(page: &RangeTold, from: &[u8]) -> Result<()> {
    let keys: Vec<&[u8]> = page.pairs.iter().map(KeyValue::key).collect();
    let ordered = keys.is_sorted_by(|a, b| a < b);
    // From `\0` on is from the beginning on.
    let begins = keys.first().is_none_or(|first| *first >= from || from == [0]);
    match ordered && begins {
        true => Ok(()),
        false => Err(Error::Refused(
            "a member answers with keys that were not asked for, or not in their order; this is no etcd, or something \
             between changes its answers"
                .to_owned(),
        )),
    }
}

/// Whose a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Of a load of ours.
    Ours,
    /// Of others.
    Others,
    /// Of the same load, by another machine, which removes it.
    AnotherMachines,
    /// Its name does not tell; its value may.
    NotKnown,
}

/// Tells whose a pair is; whether its value was read comes with it.
pub type Ours<'a> = dyn Fn(&KeyValue, bool) -> Whose + 'a;

/// What was removed, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Keys deleted; of a count, those that would be.
    pub deleted: u64,
    /// Keys of others, which stay.
    pub foreign: u64,
    /// The first of them.
    pub foreign_keys: Vec<String>,
    /// Leases that deleted keys were bound to.
    pub leases: BTreeSet<i64>,
    /// It was told to stop before its end.
    pub stopped: bool,
}

/// A page of keys by whose they are.
struct OwnedPage {
    ours: Vec<Vec<u8>>,
    foreign: u64,
    foreign_keys: Vec<String>,
    leases: BTreeSet<i64>,
    next: Option<Vec<u8>>,
}

impl OwnedPage {
    fn of(page: &RangeTold, whose: impl Fn(&KeyValue) -> Whose) -> Self {
        let (ours, others): (Vec<&KeyValue>, Vec<&KeyValue>) = page
            .pairs
            .iter()
            .filter(|kv| whose(kv) != Whose::AnotherMachines)
            .partition(|kv| whose(kv) == Whose::Ours);
        let last = page.pairs.last().filter(|_| page.more);
        OwnedPage {
            foreign: others.len() as u64,
            foreign_keys: others
                .iter()
                .take(FOREIGN_NAMED)
                .map(|kv| kv.key().escape_ascii().to_string())
                .collect(),
            leases: ours.iter().map(|kv| kv.lease()).filter(|lease| *lease != 0).collect(),
            ours: ours.iter().map(|kv| kv.key().to_vec()).collect(),
            next: last.map(behind),
        }
    }
}

/// The keys that begin with a prefix as etcd's half-open interval, of which `\0` to `\0` is everything.
pub(super) fn interval(prefix: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let Some(grows) = prefix.iter().rposition(|byte| *byte != 0xff) else {
        let from = if prefix.is_empty() { &[0] } else { prefix };
        return (from.to_vec(), vec![0]);
    };
    let mut end = prefix[..=grows].to_vec();
    end[grows] += 1;
    (prefix.to_vec(), end)
}

/// The first key behind all that begin with a prefix.
pub(super) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    interval(prefix).1
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
