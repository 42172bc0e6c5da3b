//! Which keys are used, which are there beforehand, and what is written to them.

use super::checks::{FRESH_PREFIX_BYTES, SPACE, has};
use super::sizes::Sizes;
use super::{KeyDistribution, Keys, Operation, Values, Weighted, population};
use crate::error::{Result, usage};
use crate::plan::resolve::{KEY_SIZE, MAX_REQUEST_BYTES, REQUEST_OVERHEAD, within};
use crate::spec::{LoadSpec, WorkloadSpec};
use crate::suggest;
use crate::units::{format_bytes, format_count, parse_share};

/// Deletes alone need a key each; where nobody knows how many there will be, so many.
const DELETE_SPACE: u64 = 100_000;
/// More is written beforehand only if asked for: it takes minutes.
pub(super) const MAX_DEFAULT_PRELOAD: u64 = 100_000;
const MAX_SPACE: u64 = 1_000_000_000;
/// etcd takes longer keys, but nothing that uses etcd has them.
const MAX_KEY_SIZE: u64 = 64 << 10;
/// YCSB's exponent (ZipfianGenerator.java, `ZIPFIAN_CONSTANT`).
const ZIPFIAN: f64 = 0.99;
/// YCSB's `hotspotdatafraction` and `hotspotopnfraction` (CoreWorkload.java).
const HOTSPOT: (f64, f64) = (0.2, 0.8);
/// Bytes at the front of a value that say when it was due and which write it was.
const STAMP: u32 = 32;
/// What key and value need around them in a transaction.
const PAIR_OVERHEAD: u64 = 64;

pub(super) fn resolve(
    args: &LoadSpec,
    operations: &[Weighted],
    expected_operations: Option<u64>,
) -> Result<Keys> {
    let space = args
        .workload
        .key_space_size
        .unwrap_or_else(|| default_space(operations, expected_operations, args.workload.preload));
    within("--key-space-size", space, 1, MAX_SPACE)?;
    let prefix = prefix(args)?;
    let size = args.workload.key_size.unwrap_or(u64::from(KEY_SIZE));
    within("--key-size", size, 1, MAX_KEY_SIZE)?;
    let prefix_bytes = prefix.as_ref().map_or(FRESH_PREFIX_BYTES, String::len) as u64;
    let digits = (space - 1).checked_ilog10().unwrap_or(0) + 1;
    if size < prefix_bytes + u64::from(digits) {
        return Err(usage(
            &["--key-size", "--prefix", "--key-space-size"],
            format!(
                "--key-size {size} is too short for a prefix of {prefix_bytes} bytes and the {digits} digits that tell {} \
             keys apart; make it at least {}, or give a shorter --prefix or a smaller --key-space-size",
                format_count(space),
                prefix_bytes + u64::from(digits)
            ),
        ));
    }
    Ok(Keys {
        prefix,
        // Below `MAX_KEY_SIZE`.
        size: size as u32,
        space,
        distribution: distribution(&args.workload, operations)?,
    })
}

/// Different keys when nothing is said.
pub(super) fn default_space(
    operations: &[Weighted],
    expected_operations: Option<u64>,
    preload: Option<u64>,
) -> u64 {
    if population::comes_and_goes(operations) {
        population::default_space(operations, expected_operations, preload)
    } else if deletes_alone(operations) {
        expected_operations.unwrap_or(DELETE_SPACE).clamp(1, MAX_SPACE)
    } else {
        SPACE
    }
}

/// Which key is next when nothing is said: deletes alone must not meet a key twice.
pub(super) fn default_distribution(operations: &[Weighted]) -> KeyDistribution {
    if deletes_alone(operations) { KeyDistribution::Sequential } else { KeyDistribution::Uniform }
}

fn deletes_alone(operations: &[Weighted]) -> bool {
    let makes_keys = [Operation::Put, Operation::Create, Operation::Txn, Operation::Stm];
    has(operations, &[Operation::Delete]) && !has(operations, &makes_keys)
}

