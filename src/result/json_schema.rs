//! The JSON Schema of a result's lines, derived from the types that write them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::plan::{DiskPlan, ImportPlan};

use super::{Durability, Line, SCHEMA_VERSION};

/// The schema of one line, as published in `docs/result.schema.json`. Fields it does not name are allowed: later
/// minor versions add some.
pub fn json_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let disk_plan = reference::<DiskPlan>(&mut generator);
    let import_plan = reference::<ImportPlan>(&mut generator);
    let durability = reference::<Durability>(&mut generator);
    let mut schema = generator.into_root_schema_for::<Line>().to_value();
    schema["title"] = json!(format!("A line of an etcdbench result, format {SCHEMA_VERSION}"));
    // What is any value to the types, because it depends on the kind, is told here.
    schema["$defs"]["Header"]["allOf"] = json!([
        when_kind_is("disk", "plan", &disk_plan),
        when_kind_is("import", "plan", &import_plan),
    ]);
    schema["$defs"]["Event"]["allOf"] = json!([when_kind_is("durability", "detail", &durability)]);
    schema
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn when_kind_is(kind: &str, field: &str, schema: &Value) -> Value {
    json!({
        "if": { "properties": { "kind": { "const": kind } } },
        "then": { "properties": { field: schema } },
    })
}
