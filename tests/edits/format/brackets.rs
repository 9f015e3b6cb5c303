//! Maps and lists in brackets, of YAML and of JSON.

use super::Writer;
use serde_json::Value;

impl Writer<'_> {
    /// A value in brackets, on one line or on many; what it stands in is indented so far.
    pub(super) fn flow(&mut self, value: &Value, indent: usize) {
        let (open, close, count) = match value {
            Value::Object(map) => ('{', '}', map.len()),
            Value::Array(items) => ('[', ']', items.len()),
            _ => return self.scalar(value, indent + 1, true),
        };
        self.out.push(open);
        let is_broken = self.dice.one_in(if count > 0 { 3 } else { 30 });
        let inner = indent + self.next_step();
        let pad = self.dice.pick(&["", " "]);
        let mut keys: Vec<&String> = value.as_object().into_iter().flat_map(|map| map.keys()).collect();
        self.dice.shuffle(&mut keys);
        let has_last_comma = count > 0 && self.dice.one_in(5);
        let comma = self.dice.pick(&[", ", ", ", ", ", ",", " , "]);
        for index in 0..count {
            if is_broken {
                self.break_line(inner);
            } else if index == 0 {
                self.out.push_str(pad);
            }
            match (value, keys.get(index)) {
                (Value::Object(map), Some(key)) => self.pair(key, &map[*key], inner),
                _ => self.flow(&value[index], inner),
            }
            if index + 1 < count || has_last_comma {
                self.out.push_str(if is_broken { comma.trim_end() } else { comma });
            }
        }
        if is_broken {
            self.break_line(indent);
        } else if count > 0 && !has_last_comma {
            self.out.push_str(pad);
        }
        self.out.push(close);
    }

    fn pair(&mut self, key: &str, value: &Value, inner: usize) {
        self.key(key);
        let is_quoted = self.out.ends_with(['"', '\'']);
        let colon = self.dice.pick(&[": ", ": ", ": ", ": ", ":  ", " : ", ":\n", ":"]);
        match (colon, value) {
            (":", _) if is_quoted => self.out.push(':'),
            (":\n", _) => {
                self.out.push(':');
                self.break_line(inner + 1);
            }
            (":", _) => self.out.push_str(": "),
            _ => self.out.push_str(colon),
        }
        self.flow(value, inner);
    }

    /// The end of this line inside of brackets, and lines with nothing but comments.
    fn break_line(&mut self, indent: usize) {
        self.end_line();
        self.own_lines(indent, true);
        self.spaces(indent);
    }

    /// A file of nothing but JSON.
    pub(super) fn json_stream(&mut self, documents: &[Value]) {
        let indent = [None, Some("  "), Some("    "), Some("\t")][self.dice.roll(4)];
        for document in documents {
            self.json(document, indent);
            self.out.push('\n');
        }
    }

    /// JSON on one line, or with this indent.
    pub(super) fn json(&mut self, value: &Value, indent: Option<&str>) {
        let separators = if indent.is_none() && self.dice.one_in(2) { (",", ":") } else { (", ", ": ") };
        self.json_value(value, indent, separators, 0);
    }

    fn json_value(&mut self, value: &Value, indent: Option<&str>, separators: (&str, &str), depth: usize) {
        let (open, close, count) = match value {
            Value::Object(map) => ('{', '}', map.len()),
            Value::Array(items) => ('[', ']', items.len()),
            _ => return self.out.push_str(&value.to_string()),
        };
        let indent = indent.filter(|_| count > 0);
        let mut keys: Vec<&String> = value.as_object().into_iter().flat_map(|map| map.keys()).collect();
        self.dice.shuffle(&mut keys);
        self.out.push(open);
        for index in 0..count {
            if index > 0 {
                self.out.push_str(indent.map_or(separators.0, |_| ","));
            }
            self.json_line(indent, depth + 1);
            match (value, keys.get(index)) {
                (Value::Object(map), Some(key)) => {
                    self.out.push_str(&Value::from(key.as_str()).to_string());
                    self.out.push_str(separators.1);
                    self.json_value(&map[*key], indent, separators, depth + 1);
                }
                _ => self.json_value(&value[index], indent, separators, depth + 1),
            }
        }
        self.json_line(indent, depth);
        self.out.push(close);
    }

    fn json_line(&mut self, indent: Option<&str>, depth: usize) {
        if let Some(indent) = indent {
            self.out.push('\n');
            self.out.push_str(&indent.repeat(depth));
        }
    }
}
