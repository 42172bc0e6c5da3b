//! The loads that go on side by side: one, or one for each class.

use std::sync::Arc;

use super::connection_spec::ConnectionSpec;
use super::feed::OpBudget;
use super::operation::Work;
use super::preload::Preload;
use super::recorder::{RecordingContext, series};
use super::schedule::Span;
use super::watching::Watching;
use crate::plan::{LoadPace, LoadPlan, RateStep};
use crate::record::Series;

/// Sets the schedules of classes against each other, so that what is due at one rate is not due in the same instant as
/// what is due at another: the golden ratio puts any number of them well apart.
const APART: f64 = 0.618_033_988_749_895;

/// One of the loads that go on side by side, and what all its workers share.
pub struct Workload {
    /// Its class; none where there is only one load.
    pub class: Option<String>,
    /// What it does.
    pub work: Arc<Work>,
    /// Where it writes.
    pub context: RecordingContext,
    /// Its series, as [`series`] has them.
    pub series: Arc<[Series]>,
    /// Operations of a closed loop.
    pub budget: Option<Arc<OpBudget>>,
    /// Keys to be written before the load.
    pub preload: Arc<Preload>,
    /// What its watches are to see.
    pub watching: Option<Arc<Watching>>,
    /// Where between two of its arrivals the first lies.
    pub offset: f64,
}

impl Workload {
    /// The part of this number. `archive` is that of the load, with the spans of the whole.
    pub fn new(
        number: usize,
        class: Option<String>,
        work: Arc<Work>,
        context: &RecordingContext,
    ) -> Workload {
        let plan = &work.plan;
        let context = RecordingContext { spans: spans_of(&context.spans, plan), ..context.clone() };
        let total = plan.total.unwrap_or(u64::MAX);
        let closed = matches!(plan.pace, LoadPace::Closed { .. });
        let watching = plan.watch.map(|watch| Watching::new(watch, context.clock));
        let offset = match class {
            Some(_) => ((number + 1) as f64 * APART).fract(),
            None => 0.0,
        };
        Workload {
            series: series(class.as_deref(), plan),
            budget: closed.then(|| Arc::new(OpBudget::new(Arc::clone(&context.spans), total))),
            preload: Arc::new(Preload::new(plan.preload)),
            watching: watching.map(Arc::new),
            offset,
            class,
            context,
            work,
        }
    }

    /// Its connections, dealt out to so many threads from the one with this number on.
    pub fn specs(
        &self,
        addresses: &[super::connection_spec::MemberAddress],
        threads: u32,
        from: u32,
    ) -> Vec<Vec<ConnectionSpec>> {
        let plan = &self.work.plan;
        let connections = plan.connections.max(1);
        let clients = match plan.pace {
            LoadPace::Closed { clients } => clients,
            LoadPace::Open { max_in_flight, .. } => max_in_flight,
        };
        let mut workers = vec![Vec::new(); threads as usize];
        for number in 0..connections {
            let address = &addresses[(from + number) as usize % addresses.len().max(1)];
            let extra = u32::from(number < clients % connections);
            let worker: &mut Vec<ConnectionSpec> =
                &mut workers[((from + number) % threads) as usize];
            worker.push(ConnectionSpec {
                number: number.into(),
                endpoint: address.endpoint.clone(),
                member: address.member,
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
