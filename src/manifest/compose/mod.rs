//! From a sequence of nodes to one JSON value and the [`Tree`] of places, in one pass and without recursion.
//!
//! Both readers, of YAML and of JSON, drive a [`Composer`]. It holds the rules of kubectl's reader that are about
//! structure: names of keys, equal keys, merges, aliases; and all limits. It never looks at the text between nodes.

mod aliases;
mod repeats;
#[cfg(test)]
mod tests;

pub(super) use repeats::Repeats;

use super::fault::{Fault, Reason};
use super::limits::Limits;
use super::scalar::Scalar;
use super::spot::Style;
use super::tree::{Node, NodeId, Range, Shape, Tree};
use aliases::{Aliases, Named, Target, Weight};
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// Builds one document.
pub(super) struct Composer<'t> {
    text: &'t str,
    limits: &'t Limits,
    tree: Tree,
    frames: Vec<Frame>,
    root: Option<Value>,
    aliases: Aliases<'t>,
    /// Where the last node or bracket ended.
    last_end: u32,
    repeats: Repeats,
}

/// A document that was read.
pub(super) struct Composed {
    pub(super) value: Value,
    pub(super) tree: Tree,
    pub(super) repeats: Repeats,
}

/// A collection that is still open.
struct Frame {
    node: NodeId,
    /// Levels of maps and lists inside it, aliases counted with theirs.
    height: usize,
    /// What the document weighed when it began.
    began_at: Weight,
    anchor: Option<usize>,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    Map(Map<String, Value>, Pending),
}

/// What a map waits for.
enum Pending {
    Key,
    /// A value for this key.
    Value(NodeId, String),
    /// A value to take entries from.
    Merge,
}

impl<'t> Composer<'t> {
    /// For a document whose ranges are offsets into `text`.
    pub(super) fn new(text: &'t str, limits: &'t Limits) -> Self {
        Self {
            text,
            limits,
            tree: Tree::with_room_for(text),
            frames: Vec::new(),
            root: None,
            aliases: Aliases::new(limits),
            last_end: 0,
            repeats: Repeats::default(),
        }
    }

    /// The whole document; null where nothing was added.
    pub(super) fn finish(self) -> Composed {
        Composed { value: self.root.unwrap_or(Value::Null), tree: self.tree, repeats: self.repeats }
    }

    /// Where text stands in quotes or in blocks, in the order of the text.
    pub(super) fn texts(&self) -> Vec<Range> {
        let is_text = |node: &&Node| matches!(node.shape, Shape::Scalar(style) if style != Style::Plain);
        self.tree.nodes.iter().filter(is_text).map(|node| node.range).collect()
    }

    /// Notes an anchor or tag of the node that was added last.
    pub(super) fn property(&mut self, range: Range) {
        let node = self.last_node();
        self.tree.properties.push((node, range));
    }

