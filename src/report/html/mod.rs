//! Pages in a single file: no script, nothing loaded, readable on a phone and on paper. Everything said here is said in
//! the words of the page for terminals.

mod calibration;
mod compare;
mod parts;
mod quantiles;
mod run;
mod runs;
mod stalls;
#[cfg(test)]
mod tests;
mod trend;

pub use calibration::calibration;
pub use compare::comparison;
pub use runs::runs;
pub use trend::trend;
