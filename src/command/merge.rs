//! `merge`: results of several machines become one.

use crate::cli::MergeArgs;
use crate::delivery::print;
use crate::error::Result;
use crate::exit::Exit;
use crate::merge::{self, Request};
use crate::plan::DocumentPlan;
use crate::report::{self, Style};

use super::output::say;

pub(super) fn merge(args: &MergeArgs) -> Result<Exit> {
    let request = Request {
        inputs: args.shards.clone(),
        output: args.output.clone(),
        allow_missing: args.allow_missing,
        name: args.name.clone(),
    };
    let merged = merge::run(&request, report::conclude)?;
    let verdict = merged.summary.verdict;
    if !args.quiet {
        let style = Style::of_stdout(args.no_color);
        let runs = [(merged.run, merged.summary)];
        let text = report::document(
            &runs,
            std::slice::from_ref(&merged.path),
            &DocumentPlan::text(),
            &style,
        );
        print(text.as_bytes())?;
        say(&format!("written to {}", merged.path.display()));
    }
    Ok(Exit::of(verdict, args.strict))
}