/// Keys written beforehand when nothing is said: whatever the load expects to be there.
pub(super) fn default_preload(operations: &[Weighted], space: u64) -> u64 {
    if population::comes_and_goes(operations) {
        population::default_preload(operations, space)
    } else if expects_keys(operations) {
        space
    } else {
        0
    }
}

pub(super) fn preload(args: &WorkloadSpec, operations: &[Weighted], space: u64) -> Result<u64> {
    let Some(preload) = args.preload else {
        let preload = default_preload(operations, space);
        if args.key_space_size.is_some() && preload > MAX_DEFAULT_PRELOAD {
            return Err(usage(
                &["--preload"],
                format!(
                    "the load expects its {} keys to be there, and writing them takes a while; say --preload {space} to \
                 have them all written first, a smaller number for some, or --preload 0 for none",
                    format_count(space)
                ),
            ));
        }
        return Ok(preload);
    };
    if preload > space {
        return Err(usage(
            &["--preload", "--key-space-size"],
            format!(
                "--preload {preload} is more than there are keys; raise --key-space-size from {space}"
            ),
        ));
    }
    Ok(preload)
}

fn expects_keys(operations: &[Weighted]) -> bool {
    let readers = [
        Operation::Range,
        Operation::TxnRange,
        Operation::Delete,
        Operation::Stm,
        Operation::ListWatch,
    ];
    has(operations, &readers)
}

fn prefix(args: &LoadSpec) -> Result<Option<String>> {
    let Some(prefix) = &args.prefix else {
        return Ok(None);
    };
    if prefix.is_empty() {
        return Err(usage(
            &["--prefix"],
            "--prefix '' would be everybody's keys; give one that nobody else uses, or leave it out for a fresh one",
        ));
    }
    Ok(Some(prefix.clone()))
}

fn distribution(args: &WorkloadSpec, operations: &[Weighted]) -> Result<KeyDistribution> {
    let Some(text) = &args.key_dist else {
        return Ok(if args.sequential_keys {
            KeyDistribution::Sequential
        } else {
            default_distribution(operations)
        });
    };
    let parsed = parse_distribution(text)
        .map_err(|why| usage(&["--key-dist"], format!("--key-dist {text}: {why}")))?;
    if args.sequential_keys && parsed != KeyDistribution::Sequential {
        return Err(usage(
            &["--sequential-keys", "--key-dist"],
            format!(
                "--sequential-keys and --key-dist {text} contradict each other; drop one of them"
            ),
        ));
    }
    Ok(parsed)
}

fn parse_distribution(text: &str) -> std::result::Result<KeyDistribution, String> {
    const KINDS: [&str; 5] = ["sequential", "uniform", "zipfian", "latest", "hotspot"];
    let (kind, parameter) = match text.split_once('=') {
        Some((kind, parameter)) => (kind, Some(parameter)),
        None => (text, None),
    };
    match (kind, parameter) {
        ("sequential", None) => Ok(KeyDistribution::Sequential),
        ("uniform", None) => Ok(KeyDistribution::Uniform),
        ("sequential" | "uniform", Some(_)) => Err(format!("{kind} takes no parameter")),
        ("zipfian", parameter) => Ok(KeyDistribution::Zipfian { exponent: exponent(parameter)? }),
        ("latest", parameter) => Ok(KeyDistribution::Latest { exponent: exponent(parameter)? }),
        ("hotspot", parameter) => {
            let (keys, operations) = hotspot(parameter)?;
            Ok(KeyDistribution::Hotspot { keys, operations })
        }
        _ => Err(suggest::unknown("distribution", kind, &KINDS)),
    }
}

