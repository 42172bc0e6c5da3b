//! One load from beginning to end: refusals, keys, load, verification, clean-up, result, verdict.

use std::sync::Arc;

use serde_json::json;

use super::after::After;
use super::connection_spec::MemberAddress;
use super::drive::Drive;
use super::faults::{FaultContext, Faults};
use super::halt::Control;
use super::operation::Work;
use super::recorder::SETUP;
use super::start::Begin;
use super::{clean, files, parts};
use crate::clock::Clock;
use crate::cluster::guard::{self, Growth};
use crate::cluster::local::{LocalCluster, LocalPlan};
use crate::cluster::{Budget, Cluster, Reserve, Watcher};
use crate::error::{Error, Result, usage};
use crate::etcd::{Credentials, Endpoint, Secret};
use crate::host;
use crate::host::counters::CounterSampler;
use crate::host::device::{self, DeviceCounters};
use crate::plan::{FRESH_PREFIX, LoadPlan, Target, UNVERIFIED};
use crate::record::{Emission, Pool, Sink};
use crate::result::{Collector, Environment, HALT, Header};
use crate::session::{self, Ending, Finished, Request};
use crate::wire::{Auth, Dialer};

/// Drives an etcd.
///
/// # Errors
/// Only before the first key is written; later ones are in [`Finished::error`], beside what was measured until then.
pub fn run(
    request: Request<'_, LoadPlan>,
    credentials: Option<Credentials>,
    token: Option<Secret>,
) -> Result<Finished> {
    request.plan.startable()?;
    let plan = &request.plan.own();
    let clock = request.clock;
    let meeting = parts::Meeting::of(request.plan, token, clock, &request.signalled)?;
    let run_id = session::run_id(&clock);
    files::allow(plan.connections)?;
    let dialer = Dialer::new(&plan.security, plan.dial_timeout_ns)?;
    let mut local = start_local(plan, &run_id)?;
    let endpoints = endpoints(plan, local.as_ref())?;
    let mut cluster = Cluster::connect(&endpoints, &dialer, credentials.as_ref())
        .map_err(|error| with_a_way_out(error, &plan.target))?;
    let placed = cluster.place(&plan.placement)?;
    let nonce = meeting.nonce(plan.shard);
    let common = meeting.common();
    let prefix = plan.keys.prefix.clone().unwrap_or_else(|| format!("{FRESH_PREFIX}{common:08x}/"));
    let guarded = guard(plan, &mut cluster, &prefix)?;
    let environment = environment(&cluster, local.as_ref());
    let sampler = sampler(&environment, &clock);
    let header = Header {
        prefix: Some(prefix.clone()),
        shard: meeting.part()?,
        ..request.header("load", &target(plan), run_id, environment)?
    };
    let writer = request.writer(&header)?;
    let path = writer.path().to_path_buf();
    let (sink, pool, collector) = Collector::spawn(writer, clock, request.observer)?;
    let control = Control::new(Arc::clone(&request.signalled));
    let setup = Setup { sink: sink.clone(), clock };
    mark(plan, &mut cluster, &prefix)?;
    setup.tell(&guarded, &cluster, &header);
    let budget = Arc::new(budget(plan, &cluster, guarded.shared));
    let load = Load {
        works: works(plan, &prefix, nonce, &budget),
        budget,
        plan: Arc::new(plan.clone()),
        prefix,
        clock,
        control: control.clone(),
        sink,
        pool,
        dialer,
        shared: guarded.shared,
        begin: meeting.begin()?,
        auth: credentials.map(|credentials| Arc::new(Auth::new(credentials, plan.timeout_ns))),
    };
    let (outcome, leftover) = match load.carry_out(&mut cluster, &placed, sampler, local.as_mut()) {
        Ok(carried_out) => carried_out,
        Err(error) => (Err(error), None),
    };
    if let Some(why) = control.why() {
        setup.event(HALT, json!({ "why": why }));
    }
    drop(setup);
    // Where it cannot be taken away it goes by itself.
    let _ = cluster.unmark();
    drop(local);
    let ending = Ending {
        complete: outcome.is_ok() && !control.is_halted(),
        interrupted: control.signalled(),
    };
    let finished =
        session::finish(path, collector, request.conclude, &clock, ending, outcome.err())?;
    Ok(Finished { leftover, ..finished })
}

/// Says in an etcd that others use whose keys these are, where the writes do not show it themselves.
fn mark(plan: &LoadPlan, cluster: &mut Cluster, prefix: &str) -> Result<()> {
    match matches!(plan.target, Target::Local { .. }) || (!plan.verify && plan.writes_often()) {
        true => Ok(()),
        false => cluster.mark(prefix),
    }
}

