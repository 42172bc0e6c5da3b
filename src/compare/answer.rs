//! What a comparison, or a calibration, came to.

use std::path::PathBuf;

use super::Comparison;
use crate::exit::Exit;
use crate::result::Run;
use crate::rule::comparison::Calibration;

/// What came of it.
#[derive(Debug)]
pub struct Finished {
    /// The answer.
    pub answer: Answer,
    /// The runs of each side, in the order of the answer's sides; none for a calibration.
    pub sides: Vec<Vec<Run>>,
    /// How the command ends.
    pub exit: Exit,
}

/// An answer.
#[derive(Debug)]
pub enum Answer {
    /// Which is better.
    Comparison(Box<Comparison>),
    /// How much identical runs differ, and the file that tells it from now on.
    Calibration(Box<Calibration>, PathBuf),
}
