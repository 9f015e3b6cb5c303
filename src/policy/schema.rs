//! The JSON Schemas of the files that people write, made from the Rust types: editors complete from them, and files are read
//! against them.

use crate::policy::{Rule, Settings};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::Value;

/// The schema of a rule file.
pub fn rule_schema() -> Value {
    schema_of::<Rule>("Rule")
}

/// The schema of `seaworthy.yaml`.
pub fn settings_schema() -> Value {
    schema_of::<Settings>("Settings")
}

/// A schema as the text that is committed under `docs/schema/`: keys in alphabetical order, a newline at the end.
pub fn schema_text(schema: &Value) -> String {
    let mut schema = schema.clone();
    schema.sort_all_objects();
    format!("{schema:#}\n")
}

/// A schema under which a key is written with a value or left out.
///
/// Without this an `Option` may be null, and `until:` with nothing behind it would pass for a key left out on purpose.
pub(crate) fn never_null(schema: Value) -> Value {
    match schemars::Schema::try_from(schema) {
        Ok(mut schema) => {
            NeverNull.transform(&mut schema);
            schema.to_value()
        }
        Err(_) => Value::Bool(false),
    }
}

fn schema_of<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().with_transform(NeverNull).into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

/// See [`never_null`].
#[derive(Debug, Clone)]
struct NeverNull;

impl Transform for NeverNull {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        if object.get("default") == Some(&Value::Null) {
            object.remove("default");
        }
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(forms)) = object.get_mut("anyOf") {
            forms.retain(|form| form.get("type") != Some(&Value::from("null")));
            if let [Value::Object(only)] = forms.as_slice() {
                let only = only.clone();
                object.remove("anyOf");
                object.extend(only);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn committed_schemas_are_as_generated() {
        for (file, schema) in [("rule.v1alpha1.json", rule_schema()), ("seaworthy.json", settings_schema())] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(file);
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == schema_text(&schema), "docs/schema/{file} is old; renew it: cargo xtask docs");
        }
    }

    /// A file that passes for one with a value but is read as one without would lose what its author wrote.
    #[test]
    fn no_key_may_be_null() {
        for schema in [rule_schema(), settings_schema()] {
            assert!(!schema_text(&schema).contains("null"), "{schema:#}");
        }
    }
}
