//! A value with its path, to walk through objects of many forms. What has another form than expected counts as absent.

use crate::base::Path;
use serde_json::Value;

/// A value inside of an object.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    /// The value.
    pub value: &'a Value,
    /// Where it is.
    pub path: Path,
}

impl<'a> Field<'a> {
    /// The object itself.
    pub fn root(value: &'a Value) -> Self {
        Self { value, path: Path::root() }
    }

    /// What is under a key.
    pub fn get(&self, key: &str) -> Option<Self> {
        self.value.get(key).map(|value| Self { value, path: self.path.clone().key(key) })
    }

    /// What is at the end of plain keys with dots between them.
    pub fn at(&self, dotted: &str) -> Option<Self> {
        dotted.split('.').try_fold(self.clone(), |field, key| field.get(key))
    }

    /// The items of the list at the end of plain keys.
    pub fn items(&self, dotted: &str) -> impl Iterator<Item = Self> + use<'a> {
        let list = self.at(dotted);
        let items = list.iter().filter_map(|list| list.value.as_array()).flatten().collect::<Vec<_>>();
        let path = list.map(|list| list.path).unwrap_or_default();
        items.into_iter().enumerate().map(move |(index, value)| Self { value, path: path.clone().index(index) })
    }

    /// The text under a key, if it is one and not empty.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}
