//! `check quota`: how full the databases are, what they grow by, and what holds the bytes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::check::{self as engine, Earlier, Fullness};
use crate::cli::QuotaArgs;
use crate::diagnosis::{self, Held};
use crate::error::Result;
use crate::etcd::Credentials;
use crate::exit::Exit;
use crate::plan::{self, QuotaPlan, credentials};
use crate::profile::{Gap, Prefix};
use crate::report::{self, Style};
use crate::signals;
use crate::survey::{self, Told};

use super::output::{ANOTHER_ETCD, hand_over, say};

/// Between two looks a signal is seen after this long.
const STEP: Duration = Duration::from_millis(100);

/// How full the databases are.
pub(super) fn quota(args: &QuotaArgs) -> Result<Exit> {
    let plan = QuotaPlan::resolve(args)?;
    let wanted = &args.document;
    let read: Vec<_> = plan.since.iter().cloned().collect();
    let (format, output) = plan::output(wanted.format, wanted.output.as_deref(), &read)?;
    let earlier = plan.since.as_deref().map(Earlier::read).transpose()?;
    let credentials = credentials(&args.connect)?;
    let stop = signals::watch()?;
    let seen = looked(&plan, earlier, credentials.as_ref(), &stop)?;
    let found = diagnosis::diagnose(&seen.observed.members);
    let style = Style::of_stdout(wanted.no_color);
    let way_out = report::QuotaSteps { revision: seen.revision, endpoints: &seen.endpoints };
    let document = report::quota(&seen.observed, &found, &way_out, format, &style);
    hand_over(&document, output.as_deref(), false)?;
    let known = seen.observed.members.iter().any(|member| member.database_bytes.is_some());
    match known {
        _ if stop.load(Ordering::Relaxed) => Ok(Exit::Interrupted),
        true => Ok(Exit::of(diagnosis::verdict(&found), wanted.strict)),
        false => Ok(Exit::NoVerdict),
    }
}

/// Everything that was asked for.
fn looked(
    plan: &QuotaPlan,
    earlier: Option<Earlier>,
    credentials: Option<&Credentials>,
    stop: &AtomicBool,
) -> Result<Fullness> {
    let fullness = || {
        engine::fullness(&plan.connect, credentials)
            .map_err(|error| error.or_else_type(ANOTHER_ETCD))
    };
    let mut seen = fullness()?;
    let mut before = earlier;
    if let Some(over_ns) = plan.over_ns {
        before = Earlier::of(&seen.observed);
        say(&report::quota_goes_on(over_ns));
        wait(Duration::from_nanos(over_ns), stop);
        seen = fullness()?;
    }
    if let Some(before) = before {
        before.compare(&mut seen.observed, plan.least_days)?;
    }
    if let Some(wanted) = &plan.keys {
        let tell = |told: Told<'_>| {
            if let Told::Keys { member, requests } = told {
                say(&report::profile_begins(member, requests));
            }
        };
        let (prefixes, gaps) = survey::keys(&plan.connect, wanted, credentials, stop, &tell)?;
        keep(&mut seen, prefixes, &gaps);
    }
    Ok(seen)
}

/// Waits, unless it is told to stop.
fn wait(length: Duration, stop: &AtomicBool) {
    let begun = Instant::now();
    while begun.elapsed() < length && !stop.load(Ordering::Relaxed) {
        thread::sleep(STEP.min(length.saturating_sub(begun.elapsed())));
    }
}

/// What keys hold, most first.
fn keep(seen: &mut Fullness, prefixes: Vec<Prefix>, gaps: &[Gap]) {
    let mut held: Vec<Held> = prefixes
        .into_iter()
        .map(|one| Held {
            prefix: one.name,
            keys: one.keys,
            mean_bytes: one.sizes.mean,
            samples: one.sizes.samples,
        })
        .collect();
    held.sort_by_key(|one| std::cmp::Reverse(one.bytes()));
    if let Some(check) = &mut seen.observed.check {
        check.held = Some(held);
        check.notes.extend(gaps.iter().map(report::profile_gap));
    }
}
