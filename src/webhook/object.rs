//! The object of a request, read for judging.

mod inside;

use crate::manifest::Object;
use crate::webhook::judge::JudgeError;
use inside::Inside;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// Reads an object of a request, in the namespace that the request names: the one inside the object may be absent.
///
/// `metadata.managedFields` is left out: often half of the bytes, and no rule's business. What is nested deeper than [`Inside`] reads is
/// taken for `null`: no rule looks there, and a field that nobody reads must not keep the others from being judged.
///
/// # Errors
/// No Kubernetes object.
pub fn read(object: &RawValue, namespace: &str) -> Result<Object, JudgeError> {
    let unreadable = |error: serde_json::Error| JudgeError::Unreadable(error.to_string());
    let Whole(map) = serde_json::from_str(object.get()).map_err(unreadable)?;
    let object = Object::from_json(Value::Object(map));
    let object = object.ok_or_else(|| JudgeError::Unreadable("it has no `apiVersion` or no `kind`".to_owned()))?;
    Ok(object.in_namespace(Some(namespace)))
}

/// An object whose `metadata` is [`Metadata`].
struct Whole(Map<String, Value>);

/// Everything but `managedFields`; what is not a map stays as it is.
struct Metadata(Value);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfWhole;
        impl<'de> Visitor<'de> for OfWhole {
            type Value = Whole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Whole, A::Error> {
                let mut map = Map::new();
                while let Some(key) = entries.next_key::<Cow<'_, str>>()? {
                    let value = match &*key {
                        "metadata" => entries.next_value::<Metadata>()?.0,
                        _ => entries.next_value_seed(Inside::default())?,
                    };
                    map.insert(key.into_owned(), value);
                }
                Ok(Whole(map))
            }
        }
        deserializer.deserialize_map(OfWhole)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMetadata;
        impl<'de> Visitor<'de> for OfMetadata {
            type Value = Metadata;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the metadata of an object")
            }
            fn visit_unit<E>(self) -> Result<Metadata, E> {
                Ok(Metadata(Value::Null))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Metadata, A::Error> {
                let mut map = Map::new();
                while let Some(key) = entries.next_key::<Cow<'_, str>>()? {
                    if key == "managedFields" {
                        entries.next_value::<IgnoredAny>()?;
                    } else {
                        map.insert(key.into_owned(), entries.next_value_seed(Inside::default())?);
                    }
                }
                Ok(Metadata(Value::Object(map)))
            }
        }
        deserializer.deserialize_any(OfMetadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_text(text: &str) -> Result<Object, JudgeError> {
        read(&RawValue::from_string(text.to_owned()).unwrap(), "shop")
    }

    #[test]
    fn all_but_the_managed_fields_is_read() {
        let object = json!({
            "apiVersion": "v1", "kind": "Service", "futureField": {"managedFields": 1},
            "metadata": {"name": "web", "managedFields": [{"deep": {}}], "labels": {"managedFields": "x"}},
            "spec": {"ports": [{"port": 80}]},
        });
        let read = read_text(&object.to_string()).unwrap();
        let mut wanted = object;
        wanted["metadata"].as_object_mut().unwrap().remove("managedFields");
        assert_eq!(read.value(), &wanted);
        assert_eq!(read.reference().to_string(), "Service shop/web");
    }

    /// A tenant's field of 200, or of 100,000 levels is no way past the rules.
    #[test]
    fn what_is_nested_too_deep_hides_nothing_else() {
        for depth in [90, 200, 100_000] {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let text = format!(
                r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"x":{deep}}},"spec":{{"a":{deep},"hostNetwork":true}}}}"#
            );
            let read = read_text(&text).unwrap();
            assert_eq!(read.value()["spec"]["hostNetwork"], true, "{depth}");
            assert!(read.value()["spec"]["a"][0][0].is_array() && read.value()["metadata"]["x"][0][0].is_array());
        }
    }

    #[test]
    fn what_is_no_object_is_told() {
        let cases = [
            ("7", "expected an object"),
            ("{}", "no `apiVersion` or no `kind`"),
            (r#"{"apiVersion":"v1","kind":"Pod","metadata":7}"#, "expected the metadata of an object"),
        ];
        for (text, wanted) in cases {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
        assert!(read_text(r#"{"apiVersion":"v1","kind":"Pod","metadata":null}"#).is_ok());
    }
}
