//! Kubernetes objects in documents: which documents are objects, and where an object's fields lie in its file.

use crate::base::{ObjectRef, Path, Place, Source, field};
use crate::manifest::kinds::{WorkloadKind, WorkloadKinds, group_of, present_group_of};
use crate::manifest::once::Once;
use crate::manifest::{Applied, Document, Labels, Owner};
use serde_json::Value;
use std::sync::Arc;

/// One Kubernetes object: a document, or an item of a `List` document.
#[derive(Debug, Clone)]
pub struct Object {
    document: Arc<Document>,
    base: Path,
    reference: ObjectRef,
    /// The file that an edited object stands for; its own document has none.
    stands_for: Option<Source>,
    maker: Option<Arc<Owner>>,
    applied: Option<Arc<Applied>>,
    /// The kinds by which it is read.
    kinds: WorkloadKinds,
    /// Where its pod templates are.
    templates: Arc<[Path]>,
    once: Once,
}

/// What a document holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// Objects to judge: one, or the items of a `List`.
    Objects(Vec<Object>),
    /// A strategic merge patch (`$patch`): a part of an object, never judged as one.
    Patch,
    /// Something that is no Kubernetes object: no `apiVersion` and `kind`.
    NotKubernetes,
}

impl Object {
    /// The object of an admission request: no file, no places. None if it has no `apiVersion` or no `kind`.
    pub fn from_json(value: Value) -> Option<Self> {
        let reference = reference_of(&value, None)?;
        Some(Self::of(&Arc::new(Document::from_value(value)), Path::root(), reference))
    }

    /// The same object with another content: still of its file, where its nearness counts, but nowhere in the text.
    #[must_use]
    pub fn edited(&self, value: Value) -> Self {
        let stands_for = self.source().or(self.stands_for.as_ref()).cloned();
        let document = Arc::new(Document::from_value(value));
        Self { document, base: Path::root(), stands_for, ..self.clone() }.with_kinds(&self.kinds)
    }

    /// The same object, read by these kinds: without, it is read by the built-in ones.
    #[must_use]
    pub fn with_kinds(mut self, kinds: &WorkloadKinds) -> Self {
        self.kinds = kinds.clone();
        let found = self.workload_kind().map(|kind| kind.templates_in(self.value()));
        self.templates = found.unwrap_or_default().into();
        self.once = Once::default();
        self
    }

    /// A Pod that is known to be made by a controller for this owner: what rules say of the owner holds for it. What its
    /// `ownerReferences` say is no proof.
    #[must_use]
    pub fn made_by(self, owner: Owner) -> Self {
        Self { maker: Some(Arc::new(owner)), once: Once::default(), ..self }
    }

    /// A Pod that nobody is known to have made but its owner, who may apply it again: with what is applied.
    #[must_use]
    pub fn applied_as(self, applied: Applied) -> Self {
        Self { applied: Some(Arc::new(applied)), ..self }
    }

    /// Only its head: `apiVersion`, `kind`, `metadata`, and all its places, or those up to the end of its head where nobody asks
    /// for others. It stays whole where others hold its document too.
    #[must_use]
    pub fn head(mut self, with_places: bool) -> Self {
        const HEAD: [&str; 3] = ["apiVersion", "kind", "metadata"];
        if let Some(document) = Arc::get_mut(&mut self.document) {
            document.keep(&HEAD);
            if !with_places {
                document.keep_places(&HEAD);
            }
        }
        self
    }

    /// The object with a namespace that the manifest leaves out (an admission request names it beside the object).
    #[must_use]
    pub fn in_namespace(mut self, namespace: Option<&str>) -> Self {
        self.reference.namespace = namespace.filter(|name| !name.is_empty()).map(str::to_owned);
        self
    }

    fn of(document: &Arc<Document>, base: Path, reference: ObjectRef) -> Self {
        let (kinds, templates) = (WorkloadKinds::default(), Arc::default());
        let object = Self {
            document: document.clone(),
            base,
            reference,
            stands_for: None,
            maker: None,
            applied: None,
            kinds,
            templates,
            once: Once::default(),
        };
        object.with_kinds(&WorkloadKinds::default())
    }

    /// Its name: apiVersion, kind, namespace, name.
    pub fn reference(&self) -> &ObjectRef {
        &self.reference
    }

    /// For whom it was made, where that is proven.
    pub fn maker(&self) -> Option<&Owner> {
        self.maker.as_deref()
    }

    /// What its owner applied, where that is known to matter.
    pub fn applied(&self) -> Option<&Applied> {
        self.applied.as_deref()
    }

    /// The whole object.
    pub fn value(&self) -> &Value {
        self.base.find(self.document.value()).unwrap_or(&Value::Null)
    }

    /// The document that it stands in.
    pub fn document(&self) -> &Arc<Document> {
        &self.document
    }

    /// Where the object starts inside its document: the root, or `items[n]` of a `List`.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The file it was read from.
    pub fn source(&self) -> Option<&Source> {
        self.document.source()
    }

