//! Series that change in one night have one cause: their changes are told as one event.

use jiff::Timestamp;

use crate::trend::schema::{ChangeEvent, ChangePoint, Outcome, SeriesChange, SeriesTrend, Span};

/// The events of a history, oldest first. A change whose night is not sure is part of the event that lies among the
/// nights in which it surely is.
pub(super) fn events(series: &[SeriesTrend]) -> Vec<ChangeEvent> {
    let mut all: Vec<(&str, &ChangePoint)> = series
        .iter()
        .flat_map(|series| series.changes.iter().map(|change| (series.series.as_str(), change)))
        .collect();
    // Those that are sure of their night decide which nights there are.
    all.sort_by_key(|(_, change)| (change.between.is_some(), change.night));
    let mut events: Vec<(ChangeEvent, Vec<(&str, &ChangePoint)>)> = Vec::new();
    for (name, change) in all {
        match events.iter_mut().find(|(event, _)| is_in(change, event)) {
            Some((_, members)) => members.push((name, change)),
            None => {
                let event = ChangeEvent {
                    at: change.at.clone(),
                    night: change.night,
                    last_before: change.last_before.clone(),
                    coincides: change.coincides.clone(),
                    ..ChangeEvent::default()
                };
                events.push((event, vec![(name, change)]));
            }
        }
    }
    events.sort_by_key(|(event, _)| event.night);
    events.into_iter().map(|(event, members)| counted(event, members)).collect()
}

fn is_in(change: &ChangePoint, event: &ChangeEvent) -> bool {
    let moment = |at: &str| at.parse::<Timestamp>().unwrap_or(Timestamp::MIN);
    let holds =
        |span: &Span| (moment(&span.first)..=moment(&span.last)).contains(&moment(&event.at));
    change.night == event.night || change.between.as_ref().is_some_and(holds)
}

fn counted(event: ChangeEvent, mut members: Vec<(&str, &ChangePoint)>) -> ChangeEvent {
    let count = |outcome| members.iter().filter(|(_, change)| change.outcome == outcome).count();
    let (worse, better) = (count(Outcome::Worse), count(Outcome::Better));
    members.sort_by_key(|(_, change)| change.outcome != Outcome::Worse);
    let change = |(name, change): (&str, &ChangePoint)| SeriesChange {
        series: name.to_owned(),
        at: change.at.clone(),
    };
    let changes = members.into_iter().map(change).collect();
    ChangeEvent { changes, worse, better, ..event }
}
