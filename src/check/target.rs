//! One member under the requests of a check.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::dates::Dates;
use crate::cluster::{Answered, Member, Prober, Unanswered};
use crate::diagnosis::{Live, Probe};
use crate::host::process;

/// Bytes of a value: a small object.
const VALUE_BYTES: usize = 256;
/// Requests of a kind that were not answered are left out for so long.
const REST: Duration = Duration::from_millis(1_500);
/// Until one of the kind is answered again, the next are given up after this, so that the others are asked meanwhile.
const AGAIN: Duration = Duration::from_secs(1);

/// Answers of one kind.
#[derive(Debug, Default)]
pub struct Answers {
    took_ns: Vec<u64>,
    failed: u64,
    /// It was refused for want of a permission, and is not asked again.
    given_up: bool,
    /// The last one was not answered.
    silent: bool,
    /// None is sent before.
    rests_until: Option<Instant>,
}

impl Answers {
    /// How many requests were sent.
    pub fn sent(&self) -> u64 {
        self.took_ns.len() as u64 + self.failed
    }

    /// Whether one is to be sent in this round.
    fn is_due(&self) -> bool {
        !self.given_up && self.rests_until.is_none_or(|until| Instant::now() >= until)
    }

    /// After how long the next is given up.
    fn limit(&self, limit: Duration) -> Duration {
        if self.silent { limit.min(AGAIN) } else { limit }
    }

    fn probe(self, way_ns: u64) -> Probe {
        Probe::beyond(self.took_ns, self.failed, way_ns)
    }
}

/// One member.
pub struct Target {
    /// Its place among the members of the cluster.
    pub index: usize,
    /// Sends requests to it.
    pub prober: Prober,
    /// The process, where it runs on this machine.
    pub pid: Option<u32>,
    /// Serializable reads.
    pub alone: Answers,
    /// Linearizable reads.
    pub confirmed: Answers,
    /// Writes.
    pub write: Answers,
    /// What is worth telling.
    pub notes: Vec<String>,
    ping: Answers,
    dates: Dates,
    learner: bool,
    name: String,
    prefix: String,
    keys: u32,
    revision: i64,
    /// Answers from memory since a request was given up that none was answered after.
    pings_meanwhile: Option<u64>,
}

impl Target {
    /// This member, with keys below a prefix.
    pub fn new(index: usize, member: &Member, prefix: &str) -> Target {
        Target {
            index,
            prober: member.prober(),
            pid: process::listener(member.endpoint.host(), member.endpoint.port()),
            alone: Answers::default(),
            confirmed: Answers::default(),
            write: Answers::default(),
            notes: Vec::new(),
            ping: Answers::default(),
            dates: Dates::default(),
            learner: member.facts.learner,
            name: member.facts.name.clone(),
            prefix: prefix.to_owned(),
            keys: 0,
            revision: 0,
            pings_meanwhile: None,
        }
    }

    /// Whether what needs the member alone is answered: whoever does not answer that answers nothing else.
    fn is_awake(&self) -> bool {
        !self.has_gone_silent() && !self.alone.silent
    }

    /// Whether it answers no more what it answered from memory. Where it never did, pages are served elsewhere.
    fn has_gone_silent(&self) -> bool {
        self.ping.silent && !self.ping.took_ns.is_empty()
    }

    fn key(&self) -> String {
        format!("{}{}-{}", self.prefix, self.index, self.keys)
    }

    /// Asks for what it answers from memory.
    pub async fn ping(&mut self, limit: Duration) {
        // Pages may be served elsewhere: then they are asked for no more.
        if !self.ping.is_due() {
            return;
        }
        let limit = self.ping.limit(limit);
        let sent_ns = now_ns();
        let begun = Instant::now();
        let answer = self.prober.page("/version", limit).await;
        let took = begun.elapsed();
        if let Ok(page) = &answer
            && let Some(dated_s) = page.dated_s
        {
            self.dates.add(dated_s, sent_ns, now_ns());
        }
        // Pages may be served elsewhere (--listen-client-http-urls): no fault of the member.
        match answer {
            Err(error) if !error.silent && self.ping.took_ns.is_empty() => {
                self.give_up(|target| &mut target.ping, &error);
            }
            other => {
                if other.is_ok() {
                    self.pings_meanwhile = self.pings_meanwhile.map(|pings| pings + 1);
                }
                self.note(|target| &mut target.ping, took, other.map(|_| ()));
            }
        }
    }

