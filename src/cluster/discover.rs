//! Which members the load goes to: those that were named, or the leader and the followers wherever they are.

use crate::error::{Error, Result, usage};
use crate::etcd::Endpoint;
use crate::plan::Placement;

use super::connect::MemberClient;
use super::{Cluster, Listed, Member, MemberStatus};

impl Cluster {
    /// The members that connections are made to, as indices; `--connect` in terms of members. Members that were not
    /// named are looked for under the addresses the cluster lists, where the placement asks for them.
    ///
    /// # Errors
    /// When there is no leader, no follower, or the member meant cannot be reached from here.
    pub fn place(&mut self, placement: &Placement) -> Result<Vec<usize>> {
        match placement {
            Placement::Spread => self.place_on_all(),
            Placement::Leader => self.place_on_leader().map(|leader| vec![leader]),
            Placement::Followers => self.place_on_followers(),
            Placement::Endpoint(text) => self.place_on(text).map(|member| vec![member]),
        }
    }

    /// Members that answer and take requests, if they fit.
    fn that_serve(&self, fits: impl Fn(&MemberStatus) -> bool) -> Vec<usize> {
        let serves = |member: &Member| {
            // A learner refuses nearly everything (`v3rpc/interceptor.go`, "rpc not supported for learner").
            let status = member.status.as_ref().filter(|status| !status.learner);
            status.is_some_and(&fits)
        };
        let all = self.members.iter().enumerate();
        all.filter(|(_, member)| serves(member)).map(|(i, _)| i).collect()
    }

    fn place_on_all(&self) -> Result<Vec<usize>> {
        let all = self.that_serve(|_| true);
        match all.is_empty() {
            false => Ok(all),
            true => Err(Error::Refused(
                "none of the members named takes requests: a learner does not; name a voting member in --endpoints"
                    .to_owned(),
            )),
        }
    }

    fn place_on_leader(&mut self) -> Result<usize> {
        if let Some(leader) = self.leader() {
            return Ok(leader);
        }
        let statuses = self.members.iter().filter_map(|m| m.status.as_ref());
        let id = statuses.max_by_key(|status| status.term).and_then(|s| s.leader);
        let id = id.ok_or_else(|| {
            Error::Refused("--connect leader: the cluster has no leader at the moment".to_owned())
        })?;
        let listed = self.listed.iter().find(|listed| listed.id == id).cloned();
        match listed {
            Some(listed) => self
                .reach(&listed)
                .map_err(|why| Error::Refused(format!("--connect leader: {why}"))),
            None => Err(Error::Refused(format!(
                "--connect leader: the leader ({id:x}) is none of the members named, and the cluster does not list \
                 it; name it in --endpoints"
            ))),
        }
    }

    fn place_on_followers(&mut self) -> Result<Vec<usize>> {
        for listed in self.listed.clone() {
            let known =
                self.members.iter().any(|m| m.listed(std::slice::from_ref(&listed)).is_some());
            if !known && let Err(why) = self.reach(&listed) {
                self.notes.push(why);
            }
        }
        let followers = self.that_serve(|status| !status.leads());
        if !followers.is_empty() {
            return Ok(followers);
        }
        let why = match self.listed.len() {
            0 | 1 => "the cluster has a single member".to_owned(),
            _ if self.notes.is_empty() => "no follower takes requests".to_owned(),
            _ => format!("no follower can be reached: {}", self.notes.join("; ")),
        };
        Err(Error::Refused(format!("--connect followers: {why}")))
    }

    /// Connects to the members that the cluster lists and that were not named, where they list an address. Gives those
    /// that remain unknown: their ids, their names, and why.
    pub fn reach_all(&mut self) -> Vec<(u64, String, String)> {
        let mut unknown = Vec::new();
        for listed in self.listed.clone() {
            let known =
                self.members.iter().any(|m| m.listed(std::slice::from_ref(&listed)).is_some());
            if !known && let Err(why) = self.reach(&listed) {
                unknown.push((listed.id, listed.name, why));
            }
        }
        unknown
    }

    fn place_on(&mut self, text: &str) -> Result<usize> {
        let endpoint = Endpoint::parse(text)
            .map_err(|why| usage(&["--connect"], format!("--connect {text}: {why}")))?;
        if let Some(known) = self.members.iter().position(|m| m.endpoint == endpoint) {
            return Ok(known);
        }
        let mut asked = self.meet(vec![self.client_of(endpoint)]);
        let (client, answer) = asked.remove(0);
        let status = answer?;
        let same = |m: &Member| m.status.as_ref().is_some_and(|s| s.id == status.id);
        if let Some(known) = self.members.iter().position(same) {
            return Ok(known);
        }
        self.admit_answering(client, status)?;
        self.refresh_facts();
        self.read_quotas();
        Ok(self.members.len() - 1)
    }

    /// Connects to a member under one of the addresses that the cluster lists, and gives its index.
    fn reach(&mut self, listed: &Listed) -> std::result::Result<usize, String> {
        let mut tried = Vec::new();
        for endpoint in listed.endpoints() {
            let mut asked = self.meet(vec![self.client_of(endpoint.clone())]);
            let (client, answer) = asked.remove(0);
            match answer {
                Ok(status) if status.id == listed.id => {
                    self.members.push(Member::new(client, Some(status)));
                    self.refresh_facts();
                    self.read_quotas();
                    return Ok(self.members.len() - 1);
                }
                Ok(_) => tried.push(format!("{endpoint} is another member")),
                Err(error) => tried.push(error.to_string()),
            }
        }
        let name = &listed.name;
        Err(match tried.len() {
            0 => format!("member {name} lists no address for clients; name it in --endpoints"),
            _ => format!(
                "member {name} cannot be reached from here under the address it lists ({}); name it in --endpoints \
                 as this machine reaches it",
                tried.join("; ")
            ),
        })
    }

    /// A client with the same user and certificates as the others.
    fn client_of(&self, endpoint: Endpoint) -> MemberClient {
        self.members[0].client.to(endpoint)
    }
}
