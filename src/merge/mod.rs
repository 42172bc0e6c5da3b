//! Results that several machines left of one load become one: histograms are added up per phase, series, member and
//! second; events, errors and stalls are put side by side on one clock. The outcome is a result like any other.

mod agree;
mod events;
mod figures;
mod inputs;
mod late;
mod lines;
mod pile;
mod request;
mod shard;
mod tally;

use crate::error::Result;
use crate::result::{self, Conclude, Line, Writer};
use crate::session::{Finished, RESULTS};

pub use request::Request;

/// Merges them.
///
/// # Errors
/// [`Error::Io`](crate::error::Error::Io) and [`Error::Damaged`](crate::error::Error::Damaged) for what cannot be read,
/// [`Error::Refused`](crate::error::Error::Refused) with the figure and the way out for parts that do not belong
/// together; nothing is written then.
pub fn run(request: &Request, conclude: Conclude) -> Result<Finished> {
    let (shards, pile) = inputs::read(&request.inputs)?;
    let shards = agree::checked(shards)?;
    let merged = lines::of(shards, pile, request)?;
    let path = match &request.output {
        Some(path) => path.clone(),
        None => result::default_path(std::path::Path::new(RESULTS), &merged.header),
    };
    let mut writer = Writer::create(&path, &merged.header)?;
    for line in &merged.lines {
        writer.write(line)?;
    }
    let run = result::read(&path)?;
    let summary = conclude(&run, merged.complete, merged.interrupted, merged.ended_at);
    writer.write(&Line::Summary(summary.clone()))?;
    writer.finish()?;
    Ok(Finished { path, run, summary, error: None, leftover: None })
}
