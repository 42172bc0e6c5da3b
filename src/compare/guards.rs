//! What must be the same for a comparison to mean anything: apples are not held against oranges.

use std::collections::BTreeSet;

use super::facts::{About, Facts, about};
use super::{Difference, DifferenceClass};
use crate::rule::comparison::Intent;

/// Lengths that differ by more than this are worth telling.
const LENGTHS_DIFFER: f64 = 0.10;

/// What the guards found.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    pub intent: Intent,
    pub differences: Vec<Difference>,
}

impl Guarded {
    /// Fields that forbid comparing.
    pub fn obstacles(&self) -> impl Iterator<Item = &Difference> {
        let is_obstacle = |d: &&Difference| d.class == DifferenceClass::Obstacle;
        self.differences.iter().filter(is_obstacle)
    }
}

/// Holds the facts of all sides against one another; each side has those of its runs. Without an intent, the narrowest
/// one is taken under which nothing forbids comparing.
pub(super) fn guard(sides: &[Vec<Facts>], intent: Option<Intent>, allow: &[String]) -> Guarded {
    if let Some(foreign) = beside_foreign(sides) {
        return Guarded { intent: intent.unwrap_or(Intent::Machines), differences: vec![foreign] };
    }
    let raw = differing(sides);
    let with = |intent: Intent| {
        let mut differences: Vec<Difference> =
            raw.iter().map(|raw| classify(raw, intent, allow)).collect();
        differences.sort_by(|a, b| a.class.cmp(&b.class).then(a.field.cmp(&b.field)));
        Guarded { intent, differences }
    };
    if let Some(intent) = intent {
        return with(intent);
    }
    let other_machine = raw.iter().any(|raw| {
        raw.field == "environment.host" || matches!(raw.about, About::Hardware | About::Disk)
    });
    let candidates: &[Intent] = if other_machine {
        &[Intent::Machines]
    } else {
        &[Intent::Regression, Intent::Versions, Intent::Config]
    };
    let tried: Vec<Guarded> = candidates.iter().map(|&intent| with(intent)).collect();
    let fewest = tried.into_iter().min_by_key(|guarded| guarded.obstacles().count());
    fewest.unwrap_or_else(|| with(Intent::Regression))
}

/// Runs of ours beside those of other programs: their plans and environments have nothing in common that could be held
/// against one another, so that this is the one difference there is. Within one side it forbids comparing: what was
/// measured in different ways is never added up.
fn beside_foreign(sides: &[Vec<Facts>]) -> Option<Difference> {
    const KIND: &str = "kind";
    let kinds = |side: &Vec<Facts>| -> BTreeSet<Option<String>> {
        side.iter().map(|facts| facts.get(KIND).cloned()).collect()
    };
    let each: Vec<BTreeSet<Option<String>>> = sides.iter().map(kinds).collect();
    let all: BTreeSet<&Option<String>> = each.iter().flatten().collect();
    let is_foreign = |kind: &&Option<String>| kind.as_deref() == Some(crate::result::IMPORT);
    let ours: Vec<_> = all.iter().filter(|kind| !is_foreign(kind)).collect();
    if ours.len() == all.len() || ours.is_empty() {
        return None;
    }
    let mixed = each.iter().any(|kinds| kinds.len() > 1) || ours.len() > 1;
    Some(Difference {
        field: KIND.to_owned(),
        class: if mixed { DifferenceClass::Obstacle } else { DifferenceClass::Noted },
        values: each
            .iter()
            .map(|kinds| {
                let names: Vec<String> = kinds.iter().flatten().cloned().collect();
                Some(names.join(" and "))
            })
            .collect(),
    })
}

/// A field that is not the same everywhere.
struct Raw {
    field: String,
    about: About,
    values: Vec<Option<String>>,
    /// It is known everywhere.
    known: bool,
}

fn differing(sides: &[Vec<Facts>]) -> Vec<Raw> {
    let fields: BTreeSet<&String> = sides.iter().flatten().flat_map(Facts::keys).collect();
    let mut found: Vec<Raw> = Vec::new();
    for field in fields {
        let about = about(field);
        // Plans of different kinds have nothing in common that could be held against one another.
        let other_kind = found.iter().any(|raw| raw.field == "kind");
        if about == About::Ignored
            || variant_differs(field, &found)
            || (other_kind && field.starts_with("plan"))
        {
            continue;
        }
        let each: Vec<BTreeSet<Option<&String>>> =
            sides.iter().map(|runs| runs.iter().map(|facts| facts.get(field)).collect()).collect();
        let all: BTreeSet<Option<&String>> = each.iter().flatten().copied().collect();
        if all.len() < 2 || same_length(about, field, &all) {
            continue;
        }
        found.push(Raw {
            field: field.clone(),
            about,
            values: each.iter().map(|side| text(field, side)).collect(),
            known: !all.contains(&None),
        });
    }
    found
}

