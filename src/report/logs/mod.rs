//! What etcd's logs tell, on a page and as JSON.

mod json;
mod page;
mod table;
pub(super) mod words;

use super::Style;
use super::page::{Medium, html, markdown, terminal};
use crate::cli::LogsFormat;
use crate::diagnosis::{Diagnosis, Observed};

pub use json::json_schema as logs_json_schema;
pub(super) use page::causes;

/// What held a cluster back, in the form asked for.
pub fn logs(read: &Observed, found: &[Diagnosis], format: LogsFormat, style: &Style) -> String {
    let page = |medium| page::page(read, found, medium);
    match format {
        LogsFormat::Text => terminal::terminal(&page(Medium::Terminal), style),
        LogsFormat::Markdown => markdown::markdown(&page(Medium::Comment)),
        LogsFormat::Html => html::html(&page(Medium::Browser)),
        LogsFormat::Json => json::json(read, found),
    }
}
