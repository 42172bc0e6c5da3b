//! Where the result is, and how to do this again.

use super::input::Input;
use crate::report::page::{
    Between, Block, Command, Entries, Entry, Labels, Medium, Section, Shown,
};
use crate::report::subject::Plan;
use crate::report::words;

pub(super) fn again(input: &Input<'_>) -> Vec<Section> {
    let command = words::again(input).map(|(text, hint)| {
        Block::Command(Command { label: "again", text, hint: hint.map(str::to_owned) })
    });
    let (title, blocks) = match input.medium {
        Medium::Terminal => ("", std::iter::once(where_it_is(input)).chain(command).collect()),
        Medium::Comment => {
            let all = facts(input).into_iter().chain(words::machine(&input.run.header.environment));
            let facts = Block::facts(Labels::Long, all);
            ("Machine, command, result", command.into_iter().chain([facts]).collect())
        }
        Medium::Browser => {
            let facts = Block::facts(Labels::Long, facts(input));
            ("Do it again", command.into_iter().chain([facts, plan(input)]).collect())
        }
    };
    vec![Section::new("again", title, blocks).shown(Shown::Folded)]
}

/// The result, and for one that cannot be done again what it can be held against. Neither is ever broken.
fn where_it_is(input: &Input<'_>) -> Block {
    let path = input.path.display().to_string();
    let beside = matches!(input.plan, Plan::Import(_))
        .then(|| ("beside", format!("etcdbench compare {path} OTHER.jsonl")));
    let entries = std::iter::once(("result", path)).chain(beside);
    let entries = entries.map(|(label, text)| Entry::new(label, vec![text], Between::Whole));
    Block::Entries(Entries { labels: Labels::Short, entries: entries.collect() })
}

/// Names, times and labels.
fn facts(input: &Input<'_>) -> Vec<(String, String)> {
    let header = &input.run.header;
    let version = match &header.tool.git {
        Some(git) => format!("{} {} ({git})", header.tool.name, header.tool.version),
        None => format!("{} {}", header.tool.name, header.tool.version),
    };
    let known = [
        ("result", input.path.display().to_string()),
        ("run", header.run_id.clone()),
        ("from", header.started_at.clone()),
        ("to", input.summary.ended_at.clone()),
        ("written by", version),
        ("result format", header.schema.clone()),
    ];
    let labels = header.labels.iter();
    let labels = labels.map(|(name, value)| (format!("label {name}"), value.clone()));
    let options = match &input.plan {
        Plan::Import(plan) => Some(("options".to_owned(), words::import::options(plan))),
        _ => None,
    };
    known
        .map(|(label, fact)| (label.to_owned(), fact))
        .into_iter()
        .chain(labels)
        .chain(options)
        .collect()
}

fn plan(input: &Input<'_>) -> Block {
    let plan = &input.run.header.plan;
    let text = match plan.is_null() {
        true => String::new(),
        false => serde_json::to_string_pretty(plan).unwrap_or_default(),
    };
    let command = Command { text, ..Command::default() };
    Block::Fold("The whole plan, resolved".to_owned(), vec![Block::Command(command)])
}
