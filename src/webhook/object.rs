//! The object of a request, read for judging.

mod inside;

use crate::manifest::Object;
use crate::webhook::judge::JudgeError;
use inside::Inside;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// Reads an object of a request, in the namespace that the request names: the one inside the object may be absent.
///
/// `metadata.managedFields` is left out: often half of the bytes, and no rule's business. What is nested deeper than [`Inside`] reads is
/// taken for `null`: no rule looks there, and a field that nobody reads must not keep the others from being judged.
///
/// # Errors
/// No Kubernetes object; one with too many maps.
pub fn read(object: &RawValue, namespace: &str) -> Result<Object, JudgeError> {
    let maps = Cell::new(MOST_MAPS);
    let whole = Whole { maps: &maps }.deserialize(&mut serde_json::Deserializer::from_str(object.get()));
    let map = whole.map_err(|error| match maps.get() {
        0 => JudgeError::TooLarge(MOST_MAPS),
        _ => JudgeError::Unreadable(error.to_string()),
    })?;
    let object = Object::from_json(Value::Object(map));
    let object = object.ok_or_else(|| JudgeError::Unreadable("it has no `apiVersion` or no `kind`".to_owned()))?;
    Ok(object.in_namespace(Some(namespace)))
}

/// Maps of an object that is read. Each takes more than 600 bytes, however small it is, and judging and repairing hold the object
/// up to three times: more would take the memory of all other reviews. The largest objects of the largest clusters have some
/// thousand.
const MOST_MAPS: usize = 50_000;

/// An object whose `metadata` is [`Metadata`].
struct Whole<'a> {
    maps: &'a Cell<usize>,
}

/// Everything but `managedFields`; what is not a map stays as it is.
struct Metadata<'a> {
    maps: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<Cow<'_, str>>()? {
            let value = match &*key {
                "metadata" => entries.next_value_seed(Metadata { maps: self.maps })?,
                _ => entries.next_value_seed(Inside::of(self.maps))?,
            };
            map.insert(key.into_owned(), value);
        }
        Ok(map)
    }
}

impl<'de> DeserializeSeed<'de> for Metadata<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Metadata<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the metadata of an object")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<Cow<'_, str>>()? {
            if key == "managedFields" {
                entries.next_value::<IgnoredAny>()?;
            } else {
                map.insert(key.into_owned(), entries.next_value_seed(Inside::of(self.maps))?);
            }
        }
        Ok(Value::Object(map))
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
    fn an_object_is_read_up_to_a_number_of_maps() {
        // With itself: the object's own maps are none of those that are counted, save `spec`.
        for (items, is_read) in [(MOST_MAPS - 1, true), (MOST_MAPS, false)] {
            let items = vec![r#"{"name":"A"}"#; items].join(",");
            let read = read_text(&format!(r#"{{"apiVersion":"v1","kind":"Pod","spec":{{"env":[{items}]}}}}"#));
            assert_eq!(read.is_ok(), is_read);
            assert!(is_read || matches!(read, Err(JudgeError::TooLarge(_))), "{read:?}");
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
