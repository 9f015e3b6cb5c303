//! Where everything of one document stands: a flat list of nodes in the order of the text, sixteen bytes each.
//!
//! A map's children are key, value, key, value; a list's are its items. The children of node `i` start at `i + 1`, and
//! each node knows where its next sibling is, so that a subtree is a range. Offsets are relative to the document's piece.

use super::spot::Style;
use crate::base::{Path, Segment};
use std::collections::HashMap;
use std::sync::OnceLock;

/// The number of a node in its [`Tree`].
pub(super) type NodeId = u32;

/// A range of bytes in the piece of text that a document is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) range: Range,
    /// The next sibling of a scalar, map or list; what an alias stands for.
    pub(super) next: NodeId,
    pub(super) shape: Shape,
    /// A key whose name is not its text as it stands (quoted, escaped, `yes`): it is in [`Tree::names`].
    pub(super) renamed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar(Style),
    Map(Style),
    List(Style),
    Alias,
    /// A key `<<` that takes in the entries of its value.
    Merge,
}

/// All nodes of a document.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) names: HashMap<NodeId, Box<str>>,
    /// Anchors and tags, by the node they belong to.
    pub(super) properties: Vec<(NodeId, Range)>,
    /// The items of lists of more than [`FEW`], once one of them was asked for: each finding asks for the place of some item.
    long_lists: OnceLock<HashMap<NodeId, Vec<NodeId>>>,
}

/// Bytes of text for each node: nine of ten manifests have more.
const BYTES_A_NODE: usize = 10;

/// Nodes that there is room for from the start, at most: a text may be one large scalar.
const MOST_ROOM: usize = 4096;

/// Items that are counted off.
const FEW: usize = 16;

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// The key that introduces it, where it is a value of a map.
    pub(super) key: Option<NodeId>,
    /// The node itself, an alias already followed.
    pub(super) node: NodeId,
    /// The node that stands at this place: an alias, or the same as `node`.
    pub(super) written: NodeId,
    /// Whether the way led through an alias.
    pub(super) via_alias: bool,
}

impl Tree {
    /// An empty one, with room for what a text usually holds.
    pub(super) fn with_room_for(text: &str) -> Self {
        Self { nodes: Vec::with_capacity((text.len() / BYTES_A_NODE).min(MOST_ROOM)), ..Self::default() }
    }

    /// Drops all nodes from the child of the root on that this is.
    pub(super) fn cut(&mut self, child: NodeId) {
        self.nodes.truncate(child as usize);
        self.nodes.shrink_to_fit();
        if let Some(root) = self.nodes.first_mut() {
            root.next = child;
        }
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    /// The direct children of a map or list, keys and values in turn.
    pub(super) fn children(&self, parent: NodeId) -> impl Iterator<Item = NodeId> {
        let end = match self.get(parent) {
            Some(Node { shape: Shape::Map(_) | Shape::List(_), next, .. }) => *next,
            _ => 0,
        };
        let after = |id: NodeId| self.after(id);
        std::iter::successors(Some(parent + 1), move |&id| after(id)).take_while(move |&id| id < end)
    }

    /// The key and value nodes of a map, in the order of the text.
    pub(super) fn entries(&self, map: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let mut children = self.children(map);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The node behind a finished one and all that belongs to it.
    pub(super) fn after(&self, id: NodeId) -> Option<NodeId> {
        let node = self.get(id)?;
        Some(if node.shape == Shape::Alias { id + 1 } else { node.next })
    }

    /// The name of a key, as it is in the JSON.
    pub(super) fn name<'a>(&'a self, key: NodeId, text: &'a str) -> Option<&'a str> {
        let node = self.get(key)?;
        if node.renamed {
            return self.names.get(&key).map(AsRef::as_ref);
        }
        text.get(node.range.start as usize..node.range.end as usize)
    }

    /// What stands at a path, by the rules by which the JSON was made: of equal keys the last, merged ones included.
    pub(super) fn find(&self, path: &Path, text: &str) -> Option<Found> {
        let (found, steps) = self.find_nearest(path, text)?;
        (steps == path.segments().len()).then_some(found)
    }

    /// The same for the longest beginning of a path that leads anywhere, and how many steps that is.
    pub(super) fn find_nearest(&self, path: &Path, text: &str) -> Option<(Found, usize)> {
        let mut found = self.follow(None, 0, false)?;
        for (steps, segment) in path.segments().iter().enumerate() {
            let next = match segment {
                Segment::Key(key) => self.entry(found.node, key, text, found.via_alias),
                Segment::Index(index) => self.item(found.node, *index, found.via_alias),
            };
            let Some(next) = next else { return Some((found, steps)) };
            found = next;
        }
        Some((found, path.segments().len()))
    }

    fn item(&self, list: NodeId, index: usize, via_alias: bool) -> Option<Found> {
        let Shape::List(_) = self.get(list)?.shape else { return None };
        let item = match index {
            0..FEW => self.children(list).nth(index),
            _ => self.long_lists().get(&list).and_then(|items| items.get(index)).copied(),
        };
        self.follow(None, item?, via_alias)
    }

    fn long_lists(&self) -> &HashMap<NodeId, Vec<NodeId>> {
        let items = |list: NodeId| self.children(list).collect::<Vec<NodeId>>();
        self.long_lists.get_or_init(|| {
            let lists = (0..).zip(&self.nodes).filter(|(_, node)| matches!(node.shape, Shape::List(_)));
            lists.map(|(list, _)| (list, items(list))).filter(|(_, items)| items.len() > FEW).collect()
        })
    }

    fn entry(&self, map: NodeId, name: &str, text: &str, via_alias: bool) -> Option<Found> {
        let Shape::Map(_) = self.get(map)?.shape else { return None };
        let mut last = None;
        for (key, value) in self.entries(map) {
            if self.get(key)?.shape == Shape::Merge {
                last = self.merged(value, name, text, via_alias).or(last);
            } else if self.name(key, text) == Some(name) {
                last = self.follow(Some(key), value, via_alias);
            }
        }
        last
    }

    /// The entry that `<<: value` brings in; of a list of maps, the first that has it.
    ///
    /// Goes as deep as merges are nested, and makes at most as many steps as reading made: both were limited there.
    fn merged(&self, value: NodeId, name: &str, text: &str, via_alias: bool) -> Option<Found> {
        let source = self.follow(None, value, via_alias)?;
        match self.get(source.node)?.shape {
            Shape::Map(_) => self.entry(source.node, name, text, source.via_alias),
            Shape::List(_) => self.children(source.node).find_map(|item| {
                let item = self.follow(None, item, source.via_alias)?;
                self.entry(item.node, name, text, item.via_alias)
            }),
            _ => None,
        }
    }

    fn follow(&self, key: Option<NodeId>, written: NodeId, via_alias: bool) -> Option<Found> {
        let (mut node, mut via_alias) = (written, via_alias);
        while let Node { shape: Shape::Alias, next, .. } = *self.get(node)? {
            (node, via_alias) = (next, true);
        }
        Some(Found { key, node, written, via_alias })
    }

    /// The anchor and tag before a node, as one range.
    pub(super) fn properties(&self, node: NodeId) -> Option<Range> {
        let first = self.properties.partition_point(|(owner, _)| *owner < node);
        let own = self.properties.get(first..)?.iter().take_while(|(owner, _)| *owner == node);
        own.map(|(_, range)| *range).reduce(|a, b| Range { start: a.start.min(b.start), end: a.end.max(b.end) })
    }
}
