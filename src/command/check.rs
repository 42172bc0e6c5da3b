//! `check`: what holds a running cluster back.

use std::cell::Cell;
use std::io::IsTerminal as _;

use jiff::Timestamp;

use crate::check::{self as engine, Told};
use crate::cli::{BesideCheck, CheckArgs, QuotaArgs};
use crate::delivery::print;
use crate::error::Result;
use crate::exit::Exit;
use crate::plan::{self, CheckPlan, Connect, credentials};
use crate::report::{self, Style};
use crate::{diagnosis, signals};

use super::output::{hand_over, say};

/// How often somebody at a terminal is told how far it is.
const TOLD_EVERY_NS: u64 = 15_000_000_000;

/// What somebody types whose etcd does not answer.
const WAY_OUT: &str = "name another with --endpoints";

/// How full the databases are.
fn quota(args: &QuotaArgs) -> Result<Exit> {
    let connect = Connect::resolve(&args.connect)?;
    let wanted = &args.document;
    let (format, output) = plan::output(wanted.format, wanted.output.as_deref(), &[])?;
    let credentials = credentials(&args.connect)?;
    let seen = engine::fullness(&connect, credentials.as_ref())
        .map_err(|error| error.or_else_type(WAY_OUT))?;
    let found = diagnosis::diagnose(&seen.observed.members);
    let style = Style::of_stdout(wanted.no_color);
    let way_out = report::QuotaSteps { revision: seen.revision, endpoints: &seen.endpoints };
    let document = report::quota(&seen.observed, &found, &way_out, format, &style);
    hand_over(&document, output.as_deref(), false)?;
    let known = seen.observed.members.iter().any(|member| member.database_bytes.is_some());
    match known {
        true => Ok(Exit::of(diagnosis::verdict(&found), wanted.strict)),
        false => Ok(Exit::NoVerdict),
    }
}

pub(super) fn check(args: &CheckArgs) -> Result<Exit> {
    if let Some(BesideCheck::Quota(args)) = &args.beside {
        return quota(args);
    }
    let plan = CheckPlan::resolve(args)?;
    let wanted = &args.document;
    let (format, output) = plan::output(wanted.format, wanted.output.as_deref(), &[])?;
    if args.dry_run {
        print(report::check_requests(&plan).as_bytes())?;
        return Ok(Exit::Ok);
    }
    let credentials = credentials(&args.connect)?;
    let stop = signals::watch()?;
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
    let observed = engine::run(&plan, credentials.as_ref(), &stop, &tell)
        .map_err(|error| error.or_else_type(WAY_OUT))?;
    let found = diagnosis::diagnose(&observed.members);
    let notices = diagnosis::notices(&observed, Timestamp::now().as_second());
    let style = Style::of_stdout(wanted.no_color);
    let document = report::checked(&observed, &found, &notices, format, &style);
    hand_over(&document, output.as_deref(), args.quiet)?;
    let interrupted = observed.check.as_ref().is_some_and(|check| check.interrupted);
    match interrupted {
        true => Ok(Exit::Interrupted),
        false => {
            let verdict = diagnosis::with_notices(diagnosis::verdict(&found), &notices);
            Ok(Exit::of(verdict, wanted.strict))
        }
    }
}