    /// Reads a key, by the member alone or confirmed by a majority.
    pub async fn read(&mut self, alone: bool, limit: Duration) {
        // A learner serves serializable reads alone.
        let unfit = match alone {
            true => self.has_gone_silent(),
            false => self.learner || !self.is_awake(),
        };
        if unfit || !self.answers(alone).is_due() {
            return;
        }
        let limit = self.answers(alone).limit(limit);
        let key = self.key();
        let begun = Instant::now();
        let answer = self.prober.read(&key, alone, limit).await;
        let took = begun.elapsed();
        self.look_whether_silent(answer.as_ref().map(|_| ()));
        match alone {
            true => self.note(|target| &mut target.alone, took, answer),
            false => self.note(|target| &mut target.confirmed, took, answer),
        }
    }

    fn answers(&self, alone: bool) -> &Answers {
        if alone { &self.alone } else { &self.confirmed }
    }

    /// Writes a key, unless somebody else has written it meanwhile.
    pub async fn write(&mut self, lease: i64, limit: Duration) {
        if self.learner || !self.is_awake() || !self.write.is_due() {
            return;
        }
        let limit = self.write.limit(limit);
        let (key, value) = (self.key(), [b'c'; VALUE_BYTES]);
        let begun = Instant::now();
        let answer = self.prober.write(&key, &value, self.revision, lease, limit).await;
        let took = begun.elapsed();
        match &answer {
            Ok(Some(revision)) => self.revision = *revision,
            // Whether it was written is not known: another key.
            Err(_) => (self.keys, self.revision) = (self.keys + 1, 0),
            Ok(None) => {
                self.write.given_up = true;
                self.notes.push(format!("{key}: somebody else wrote it; no more is written there"));
            }
        }
        self.look_whether_silent(answer.as_ref().map(|_| ()));
        self.note(|target| &mut target.write, took, answer.map(|_| ()));
    }

    /// Begins to count answers from memory at a request that was given up, and ends at one that was answered.
    fn look_whether_silent(&mut self, answer: Result<(), &Unanswered>) {
        self.pings_meanwhile = match answer {
            Ok(()) => None,
            Err(error) if error.silent => self.pings_meanwhile.or(Some(0)),
            Err(_) => self.pings_meanwhile,
        };
    }

    fn note(
        &mut self,
        kind: impl Fn(&mut Target) -> &mut Answers,
        took: Duration,
        answer: Answered<()>,
    ) {
        match answer {
            Ok(()) => {
                let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                kind(self).took_ns.push(ns);
                kind(self).silent = false;
            }
            Err(error) if error.denied => self.give_up(kind, &error),
            Err(error) => {
                let kind = kind(self);
                kind.failed += 1;
                kind.silent = error.silent;
                kind.rests_until = error.silent.then(|| Instant::now() + REST);
            }
        }
    }

    fn give_up(&mut self, kind: impl Fn(&mut Target) -> &mut Answers, error: &Unanswered) {
        let told = format!("{}: {}", self.name, error.message);
        if !kind(self).given_up {
            kind(self).given_up = true;
            self.notes.push(told);
        }
    }

    /// Puts everything into what is known of it.
    pub fn put_into(self, live: &mut Live) {
        live.certificate_ends_s = self.prober.certificate_ends_s();
        let way_ns = self.ping.took_ns.iter().min().copied().unwrap_or_default();
        live.ping = self.ping.probe(way_ns);
        live.pings_meanwhile = self.pings_meanwhile.unwrap_or_default();
        live.serializable = self.alone.probe(way_ns);
        live.linearizable = self.confirmed.probe(way_ns);
        live.write = self.write.probe(way_ns);
        live.clock = self.dates.ahead();
    }
}

fn now_ns() -> i64 {
    i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default()
}
