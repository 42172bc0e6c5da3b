//! The scenario as a file, with a word on each number where it is from.

use std::fmt::Write as _;

use super::words;
use crate::plan::Operation;
use crate::profile::{Beside, Class, ELSEWHERE, Profile, REST, Read, Scenario, Sizes};
use crate::units::{counted, format_bytes, format_count, format_duration, significant};

/// Room for a number before its comment.
const COMMENT: usize = 34;
/// Sizes that differ by less are one.
const ALIKE: f64 = 1.05;

/// The scenario as a file.
pub fn profile_scenario(profile: &Profile, scenario: &Scenario, beside: Option<&Beside>) -> String {
    let mut out = head(profile, beside);
    parameters(scenario, &mut out);
    for class in &scenario.classes {
        class_table(class, profile, scenario, &mut out);
    }
    out
}

fn head(profile: &Profile, beside: Option<&Beside>) -> String {
    let long = format_duration((profile.window_s * 1e9) as u64);
    let versions = profile.versions.join(", ");
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(format!("# {text}").trim_end());
        out.push('\n');
    };
    line("A cluster as `etcdbench profile` saw it, as a scenario: etcdbench run FILE");
    line("");
    line(&format!(
        "Seen: etcd {versions}, {} keys ({}), {} writes per second; watched for {long}, by {} requests.",
        format_count(profile.keys()),
        format_bytes(profile.value_bytes() as u64),
        significant(profile.writes_per_s()),
        format_count(profile.requests),
    ));
    line(&format!("Beside what comes with the program: {}.", words::beside(beside)));
    line("");
    line(
        "Each number has its source behind it. Sampled: sizes of some values of each prefix; no value was kept.",
    );
    line("Assumed: a fifth of a value changes, half of it compresses, reads meet any key.");
    for gap in &profile.gaps {
        line(&format!("Missing: {}", one_line(&words::gap(gap))));
    }
    let description = format!(
        "A cluster as it was seen for {long}: {} writes and {} reads per second, {} keys.",
        significant(profile.writes_per_s()),
        profile.traffic.as_ref().map_or_else(|| "no".to_owned(), |t| significant(t.per_s("Range"))),
        format_count(profile.keys())
    );
    let _ = writeln!(out, "description = {}", quoted(&description));
    out
}

fn parameters(scenario: &Scenario, out: &mut String) {
    let quota = scenario.quota_bytes >> 30;
    let _ = write!(
        out,
        "
[parameters]
members = 1                     # of the throwaway etcd; run --endpoints drives one that is there
dir = \".\"                       # on the disk that is to carry etcd
etcd = \"etcd\"                   # the etcd program, found by PATH
scale = 1                       # of all rates and numbers of keys: --scale 0.1
quota = \"{quota}GiB\"                  # of the throwaway etcd: room for the keys and a quarter of an hour of writes, twice
duration = \"5m\"
warmup = \"10s\"
compact = false                 # let the compactor compact an etcd that is not thrown away, for everybody in it
conflicts = \"{}\"{}# transactions beyond the changes that the watch told
compressible = \"50%\"            # of every value (assumed)

[load.cluster]
local = \"${{members}}\"
local_dir = \"${{dir}}\"
etcd = \"${{etcd}}\"
quota = \"${{quota}}\"
scale = \"${{scale}}\"
duration = \"${{duration}}\"
warmup = \"${{warmup}}\"
compact = \"${{compact}}\"
command_timeout = \"60s\"
max_in_flight = 10_000
",
        share(scenario.conflicts),
        " ".repeat(18_usize.saturating_sub(share(scenario.conflicts).len()).max(1)),
    );
}

fn share(share: f64) -> String {
    let percent = format!("{:.2}", share * 100.0);
    format!("{}%", percent.trim_end_matches('0').trim_end_matches('.'))
}

fn class_table(class: &Class, profile: &Profile, scenario: &Scenario, out: &mut String) {
    out.push('\n');
    if let Some(prefix) = &class.stands_for {
        let _ = writeln!(out, "# {}", one_line(prefix));
    } else if class.name == REST {
        out.push_str("# All prefixes that were not written, as one.\n");
    } else if class.name == ELSEWHERE {
        out.push_str("# Keys below none of the prefixes.\n");
    }
    let _ = writeln!(out, "[load.cluster.class.{}]", class.name);
    let mut keys = Keys(out);
    what(class, &mut keys);
    pace(class, profile, &mut keys);
    stored(class, &mut keys);
    if class.does.iter().any(|(what, _)| *what != Operation::Create && what.writes()) {
        keys.set("changing", "\"20%\"", "assumed");
        if class.guarded && scenario.conflicts > 0.0 {
            keys.set("conflicts", "\"${conflicts}\"", "");
        }
    }
    let why = if class.watches > 0 { "one for each watch, or for each stream of them" } else { "" };
    keys.set("conns", &class.connections.to_string(), why);
    if class.watches > 0 {
        let idle = class.sizes.is_none();
        let why = if idle {
            "watches that changes do not go to, by the members' count"
        } else {
            "events sent for each change, but ours"
        };
        keys.set("streams", &class.watches.to_string(), why);
        keys.set("watches_per_stream", "1", "");
        if class.guarded {
            keys.set("watch_prev_kv", "true", "as an apiserver watches");
        }
    }
    // Without anything that grows with the cluster.
    if class.sizes.is_none() && class.keys == 0 {
        keys.set("unscaled", "true", "");
    }
}

