//! After the load: is everything there that was acknowledged, and is nothing left that was not there before?

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::ack_log::{AckLog, Found, Verified};
use super::halt::Control;
use super::operation::Work;
use crate::clock::Clock;
use crate::cluster::{Cluster, KeyValue, Removed, Watcher, Whose};
use crate::error::{Error, Result};
use crate::plan::{LoadPlan, Target};
use crate::record::{Emission, Sink};
use crate::units::format_count;

/// How long a cluster that does not answer may take to recover before it is given up, at the longest.
const RECOVERY_NS: u64 = 30_000_000_000;
/// And as often as this the time that a request may take, which is shorter where --command-timeout is.
const RECOVERY_CALLS: u64 = 6;
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// What the end of a load needs.
pub struct After<'a> {
    /// The plan of the whole.
    pub plan: &'a LoadPlan,
    /// What all keys of the load begin with.
    pub prefix: &'a str,
    /// What each of the loads that went on side by side did.
    pub works: &'a [Arc<Work>],
    /// The cluster.
    pub cluster: &'a mut Cluster,
    /// What ends it.
    pub control: &'a Control,
    /// The run's clock.
    pub clock: Clock,
    /// Where emissions go.
    pub sink: Sink,
    /// To be told of each phase.
    pub watcher: &'a Watcher,
    /// Keys of others lie among those of the run.
    pub shared: bool,
    /// The cluster has been waited for in vain.
    pub given_up: bool,
    /// The keys of the run are removed.
    pub gone: bool,
}

impl After<'_> {
    /// Verifies and cleans up, as far as the plan asks for it.
    ///
    /// # Errors
    /// When keys are left behind that should have been removed, with their prefix.
    pub fn run(&mut self) -> Result<()> {
        self.cluster.end_with(self.control.flag());
        if self.works.iter().any(|work| work.ack_log.is_some()) && !self.control.is_halted() {
            self.verify();
        }
        let plan = self.plan;
        // What is thrown away with its store needs no cleaning.
        let thrown_away = matches!(plan.target, Target::Local { .. });
        let keeps = plan.keep_keys || self.shared || thrown_away;
        if keeps && !plan.compact && !plan.defrag {
            return Ok(());
        }
        let phase = self.enter("cleanup");
        let cleaned = self.clean_up(keeps);
        match cleaned {
            Ok(detail) => {
                if let Some(text) = left_alone(self.prefix, &detail) {
                    self.event(&phase, "note", json!({ "text": text }));
                }
                self.event(&phase, "cleanup", detail);
                Ok(())
            }
            Err(error) if self.gone => {
                self.event(&phase, "cleanup", json!({ "error": error.to_string() }));
                Err(Error::Refused(format!("{error}; the keys of the run are removed")))
            }
            Err(error) => {
                self.event(&phase, "cleanup", json!({ "error": error.to_string() }));
                let prefix = self.prefix;
                Err(Error::Refused(format!(
                    "{error}; keys below {prefix} may be left: remove them with 'etcdbench load clean {prefix}'"
                )))
            }
        }
    }

    fn verify(&mut self) {
        let phase = self.enter("verify");
        let mut verified = Verified::default();
        for work in self.works {
            let Some(ack_log) = &work.ack_log else { continue };
            match self.patiently(|cluster| read_back(cluster, work)) {
                Ok(found) => verified += judge(work, ack_log, &found),
                Err(error) => {
                    self.event(&phase, "verify", json!({ "error": error.to_string() }));
                    return;
                }
            }
        }
        let detail = serde_json::to_value(verified).unwrap_or(Value::Null);
        self.event(&phase, "verify", detail);
    }

    /// Tries again for a while: a cluster that has just lost its leader is not lost.
    fn patiently<T>(&mut self, mut attempt: impl FnMut(&mut Cluster) -> Result<T>) -> Result<T> {
        let begun_ns = self.clock.now_ns();
        loop {
            let error = match attempt(self.cluster) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let waited_ns = self.clock.now_ns() - begun_ns;
            let longest_ns = RECOVERY_NS.min(RECOVERY_CALLS.saturating_mul(self.plan.timeout_ns));
            self.given_up |= waited_ns > longest_ns;
            if self.given_up || self.control.signalled() {
                return Err(error);
            }
            sleep(PAUSE);
            self.cluster.refresh();
        }
    }

    fn clean_up(&mut self, keeps: bool) -> Result<Value> {
        let (plan, prefix) = (self.plan, self.prefix.as_bytes());
        let (mut deleted, mut revoked, mut foreign) = (0, 0, Removed::default());
        if !keeps {
            let works = self.works;
            let whose = move |pair: &KeyValue, _| {
                let is =
                    |of: fn(&Work, &[u8]) -> bool| works.iter().any(|work| of(work, pair.key()));
                match (is(Work::owns), is(Work::is_of_another_machine)) {
                    (true, _) => Whose::Ours,
                    (false, true) => Whose::AnotherMachines,
                    (false, false) => Whose::Others,
                }
            };
            let removed = self.patiently(|cluster| cluster.remove(prefix, &whose, |_| true))?;
            deleted = removed.deleted;
            foreign = removed;
            // Later than the keys: those of one lease would go all at once, and hold up others.
            let leases: Vec<i64> = self.works.iter().flat_map(|work| work.leases.all()).collect();
            revoked = self.patiently(|cluster| cluster.revoke_leases(prefix, &leases))?;
            self.gone = true;
        }
        let interrupted = self.control.signalled();
        let compacted_to =
            if plan.compact && !interrupted { Some(self.cluster.compact()?) } else { None };
        let defragments = plan.defrag && !interrupted;
        if defragments {
            self.cluster.defragment(|_| {})?;
        }
        Ok(json!({
            "deleted": deleted,
            "revoked": revoked,
            "foreign": foreign.foreign,
            "foreign_keys": foreign.foreign_keys,
            "compacted_to": compacted_to,
            "defragmented": defragments,
        }))
    }

    fn enter(&self, phase: &str) -> Arc<str> {
        let phase: Arc<str> = phase.into();
        self.watcher.enter(&phase);
        let _ = self.sink.send(Emission::PhaseStart {
            phase: Arc::clone(&phase),
            at_ns: self.clock.now_ns(),
            planned_ns: 0,
        });
        phase
    }

    fn event(&self, phase: &Arc<str>, kind: &'static str, detail: Value) {
        // The collector outlives the load.
        let _ = self.sink.send(Emission::Event {
            phase: Arc::clone(phase),
            at_ns: self.clock.now_ns(),
            kind,
            member: None,
            detail,
        });
    }
}

