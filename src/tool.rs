//! Which build of this program wrote a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version, commit where it is known, and the target it was built for: `0.2.0 (5cda7e945cda, x86_64-unknown-linux-musl)`.
pub const LONG_VERSION: &str = env!("ETCDBENCH_LONG_VERSION");

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
