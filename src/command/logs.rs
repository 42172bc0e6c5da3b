//! `logs`: what held a cluster back, from the logs of its members.

use crate::cli::LogsArgs;
use crate::error::Result;
use crate::exit::Exit;
use crate::report::{self, Style};
use crate::{diagnosis, logs as reader, plan};

use super::output::hand_over;

pub(super) fn logs(args: &LogsArgs) -> Result<Exit> {
    let format = plan::chosen(args.format, args.output.as_deref());
    plan::known_ending(args.format, args.output.as_deref())?;
    let output = plan::place(args.output.as_deref(), &args.files)?;
    let read = reader::read(&args.files)?;
    let found = diagnosis::diagnose(&read.members);
    let style = Style::of_stdout(args.no_color);
    hand_over(&report::logs(&read, &found, format, &style), output.as_deref(), false)?;
    Ok(Exit::of(diagnosis::verdict(&found), args.strict))
}
