//! JSON Schemas of the formats that are YAML or JSON, for editors.

mod azure;
mod azure_v1;
mod conda;
mod locks;

use crate::Format;
use schemars::{JsonSchema, schema_for};

/// JSON Schema (draft 2020-12) of a format that is YAML or JSON; none of the others.
pub fn schema(format: Format) -> Option<serde_json::Value> {
    let schema = match format {
        Format::Azure => schema_for!(azure::Definition),
        Format::AzureV1 => schema_for!(azure_v1::Environment),
        Format::Conda => schema_for!(conda::Conda),
        Format::Mlflow => schema_for!(conda::Mlflow),
        Format::CondaLock => schema_for!(locks::CondaLock),
        Format::PixiLock => schema_for!(locks::PixiLock),
        _ => return None,
    };
    Some(schema.to_value())
}

/// A string; a number or truth value is taken as written.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the YAML")]
pub(super) enum Text {
    String(String),
    Number(f64),
    Bool(bool),
}

/// A string or a list of strings.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the YAML")]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[cfg(test)]
mod tests {
    use crate::yaml::Key;
    use std::collections::BTreeSet;

    #[test]
    fn the_schema_has_the_keys_that_are_read() {
        let schema = super::schema(crate::Format::Azure).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let described: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(described, Key::names().collect());
        assert!(properties.values().all(|property| property["description"].is_string()));
    }
}
