//! The causes with their evidence, as a block of a page.

use super::words;
use crate::diagnosis::{Certainty, Diagnosis, Harm, Member};
use crate::report::page::{
    Between, Block, Cell, Column, Entries, Entry, Labels, Medium, Row, Table,
};

/// How sure a cause is, what speaks for it, what would decide, what to do.
fn lines(members: &[Member], one: &Diagnosis) -> Vec<String> {
    let who = match one.peer {
        Some(_) => format!(
            "{}, seen from {}",
            words::peer(members, one.peer),
            words::member(members, one.member)
        ),
        None => words::member(members, one.member),
    };
    let mut lines =
        vec![format!("{who}: {}, {}", words::certainty(one.certainty), words::harm(one))];
    lines.extend(one.evidence.iter().map(|evidence| words::evidence(members, evidence)));
    if !one.missing.is_empty() && one.harm > Harm::None {
        let missing: Vec<&str> =
            one.missing.iter().map(|missing| words::missing(*missing)).collect();
        let decides = match one.certainty {
            Certainty::Clear if one.is_live() => "would tell more",
            Certainty::Clear => "not in these logs",
            _ => "would decide",
        };
        lines.push(format!("{decides}: {}", missing.join("; ")));
    }
    if one.harm > Harm::None {
        lines.push(format!("→ {}", words::advice(one)));
    }
    lines
}

/// Every cause with what speaks for it.
pub fn causes(members: &[Member], found: &[Diagnosis], medium: Medium) -> Block {
    match medium {
        Medium::Terminal => in_lines(members, found),
        Medium::Comment | Medium::Browser => in_rows(members, found),
    }
}

fn in_lines(members: &[Member], found: &[Diagnosis]) -> Block {
    let entry =
        |one: &Diagnosis| Entry::new(words::label(one.cause), lines(members, one), Between::Line);
    Block::Entries(Entries { labels: Labels::Long, entries: found.iter().map(entry).collect() })
}

fn in_rows(members: &[Member], found: &[Diagnosis]) -> Block {
    let mut rows = Vec::new();
    for one in found {
        let mut label = words::label(one.cause);
        for line in lines(members, one) {
            rows.push(Row::new([Cell::new(label), Cell::new(line)]));
            label = "";
        }
    }
    Block::Table(Table {
        caption: "Each with its evidence, the gravest first".to_owned(),
        columns: vec![Column::text("cause"), Column::prose("what speaks for it, and what to do")],
        rows,
        ..Table::default()
    })
}
