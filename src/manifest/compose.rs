//! From a sequence of nodes to one JSON value and the [`Tree`] of places, in one pass and without recursion.
//!
//! Both readers, of YAML and of JSON, drive a [`Composer`]. It holds the rules of kubectl's reader that are about
//! structure: names of keys, equal keys, merges, aliases; and all limits. It never looks at the text between nodes.

use super::fault::{Fault, Reason};
use super::limits::Limits;
use super::scalar::Scalar;
use super::spot::Style;
use super::tree::{Node, NodeId, Range, Shape, Tree};
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// Builds one document.
pub(super) struct Composer<'t> {
    text: &'t str,
    limits: &'t Limits,
    tree: Tree,
    frames: Vec<Frame>,
    root: Option<Value>,
    anchors: Vec<Anchored>,
    /// Nodes as go-yaml counts its decoding steps: aliases count with all they stand for.
    decoded: usize,
    /// Those of them that came from aliases.
    aliased: usize,
    /// Nodes copied for anchors and aliases.
    copied: usize,
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

/// Keys that stand twice in one map. Only the first few are kept, finding them costs time.
#[derive(Debug, Clone, Default)]
pub(super) struct Repeats {
    /// The first and the repeated key.
    pub(super) kept: Vec<(Range, Range)>,
    /// Whether there may be more.
    pub(super) more: bool,
}