/// What a result says it was that was driven.
fn target(plan: &LoadPlan) -> String {
    match &plan.target {
        Target::Endpoints(endpoints) => endpoints.join(","),
        Target::Local { members, .. } => format!("local {members}"),
    }
}

/// Who has named no etcd that answers is told of another, or of one that this program starts.
fn with_a_way_out(error: Error, target: &Target) -> Error {
    match target {
        Target::Endpoints(_) => error
            .or_else_type("name another with --endpoints, or let etcdbench start one with --local"),
        _ => error,
    }
}

/// What each of the loads that go on side by side does, with its class.
fn works(
    plan: &LoadPlan,
    prefix: &str,
    nonce: u32,
    budget: &Arc<Budget>,
) -> Vec<(Option<String>, Arc<Work>)> {
    let parts = plan.parts();
    let alone = parts.len() == 1;
    let parts = parts.into_iter().enumerate();
    let work = |(number, (class, part)): (usize, (Option<&str>, LoadPlan))| {
        // That of a load without classes is the whole.
        let below = part.keys.prefix.clone().filter(|_| class.is_some());
        let prefix = format!("{prefix}{}", below.unwrap_or_default());
        // No class takes the values of another for its own.
        let nonce = nonce.wrapping_add(number as u32);
        let work = Work::new(Arc::new(part), &prefix, nonce, Arc::clone(budget), alone);
        (class.map(str::to_owned), Arc::new(work))
    };
    parts.map(work).collect()
}

/// What all writes of the load are paid from.
fn budget(plan: &LoadPlan, cluster: &Cluster, shared: bool) -> Budget {
    let parts = plan.parts();
    let sum = |bytes: fn(&LoadPlan) -> u64| {
        parts.iter().fold(0_u64, |sum, (_, part)| sum.saturating_add(bytes(part)))
    };
    let removes = !plan.keep_keys && !shared && !matches!(plan.target, Target::Local { .. });
    let reserve = Reserve {
        // All parts write into one tree.
        slack_bytes: parts.iter().map(|(_, part)| part.page_slack_bytes()).max().unwrap_or(0),
        most_removal_bytes: if removes { sum(LoadPlan::removal_bytes) } else { 0 },
    };
    let members = cluster.members().iter().map(|member| member.status.as_ref());
    Budget::new(members, cluster.quota(), reserve)
}

fn start_local(plan: &LoadPlan, run_id: &str) -> Result<Option<LocalCluster>> {
    let Target::Local { members, etcd, directory, quota_bytes, arguments } = &plan.target else {
        return Ok(None);
    };
    let local = LocalPlan {
        members: *members,
        etcd: etcd.clone(),
        directory: directory.clone(),
        quota_bytes: *quota_bytes,
        arguments: plan.etcd_arguments(arguments),
        run_id: run_id.to_owned(),
    };
    LocalCluster::start(&local).map(Some)
}

fn endpoints(plan: &LoadPlan, local: Option<&LocalCluster>) -> Result<Vec<Endpoint>> {
    match (&plan.target, local) {
        (_, Some(local)) => Ok(local.endpoints().to_vec()),
        (Target::Endpoints(endpoints), None) => {
            let parsed = endpoints.iter().map(|text| Endpoint::parse(text));
            parsed
                .collect::<std::result::Result<_, _>>()
                .map_err(|why| usage(&["--endpoints"], why))
        }
        (Target::Local { .. }, None) => {
            Err(Error::Refused("the local etcd was not started".to_owned()))
        }
    }
}

/// What was found out before the load.
struct Guarded {
    notes: Vec<String>,
    growth: Growth,
    /// Keys below the prefix are not all ours, so that none may be removed.
    shared: bool,
}

/// Refuses to do harm.
fn guard(plan: &LoadPlan, cluster: &mut Cluster, prefix: &str) -> Result<Guarded> {
    guard::refuse_alarms(cluster)?;
    let (mut notes, shared) = if plan.shard.is_some() {
        parts::guard(plan, cluster, prefix)?
    } else if plan.allow_foreign {
        (Vec::new(), cluster.range_count(prefix.as_bytes())? > 0)
    } else {
        clean::offer_for(cluster, prefix)?;
        (guard::refuse_foreign(cluster, prefix)?, false)
    };
    if !matches!(plan.target, Target::Local { .. }) {
        // What lies there may be of the other machines of this load.
        if plan.shard.is_none() {
            notes.extend(clean::offer(cluster)?);
        }
        notes.extend(plan.security.insecure_skip_tls_verify.then(|| UNVERIFIED.to_owned()));
    }
    if !plan.keep_keys && !shared {
        guard::refuse_deletion(prefix.as_bytes())?;
    }
    let growth = Growth {
        // Of all machines together.
        expected_bytes: plan.of_all().least_growth_bytes(),
        db_bytes: cluster.db_bytes(),
        quota: cluster.quota(),
    };
    if !plan.allow_quota {
        if plan.writes_keys() {
            guard::refuse_unknown_size(cluster)?;
        }
        growth.check()?;
    }
    Ok(Guarded { notes, growth, shared })
}

