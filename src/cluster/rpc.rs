//! The requests of the control plane, each with what is read of its answer, over a link to one member.

use bytes::Bytes;

use crate::etcd::{Credentials, Endpoint};
use crate::wire::message::{
    Compact, DisarmNoSpace, Empty, KeyValue, LeaseAnswer, LeaseGrant, LeaseId, LeaseTimeToLive,
    LeaseTold, MemberTold, Method, Range, RangeTold, Request, StatusTold, Txn, TxnTold,
    WatchCreate, WatchTold,
};
use crate::wire::{Dialer, Failed, Link, LinkMessages, Malformed};

/// What a member answers.
pub(super) type Answer<T> = std::result::Result<T, Failed>;

/// An answer larger than this is not taken: ten of the largest objects that etcd stores by default are 15 MiB.
const MAX_ANSWER: usize = 64 << 20;
/// A page of keys of 2 KiB is 20 MB.
const MAX_PAGE: usize = 256 << 20;

/// Asks one member. Several requests may be under way.
pub(super) struct Client(Link);

impl Client {
    /// Connects. With credentials, the member is asked for a token.
    pub async fn connect(
        endpoint: &Endpoint,
        dialer: &Dialer,
        credentials: Option<&Credentials>,
    ) -> Answer<Self> {
        Link::connect(dialer, endpoint, credentials).await.map(Client)
    }

    /// Whether its connection takes requests.
    pub async fn is_open(&self) -> bool {
        self.0.is_open().await
    }

    async fn ask<T>(
        &self,
        method: Method,
        request: &impl Request,
        read: impl FnOnce(&Bytes) -> std::result::Result<T, Malformed>,
    ) -> Answer<T> {
        let answer = self.0.call(method, request, MAX_ANSWER).await?;
        Ok(read(&answer)?)
    }

    /// What the member says of itself.
    pub async fn status(&self) -> Answer<StatusTold> {
        self.ask(Method::Status, &Empty, |answer| StatusTold::read(answer)).await
    }

    /// Who belongs to the cluster, as far as this member knows.
    pub async fn member_list(&self) -> Answer<Vec<MemberTold>> {
        self.ask(Method::MemberList, &Empty, |answer| MemberTold::read_list(answer)).await
    }

    /// Reads pairs. Without a limit only one key, or only how many there are.
    pub async fn range(&self, range: &Range<'_>) -> Answer<RangeTold> {
        let answer = self.0.call(Method::Range, range, MAX_PAGE).await?;
        let read = RangeTold::read(&answer)?;
        if read.pairs.len() as u64 > range.limit.max(1) {
            return Err(Failed::unusable("the answer holds more keys than were asked for"));
        }
        Ok(read)
    }

    /// Carries out a transaction.
    pub async fn txn(&self, txn: &Txn<'_>) -> Answer<TxnTold> {
        self.ask(Method::Txn, txn, |answer| TxnTold::read(answer)).await
    }

    /// Forgets what is older than a revision; answered when it is done.
    pub async fn compact(&self, revision: i64) -> Answer<()> {
        let request = Compact { revision, physical: true };
        self.ask(Method::Compact, &request, |_| Ok(())).await
    }

    /// Grants a lease of this id, or with 0 of one that the member chooses; gives the id.
    pub async fn lease_grant(&self, ttl_s: u64, id: i64) -> Answer<i64> {
        let request = LeaseGrant { ttl_s, id };
        self.ask(Method::LeaseGrant, &request, |answer| Ok(LeaseAnswer::read(answer)?.id)).await
    }

    /// Ends a lease; its keys are gone with it.
    pub async fn lease_revoke(&self, id: i64) -> Answer<()> {
        self.ask(Method::LeaseRevoke, &LeaseId(id), |_| Ok(())).await
    }

    /// Prolongs a lease, and gives the seconds it lives from now on; 0 where it is gone.
    pub async fn lease_keep_alive(&self, id: i64) -> Answer<i64> {
        let read = |answer: &Bytes| Ok(LeaseAnswer::read(answer)?.ttl_s);
        self.ask(Method::LeaseKeepAlive, &LeaseId(id), read).await
    }

    /// What is left of a lease; with `keys`, how many are bound to it.
    pub async fn lease_time_to_live(&self, id: i64, keys: bool) -> Answer<LeaseTold> {
        let request = LeaseTimeToLive { id, keys };
        self.ask(Method::LeaseTimeToLive, &request, |answer| LeaseTold::read(answer)).await
    }

    /// Gives free pages of the member's database back to its file system.
    pub async fn defragment(&self) -> Answer<()> {
        self.ask(Method::Defragment, &Empty, |_| Ok(())).await
    }

    /// Takes the alarm NOSPACE of a member back.
    pub async fn disarm_no_space(&self, member: u64) -> Answer<()> {
        self.ask(Method::Alarm, &DisarmNoSpace { member }, |_| Ok(())).await
    }

    /// Watches a half-open range from now on.
    pub async fn watch(&self, key: &[u8], end: &[u8]) -> Answer<Changes> {
        let create = WatchCreate { key, end, ..WatchCreate::default() };
        self.0.open(Method::Watch, &create, MAX_ANSWER).await.map(Changes)
    }
}

/// What a watch tells. It ends when this is dropped.
pub(super) struct Changes(LinkMessages);

impl Changes {
    /// What it tells next.
    pub async fn next(&mut self) -> Answer<WatchTold> {
        let answer = self.0.next().await?;
        Ok(WatchTold::read(&answer)?)
    }
}

/// The key behind one, in their order.
pub(super) fn behind(pair: &KeyValue) -> Vec<u8> {
    [pair.key(), &[0]].concat()
}
