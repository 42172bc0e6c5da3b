//! `profile`: a running cluster as a scenario.

use std::sync::atomic::Ordering;

use crate::cli::ProfileArgs;
use crate::delivery::{deliver, print};
use crate::error::Result;
use crate::exit::Exit;
use crate::plan::{ProfilePlan, credentials};
use crate::profile::{beside, scenario};
use crate::report::{self, Style};
use crate::signals;
use crate::survey::{self, Told};

use super::output::{ANOTHER_ETCD, say};

pub(super) fn profile(args: &ProfileArgs) -> Result<Exit> {
    let plan = ProfilePlan::resolve(args)?;
    if args.dry_run {
        print(report::profile_requests(&plan).as_bytes())?;
        return Ok(Exit::Ok);
    }
    let credentials = credentials(&args.connect)?;
    let stop = signals::watch()?;
    let tell = |told: Told<'_>| {
        if args.quiet {
            return;
        }
        say(&match told {
            Told::Keys { member, requests } => report::profile_begins(member, requests),
            Told::Writes { duration_ns, prefixes, keys, requests } => {
                report::profile_goes_on(prefixes, keys, requests, duration_ns)
            }
        });
    };
    let seen = survey::run(&plan, credentials.as_ref(), &stop, &tell);
    let interrupted = stop.load(Ordering::Relaxed);
    let seen = match seen {
        Err(error) if interrupted => {
            say(&error.to_string());
            return Ok(Exit::Interrupted);
        }
        seen => seen.map_err(|error| error.or_else_type(ANOTHER_ETCD))?,
    };
    let load = scenario(&seen);
    let like = beside(&seen)?;
    let file = report::profile_scenario(&seen, &load, like.as_ref());
    deliver(&file, Some(&plan.scenario))?;
    if !args.quiet {
        say(&format!("written to {}", plan.scenario.display()));
    }
    let style = Style::of_stdout(args.no_color);
    let format = args.format.unwrap_or_default();
    let page = report::profiled(&seen, &load, like.as_ref(), &plan.scenario, format, &style);
    print(page.as_bytes())?;
    Ok(if interrupted { Exit::Interrupted } else { Exit::Ok })
}
