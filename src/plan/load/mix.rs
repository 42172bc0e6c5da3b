//! What is done: an operation word or `--mix` → operations and weights, and back.

use super::{LoadPlan, Operation, Weighted};
use crate::error::{Result, usage};
use crate::spec::{OperationArg, WorkloadSpec};
use crate::suggest;

/// The most one operation may outweigh another: beyond, the rarer one would not be seen in any run.
const MAX_WEIGHT: f64 = 1e6;
const MIN_WEIGHT: f64 = 1e-6;

/// The operations that were asked for.
pub(super) fn resolve(args: &WorkloadSpec) -> Result<Vec<Weighted>> {
    use OperationArg as Word;
    let ratio = ratio(args)?;
    let one = |operation| vec![Weighted { operation, weight: 1.0 }];
    let with_reads = |write, read| {
        let mut operations = one(write);
        operations.push(Weighted { operation: read, weight: ratio });
        operations
    };
    match (&args.mix, args.operation) {
        (Some(mix), None | Some(Word::Mixed)) => {
            parse(mix).map_err(|why| usage(&["--mix"], format!("--mix '{mix}': {why}")))
        }
        (Some(_), Some(_)) => Err(usage(
            &["--mix", "operation"],
            "--mix and an operation both say what is done; drop one of them",
        )),
        (None, None) => Err(usage(
            &["--mix"],
            "nothing to do; name an operation (put, range, mixed, txn, txn-mixed, delete, create, watch, list-watch, \
             lease, stm, compact, status) or a --mix like put=60,range=40",
        )),
        (None, Some(word)) => Ok(match word {
            Word::Put | Word::Watch => one(Operation::Put),
            Word::Range => one(Operation::Range),
            Word::Mixed => with_reads(Operation::Put, Operation::Range),
            Word::Txn => one(Operation::Txn),
            Word::TxnMixed => with_reads(Operation::Txn, Operation::TxnRange),
            Word::Delete => one(Operation::Delete),
            Word::Create => one(Operation::Create),
            Word::ListWatch => one(Operation::ListWatch),
            Word::Compact => one(Operation::Compact),
            Word::Status => one(Operation::Status),
            Word::Lease => one(Operation::LeaseKeepalive),
            Word::Stm => one(Operation::Stm),
        }),
    }
}

/// The words that ask for these operations.
pub(super) fn words(plan: &LoadPlan) -> Vec<String> {
    let weights: Vec<(Operation, f64)> =
        plan.operations.iter().map(|weighted| (weighted.operation, weighted.weight)).collect();
    let word = match weights[..] {
        [(Operation::Put, 1.0)] if plan.watch.is_some() => "watch",
        _ if plan.watch.is_some() => return mix_flag(&weights),
        [(Operation::Put, 1.0)] => "put",
        [(Operation::Range, 1.0)] => "range",
        [(Operation::Txn, 1.0)] => "txn",
        [(Operation::Delete, 1.0)] => "delete",
        [(Operation::Create, 1.0)] => "create",
        [(Operation::ListWatch, 1.0)] => "list-watch",
        [(Operation::Compact, 1.0)] => "compact",
        [(Operation::Status, 1.0)] => "status",
        [(Operation::LeaseKeepalive, 1.0)] => "lease",
        [(Operation::Stm, 1.0)] => "stm",
        [(Operation::Put, 1.0), (Operation::Range, ratio)] => return mixed("mixed", ratio),
        [(Operation::Txn, 1.0), (Operation::TxnRange, ratio)] => return mixed("txn-mixed", ratio),
        _ => return mix_flag(&weights),
    };
    vec![word.to_owned()]
}

fn mixed(word: &str, ratio: f64) -> Vec<String> {
    let mut words = vec![word.to_owned()];
    if ratio != 1.0 {
        words.extend(["--rw-ratio".to_owned(), ratio.to_string()]);
    }
    words
}

fn mix_flag(weights: &[(Operation, f64)]) -> Vec<String> {
    let items = weights.iter().map(|(operation, weight)| format!("{}={weight}", operation.name()));
    vec!["--mix".to_owned(), items.collect::<Vec<_>>().join(",")]
}

fn ratio(args: &WorkloadSpec) -> Result<f64> {
    let Some(ratio) = args.rw_ratio else {
        return Ok(1.0);
    };
    if args.mix.is_some()
        || !matches!(args.operation, Some(OperationArg::Mixed | OperationArg::TxnMixed))
    {
        return Err(usage(
            &["--rw-ratio"],
            "--rw-ratio is for mixed and txn-mixed; elsewhere say it with --mix",
        ));
    }
    if (MIN_WEIGHT..=MAX_WEIGHT).contains(&ratio) {
        Ok(ratio)
    } else {
        Err(usage(
            &["--rw-ratio"],
            format!(
                "--rw-ratio {ratio} is not a ratio; it must be above 0 (at least {MIN_WEIGHT}) and at most {MAX_WEIGHT} \
             reads per write"
            ),
        ))
    }
}

fn parse(text: &str) -> std::result::Result<Vec<Weighted>, String> {
    let mut operations: Vec<Weighted> = Vec::new();
    for item in text.split(',') {
        let (name, weight) = item.split_once('=').ok_or_else(|| {
            format!("'{item}' has no weight; write it like put=60,range=35,delete=5")
        })?;
        let name = name.trim();
        let operation = operation(name)?;
        if operations.iter().any(|earlier| earlier.operation == operation) {
            return Err(format!("'{name}' is there twice"));
        }
        operations.push(Weighted { operation, weight: weight_of(name, weight.trim())? });
    }
    Ok(operations)
}

fn operation(name: &str) -> std::result::Result<Operation, String> {
    let found = Operation::ALL.into_iter().find(|operation| operation.name() == name);
    found.ok_or_else(|| match name {
        "watch" => "watches are no share of a mix; say --streams beside it".to_owned(),
        "lease" => "say lease-keepalive or lease-grant".to_owned(),
        _ => suggest::unknown("operation", name, &Operation::ALL.map(Operation::name)),
    })
}

fn weight_of(name: &str, text: &str) -> std::result::Result<f64, String> {
    let weight = text.parse::<f64>().ok();
    weight
        .filter(|weight| (MIN_WEIGHT..=MAX_WEIGHT).contains(weight))
        .ok_or_else(|| {
            format!(
                "'{text}' is not a weight of {name}; write a number above 0 and at most {MAX_WEIGHT}, or leave {name} \
                 out"
            )
        })
}
