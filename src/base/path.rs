//! Paths of fields inside an object, written as Kubernetes writes them.

use std::fmt;
use std::sync::Arc;

/// A path from the top of an object to a field, whether the field is there or not.
///
/// Prints as Kubernetes prints field paths: `spec.ports[0].name`, and a key that is no plain word in brackets:
/// `metadata.annotations[proxy.istio.io/config]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(Vec<Segment>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A key of a map.
    Key(Arc<str>),
    /// An index into a list, from 0.
    Index(usize),
}

impl Path {
    /// The object itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path of plain keys: `Path::keys("spec.template.spec")`. Keys that contain a dot need [`Path::key`].
    pub fn keys(dotted: &str) -> Self {
        Self(dotted.split('.').filter(|key| !key.is_empty()).map(|key| Segment::Key(key.into())).collect())
    }

    /// This path and one more key.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    /// This path and one more index.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// This path and one more step.
    #[must_use]
    pub fn with(mut self, segment: &Segment) -> Self {
        self.0.push(segment.clone());
        self
    }

    /// This path and all steps of another behind it.
    #[must_use]
    pub fn join(mut self, other: &Path) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// A copy with room for the steps that lead on from here: fields of pods are pointed at by the thousand.
    pub fn start(&self) -> Self {
        const ROOM: usize = 6;
        let mut steps = Vec::with_capacity(self.0.len() + ROOM);
        steps.extend_from_slice(&self.0);
        Self(steps)
    }

    /// The path without its last step; of the root, none.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }

    /// Whether it is this path or one below it.
    pub fn is_within(&self, other: &Path) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The steps, from the top.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The value at this path, if it is there.
    pub fn find<'a>(&self, value: &'a serde_json::Value) -> Option<&'a serde_json::Value> {
        self.0.iter().try_fold(value, |value, segment| segment.find(value))
    }
}

impl Segment {
    /// The value at this one step into another, if it is there.
    pub fn find<'a>(&self, value: &'a serde_json::Value) -> Option<&'a serde_json::Value> {
        match self {
            Self::Key(key) => value.get(key.as_ref()),
            Self::Index(index) => value.get(index),
        }
    }
}

/// The value behind keys of maps, from the outermost on; none where one of them is not there.
///
/// Unlike [`serde_json::Value::pointer`], which copies each key to look for escapes in it: objects are asked so often.
pub fn field<'v>(value: &'v serde_json::Value, keys: &[&str]) -> Option<&'v serde_json::Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if !is_plain(key) => write!(f, "[{key}]")?,
                Segment::Key(key) => {
                    f.write_str(if position == 0 { "" } else { "." })?;
                    f.write_str(key)?;
                }
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-' | b'$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_kubernetes_does() {
        let cases = [
            (Path::root(), ""),
            (Path::keys("spec.ports").index(0).key("name"), "spec.ports[0].name"),
            (
                Path::keys("metadata.annotations").key("proxy.istio.io/config"),
                "metadata.annotations[proxy.istio.io/config]",
            ),
        ];
        for (path, text) in cases {
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn finds_what_is_there() {
        let value = serde_json::json!({"spec": {"ports": [{"name": "web"}]}});
        assert_eq!(Path::keys("spec.ports").index(0).key("name").find(&value), Some(&"web".into()));
        assert_eq!(Path::keys("spec.ports").index(1).find(&value), None);
        assert_eq!(Path::keys("spec.ports.name").find(&value), None);
    }
}