fn what(class: &Class, keys: &mut Keys<'_>) {
    match &class.does[..] {
        [] => keys.set(
            "operation",
            "\"range\"",
            "next to nothing: the keys are there, and nobody writes them",
        ),
        [(Operation::LeaseKeepalive, _)] => keys.set("operation", "\"lease\"", ""),
        [(only, _)] => keys.set("operation", &format!("\"{}\"", only.name()), ""),
        several => {
            let mix =
                several.iter().map(|(what, rate)| format!("{}={}", what.name(), number(*rate)));
            keys.set("mix", &quoted(&mix.collect::<Vec<_>>().join(",")), "");
        }
    }
    let guarded =
        class.does.iter().any(|(what, _)| matches!(what, Operation::Txn | Operation::Delete));
    if class.guarded && guarded {
        keys.set("guarded", "true", "more transactions than puts");
    }
    match &class.read {
        Some((Read::Single, from)) => from_class(from.as_deref(), keys),
        Some((Read::Page(limit), from)) => {
            keys.set("read", "\"from\"", "");
            keys.set("limit", &limit.to_string(), "keys of a page, as client-go asks for");
            from_class(from.as_deref(), keys);
        }
        Some((Read::Revision, _)) => keys.set("read", "\"revision\"", "no key comes back"),
        None => {}
    }
}

fn from_class(from: Option<&str>, keys: &mut Keys<'_>) {
    if let Some(from) = from {
        keys.set("prefix", &format!("\"{from}/\""), "its keys, which that class writes beforehand");
    }
}

fn pace(class: &Class, profile: &Profile, keys: &mut Keys<'_>) {
    // Keys alone are read once in a while, for a class does something.
    let rate = if class.does.is_empty() { 0.1 } else { class.rate() };
    let source = if class.does.is_empty() { "" } else { words::source(class.source) };
    keys.set("rate", &number(rate), source);
    if !class.even && !class.does.is_empty() {
        let why = if profile.window_s < 5.0 { "too short to tell" } else { "" };
        keys.set("arrival", "\"poisson\"", why);
    }
}

fn stored(class: &Class, keys: &mut Keys<'_>) {
    let comes = class.does.iter().any(|(what, _)| *what == Operation::Create);
    if class.sizes.is_none() {
        // Of others, or none at all.
        if class.read.is_some() {
            keys.set("key_space_size", &class.keys.max(1).to_string(), "");
            keys.set("preload", "0", "");
        }
        return;
    }
    if !comes {
        keys.set("key_space_size", &class.keys.max(1).to_string(), "");
        if class.even {
            keys.set("sequential_keys", "true", "they come at even distances");
        }
    }
    keys.set("preload", &class.keys.to_string(), "counted");
    if let Some(sizes) = &class.sizes {
        let why = format!("{} sampled", counted(sizes.samples, "value"));
        keys.set("val_size", &size(sizes), &why);
        keys.set("compressible", "\"${compressible}\"", "");
    }
    let writes = class.does.iter().any(|(what, _)| what.writes() && *what != Operation::Delete);
    if let Some(lease) = class.lease.filter(|_| writes) {
        keys.set("lease_ttl", &lease.ttl_s.to_string(), "granted to one of its leases");
        keys.set("lease_keys", &lease.keys.to_string(), "puts for each lease granted");
        keys.set("lease_reuse", "\"1h\"", "");
    }
}

fn size(sizes: &Sizes) -> String {
    match sizes.max as f64 <= sizes.p50 as f64 * ALIKE {
        true => sizes.max.to_string(),
        false => format!("\"lognormal={}B,{}B,{}B\"", sizes.p50, sizes.p99, sizes.max),
    }
}

/// A rate with four digits, which a thousandth needs.
fn number(rate: f64) -> String {
    let digits = if rate >= 100.0 {
        1
    } else if rate >= 1.0 {
        3
    } else {
        5
    };
    let text = format!("{rate:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Lines of a table.
struct Keys<'a>(&'a mut String);

impl Keys<'_> {
    fn set(&mut self, key: &str, value: &str, why: &str) {
        let line = format!("{key} = {value}");
        let _ = match why {
            "" => writeln!(self.0, "{line}"),
            why => writeln!(self.0, "{line:<COMMENT$}  # {why}"),
        };
    }
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Of servers and keys, in a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
