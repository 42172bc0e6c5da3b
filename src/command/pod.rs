//! `etcdbench pod`: what pods need beside a measurement.

use crate::cli::{PodArgs, PodPart};
use crate::error::Result;
use crate::exit::Exit;
use crate::pod;

pub(super) fn pod(args: &PodArgs) -> Result<Exit> {
    match &args.part {
        PodPart::Run(args) => pod::run(args),
        PodPart::Turn(args) => pod::turn(args),
        PodPart::Stay => pod::stay(),
        PodPart::Good(args) => pod::good(&args.file),
    }
}
