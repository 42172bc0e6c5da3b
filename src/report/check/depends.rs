//! What depends on the cluster, and how near its longest stall comes to each.

use crate::diagnosis::{Checked, Stall};
use crate::plan::Dependent;
use crate::report::page::{Cell, Column, Row, Table};
use crate::units::format_duration;

/// A stall of this share of a limit is told as near.
const NEAR: f64 = 0.5;

/// The table; nothing where no request was sent.
pub(super) fn depends(check: &Checked) -> Option<Table> {
    let (stall, timeouts) = (check.longest_stall?, check.timeouts?);
    let row = |(dependent, limit_ns): (Dependent, u64)| {
        Row::new([
            Cell::new(what(dependent)),
            Cell::new(format_duration(limit_ns)),
            Cell::new(times(stall, limit_ns)),
            Cell::new(told(dependent, stall, limit_ns)),
        ])
    };
    let at_least = if stall.at_least { "at least " } else { "" };
    Some(Table {
        caption: format!(
            "The longest write or confirmed read took {at_least}{}",
            format_duration(stall.ns)
        ),
        columns: vec![
            Column::text("what depends on it"),
            Column::number("gives up after"),
            Column::number("that is"),
            Column::prose("so"),
        ],
        rows: timeouts.limits().into_iter().map(row).collect(),
        ..Table::default()
    })
}

fn what(dependent: Dependent) -> &'static str {
    match dependent {
        Dependent::Readyz => "apiserver: readyz",
        Dependent::Renewal => "one renewal of a leader's lease",
        Dependent::RenewDeadline => "controller manager, scheduler: renew deadline",
        Dependent::Lease => "their lease",
        Dependent::Nodes => "nodes: heartbeat's grace period",
    }
}

pub(super) fn consequence(dependent: Dependent) -> &'static str {
    match dependent {
        Dependent::Readyz => "the apiserver is taken out of its load balancer",
        Dependent::Renewal => "a renewal fails, and is tried again",
        Dependent::RenewDeadline => "controller manager and scheduler exit",
        Dependent::Lease => "another one takes over as leader",
        Dependent::Nodes => "nodes turn NotReady",
    }
}

/// How many times the stall fits into the limit.
fn times(stall: Stall, limit_ns: u64) -> String {
    let times = limit_ns as f64 / stall.ns.max(1) as f64;
    let most = if stall.at_least { "at most " } else { "" };
    match times {
        t if t >= 10.0 => format!("{most}{t:.0} times the stall"),
        t => format!("{most}{t:.1} times the stall"),
    }
}

fn told(dependent: Dependent, stall: Stall, limit_ns: u64) -> String {
    let share = stall.ns as f64 / limit_ns.max(1) as f64;
    match share {
        s if s >= 1.0 => format!("broken: {}", consequence(dependent)),
        s if s >= NEAR => format!("near: {}", consequence(dependent)),
        _ if stall.at_least => "not known: a request was given up".to_owned(),
        _ => "holds".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Timeouts;

    const S: u64 = 1_000_000_000;

    fn check(ns: u64, at_least: bool) -> Checked {
        Checked {
            longest_stall: Some(Stall { ns, at_least }),
            timeouts: Some(Timeouts::DEFAULT),
            ..Checked::default()
        }
    }

    fn column(check: &Checked, at: usize) -> Vec<String> {
        let table = depends(check).unwrap();
        table.rows.iter().map(|row| row.cells[at].text.to_string()).collect()
    }

    #[test]
    fn each_tells_whether_it_holds() {
        let told = column(&check(6 * S, false), 3);
        assert!(
            told[0].starts_with("broken: the apiserver")
                && told[1].starts_with("broken: a renewal")
        );
        assert_eq!(
            (told[2].as_str(), told[4].as_str()),
            ("near: controller manager and scheduler exit", "holds")
        );
        assert_eq!(column(&check(S, false), 2)[3], "15 times the stall");
    }

    #[test]
    fn a_request_that_was_given_up_leaves_the_longer_limits_open() {
        let told = column(&check(5 * S, true), 3);
        assert!(told[1].starts_with("broken"), "{told:?}");
        assert!(told[4].starts_with("not known"), "{told:?}");
        assert!(depends(&Checked::default()).is_none());
    }
}
