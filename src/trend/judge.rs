//! Histories in, judgement out. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::compare::LeftOut;
use crate::rule::history::Settings;
use crate::stats::Detector;
use crate::trend::changes;
use crate::trend::history::{History, Night, Track};
use crate::trend::marks::{MarkKind, Marks};
use crate::trend::points::Points;
use crate::trend::schema::{
    ChangePoint, HistoryTrend, NightPoint, SeriesTrend, TREND_SCHEMA, Tonight, TonightVerdict,
    Trend, TrendSettings, TrendVerdict,
};
use crate::trend::tonight::{Again, CONFIRM_ALPHA, MIN_REFERENCE, NIGHT_ALPHA, Question};

/// Nights looked back on: a year.
const LOOK_BACK: usize = 365;
/// A change is an alarm for two weeks; Mozilla's Perfherder does the same.
const RECENT_DAYS: u32 = 14;

/// Judges every history. `confirm` are re-runs of the newest night, as histories of the same scenarios and machines.
pub fn judge(
    histories: &[History],
    confirm: &[History],
    marks: &Marks,
    settings: &Settings,
    left_out: Vec<LeftOut>,
    mut notes: Vec<String>,
) -> Trend {
    let newest = histories.iter().filter_map(newest_night).max();
    let mut judged: Vec<HistoryTrend> = histories
        .iter()
        .map(|history| {
            let again = confirm.iter().find(|other| same(history, other));
            let context = Context {
                history,
                confirm: again,
                marks,
                settings,
                ended: newest.is_some_and(|newest| is_over(history, newest)),
            };
            context.judge()
        })
        .collect();
    judged.sort_by_key(|history| std::cmp::Reverse(verdict_of(history)));
    notes.extend(idle_marks(histories, marks));
    for other in confirm {
        if !histories.iter().any(|history| same(history, other)) {
            notes.push(format!(
                "the re-runs of {} confirm nothing: there is no such history here",
                other.title()
            ));
        }
    }
    let verdict = judged.iter().map(verdict_of).max().unwrap_or(TrendVerdict::TooFewNights);
    let because = super::headline::because(verdict, &judged);
    Trend {
        schema: TREND_SCHEMA.to_owned(),
        verdict,
        headline: format!("{}  {because}", verdict.word()),
        because,
        settings: TrendSettings {
            confirm_nights: settings.confirm_nights,
            recent_days: RECENT_DAYS,
            look_back: LOOK_BACK as u32,
            night_alpha: NIGHT_ALPHA,
            confirm_alpha: CONFIRM_ALPHA,
            change_p: Detector::DEFAULT.p,
        },
        histories: judged,
        left_out,
        notes,
    }
}

fn newest_night(history: &History) -> Option<Timestamp> {
    history.nights.last().map(|night| night.at)
}

fn recent(before: Timestamp) -> Timestamp {
    before
        .checked_sub(SignedDuration::from_hours(24 * i64::from(RECENT_DAYS)))
        .unwrap_or(Timestamp::MIN)
}

/// Nobody runs it any more, while others go on.
fn is_over(history: &History, newest: Timestamp) -> bool {
    newest_night(history).is_none_or(|night| night < recent(newest))
}

fn same(a: &History, b: &History) -> bool {
    a.key == b.key
}

/// The verdict of a history, as it counts for the whole.
pub(super) fn verdict_of(history: &HistoryTrend) -> TrendVerdict {
    let counts = history.series.iter().filter(|series| !series.informational);
    counts
        .map(|series| match series.tonight.verdict {
            TonightVerdict::Regressed => TrendVerdict::Regressed,
            TonightVerdict::Suspected => TrendVerdict::Suspected,
            TonightVerdict::TooFew | TonightVerdict::NoValue | TonightVerdict::Ended => {
                TrendVerdict::TooFewNights
            }
            TonightVerdict::Steady
            | TonightVerdict::Settling
            | TonightVerdict::Better
            | TonightVerdict::Different
            | TonightVerdict::Unconfirmed => TrendVerdict::Steady,
        })
        .max()
        .unwrap_or(TrendVerdict::TooFewNights)
}

