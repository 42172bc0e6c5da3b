//! Parameters that follow from others: `[choice.kubernetes."1.34"]` holds those that are so where `kubernetes` is 1.34, and
//! a formula or a name in a parameter stands for what it comes to.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::document::{Document, Entry, Table, Value};
use super::formula::{evaluate, formula, written};
use super::parameters::Settings;
use crate::error::{Result, usage};
use crate::suggest;

/// What holds for every value that is not named.
const OTHERS: &str = "*";
/// Parameters that stand for others that stand for others.
const DEEPEST: usize = 16;

/// Adds the parameters that follow from a choice; those that the file has itself, or that an earlier choice has made, stay.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) for a choice that there is not.
pub(super) fn choose(document: &mut Document, set: &[(String, String)]) -> Result<()> {
    for choice in document.choices.entries.clone() {
        let Value::Table(options) = &choice.value else {
            return Err(choice.error(format!(
                "choice.{0} holds a table for each value of the parameter {0}",
                choice.key
            )));
        };
        let Some(parameter) = document.parameters.get(&choice.key) else {
            return Err(choice.error(format!(
                "there is no parameter {} that could be chosen; add it to [parameters]",
                choice.key
            )));
        };
        let typed = set.iter().rev().find(|(name, _)| *name == choice.key);
        let value = typed.map_or_else(|| parameter.value.to_string(), |(_, value)| value.clone());
        let chosen = options.get(&value).or_else(|| options.get(OTHERS));
        let Some(chosen) = chosen else {
            let known: Vec<&str> = options.entries.iter().map(|entry| entry.key.as_str()).collect();
            let text = format!("{} = {value}: it is one of {}", choice.key, known.join(", "));
            return Err(match typed {
                Some(_) => usage(&["--set"], format!("--set {text}")),
                None => parameter.error(text),
            });
        };
        let Value::Table(table) = &chosen.value else {
            return Err(chosen.error(format!("'{}' is a table of parameters", chosen.key)));
        };
        for entry in &table.entries {
            if document.parameters.get(&entry.key).is_none() {
                document.parameters.entries.push(entry.clone());
            }
        }
    }
    Ok(())
}

/// Puts what they come to in the place of parameters that are formulas, or that name others. What was typed stays as it
/// was typed.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) at the line of one that makes no sense.
pub(super) fn settle(parameters: &mut Table, set: &[(String, String)]) -> Result<()> {
    let typed = |entry: &Entry| set.iter().any(|(name, _)| *name == entry.key);
    let state = |entry| if typed(entry) { State::Done } else { State::Open };
    let mut state: Vec<State> = parameters.entries.iter().map(state).collect();
    (0..state.len()).try_for_each(|index| settle_one(parameters, index, &mut state))
}

/// How far a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Under,
    Done,
}

/// Settles a parameter after those that it names, each once.
fn settle_one(parameters: &mut Table, index: usize, state: &mut [State]) -> Result<()> {
    let entry = parameters.entries[index].clone();
    let text = match (&entry.value, state[index]) {
        (_, State::Done) => return Ok(()),
        (_, State::Under) => {
            return Err(entry.error(format!("{} stands for itself, round in a circle", entry.key)));
        }
        (Value::Text(text), State::Open) if formula(text).is_some() || text.contains("${") => text,
        _ => {
            state[index] = State::Done;
            return Ok(());
        }
    };
    state[index] = State::Under;
    if state.iter().filter(|state| **state == State::Under).count() > DEEPEST {
        return Err(
            entry.error(format!("{}: more than {DEEPEST} stand for one another", entry.key))
        );
    }
    for other in named(parameters, text) {
        settle_one(parameters, other, state)?;
    }
    parameters.entries[index].value = value_of(parameters, &entry, text)?;
    state[index] = State::Done;
    Ok(())
}

/// The parameters that a text names.
fn named(parameters: &Table, text: &str) -> Vec<usize> {
    let names = RefCell::new(BTreeSet::new());
    match formula(text) {
        Some(formula) => {
            // What is wrong with it is told when it is reckoned.
            let _ = evaluate(formula, &|name| {
                names.borrow_mut().insert(name.to_owned());
                Ok(1.0)
            });
        }
        None => {
            let inside = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
            names.borrow_mut().extend(inside.map(|(name, _)| name.to_owned()));
        }
    }
    let names = names.into_inner();
    let all = parameters.entries.iter().enumerate();
    all.filter(|(_, entry)| names.contains(&entry.key)).map(|(index, _)| index).collect()
}

fn value_of(parameters: &Table, entry: &Entry, text: &str) -> Result<Value> {
    let Some(formula) = formula(text) else {
        let known = parameters.entries.iter().filter(|other| other.key != entry.key);
        let known = known.map(|other| (other.key.clone(), other.value.clone())).collect();
        return Settings(known).fill(&entry.value, &entry.at);
    };
    let value = evaluate(formula, &|name| number(parameters, name))
        .and_then(|value| written(value).ok_or_else(|| "it is divided by 0".to_owned()));
    let value = value.map_err(|why| entry.error(format!("{} = \"{text}\": {why}", entry.key)))?;
    Ok(Value::Number(value))
}

/// What a name in a formula stands for.
fn number(parameters: &Table, name: &str) -> std::result::Result<f64, String> {
    let Some(entry) = parameters.get(name) else {
        let known: Vec<&str> = parameters.entries.iter().map(|entry| entry.key.as_str()).collect();
        return Err(suggest::unknown("parameter", name, &known));
    };
    let text = entry.value.to_string().replace('_', "");
    text.parse().map_err(|_| format!("{name} is {}, which is no number", entry.value))
}
