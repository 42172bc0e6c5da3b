//! What must be the same in all parts, or else they are no load.

use jiff::Timestamp;

use super::shard::Shard;
use crate::error::{Error, Result};
use crate::result::ClockOffset;
use crate::units::format_duration;

/// Clocks may be this far apart: a second is put together of what happened within it.
pub const CLOCKS_APART_NS: u64 = 10_000_000;

/// The parts in their order, where they belong together.
///
/// # Errors
/// [`Error::Refused`] with the figure and the way out.
pub fn checked(mut shards: Vec<Shard>) -> Result<Vec<Shard>> {
    shards.sort_by_key(|shard| shard.part.index);
    let Some((first, others)) = shards.split_first() else {
        return Ok(shards);
    };
    for other in others {
        same_load(first, other)?;
    }
    for pair in shards.windows(2) {
        twice(&pair[0], &pair[1])?;
    }
    for other in others {
        same_beginning(first, other)?;
        same_members(first, other)?;
    }
    clocks(&shards)?;
    Ok(shards)
}

fn named(shard: &Shard) -> String {
    let host = &shard.header.environment.host;
    format!("{} (part {}/{}, {host})", shard.path.display(), shard.part.index, shard.part.of)
}

fn same_load(first: &Shard, other: &Shard) -> Result<()> {
    let (a, b) = (&first.header.tool.version, &other.header.tool.version);
    if a != b {
        return Err(Error::Refused(format!(
            "{} was made by etcdbench {a} and {} by {b}: what they measure may differ; run one version on all machines",
            named(first),
            named(other)
        )));
    }
    let (a, b) = (&first.part.plan_hash, &other.part.plan_hash);
    if a != b {
        return Err(Error::Refused(format!(
            "{} is of plan {a} and {} of plan {b}: they are no parts of one load; start all machines with the same words \
             but for the number of the part ('etcdbench load … --dry-run' shows the plan)",
            named(first),
            named(other)
        )));
    }
    Ok(())
}

fn twice(one: &Shard, other: &Shard) -> Result<()> {
    if one.part.index != other.part.index {
        return Ok(());
    }
    let why = match one.header.run_id == other.header.run_id {
        true => "they are the same run; name it once".to_owned(),
        false => format!(
            "two machines made it (runs {} and {}), and sent it twice; give each a number of its own",
            one.header.run_id, other.header.run_id
        ),
    };
    Err(Error::Refused(format!(
        "part {}/{} is there twice, in {} and in {}: {why}",
        one.part.index,
        one.part.of,
        one.path.display(),
        other.path.display()
    )))
}

/// When a part began, on the common clock.
pub fn began(shard: &Shard) -> Option<i128> {
    let (_, start) = shard.start.as_ref()?;
    let start = start.parse::<Timestamp>().ok()?;
    Some(start.as_nanosecond() + i128::from(shard.part.clock.map_or(0, |clock| clock.offset_ns)))
}

fn same_beginning(first: &Shard, other: &Shard) -> Result<()> {
    let (Some(a), Some(b)) = (began(first), began(other)) else {
        let not_begun = if began(first).is_none() { first } else { other };
        return Err(Error::Refused(format!(
            "{} never began its load: it was ended before, or could not; leave it out, and say --allow-missing if the \
             others are to be judged",
            named(not_begun)
        )));
    };
    let apart = a.abs_diff(b);
    if apart <= u128::from(CLOCKS_APART_NS) {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{} began {} {} {}: they are no parts of one load; start all machines for the same --start-at, or let them meet",
        named(other),
        format_duration(u64::try_from(apart).unwrap_or(u64::MAX)),
        if b > a { "after" } else { "before" },
        named(first)
    )))
}

fn same_members(first: &Shard, other: &Shard) -> Result<()> {
    let ids = |shard: &Shard| -> Vec<String> {
        let members = shard.header.environment.members.iter();
        members.map(|member| member.id.clone()).collect()
    };
    let (a, b) = (ids(first), ids(other));
    let differ = a.len() != b.len()
        || a.iter().zip(&b).any(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
    match differ {
        true => Err(Error::Refused(format!(
            "{} met the members {} and {} the members {}: whose figure is whose cannot be told; give all machines the same \
             --endpoints in the same order",
            named(first),
            a.join(", "),
            named(other),
            b.join(", ")
        ))),
        false => Ok(()),
    }
}

/// How far the clocks are apart at most, with the doubt about it; nothing where nobody compared them.
pub fn apart_ns(shards: &[Shard]) -> Option<u64> {
    let middle = middle(shards)?;
    let each = shards.iter().filter_map(|shard| shard.part.clock);
    each.map(|clock| off_by(clock, middle)).max()
}

fn off_by(clock: ClockOffset, middle: i64) -> u64 {
    clock.offset_ns.abs_diff(middle).saturating_add(clock.error_ns)
}

/// What most clocks agree on: the meeting point's own may be the one that is off.
fn middle(shards: &[Shard]) -> Option<i64> {
    let clocks = shards.iter().filter_map(|shard| shard.part.clock);
    let mut offsets: Vec<i64> = clocks.map(|clock| clock.offset_ns).collect();
    offsets.sort_unstable();
    offsets.get(offsets.len().checked_sub(1)? / 2).copied()
}

fn clocks(shards: &[Shard]) -> Result<()> {
    let Some(middle) = middle(shards) else {
        return Ok(());
    };
    let off = |shard: &&Shard| {
        shard.part.clock.is_some_and(|clock| off_by(clock, middle) > CLOCKS_APART_NS)
    };
    let Some((shard, clock)) = shards.iter().find(off).and_then(|s| Some((s, s.part.clock?)))
    else {
        return Ok(());
    };
    Err(Error::Refused(format!(
        "the clock of {} is {} {} the others (give or take {}), and more than {} cannot be put together second by second; \
         have it set by NTP or PTP (chronyc tracking) and run the load again",
        named(shard),
        format_duration(clock.offset_ns.abs_diff(middle)),
        if clock.offset_ns > middle { "behind" } else { "before" },
        format_duration(clock.error_ns),
        format_duration(CLOCKS_APART_NS)
    )))
}
