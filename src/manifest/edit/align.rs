//! Which items of two lists are the same, so that an edit of an item is no other item in its place.

use serde_json::Value;
use std::borrow::Borrow;

/// A step from the end of two lists to their start.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// An item of both, perhaps edited.
    Same { before: usize, after: usize },
    /// An item that is no longer there.
    Gone { before: usize },
    /// An item that comes to stand before the item of this index in the list before.
    New { before: usize, after: usize },
}

/// How many pairs of items are weighed. Edits are few: between what is equal at both ends there is seldom more than one.
const MAX_PAIRS: usize = 4096;

/// The steps with the least that changes; what is equal at both ends is left out. Where there are too many items to weigh
/// them all, they are told apart by name.
pub(super) fn steps(before: &[Value], after: &[impl Borrow<Value>]) -> Vec<Step> {
    let after: Vec<&Value> = after.iter().map(Borrow::borrow).collect();
    let head = before.iter().zip(&after).take_while(|(one, other)| is_same(one, other)).count();
    let (old, new) = (before.get(head..).unwrap_or(&[]), after.get(head..).unwrap_or(&[]));
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| is_same(one, other)).count();
    let old = old.get(..old.len() - tail).unwrap_or(&[]);
    let new = new.get(..new.len() - tail).unwrap_or(&[]);
    let steps = if old.len() * new.len() <= MAX_PAIRS { Table::of(old, new).steps() } else { by_name(old, new) };
    let moved = |step| match step {
        Step::Same { before, after } => Step::Same { before: head + before, after: head + after },
        Step::Gone { before } => Step::Gone { before: head + before },
        Step::New { before, after } => Step::New { before: head + before, after: head + after },
    };
    steps.into_iter().map(moved).collect()
}

/// The usual table of edit distances: of each start of one list from each start of the other.
struct Table<'v> {
    before: &'v [Value],
    after: &'v [&'v Value],
    distances: Vec<usize>,
}

impl<'v> Table<'v> {
    fn of(before: &'v [Value], after: &'v [&'v Value]) -> Self {
        let mut table = Self { before, after, distances: Vec::new() };
        for old in 0..=before.len() {
            for new in 0..=after.len() {
                let distance = table.last_step(old, new).map_or(0, |(distance, _)| distance);
                table.distances.push(distance);
            }
        }
        table
    }

    /// The step by which the first `old` items become the first `new` items with the least change, and how much that is.
    fn last_step(&self, old: usize, new: usize) -> Option<(usize, Step)> {
        let so_far =
            |old: usize, new: usize| self.distances.get(old * (self.after.len() + 1) + new).copied().unwrap_or(0);
        let one = old.checked_sub(1).and_then(|index| Some((index, self.before.get(index)?)));
        let other = new.checked_sub(1).and_then(|index| Some((index, *self.after.get(index)?)));
        let put_in = other.map(|(after, item)| (so_far(old, after) + weight(item), Step::New { before: old, after }));
        let taken = one.map(|(before, item)| (so_far(before, new) + weight(item), Step::Gone { before }));
        let of_one_kind = one.zip(other).filter(|((_, item), (_, edited))| kind(item) == kind(edited));
        let edited = of_one_kind.map(|((before, item), (after, edited))| {
            (so_far(before, after) + distance(item, edited), Step::Same { before, after })
        });
        [put_in, taken, edited].into_iter().flatten().min_by_key(|(distance, _)| *distance)
    }

    fn steps(&self) -> Vec<Step> {
        let (mut old, mut new) = (self.before.len(), self.after.len());
        let mut steps = Vec::new();
        while let Some((_, step)) = self.last_step(old, new) {
            (old, new) = match step {
                Step::Same { before, after } => (before, after),
                Step::Gone { before } => (before, new),
                Step::New { after, .. } => (old, after),
            };
            steps.push(step);
        }
        steps
    }
}

/// Whether two values are equal. One that was not copied is itself, however large it is.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    std::ptr::eq(one, other) || one == other
}

fn kind(value: &Value) -> (bool, bool) {
    (value.is_object(), value.is_array())
}

/// How many scalars a value holds.
pub(super) fn weight(value: &Value) -> usize {
    let weight: usize = match value {
        Value::Object(map) => map.values().map(weight).sum(),
        Value::Array(items) => items.iter().map(weight).sum(),
        _ => 1,
    };
    weight.max(1)
}

/// How many scalars come, go, or are others, when the one value becomes the other where it stands.
pub(super) fn distance(before: &Value, after: &Value) -> usize {
    match (before, after) {
        _ if is_same(before, after) => 0,
        (Value::Object(before), Value::Object(after)) => {
            let of_key = |(key, old)| after.get(key).map_or_else(|| weight(old), |new| distance(old, new));
            let added = after.iter().filter(|(key, _)| !before.contains_key(*key));
            before.iter().map(of_key).sum::<usize>() + added.map(|(_, new)| weight(new)).sum::<usize>()
        }
        (Value::Array(before), Value::Array(after)) => {
            let both = before.len().min(after.len());
            let longer = before.iter().skip(both).chain(after.iter().skip(both));
            before.iter().zip(after).map(|(old, new)| distance(old, new)).chain(longer.map(weight)).sum()
        }
        _ => weight(before).max(weight(after)),
    }
}

/// Items are the same if they are equal or have one name.
fn by_name(before: &[Value], after: &[&Value]) -> Vec<Step> {
    let is_in = |item: &Value, list: &[Value]| list.iter().any(|other| are_alike(item, other));
    let (mut old, mut new) = (before, after);
    let mut steps = Vec::new();
    loop {
        steps.push(match (old.split_last(), new.split_last()) {
            (Some((one, olds)), Some((other, news))) if are_alike(one, other) => {
                (old, new) = (olds, news);
                Step::Same { before: olds.len(), after: news.len() }
            }
            (olds, Some((other, news))) if olds.is_none() || !is_in(other, old) => {
                new = news;
                Step::New { before: old.len(), after: news.len() }
            }
            (Some((_, olds)), _) => {
                old = olds;
                Step::Gone { before: olds.len() }
            }
            _ => return steps,
        });
    }
}

/// An object in a `List` has its name in its metadata.
fn are_alike(one: &Value, other: &Value) -> bool {
    let is_same = |pointer: &str| one.pointer(pointer).is_some_and(|name| other.pointer(pointer) == Some(name));
    is_same("/name") || is_same("/metadata/name") && one.get("kind") == other.get("kind") || one == other
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Enough objects of a list that no table is made of them.
    #[test]
    fn many_objects_are_told_apart_by_name() {
        let object =
            |name: usize, label: &str| json!({"kind": "Pod", "metadata": {"name": name, "labels": {"a": label}}});
        let before: Vec<Value> = (0..100).map(|name| object(name, "old")).collect();
        let mut after: Vec<Value> = (0..100).map(|name| object(name, "new")).collect();
        after.remove(50);
        after.insert(20, object(200, "new"));
        assert!(before.len() * after.len() > MAX_PAIRS);
        let (mut same, mut other) = (0, Vec::new());
        for step in steps(&before, &after) {
            match step {
                Step::Same { before: old, after: new } => {
                    assert_eq!(before[old]["metadata"]["name"], after[new]["metadata"]["name"]);
                    same += 1;
                }
                step => other.push(format!("{step:?}")),
            }
        }
        assert_eq!(same, 99);
        assert_eq!(other, ["Gone { before: 50 }", "New { before: 20, after: 20 }"]);
    }
}
