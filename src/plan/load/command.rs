//! A plan as the command line that asks for it.

use super::types::ELECTION_NS;
use super::{
    Class, Isolation, LoadPace, LoadPlan, Placement, RateStep, ReadShape, Start, Target, keys,
    leases, mix, pace, rate, reads, resolve, sizes, target,
};
use crate::etcd::Wire;
use crate::plan::Arrival;
use crate::plan::command::{flag, quote};
use crate::plan::connect::{COMMAND_TIMEOUT_NS, DIAL_TIMEOUT_NS};
use crate::plan::resolve::{HEARTBEAT_NS, KEY_SIZE, QUOTA, SEED, VAL_SIZE};
use crate::units::{exact_bytes, exact_duration};

/// The words after the program's name, as they gather.
struct Words(Vec<String>);

impl Words {
    /// A flag with its value, unless it is what would be there anyway.
    fn unless<T: PartialEq + std::fmt::Display>(&mut self, name: &str, value: T, default: T) {
        if value != default {
            self.0.extend(flag(name, value));
        }
    }

    fn given(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.0.extend(flag(name, value));
        }
    }

    fn switch(&mut self, name: &str, on: bool) {
        if on {
            self.0.push(name.to_owned());
        }
    }
}

fn quoted(words: &[String]) -> String {
    let quoted = words.iter().map(|word| quote(word));
    quoted.collect::<Vec<_>>().join(" ")
}

impl LoadPlan {
    /// The command that asks for this plan again: only what differs from the defaults, quoted for a shell. Passwords
    /// are no part of a plan, and so none of its command.
    pub fn command(&self) -> String {
        let mut words = Words(vec!["etcdbench".to_owned(), "load".to_owned()]);
        if self.classes.is_empty() {
            words.0.extend(mix::words(self));
        }
        self.target_flags(&mut words);
        self.security_flags(&mut words);
        if self.classes.is_empty() {
            self.pace_flags(&mut words);
            self.in_flight_flag(&mut words, pace::default_in_flight(&self.values));
            self.threads_flag(&mut words);
        } else {
            self.class_flags(&mut words);
        }
        self.length_flags(&mut words);
        words.given("--prefix", self.keys.prefix.as_ref());
        if self.classes.is_empty() {
            self.key_flags(&mut words);
            self.shape_flags(&mut words);
        }
        words.unless("--seed", self.seed, SEED);
        self.shard_flags(&mut words);
        self.verdict_flags(&mut words);
        words.0.extend(self.faults.words());
        quoted(&words.0)
    }

    /// What a throwaway etcd is started with, beside what makes it one: what the rules hold it to, and what was asked for.
    pub fn etcd_arguments(&self, typed: &[String]) -> Vec<String> {
        let milliseconds = |ns: u64| ns / 1_000_000;
        let told = [
            ("--heartbeat-interval", self.heartbeat_ns, HEARTBEAT_NS),
            ("--election-timeout", self.election_ns, ELECTION_NS),
        ];
        let told =
            told.into_iter().filter(|(_, ns, default)| ns != default && milliseconds(*ns) > 0);
        let told = told.map(|(flag, ns, _)| format!("{flag}={}", milliseconds(ns)));
        told.chain(typed.iter().cloned()).collect()
    }

    /// What is asked of the server, whatever the pace.
    fn shape_flags(&self, words: &mut Words) {
        self.value_flags(words);
        self.read_flags(words);
        self.write_flags(words);
        self.watch_flags(words);
        self.stm_flags(words);
    }

    fn class_flags(&self, words: &mut Words) {
        // Unscaled, as they were typed: the scale is said once.
        let typed = LoadPlan { scale: 1.0, ..self.clone() };
        for (class, (_, part)) in self.classes.iter().zip(typed.whole_parts()) {
            let text = format!("{}: {}", class.name, part.class_words(class));
            words.0.extend(flag("--class", text));
        }
        words.unless("--scale", self.scale, 1.0);
        self.in_flight_flag(words, self.default_budget());
        self.threads_flag(words);
    }

    /// The words of this load as those of a class.
    fn class_words(&self, class: &Class) -> String {
        let mut words = Words(mix::words(self));
        words.switch("--unscaled", class.unscaled);
        self.pace_flags(&mut words);
        let below = self.keys.prefix.clone().unwrap_or_default();
        words.unless("--prefix", below, format!("{}/", class.name));
        self.key_flags(&mut words);
        self.shape_flags(&mut words);
        quoted(&words.0)
    }

