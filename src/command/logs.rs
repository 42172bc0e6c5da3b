//! `logs`: what held a cluster back, from the logs of its members.

use crate::cli::LogsArgs;
use crate::error::Result;
use crate::exit::Exit;
use crate::report::{self, Style};
use crate::{diagnosis, logs as reader, plan};

use super::output::hand_over;

pub(super) fn logs(args: &LogsArgs) -> Result<Exit> {
    let wanted = &args.document;
    let (format, output) = plan::output(wanted.format, wanted.output.as_deref(), &args.files)?;
    let read = reader::read(&args.files)?;
    let found = diagnosis::diagnose(&read.members);
    let style = Style::of_stdout(wanted.no_color);
    hand_over(&report::logs(&read, &found, format, &style), output.as_deref(), false)?;
    Ok(Exit::of(diagnosis::verdict(&found), wanted.strict))
}
