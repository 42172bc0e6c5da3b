//! The first lines: which etcd was driven, with what.

use crate::plan::{
    Arrival, LoadPace, LoadPlan, Placement, RateStep, SizeDistribution, Target, Weighted,
};
use crate::report::subject::RunAndPlan;
use crate::report::text::clean;
use crate::units::{format_bytes, format_count, format_duration, significant};

/// Endpoints told by name.
const ENDPOINTS: usize = 3;

/// Which etcd, of how many members; what load, for how long.
pub fn head(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Vec<String> {
    let mut items = vec![clean(&etcd(page, plan))];
    items.extend(members(page));
    items.push(load(plan));
    items.push(sizes(plan));
    items.push(connections(plan));
    // A throwaway etcd takes its keys with it.
    let left =
        page.run.header.prefix.as_ref().filter(|_| !matches!(plan.target, Target::Local { .. }));
    items.extend(left.map(|prefix| format!("keys below {}", clean(prefix))));
    if page.run.length_ns() > 0 {
        items.push(format_duration(page.run.length_ns()));
    }
    items
}

fn etcd(page: &RunAndPlan<'_>, plan: &LoadPlan) -> String {
    let members = &page.run.header.environment.members;
    let mut versions: Vec<&str> =
        members.iter().map(|m| m.version.as_str()).filter(|v| !v.is_empty()).collect();
    versions.sort_unstable();
    versions.dedup();
    let version = match versions.as_slice() {
        [] => "etcd".to_owned(),
        versions => format!("etcd {}", versions.join(" and ")),
    };
    match &plan.target {
        Target::Local { directory, .. } => {
            format!("throwaway {version} on this machine, in {}", directory.display())
        }
        Target::Endpoints(endpoints) if endpoints.len() <= ENDPOINTS => {
            format!("{version} at {}", endpoints.join(", "))
        }
        Target::Endpoints(endpoints) => {
            format!(
                "{version} at {} and {} more",
                endpoints[..ENDPOINTS].join(", "),
                endpoints.len() - ENDPOINTS
            )
        }
    }
}

fn members(page: &RunAndPlan<'_>) -> Option<String> {
    match page.run.header.environment.members.len() {
        0 => None,
        1 => Some("1 member".to_owned()),
        n => Some(format!("{n} members")),
    }
}

/// `put 2,000/s`, `put 60 %, range 40 % by 100 clients`.
fn load(plan: &LoadPlan) -> String {
    if !plan.classes.is_empty() {
        let scaled = match plan.scale {
            1.0 => String::new(),
            scale => format!(" scaled to {}", significant(scale)),
        };
        return format!("{} classes{scaled}, {}", plan.classes.len(), pace(&plan.pace));
    }
    let some = plan.operations.iter().filter(|w| w.weight > 0.0);
    let done: Vec<&Weighted> = some.collect();
    let weights: f64 = done.iter().map(|weighted| weighted.weight).sum();
    let parts: Vec<String> = match done.as_slice() {
        [only] => vec![only.operation.name().to_owned()],
        several => several
            .iter()
            .map(|w| {
                format!("{} {} %", w.operation.name(), significant(100.0 * w.weight / weights))
            })
            .collect(),
    };
    format!("{} {}", parts.join(", "), pace(&plan.pace))
}

fn pace(pace: &LoadPace) -> String {
    let LoadPace::Open { steps, arrival, burst, .. } = pace else {
        let LoadPace::Closed { clients } = pace else {
            return String::new();
        };
        return match clients {
            1 => "by 1 client".to_owned(),
            n => format!("by {} clients", format_count(u64::from(*n))),
        };
    };
    let rates = match (steps.first(), steps.last()) {
        (Some(only), _) if steps.len() == 1 => rate(only),
        (Some(first), Some(last)) => format!("{} to {}", significant(first.from_per_s), rate(last)),
        _ => String::new(),
    };
    let arrival = match arrival {
        Arrival::Poisson => " at random",
        Arrival::Constant => "",
    };
    let burst = match burst {
        0 => String::new(),
        n => format!(", bursts of {}", format_count(u64::from(*n))),
    };
    format!("{rates}{arrival}{burst}")
}

/// `2,000/s`; while it changes `500 → 1,000/s`.
pub(super) fn rate(step: &RateStep) -> String {
    if step.from_per_s == step.to_per_s {
        format!("{}/s", significant(step.to_per_s))
    } else {
        format!("{} → {}/s", significant(step.from_per_s), significant(step.to_per_s))
    }
}

fn sizes(plan: &LoadPlan) -> String {
    if !plan.classes.is_empty() {
        let parts = plan.parts();
        let before = parts.iter().map(|(_, part)| part.preload).sum();
        return format!("{} keys to begin with", format_count(before));
    }
    let bytes = |size: u32| format_bytes(u64::from(size));
    let (min, max) = (plan.values.min_size, plan.values.max_size);
    let values = match plan.values.distribution {
        SizeDistribution::LogNormal { median, p99 } => {
            format!("{} (p99 {}, at most {})", bytes(median), bytes(p99), bytes(max))
        }
        SizeDistribution::Even if min == max => bytes(max),
        SizeDistribution::Even => format!("{} to {}", bytes(min), bytes(max)),
    };
    format!(
        "{} keys of {}, values of {values}",
        format_count(plan.keys.space),
        format_bytes(u64::from(plan.keys.size))
    )
}

fn connections(plan: &LoadPlan) -> String {
    let noun = if plan.connections == 1 { "connection" } else { "connections" };
    let placed = match &plan.placement {
        Placement::Spread => String::new(),
        Placement::Leader => " to the leader".to_owned(),
        Placement::Followers => " to the followers".to_owned(),
        Placement::Endpoint(endpoint) => format!(" to {}", clean(endpoint)),
    };
    format!("{} {noun}{placed}", format_count(u64::from(plan.connections)))
}
