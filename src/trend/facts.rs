//! What is known of a run besides its figures: which history it belongs to, and the facts whose changes may explain a
//! change of level.

use std::collections::BTreeMap;

use crate::compare::facts::{About, Facts, NEIGHBOURS, NOBODY, about, of_header};
use crate::result::Header;

/// Label that names the machine where host names come and go.
const MACHINE_LABEL: &str = "machine";

/// How the fields of labels begin among the facts of a header.
const LABELS: &str = "labels.";

/// What a run's history is told by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scenario {
    /// `disk /var/lib/etcd`, `load nightly` …
    pub name: String,
    /// The label `machine`, or the host; empty where all are one.
    pub machine: String,
    /// What was asked to be done, and for how long.
    pub essentials: Facts,
}

impl Scenario {
    /// That of a run. `one_machine` takes all hosts for one.
    pub fn of(header: &Header, one_machine: bool) -> Self {
        let name = if header.name.is_empty() {
            header.kind.clone()
        } else {
            format!("{} {}", header.kind, header.name)
        };
        let host = header.labels.get(MACHINE_LABEL).unwrap_or(&header.environment.host);
        let essential = |field: &String, _: &mut String| {
            matches!(about(field), About::Scenario | About::Length | About::Beside)
        };
        let mut essentials = of_header(header);
        essentials.retain(|field, value| essential(field, value));
        // Alone is what goes without saying.
        essentials.retain(|field, value| field != NEIGHBOURS || value != NOBODY);
        Scenario {
            name,
            machine: if one_machine { String::new() } else { host.clone() },
            essentials,
        }
    }
}

/// The facts of a run that may differ within a history, by the name they are told by.
pub(crate) fn facts(header: &Header) -> BTreeMap<String, String> {
    let mut told: BTreeMap<String, String> = of_header(header)
        .into_iter()
        // Labels are told by their own names below.
        .filter(|(field, _)| rank(field).is_some() && !field.starts_with(LABELS))
        .map(|(field, value)| (short(&field).to_owned(), value))
        .collect();
    for (label, value) in &header.labels {
        told.insert(format!("label {label}"), value.clone());
    }
    told
}

/// A fact's name without what goes without saying.
fn short(field: &str) -> &str {
    field.strip_prefix("environment.").unwrap_or(field)
}

/// How near a fact is to what was measured: the lower, the earlier it is told. `None` for what differs in every run, or
/// makes the history another one.
fn rank(field: &str) -> Option<u8> {
    Some(match about(field) {
        About::Version => 0,
        About::Release => 1,
        About::Noted if field.starts_with("tool.") => 2,
        About::System | About::Setting => 4,
        About::Hardware | About::Disk => 5,
        // Ids, sizes and leaders of the day.
        About::Noted if field.starts_with("environment.members.") => return None,
        About::Noted => 6,
        About::Scenario | About::Length | About::Beside | About::Ignored => return None,
    })
}

/// The same by the name a fact is told by.
pub(super) fn rank_of_told(name: &str) -> u8 {
    const LABEL: u8 = 3;
    const LAST: u8 = u8::MAX;
    if name.starts_with("label ") {
        return LABEL;
    }
    let ours = name.starts_with("tool.") || name.starts_with("plan.");
    let field = if ours { name.to_owned() } else { format!("environment.{name}") };
    rank(&field).unwrap_or(LAST)
}
