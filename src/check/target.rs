//! One member under the requests of a check.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::dates::Dates;
use crate::cluster::{Answered, Member, Prober, Unanswered};
use crate::diagnosis::{Live, Probe};
use crate::host::process;

/// Bytes of a value: a small object.
const VALUE_BYTES: usize = 256;
/// A member that did not answer is left alone for so many rounds.
const REST: u32 = 4;

/// Answers of one kind.
#[derive(Debug, Default)]
pub struct Answers {
    took_ns: Vec<u64>,
    failed: u64,
    /// It was refused for want of a permission, and is not asked again.
    given_up: bool,
}

impl Answers {
    /// How many requests were sent.
    pub fn sent(&self) -> u64 {
        self.took_ns.len() as u64 + self.failed
    }

    fn probe(self) -> Probe {
        Probe::of(self.took_ns, self.failed)
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
    rests: u32,
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
            rests: 0,
        }
    }

    /// Whether it is to be asked in this round.
    pub fn is_awake(&self) -> bool {
        self.rests == 0
    }

    /// A round is over.
    pub fn rest(&mut self) {
        self.rests = self.rests.saturating_sub(1);
    }

    fn key(&self) -> String {
        format!("{}{}-{}", self.prefix, self.index, self.keys)
    }

    /// Asks for what it answers from memory.
    pub async fn ping(&mut self, limit: Duration) {
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
            other => self.note(|target| &mut target.ping, took, other.map(|_| ())),
        }
    }

    /// Reads a key, by the member alone or confirmed by a majority.
    pub async fn read(&mut self, alone: bool, limit: Duration) {
        // A learner serves serializable reads alone.
        if self.learner && !alone || self.answers(alone).given_up {
            return;
        }
        let key = self.key();
        let begun = Instant::now();
        let answer = self.prober.read(&key, alone, limit).await;
        let took = begun.elapsed();
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
        if self.learner || self.write.given_up || !self.is_awake() {
            return;
        }
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
        self.note(|target| &mut target.write, took, answer.map(|_| ()));
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
            }
            Err(error) if error.denied => self.give_up(kind, &error),
            Err(error) => {
                kind(self).failed += 1;
                if error.silent {
                    self.rests = REST;
                }
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

    /// Whether pings are of any use.
    pub fn pings(&self) -> bool {
        !self.ping.given_up
    }

    /// Puts everything into what is known of it.
    pub fn put_into(self, live: &mut Live) {
        live.certificate_ends_s = self.prober.certificate_ends_s();
        live.ping = self.ping.probe();
        live.serializable = self.alone.probe();
        live.linearizable = self.confirmed.probe();
        live.write = self.write.probe();
        live.clock = self.dates.ahead();
    }
}

fn now_ns() -> i64 {
    i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default()
}