/// A collection that is still open.
struct Frame {
    node: NodeId,
    /// Levels of maps and lists inside it, aliases counted with theirs.
    height: usize,
    /// The composer's count of steps when it began.
    began_at: usize,
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

/// What an anchor names.
enum Anchored {
    /// It is not finished: an alias to it would contain itself.
    Open,
    Scalar(NodeId, Scalar<'static>),
    Collection {
        node: NodeId,
        value: Value,
        steps: usize,
        height: usize,
    },
}

/// Keys of one document that are searched for their first occurrence: each takes a look at the whole map.
const MAX_REPEATS: usize = 20;

impl<'t> Composer<'t> {
    /// For a document whose ranges are offsets into `text`.
    pub(super) fn new(text: &'t str, limits: &'t Limits) -> Self {
        Self {
            text,
            limits,
            tree: Tree::default(),
            frames: Vec::new(),
            root: None,
            anchors: Vec::new(),
            decoded: 0,
            aliased: 0,
            copied: 0,
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
        self.decoded += 1;
        if let Some(anchor) = anchor {
            self.remember(anchor, Anchored::Scalar(node, scalar.clone().into_owned()));
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
        let began_at = self.decoded;
        let node = self.add(range, shape)?;
        self.decoded += 1;
        if let Some(anchor) = anchor {
            self.remember(anchor, Anchored::Open);
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
            let steps = self.decoded - frame.began_at;
            self.copy(range, steps)?;
            let value = value.clone();
            self.remember(anchor, Anchored::Collection { node: frame.node, value, steps, height: frame.height });
        }
        self.place(frame.node, range, value, frame.height)
    }

    /// An alias of an anchor.
    pub(super) fn alias(&mut self, range: Range, anchor: usize) -> Result<(), Fault> {
        let node = self.add(range, Shape::Alias)?;
        let (target, steps, height) = match self.anchors.get(anchor) {
            None | Some(Anchored::Open) => return Err(Fault::new(range, Reason::ContainsItself)),
            Some(Anchored::Scalar(target, _)) => (*target, 1, 0),
            Some(Anchored::Collection { node, steps, height, .. }) => (*node, *steps, *height),
        };
        if let Some(node) = self.tree.nodes.get_mut(node as usize) {
            node.next = target;
        }
        self.expand(range, steps)?;
        if self.frames.len() + height > self.limits.max_depth {
            return Err(Fault::new(range, Reason::TooDeep(self.limits.max_depth)));
        }
        match self.anchors.get(anchor) {
            Some(Anchored::Scalar(_, scalar)) => {
                let scalar = scalar.clone();
                self.place_scalar(node, range, scalar)
            }
            Some(Anchored::Collection { value, .. }) => {
                let value = value.clone();
                self.place(node, range, value, height)
            }
            None | Some(Anchored::Open) => Ok(()),
        }
    }

    /// Counts an alias as go-yaml does, and refuses what go-yaml calls excessive.
    fn expand(&mut self, range: Range, steps: usize) -> Result<(), Fault> {
        self.decoded += 1 + steps;
        self.aliased += steps;
        if is_excessive(self.decoded, self.aliased) {
            return Err(Fault::new(range, Reason::TooManyAliases));
        }
        self.copy(range, steps)
    }

    fn copy(&mut self, range: Range, steps: usize) -> Result<(), Fault> {
        self.copied += steps;
        let affordable = self.copied <= self.limits.max_alias_nodes;
        if affordable { Ok(()) } else { Err(Fault::new(range, Reason::TooManyAliases)) }
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
                            self.repeated(map, key, &name);
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

    /// Finds the first key of that name; there is none if a merge brought it in, and then nothing is repeated.
    fn repeated(&mut self, map: NodeId, key: NodeId, name: &str) {
        if self.repeats.kept.len() >= MAX_REPEATS {
            self.repeats.more = true;
            return;
        }
        // The map is not closed yet: its node does not know its end.
        let mut first = map + 1;
        while first < key {
            let Some(node) = self.tree.get(first) else { return };
            if node.shape != Shape::Merge && self.tree.name(first, self.text) == Some(name) {
                if let Some(again) = self.tree.get(key) {
                    self.repeats.kept.push((node.range, again.range));
                }
                return;
            }
            let Some(value) = self.tree.after(first) else { return };
            let Some(next) = self.tree.after(value) else { return };
            first = next;
        }
    }

    fn remember(&mut self, anchor: usize, content: Anchored) {
        if self.anchors.len() <= anchor {
            self.anchors.resize_with(anchor + 1, || Anchored::Open);
        }
        if let Some(slot) = self.anchors.get_mut(anchor) {
            *slot = content;
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

/// The limit of go-yaml v2 (`allowedAliasRatio` in `decode.go`): the larger the document, the smaller the part that may
/// come from aliases, from 99 % down to 10 %.
#[allow(clippy::cast_precision_loss)] // counts of nodes
fn is_excessive(decoded: usize, aliased: usize) -> bool {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let along = ((decoded as f64 - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
    aliased > 100 && decoded > 1000 && aliased as f64 / decoded as f64 > 0.99 - 0.89 * along
}

fn kind_word(value: &Value) -> &'static str {
    if value.is_array() { "list" } else { "map" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::yaml;

    fn refusal(text: &str, limits: &Limits) -> Option<Reason> {
        yaml::read(text, limits).read.err().map(|fault| fault.reason)
    }

    fn alias_bomb(levels: usize) -> String {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..levels {
            let items = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        text
    }

    #[test]
    fn each_limit_holds_at_its_very_number() {
        let limits = Limits { max_document_bytes: 100, max_depth: 3, max_alias_nodes: 8, max_nodes: 12 };
        let cases = [
            ("[[[1]]]", None),
            ("[[[[1]]]]", Some(Reason::TooDeep(3))),
            ("[&a [[1]], *a]", None),
            ("[&a [[1]], [*a]]", Some(Reason::TooDeep(3))),
            ("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]", None),
            ("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]", Some(Reason::TooManyNodes(12))),
            // The anchor's list is copied once to be kept, and once for each alias.
            ("[&a [1], *a, *a, *a]", None),
            ("[&a [1], *a, *a, *a, *a]", Some(Reason::TooManyAliases)),
        ];
        for (text, wanted) in cases {
            assert_eq!(refusal(text, &limits), wanted, "{text}");
        }
    }

    #[test]
    fn an_alias_bomb_is_refused_however_large_it_would_become() {
        for levels in [5, 9, 30] {
            assert_eq!(refusal(&alias_bomb(levels), &Limits::default()), Some(Reason::TooManyAliases));
        }
        assert_eq!(refusal(&alias_bomb(3), &Limits::default()), None);
    }

    #[test]
    fn merges_obey_the_order_of_the_text() {
        let cases = [
            ("a: 1\n<<: {a: 2, b: 3}\n", r#"{"a":2,"b":3}"#),
            ("<<: {a: 2, b: 3}\na: 1\n", r#"{"a":1,"b":3}"#),
            ("<<: [{a: 1}, {a: 2, b: 2}]\n", r#"{"a":1,"b":2}"#),
            ("p: &x {a: 1}\nq: {<<: *x, b: 2}\n", r#"{"p":{"a":1},"q":{"a":1,"b":2}}"#),
            ("'<<': {a: 1}\n", r#"{"<<":{"a":1}}"#),
        ];
        for (text, wanted) in cases {
            let value = yaml::read(text, &Limits::default()).read.map(|composed| composed.value.to_string());
            assert_eq!(value.as_deref(), Ok(wanted), "{text:?}");
        }
        for text in ["<<: 1", "<<: [1]", "<<: [[{a: 1}]]", "x: &x [{a: 1}]\ny: {<<: *x}", "<<:"] {
            assert_eq!(refusal(text, &Limits::default()), Some(Reason::MergeOfNoMap), "{text:?}");
        }
    }
}
