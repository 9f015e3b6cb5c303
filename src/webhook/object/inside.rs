//! A JSON value, read down to a depth.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// Reads a value; what is nested deeper is passed over, and stands as `null`. Too many maps end the reading.
#[derive(Debug, Clone, Copy)]
pub struct Inside<'a> {
    levels: usize,
    /// How many maps may still come.
    maps: &'a Cell<usize>,
}

impl<'a> Inside<'a> {
    /// Down to a depth below the 128 at which the JSON reader itself gives up. The deepest field of Kubernetes' own kinds is at
    /// about 20.
    pub fn of(maps: &'a Cell<usize>) -> Self {
        Self { levels: 100, maps }
    }

    fn below(self) -> Self {
        Self { levels: self.levels.saturating_sub(1), ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Inside<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.levels == 0 {
            IgnoredAny::deserialize(deserializer)?;
            return Ok(Value::Null);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inside<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that JSON does not have"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below())? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let Some(left) = self.maps.get().checked_sub(1) else { return Err(A::Error::custom("too many maps")) };
        self.maps.set(left);
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            map.insert(key, entries.next_value_seed(self.below())?);
        }
        Ok(Value::Object(map))
    }
}