    fn shard_flags(&self, words: &mut Words) {
        if let Some(shard) = self.shard {
            words.0.extend(flag("--shard", shard));
        }
        match &self.start {
            Some(Start::At(time)) => words.0.extend(flag("--start-at", time)),
            Some(Start::Rendezvous { url, token_file }) => {
                words.0.extend(flag("--rendezvous", url));
                if let Some(file) = token_file {
                    words.0.extend(flag("--rendezvous-token-file", file.display()));
                }
            }
            None => {}
        }
    }

    fn in_flight_flag(&self, words: &mut Words, default: u32) {
        if let LoadPace::Open { max_in_flight, .. } = self.pace {
            words.unless("--max-in-flight", max_in_flight, default);
        }
    }

    fn threads_flag(&self, words: &mut Words) {
        let default = pace::default_threads(self.connections);
        words.unless("--threads", self.threads, default);
        words.unless("--wire", self.wire.name(), Wire::PREFERRED.name());
    }

    fn target_flags(&self, words: &mut Words) {
        match &self.target {
            Target::Endpoints(endpoints) => {
                words.unless("--endpoints", endpoints.join(","), target::ENDPOINT.to_owned());
            }
            Target::Local { members, etcd, directory, quota_bytes, arguments } => {
                words.0.push(match members {
                    1 => "--local".to_owned(),
                    members => format!("--local={members}"),
                });
                words.unless("--etcd", etcd.display().to_string(), target::ETCD.to_owned());
                words.0.extend(flag("--local-dir", directory.display()));
                words.unless("--quota", exact_bytes(*quota_bytes), exact_bytes(QUOTA));
                words.0.extend(arguments.iter().map(|argument| format!("--etcd-arg={argument}")));
            }
        }
        match &self.placement {
            Placement::Spread => {}
            Placement::Leader => words.0.extend(flag("--connect", "leader")),
            Placement::Followers => words.0.extend(flag("--connect", "followers")),
            Placement::Endpoint(endpoint) => words.0.extend(flag("--connect", endpoint)),
        }
    }

    fn security_flags(&self, words: &mut Words) {
        let security = &self.security;
        for (name, file) in
            [("--cacert", &security.cacert), ("--cert", &security.cert), ("--key", &security.key)]
        {
            if let Some(file) = file {
                words.0.extend(flag(name, file.display()));
            }
        }
        words.switch("--insecure-skip-tls-verify", security.insecure_skip_tls_verify);
        if let Some(user) = &security.user {
            words.0.extend(flag("--user", user));
        }
        for (name, ns, default) in [
            ("--dial-timeout", self.dial_timeout_ns, DIAL_TIMEOUT_NS),
            ("--command-timeout", self.timeout_ns, COMMAND_TIMEOUT_NS),
        ] {
            words.unless(name, exact_duration(ns), exact_duration(default));
        }
    }

    fn pace_flags(&self, words: &mut Words) {
        match &self.pace {
            LoadPace::Closed { clients } => words.0.extend(flag("--clients", clients)),
            LoadPace::Open { steps, arrival, burst, .. } => {
                let default = pace::default_rate(self.watch.is_some()).to_string();
                words.unless("--rate", self.rate_text(steps), default);
                if *arrival == Arrival::Poisson {
                    words.0.extend(flag("--arrival", "poisson"));
                }
                words.unless("--burst", *burst, 0);
            }
        }
        let default = pace::default_connections(&self.pace);
        words.unless("--conns", self.connections, default);
    }

    fn rate_text(&self, steps: &[RateStep]) -> String {
        match steps {
            [step] if self.is_steady(step) => step.from_per_s.to_string(),
            steps => rate::text(steps),
        }
    }

    /// Whether a single number says it: the rate does not change, and something else says how long it lasts.
    fn is_steady(&self, step: &RateStep) -> bool {
        step.from_per_s == step.to_per_s && step.duration_ns == self.duration_ns.unwrap_or(0)
    }

    fn length_flags(&self, words: &mut Words) {
        let by_rate = match self.steps() {
            [] => false,
            [step] => !self.is_steady(step),
            _ => true,
        };
        if let Some(duration_ns) = self.duration_ns
            && !by_rate
            && (duration_ns != pace::DURATION_NS || self.total.is_some())
        {
            words.0.extend(flag("--duration", exact_duration(duration_ns)));
        }
        if let Some(total) = self.total {
            words.0.extend(flag("--total", total));
        }
        let warmup = exact_duration(self.warmup_ns);
        words.unless("--warmup", warmup, exact_duration(pace::WARMUP_NS));
    }

