//! What holds a running cluster back, on a page and as JSON.

mod depends;
mod json;
mod notice;
mod page;
mod quota;
mod requests;
mod table;

use super::Style;
use super::diagnosed::in_form;
use crate::cli::LogsFormat;
use crate::diagnosis::{Diagnosis, Notice, Observed};

pub use json::json_schema as check_json_schema;
pub use quota::{QuotaSteps, quota, quota_goes_on};
pub use requests::{check_begins, check_goes_on, check_line, check_requests};

/// What holds it back, in the form asked for.
pub fn checked(
    observed: &Observed,
    found: &[Diagnosis],
    notices: &[Notice],
    format: LogsFormat,
    style: &Style,
) -> String {
    let page = |medium| page::page(observed, found, notices, medium);
    in_form(format, style, page, || json::json(observed, found, notices))
}
