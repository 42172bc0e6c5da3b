//! The control plane of a load: which members there are, what they say of themselves while it runs, what must not be
//! touched, and throwaway clusters.

mod budget;
mod connect;
mod discover;
mod ends;
mod explain;
pub mod guard;
mod keys;
mod leases;
mod leftovers;
pub mod local;
mod mark;
mod marking;
pub mod metrics;
mod pace;
mod probing;
mod quota;
mod rpc;
mod scrape;
mod status;
mod surveying;
mod upkeep;
mod watcher;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::runtime::Runtime;

use crate::error::{Error, Result, usage};
use crate::etcd::{Credentials, Endpoint};
use crate::result::MemberFacts;
use crate::wire::Dialer;
use crate::wire::message::MemberTold;

use connect::{CALL, MemberClient};
use ends::Ends;
use explain::{CallError, Called, Need};
use metrics::Reading;
use rpc::{Answer, Client};
use scrape::Scraper;

pub use crate::wire::message::KeyValue;
pub use budget::{Asked, Budget, Exhausted, Paid, Reserve};
pub use keys::{Ours, Removed, Whose};
pub use leftovers::{Leftover, nonce_of};
pub use mark::MARK_FRESH_S;
pub use pace::uneven;
pub use probing::{Answered, Prober, Unanswered};
pub use quota::{DEFAULT_QUOTA_BYTES, Quota};
pub use status::{Alarm, Known, MemberStatus};
pub use surveying::{Follower, Outline, Outlines, WriteKind, Written};
pub use upkeep::Defragmented;
pub use watcher::{Live, Watcher};

/// An election takes one to two seconds by default; one that is split, twice as long.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// A cluster that runs, as far as it was named or found. Every call blocks until it is answered or its time is up.
pub struct Cluster {
    members: Vec<Member>,
    listed: Vec<Listed>,
    notes: Vec<String>,
    /// Of the load under way.
    mark: Option<mark::Mark>,
    /// What ends waiting early.
    ends: Ends,
    // Last, so that the connections above are dropped before what drives them.
    runtime: Runtime,
}

/// A member that can be driven.
pub struct Member {
    /// What a result says about it.
    pub facts: MemberFacts,
    /// Where it was reached.
    pub endpoint: Endpoint,
    /// What it said last; absent when it did not answer.
    pub status: Option<MemberStatus>,
    /// `--quota-backend-bytes` of it.
    pub quota: Quota,
    client: MemberClient,
}

/// A member as the cluster lists it.
#[derive(Debug, Clone)]
struct Listed {
    id: u64,
    name: String,
    client_urls: Vec<String>,
    learner: bool,
}

