//! The forms that some texts must have. They stand in for `String` where a schema is made; values stay plain strings.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// The form of a rule id.
pub(crate) struct Id;

/// The form of a link.
pub(crate) struct Link;

impl JsonSchema for Id {
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "small letters and digits in words with single dashes, such as missing-pre-stop",
            "type": "string",
            "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        })
    }
}

impl JsonSchema for Link {
    fn schema_name() -> Cow<'static, str> {
        "Link".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "a link that begins with https://",
            "type": "string",
            "pattern": "^https?://[^ ]+$",
        })
    }
}
