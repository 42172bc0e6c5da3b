//! `check`: what holds a running cluster back.

use std::cell::Cell;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{Timestamp, Zoned};

use crate::check::{self as engine, Told};
use crate::cli::{BesideCheck, CheckArgs, LogsFormat};
use crate::delivery::print;
use crate::diagnosis::{Observed, Promise};
use crate::error::Result;
use crate::etcd::Credentials;
use crate::exit::Exit;
use crate::plan::{self, CheckPlan, credentials};
use crate::report::{self, Style};
use crate::{delivery, diagnosis, signals};

use super::output::{ANOTHER_ETCD, hand_over, say};
use super::quota;

/// Moves a terminal's cursor to the top and clears the screen (ECMA-48, CUP and ED).
const CLEAR: &str = "\x1b[H\x1b[2J";
/// Before a cluster that did not answer is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often somebody at a terminal is told how far it is.
const TOLD_EVERY_NS: u64 = 15_000_000_000;

/// What held a cluster back of which there are files alone.
fn from_files(args: &CheckArgs) -> Result<Exit> {
    let wanted = &args.document;
    let (format, output) = plan::output(wanted.format, wanted.output.as_deref(), &args.from)?;
    let promise = promise(args)?;
    let observed = promised(engine::from_files(&args.from)?, promise);
    conclude(args, &observed, format, output.as_deref())
}

/// What the members' disks are held against.
fn promise(args: &CheckArgs) -> Result<Option<Promise>> {
    args.disk.as_deref().map(engine::promise).transpose()
}

fn promised(mut observed: Observed, promise: Option<Promise>) -> Observed {
    if let Some(check) = &mut observed.check {
        check.promise = promise;
    }
    observed
}

pub(super) fn check(args: &CheckArgs) -> Result<Exit> {
    if let Some(BesideCheck::Quota(args)) = &args.beside {
        return quota::quota(args);
    }
    if !args.from.is_empty() {
        return from_files(args);
    }
    let plan = CheckPlan::resolve(args)?;
    let wanted = &args.document;
    let (format, output) = plan::output(wanted.format, wanted.output.as_deref(), &[])?;
    if args.dry_run {
        print(report::check_requests(&plan).as_bytes())?;
        return Ok(Exit::Ok);
    }
    let promise = promise(args)?;
    let credentials = credentials(&args.connect)?;
    let stop = signals::watch()?;
    if plan.every_ns.is_some() {
        return again_and_again(args, &plan, (credentials.as_ref(), promise), &stop, format);
    }
    let observed = promised(look(args, &plan, credentials.as_ref(), &stop)?, promise);
    conclude(args, &observed, format, output.as_deref())
}

/// Looks once, and tells of it on the way.
fn look(
    args: &CheckArgs,
    plan: &CheckPlan,
    credentials: Option<&Credentials>,
    stop: &AtomicBool,
) -> Result<Observed> {
    let told_ns = Cell::new(0);
    let tell = |told: Told<'_>| {
        if args.quiet {
            return;
        }
        match told {
            Told::Begins { members, duration_ns, writes } => {
                say(&report::check_begins(members, duration_ns, writes));
            }
            Told::Done { elapsed_ns } => {
                let due = elapsed_ns >= told_ns.get() + TOLD_EVERY_NS;
                if due && std::io::stderr().is_terminal() {
                    told_ns.set(elapsed_ns);
                    say(&report::check_goes_on(elapsed_ns, plan.duration_ns));
                }
            }
        }
    };
    engine::run(plan, credentials, stop, &tell).map_err(|error| error.or_else_type(ANOTHER_ETCD))
}

/// Looks again and again. A terminal shows the newest answer, a pipe gets a line for each, a file the newest page.
fn again_and_again(
    args: &CheckArgs,
    plan: &CheckPlan,
    (credentials, promise): (Option<&Credentials>, Option<Promise>),
    stop: &AtomicBool,
    format: LogsFormat,
) -> Result<Exit> {
    let begun = Instant::now();
    let once = plan.once();
    let quiet = CheckArgs { quiet: true, ..args.clone() };
    let style = Style::of_stdout(args.document.no_color);
    let output = args.document.output.as_deref();
    let over = || plan.bounded && begun.elapsed().as_nanos() as u64 >= plan.duration_ns;
    let mut worst = Exit::Ok;
    let mut looks = 0;
    while !stop.load(Ordering::Relaxed) && (looks == 0 || !over()) {
        // Only the first look says what is written.
        let looked = look(if looks == 0 { args } else { &quiet }, &once, credentials, stop);
        let observed = match looked {
            Ok(observed) => promised(observed, promise.clone()),
            // A cluster that is away for a while is what somebody watches for.
            Err(error) if looks > 0 => {
                say(&format!("{}  {error}", now()));
                worst = worst.or_worse(Exit::NoVerdict);
                thread::sleep(PAUSE);
                continue;
            }
            Err(error) => return Err(error),
        };
        looks += 1;
        let found = diagnosis::diagnose(&observed.members);
        let notices = diagnosis::notices(&observed, Timestamp::now().as_second());
        if let Some(path) = output {
            let document = report::checked(&observed, &found, &notices, format, &style);
            delivery::deliver(&document, Some(path))?;
        }
        let page = || report::checked(&observed, &found, &notices, LogsFormat::Text, &style);
        match std::io::stdout().is_terminal() {
            true => print(format!("{CLEAR}{}", page()).as_bytes())?,
            false => print(report::check_line(&now(), &observed, &found).as_bytes())?,
        }
        let verdict = diagnosis::with_notices(diagnosis::verdict(&found), &notices);
        // A look that was cut short judges nothing.
        if stop.load(Ordering::Relaxed) {
            break;
        }
        worst = worst.or_worse(Exit::of(verdict, args.document.strict));
    }
    Ok(worst)
}

/// The time of day here.
fn now() -> String {
    Zoned::now().strftime("%H:%M:%S").to_string()
}

/// Says what was found, and ends with the exit code that follows from it.
fn conclude(
    args: &CheckArgs,
    observed: &Observed,
    format: LogsFormat,
    output: Option<&Path>,
) -> Result<Exit> {
    let wanted = &args.document;
    let found = diagnosis::diagnose(&observed.members);
    let notices = diagnosis::notices(observed, Timestamp::now().as_second());
    let style = Style::of_stdout(wanted.no_color);
    let document = report::checked(observed, &found, &notices, format, &style);
    hand_over(&document, output, args.quiet)?;
    let interrupted = observed.check.as_ref().is_some_and(|check| check.interrupted);
    match interrupted {
        true => Ok(Exit::Interrupted),
        false => {
            let verdict = diagnosis::with_notices(diagnosis::verdict(&found), &notices);
            Ok(Exit::of(verdict, wanted.strict))
        }
    }
}
