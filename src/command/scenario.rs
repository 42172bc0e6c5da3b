//! `run`: a scenario.

use crate::cli::{RunArgs, TrendFormat};
use crate::delivery::{self, print};
use crate::error::Result;
use crate::exit::Exit;
use crate::plan::{self, ScenarioPlan};
use crate::report::{self, Style};
use crate::{run, signals};

use super::output::say;
use super::stored::read;

pub(super) fn run(args: &RunArgs) -> Result<Exit> {
    let style = Style::of_stdout(args.no_color);
    if args.list {
        let shipped = plan::scenario::descriptions()?;
        return print(report::scenario::shipped(&shipped).as_bytes()).map(|()| Exit::Ok);
    }
    let plan = ScenarioPlan::resolve(args)?;
    if args.dry_run {
        return print(report::scenario::planned(&plan, &style).as_bytes()).map(|()| Exit::Ok);
    }
    let options = run::RunOptions { fresh: args.fresh, strict: args.strict, quiet: args.quiet };
    let tell = |line: &str| {
        if !args.quiet {
            say(line);
        }
    };
    let signalled = signals::watch()?;
    let done = run::run(&plan, options, &signalled, &tell)?;
    print(report::scenario::executed(&plan, &done, &style).as_bytes())?;
    if let Some(trend) = &done.trend {
        print(format!("\n{}", report::trend::render(trend, TrendFormat::Text, &style)).as_bytes())?;
    }
    if let Some(directory) = &args.report {
        let paths = done.measured();
        let runs = paths.iter().map(|path| read(&done.directory.join(path)));
        let runs = runs.collect::<Result<Vec<_>>>()?;
        let documents = report::bundle(done.trend.as_ref(), &runs, &paths)?;
        delivery::lay_out(&documents, directory)?;
        tell(&format!("pages in {}", directory.display()));
    }
    Ok(done.exit)
}
