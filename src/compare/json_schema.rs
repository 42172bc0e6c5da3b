//! The JSON Schema of a comparison, derived from the types that write it.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{Comparison, SCHEMA_VERSION};

/// The schema of what `--format json` prints, as published in `docs/comparison.schema.json`. Fields it does not name
/// are allowed: later minor versions add some.
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Comparison>().to_value();
    schema["title"] = json!(format!("A comparison by etcdbench, format {SCHEMA_VERSION}"));
    schema
}
