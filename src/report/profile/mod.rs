//! A cluster as a scenario: the file, the page, and what is told meanwhile.

mod page;
mod requests;
mod toml;
mod words;

use std::path::Path;

use super::Style;
use super::diagnosed::in_form;
use crate::cli::LogsFormat;
use crate::profile::{Beside, Profile, Scenario};

pub use requests::{profile_begins, profile_goes_on, profile_requests};
pub use toml::profile_scenario;
pub use words::gap as profile_gap;

/// What was seen, in the form asked for. `file` is where the scenario went.
pub fn profiled(
    profile: &Profile,
    scenario: &Scenario,
    beside: Option<&Beside>,
    file: &Path,
    format: LogsFormat,
    style: &Style,
) -> String {
    let page = |_| page::page(profile, scenario, beside, file);
    let json = || {
        let told = serde_json::json!({
            "profile": profile,
            "scenario": file.display().to_string(),
            "beside": words::beside(beside),
        });
        format!("{told:#}\n")
    };
    in_form(format, style, page, json)
}
