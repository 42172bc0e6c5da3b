//! One member, asked each second by gRPC and for its `/metrics`, whatever the others do.

use std::cell::RefCell;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::cluster::connect::MemberClient;
use crate::cluster::metrics::{Reading, Values};
use crate::cluster::scrape::Scraper;
use crate::cluster::{Member, MemberStatus};
use crate::record::Emission;

use super::EventSink;
use super::pings::Pings;
use super::view::ClusterView;

const EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether the budget is tight, and then asked for the size.
const QUICK: Duration = Duration::from_millis(100);
/// A member that does not answer for so long is down. Less than the interval, so that it is told before the next one;
/// neither a status nor a scrape waits for the disk.
const WITHIN: Duration = Duration::from_millis(800);

/// A member under watch.
pub struct Watched {
    index: u32,
    name: String,
    client: MemberClient,
    scraper: Option<Scraper>,
    scraped: Scraped,
    pings: Option<Pings>,
}

/// What its scrapes have come to.
enum Scraped {
    /// None yet.
    Never,
    /// None, and that is told.
    Given,
    /// The last one, and when.
    At(u64, Reading),
}

impl Watched {
    pub fn new(index: usize, member: &Member, scrape: bool) -> Self {
        let client = member.client.to(member.endpoint.clone());
        let scraper = || Scraper::new(client.endpoint().clone(), client.dialer().clone());
        Watched {
            index: index as u32,
            name: member.facts.name.clone(),
            scraper: scrape.then(scraper),
            scraped: Scraped::Never,
            pings: scrape.then(|| Pings::of(member)),
            client,
        }
    }

    /// Watches until it is dropped.
    pub async fn run(mut self, events: &EventSink, view: &RefCell<ClusterView>) {
        let pings = self.pings.take();
        let pinging = async {
            match &pings {
                Some(pings) => pings.run().await,
                None => std::future::pending().await,
            }
        };
        tokio::join!(pinging, self.asked(events, view, pings.as_ref()));
    }

    async fn asked(
        &mut self,
        events: &EventSink,
        view: &RefCell<ClusterView>,
        pings: Option<&Pings>,
    ) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.ask(events, view, pings).await,
                () = events.rounds.now.notified() => self.ask(events, view, pings).await,
                () = sleep(QUICK) => if events.budget.is_tight() {
                    self.ask_size(events).await;
                }
            }
        }
    }

    /// Asks for the database's size alone.
    async fn ask_size(&mut self, events: &EventSink) {
        let asked = events.budget.asks();
        let status = self.client.status(WITHIN).await;
        events.budget.hears(self.index as usize, asked, status.ok().as_ref());
    }

    async fn ask(
        &mut self,
        events: &EventSink,
        view: &RefCell<ClusterView>,
        pings: Option<&Pings>,
    ) {
        let asked = events.budget.asks();
        let scraper = self.scraper.as_mut();
        let scrape = async {
            let page = timeout(WITHIN, scraper?.get("/metrics")).await;
            let at_ns = events.clock.now_ns();
            let page = page.map_or_else(
                |_| Err("no answer in time".to_owned()),
                |page| page.map_err(|error| error.to_string()),
            );
            Some(page.map(|text| (at_ns, Reading::of(&text))))
        };
        let (scraped, status) = tokio::join!(scrape, self.client.status(WITHIN));
        let status = status.map_err(|error| error.to_string());
        events.budget.hears(self.index as usize, asked, status.as_ref().ok());
        for change in view.borrow_mut().hear(self.index as usize, status.clone()) {
            events.event(change.kind, change.member, change.detail);
        }
        let (reading, failed) = match scraped {
            Some(Ok(reading)) => (Some(reading), None),
            Some(Err(why)) => (None, Some(why)),
            None => (None, None),
        };
        let status = status.ok();
        self.tell_state(events, reading.as_ref().map(|(_, reading)| reading), status.as_ref());
        match (reading, failed) {
            (Some((at_ns, reading)), _) => {
                self.tell_growth(events, at_ns, reading, pings.map(Pings::take));
            }
            (None, Some(why)) if status.is_some() => self.tell_missing(events, &why),
            _ => {}
        }
        events.rounds.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Once, and only of a member that answers otherwise: with `--listen-client-http-urls` (3.5.9) it serves pages elsewhere.
    fn tell_missing(&mut self, events: &EventSink, why: &str) {
        if matches!(self.scraped, Scraped::Never) {
            self.scraped = Scraped::Given;
            let detail = json!({ "name": self.name, "message": why });
            events.event("metrics.missing", Some(self.index), detail);
        }
    }

    fn tell_growth(
        &mut self,
        events: &EventSink,
        at_ns: u64,
        reading: Reading,
        pings: Option<Values>,
    ) {
        if let Scraped::At(before_ns, before) = &self.scraped
            && let Some(mut values) = reading.growth_since(before)
        {
            values.extend(pings.into_iter().flatten());
            self.tell(events, "etcd", *before_ns, at_ns, values);
        }
        self.scraped = Scraped::At(at_ns, reading);
    }

    fn tell_state(
        &self,
        events: &EventSink,
        reading: Option<&Reading>,
        status: Option<&MemberStatus>,
    ) {
        let mut values = status.map(state).unwrap_or_default();
        values.extend(reading.into_iter().flat_map(|reading| reading.state.clone()));
        if !values.is_empty() {
            let now_ns = events.clock.now_ns();
            self.tell(events, "etcd.state", now_ns, now_ns, values);
        }
    }

    fn tell(&self, events: &EventSink, source: &str, from_ns: u64, to_ns: u64, values: Values) {
        let _ = events.sink.send(Emission::Counters {
            phase: events.phase(),
            start_ns: from_ns,
            length_ns: to_ns.saturating_sub(from_ns),
            source: source.to_owned(),
            member: Some(self.index),
            values,
        });
    }
}

/// What gRPC tells of what `/metrics` would.
fn state(status: &MemberStatus) -> Values {
    let is = |yes: bool| f64::from(u8::from(yes));
    let mut values = Values::from([
        ("db_bytes".to_owned(), status.db_bytes as f64),
        ("db_in_use_bytes".to_owned(), status.db_in_use_bytes as f64),
        ("is_leader".to_owned(), is(status.leads())),
        ("has_leader".to_owned(), is(status.leader.is_some())),
    ]);
    let quota = status.quota_bytes.map(|bytes| bytes as f64);
    values.extend(quota.map(|bytes| ("quota_bytes".to_owned(), bytes)));
    values
}