/// Keys that appeared among ours and are of others.
fn left_alone(prefix: &str, detail: &Value) -> Option<String> {
    let count = detail["foreign"].as_u64().filter(|count| *count > 0)?;
    let named: Vec<&str> =
        detail["foreign_keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    Some(foreign_told(prefix, count, &named))
}

/// How keys of others are told of that were left alone.
pub fn foreign_told(prefix: &str, count: u64, named: &[&str]) -> String {
    let (keys, are, were) = match count {
        1 => ("key", "is", "it was"),
        _ => ("keys", "are", "they were"),
    };
    format!(
        "{} {keys} below {prefix} {are} none of etcdbench's, and {were} left alone: {}{}",
        format_count(count),
        named.join(", "),
        if named.len() as u64 == count { "" } else { ", …" },
    )
}

/// What became of the writes of a part.
fn judge(work: &Work, ack_log: &AckLog, found: &[Found]) -> Verified {
    let name = |number| {
        let mut key = Vec::new();
        work.keys.write(number, &mut key);
        String::from_utf8_lossy(&key).into_owned()
    };
    ack_log.verify(found, work.stamps(), name)
}

/// All keys of a part as they are now.
fn read_back(cluster: &mut Cluster, work: &Work) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    cluster.each_pair(work.keys.prefix(), |pair| {
        // What lies below the prefix and is no key of ours was there before, by permission.
        if let Some(key) = work.keys.number(pair.key()) {
            let stamp = work.values.read(pair.value());
            found.push(Found {
                key,
                revision: pair.mod_revision(),
                index: stamp
                    .filter(|stamp| stamp.key == work.keys.among_all(key))
                    .map(|stamp| stamp.index),
            });
        }
    })?;
    Ok(found)
}
