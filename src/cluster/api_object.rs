//! An object as the API server sends it, with no more of it read than projections are made from.

use super::kinds::WatchedKind;
use super::names::Name;
use crate::base::ObjectRef;
use crate::manifest::Object;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::api::ApiResource;
use kube::core::DynamicResourceScope;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The copy of the whole object that `kubectl apply` leaves in it; nothing reads it, and it may be 256 KiB.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Metadata and spec of an object; status and everything else are passed over while it is read.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiObject {
    #[serde(default)]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: Value,
}

impl ApiObject {
    /// Its namespace and name.
    pub fn name(&self) -> Name {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Name { namespace: text(&self.metadata.namespace), name: text(&self.metadata.name) }
    }

    /// The object as manifests are read. Items of a list do not say their kind, so it comes from the watch.
    pub fn into_object(self, kind: &WatchedKind) -> Option<Object> {
        let ObjectMeta { name, namespace, uid, labels, annotations, .. } = self.metadata;
        let mut metadata = Map::new();
        for (key, text) in [("name", name), ("namespace", namespace), ("uid", uid)] {
            metadata.extend(text.map(|text| (key.to_owned(), Value::String(text))));
        }
        let mut annotations: BTreeMap<String, String> = annotations.unwrap_or_default();
        annotations.remove(LAST_APPLIED);
        metadata.insert("labels".to_owned(), map(labels.unwrap_or_default()));
        metadata.insert("annotations".to_owned(), map(annotations));
        let object = [
            ("apiVersion", Value::String(kind.api_version())),
            ("kind", Value::String(kind.kind.to_owned())),
            ("metadata", Value::Object(metadata)),
            ("spec", self.spec),
        ];
        Object::from_json(Value::Object(object.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()))
    }
}

/// The reference of an object of a kind.
pub fn reference(kind: &WatchedKind, name: &Name) -> ObjectRef {
    let namespace = Some(name.namespace.clone()).filter(|namespace| !namespace.is_empty());
    ObjectRef { api_version: kind.api_version(), kind: kind.kind.to_owned(), namespace, name: name.name.clone() }
}

fn map(texts: BTreeMap<String, String>) -> Value {
    Value::Object(texts.into_iter().map(|(key, text)| (key, Value::String(text))).collect())
}

impl Resource for ApiObject {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        resource.kind.as_str().into()
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        resource.group.as_str().into()
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        resource.version.as_str().into()
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        resource.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
