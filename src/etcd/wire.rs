//! Which HTTP/2 client a load drives its connections with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An HTTP/2 client. What it asks and what it makes of answers is the same whichever it is; what it costs is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// Our own, made for requests of one message.
    Own,
    /// The h2 crate's, for HTTP/2 of any kind; what results were measured with that name none.
    #[default]
    H2,
}

impl Wire {
    /// What a load takes that names none.
    pub const PREFERRED: Wire = Wire::Own;

    /// Whether it is the one that results do not name.
    pub fn is_unnamed(&self) -> bool {
        *self == Wire::default()
    }

    /// Its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Wire::Own => "own",
            Wire::H2 => "h2",
        }
    }
}
