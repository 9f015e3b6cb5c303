//! One kustomization: the files and folders that it takes in, and its patches.

use super::{Field, Patch, Target, normalized, resolve};
use crate::base::Source;
use crate::manifest::{Document, Limits, read_documents};
use serde_json::Value;
use std::sync::Arc;

/// What a kustomization does to the objects of other files.
///
/// Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/api/types/kustomization.go>
#[derive(Debug)]
pub struct Kustomization {
    /// Its own path.
    pub file: String,
    /// The files it takes in, and the folders of other kustomizations, as paths in the manner of its own.
    pub resources: Vec<String>,
    /// The folders of components, which patch what it takes in.
    pub components: Vec<String>,
    /// Whether it is a component itself.
    pub is_component: bool,
    /// What it puts before and behind the names of all that it takes in.
    pub affixes: (String, String),
    /// The namespace that it gives to all that it takes in.
    pub namespace: Option<String>,
    /// What it sets in them.
    pub patches: Vec<Patch>,
}

impl Kustomization {
    /// What the document of a kustomization file says; `documents` gives what is in another file of the run.
    pub fn of<'d>(file: &str, value: &Value, documents: impl Fn(&str) -> &'d [Arc<Document>]) -> Self {
        let file = normalized(file).into_owned();
        let paths = |key: &str| -> Vec<String> { texts(value, key).map(|entry| resolve(&file, entry)).collect() };
        let resources = paths("resources").into_iter().chain(paths("bases")).collect();
        let patches = entries(value).flat_map(|entry| entry.patches(&file, &documents)).chain(common(&file, value));
        let (components, patches) = (paths("components"), patches.collect());
        let is_component = value.get("kind").is_some_and(|kind| kind == "Component");
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let affixes = (text("namePrefix"), text("nameSuffix"));
        let namespace = Some(text("namespace")).filter(|it| !it.is_empty());
        Self { file, resources, components, is_component, affixes, namespace, patches }
    }

    /// Whether it changes nothing of what it takes in that anybody here asks about.
    pub fn is_idle(&self) -> bool {
        self.patches.is_empty() && self.namespace.is_none()
    }

    /// Its folder, by which others list it.
    pub fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// One patch as it is listed.
struct Entry<'v> {
    text: Text<'v>,
    target: Option<Target>,
}

enum Text<'v> {
    /// The name of its file.
    File(&'v str),
    /// The patch itself.
    Here(&'v str),
}

fn entries(value: &Value) -> impl Iterator<Item = Entry<'_>> {
    let plain = texts(value, "patchesStrategicMerge").map(|text| {
        let text = if text.contains('\n') { Text::Here(text) } else { Text::File(text) };
        Entry { text, target: None }
    });
    let with_target = list(value, "patches").chain(list(value, "patchesJson6902")).filter_map(|entry| {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let text = text("path").map(Text::File).or_else(|| text("patch").map(Text::Here))?;
        Some(Entry { text, target: entry.get("target").filter(|it| it.is_object()).map(Target::of) })
    });
    plain.chain(with_target)
}

impl Entry<'_> {
    /// The patches in it: a file may hold several.
    fn patches<'d>(self, kustomization: &str, documents: impl Fn(&str) -> &'d [Arc<Document>]) -> Vec<Patch> {
        match self.text {
            Text::File(name) => {
                let file = resolve(kustomization, name);
                let documents = documents(&file).iter().map(|document| document.value());
                patches(&file, documents, self.target.as_ref())
            }
            Text::Here(text) => {
                let reading = read_documents(&Source::new(kustomization, text), &Limits::default());
                patches(kustomization, reading.documents.iter().map(Document::value), self.target.as_ref())
            }
        }
    }
}

/// A list holds operations of a JSON Patch, a map is merged. One that does not say for what it is changes nothing.
fn patches<'v>(file: &str, values: impl Iterator<Item = &'v Value>, target: Option<&Target>) -> Vec<Patch> {
    let file: Arc<str> = file.into();
    let patch = |value: &Value| {
        let (target, fields) = match value {
            Value::Array(operations) => (target.cloned()?, Field::of_operations(operations)),
            merge => (target.cloned().or_else(|| Target::named_in(merge))?, Field::of_merge(merge)),
        };
        Some(Patch { file: file.clone(), target, fields })
    };
    values.filter_map(patch).collect()
}

/// The labels and annotations that a kustomization writes into all objects, and into the pods that they make.
fn common(file: &str, value: &Value) -> Option<Patch> {
    let keys = |value: &Value, key: &str| -> Vec<String> {
        value.get(key).and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    let mut fields = Vec::new();
    let mut add = |map: &str, keys: Vec<String>, in_pods: bool| {
        for key in keys {
            fields.extend(in_pods.then(|| Field::of_pods(map, &key)));
            fields.push(Field::of_metadata(map, &key));
        }
    };
    add("annotations", keys(value, "commonAnnotations"), true);
    add("labels", keys(value, "commonLabels"), true);
    for labels in list(value, "labels") {
        let is_set = |key: &str| labels.get(key).and_then(Value::as_bool) == Some(true);
        let is_of_pods = |field: &Value| {
            field.get("path").and_then(Value::as_str).is_some_and(|path| path.ends_with("template/metadata/labels"))
        };
        let in_pods =
            is_set("includeTemplates") || is_set("includeSelectors") || list(labels, "fields").any(is_of_pods);
        add("labels", keys(labels, "pairs"), in_pods);
    }
    (!fields.is_empty()).then(|| Patch { file: file.into(), target: Target::default(), fields })
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn texts<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    list(value, key).filter_map(Value::as_str)
}
