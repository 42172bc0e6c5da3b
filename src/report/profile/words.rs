//! What was seen, in words.

use crate::profile::{Beside, Gap, Part, Source};
use crate::units::significant;

/// The scenario it is like.
pub(super) fn beside(beside: Option<&Beside>) -> String {
    let Some(Beside { scenario, writes, odd }) = beside else {
        return "nothing was written while it was watched".to_owned();
    };
    let whole = format!("{} {scenario}", times(*writes));
    match odd {
        None => format!("{whole}, in all its parts alike"),
        Some((part, ratio)) if *ratio < 0.001 => {
            format!("{whole}, but none of its {}", name(*part))
        }
        Some((part, ratio)) if alike(*ratio) => format!("{whole}, but as many {}", name(*part)),
        Some((part, ratio)) => {
            format!("{whole}, but {} times its {}", significant(*ratio), name(*part))
        }
    }
}

/// `3.2 times`.
fn times(ratio: f64) -> String {
    if alike(ratio) { "as much as".to_owned() } else { format!("{} times", significant(ratio)) }
}

fn alike(ratio: f64) -> bool {
    (0.95..1.05).contains(&ratio)
}

fn name(part: Part) -> &'static str {
    match part {
        Part::NodeLeases => "node-lease writes",
        Part::Nodes => "writes of nodes",
        Part::Pods => "pod writes",
        Part::CustomResources => "custom-resource writes",
        Part::Events => "events",
        Part::Reads => "reads",
        Part::Keys => "keys",
        Part::Watches => "watches",
    }
}

/// What could not be seen.
pub fn gap(gap: &Gap) -> String {
    match gap {
        Gap::NoMetrics(why) => format!("metrics of a member are missing, and with them its part of the reads: {why}"),
        Gap::Restarted(name) => {
            format!("{name} was started anew meanwhile: what its clients asked for is not in it")
        }
        Gap::WatchEnded(why) => format!("the watch ended before its time: {why}"),
        Gap::TooMuch => {
            "there are more prefixes than were told apart; the rest is one class (--requests, --prefix)".to_owned()
        }
        Gap::Interrupted => "it was told to stop before its time".to_owned(),
        Gap::Note(note) => note.clone(),
    }
}

/// Where a rate comes from.
pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::Watch => "counted by the watch",
        Source::Metrics => "growth of grpc_server_handled_total",
        Source::Bytes => "as many ranges as the members counted, with the bytes they sent",
        Source::Apiserver => "what an apiserver does, by its source",
    }
}
