//! What anchors name, and what it costs to write that out where an alias stands for it.

use crate::manifest::fault::Reason;
use crate::manifest::limits::Limits;
use crate::manifest::scalar::Scalar;
use crate::manifest::tree::NodeId;
use serde_json::Value;

/// The anchors of a document, and the account of their aliases.
pub(super) struct Aliases<'l> {
    limits: &'l Limits,
    anchors: Vec<Anchor>,
    /// All of the document so far, with what its aliases stand for.
    total: Weight,
    /// The steps of it that came from aliases.
    aliased: usize,
    /// What was copied for anchors and aliases.
    copied: Weight,
}

/// What a part of a document weighs, with what its aliases stand for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weight {
    /// Nodes, as go-yaml counts the steps of its decoder.
    steps: usize,
    /// Bytes of its scalars.
    bytes: usize,
}

/// What an anchor names.
enum Anchor {
    /// It is not finished: an alias to it would contain itself.
    Open,
    Finished(Target, Weight),
}

/// What an alias stands for.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) node: NodeId,
    /// Levels of maps and lists.
    pub(super) height: usize,
    pub(super) content: Named,
}

#[derive(Debug, Clone)]
pub(super) enum Named {
    Scalar(Scalar<'static>),
    Collection(Value),
}

impl<'l> Aliases<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { limits, anchors: Vec::new(), total: Weight::default(), aliased: 0, copied: Weight::default() }
    }

    /// What the document weighs so far.
    pub(super) fn total(&self) -> Weight {
        self.total
    }

    /// Counts a node whose scalar has this many bytes.
    pub(super) fn count(&mut self, bytes: usize) {
        self.total = self.total.and(Weight { steps: 1, bytes });
    }

    /// An anchor begins whose map or list is not finished yet.
    pub(super) fn open(&mut self, anchor: usize) {
        self.set(anchor, Anchor::Open);
    }

    /// An anchor is complete; it weighs what came since the document weighed `before`.
    pub(super) fn finish(
        &mut self,
        anchor: usize,
        before: Weight,
        target: impl FnOnce() -> Target,
    ) -> Result<(), Reason> {
        let weight = self.total.since(before);
        self.copy(weight)?;
        self.set(anchor, Anchor::Finished(target(), weight));
        Ok(())
    }

    /// What an anchor names, for one alias of it. Refuses what go-yaml calls excessive, and what the limits do.
    pub(super) fn expand(&mut self, anchor: usize) -> Result<Target, Reason> {
        let Some(Anchor::Finished(_, weight)) = self.anchors.get(anchor) else { return Err(Reason::ContainsItself) };
        let weight = *weight;
        self.count(0);
        self.total = self.total.and(weight);
        self.aliased += weight.steps;
        if is_excessive(self.total.steps, self.aliased) {
            return Err(Reason::TooManyAliases);
        }
        self.copy(weight)?;
        match self.anchors.get(anchor) {
            Some(Anchor::Finished(target, _)) => Ok(target.clone()),
            _ => Err(Reason::ContainsItself),
        }
    }

    fn copy(&mut self, weight: Weight) -> Result<(), Reason> {
        self.copied = self.copied.and(weight);
        let is_within =
            self.copied.steps <= self.limits.max_alias_nodes && self.copied.bytes <= self.limits.max_document_bytes;
        if is_within { Ok(()) } else { Err(Reason::TooManyAliases) }
    }

    fn set(&mut self, anchor: usize, content: Anchor) {
        if self.anchors.len() <= anchor {
            self.anchors.resize_with(anchor + 1, || Anchor::Open);
        }
        if let Some(slot) = self.anchors.get_mut(anchor) {
            *slot = content;
        }
    }
}

impl Weight {
    fn and(self, other: Self) -> Self {
        Self { steps: self.steps + other.steps, bytes: self.bytes + other.bytes }
    }

    fn since(self, before: Self) -> Self {
        Self { steps: self.steps - before.steps, bytes: self.bytes - before.bytes }
    }
}

/// The limit of go-yaml v2 (`allowedAliasRatio` in `decode.go`): the larger the document, the smaller the part that may
/// come from aliases, from 99 % down to 10 %.
#[allow(clippy::cast_precision_loss)] // counts of nodes
fn is_excessive(decoded: usize, aliased: usize) -> bool {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let along = ((decoded as f64 - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
    aliased > 100 && decoded > 1000 && aliased as f64 / decoded as f64 > 0.99 - 0.89 * along
}
