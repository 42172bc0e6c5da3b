//! What the neighbours did that were asked for: one that could do nothing has shown nothing.

use crate::plan::Neighbour;
use crate::result::{Event, Finding, NEIGHBOUR, Severity};
use crate::units;

use super::super::evidence::Evidence;
use super::{Complete, finding};

/// Less than this share of what was asked for is as good as nothing.
const NOTHING: f64 = 0.01;

pub(super) fn find(evidence: &Evidence) -> Vec<Finding> {
    let all = evidence.plan.neighbours.iter().enumerate();
    let told = all.map(|(index, neighbour)| one(evidence, index, neighbour));
    let mut told: Vec<Finding> = told.collect();
    // Once is enough, after the last of them.
    for index in 1..told.len() {
        if told[index - 1].advice == told[index].advice {
            told[index - 1].advice = None;
        }
    }
    told
}

fn one(evidence: &Evidence, index: usize, neighbour: &Neighbour) -> Finding {
    let source = format!("{NEIGHBOUR}.{}", index + 1);
    let asked = neighbour.kind.rate(neighbour.per_second as f64);
    let name = neighbour.kind.name();
    let Some(done) = Done::of(evidence, &source, neighbour) else {
        let message = format!("The neighbour {name} was to do {asked} and did not begin to work.");
        return finding(NEIGHBOUR, Severity::Warning, message).advise(ALONE);
    };
    let place = place(evidence, &source);
    let reached = neighbour.kind.rate(done.per_second);
    let share = done.per_second / neighbour.per_second as f64;
    let wrote = match neighbour.kind.counter() {
        "written_bytes" | "read_bytes" => String::new(),
        _ => format!(" ({}/s)", units::format_bytes(done.written_per_s.round() as u64)),
    };
    let message = format!(
        "These figures are with a neighbour: {name} did {reached}{wrote} of the {asked} asked for, on {place}."
    );
    let (severity, advice) =
        if share < NOTHING { (Severity::Warning, ALONE) } else { (Severity::Info, BESIDE) };
    finding(NEIGHBOUR, severity, message)
        .advise(advice)
        .number("asked_per_s", neighbour.per_second as f64)
        .number("reached_per_s", done.per_second)
        .number("written_bytes_per_s", done.written_per_s)
}

/// Where its work has had something to do with it.
const BESIDE: &str = "How much worse than alone that is: etcdbench compare ALONE.jsonl BESIDE.jsonl, or etcdbench run neighbours for \
     all kinds in turn.";
/// Where it has not.
const ALONE: &str =
    "What it does to etcd was not seen: these figures are as good as those of the disk alone.";

/// What a neighbour did while the disk was under load.
struct Done {
    per_second: f64,
    written_per_s: f64,
}

impl Done {
    fn of(evidence: &Evidence, source: &str, neighbour: &Neighbour) -> Option<Done> {
        let counters = evidence.run.counters.iter();
        let own = counters.filter(|counters| counters.source == source);
        let (mut seconds, mut pieces, mut written) = (0.0, 0.0, 0.0);
        for counters in own {
            let grown = |name: &str| counters.values.get(name).copied().unwrap_or(0.0);
            seconds += counters.length_ns as f64 / 1e9;
            pieces += grown(neighbour.kind.counter());
            written += grown("written_bytes");
        }
        (seconds > 0.0)
            .then(|| Done { per_second: pieces / seconds, written_per_s: written / seconds })
    }
}

/// Where it worked, as its first word told.
fn place(evidence: &Evidence, source: &str) -> String {
    let text = |event: &Event, field: &str| event.detail.get(field)?.as_str().map(str::to_owned);
    let mut events = evidence.run.events.iter();
    let its = events
        .find(|event| event.kind == NEIGHBOUR && text(event, "source").as_deref() == Some(source));
    let on = its.and_then(|event| text(event, "on"));
    on.unwrap_or_else(|| "a file system that is not known".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Builder, MS, Noise, US};
    use super::*;
    use crate::plan::NeighbourKind;

    fn told(values: &[(&str, f64)]) -> (String, Vec<Finding>) {
        let sync = |noise: &mut Noise, _| noise.lognormal(300 * US, 0.3);
        let commit = |noise: &mut Noise, _| noise.lognormal(2 * MS, 0.3);
        let mut builder =
            Builder::new(1).neighbour(NeighbourKind::Bulk, 64 << 20).etcd(20, 100, sync, commit);
        if !values.is_empty() {
            builder = builder.counters_of("etcd", "neighbour.1", values);
        }
        let summary = builder.conclude();
        let mut findings = summary.findings;
        findings.retain(|finding| finding.code == NEIGHBOUR);
        (summary.headline, findings)
    }

    #[test]
    fn what_it_did_is_told_beside_what_was_asked_for() {
        let (headline, findings) = told(&[("written_bytes", 12.0 * 1_048_576.0)]);
        assert!(headline.ends_with("; beside a neighbour: bulk (64 MiB/s)"), "{headline}");
        let [one] = findings.as_slice() else {
            panic!("{findings:?}");
        };
        assert_eq!(one.severity, Severity::Info);
        assert_eq!(
            one.message,
            "These figures are with a neighbour: bulk did 12 MiB/s of the 64 MiB/s asked for, on a file system that is \
             not known."
        );
    }

    #[test]
    fn one_that_did_nothing_is_no_neighbour() {
        for values in [&[("written_bytes", 1.0)][..], &[]] {
            let (_, findings) = told(values);
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].severity, Severity::Warning);
            let advice = findings[0].advice.as_deref().unwrap_or_default();
            assert!(advice.contains("as good as those of the disk alone"));
        }
    }
}
