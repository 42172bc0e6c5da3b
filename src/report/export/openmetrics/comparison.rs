//! The metrics of a comparison.

use super::{Family, Labels, label};
use crate::compare::{Comparison, Contrast, Effect, Metric, MetricVerdict, Outcome};

const OUTCOMES: [(Outcome, &str); 6] = [
    (Outcome::NotComparable, "not_comparable"),
    (Outcome::NoVerdict, "no_verdict"),
    (Outcome::Inconclusive, "inconclusive"),
    (Outcome::Unchanged, "unchanged"),
    (Outcome::Improved, "improved"),
    (Outcome::Regressed, "regressed"),
];
const VERDICTS: [(MetricVerdict, &str); 6] = [
    (MetricVerdict::Improved, "improved"),
    (MetricVerdict::Regressed, "regressed"),
    (MetricVerdict::Unchanged, "unchanged"),
    (MetricVerdict::Inconclusive, "inconclusive"),
    (MetricVerdict::NotResolvable, "not_resolvable"),
    (MetricVerdict::Invalid, "invalid"),
];

/// All of them.
pub(super) fn families(found: &Comparison) -> Vec<Family> {
    let outcome = OUTCOMES.iter().find(|(outcome, _)| *outcome == found.outcome);
    let outcome = outcome.map_or("", |(_, word)| word);
    let metrics: Vec<(Labels, &Metric)> =
        found.contrasts.iter().flat_map(|contrast| labelled(found, contrast)).collect();
    let mut verdicts = Family::new("etcdbench_compare_verdict", "What follows for a metric.");
    for (labels, metric) in &metrics {
        let mut labels = labels.clone();
        labels.push(label("indicative", metric.indicative.to_string()));
        let words = VERDICTS.map(|(_, word)| word);
        let holds = VERDICTS.iter().find(|(verdict, _)| *verdict == metric.verdict);
        verdicts = verdicts.one_of(&labels, "verdict", words, holds.map_or("", |(_, word)| word));
    }
    let mut all = vec![
        Family::new("etcdbench_compare_outcome", "What the comparison amounts to.").one_of(
            &Vec::new(),
            "outcome",
            OUTCOMES.map(|(_, word)| word),
            outcome,
        ),
        Family::new(
            "etcdbench_compare_exit_code",
            "3 where something that decides is worse and confirmed, 4 where nothing can be said.",
        )
        .with([(Vec::new(), f64::from(found.exit_code))]),
        verdicts,
    ];
    all.extend(effects(&metrics, false, RATIOS));
    all.extend(effects(&metrics, true, DIFFERENCES));
    all
}

/// Name and meaning of a value and of the ends of its interval.
type Names = [(&'static str, &'static str); 3];

const RATIOS: Names = [
    ("etcdbench_compare_ratio", "A metric of b over that of the baseline a."),
    ("etcdbench_compare_ratio_low", "Lower end of its 95 % interval."),
    ("etcdbench_compare_ratio_high", "Upper end of its 95 % interval."),
];
const DIFFERENCES: Names = [
    ("etcdbench_compare_difference", "A share of b less that of the baseline a."),
    ("etcdbench_compare_difference_low", "Lower end of its 95 % interval."),
    ("etcdbench_compare_difference_high", "Upper end of its 95 % interval."),
];

/// Effects of shares, or of all else; none where too few samples stand behind the metric.
fn effects(metrics: &[(Labels, &Metric)], shares: bool, names: Names) -> Vec<Family> {
    let values: [fn(&Effect) -> Option<f64>; 3] =
        [|effect| Some(effect.value), |effect| effect.low, |effect| effect.high];
    names
        .into_iter()
        .zip(values)
        .map(|((name, help), value)| {
            let judged = metrics.iter().filter(|(_, metric)| {
                metric.stat.is_share() == shares && metric.verdict.is_judged()
            });
            Family::new(name, help).with(judged.filter_map(|(labels, metric)| {
                Some((labels.clone(), value(metric.effect.as_ref()?)?))
            }))
        })
        .collect()
}

/// Each metric of a contrast with the labels that name it.
fn labelled<'a>(found: &Comparison, contrast: &'a Contrast) -> Vec<(Labels, &'a Metric)> {
    let name = |letter: &str| {
        let side = found.sides.iter().find(|side| side.letter == letter);
        side.map_or(letter, |side| side.name.as_str()).to_owned()
    };
    let (a, b) = (name(&contrast.a), name(&contrast.b));
    let labels = |metric: &Metric| {
        vec![
            label("a", a.as_str()),
            label("b", b.as_str()),
            label("phase", metric.phase.as_str()),
            label("series", metric.series.as_str()),
            label("stat", metric.stat.name()),
            label("primary", metric.primary.to_string()),
        ]
    };
    contrast.metrics.iter().map(|metric| (labels(metric), metric)).collect()
}
