//! Which fields a patch of kustomize sets.

use super::Target;
use super::aside::is_aside;
use crate::base::{Path, Segment};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// What one patch does to the objects it is for.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Where it stands: its own file, or the kustomization that holds its text.
    pub file: Arc<str>,
    /// The objects.
    pub target: Target,
    /// What it sets or takes away in them, each with all that is below.
    pub fields: Vec<Field>,
}

/// A field as a patch names it: of lists whose items are merged by name an item has its name, of all others it is the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    steps: Vec<Step>,
    /// Whether the steps begin at each pod template of an object.
    in_templates: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(Box<str>),
    /// An item of this name.
    Named(Box<str>),
    /// Some item.
    Item,
}

/// Lists of a pod whose items kustomize merges by `name`, as the API server does. Others are taken as a whole.
const MERGED_BY_NAME: [&str; 2] = ["containers", "initContainers"];

/// Deeper than any field that matters: what is below counts as the field itself.
const DEEPEST: usize = 16;

impl Field {
    /// The fields that a strategic merge patch sets.
    pub(super) fn of_merge(patch: &Value) -> Vec<Self> {
        let mut found = Vec::new();
        if let Some(map) = patch.as_object().filter(|map| map.get("$patch").is_none_or(|it| it != "delete")) {
            for (key, value) in
                map.iter().filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
            {
                merged(value, vec![Step::key(key)], &mut found);
            }
            let metadata = map.get("metadata").and_then(Value::as_object).into_iter().flatten();
            for (key, value) in metadata.filter(|(key, _)| !matches!(key.as_str(), "name" | "namespace")) {
                merged(value, vec![Step::key("metadata"), Step::key(key)], &mut found);
            }
        }
        found.into_iter().map(|steps| Self { steps, in_templates: false }).collect()
    }

    /// The fields that the operations of a JSON Patch set, move or take away (RFC 6902).
    pub(super) fn of_operations(operations: &[Value]) -> Vec<Self> {
        let text = |operation: &'_ Value, key: &str| operation.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut found = Vec::new();
        for operation in operations {
            match text(operation, "op").as_deref() {
                Some("test") | None => {}
                Some("move") => found.extend([text(operation, "from"), text(operation, "path")]),
                Some(_) => found.push(text(operation, "path")),
            }
        }
        let steps = |pointer: &str| pointer.split('/').skip(1).map(Step::of_pointer).collect();
        found.into_iter().flatten().map(|pointer| Self { steps: steps(&pointer), in_templates: false }).collect()
    }

    /// A label or annotation, by the key of its map, of the pods that an object makes.
    pub(super) fn of_pods(map: &str, key: &str) -> Self {
        Self { in_templates: true, ..Self::of_metadata(map, key) }
    }

    /// The same of the object itself.
    pub(super) fn of_metadata(map: &str, key: &str) -> Self {
        Self { steps: vec![Step::key("metadata"), Step::key(map), Step::key(key)], in_templates: false }
    }

    /// Whether it is a field of an object, or in it, or around it; `templates` are the places of its pod templates.
    pub fn meets(&self, path: &Path, object: &Value, templates: &[Path]) -> bool {
        if !self.in_templates {
            return meet(&self.steps, path.segments(), object);
        }
        templates.iter().any(|template| {
            let inner = path.segments().strip_prefix(template.segments());
            inner.zip(template.find(object)).is_some_and(|(inner, pods)| meet(&self.steps, inner, pods))
        })
    }

    /// Whether it has a part in how the pods of a template at this place join a mesh, start, serve and end. What is not known to
    /// have none has one.
    pub fn is_about_pods(&self, template: &Path) -> bool {
        if self.in_templates {
            return !is_aside(&self.steps);
        }
        let mut steps = self.steps.iter();
        for segment in template.segments() {
            match (steps.next(), segment) {
                // All of the template is set.
                (None, _) => return true,
                (Some(Step::Key(step)), Segment::Key(key)) if **step == **key => {}
                (Some(Step::Item), Segment::Index(_)) => {}
                _ => return false,
            }
        }
        !is_aside(steps.as_slice())
    }
}

impl Step {
    fn key(key: &str) -> Self {
        Self::Key(key.into())
    }

    fn of_pointer(part: &str) -> Self {
        let is_index = part == "-" || !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        if is_index { Self::Item } else { Self::key(&part.replace("~1", "/").replace("~0", "~")) }
    }
}

/// What a part of a strategic merge patch sets, where it is merged at all.
fn merged(value: &Value, steps: Vec<Step>, found: &mut Vec<Vec<Step>>) {
    let is_by_name = matches!(steps.last(), Some(Step::Key(key)) if MERGED_BY_NAME.contains(&&**key));
    match value {
        Value::Object(map) if is_merged(map, &steps) => {
            for (key, value) in map {
                merged(value, with(&steps, Step::key(key)), found);
            }
        }
        Value::Array(items) if is_by_name && items.iter().all(|item| name_of(item).is_some()) => {
            for (item, name) in items.iter().filter_map(|item| item.as_object().zip(name_of(item))) {
                let item_steps = with(&steps, Step::Named(name.into()));
                if !is_merged(item, &item_steps) {
                    found.push(item_steps);
                    continue;
                }
                for (key, value) in item.iter().filter(|(key, _)| *key != "name") {
                    merged(value, with(&item_steps, Step::key(key)), found);
                }
            }
        }
        _ => found.push(steps),
    }
}