fn environment(cluster: &Cluster, local: Option<&LocalCluster>) -> Environment {
    let mut environment = host::environment();
    environment.members = cluster.members().iter().map(|member| member.facts.clone()).collect();
    if let Some(local) = local {
        environment.etcd.insert("local".to_owned(), local.version().to_owned());
        // What cannot be found out about the disk is left out, as everywhere.
        environment.disk = device::describe(local.directory()).ok();
    }
    environment
}

/// Reads this machine's counters, those of the disk under a local etcd among them.
fn sampler(environment: &Environment, clock: &Clock) -> CounterSampler {
    let facts = environment.disk.clone().unwrap_or_default();
    let device = DeviceCounters::find(&facts);
    CounterSampler::new(&facts, device, clock.now_ns())
}

/// Tells what is known before the load and after it.
struct Setup {
    sink: Sink,
    clock: Clock,
}

impl Setup {
    /// What was found out before the load, and what follows from it.
    fn tell(&self, guarded: &Guarded, cluster: &Cluster, header: &Header) {
        let prefix = header.prefix.as_deref().unwrap_or_default();
        self.event("growth", guarded.growth.detail());
        self.event("keys", json!({ "prefix": prefix }));
        let shared_note = guarded.shared.then(|| {
            format!("keys below {prefix} were there before: none is removed at the end, not even those of this run")
        });
        let notes = guarded.notes.iter().chain(&shared_note);
        notes.chain(cluster.notes()).for_each(|note| self.event("note", json!({ "text": note })));
    }

    fn event(&self, kind: &'static str, detail: serde_json::Value) {
        // The collector outlives the load.
        let _ = self.sink.send(Emission::Event {
            phase: SETUP.into(),
            at_ns: self.clock.now_ns(),
            kind,
            member: None,
            detail,
        });
    }
}

/// What a load works with.
struct Load {
    plan: Arc<LoadPlan>,
    prefix: String,
    works: Vec<(Option<String>, Arc<Work>)>,
    clock: Clock,
    control: Control,
    sink: Sink,
    pool: Pool,
    dialer: Dialer,
    budget: Arc<Budget>,
    auth: Option<Arc<Auth>>,
    shared: bool,
    begin: Begin,
}

impl Load {
    fn carry_out(
        self,
        cluster: &mut Cluster,
        placed: &[usize],
        sampler: CounterSampler,
        local: Option<&mut LocalCluster>,
    ) -> Result<(Result<()>, Option<Error>)> {
        let members = cluster.members();
        let several = members.len() > 1;
        let places = placed.iter().filter_map(|&index| {
            Some(MemberAddress {
                endpoint: members.get(index)?.endpoint.clone(),
                member: several.then_some(index as u32),
            })
        });
        let places: Vec<MemberAddress> = places.collect();
        let budget = Arc::clone(&self.budget);
        let watcher =
            Watcher::start(cluster, self.clock, self.sink.clone(), self.plan.scrape, budget)?;
        let works: Vec<Arc<Work>> = self.works.iter().map(|(_, work)| Arc::clone(work)).collect();
        let context = FaultContext {
            clock: self.clock,
            control: self.control.clone(),
            sink: self.sink.clone(),
            live: watcher.live(),
        };
        let faults = Faults::of(&self.plan, local, &self.dialer, context)?;
        let driven = Drive {
            plan: Arc::clone(&self.plan),
            works: self.works,
            clock: self.clock,
            control: self.control.clone(),
            sink: self.sink.clone(),
            pool: self.pool,
            addresses: places,
            members: if several { members.len() } else { 0 },
            dialer: self.dialer,
            auth: self.auth,
            watcher: &watcher,
            budget: self.budget,
            faults,
            sampler,
            begin: Some(self.begin),
        }
        .run();
        let after = After {
            plan: &self.plan,
            prefix: &self.prefix,
            works: &works,
            cluster,
            control: &self.control,
            clock: self.clock,
            sink: self.sink,
            watcher: &watcher,
            shared: self.shared,
            given_up: false,
            gone: false,
        }
        .run();
        Ok((driven, after.err()))
    }
}