    /// Whether a scalar added now would be a key; `plain` keys `<<` are merges.
    pub(super) fn wants_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Map(_, Pending::Key), .. }))
    }

    /// A key `<<`.
    pub(super) fn merge_key(&mut self, range: Range) -> Result<(), Fault> {
        self.add(range, Shape::Merge)?;
        if let Some(Frame { content: Content::Map(_, pending), .. }) = self.frames.last_mut() {
            *pending = Pending::Merge;
        }
        Ok(())
    }

    /// A scalar.
    pub(super) fn scalar(
        &mut self,
        range: Range,
        style: Style,
        scalar: Scalar<'_>,
        anchor: Option<usize>,
    ) -> Result<(), Fault> {
        let node = self.add(range, Shape::Scalar(style))?;
        let before = self.aliases.total();
        self.aliases.count((range.end - range.start) as usize);
        if let Some(anchor) = anchor {
            let content = || Named::Scalar(scalar.clone().into_owned());
            let target = || Target { node, height: 0, content: content() };
            self.aliases.finish(anchor, before, target).map_err(|reason| Fault::new(range, reason))?;
        }
        self.place_scalar(node, range, scalar)
    }

    fn place_scalar(&mut self, node: NodeId, range: Range, scalar: Scalar<'_>) -> Result<(), Fault> {
        if self.wants_key() {
            let name = scalar.into_key().map_err(|reason| Fault::new(range, reason))?;
            self.name_key(node, range, name);
            return Ok(());
        }
        let value = scalar.into_value().map_err(|reason| Fault::new(range, reason))?;
        self.place(node, range, value, 0)
    }

    /// A map begins.
    pub(super) fn open_map(&mut self, range: Range, style: Style, anchor: Option<usize>) -> Result<(), Fault> {
        self.open(range, Shape::Map(style), anchor, Content::Map(Map::new(), Pending::Key))
    }

    /// A list begins.
    pub(super) fn open_list(&mut self, range: Range, style: Style, anchor: Option<usize>) -> Result<(), Fault> {
        self.open(range, Shape::List(style), anchor, Content::List(Vec::new()))
    }

    fn open(&mut self, range: Range, shape: Shape, anchor: Option<usize>, content: Content) -> Result<(), Fault> {
        if self.frames.len() >= self.limits.max_depth {
            return Err(Fault::new(range, Reason::TooDeep(self.limits.max_depth)));
        }
        if self.wants_key() {
            let kind = if matches!(content, Content::List(_)) { "list" } else { "map" };
            return Err(Fault::new(range, Reason::CollectionAsKey(kind)));
        }
        let began_at = self.aliases.total();
        let node = self.add(range, shape)?;
        self.aliases.count(0);
        if let Some(anchor) = anchor {
            self.aliases.open(anchor);
        }
        self.frames.push(Frame { node, height: 1, began_at, anchor, content });
        Ok(())
    }

    /// The innermost map or list ends; `end` is the offset behind its closing bracket, where it has one.
    pub(super) fn close(&mut self, end: Option<u32>) -> Result<(), Fault> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let next = self.next_node();
        self.last_end = self.last_end.max(end.unwrap_or(0));
        let Some(node) = self.tree.nodes.get_mut(frame.node as usize) else { return Ok(()) };
        node.next = next;
        node.range.end = self.last_end;
        let range = node.range;
        let value = match frame.content {
            Content::List(items) => Value::Array(items),
            Content::Map(entries, _) => Value::Object(entries),
        };
        if let Some(anchor) = frame.anchor {
            let target =
                || Target { node: frame.node, height: frame.height, content: Named::Collection(value.clone()) };
            self.aliases.finish(anchor, frame.began_at, target).map_err(|reason| Fault::new(range, reason))?;
        }
        self.place(frame.node, range, value, frame.height)
    }

    /// An alias of an anchor.
    pub(super) fn alias(&mut self, range: Range, anchor: usize) -> Result<(), Fault> {
        let node = self.add(range, Shape::Alias)?;
        let target = self.aliases.expand(anchor).map_err(|reason| Fault::new(range, reason))?;
        if let Some(node) = self.tree.nodes.get_mut(node as usize) {
            node.next = target.node;
        }
        if self.frames.len() + target.height > self.limits.max_depth {
            return Err(Fault::new(range, Reason::TooDeep(self.limits.max_depth)));
        }
        match target.content {
            Named::Scalar(scalar) => self.place_scalar(node, range, scalar),
            Named::Collection(value) => self.place(node, range, value, target.height),
        }
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: NodeId, range: Range, value: Value, height: usize) -> Result<(), Fault> {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        frame.height = frame.height.max(height + 1);
        match &mut frame.content {
            Content::List(items) => items.push(value),
            Content::Map(entries, pending) => match std::mem::replace(pending, Pending::Key) {
                Pending::Key => return Err(Fault::new(range, Reason::CollectionAsKey(kind_word(&value)))),
                Pending::Merge => {
                    let is_alias = self.tree.get(node).is_some_and(|node| node.shape == Shape::Alias);
                    return merge(entries, value, is_alias).ok_or(Fault::new(range, Reason::MergeOfNoMap));
                }
                Pending::Value(key, name) => {
                    let map = frame.node;
                    match entries.entry(name) {
                        Entry::Vacant(entry) => {
                            entry.insert(value);
                        }
                        Entry::Occupied(mut entry) => {
                            let name = entry.key().clone();
                            entry.insert(value);
                            self.repeats.note(&self.tree, self.text, map, key, &name);
                        }
                    }
                }
            },
        }
        Ok(())
    }

    fn name_key(&mut self, node: NodeId, range: Range, name: String) {
        let is_verbatim = self.text.get(range.start as usize..range.end as usize) == Some(name.as_str());
        if !is_verbatim {
            self.tree.names.insert(node, name.as_str().into());
            if let Some(node) = self.tree.nodes.get_mut(node as usize) {
                node.renamed = true;
            }
        }
        if let Some(Frame { content: Content::Map(_, pending), .. }) = self.frames.last_mut() {
            *pending = Pending::Value(node, name);
        }
    }

    fn add(&mut self, range: Range, shape: Shape) -> Result<NodeId, Fault> {
        if self.tree.nodes.len() >= self.limits.max_nodes {
            return Err(Fault::new(range, Reason::TooManyNodes(self.limits.max_nodes)));
        }
        let node = self.next_node();
        self.last_end = self.last_end.max(range.end);
        self.tree.nodes.push(Node { range, next: node + 1, shape, renamed: false });
        Ok(node)
    }

    #[allow(clippy::cast_possible_truncation)] // max_nodes is far below u32::MAX
    fn next_node(&self) -> NodeId {
        self.tree.nodes.len() as NodeId
    }

    fn last_node(&self) -> NodeId {
        self.next_node().saturating_sub(1)
    }
}

/// Takes entries in, over those that are there already: the order of the text decides, as in go-yaml v2.
/// Of a list the earlier map wins. None if there is anything but maps.
fn merge(entries: &mut Map<String, Value>, value: Value, is_alias: bool) -> Option<()> {
    match value {
        Value::Object(map) => entries.extend(map),
        Value::Array(maps) if !is_alias => {
            for map in maps.into_iter().rev() {
                let Value::Object(map) = map else { return None };
                entries.extend(map);
            }
        }
        _ => return None,
    }
    Some(())
}

fn kind_word(value: &Value) -> &'static str {
    if value.is_array() { "list" } else { "map" }
}