/// Marks that are about nothing here: a slip, or a history that is not among the results.
fn idle_marks(histories: &[History], marks: &Marks) -> Vec<String> {
    let idle = marks.all.iter().filter(|mark| {
        !histories.iter().any(|history| {
            mark.is_about(history)
                && history.tracks.iter().any(|track| mark.series.matches(&track.name))
                && match mark.kind {
                    MarkKind::Exclude => history.nights.iter().any(|night| mark.when.is(night)),
                    // What is expected may be in the future.
                    MarkKind::Acknowledge => mark.when.night(&history.nights).is_some(),
                    MarkKind::Expect => true,
                }
        })
    });
    idle.map(|mark| {
        format!("{}: this {} matches no series and night here", mark.place, mark.kind.name())
    })
    .collect()
}

/// A history and what it is judged with.
struct Context<'a> {
    history: &'a History,
    confirm: Option<&'a History>,
    marks: &'a Marks,
    settings: &'a Settings,
    ended: bool,
}

impl Context<'_> {
    fn judge(&self) -> HistoryTrend {
        let history = self.history;
        let nights = history.nights.iter().enumerate().map(|(index, night)| {
            let everywhere = self
                .marks
                .all
                .iter()
                .filter(|mark| mark.kind == MarkKind::Exclude && mark.series.as_str() == "*");
            let mark = everywhere
                .filter(|mark| mark.is_about(history))
                .find(|mark| mark.when.is(&history.nights[index]));
            NightPoint {
                at: night.at.to_string(),
                run_id: night.run_id.clone(),
                source: night.source.clone(),
                note: night.note.clone(),
                excluded: mark.map(|mark| mark.note.clone()),
            }
        });
        HistoryTrend {
            scenario: history.scenario.clone(),
            machine: history.machine.clone(),
            distinct_by: history.settings.clone(),
            ended: self.ended,
            nights: nights.collect(),
            series: history.tracks.iter().map(|track| self.series(track)).collect(),
        }
    }

    fn series(&self, track: &Track) -> SeriesTrend {
        let mut track = track.clone();
        track.min_difference = self.settings.min_difference.unwrap_or(track.min_difference);
        let nights = &self.history.nights;
        let excluded = |night: usize| {
            self.marks
                .about(self.history, &track.name)
                .any(|mark| mark.kind == MarkKind::Exclude && mark.when.is(&nights[night]))
        };
        let first = nights.len().saturating_sub(LOOK_BACK);
        let points = Points::of(&track, first, &excluded);
        let detected = changes::detect(&points);
        let newest = newest_night(self.history).unwrap_or(Timestamp::MIN);
        let changes = changes::describe(
            self.history,
            &track,
            &points,
            &detected.at,
            self.marks,
            recent(newest),
        );
        let tonight = self.tonight(&track, &points, &changes);
        SeriesTrend {
            series: track.name,
            unit: track.unit,
            direction: track.direction,
            informational: track.informational,
            values: track.values,
            counted: points.len(),
            noise: points.noise(),
            correlation: detected.correlation,
            logarithmic: points.scale.logarithmic,
            changes,
            tonight,
        }
    }

    fn tonight(&self, track: &Track, points: &Points, changes: &[ChangePoint]) -> Tonight {
        let nights = &self.history.nights;
        if self.ended {
            return Tonight {
                verdict: TonightVerdict::Ended,
                reason: Some("others have gone on for two weeks since its newest night".to_owned()),
                ..Tonight::default()
            };
        }
        if points.nights.last().map(|night| night + 1) != Some(nights.len()) {
            return self.no_value(track);
        }
        let marked = self.last_mark(track, points);
        let place = |change: &ChangePoint| points.point_of(change.night);
        let mut question = Question {
            points,
            start: marked,
            worse: track.direction.worse(),
            confirm_nights: self.settings.confirm_nights,
            again: &self.again(track, points),
        };
        let told = alarm(track, points, changes).and_then(|index| {
            let start = index.checked_sub(1).map_or(0, |before| place(&changes[before]));
            question.start = start.max(marked);
            question.since(place(&changes[index]))
        });
        let (mut tonight, first_bad) = told.unwrap_or_else(|| {
            // A young change is not yet the usual: its nights are held against those before it.
            let old = changes.iter().rfind(|change| change.nights.1 > MIN_REFERENCE);
            question.start = old.map_or(0, place).max(marked);
            question.judge()
        });
        if tonight.verdict == TonightVerdict::TooFew && marked > 0 && question.start == marked {
            tonight.verdict = TonightVerdict::Settling;
        }
        tonight.since = first_bad.map(|point| nights[points.nights[point]].at.to_string());
        if tonight.verdict == TonightVerdict::Suspected && tonight.reason.is_none() {
            tonight.reason = nights
                .last()
                .and_then(|night| self.unusual(night))
                .map(|what| format!("in this night, unlike most: {what}"));
        }
        tonight
    }

    /// How a night was disturbed, where most of the history are not.
    fn unusual<'n>(&self, night: &'n Night) -> Option<&'n str> {
        let nights = &self.history.nights;
        let disturbed = nights.iter().filter(|night| night.disturbed.is_some());
        let usual = 2 * disturbed.count() > nights.len();
        night.disturbed.as_deref().filter(|_| !usual)
    }

    fn no_value(&self, track: &Track) -> Tonight {
        let reason = match track.values.last() {
            Some(Some(_)) => "a mark leaves tonight out",
            _ => "tonight's run has no trustworthy value of it",
        };
        Tonight {
            verdict: TonightVerdict::NoValue,
            reason: Some(reason.to_owned()),
            ..Tonight::default()
        }
    }

    /// Where the last acknowledged or expected change begins, as a point.
    fn last_mark(&self, track: &Track, points: &Points) -> usize {
        let marks = self.marks.about(self.history, &track.name);
        marks
            .filter(|mark| mark.kind != MarkKind::Exclude)
            .filter_map(|mark| mark.when.night(&self.history.nights))
            .map(|night| points.point_of(night))
            .max()
            .unwrap_or(0)
    }

    /// What re-runs say of a series. Those made while somebody else had the CPUs say nothing: they would confirm the
    /// disturbance.
    fn again(&self, track: &Track, points: &Points) -> Again {
        let mut again = Again::default();
        let Some(history) = self.confirm else {
            return again;
        };
        let values = history
            .tracks
            .iter()
            .find(|other| other.name == track.name)
            .map(|other| other.values.as_slice())
            .unwrap_or_default();
        let usable = |v: &f64| v.is_finite() && (*v > 0.0 || !points.scale.logarithmic);
        for (night, value) in history.nights.iter().zip(values) {
            match (self.unusual(night), value.filter(usable)) {
                (Some(what), _) => again.disturbed = Some(what.to_owned()),
                (None, Some(value)) => again.values.push(points.scale.to(value)),
                (None, None) => {}
            }
        }
        again
    }
}

/// The first of the young changes that nobody has marked, if all of them together are for the worse.
fn alarm(track: &Track, points: &Points, changes: &[ChangePoint]) -> Option<usize> {
    let known = |change: &ChangePoint| change.mark.is_some() || !change.recent;
    let index = changes.iter().rposition(known).map_or(0, |last| last + 1);
    let scale = points.scale;
    let before = scale.to(changes.get(index)?.before);
    let after = scale.to(changes.last()?.after);
    let worse = track.direction.worse()? * (after - before) > 0.0;
    (worse && scale.matters(before, after)).then_some(index)
}