    fn key_flags(&self, words: &mut Words) {
        words.unless("--key-size", self.keys.size, KEY_SIZE);
        let (expected, preload) = (self.expected_operations(), Some(self.preload));
        let default = keys::default_space(&self.operations, expected, preload);
        words.unless("--key-space-size", self.keys.space, default);
        let default = keys::default_distribution(&self.operations);
        words.unless(
            "--key-dist",
            keys::distribution_text(self.keys.distribution),
            keys::distribution_text(default),
        );
        let default = keys::default_preload(&self.operations, self.keys.space);
        // A large key space is preloaded only if it was said.
        let said = self.preload == default && default > keys::MAX_DEFAULT_PRELOAD;
        if self.preload != default || said {
            words.0.extend(flag("--preload", self.preload));
        }
    }

    fn value_flags(&self, words: &mut Words) {
        let values = &self.values;
        let size = sizes::text(values);
        words.unless("--val-size", size, exact_bytes(u64::from(VAL_SIZE)));
        words.unless("--compressible", values.compressible, 0.0);
        words.unless("--changing", values.changing, 1.0);
    }

    fn read_flags(&self, words: &mut Words) {
        match self.reads.shape {
            ReadShape::Single => {}
            ReadShape::Prefix => words.0.extend(flag("--read", "prefix")),
            ReadShape::From => words.0.extend(flag("--read", "from")),
            ReadShape::Paged => words.0.extend(flag("--read", "paged")),
            ReadShape::Revision => words.0.extend(flag("--read", "revision")),
        }
        let default = reads::default_limit(self.reads.shape);
        if matches!(self.reads.list_page, 0 | reads::LIST_PAGE) {
            words.unless("--limit", self.reads.limit, default);
        } else {
            words.0.extend(flag("--limit", self.reads.list_page));
        }
        if self.reads.serializable {
            words.0.extend(flag("--consistency", "s"));
        }
        words.switch("--count-only", self.reads.count_only);
        words.switch("--keys-only", self.reads.keys_only);
    }

    fn write_flags(&self, words: &mut Words) {
        words.unless("--txn-ops", self.writes.txn_operations, 1);
        words.switch("--guarded", self.writes.guarded);
        words.unless("--conflicts", self.writes.conflicts, 0.0);
        words.switch("--prev-kv", self.writes.prev_kv);
        let default = resolve::default_lease_ttl(&self.operations);
        words.unless("--lease-ttl", self.writes.lease_ttl_s, default);
        if let Some(sharing) = self.writes.shared_leases {
            words.0.extend(flag("--lease-keys", sharing.keys));
            let default = leases::default_reuse_ns(self.writes.lease_ttl_s);
            let (reuse, default) = (exact_duration(sharing.reuse_ns), exact_duration(default));
            words.unless("--lease-reuse", reuse, default);
        }
    }

    fn watch_flags(&self, words: &mut Words) {
        let Some(watch) = &self.watch else {
            return;
        };
        // In a mix, the number of streams is what turns watches on.
        let said = words.0.contains(&"--mix".to_owned());
        if said || watch.streams != resolve::STREAMS {
            words.0.extend(flag("--streams", watch.streams));
        }
        words.unless("--watches-per-stream", watch.watches_per_stream, resolve::WATCHES_PER_STREAM);
        words.unless("--watched-keys", watch.keys, 0);
        words.switch("--watch-prev-kv", watch.prev_kv);
        words.switch("--freshness", watch.freshness);
    }

    fn stm_flags(&self, words: &mut Words) {
        let level = match self.stm.isolation {
            Isolation::ReadCommitted => "read-committed",
            Isolation::RepeatableReads => "repeatable-reads",
            Isolation::Serializable => "serializable",
            Isolation::SerializableSnapshot => "serializable-snapshot",
        };
        words.unless("--isolation", level, "repeatable-reads");
        words.unless("--stm-keys", self.stm.keys, resolve::STM_KEYS);
        words.unless("--stm-writes", self.stm.write_share, resolve::STM_WRITES);
    }

    fn verdict_flags(&self, words: &mut Words) {
        for rule in &self.rules {
            words.0.extend(flag("--rule", rule.to_string()));
        }
        let heartbeat = exact_duration(self.heartbeat_ns);
        words.unless("--heartbeat-interval", heartbeat, exact_duration(HEARTBEAT_NS));
        let election = exact_duration(self.election_ns);
        words.unless("--election-timeout", election, exact_duration(ELECTION_NS));
        words.switch("--no-default-rules", !self.default_rules);
        words.switch("--no-scrape", !self.scrape);
        words.switch("--verify", self.verify);
        words.switch("--keep-keys", self.keep_keys);
        words.switch("--compact", self.compact);
        words.switch("--defrag", self.defrag);
        words.switch("--allow-quota", self.allow_quota);
        words.switch("--allow-foreign", self.allow_foreign);
    }
}
