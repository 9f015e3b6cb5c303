//! Objects with some of their texts and numbers made long or odd.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of a text or a number.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// As long as a name can be, behind what it was, so that its first letters still say the same.
    Long(usize),
    /// These characters behind it.
    Odd(String),
    /// Something else altogether.
    Other(Value),
}

impl Arbitrary for Mutation {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let numbers = prop_oneof![Just(0), Just(-1), Just(1), Just(65535), Just(i64::from(i32::MAX)), Just(i64::MAX)];
        let odd = "[-\n\r\t\u{0}\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{202e}é漢😀 \"'`:{}#%]{1,80}";
        prop_oneof![
            3 => (1..300usize).prop_map(Self::Long),
            3 => odd.prop_map(Self::Odd),
            1 => any::<String>().prop_map(|text| Self::Other(text.into())),
            1 => numbers.prop_map(|number| Self::Other(number.into())),
        ]
        .boxed()
    }
}

/// The objects with these changes: each of one text or number, everywhere it stands. What they are (`kind`, `apiVersion`)
/// stays, as no rule speaks of anything else.
pub fn mutated(objects: &[Value], changes: &[(Index, Mutation)]) -> Vec<Value> {
    let mut known = BTreeSet::new();
    objects.iter().for_each(|object| leaves(object, &mut known));
    let known: Vec<String> = known.into_iter().collect();
    if known.is_empty() {
        return objects.to_vec();
    }
    let changes: BTreeMap<&str, &Mutation> = changes.iter().map(|(at, it)| (at.get(&known).as_str(), it)).collect();
    objects.iter().map(|object| changed(object, &changes)).collect()
}

/// The texts and numbers of a value, as text.
fn leaves(value: &Value, known: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().filter(|(key, _)| !is_kind(key)).for_each(|(_, value)| leaves(value, known)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, known)),
        Value::String(text) => drop(known.insert(text.clone())),
        Value::Number(number) => drop(known.insert(number.to_string())),
        Value::Null | Value::Bool(_) => {}
    }
}

fn is_kind(key: &str) -> bool {
    matches!(key, "kind" | "apiVersion")
}

fn changed(value: &Value, changes: &BTreeMap<&str, &Mutation>) -> Value {
    match value {
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| {
                let value = if is_kind(key) { value.clone() } else { changed(value, changes) };
                (key.clone(), value)
            };
            Value::Object(map.iter().map(entry).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| changed(item, changes)).collect(),
        Value::String(text) => changes.get(text.as_str()).map_or_else(|| value.clone(), |it| it.of(text)),
        Value::Number(number) => match changes.get(number.to_string().as_str()) {
            Some(Mutation::Other(other)) => other.clone(),
            _ => value.clone(),
        },
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

impl Mutation {
    fn of(&self, text: &str) -> Value {
        match self {
            Self::Long(length) => format!("{text}{}", "x".repeat(*length)).into(),
            Self::Odd(characters) => format!("{text}{characters}").into(),
            Self::Other(value) => value.clone(),
        }
    }
}