    /// The name of the file that it belongs to, or an empty name.
    pub fn file(&self) -> &str {
        self.source().or(self.stands_for.as_ref()).map_or("", |source| source.name())
    }

    /// Where a finding about this field points to: see [`Document::point_at`].
    pub fn point_at(&self, path: &Path) -> Option<Place> {
        let span = self.document.point_at(&self.base.clone().join(path))?;
        self.source().map(|source| source.place(span))
    }

    /// The API group; empty for the core group. Of workloads that changed it the present one.
    pub fn group(&self) -> &str {
        present_group_of(&self.reference.api_version, &self.reference.kind)
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        &self.reference.kind
    }

    /// Whether it is of this group and kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group() == group && self.kind() == kind
    }

    /// How it makes pods, if it does.
    pub fn workload_kind(&self) -> Option<&WorkloadKind> {
        self.kinds.of(self.group(), self.kind())
    }

    /// The kinds by which it is read.
    pub fn kinds(&self) -> &WorkloadKinds {
        &self.kinds
    }

    /// Where its pod templates are: none where its kind has none, one for most workloads.
    pub fn templates(&self) -> &[Path] {
        &self.templates
    }

    /// What follows from the object alone, and is worked out at the first question: by its type, which is the asker's own, and
    /// no other than that of something that is asked of a pod template.
    pub fn once<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.once.get(0, make)
    }

    /// What is worked out once of each of its pod templates.
    pub(super) fn once_of_templates(&self) -> &Once {
        &self.once
    }

    /// `metadata.labels`.
    pub fn labels(&self) -> Labels<'_> {
        Labels::of(field(self.value(), &["metadata", "labels"]))
    }

    /// `metadata.annotations`.
    pub fn annotations(&self) -> Labels<'_> {
        Labels::of(field(self.value(), &["metadata", "annotations"]))
    }
}

/// Sorts out what a document holds.
pub fn content_of(document: &Arc<Document>) -> Content {
    let value = document.value();
    if list_items(value).is_some() {
        return Content::Objects(objects_of_list(document));
    }
    if holds_patch_directive(value) {
        return Content::Patch;
    }
    match reference_of(value, None) {
        Some(reference) => Content::Objects(vec![Object::of(document, Path::root(), reference)]),
        None => Content::NotKubernetes,
    }
}

/// The items of what kubectl takes for a list: an object with a list under `items` whose kind ends in `List`.
fn list_items(value: &Value) -> Option<impl DoubleEndedIterator<Item = (usize, &Value)>> {
    let kind = value.get("kind").and_then(Value::as_str)?;
    let items = value.get("items").and_then(Value::as_array)?;
    kind.ends_with("List").then(|| items.iter().enumerate())
}

/// The objects of a list and of the lists in it, in the order of the text. An item that is a patch, or nothing, hides no other.
fn objects_of_list(document: &Arc<Document>) -> Vec<Object> {
    let mut objects = Vec::new();
    let mut open = vec![(Path::root(), document.value(), None)];
    while let Some((base, value, kind_of_list)) = open.pop() {
        if let Some(items) = list_items(value) {
            let base = base.key("items");
            open.extend(items.rev().map(|(index, item)| (base.clone().index(index), item, Some(value))));
        } else if !holds_patch_directive(value) {
            let reference = reference_of(value, kind_of_list);
            objects.extend(reference.map(|reference| Object::of(document, base, reference)));
        }
    }
    objects
}

/// The configuration of kustomize has the form of an object, but no API server knows it.
const KUSTOMIZE_GROUP: &str = "kustomize.config.k8s.io";

/// The name of an object. An item of a list of one kind, such as a `ServiceList`, may leave `apiVersion` and `kind` to the
/// list: <https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/unstructured/helpers.go>.
fn reference_of(value: &Value, list: Option<&Value>) -> Option<ObjectRef> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let named = |value: &Value, key: &str| text(value, key).filter(|text| !text.is_empty());
    let kind_of_items = || Some(named(list?, "kind")?.strip_suffix("List")?.to_owned()).filter(|kind| !kind.is_empty());
    let (kind, api_version) = match (named(value, "kind"), kind_of_items()) {
        (Some(kind), _) => (kind, named(value, "apiVersion")?),
        (None, of_items) => (of_items?, named(list?, "apiVersion")?),
    };
    if group_of(&api_version) == KUSTOMIZE_GROUP {
        return None;
    }
    let metadata = value.get("metadata").unwrap_or(&Value::Null);
    let name = text(metadata, "name").or_else(|| text(metadata, "generateName")).unwrap_or_default();
    Some(ObjectRef { api_version, kind, namespace: named(metadata, "namespace"), name })
}

/// `$patch` anywhere in the first levels marks a strategic merge patch; it is no key of any Kubernetes object.
fn holds_patch_directive(value: &Value) -> bool {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) if map.contains_key("$patch") => return true,
            Value::Object(map) => open.extend(map.values().filter(|value| value.is_object() || value.is_array())),
            Value::Array(items) => open.extend(items.iter().filter(|value| value.is_object() || value.is_array())),
            _ => {}
        }
    }
    false
}
