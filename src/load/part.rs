//! The loads that go on side by side: one, or one for each class.

use std::sync::Arc;

use super::books::{Archive, series};
use super::connections::Berth;
use super::feed::Stock;
use super::operation::Work;
use super::preload::Preload;
use super::schedule::Span;
use super::watching::Watching;
use crate::plan::{LoadPace, LoadPlan, RateStep};
use crate::record::Series;

/// Sets the schedules of classes against each other, so that what is due at one rate is not due in the same instant as
/// what is due at another: the golden ratio puts any number of them well apart.
const APART: f64 = 0.618_033_988_749_895;

/// One of the loads that go on side by side, and what all its workers share.
pub struct Part {
    /// Its class; none where there is only one load.
    pub class: Option<String>,
    /// What it does.
    pub work: Arc<Work>,
    /// Where it writes.
    pub archive: Archive,
    /// Its series, as [`series`] has them.
    pub series: Arc<[Series]>,
    /// Operations of a closed loop.
    pub stock: Option<Arc<Stock>>,
    /// Keys to be written before the load.
    pub preload: Arc<Preload>,
    /// What its watches are to see.
    pub watching: Option<Arc<Watching>>,
    /// Where between two of its arrivals the first lies.
    pub offset: f64,
}

impl Part {
    /// The part of this number. `archive` is that of the load, with the spans of the whole.
    pub fn new(number: usize, class: Option<String>, work: Arc<Work>, archive: &Archive) -> Part {
        let plan = &work.plan;
        let archive = Archive { spans: spans_of(&archive.spans, plan), ..archive.clone() };
        let total = plan.total.unwrap_or(u64::MAX);
        let closed = matches!(plan.pace, LoadPace::Closed { .. });
        let watching = plan.watch.map(|watch| Watching::new(watch, archive.clock));
        let offset = match class {
            Some(_) => ((number + 1) as f64 * APART).fract(),
            None => 0.0,
        };
        Part {
            series: series(class.as_deref(), plan),
            stock: closed.then(|| Arc::new(Stock::new(Arc::clone(&archive.spans), total))),
            preload: Arc::new(Preload::new(plan.preload)),
            watching: watching.map(Arc::new),
            offset,
            class,
            archive,
            work,
        }
    }

    /// Its connections, dealt out to so many threads from the one with this number on.
    pub fn berths(
        &self,
        places: &[super::connections::Place],
        threads: u32,
        from: u32,
    ) -> Vec<Vec<Berth>> {
        let plan = &self.work.plan;
        let connections = plan.connections.max(1);
        let clients = match plan.pace {
            LoadPace::Closed { clients } => clients,
            LoadPace::Open { max_in_flight, .. } => max_in_flight,
        };
        let mut workers = vec![Vec::new(); threads as usize];
        for number in 0..connections {
            let place = &places[(from + number) as usize % places.len().max(1)];
            let extra = u32::from(number < clients % connections);
            let worker: &mut Vec<Berth> = &mut workers[((from + number) % threads) as usize];
            worker.push(Berth {
                number: number.into(),
                endpoint: place.endpoint.clone(),
                member: place.member,
                clients: clients / connections + extra,
            });
        }
        workers
    }
}

/// The phases of a load on its own clock.
pub fn spans(plan: &LoadPlan) -> Arc<[Span]> {
    let steps = plan.steps();
    let burst = match plan.pace {
        LoadPace::Open { burst, .. } => burst,
        LoadPace::Closed { .. } => 0,
    };
    let mut spans = Vec::new();
    if plan.warmup_ns > 0 {
        spans.push(Span {
            measured: false,
            ..span("warmup".into(), plan.warmup_ns, steps.first().map(flat))
        });
    }
    match steps {
        [_, _, ..] => {
            for (index, step) in steps.iter().enumerate() {
                let name = format!("rate.{}", index + 1);
                spans.push(span(name, step.duration_ns, Some(*step)));
            }
        }
        _ => {
            let length_ns = plan.duration_ns.unwrap_or(u64::MAX);
            spans.push(span("steady".into(), length_ns, steps.first().copied()));
        }
    }
    if let Some(first) = spans.iter_mut().find(|span| span.measured) {
        first.burst += burst;
    }
    let mut start_ns = 0_u64;
    for span in &mut spans {
        span.start_ns = start_ns;
        start_ns = start_ns.saturating_add(span.length_ns);
    }
    spans.into()
}

fn span(phase: String, length_ns: u64, step: Option<RateStep>) -> Span {
    Span {
        phase: phase.into(),
        start_ns: 0,
        length_ns,
        from_per_s: step.map_or(0.0, |step| step.from_per_s),
        to_per_s: step.map_or(0.0, |step| step.to_per_s),
        burst: step.map_or(0, |step| step.burst),
        measured: true,
    }
}

/// What a step begins with, held.
fn flat(step: &RateStep) -> RateStep {
    RateStep { to_per_s: step.from_per_s, burst: 0, ..*step }
}

/// The phases of the whole at the rates of a part: those of a closed loop have none.
fn spans_of(whole: &[Span], plan: &LoadPlan) -> Arc<[Span]> {
    let rates = spans(plan);
    let each = whole.iter().enumerate().map(|(index, span)| {
        let rate = rates.get(index).filter(|_| plan.is_open());
        Span {
            from_per_s: rate.map_or(0.0, |rate| rate.from_per_s),
            to_per_s: rate.map_or(0.0, |rate| rate.to_per_s),
            burst: rate.map_or(0, |rate| rate.burst),
            ..span.clone()
        }
    });
    each.collect()
}
