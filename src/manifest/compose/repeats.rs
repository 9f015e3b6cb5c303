//! Keys that stand twice in one map.

use crate::manifest::tree::{NodeId, Range, Shape, Tree};

/// The keys that stand again, each with the first of its name. Only the first few are kept: finding one takes a look at
/// the whole map.
#[derive(Debug, Clone, Default)]
pub(in crate::manifest) struct Repeats {
    /// The first and the repeated key.
    pub(in crate::manifest) kept: Vec<(Range, Range)>,
    /// Whether there may be more.
    pub(in crate::manifest) more: bool,
}

const MAX_REPEATS: usize = 20;

impl Repeats {
    /// Notes a key whose name the map had already. Where a merge brought that in, nothing is repeated.
    pub(super) fn note(&mut self, tree: &Tree, text: &str, map: NodeId, key: NodeId, name: &str) {
        if self.kept.len() >= MAX_REPEATS {
            self.more = true;
        } else if let Some(pair) = first_of_name(tree, text, map, key, name) {
            self.kept.push(pair);
        }
    }
}

/// The places of the first key of that name and of this one. The map is not closed: its node does not know its end.
fn first_of_name(tree: &Tree, text: &str, map: NodeId, key: NodeId, name: &str) -> Option<(Range, Range)> {
    let mut first = map + 1;
    while first < key {
        let node = tree.get(first)?;
        if node.shape != Shape::Merge && tree.name(first, text) == Some(name) {
            return Some((node.range, tree.get(key)?.range));
        }
        first = tree.after(tree.after(first)?)?;
    }
    None
}