/// Whether a map is merged field by field: one with a directive of its own is not.
fn is_merged(map: &Map<String, Value>, steps: &[Step]) -> bool {
    !map.is_empty() && steps.len() < DEEPEST && !map.keys().any(|key| key.starts_with('$'))
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

fn with(steps: &[Step], step: Step) -> Vec<Step> {
    steps.iter().cloned().chain([step]).collect()
}

/// Whether one of two paths in an object is the other, or leads to it.
fn meet(steps: &[Step], path: &[Segment], object: &Value) -> bool {
    let may_be_same = |(step, segment): (&Step, &Segment)| match (step, segment) {
        (Step::Key(step), Segment::Key(key)) => **step == **key,
        (Step::Named(_) | Step::Item, Segment::Index(_)) => true,
        _ => false,
    };
    // Most paths part at a key, and the object is not needed to see it.
    steps.iter().zip(path).all(may_be_same) && items_are_named(steps, path, object)
}

/// Whether the items of an object that a path goes through have the names that these steps give them.
fn items_are_named(steps: &[Step], path: &[Segment], object: &Value) -> bool {
    let mut named = steps.iter().zip(path).enumerate().filter_map(|(position, (step, _))| match step {
        Step::Named(name) => Some((position, &**name)),
        Step::Key(_) | Step::Item => None,
    });
    let item = |position: usize| path.iter().take(position + 1).try_fold(object, |at, segment| segment.find(at));
    named.all(|(position, name)| item(position).and_then(name_of) == Some(name))
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            let text = match step {
                Step::Key(key) => Path::root().key(key).to_string(),
                Step::Named(name) => format!("[{name}]"),
                Step::Item => "[]".to_owned(),
            };
            let dot = if position == 0 || text.starts_with('[') { "" } else { "." };
            write!(f, "{dot}{text}")?;
        }
        f.write_str(if self.in_templates { " of pods" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(fields: &[Field]) -> Vec<String> {
        fields.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_merged_patch_sets_its_leaves_and_what_is_not_merged_as_a_whole() {
        for (patch, wanted) in [
            (json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "b"}}), vec![]),
            (json!({"metadata": {"labels": {"a.b/c": "d"}}}), vec!["metadata.labels[a.b/c]"]),
            (json!({"spec": {"a": null, "b": {}}}), vec!["spec.a", "spec.b"]),
            (json!({"spec": {"ports": [{"name": "http", "port": 80}]}}), vec!["spec.ports"]),
            (json!({"spec": {"$patch": "replace", "a": 1}}), vec!["spec"]),
            (json!({"$patch": "delete", "spec": {"a": 1}}), vec![]),
            (
                json!({"spec": {"containers": [{"name": "a", "image": "b"}, {"name": "c", "$patch": "delete"}, {"name": "d"}]}}),
                vec!["spec.containers[a].image", "spec.containers[c]"],
            ),
            (json!({"spec": {"containers": [{"name": "a"}, {"image": "b"}]}}), vec!["spec.containers"]),
        ] {
            assert_eq!(shown(&Field::of_merge(&patch)), wanted, "{patch}");
        }
    }

    #[test]
    fn operations_set_their_paths() {
        let operations = json!([
            {"op": "test", "path": "/spec/a"},
            {"op": "add", "path": "/metadata/annotations/a~1b~0c", "value": 1},
            {"op": "move", "from": "/spec/a", "path": "/spec/b"},
            {"op": "copy", "from": "/spec/a", "path": "/spec/c/-"},
            {"op": "remove", "path": "/spec/containers/0/args"},
            {"op": "add"},
            7,
        ]);
        let fields = Field::of_operations(operations.as_array().expect("a list"));
        let wanted = ["metadata.annotations[a/b~c]", "spec.a", "spec.b", "spec.c[]", "spec.containers[].args"];
        assert_eq!(shown(&fields), wanted);
    }

    #[test]
    fn a_field_meets_what_is_around_and_in_it() {
        let object = json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}});
        let patch =
            json!({"spec": {"containers": [{"name": "b", "lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}]}});
        let [field] = &Field::of_merge(&patch)[..] else { panic!("one field") };
        let containers = Path::keys("spec.containers");
        let of = |index: usize| containers.clone().index(index);
        for (path, wanted) in [
            (Path::keys("spec"), true),
            (containers.clone(), true),
            (of(1), true),
            (of(1).key("lifecycle").key("preStop"), true),
            (of(1).key("lifecycle").key("postStart"), false),
            (of(0).key("lifecycle").key("preStop"), false),
            (Path::keys("spec.hostname"), false),
        ] {
            assert_eq!(field.meets(&path, &object, &[Path::root()]), wanted, "{path}");
        }
    }
}
