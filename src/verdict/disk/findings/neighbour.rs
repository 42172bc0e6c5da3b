//! What the neighbours did that were asked for: one that could do nothing has shown nothing.

use crate::plan::Neighbour;
use crate::result::{Event, NEIGHBOUR, Severity};

use super::super::evidence::Evidence;
use super::{DiskFinding, Found, NeighbourSays, NeighbourWork};

/// Less than this share of what was asked for is as good as nothing.
const NOTHING: f64 = 0.01;

pub(super) fn find(evidence: &Evidence) -> Vec<Found> {
    let all = evidence.plan.neighbours.iter().enumerate();
    let done: Vec<Option<NeighbourWork>> =
        all.map(|(index, neighbour)| work(evidence, index, neighbour)).collect();
    let says = |index: usize| -> Option<NeighbourSays> {
        let asked = evidence.plan.neighbours.get(index)?.per_second as f64;
        let share = done.get(index)?.as_ref().map_or(0.0, |done| done.per_s / asked);
        Some(if share < NOTHING { NeighbourSays::Alone } else { NeighbourSays::Beside })
    };
    // What each says of the figures is told once, after the last of those that say the same.
    let neighbours = evidence.plan.neighbours.iter().enumerate();
    neighbours
        .map(|(index, neighbour)| {
            let severity = match says(index) {
                Some(NeighbourSays::Beside) => Severity::Info,
                Some(NeighbourSays::Alone) | None => Severity::Warning,
            };
            let own = says(index).filter(|own| says(index + 1) != Some(*own));
            let what = DiskFinding::Neighbour { index, done: done[index].clone(), says: own };
            let found = Found::new(what, severity);
            match &done[index] {
                Some(done) => found
                    .number("asked_per_s", neighbour.per_second as f64)
                    .number("reached_per_s", done.per_s)
                    .number("written_bytes_per_s", done.written_per_s),
                None => found,
            }
        })
        .collect()
}

/// What a neighbour did; `None` when it did not begin.
fn work(evidence: &Evidence, index: usize, neighbour: &Neighbour) -> Option<NeighbourWork> {
    let source = format!("{NEIGHBOUR}.{}", index + 1);
    let counters = evidence.run.counters.iter();
    let own = counters.filter(|counters| counters.source == source);
    let (mut seconds, mut pieces, mut written) = (0.0, 0.0, 0.0);
    for counters in own {
        let grown = |name: &str| counters.values.get(name).copied().unwrap_or(0.0);
        seconds += counters.length_ns as f64 / 1e9;
        pieces += grown(neighbour.kind.counter());
        written += grown("written_bytes");
    }
    (seconds > 0.0).then(|| NeighbourWork {
        per_s: pieces / seconds,
        written_per_s: written / seconds,
        place: place(evidence, &source),
    })
}

/// Where it worked, as its first word told.
fn place(evidence: &Evidence, source: &str) -> Option<String> {
    let text = |event: &Event, field: &str| event.detail.get(field)?.as_str().map(str::to_owned);
    let mut events = evidence.run.events.iter();
    let its = events
        .find(|event| event.kind == NEIGHBOUR && text(event, "source").as_deref() == Some(source));
    its.and_then(|event| text(event, "on"))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Builder, MS, Noise, US};
    use super::*;
    use crate::plan::NeighbourKind;

    fn told(values: &[(&str, f64)]) -> (String, Vec<crate::result::Finding>) {
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