/// Fields below a variant that differs are of one variant only; the variant itself tells it all.
fn variant_differs(field: &str, found: &[Raw]) -> bool {
    found.iter().any(|raw| {
        let rest = field.strip_prefix(raw.field.as_str());
        rest.is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Planned lengths say nothing beside the measured ones, which never are quite the same.
fn same_length(about: About, field: &str, all: &BTreeSet<Option<&String>>) -> bool {
    if !field.starts_with("measured.") {
        return about == About::Length;
    }
    let lengths: Vec<f64> = all.iter().flatten().filter_map(|text| text.parse().ok()).collect();
    let longest = lengths.iter().copied().fold(0.0, f64::max);
    let shortest = lengths.iter().copied().fold(f64::INFINITY, f64::min);
    lengths.len() == all.len() && longest <= shortest * (1.0 + LENGTHS_DIFFER)
}

/// The values of one side; nothing when none of its runs knows it.
fn text(field: &str, side: &BTreeSet<Option<&String>>) -> Option<String> {
    let shown = |value: &&String| show(field, value);
    let known: Vec<String> = side.iter().flatten().map(shown).collect();
    let mut known: Vec<String> = known.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    if known.is_empty() {
        return None;
    }
    if side.contains(&None) {
        known.push("unknown".to_owned());
    }
    Some(known.join(" / "))
}

/// With its unit, as far as the field's name tells it.
fn show(field: &str, value: &str) -> String {
    let whole = || value.parse::<u64>().ok();
    let is_time = field.ends_with("_ns") || field.starts_with("measured.");
    match whole() {
        Some(ns) if is_time => crate::units::format_duration(ns),
        Some(bytes) if field.ends_with("_bytes") => crate::units::format_bytes(bytes),
        _ => value.to_owned(),
    }
}

fn classify(raw: &Raw, intent: Intent, allow: &[String]) -> Difference {
    let allowed = allow.iter().any(|allowed| covers(allowed, &raw.field));
    let class = if allowed || is_declared(raw.about, intent) {
        DifferenceClass::Declared
    } else if !raw.known || matches!(raw.about, About::Length | About::Noted | About::Ignored) {
        // What is not known is never taken for equal, but forbids nothing either.
        DifferenceClass::Noted
    } else {
        DifferenceClass::Obstacle
    };
    Difference { field: raw.field.clone(), class, values: raw.values.clone() }
}

fn is_declared(about: About, intent: Intent) -> bool {
    let declared: &[About] = match intent {
        Intent::Machines => &[About::Hardware, About::Disk, About::Release, About::System],
        Intent::Versions => &[About::Version, About::Release],
        Intent::Config => &[About::Setting, About::System, About::Beside],
        Intent::Regression => &[About::Version],
    };
    declared.contains(&about)
}

/// Whether `--allow ALLOWED` is about this field: `kernel`, `workload.val_size`, `plan.workload` all name part of
/// `plan.workload.val_size` or of `environment.kernel`.
pub(super) fn covers(allowed: &str, field: &str) -> bool {
    let parts: Vec<&str> = field.split('.').collect();
    let asked: Vec<&str> = allowed.split('.').collect();
    parts.windows(asked.len()).any(|window| window == asked)
}

/// An `--allow` that no field of these runs fits, with the field that was probably meant.
pub(super) fn unknown_allowance(sides: &[Vec<Facts>], allow: &[String]) -> Option<String> {
    let fields: BTreeSet<&String> = sides.iter().flatten().flat_map(Facts::keys).collect();
    let fits = |allowed: &str| fields.iter().any(|field| covers(allowed, field));
    let wrong = allow.iter().find(|allowed| !fits(allowed))?;
    // A field may be named by any run of its parts: those of as many parts as were named.
    let count = wrong.split('.').count();
    let parts: BTreeSet<String> = fields
        .iter()
        .flat_map(|field| {
            let parts: Vec<&str> = field.split('.').collect();
            parts.windows(count).map(|window| window.join(".")).collect::<Vec<_>>()
        })
        .collect();
    let known: Vec<&str> = parts.iter().map(String::as_str).collect();
    Some(match crate::suggest::nearest(wrong, &known) {
        Some(near) => format!("--allow {wrong}: no field '{wrong}'; did you mean '{near}'?"),
        None => format!(
            "--allow {wrong}: no field '{wrong}' in these results; name one as the table of differences does"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn guarded(a: &[(&str, &str)], b: &[(&str, &str)], intent: Option<Intent>) -> Guarded {
        guard(&[vec![facts(a)], vec![facts(b)]], intent, &[])
    }

    fn obstacles(guarded: &Guarded) -> Vec<&str> {
        guarded.obstacles().map(|d| d.field.as_str()).collect()
    }

    const KERNEL: &str = "environment.kernel";
    const ETCD: &str = "environment.etcd.version";
    const VALUE: &str = "plan.workload.val_size";

    #[test]
    fn the_scenario_must_be_the_same_whatever_is_meant_to_differ() {
        for intent in [Intent::Machines, Intent::Versions, Intent::Config, Intent::Regression] {
            let found = guarded(&[(VALUE, "256")], &[(VALUE, "1024")], Some(intent));
            assert_eq!(obstacles(&found), [VALUE], "{intent:?}");
        }
        let sides = [vec![facts(&[(VALUE, "256")])], vec![facts(&[(VALUE, "1024")])]];
        let found = guard(&sides, None, &["val_size".to_owned()]);
        assert!(obstacles(&found).is_empty());
        assert_eq!(found.differences[0].class, DifferenceClass::Declared);
    }

    #[test]
    fn what_is_declared_may_differ_and_nothing_else() {
        let a = [(KERNEL, "6.1"), (ETCD, "3.5"), ("environment.cpu_model", "X")];
        let b = [(KERNEL, "6.8"), (ETCD, "3.6"), ("environment.cpu_model", "Y")];
        let with = |intent| {
            let found = guarded(&a, &b, Some(intent));
            obstacles(&found).join(" ")
        };
        assert_eq!(with(Intent::Machines), ETCD);
        assert_eq!(with(Intent::Versions), "environment.cpu_model");
        assert_eq!(with(Intent::Regression), "environment.cpu_model environment.kernel");
        assert_eq!(with(Intent::Config), format!("environment.cpu_model {ETCD} {KERNEL}"));
    }

    #[test]
    fn without_an_intent_the_narrowest_that_fits_is_taken() {
        let intent = |a: &[(&str, &str)], b: &[(&str, &str)]| guarded(a, b, None).intent;
        assert_eq!(intent(&[(KERNEL, "1")], &[(KERNEL, "1")]), Intent::Regression);
        assert_eq!(intent(&[(ETCD, "1")], &[(ETCD, "2")]), Intent::Regression);
        assert_eq!(intent(&[(KERNEL, "1")], &[(KERNEL, "2")]), Intent::Versions);
        let scheduler = "environment.disk.devices.0.scheduler";
        assert_eq!(intent(&[(scheduler, "none")], &[(scheduler, "bfq")]), Intent::Config);
        let beside = "plan.neighbours";
        assert_eq!(intent(&[(beside, "none")], &[(beside, "bulk")]), Intent::Config);
        let host = "environment.host";
        assert_eq!(intent(&[(host, "cp1")], &[(host, "cp2")]), Intent::Machines);
    }

    #[test]
    fn unknown_is_told_and_never_equal() {
        let found = guarded(&[(KERNEL, "6.1")], &[], Some(Intent::Regression));
        assert_eq!(
            found.differences,
            [Difference {
                field: KERNEL.to_owned(),
                class: DifferenceClass::Noted,
                values: vec![Some("6.1".to_owned()), None],
            }]
        );
    }

    #[test]
    fn another_loop_is_one_obstacle() {
        let a = [("plan.pace", "open"), ("plan.pace.open.burst", "0")];
        let b = [("plan.pace", "closed"), ("plan.pace.closed.clients", "10")];
        assert_eq!(obstacles(&guarded(&a, &b, None)), ["plan.pace"]);
    }

    #[test]
    fn lengths_are_told_when_they_differ_by_more_than_a_tenth() {
        let etcd = "measured.etcd";
        let near = guarded(&[(etcd, "35000000000")], &[(etcd, "36000000000")], None);
        assert!(near.differences.is_empty());
        let far = guarded(&[(etcd, "35000000000")], &[(etcd, "60000000000")], None);
        assert_eq!(far.differences[0].values[1].as_deref(), Some("60 s"));
        assert_eq!(far.differences[0].class, DifferenceClass::Noted);
    }

    #[test]
    fn parts_of_a_field_can_be_allowed() {
        assert!(covers("kernel", KERNEL) && covers("workload", VALUE) && covers(VALUE, VALUE));
        assert!(!covers("val", VALUE) && !covers("workload.kernel", VALUE));
    }
}