fn exponent(parameter: Option<&str>) -> std::result::Result<f64, String> {
    let Some(text) = parameter else {
        return Ok(ZIPFIAN);
    };
    let exponent = text.parse::<f64>().ok();
    exponent.filter(|exponent| *exponent > 0.0 && *exponent < 1.0).ok_or_else(|| {
        format!("'{text}' is no exponent; it must be above 0 and below 1, like {ZIPFIAN}")
    })
}

fn hotspot(parameter: Option<&str>) -> std::result::Result<(f64, f64), String> {
    let Some(text) = parameter else {
        return Ok(HOTSPOT);
    };
    let inside = |share: &f64| *share > 0.0 && *share < 1.0;
    let shares = text.split_once(':').and_then(|(keys, operations)| {
        let keys = parse_share(keys).ok().filter(inside)?;
        let operations = parse_share(operations).ok().filter(inside)?;
        Some((keys, operations))
    });
    shares.ok_or_else(|| {
        format!("'{text}' is no hot spot; write the share of keys and of operations, like 20%:80%")
    })
}

/// Writes a distribution as it is typed.
pub(super) fn distribution_text(distribution: KeyDistribution) -> String {
    match distribution {
        KeyDistribution::Sequential => "sequential".to_owned(),
        KeyDistribution::Uniform => "uniform".to_owned(),
        KeyDistribution::Zipfian { exponent } => format!("zipfian={exponent}"),
        KeyDistribution::Latest { exponent } => format!("latest={exponent}"),
        KeyDistribution::Hotspot { keys, operations } => format!("hotspot={keys}:{operations}"),
    }
}

pub(super) fn values(args: &WorkloadSpec, stamped: Option<&str>) -> Result<Values> {
    let typed = args.val_size.as_deref();
    let sizes = Sizes::parse(typed).map_err(|why| {
        let text = typed.unwrap_or_default();
        usage(&["--val-size"], format!("--val-size {text}: {why}"))
    })?;
    let (min, max) = (sizes.min, sizes.max);
    if max > MAX_REQUEST_BYTES {
        return Err(usage(
            &["--val-size"],
            format!(
                "--val-size {} does not fit into etcd's --max-request-bytes of 1.5 MiB; make it smaller",
                format_bytes(max)
            ),
        ));
    }
    if let Some(who) = stamped
        && min < u64::from(STAMP)
    {
        return Err(usage(
            &["--val-size"],
            format!(
                "--val-size {min} is too short for {who}: each value then begins with {STAMP} bytes that say which write \
             it is; make it at least {STAMP}"
            ),
        ));
    }
    let changing = args.changing.unwrap_or(1.0);
    if changing <= 0.0 {
        return Err(usage(
            &["--changing"],
            "--changing 0% would write the same value again and again; make it above 0%",
        ));
    }
    Ok(Values {
        // Both are at most `MAX_REQUEST_BYTES`.
        min_size: min as u32,
        max_size: max as u32,
        compressible: args.compressible.unwrap_or(0.0),
        changing,
        distribution: sizes.distribution(),
    })
}

/// Whether so many keys and values fit into one request.
pub(super) fn fit(keys: &Keys, values: &Values, pairs: u32, flag: &'static str) -> Result<()> {
    let room = MAX_REQUEST_BYTES - REQUEST_OVERHEAD;
    let pair = u64::from(keys.size) + u64::from(values.max_size);
    let asked = match pairs {
        1 => pair,
        pairs => u64::from(pairs) * (pair + PAIR_OVERHEAD),
    };
    if asked <= room {
        return Ok(());
    }
    let what = match pairs {
        1 => format!(
            "{} of key and {} of value",
            format_bytes(u64::from(keys.size)),
            format_bytes(u64::from(values.max_size))
        ),
        pairs => format!("{pairs} keys and values of {} each", format_bytes(pair)),
    };
    Err(usage(
        &[flag],
        format!(
            "{flag}: {what} do not fit into etcd's --max-request-bytes of 1.5 MiB; together they may have {room} bytes"
        ),
    ))
}
