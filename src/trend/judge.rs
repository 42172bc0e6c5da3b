//! Histories in, judgement out. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::compare::LeftOut;
use crate::rule::history::Settings;
use crate::stats::Detector;
use crate::trend::changes::{self, Found};
use crate::trend::drift::drift;
use crate::trend::events::events;
use crate::trend::history::{History, Night, Track};
use crate::trend::marks::{MarkKind, Marks};
use crate::trend::points::Points;
use crate::trend::question::{Again, Bound, CONFIRM_ALPHA, LatestFound, Question};
use crate::trend::rules::{self, TrendExit};
use crate::trend::schema::{
    HistoryTrend, Latest, LatestVerdict, NightPoint, SeriesTrend, TREND_SCHEMA, Trend,
    TrendSettings, TrendVerdict,
};
use crate::trend::season::{days, factors};
use crate::trend::usual::NIGHT_ALPHA;

/// A change is young for two weeks.
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
    let going_on =
        histories.iter().filter(|history| newest.is_some_and(|newest| !is_over(history, newest)));
    let runs = going_on.flat_map(|history| {
        rules::tonight(history, confirm.iter().find(|other| same(history, other)))
    });
    Trend {
        schema: TREND_SCHEMA.to_owned(),
        verdict,
        headline: format!("{}  {because}", verdict.word()),
        because,
        settings: TrendSettings {
            confirm_nights: settings.confirm_nights,
            recent_days: RECENT_DAYS,
            look_back: settings.look_back,
            night_alpha: NIGHT_ALPHA,
            confirm_alpha: CONFIRM_ALPHA,
            change_p: Detector::DEFAULT.p,
        },
        runs: runs.collect(),
        exit: TrendExit {
            code: verdict.exit().code(),
            causes: verdict.cause().into_iter().collect(),
        },
        histories: judged,
        left_out,
        notes,
        commands: Vec::new(),
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
            LatestVerdict::Regressed => TrendVerdict::Regressed,
            LatestVerdict::Suspected => TrendVerdict::Suspected,
            LatestVerdict::TooFew
            | LatestVerdict::NoValue
            | LatestVerdict::Ended
            | LatestVerdict::Different => TrendVerdict::TooFewNights,
            LatestVerdict::Steady
            | LatestVerdict::Settling
            | LatestVerdict::Better
            | LatestVerdict::Unconfirmed => TrendVerdict::Steady,
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
        let series: Vec<SeriesTrend> =
            history.tracks.iter().map(|track| self.series(track)).collect();
        HistoryTrend {
            scenario: history.scenario.clone(),
            machine: history.machine.clone(),
            distinct_by: history.settings.clone(),
            ended: self.ended,
            nights: nights.collect(),
            events: events(&series),
            series,
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
        let first = nights.len().saturating_sub(self.settings.look_back as usize);
        let points = Points::of(&track, &days(nights), first, &excluded);
        let detected = changes::detect(&points);
        let bounds = self.bounds(&track, &points, &detected.found);
        let latest = self.latest(&track, &points, &bounds);
        let known_from = bounds.iter().rev().find(|bound| bound.known).map_or(0, |bound| bound.at);
        let newest = recent(newest_night(self.history).unwrap_or(Timestamp::MIN));
        let found = detected.found.iter().chain(&latest.fresh);
        let listed = found.clone().filter(|found| found.place.at > known_from).count();
        let describe = |found: &Found| {
            changes::describe(self.history, &track, &points, found, self.marks, newest)
        };
        let changes = found.map(describe).collect();
        let tonight = self.tonight(&track, &points, latest);
        // One change that is listed says as much.
        let drift = drift(&points, &track, nights, known_from).filter(|_| listed != 1);
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
            weekdays: points.season.as_ref().map(factors),
            drift,
            changes,
            tonight,
        }
    }

    /// Lasting changes, and marks that are about none of them.
    fn bounds(&self, track: &Track, points: &Points, found: &[Found]) -> Vec<Bound> {
        let marks = self.marks.about(self.history, &track.name);
        let marked: Vec<usize> = marks
            .filter(|mark| mark.kind != MarkKind::Exclude)
            .filter_map(|mark| mark.when.night(&self.history.nights))
            .collect();
        let night = |found: &Found| points.nights[found.place.at];
        let changes = found.iter().map(|found| Bound {
            at: found.place.at,
            known: marked.iter().any(|mark| changes::is_about(*mark, night(found))),
        });
        let alone = marked
            .iter()
            .filter(|mark| !found.iter().any(|found| changes::is_about(**mark, night(found))));
        let marks = alone.map(|night| Bound { at: points.point_of(*night), known: true });
        let mut bounds: Vec<Bound> = changes.chain(marks).filter(|bound| bound.at > 0).collect();
        bounds.sort_unstable();
        bounds.dedup_by_key(|bound| bound.at);
        bounds
    }

    fn latest(&self, track: &Track, points: &Points, bounds: &[Bound]) -> LatestFound {
        if self.ended {
            let tonight = Latest {
                verdict: LatestVerdict::Ended,
                reason: Some("others have gone on for two weeks since its newest night".to_owned()),
                ..Latest::default()
            };
            return LatestFound { tonight, ..LatestFound::default() };
        }
        let question = Question {
            points,
            bounds,
            worse: track.direction.worse(),
            confirm_nights: self.settings.confirm_nights,
            again: &self.again(track, points),
        };
        question.judge()
    }

    /// What is found, with what the night itself has to say.
    fn tonight(&self, track: &Track, points: &Points, latest: LatestFound) -> Latest {
        let nights = &self.history.nights;
        let LatestFound { mut tonight, since, .. } = latest;
        tonight.since = since.map(|point| nights[points.nights[point]].at.to_string());
        let has_value = points.nights.last().map(|night| night + 1) == Some(nights.len());
        if tonight.verdict == LatestVerdict::Ended {
            return tonight;
        }
        if !has_value {
            let missing = self.no_value(track);
            // What is in force stays so without a new value.
            return match (tonight.verdict, tonight.reason, missing.reason.clone()) {
                (LatestVerdict::Regressed, reason, Some(why)) => {
                    let reason = reason.map_or(why.clone(), |reason| format!("{why}; {reason}"));
                    Latest { value: None, ratio: None, reason: Some(reason), ..tonight }
                }
                _ => missing,
            };
        }
        if tonight.verdict == LatestVerdict::Suspected && tonight.reason.is_none() {
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

    fn no_value(&self, track: &Track) -> Latest {
        let reason = match track.values.last() {
            Some(Some(_)) => "a mark leaves tonight out",
            _ => "tonight's run has no trustworthy value of it",
        };
        Latest {
            verdict: LatestVerdict::NoValue,
            reason: Some(reason.to_owned()),
            ..Latest::default()
        }
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
                (None, Some(value)) => again.values.push(points.to_tonight(value)),
                (None, None) => {}
            }
        }
        again
    }
}
