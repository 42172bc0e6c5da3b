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
    /// What is due when, of all machines together.
    pub due: DueOfAll,
}

/// What is due when, of all machines together: each takes what falls to its connections.
pub struct DueOfAll {
    /// The phases, at the rates of all.
    pub spans: Arc<[Span]>,
    /// Measured operations of all.
    pub total: Option<u64>,
    /// Connections of all.
    pub connections: u64,
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
        let offset = offset_of(class.as_deref(), plan, number);
        let due = due_of_all(&context.spans, plan);
        Workload {
            series: series(class.as_deref(), plan),
            budget: closed.then(|| {
                Arc::new(OpBudget::new(Arc::clone(&context.spans), total, plan.slice.clone()))
            }),
            preload: Arc::new(Preload::new(plan.preload)),
            watching: watching.map(Arc::new),
            offset,
            due,
            class,
            context,
            work,
        }
    }

    /// Its connections, dealt out to so many threads from the one with this number on. Of a load that several machines
    /// make, those of this one, each with the number that it has among all.
    pub fn specs(
        &self,
        addresses: &[super::connection_spec::MemberAddress],
        threads: u32,
        from: u32,
    ) -> Vec<Vec<ConnectionSpec>> {
        let plan = &self.work.plan;
        let slice = plan.slice.as_ref();
        let connections = slice.map_or(plan.connections, |slice| slice.connections).max(1);
        let pace = slice.map_or(&plan.pace, |slice| &slice.pace);
        let clients = match *pace {
            LoadPace::Closed { clients } => clients,
            LoadPace::Open { max_in_flight, .. } => max_in_flight,
        };
        let owned: Vec<u32> = match slice {
            Some(slice) => slice.owned().collect(),
            None => (0..connections).collect(),
        };
        // Each machine reaches all members in turn, beginning with another one.
        let first_member = slice.map_or(from, |slice| slice.from + slice.ordinal);
        let mut workers = vec![Vec::new(); threads as usize];
        for (place, number) in (0_u32..).zip(owned) {
            let address = &addresses[(first_member + place) as usize % addresses.len().max(1)];
            let extra = u32::from(number < clients % connections);
            let worker: &mut Vec<ConnectionSpec> =
                &mut workers[((from + place) % threads) as usize];
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

/// Where between two of its arrivals the first of a load lies that stands there among those side by side.
pub(super) fn offset_of(class: Option<&str>, plan: &LoadPlan, number: usize) -> f64 {
    let place = plan.slice.as_ref().map_or(number, |slice| slice.place);
    match class {
        Some(_) => ((place + 1) as f64 * APART).fract(),
        None => 0.0,
    }
}

pub(super) fn due_of_all(phases: &[Span], plan: &LoadPlan) -> DueOfAll {
    match &plan.slice {
        None => DueOfAll {
            spans: phases.into(),
            total: plan.total,
            connections: plan.connections.max(1).into(),
        },
        Some(slice) => {
            let whole = LoadPlan { pace: slice.pace.clone(), total: slice.total, ..plan.clone() };
            DueOfAll {
                spans: spans_of(phases, &whole),
                total: slice.total,
                connections: slice.connections.into(),
            }
        }
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
pub(super) fn spans_of(whole: &[Span], plan: &LoadPlan) -> Arc<[Span]> {
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
