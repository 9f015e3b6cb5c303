//! The form of image references. It stands in for `String` where a schema is made; values stay plain strings.
//!
//! Source: <https://github.com/distribution/reference/blob/main/reference.go>; the kubelet refuses any other (`InvalidImageName`).

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// The form of an image reference: perhaps a registry, a name in small letters, perhaps a tag, perhaps a digest.
pub struct ImageReference;

const REFERENCE: &str = concat!(
    r"^(([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(:[0-9]+)?/)?",
    r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*",
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,})?$",
);

impl JsonSchema for ImageReference {
    fn schema_name() -> Cow<'static, str> {
        "ImageReference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "an image such as registry.example.com/seaworthy-wait:1, or with its digest",
            "type": "string",
            "pattern": REFERENCE,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    #[test]
    fn references_are_told_from_what_no_node_can_pull() {
        let pattern = Regex::new(REFERENCE).unwrap();
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (image, wanted) in [
            ("wait", true),
            ("r/w:1", true),
            ("registry.example.com/mesh/seaworthy-wait:1.0.0-rc.1", true),
            ("registry.example.com:5000/seaworthy-wait", true),
            ("localhost:5000/a/b__c/d-e--f.g:v1_x", true),
            ("[fd00::1]:5000/wait:1", true),
            (&format!("ghcr.io/example/seaworthy-wait@{digest}"), true),
            (&format!("ghcr.io/example/seaworthy-wait:1@{digest}"), true),
            ("", false),
            (" r/w:1", false),
            ("r/w:1 ", false),
            ("r/w:1 x", false),
            ("r/w:", false),
            ("r/w@sha256:...", false),
            ("https://registry.example.com/seaworthy-wait:1", false),
            ("registry.example.com/Mesh/seaworthy-wait:1", false),
            ("registry.example.com//seaworthy-wait", false),
            ("registry.example.com/seaworthy-wait:1:2", false),
            ("${REGISTRY}/seaworthy-wait:1", false),
        ] {
            assert_eq!(pattern.is_match(image), wanted, "{image}");
        }
    }
}
