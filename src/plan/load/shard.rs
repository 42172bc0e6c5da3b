//! Which machine's part of a load this is, and when all begin.

use jiff::Timestamp;

use super::{LoadPlan, Shard, Start, Target};
use crate::error::{Error, Result, usage};
use crate::etcd::{Secret, Security};
use crate::plan::meeting;
use crate::spec::LoadSpec;

/// Machines of one load.
pub const MAX_SHARDS: u32 = 1_000;

impl Shard {
    /// Reads `3/8`.
    ///
    /// # Errors
    /// A message with the form that is right.
    pub fn parse(text: &str) -> std::result::Result<Shard, String> {
        let numbers = text.split_once('/').and_then(|(index, of)| {
            Some(Shard { index: index.trim().parse().ok()?, of: of.trim().parse().ok()? })
        });
        let Some(shard) = numbers else {
            return Err(format!("'{text}' is no part of a load; write the third of eight as 3/8"));
        };
        if !(1..=MAX_SHARDS).contains(&shard.of) {
            return Err(format!(
                "a load may be made by 1 to {MAX_SHARDS} machines, not {}",
                shard.of
            ));
        }
        if !(1..=shard.of).contains(&shard.index) {
            return Err(format!(
                "there is no part {} of {}; they are numbered 1 to {}",
                shard.index, shard.of, shard.of
            ));
        }
        Ok(shard)
    }

    /// Whether what only one machine does falls to this one.
    pub fn is_first(self) -> bool {
        self.index == 1
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{}/{}", self.index, self.of)
    }
}

/// What a plan is to be a part of, and when it begins.
pub(super) fn resolve(args: &LoadSpec, plan: &mut LoadPlan) -> Result<()> {
    let shard = args.shard.as_deref().map(Shard::parse).transpose();
    let shard = shard.map_err(|why| usage(&["--shard"], format!("--shard: {why}")))?;
    plan.start = start(args)?;
    // One of one is the whole, and no other plan than that of a load of which nobody said it.
    plan.shard = shard.filter(|shard| shard.of > 1);
    let Some(shard) = plan.shard else {
        return Ok(());
    };
    if matches!(plan.target, Target::Local { .. }) {
        return Err(usage(
            &["--shard", "--local"],
            "--shard is about one etcd that several machines drive, and --local starts one on each of them; name the \
             etcd with --endpoints",
        ));
    }
    if plan.classes.is_empty() {
        divisible(plan, shard)?;
    }
    if plan.parts().is_empty() {
        return Err(usage(
            &["--shard"],
            format!(
                "--shard {shard}: no class is left for this machine, for they have few connections or keys; use fewer \
                 machines"
            ),
        ));
    }
    Ok(())
}

/// Whether each machine of a load without classes has something to do.
fn divisible(plan: &LoadPlan, shard: Shard) -> Result<()> {
    for (flag, number, what) in [
        ("--conns", u64::from(plan.connections), "connections"),
        ("--key-space-size", plan.keys.space, "keys"),
    ] {
        if number < u64::from(shard.of) {
            return Err(usage(
                &["--shard", flag],
                format!(
                    "--shard {shard}: the load has {number} {what}, and each machine needs one of its own; raise {flag} \
                     to {} or more, or use fewer machines",
                    shard.of
                ),
            ));
        }
    }
    Ok(())
}

fn start(args: &LoadSpec) -> Result<Option<Start>> {
    match (&args.start_at, &args.rendezvous) {
        (Some(_), Some(_)) => Err(usage(
            &["--start-at", "--rendezvous"],
            "--start-at and --rendezvous both say when the load begins; drop one of them",
        )),
        (Some(text), None) => {
            let time = text.parse::<Timestamp>().map_err(|_| {
                usage(
                    &["--start-at"],
                    format!("--start-at '{text}' is no time; write it like 2026-11-29T17:00:00Z"),
                )
            })?;
            Ok(Some(Start::At(time.to_string())))
        }
        (None, Some(url)) => {
            meeting::address(url)
                .map_err(|why| usage(&["--rendezvous"], format!("--rendezvous {url}: {why}")))?;
            let token_file = args.rendezvous_token_file.clone();
            Ok(Some(Start::Rendezvous { url: url.clone(), token_file }))
        }
        (None, None) if args.rendezvous_token_file.is_some() => Err(usage(
            &["--rendezvous-token-file", "--rendezvous"],
            "--rendezvous-token-file is about --rendezvous: add that or drop it",
        )),
        (None, None) => Ok(None),
    }
}

impl LoadPlan {
    /// Refuses a part of a load whose beginning nobody has said: each machine would begin when it liked.
    ///
    /// # Errors
    /// [`Error::Usage`] with the way out.
    pub fn startable(&self) -> Result<()> {
        match (self.shard, &self.start) {
            (Some(shard), None) => Err(usage(
                &["--shard"],
                format!(
                    "--shard {shard}: all machines must begin at one moment; say which with --start-at TIME, or let them \
                     agree with --rendezvous URL ('etcdbench rendezvous --shards {}' gives it)",
                    shard.of
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What the meeting point asks for, where there is one. Reads a file or the environment.
    ///
    /// # Errors
    /// [`Error::Usage`] where the file cannot be read.
    pub fn token(&self) -> Result<Option<Secret>> {
        match &self.start {
            Some(Start::Rendezvous { token_file, .. }) => {
                meeting::token("--rendezvous-token-file", token_file.as_deref())
            }
            _ => Ok(None),
        }
    }

    /// The load of which this is a part.
    #[must_use]
    pub fn whole(&self) -> LoadPlan {
        LoadPlan { shard: None, start: None, ..self.clone() }
    }

    /// Tells loads apart: 16 hexadecimal digits that are the same for all parts of one. What may differ from machine to
    /// machine is not in it: which part it is, its threads, where its certificates lie.
    ///
    /// # Errors
    /// [`Error::Refused`] when the plan cannot be written down.
    pub fn hash(&self) -> Result<String> {
        let common = LoadPlan { threads: 0, security: Security::default(), ..self.whole() };
        let of = self.shard.map_or(1, |shard| shard.of);
        let text = serde_json::to_string(&(common, of))
            .map_err(|error| Error::Refused(format!("the plan cannot be written down: {error}")))?;
        Ok(format!("{:016x}", fnv1a(text.as_bytes())))
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv). It tells mistakes apart, it keeps nobody out.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
