//! The members' own view: what their metrics say, beside what their clients see. Their histograms have fixed bounds, so
//! a 99th percentile is told by the two it lies between.

use super::{member_name, shown};
use crate::plan::LoadPlan;
use crate::report::subject::RunAndPlan;
use crate::report::words::Table;
use crate::report::words::quantiles::told;
use crate::result::{BucketSummary, MemberSummary, SeriesSummary};
use crate::units::{format_between, format_bytes, significant};

/// A row per member; none where no metrics could be read.
pub fn members(page: &RunAndPlan<'_>, plan: &LoadPlan) -> Table {
    let told = &page.summary.members;
    let known = page.run.header.environment.members.len() as u32;
    if told.is_empty() {
        return Table::default();
    }
    let strands = plan.strands();
    let operation = strands.first().map(|strand| format!("{}.service", strand.name));
    let rows = (0..known.max(1))
        .map(|member| {
            let view = told.iter().find(|view| view.member == member);
            row(page, member, view, operation.as_deref())
        })
        .collect();
    let client = operation
        .as_deref()
        .map_or_else(String::new, |name| format!("{} p99", name.replace(".service", "")));
    let head = [
        "member".to_owned(),
        client,
        "fsync p99".to_owned(),
        "commit p99".to_owned(),
        "apply p99".to_owned(),
        "peer rtt p99".to_owned(),
        "CPU".to_owned(),
        "memory".to_owned(),
        "database".to_owned(),
        "in use".to_owned(),
    ];
    Table { head: head.to_vec(), rows, names: 1 }
}

fn row(
    page: &RunAndPlan<'_>,
    member: u32,
    view: Option<&MemberSummary>,
    series: Option<&str>,
) -> Vec<String> {
    let leads = match view {
        Some(view) => view.leader,
        None => page
            .run
            .header
            .environment
            .members
            .get(member as usize)
            .is_some_and(|facts| facts.leader),
    };
    let name = member_name(page.run, member);
    let mut row = vec![if leads { format!("{name} leader") } else { name }];
    let figures = shown(page)
        .zip(series)
        .and_then(|(phase, series)| page.figures(&phase.name, series, Some(member)));
    row.push(figures.map_or_else(String::new, p99));
    let Some(view) = view else {
        row.push("no metrics".to_owned());
        row.resize(10, String::new());
        return row;
    };
    let histograms = [&view.wal_fsync, &view.backend_commit, &view.apply, &view.peer_rtt];
    row.extend(histograms.map(|figures| figures.as_ref().map_or_else(String::new, bracket)));
    row.push(
        view.cpu_cores.map_or_else(String::new, |cores| format!("{} cores", significant(cores))),
    );
    row.extend(
        [view.resident_bytes, view.db_bytes, view.db_in_use_bytes]
            .map(|b| b.map_or_else(String::new, format_bytes)),
    );
    row
}

/// The 99th percentile that a member's clients see.
fn p99(figures: &SeriesSummary) -> String {
    let found = told(figures).values.into_iter().find(|(name, _)| *name == "p99");
    match found {
        Some((_, value)) if value == "–" => value,
        Some((_, value)) => format!("{value} ms"),
        None => String::new(),
    }
}

fn bracket(figures: &BucketSummary) -> String {
    format_between(figures.p99_above_ns, figures.p99_at_most_ns)
}
