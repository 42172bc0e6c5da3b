//! What etcd's logs tell, on a page and as JSON.

mod json;
mod page;
mod table;

use super::Style;
use super::diagnosed::in_form;
use crate::cli::LogsFormat;
use crate::diagnosis::{Diagnosis, Observed};

pub use json::json_schema as logs_json_schema;
pub(super) use page::{limits as log_limits, sections as log_sections};

/// What held a cluster back, in the form asked for.
pub fn logs(read: &Observed, found: &[Diagnosis], format: LogsFormat, style: &Style) -> String {
    in_form(format, style, |medium| page::page(read, found, medium), || json::json(read, found))
}
