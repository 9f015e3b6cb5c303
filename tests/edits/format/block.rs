//! Maps and lists by indentation, anchors, and merges.

use super::Writer;
use serde_json::{Map, Value};

impl Writer<'_> {
    /// A map at an indent; its first key stands here already where the line has begun.
    pub(super) fn map(&mut self, map: &Map<String, Value>, indent: usize, has_begun: bool) {
        let mut entries: Vec<(&String, &Value)> = map.iter().collect();
        if self.dice.one_in(2) {
            self.dice.shuffle(&mut entries);
        }
        let merged = self.merged(map).filter(|_| !has_begun);
        if let Some((name, same)) = merged {
            self.own_lines(indent, true);
            self.spaces(indent);
            self.out.push_str(&format!("<<: *{name}"));
            self.end_line();
            entries.retain(|(key, _)| !same.contains(*key));
        }
        for (index, (key, value)) in entries.into_iter().enumerate() {
            if index > 0 || !has_begun {
                self.own_lines(indent, true);
                self.spaces(indent);
            }
            if self.dice.one_in(700) {
                self.is_special = true;
                self.key(key);
                self.out.push_str(": dropped\n");
                self.spaces(indent);
            }
            self.entry(key, value, indent);
        }
    }

    /// An anchored map that this one may be a merge of, and the keys that come from it.
    fn merged(&mut self, map: &Map<String, Value>) -> Option<(String, Vec<String>)> {
        if !self.has_anchors || !self.dice.one_in(2) {
            return None;
        }
        let may_be = |other: &Map<String, Value>| {
            let same: Vec<String> =
                other.iter().filter(|(key, it)| map.get(*key) == Some(it)).map(|it| it.0.clone()).collect();
            let fits = other.keys().all(|key| map.contains_key(key)) && !same.is_empty() && same.len() < map.len();
            fits.then_some(same)
        };
        let of = |(name, value): &(String, Value)| Some((name.clone(), may_be(value.as_object()?)?));
        self.anchored.iter().find_map(of)
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize) {
        self.behind_block = None;
        let is_explicit = self.dice.one_in(700);
        if is_explicit {
            self.is_special = true;
            self.out.push_str("? ");
        }
        self.key(key);
        if is_explicit {
            self.end_line();
            self.spaces(indent);
        } else if self.dice.one_in(40) {
            self.out.push(' ');
        }
        self.out.push(':');
        self.value(value, indent, false);
    }

    fn list(&mut self, items: &[Value], indent: usize, has_begun: bool) {
        let gap = 1 + [0, 0, 0, 0, 0, 2, 1][self.dice.roll(7)];
        for (index, item) in items.iter().enumerate() {
            if index > 0 || !has_begun {
                self.own_lines(indent, true);
                self.spaces(indent);
            }
            self.behind_block = None;
            self.out.push('-');
            self.item(item, indent, gap);
        }
    }

    /// Behind the dash at this indent.
    fn item(&mut self, item: &Value, indent: usize, gap: usize) {
        let begins_here = !self.has_anchors && !self.dice.one_in(12);
        match item {
            Value::Object(map) if begins_here && !map.is_empty() && self.is_block() => {
                self.spaces(gap);
                self.map(map, indent + 1 + gap, true);
            }
            Value::Array(items) if begins_here && !items.is_empty() && self.is_block() => {
                self.spaces(gap);
                self.list(items, indent + 1 + gap, true);
            }
            _ => self.value(item, indent, true),
        }
    }

    /// Behind a colon or dash at this indent, to the end of the value's last line.
    fn value(&mut self, value: &Value, indent: usize, is_item: bool) {
        if self.alias(value) {
            self.end_line();
            return;
        }
        let anchor = self.anchor(value);
        match value {
            Value::Object(map) if !map.is_empty() && self.is_block() => {
                self.end_line();
                let step = self.next_step();
                self.map(map, indent + step, false);
            }
            Value::Array(items) if !items.is_empty() && self.is_block() => {
                self.end_line();
                let step = if is_item || self.lists_are_indented { self.next_step() } else { 0 };
                self.list(items, indent + step, false);
            }
            Value::Object(_) | Value::Array(_) => {
                self.out.push(' ');
                self.flow(value, indent);
                self.end_line();
            }
            _ => self.scalar_lines(value, indent),
        }
        self.anchored.extend(anchor.map(|name| (name, value.clone())));
    }

    fn is_block(&mut self) -> bool {
        !self.dice.one_in(7)
    }

    fn anchor(&mut self, value: &Value) -> Option<String> {
        if !self.has_anchors || value.is_null() || !self.dice.one_in(3) {
            return None;
        }
        self.is_special = true;
        let name = format!("a{}", self.anchors);
        self.anchors += 1;
        self.out.push_str(&format!(" &{name}"));
        Some(name)
    }

    fn alias(&mut self, value: &Value) -> bool {
        let found = self.anchored.iter().find(|(_, known)| known == value).map(|(name, _)| name.clone());
        let used = found.filter(|_| self.dice.one_in(2));
        self.out.extend(used.iter().map(|name| format!(" *{name}")));
        used.is_some()
    }
}