impl Cluster {
    /// Asks the members named who they are. One that does not answer is kept and told by [`Cluster::notes`], as long
    /// as another one answers.
    ///
    /// # Errors
    /// When none answers, one answers that the user is not welcome, or two belong to different clusters.
    pub fn connect(
        endpoints: &[Endpoint],
        dialer: &Dialer,
        credentials: Option<&Credentials>,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Refused(format!("cannot start a runtime: {error}")))?;
        let mut cluster = Cluster {
            members: Vec::new(),
            listed: Vec::new(),
            notes: Vec::new(),
            mark: None,
            ends: Ends::default(),
            runtime,
        };
        let client =
            |to: &Endpoint| MemberClient::new(to.clone(), dialer.clone(), credentials.cloned());
        let clients = endpoints.iter().map(client).collect();
        let asked = cluster.meet(clients);
        cluster.admit(asked)?;
        cluster.list();
        cluster.refresh_facts();
        cluster.read_quotas();
        cluster.note_what_is_not_told();
        Ok(cluster)
    }

    /// Of members that do not tell this user their status.
    fn note_what_is_not_told(&mut self) {
        let of = |known: Known| {
            let members = self.members.iter();
            let so = members.filter(|m| m.status.as_ref().is_some_and(|s| s.known == known));
            so.map(|member| member.facts.name.clone()).collect::<Vec<_>>().join(", ")
        };
        let (pieced, barely) = (of(Known::Pieced), of(Known::Barely));
        if !pieced.is_empty() {
            self.notes.push(format!(
                "{pieced}: etcd tells its status to users with the role root alone; size and leader are read from /metrics \
                 instead, and alarms are not known"
            ));
        }
        if !barely.is_empty() {
            self.notes.push(format!(
                "{barely}: etcd tells its status to users with the role root alone, and /metrics cannot be read: size, \
                 leader and alarms are not known"
            ));
        }
    }

    /// Whether the size of the database is known, of one member at least.
    pub fn knows_its_size(&self) -> bool {
        let mut statuses = self.members.iter().filter_map(|member| member.status.as_ref());
        statuses.any(|status| status.known != Known::Barely)
    }

    /// The members, in the order that `member` of a series counts: first those that were named.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// What is worth telling about them: a member that does not answer, one that was named twice.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Which of the members leads; absent when none of them does, or the leader was not named.
    pub fn leader(&self) -> Option<usize> {
        let leads = |member: &Member| member.status.as_ref().is_some_and(MemberStatus::leads);
        self.members.iter().position(leads)
    }

    /// The largest database of the members.
    pub fn db_bytes(&self) -> u64 {
        let sizes = self.members.iter().filter_map(|m| m.status.as_ref());
        sizes.map(|status| status.db_bytes).max().unwrap_or(0)
    }

    /// The smallest quota of the members.
    pub fn quota(&self) -> Quota {
        Quota::smallest(self.members.iter().map(|member| member.quota))
    }

    /// From now on a signal ends every wait, at once if it comes during it; after one, nobody is waited for as long as
    /// before.
    pub fn end_with(&mut self, signalled: &Arc<AtomicBool>) {
        self.ends = Ends::with(signalled);
    }

    /// Asks all members again.
    pub fn refresh(&mut self) {
        let limit = self.ends.limit(CALL);
        let asked = self.members.iter_mut().map(|m| m.client.status(limit));
        let answers = self.runtime.block_on(self.ends.first(join_all(asked)));
        // Whoever did not answer before a signal is not known to be down.
        for (member, answer) in self.members.iter_mut().zip(answers.into_iter().flatten()) {
            member.status = answer.ok();
        }
        self.refresh_facts();
    }

    /// Asks members for the first time who they are.
    fn meet(&self, clients: Vec<MemberClient>) -> Vec<(MemberClient, Called<MemberStatus>)> {
        let meet = async |mut client: MemberClient| {
            let answer = client.first_status().await;
            (client, answer)
        };
        let all = clients.into_iter().map(meet);
        self.runtime.block_on(join_all(all))
    }

    fn admit(&mut self, asked: Vec<(MemberClient, Called<MemberStatus>)>) -> Result<()> {
        let refusal = |error: &&CallError| !error.is_unreachable();
        let mut failed = asked.iter().filter_map(|(_, answer)| answer.as_ref().err());
        if let Some(refused) = failed.clone().find(refusal) {
            return Err(refused.clone().into());
        }
        if asked.iter().all(|(_, answer)| answer.is_err()) {
            let words: Vec<String> = failed.by_ref().map(ToString::to_string).collect();
            return Err(Error::Unanswered(words.join("\n")));
        }
        for (client, answer) in asked {
            match answer {
                Ok(status) => self.admit_answering(client, status)?,
                Err(error) => {
                    self.notes.push(error.to_string());
                    self.members.push(Member::new(client, None));
                }
            }
        }
        Ok(())
    }

    fn admit_answering(&mut self, client: MemberClient, status: MemberStatus) -> Result<()> {
        for member in &self.members {
            let Some(other) = &member.status else {
                continue;
            };
            if other.cluster_id != status.cluster_id {
                return Err(usage(
                    &["--endpoints"],
                    format!(
                        "--endpoints: {} and {} belong to different clusters ({:x} and {:x}); name members of one",
                        member.endpoint,
                        client.endpoint(),
                        other.cluster_id,
                        status.cluster_id
                    ),
                ));
            }
            if other.id == status.id {
                self.notes.push(format!(
                    "{} and {} are the same member; the second is left out",
                    member.endpoint,
                    client.endpoint()
                ));
                return Ok(());
            }
        }
        self.members.push(Member::new(client, Some(status)));
        Ok(())
    }

    /// Asks a member for the list of all. Without it members go by their endpoints.
    fn list(&mut self) {
        let listed = self.ask_any(Need::Nothing, CALL, async |client| client.member_list().await);
        match listed {
            Ok(members) => self.listed = members.into_iter().map(Listed::of).collect(),
            Err(error) => self.notes.push(format!("no list of members: {error}")),
        }
    }

    fn refresh_facts(&mut self) {
        for member in &mut self.members {
            let known = member.listed(&self.listed);
            member.facts = member.tell(known);
        }
    }

    /// Before 3.6 only `/metrics` tells the quota.
    fn read_quotas(&mut self) {
        let read = async |member: &Member| {
            member.status.as_ref()?;
            let (endpoint, dialer) = (member.endpoint.clone(), member.client.dialer().clone());
            let mut scraper = Scraper::new(endpoint, dialer);
            let page = tokio::time::timeout(CALL, scraper.get("/metrics")).await;
            page.ok()?.ok().map(|text| Reading::of(&text))
        };
        let readings = self.runtime.block_on(join_all(self.members.iter().map(read)));
        for (member, reading) in self.members.iter_mut().zip(readings) {
            let told = member.status.as_ref().and_then(|status| status.quota_bytes);
            member.quota = Quota::told(told, reading.as_ref().map(|reading| reading.quota));
            member.facts.quota_bytes = member.quota.bytes();
        }
    }

    /// Makes a call to whichever member answers, the leader before the others; while the cluster has no leader, again
    /// for some time. The call must do no harm when it is made twice.
    fn ask_any<T>(
        &mut self,
        need: Need<'_>,
        limit: Duration,
        request: impl AsyncFn(&Client) -> Answer<T>,
    ) -> Called<T> {
        let mut order: Vec<&mut Member> = self.members.iter_mut().collect();
        order.sort_by_key(|member| match &member.status {
            Some(status) => u8::from(!status.leads()),
            None => 2,
        });
        let deadline = Instant::now() + self.ends.limit(PATIENCE);
        let limit = self.ends.limit(limit);
        let asked = async {
            loop {
                let mut failed = CallError::nobody();
                let mut passing = false;
                for member in &mut order {
                    match member.client.call(need, limit, &request).await {
                        Err(error) if error.is_unreachable() || error.is_passing() => {
                            passing |= error.is_passing();
                            failed = error;
                        }
                        answered => return answered,
                    }
                }
                if !passing || Instant::now() > deadline {
                    return Err(failed);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let answered = self.runtime.block_on(self.ends.first(asked));
        answered.unwrap_or_else(|| Err(CallError::interrupted()))
    }

    fn names(&self) -> BTreeMap<u64, String> {
        let listed = self.listed.iter().map(|m| (m.id, m.name.clone()));
        let known = self.members.iter().filter_map(|member| {
            let status = member.status.as_ref()?;
            Some((status.id, member.facts.name.clone()))
        });
        listed.chain(known).collect()
    }
}

impl Member {
    fn new(client: MemberClient, status: Option<MemberStatus>) -> Self {
        Member {
            facts: MemberFacts::default(),
            endpoint: client.endpoint().clone(),
            status,
            quota: Quota::Unknown,
            client,
        }
    }

    /// Itself in the cluster's list: by its id or, while it does not answer, by its address.
    fn listed<'a>(&self, all: &'a [Listed]) -> Option<&'a Listed> {
        all.iter().find(|listed| match &self.status {
            Some(status) => listed.id == status.id,
            None => listed.endpoints().any(|url| url == self.endpoint),
        })
    }

    fn tell(&self, listed: Option<&Listed>) -> MemberFacts {
        let endpoint = self.endpoint.to_string();
        let status = self.status.as_ref();
        let id = status.map(|status| status.id).or(listed.map(|l| l.id));
        let name = listed.map(|listed| listed.name.clone());
        MemberFacts {
            id: id.map(|id| format!("{id:x}")).unwrap_or_default(),
            // A member that has not started yet is listed without a name.
            name: name.filter(|n| !n.is_empty()).unwrap_or_else(|| endpoint.clone()),
            endpoint,
            version: status.map(|status| status.version.clone()).unwrap_or_default(),
            leader: status.is_some_and(MemberStatus::leads),
            learner: status.is_some_and(|status| status.learner)
                || listed.is_some_and(|l| l.learner),
            db_bytes: status.map_or(0, |status| status.db_bytes),
            quota_bytes: self.quota.bytes(),
        }
    }
}

impl Listed {
    fn of(MemberTold { id, name, client_urls, is_learner }: MemberTold) -> Self {
        Listed { id, name, client_urls, learner: is_learner }
    }

    fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        self.client_urls.iter().filter_map(|url| Endpoint::parse(url).ok())
    }
}
