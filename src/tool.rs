//! Which build of this program wrote a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The program that wrote a result.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Always `etcdbench`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The git commit it was built from, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<String>,
}

impl Tool {
    /// This program, as it signs what it writes.
    pub fn this() -> Tool {
        Tool {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git: option_env!("ETCDBENCH_GIT").map(str::to_owned),
        }
    }
}
