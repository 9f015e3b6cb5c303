//! A map of strings inside an object: labels, annotations, selectors.

use serde_json::Value;

/// A borrowed map of strings. A missing map, and a value that is no string, count as absent.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'a>(Option<&'a serde_json::Map<String, Value>>);

impl<'a> Labels<'a> {
    /// The map at a place of an object, if it is one.
    pub fn of(value: Option<&'a Value>) -> Self {
        Self(value.and_then(Value::as_object))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.0?.get(key)?.as_str()
    }

    /// The value of a key that is no text but true or false, as it is without quotes: the API server takes no such map.
    pub fn unquoted(&self, key: &str) -> Option<bool> {
        self.0?.get(key)?.as_bool()
    }

    /// Whether there is a key with nothing as its value.
    pub fn is_null(&self, key: &str) -> bool {
        self.0.and_then(|map| map.get(key)).is_some_and(Value::is_null)
    }

    /// Whether there is a key, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.0.is_some_and(|map| map.contains_key(key))
    }

    /// All pairs with a string as value, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.0.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }
}
