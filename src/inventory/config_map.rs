//! ConfigMaps: that they are there. What they say is read in the object itself, by the few who ask.

use crate::inventory::shard::{Indexed, Pair};
use crate::manifest::Object;

/// What is kept of a ConfigMap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConfigMapFacts;

impl ConfigMapFacts {
    /// The facts of an object, if it is a ConfigMap.
    pub fn of(object: &Object) -> Option<Self> {
        object.is("", "ConfigMap").then_some(Self)
    }
}

impl Indexed for ConfigMapFacts {
    const ONE_PAIR_IS_ENOUGH: bool = true;

    /// They are found by name.
    fn index_pairs(&self) -> Vec<Pair> {
        Vec::new()
    }
}
